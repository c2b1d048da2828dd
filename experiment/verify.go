package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"toolgen/datasets"
)

// VerifyOptions say how to verify.
type VerifyOptions struct {
	Believe bool   // take measurements from the cache: says that they were made, not that they would be made again
	Out     string // "": nowhere; else a new folder where the recomputed run is left
	Observe func(Event)
}

// Verdict of a verification, table by table.
type Verification struct {
	RunID    string        `json:"run_id"`
	Verified bool          `json:"verified"`
	Believed bool          `json:"believed_cache"`
	Tables   []TableCheck  `json:"tables"`
	Executed int           `json:"candidates_measured"`
	Cached   int           `json:"candidates_cached"`
	Elapsed  time.Duration `json:"-"`
}

// TableCheck compares a table with what was computed again.
type TableCheck struct {
	Table      string `json:"table"`
	Same       bool   `json:"same"`
	Rows       int64  `json:"rows"`          // recorded
	Recomputed int64  `json:"rows_computed"` // now
	Difference string `json:"difference"`    // the first one: row, column, both values; "" if there is none, or only a lock to compare with
}

// Verify computes a recorded run again and compares row by row. Files of the run
// that are damaged are an error; rows that differ are the answer. Who the run has set
// aside is not executed; if somebody else dies here, nothing can be said of the run, an
// *IncomparableError. Deaths that the cache knows of are never believed.
func (e *Env) Verify(ctx context.Context, r *Recorded, opt VerifyOptions) (*Verification, error) {
	start := time.Now()
	if err := r.Comparable(e); err != nil {
		return nil, err
	}
	if r.Run != nil {
		if err := r.Run.CheckFiles(); err != nil {
			return nil, err
		}
	}
	if opt.Out != "" {
		if _, err := inspectOut(opt.Out, "", false); err != nil {
			return nil, err
		}
	}
	out, err := e.execute(ctx, r.Experiment, executeOptions{believe: opt.Believe, observe: opt.Observe})
	if err != nil {
		return nil, nothingToSay(err)
	}
	v := &Verification{RunID: r.Lock.RunID, Verified: true, Believed: opt.Believe, Executed: out.executed, Cached: out.cached}
	t := &out.tables
	t.stamp(r.Lock.RunID, r.Experiment.Manifest.Name)
	for _, check := range []func() (TableCheck, error){
		func() (TableCheck, error) { return checkTable(r, datasets.Evaluations, t.Evaluations) },
		func() (TableCheck, error) { return checkTable(r, datasets.Candidates, t.Candidates) },
		func() (TableCheck, error) { return checkTable(r, datasets.Cases, t.Cases) },
		func() (TableCheck, error) { return checkTable(r, datasets.Handoffs, t.Handoffs) },
		func() (TableCheck, error) { return checkTable(r, datasets.SBOMs, t.SBOMs) },
	} {
		c, err := check()
		if err != nil {
			return nil, err
		}
		v.Tables = append(v.Tables, c)
		v.Verified = v.Verified && c.Same
	}
	v.Elapsed = time.Since(start)
	if opt.Out != "" {
		if err := e.leave(ctx, r.Experiment, out, opt.Out, start); err != nil {
			return nil, nothingToSay(err)
		}
	}
	if v.Verified && !opt.Believe && r.Run != nil {
		return v, e.remember(r)
	}
	return v, nil
}

func checkTable[T any](r *Recorded, table *datasets.Table[T], rows []T) (TableCheck, error) {
	want := r.Lock.Tables[table.Name]
	c := TableCheck{Table: table.Name, Rows: want.Rows, Recomputed: int64(len(rows)), Same: table.Digest(rows) == want.RowsSHA256}
	if c.Same || r.Run == nil {
		return c, nil
	}
	recorded, err := table.ReadRun(r.Run)
	if err != nil {
		return c, err
	}
	if d := table.Diff(recorded, rows); d != nil {
		c.Difference = d.String()
	}
	return c, nil
}

// leave writes a recomputed run to a folder.
func (e *Env) leave(ctx context.Context, x *Experiment, out *outcome, dir string, start time.Time) error {
	identity, err := x.identity(e)
	if err != nil {
		return err
	}
	runID, err := identity.RunID()
	if err != nil {
		return err
	}
	p, err := newPartial(dir + datasets.PartialSuffix)
	if err != nil {
		return err
	}
	defer p.unlock()
	if err := p.begin(x, runID); err != nil {
		return diskError(err)
	}
	bundles, _, err := e.bundles(ctx, x, out)
	if err != nil {
		return err
	}
	if _, err := p.finish(x, identity, out, bundles, nil, e.hostInfo(out, start, nil)); err != nil {
		return diskError(err)
	}
	return diskError(p.appear(dir))
}

// verifiedFile is where a green verification is noted, for `toolgen list`. It is
// observed: it says what happened here, and nothing rests on it.
const verifiedFile = "verified.json"

// VerifiedNote says that a run was verified.
type VerifiedNote struct {
	RunID  string    `json:"run_id"`
	Time   time.Time `json:"time"`
	Host   string    `json:"host"`
	GOARCH string    `json:"goarch"`
}

func (e *Env) remember(r *Recorded) error {
	data, err := json.MarshalIndent(VerifiedNote{RunID: r.Lock.RunID, Time: time.Now().UTC().Truncate(time.Second), Host: e.host, GOARCH: runtime.GOARCH}, "", "  ")
	if err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(r.Dir, "observed", verifiedFile), append(data, '\n'), 0o666)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil // on a medium that cannot be written, a run is verified all the same
	}
	return diskError(err)
}

// ReadVerified returns the note of a run folder, nil if there is none for this run.
func ReadVerified(dir, runID string) *VerifiedNote {
	data, err := os.ReadFile(filepath.Join(dir, "observed", verifiedFile))
	if err != nil {
		return nil
	}
	n := new(VerifiedNote)
	if json.Unmarshal(data, n) != nil || n.RunID != runID {
		return nil
	}
	return n
}
