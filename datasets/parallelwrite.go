package datasets

import (
	"bufio"
	"bytes"
	"io"
	"sync"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// ParallelWriter writes one table as Writer does, byte for byte, on several CPUs. Rows
// are checked and put into their canonical encoding by the caller, hashed beside it, and
// brought into columns in a file in memory for each row group; while one is compressed,
// the next is filled. The row groups are copied into the file as they are, in order. So
// it takes the memory of two row groups, which only large tables are worth.
type ParallelWriter[T any] struct {
	w      *Writer[T]
	rows   int64 // in the group that is being filled
	group  int64 // rows that a group takes
	block  []T   // rows not yet given to the group
	blocks chan []T
	free   chan []T // blocks that can be filled again
	groups chan *encodedGroup
	slots  chan struct{} // one for each group that is in memory
	sums   chan []byte   // canonical rows, to be hashed
	spare  chan []byte
	hashed chan struct{}
	copied chan struct{} // all groups are in the file

	mu    sync.Mutex
	wrong error // the first error of the goroutines
}

// encodedGroup is a row group in a file in memory.
type encodedGroup struct {
	file bytes.Buffer
	done chan error
}

// NewParallelWriter returns a writer of the table to w. Close must be called, also after
// an error: it waits for what is under way.
func (t *Table[T]) NewParallelWriter(w io.Writer, meta Meta) *ParallelWriter[T] {
	return t.newParallelWriter(w, meta, maxGroupRows, maxDictionaryBytes)
}

// inMemory is how many row groups are in memory at once.
const inMemory = 2

func (t *Table[T]) newParallelWriter(w io.Writer, meta Meta, groupRows, dictionaryBytes int64) *ParallelWriter[T] {
	p := &ParallelWriter[T]{
		w: t.newWriter(w, meta, groupRows, dictionaryBytes), group: groupRows,
		free: make(chan []T, 8), groups: make(chan *encodedGroup, inMemory), slots: make(chan struct{}, inMemory),
		sums: make(chan []byte, 8), spare: make(chan []byte, 8), hashed: make(chan struct{}), copied: make(chan struct{}),
	}
	go p.hash()
	go p.copyGroups()
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

// hash digests canonical rows in the order in which they come.
func (p *ParallelWriter[T]) hash() {
	defer close(p.hashed)
	for b := range p.sums {
		p.w.digest.hash.Write(b)
		select {
		case p.spare <- b[:0]:
		default:
		}
	}
}

// copyGroups puts the row groups into the file, in their order.
func (p *ParallelWriter[T]) copyGroups() {
	defer close(p.copied)
	for g := range p.groups {
		err := <-g.done
		if err == nil && p.failed() == nil {
			err = p.copyGroup(g)
		}
		if err != nil {
			p.fail(err)
		}
		<-p.slots
	}
}

func (p *ParallelWriter[T]) copyGroup(g *encodedGroup) (err error) {
	defer p.w.recover(&err)
	f, err := parquet.OpenFile(bytes.NewReader(g.file.Bytes()), int64(g.file.Len()))
	if err != nil {
		return err
	}
	for _, group := range f.RowGroups() {
		if _, err := p.w.pq.WriteRowGroup(group); err != nil {
			return err
		}
	}
	return nil
}

// encode fills a row group with blocks until there are no more.
func (p *ParallelWriter[T]) encode(g *encodedGroup, blocks <-chan []T) {
	err := func() (err error) {
		defer p.w.recover(&err)
		buffer := bufio.NewWriterSize(&g.file, 1<<20)
		pq := parquet.NewGenericWriter[T](buffer, p.w.options...)
		for b := range blocks {
			if err == nil {
				err = p.w.table.writeRows(pq, b)
			}
			select {
			case p.free <- b[:0]:
			default:
			}
		}
		if err != nil {
			return err
		}
		if err := pq.Close(); err != nil {
			return err
		}
		return buffer.Flush()
	}()
	if err != nil {
		for range blocks { // the sender must not wait for ever
		}
	}
	g.done <- err
}

// Append is Writer.Append. The rows may be used again afterwards, what they point to may
// not before Close.
func (p *ParallelWriter[T]) Append(rows []T) error {
	if p.w.err == nil {
		p.w.err = p.failed()
	}
	if p.w.err == nil {
		p.w.err = p.append(rows)
	}
	return p.w.err
}

func (p *ParallelWriter[T]) append(rows []T) error {
	w := p.w
	for i := range rows {
		if err := w.checkRow(&rows[i]); err != nil {
			return err
		}
		w.digest.buf = appendRow(w.digest.buf, w.digest.columns, unsafe.Pointer(&rows[i]))
		w.digest.rows++
		if len(w.digest.buf) > 1<<18 {
			p.sum()
		}
		w.last = &rows[i]
	}
	if len(rows) > 0 {
		last := rows[len(rows)-1] // the caller may use the slice again
		w.last = &last
	}
	for len(rows) > 0 {
		n := int(min(int64(len(rows)), int64(blockRows-len(p.block)), p.group-p.rows))
		if p.block == nil {
			select {
			case p.block = <-p.free:
			default:
				p.block = make([]T, 0, blockRows)
			}
		}
		p.block = append(p.block, rows[:n]...)
		p.rows += int64(n)
		rows = rows[n:]
		if len(p.block) == blockRows || p.rows == p.group {
			p.give()
		}
		if p.rows == p.group {
			p.endGroup()
		}
	}
	return nil
}

// sum gives canonical rows to be hashed.
func (p *ParallelWriter[T]) sum() {
	p.sums <- p.w.digest.buf
	select {
	case p.w.digest.buf = <-p.spare:
	default:
		p.w.digest.buf = make([]byte, 0, 1<<18+1<<16)
	}
}

// give hands the block to the row group, which it begins if there is none.
func (p *ParallelWriter[T]) give() {
	if p.blocks == nil {
		p.slots <- struct{}{}
		g := &encodedGroup{done: make(chan error, 1)}
		p.blocks = make(chan []T, 4)
		p.groups <- g
		go p.encode(g, p.blocks)
	}
	p.blocks <- p.block
	p.block = nil
}

func (p *ParallelWriter[T]) endGroup() {
	if p.blocks != nil {
		close(p.blocks)
	}
	p.blocks, p.rows = nil, 0
}

// Close is Writer.Close.
func (p *ParallelWriter[T]) Close() (TableInfo, error) {
	if len(p.block) > 0 && p.w.err == nil {
		p.give()
	}
	p.endGroup()
	close(p.groups)
	<-p.copied
	close(p.sums)
	<-p.hashed
	if p.w.err == nil {
		p.w.err = p.failed()
	}
	return p.w.Close()
}
