package experiment

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"toolgen/datasets"
	"toolgen/pipeline/build"
	"toolgen/pipeline/bundle"
	"toolgen/pipeline/confine"
)

// RunOptions say where a run goes and who watches it.
type RunOptions struct {
	Out     string            // "": runs/<name>-<first 8 of the run id>
	Force   bool              // replace a run that is another one
	Tags    map[string]string // kept in observed/host.json
	Ask     bool              // let agents answer what the cassette lacks
	Observe func(Event)       // may be nil
}

// Summary is what a run came to.
type Summary struct {
	Dir      string
	RunID    string
	UpToDate bool             // the folder held this run already
	Rows     map[string]int64 // by table
	Executed int              // distinct candidates measured
	Cached   int              // of these, from the cache
	Elapsed  time.Duration
	Observed HostInfo
	Agents   *Rehearsal // nil if the run asks nobody
	SetAside []SetAside // who cannot be measured on the machine that made the run, sorted by id

	// Unbundled has, by id, why a candidate of the run has no bundle: the compiler refuses
	// it as a command, though not as a part of its module.
	Unbundled map[string]string
}

// HostInfo is observed/host.json: this machine, this time. No digest covers it.
type HostInfo struct {
	Host       string                `json:"host"`
	GOOS       string                `json:"goos"`
	GOARCH     string                `json:"goarch"`
	CPU        string                `json:"cpu"`
	CPUs       int                   `json:"cpus"`
	Jobs       int                   `json:"jobs"`
	Start      time.Time             `json:"start"`
	DurationMS int64                 `json:"duration_ms"`
	Executed   int                   `json:"candidates_measured"`
	Cached     int                   `json:"candidates_cached"`
	WallMS     map[build.Phase]int64 `json:"wall_ms"`   // what DurationMS went into: go build, compilation, execution, all else
	Isolation  confine.Status        `json:"isolation"` // which restrictions of processes held
	Tags       map[string]string     `json:"tags"`
}

func rowCounts(lock *datasets.Lock) map[string]int64 {
	rows := map[string]int64{}
	for name, t := range lock.Tables { // any order: a map becomes a map
		rows[name] = t.Rows
	}
	return rows
}

func (e *Env) hostInfo(out *outcome, start time.Time, tags map[string]string) HostInfo {
	return HostInfo{
		Host: e.host, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH, CPU: cpuName(), CPUs: runtime.NumCPU(), Jobs: e.jobs,
		Start: start.UTC().Truncate(time.Second), DurationMS: time.Since(start).Milliseconds(),
		Executed: out.executed, Cached: out.cached,
		WallMS: e.phases.account(), Isolation: confine.Probe(), Tags: tags,
	}
}

// cpuName is what Linux calls the processor; "" elsewhere.
func cpuName() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// inspectOut looks at what stands where a run shall go. It returns the run if it is
// the same one and intact, nil if the place is free or may be taken.
func inspectOut(dir, runID string, force bool) (*datasets.Run, error) {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &UsageError{Msg: "the run folder cannot be looked at", Err: err}
	}
	if !info.IsDir() {
		return nil, &UsageError{Msg: fmt.Sprintf("%s is no folder; name another by --out", dir)}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &UsageError{Msg: "the run folder cannot be read", Err: err}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	run, err := datasets.OpenRun(dir)
	if errors.Is(err, datasets.ErrNotRun) {
		// Whatever it is, it is not ours to delete.
		return nil, &UsageError{Msg: fmt.Sprintf("%s exists and is no run of toolgen; it is never touched, not with --force either. Name another folder by --out", dir)}
	}
	if err == nil && run.Lock != nil && run.Lock.RunID == runID && run.CheckFiles() == nil {
		return run, nil
	}
	if force {
		return nil, nil
	}
	what := "another run"
	switch {
	case err != nil:
		what = "a run that cannot be read (" + err.Error() + ")"
	case run.Lock != nil && run.Lock.RunID == runID:
		what = "this run with files that were changed"
	}
	return nil, &UsageError{Msg: fmt.Sprintf("%s holds %s; replace it by --force, or name another folder by --out", dir, what)}
}

// partial is RUN.partial: a run under way, locked by its process. One that a killed
// process left is begun anew.
type partial struct {
	dir     string
	lock    *os.File
	metrics *os.File
	buf     *bufio.Writer
}

func newPartial(dir string) (*partial, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, datasets.PartialMark)); err != nil {
			return nil, &UsageError{Msg: fmt.Sprintf("%s exists and was not made by toolgen; name another folder by --out", dir)}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, &UsageError{Msg: "the run folder cannot be made; name another by --out", Err: err}
	}
	f, err := os.OpenFile(filepath.Join(dir, datasets.PartialMark), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, &UsageError{Msg: "the run folder cannot be written; name another by --out", Err: err}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, &UsageError{Msg: fmt.Sprintf("%s is being written by another process; wait for it, or name another folder by --out", dir)}
	}
	return &partial{dir: dir, lock: f}, nil
}

// unlock gives the folder free. What it holds stays: until a run appears it is what
// others read along.
func (p *partial) unlock() {
	if p.metrics != nil {
		p.metrics.Close()
	}
	p.lock.Close()
}

// begin empties the folder and writes what is known before anything runs.
func (p *partial) begin(x *Experiment, runID string) error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() != datasets.PartialMark {
			if err := os.RemoveAll(filepath.Join(p.dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := p.write("manifest.yaml", x.relocated().Resolved()); err != nil {
		return err
	}
	progress, err := json.Marshal(struct {
		RunID  string  `json:"run_id"`
		Epochs int     `json:"epochs"`
		Seeds  []int64 `json:"seeds"`
	}{runID, x.Manifest.Epochs, x.Manifest.Seeds})
	if err != nil {
		return err
	}
	if _, err := p.lock.WriteAt(append(progress, '\n'), 0); err != nil {
		return err
	}
	inputs, err := x.inputs()
	if err != nil {
		return err
	}
	for _, in := range inputs {
		if err := p.write(filepath.Join("inputs", filepath.FromSlash(in.name)), in.data); err != nil {
			return err
		}
	}
	p.metrics, err = os.Create(p.path(datasets.MetricsFile))
	if err != nil {
		return err
	}
	p.buf = bufio.NewWriter(p.metrics)
	return nil
}

// commit appends the rows of an epoch to metrics.jsonl, whole lines at once.
func (p *partial) commit(rows []datasets.Evaluation) error {
	if err := writeMetrics(p.buf, rows); err != nil {
		return err
	}
	return p.buf.Flush()
}

func writeMetrics(w io.Writer, rows []datasets.Evaluation) error {
	var lines []byte
	var err error
	for i := range rows {
		if lines, err = datasets.AppendMetrics(lines, &rows[i]); err != nil {
			return err
		}
	}
	_, err = w.Write(lines)
	return err
}

// finish writes everything else: tables, bundles, what was observed, and last the lock.
func (p *partial) finish(x *Experiment, identity datasets.Identity, out *outcome, bundles []namedBundle, aside []SetAside, info HostInfo) (*datasets.Lock, error) {
	for _, sub := range []string{"data", "observed", "bundles"} {
		if err := os.MkdirAll(p.path(sub), 0o777); err != nil {
			return nil, err
		}
	}
	tables, meta, err := writeTables(p.dir, x, identity, out)
	if err != nil {
		return nil, err
	}
	if _, err := datasets.Samples.WriteFile(p.path("observed", "samples.parquet"), out.tables.Samples, meta); err != nil {
		return nil, err
	}
	host, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := p.write(filepath.Join("observed", "host.json"), append(host, '\n')); err != nil {
		return nil, err
	}
	if err := p.writeAside(aside); err != nil {
		return nil, err
	}
	for _, b := range bundles {
		if err := bundle.Write(p.path("bundles", b.id), b.files); err != nil {
			return nil, err
		}
	}
	// In key order now that the run is done.
	p.metrics.Close()
	p.metrics, err = os.Create(p.path(datasets.MetricsFile))
	if err != nil {
		return nil, err
	}
	p.buf.Reset(p.metrics)
	if err := p.commit(out.tables.Evaluations); err != nil {
		return nil, err
	}
	if err := p.metrics.Sync(); err != nil {
		return nil, err
	}
	lock, err := datasets.NewLock(identity, datasets.Platform{GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}, tables)
	if err != nil {
		return nil, err
	}
	data, err := lock.Marshal()
	if err != nil {
		return nil, err
	}
	return lock, p.write(datasets.LockFile, data)
}

// writeTables writes the deterministic tables below dir and stamps every row.
func writeTables(dir string, x *Experiment, identity datasets.Identity, out *outcome) (map[string]datasets.TableInfo, datasets.Meta, error) {
	meta, err := identity.Meta()
	if err != nil {
		return nil, meta, err
	}
	t := &out.tables
	t.stamp(meta.RunID, x.Manifest.Name)
	infos := map[string]datasets.TableInfo{}
	for _, w := range []struct {
		name  string
		write func(path string) (datasets.TableInfo, error)
	}{
		{"evaluations", func(p string) (datasets.TableInfo, error) {
			return datasets.Evaluations.WriteFile(p, t.Evaluations, meta)
		}},
		{"candidates", func(p string) (datasets.TableInfo, error) {
			return datasets.Candidates.WriteFile(p, t.Candidates, meta)
		}},
		{"cases", func(p string) (datasets.TableInfo, error) { return datasets.Cases.WriteFile(p, t.Cases, meta) }},
		{"handoffs", func(p string) (datasets.TableInfo, error) { return datasets.Handoffs.WriteFile(p, t.Handoffs, meta) }},
		{"sboms", func(p string) (datasets.TableInfo, error) { return datasets.SBOMs.WriteFile(p, t.SBOMs, meta) }},
	} {
		if infos[w.name], err = w.write(filepath.Join(dir, "data", w.name+".parquet")); err != nil {
			return nil, meta, err
		}
	}
	return infos, meta, nil
}

// stamp fills in which run rows belong to. Digests leave it out.
func stamp(rows []datasets.Evaluation, runID, name string) []datasets.Evaluation {
	for i := range rows {
		rows[i].RunID, rows[i].Experiment = runID, name
	}
	return rows
}

func (t *Tables) stamp(runID, name string) {
	stamp(t.Evaluations, runID, name)
	for i := range t.Candidates {
		t.Candidates[i].RunID, t.Candidates[i].Experiment = runID, name
	}
	for i := range t.Cases {
		t.Cases[i].RunID, t.Cases[i].Experiment = runID, name
	}
	for i := range t.Handoffs {
		t.Handoffs[i].RunID, t.Handoffs[i].Experiment = runID, name
	}
	for i := range t.SBOMs {
		t.SBOMs[i].RunID, t.SBOMs[i].Experiment = runID, name
	}
	for i := range t.Samples {
		t.Samples[i].RunID, t.Samples[i].Experiment = runID, name
	}
}

// appear turns the folder into the run by one rename. An older run in its place is
// moved aside first and removed when the new one stands.
func (p *partial) appear(dir string) error {
	if err := os.Remove(p.path(datasets.PartialMark)); err != nil {
		return err
	}
	old := ""
	if _, err := os.Lstat(dir); err == nil {
		old = dir + ".replaced"
		if err := os.RemoveAll(old); err != nil {
			return err
		}
		if err := os.Rename(dir, old); err != nil {
			return err
		}
	}
	if err := os.Rename(p.dir, dir); err != nil {
		return err
	}
	if d, err := os.Open(filepath.Dir(dir)); err == nil {
		d.Sync() // some file systems cannot; the rename has happened all the same
		d.Close()
	}
	if old != "" {
		return os.RemoveAll(old)
	}
	return nil
}

func (p *partial) path(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

func (p *partial) write(name string, data []byte) error {
	path := p.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// diskError names the machine as the culprit where a file system is full or fails.
func diskError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &MachineError{Msg: "the disk is full; what was measured stays in the cache, and running again goes on from there", Err: err}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return &MachineError{Msg: "the run folder cannot be written", Err: err}
	}
	return err
}
