package watch

import (
	"context"
	"errors"
	"time"

	"github.com/fsnotify/fsnotify"
)

// bell rings when files appear in folders. A nil one never rings.
type bell struct{ watch *fsnotify.Watcher }

func newBell(dirs ...string) (*bell, error) {
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	for _, d := range dirs {
		if err := watch.Add(d); err != nil {
			return nil, errors.Join(err, watch.Close())
		}
	}
	return &bell{watch}, nil
}

func (b *bell) close() {
	if b != nil {
		b.watch.Close()
	}
}

// quiet is how long a bell waits after it rang: files rarely come alone.
const quiet = 20 * time.Millisecond

// wait returns when a file has appeared or been written to, and after d in any case. The
// error is the context's.
func (b *bell) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var events chan fsnotify.Event
	var errs chan error
	if b != nil {
		events, errs = b.watch.Events, b.watch.Errors
	}
	rung := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case ev, open := <-events:
			switch {
			case !open:
				events = nil
			case !rung && (ev.Has(fsnotify.Create) || ev.Has(fsnotify.Write)):
				rung = true
				timer.Reset(min(quiet, d))
			}
		case <-errs:
			// Events were lost (an overflow): look at once.
			return nil
		}
	}
}
