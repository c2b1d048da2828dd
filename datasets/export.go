package datasets

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ExportFormat is what an export writes.
type ExportFormat string

// The formats of exports. The name of one is also the extension of its files, but for
// ExportNotebook: a Jupyter notebook, and the Parquet that it reads beside it.
const (
	ExportParquet  ExportFormat = "parquet"
	ExportArrow    ExportFormat = "arrow"
	ExportCSV      ExportFormat = "csv"
	ExportJSONL    ExportFormat = "jsonl"
	ExportNotebook ExportFormat = "notebook"
)

// ExportFormats are all of them.
var ExportFormats = []ExportFormat{ExportParquet, ExportArrow, ExportCSV, ExportJSONL, ExportNotebook}

// ErrExists is why an export is refused: it overwrites nothing.
var ErrExists = errors.New("it is there already; an export overwrites nothing")

// ExportOptions say what is exported, and how.
//
// The rows of a table go into one file, in the order of the runs' ids and then of the
// table's key, whatever the order in which the runs were named. A run that is named twice,
// or that is in a merged folder too, counts once.
type ExportOptions struct {
	Runs   []*Run    // that are done
	Merged []*Merged // folders of tables of many runs
	// Tables are names; nil: every table that a lock covers, without those that a merged
	// folder lacks.
	Tables []string
	Format ExportFormat
	// Partition makes a folder of each table: TABLE/experiment=NAME/seed=N/TABLE.parquet.
	// The columns stay in the files. It takes the memory of a whole table. For Parquet,
	// and notebooks, alone.
	Partition bool
	// Keep chooses evaluations; nil: all. A row of another table is kept if its candidate
	// was evaluated under its seed, and in its epoch if the table has one, in an
	// evaluation that is kept: so the tables still fit together.
	Keep func(*Evaluation) bool
	// Out is a folder, new or empty; or, with one table in a format of files, a file with
	// the format's extension, which is new. It appears at once and whole.
	Out string
}

// ExportedFile is a file of an export.
type ExportedFile struct {
	Path  string // with Out in front
	Table string // "" for a notebook
	Rows  int64
	Bytes int64
}

// Exported is what an export wrote, and what it did not.
type Exported struct {
	Files   []ExportedFile
	LeftOut []string // tables that a merged folder lacks, where none was named
}

// exportable is a table whatever its rows are.
type exportable interface {
	schema() *Schema
	export(x *exporter) error
	keptBy(x *exporter, s *source) error
}

var exportables = []exportable{Candidates, Cases, Evaluations, Handoffs, SBOMs, Samples}

func (t *Table[T]) schema() *Schema { return t.Schema }

// source is a run whose rows are exported.
type source struct {
	meta   Meta
	run    *Run
	merged *Merged // if run is nil
	kept   *keptRows
}

// keptRows are the candidates of the evaluations that are kept.
type keptRows struct {
	ever    map[seedID]bool
	inEpoch map[epochID]bool
}

type seedID struct {
	seed int64
	id   string
}

type epochID struct {
	seedID
	epoch int64
}

// exporter is an export under way.
type exporter struct {
	ctx     context.Context
	o       *ExportOptions
	sources []*source // by run id
	tables  []*Schema
	dir     string // that is written, and renamed when all is done
	result  Exported
}

// IsExportFile says whether a path is the file of an export, rather than a folder.
func IsExportFile(path string, f ExportFormat) bool {
	return f != ExportNotebook && filepath.Ext(path) == "."+string(f)
}

// Export writes tables of runs. Errors about a run are *FileError.
func Export(ctx context.Context, o ExportOptions) (_ *Exported, err error) {
	x := &exporter{ctx: ctx, o: &o}
	if !slices.Contains(ExportFormats, o.Format) {
		return nil, fmt.Errorf("datasets: no export to %q", o.Format)
	}
	if o.Partition && o.Format != ExportParquet && o.Format != ExportNotebook {
		return nil, fmt.Errorf("datasets: no partitions of %s", o.Format)
	}
	if err := CheckExport(o.Out); err != nil {
		return nil, err
	}
	if err := x.findSources(); err != nil {
		return nil, err
	}
	var chosen []exportable
	if chosen, err = x.findTables(); err != nil {
		return nil, err
	}
	single := IsExportFile(o.Out, o.Format)
	if single && (len(chosen) != 1 || o.Partition) {
		return nil, fmt.Errorf("datasets: %d tables do not go into the file %s", len(chosen), o.Out)
	}
	if o.Keep != nil {
		for _, s := range x.sources {
			if err := Evaluations.keptBy(x, s); err != nil {
				return nil, err
			}
		}
	}
	parent := filepath.Dir(filepath.Clean(o.Out))
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(filepath.Clean(o.Out))+"-*.tmp")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	x.dir = filepath.Join(temp, "export") // MkdirTemp's own is for its owner alone
	if err := os.Mkdir(x.dir, 0o777); err != nil {
		return nil, err
	}
	for _, t := range chosen {
		if err := t.export(x); err != nil {
			return nil, err
		}
	}
	if o.Format == ExportNotebook {
		if err := x.writeNotebook(); err != nil {
			return nil, err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return &x.result, x.place(single)
}

// CheckExport says whether an export can go to a path: ErrExists, or nil.
func CheckExport(out string) error {
	info, err := os.Lstat(out)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := os.ReadDir(out)
		if err != nil || len(entries) == 0 {
			return err
		}
	}
	return &FileError{File: out, Kind: ErrExists}
}

// place gives what was written its name. An empty folder makes way: os.Rename does not
// replace one.
func (x *exporter) place(single bool) error {
	out := filepath.Clean(x.o.Out)
	from := x.dir
	if single {
		from = filepath.Join(from, filepath.Base(x.result.Files[0].Path))
		x.result.Files[0].Path = out
	} else {
		if err := syncTree(from); err != nil {
			return err
		}
		for i := range x.result.Files {
			x.result.Files[i].Path = filepath.Join(out, x.result.Files[i].Path)
		}
	}
	// Again: it may have come into being meanwhile.
	if err := CheckExport(out); err != nil {
		return err
	}
	if err := os.Remove(out); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(from, out); err != nil {
		return err
	}
	return syncDir(filepath.Dir(out))
}

// syncTree makes the names in a folder, and in those below it, outlive a crash.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// findSources lists the runs by their ids, each once.
func (x *exporter) findSources() error {
	seen := map[string]bool{}
	for _, r := range x.o.Runs {
		if r.Partial {
			return &FileError{File: r.Dir, Kind: ErrPartial, Detail: "its rows so far are in " + MetricsFile}
		}
		m, err := r.Lock.Identity.Meta()
		if err != nil {
			return err
		}
		if !seen[m.RunID] {
			seen[m.RunID] = true
			x.sources = append(x.sources, &source{meta: m, run: r})
		}
	}
	for _, m := range x.o.Merged {
		// any order: the sources are sorted below
		for id := range m.runs {
			if !seen[id] {
				seen[id] = true
				x.sources = append(x.sources, &source{meta: Meta{RunID: id, Identity: m.Identity(id)}, merged: m})
			}
		}
	}
	if len(x.sources) == 0 {
		return errors.New("datasets: an export of no runs")
	}
	slices.SortFunc(x.sources, func(a, b *source) int { return strings.Compare(a.meta.RunID, b.meta.RunID) })
	return nil
}

// findTables chooses the tables, in the order in which they are known.
func (x *exporter) findTables() ([]exportable, error) {
	for _, name := range x.o.Tables {
		if !slices.ContainsFunc(exportables, func(t exportable) bool { return t.schema().Name == name }) {
			return nil, fmt.Errorf("datasets: there is no table %q", name)
		}
	}
	var out []exportable
	for _, t := range exportables {
		s := t.schema()
		if x.o.Tables == nil && !s.Locked() || x.o.Tables != nil && !slices.Contains(x.o.Tables, s.Name) {
			continue
		}
		lacks := slices.IndexFunc(x.o.Merged, func(m *Merged) bool { return len(m.Paths(s)) == 0 })
		if lacks >= 0 {
			if x.o.Tables != nil {
				return nil, &FileError{File: x.o.Merged[lacks].Dir, Kind: ErrMissing, Detail: "there is no table of " + s.Name + " below it"}
			}
			x.result.LeftOut = append(x.result.LeftOut, s.Name)
			continue
		}
		out, x.tables = append(out, t), append(x.tables, s)
	}
	return out, nil
}

// rowsOf returns a function that reads the rows of the table of a run. Merged folders
// are read once.
func (t *Table[T]) rowsOf(x *exporter) func(*source) ([]T, error) {
	merged := map[*Merged]map[string][]T{}
	return func(s *source) (rows []T, err error) {
		if err := context.Cause(x.ctx); err != nil {
			return nil, err
		}
		if s.run != nil {
			rows, err = t.ReadRun(s.run)
		} else {
			if merged[s.merged] == nil {
				if merged[s.merged], err = t.ReadMerged(s.merged); err != nil {
					return nil, err
				}
			}
			rows = merged[s.merged][s.meta.RunID]
		}
		if err != nil || x.o.Keep == nil || s.kept == nil {
			return rows, err
		}
		var kept []T
		for i := range rows {
			if t.isKept(x, s.kept, &rows[i]) {
				kept = append(kept, rows[i])
			}
		}
		return kept, nil
	}
}

// keptBy notes which candidates the evaluations are of that are kept.
func (t *Table[T]) keptBy(x *exporter, s *source) error {
	rows, err := t.rowsOf(x)(s)
	if err != nil {
		return err
	}
	s.kept = &keptRows{map[seedID]bool{}, map[epochID]bool{}}
	for i := range rows {
		if e, ok := any(&rows[i]).(*Evaluation); ok && x.o.Keep(e) {
			id := seedID{e.Seed, e.CandidateID}
			s.kept.ever[id], s.kept.inEpoch[epochID{id, int64(e.Epoch)}] = true, true
		}
	}
	return nil
}

func (t *Table[T]) isKept(x *exporter, k *keptRows, row *T) bool {
	if e, ok := any(row).(*Evaluation); ok {
		return x.o.Keep(e)
	}
	v := reflect.ValueOf(row).Elem()
	id := seedID{v.Field(t.Column("seed").field).Int(), v.Field(t.Column("candidate_id").field).String()}
	if epoch := t.Column("epoch"); epoch != nil {
		return k.inEpoch[epochID{id, v.Field(epoch.field).Int()}]
	}
	return k.ever[id]
}

// export writes the table.
func (t *Table[T]) export(x *exporter) error {
	read := t.rowsOf(x)
	if x.o.Partition {
		return t.exportPartitions(x, read)
	}
	ext := x.o.Format
	if ext == ExportNotebook {
		ext = ExportParquet
	}
	metas := make([]Meta, len(x.sources))
	for i, s := range x.sources {
		metas[i] = s.meta
	}
	return t.exportFile(x, t.Name+"."+string(ext), metas, func(yield func([]T) error) error {
		for _, s := range x.sources {
			rows, err := read(s)
			if err == nil {
				err = yield(rows)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// exportPartitions writes a file for each experiment and seed, and one without rows if
// there is none: a reader finds the columns then.
func (t *Table[T]) exportPartitions(x *exporter, read func(*source) ([]T, error)) error {
	type part struct {
		dir   string
		metas []Meta
		rows  []T
	}
	var parts []*part
	byDir := map[string]*part{}
	experiment, seed := t.Column("experiment").field, t.Column("seed").field
	for _, s := range x.sources {
		rows, err := read(s)
		if err != nil {
			return err
		}
		for i := range rows {
			v := reflect.ValueOf(&rows[i]).Elem()
			dir := filepath.Join(t.Name, "experiment="+url.PathEscape(v.Field(experiment).String()), "seed="+strconv.FormatInt(v.Field(seed).Int(), 10))
			p := byDir[dir]
			if p == nil {
				p = &part{dir: dir}
				byDir[dir], parts = p, append(parts, p)
			}
			if n := len(p.metas); n == 0 || p.metas[n-1].RunID != s.meta.RunID {
				p.metas = append(p.metas, s.meta)
			}
			p.rows = append(p.rows, rows[i])
		}
	}
	if len(parts) == 0 {
		parts = append(parts, &part{dir: t.Name, metas: []Meta{x.sources[0].meta}})
	}
	slices.SortFunc(parts, func(a, b *part) int { return strings.Compare(a.dir, b.dir) })
	for _, p := range parts {
		if err := t.exportFile(x, filepath.Join(p.dir, t.Name+".parquet"), p.metas, func(yield func([]T) error) error { return yield(p.rows) }); err != nil {
			return err
		}
	}
	return nil
}

// exportSink takes rows and returns how many there are in the file.
type exportSink[T any] interface {
	append(rows []T) error
	close() (int64, error)
}

// exportFile writes a file and counts what is in it: a reader, or a writer, that loses
// rows must not do so in silence.
func (t *Table[T]) exportFile(x *exporter, name string, metas []Meta, rows func(func([]T) error) error) error {
	path := filepath.Join(x.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	m := metas[0]
	if len(metas) > 1 {
		var err error
		if m, err = ManyMeta(metas); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer f.Close() // again, which does no harm
	var w exportSink[T]
	switch filepath.Ext(name) {
	case ".parquet":
		w = &parquetSink[T]{path: path, w: t.NewWriter(f, m)}
	case ".arrow":
		w, err = t.newArrowSink(f, m)
	default:
		w, err = t.newTextSink(f, filepath.Ext(name) == ".csv")
	}
	if err != nil {
		return err
	}
	given := int64(0)
	err = rows(func(rows []T) error {
		given += int64(len(rows))
		return w.append(rows)
	})
	written := int64(0)
	if err == nil {
		written, err = w.close()
	}
	var info os.FileInfo
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		info, err = f.Stat()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if written != given {
		return fmt.Errorf("%s: %d rows were given and %d are in the file", name, given, written)
	}
	x.result.Files = append(x.result.Files, ExportedFile{Path: name, Table: t.Name, Rows: given, Bytes: info.Size()})
	return nil
}

// parquetSink writes Parquet as a run has it.
type parquetSink[T any] struct {
	path string
	w    *Writer[T]
}

func (s *parquetSink[T]) append(rows []T) error { return s.w.Append(rows) }

func (s *parquetSink[T]) close() (int64, error) {
	if _, err := s.w.Close(); err != nil {
		return 0, err
	}
	h, err := s.w.table.ReadHeader(s.path)
	if err != nil {
		return 0, err
	}
	return h.Rows, nil
}
