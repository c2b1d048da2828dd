package datasets

import (
	"io"
	"runtime"
	"sync"
)

// ParallelWriter writes one table as Writer does, byte for byte, on several CPUs. The
// caller checks rows, puts them into their canonical encoding and gathers them into pages;
// beside it rows are hashed, pages encoded and compressed, each column by one goroutine
// and so in its order, and row groups written. It takes the memory of two row groups,
// which only large tables are worth.
type ParallelWriter[T any] struct {
	w       *Writer[T]
	jobs    []chan job // of each goroutine that encodes
	pages   []chan *page
	made    []int          // pages of each column
	groups  chan *group    // to be written, in order
	free    chan *group    // written
	rows    chan []byte    // canonical rows, to be hashed
	hashed  chan []byte    // their memory
	buffers int            // of them that were made, but for the first
	under   sync.WaitGroup // what goes on beside the caller
	closed  bool

	mu    sync.Mutex
	wrong error // the first error of the goroutines
}

const (
	groupsInMemory = 2
	pagesInMemory  = 2 // of each column: one is filled while the other is encoded
	rowBuffers     = 8 // of canonical rows
)

// NewParallelWriter returns a writer of the table to w. Close must be called, also after
// an error: it waits for what is under way.
func (t *Table[T]) NewParallelWriter(w io.Writer, meta Meta) *ParallelWriter[T] {
	return t.newParallelWriter(w, meta, standardLayout)
}

func (t *Table[T]) newParallelWriter(w io.Writer, meta Meta, l layout) *ParallelWriter[T] {
	p := &ParallelWriter[T]{
		w: t.newWriter(w, meta, l), groups: make(chan *group, groupsInMemory), free: make(chan *group, groupsInMemory),
		rows: make(chan []byte, rowBuffers+1), hashed: make(chan []byte, rowBuffers+1),
	}
	e := &p.w.encoder
	leaves := len(e.feeds)
	p.pages, p.made = make([]chan *page, leaves), make([]int, leaves)
	for i := range p.pages {
		p.pages[i] = make(chan *page, pagesInMemory)
	}
	p.jobs = make([]chan job, min(leaves, runtime.GOMAXPROCS(0)))
	for i := range p.jobs {
		// Room for all that can be there: what a column has pages for, and its end.
		p.jobs[i] = make(chan job, (leaves/len(p.jobs)+1)*(pagesInMemory+groupsInMemory))
		p.under.Go(func() { p.encode(p.jobs[i]) })
	}
	p.under.Go(p.write)
	p.under.Go(p.hash)

	e.give = func(j job) error {
		p.jobs[j.leaf%len(p.jobs)] <- j
		return nil
	}
	e.spare = p.spare
	made := 0
	e.nextGroup = func() (*group, error) {
		if err := p.failed(); err != nil {
			return nil, err
		}
		if made < groupsInMemory {
			made++
			return newGroup(leaves), nil
		}
		g := <-p.free
		g.reset()
		return g, nil
	}
	e.endGroup = func(g *group) error {
		p.groups <- g
		return p.failed()
	}
	p.w.digest.take = p.takeRows
	return p
}

func (p *ParallelWriter[T]) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrong == nil {
		p.wrong = err
	}
}

func (p *ParallelWriter[T]) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wrong
}

// spare returns an empty page of a column, and waits for one if there are enough.
func (p *ParallelWriter[T]) spare(leaf int) *page {
	if p.made[leaf] < pagesInMemory {
		p.made[leaf]++
		return new(page)
	}
	return <-p.pages[leaf]
}

// takeRows has canonical rows hashed and returns memory for others.
func (p *ParallelWriter[T]) takeRows(rows []byte) []byte {
	p.rows <- rows
	if p.buffers < rowBuffers {
		p.buffers++
		return make([]byte, 0, takeAtOnce+takeAtOnce/8)
	}
	return (<-p.hashed)[:0]
}

// hash digests canonical rows in the order in which they come.
func (p *ParallelWriter[T]) hash() {
	for b := range p.rows {
		p.w.digest.hash.Write(b)
		p.hashed <- b
	}
}

// encode does the jobs of some columns. After an error it only lets the others go on.
func (p *ParallelWriter[T]) encode(jobs <-chan job) {
	s := new(scratch)
	for j := range jobs {
		if p.failed() == nil {
			if err := p.do(j, s); err != nil {
				p.fail(err)
			}
		}
		if j.page != nil {
			j.page.reset()
			p.pages[j.leaf] <- j.page
		} else if j.group.left.Add(-1) == 0 {
			j.group.done <- struct{}{}
		}
	}
}

func (p *ParallelWriter[T]) do(j job, s *scratch) (err error) {
	defer p.w.recover(&err)
	return p.w.encoder.do(j, s)
}

// write puts row groups into the file, in their order.
func (p *ParallelWriter[T]) write() {
	for g := range p.groups {
		<-g.done
		if p.failed() == nil {
			if err := p.add(g); err != nil {
				p.fail(err)
			}
		}
		p.free <- g
	}
}

func (p *ParallelWriter[T]) add(g *group) (err error) {
	defer p.w.recover(&err)
	return p.w.file.add(g)
}

// Append is Writer.Append: rows, and what they point to, may be used again afterwards. An
// error of what goes on beside it may come with a later call, or with Close.
func (p *ParallelWriter[T]) Append(rows []T) error { return p.w.Append(rows) }

// Close is Writer.Close.
func (p *ParallelWriter[T]) Close() (TableInfo, error) {
	if p.closed {
		return p.w.end()
	}
	p.closed = true
	if p.w.err == nil {
		p.w.err = p.w.flush()
	}
	for _, jobs := range p.jobs {
		close(jobs)
	}
	close(p.groups)
	close(p.rows)
	p.under.Wait()
	p.w.digest.take = nil
	if p.w.err == nil {
		p.w.err = p.failed()
	}
	return p.w.end()
}
