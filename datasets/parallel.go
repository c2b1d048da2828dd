package datasets

import (
	"runtime"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// GroupScan says what a scan of row groups does with them. Row groups are numbered from
// 0 over all files, in their order.
//
// A worker that has read a row group waits until all row groups before it are done, and
// takes another only then. So what a worker keeps of its row group is all there is
// besides the result, however many row groups there are, and what Done adds up is added
// up in one order, however many workers there are.
type GroupScan struct {
	Columns []string
	Workers int // that read row groups at once; 0: one for each CPU
	// Batch is called with the batches of a row group in their order, by one worker, from
	// 0; by several workers at a time.
	Batch func(worker int, c *Columns) error
	// Done is called when a row group has been read, in the order of the row groups, and
	// never by two workers at a time. May be nil.
	Done func(worker, group int) error
}

// ScanFiles reads the named columns of the table's files at paths by row groups, several
// at a time. It is Scan otherwise: what it checks, and its errors. After an error, or one
// of Batch or Done, no more row groups are begun; of several errors the first in the
// order of the row groups is returned.
func (t *Table[T]) ScanFiles(paths []string, scan GroupScan) error {
	if _, err := t.batch(scan.Columns); err != nil {
		return err
	}
	q := &groupQueue{open: func(path string) (*file, error) { return t.openPath(path, t.pq) }, paths: paths}
	q.turn = sync.NewCond(&q.mu)
	workers := scan.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			batch, _ := t.batch(scan.Columns)
			for {
				job := q.next()
				if job == nil {
					return
				}
				err := job.err
				if err == nil {
					batch.First = 0
					err = t.scanGroup(job.file.file, job.inFile, job.group, batch, func(c *Columns) error {
						c.Group = job.number
						return scan.Batch(w, c)
					})
				}
				q.finish(job, err, func() error {
					if scan.Done == nil {
						return nil
					}
					return scan.Done(w, job.number)
				})
			}
		})
	}
	wg.Wait()
	return q.err
}

// groupQueue hands out the row groups of files, which it opens one after the other.
type groupQueue struct {
	open func(string) (*file, error)

	mu     sync.Mutex
	turn   *sync.Cond
	paths  []string  // not yet opened
	file   *openFile // whose row groups are handed out; nil before the first
	given  int       // row groups of it that were handed out
	number int       // row groups that were handed out
	done   int       // and are done
	err    error     // of the first that failed
}

// openFile is a file that is closed when its last row group is done.
type openFile struct {
	*file
	groups []parquet.RowGroup
	left   int
}

// groupJob is a row group to be read, or a file that cannot be.
type groupJob struct {
	file   *openFile
	group  parquet.RowGroup
	inFile int
	number int
	err    error
}

// next returns the next row group, or nil if there are no more.
func (q *groupQueue) next() *groupJob {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.err == nil {
		if f := q.file; f != nil && q.given < len(f.groups) {
			job := &groupJob{file: f, group: f.groups[q.given], inFile: q.given, number: q.number}
			q.given++
			q.number++
			return job
		}
		if len(q.paths) == 0 {
			return nil
		}
		f, err := q.open(q.paths[0])
		q.paths, q.file, q.given = q.paths[1:], nil, 0
		if err != nil {
			job := &groupJob{number: q.number, err: err}
			q.number++
			q.paths = nil
			return job
		}
		groups := f.pq.RowGroups()
		if q.file = (&openFile{f, groups, len(groups)}); len(groups) == 0 {
			f.close()
		}
	}
	return nil
}

// finish waits for the row groups before it, and calls done unless one of them, or this
// one, has failed.
func (q *groupQueue) finish(job *groupJob, err error, done func() error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.done < job.number {
		q.turn.Wait()
	}
	if q.err == nil {
		if q.err = err; err == nil {
			q.err = done()
		}
	}
	if f := job.file; f != nil {
		if f.left--; f.left == 0 || q.err != nil && f.left == len(f.groups)-q.given {
			f.close()
		}
	}
	q.done++
	q.turn.Broadcast()
}
