// Command duckdb holds analysis/aggregate against DuckDB: the same questions about the
// same Parquet file, the same answers, both on all CPUs, warm, in turns.
//
//	(a) groups: spec, style, epoch -> median and p95 of virtual time, mean fitness
//	(b) fronts of two objectives per spec, against a window query
//	(c) fronts of three objectives per spec, against an anti-join
//	(d) writing, against COPY
//
// It is a module of its own, so that the product does not depend on DuckDB. `make
// bench-analysis` runs it and prints the table. Nobody else may use the machine meanwhile;
// ratios are those of medians over the turns.
//
// The anti-join compares every row with every other, which takes hours for millions of
// rows. It is run on the first rows of the file, for which the ratio holds as measured;
// how it would be for the whole file is scaled with the square of the rows, and said to be.
package main

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/jedib0t/go-pretty/v6/table"

	"toolgen/analysis/aggregate"
	"toolgen/analysis/pareto"
	"toolgen/datasets"
)

var (
	rowCount  = flag.Int("rows", 10_000_000, "rows of the file")
	writeRows = flag.Int("write-rows", 1_000_000, "rows that are written from memory, for (d)")
	joinRows  = flag.Int("join-rows", 40_000, "rows that the anti-join of (c) is run on")
	turns     = flag.Int("turns", 5, "how often each question is asked, in turns")
	dir       = flag.String("dir", "", "folder for the files, which are kept; default: a temporary one")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is a comparison under way.
type bench struct {
	dir string
	db  *sql.DB
	out table.Writer
}

func run() error {
	b := &bench{dir: *dir, out: table.NewWriter()}
	if b.dir == "" {
		temp, err := os.MkdirTemp("", "bench-analysis")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		b.dir = temp
	}
	var err error
	if b.db, err = sql.Open("duckdb", ""); err != nil {
		return err
	}
	defer b.db.Close()
	if _, err := b.db.Exec(fmt.Sprintf("set threads=%d", runtime.GOMAXPROCS(0))); err != nil {
		return err
	}
	var version string
	if err := b.db.QueryRow("select version()").Scan(&version); err != nil {
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("%d rows, %d CPUs, %s, DuckDB %s, load %s\n", *rowCount, runtime.GOMAXPROCS(0), runtime.Version(), version, strings.TrimSpace(string(load)))
	b.out.AppendHeader(table.Row{"question", "DuckDB", "ToolGen", "ratio", "aim", "ratio of CPU time", "answers"})
	for _, step := range []func() error{b.write, b.groups, b.fronts2, b.fronts3, b.cold} {
		if err := step(); err != nil {
			return err
		}
		runtime.GC()
		debug.FreeOSMemory()
	}
	fmt.Println(b.out.Render())
	return nil
}

func (b *bench) path(rows int) string {
	return filepath.Join(b.dir, fmt.Sprintf("evaluations-%d.parquet", rows))
}

// took is what an answer took, in seconds.
type took struct{ wall, cpu float64 }

// duel takes turns and returns the medians.
func duel(theirs, ours func() error) (duck, own took, err error) {
	var walls, cpus [2][]float64
	for turn := range *turns + 1 {
		for i, fn := range []func() error{theirs, ours} {
			start, spent := time.Now(), cpu()
			if err := fn(); err != nil {
				return took{}, took{}, err
			}
			if turn > 0 { // the first warms up
				walls[i], cpus[i] = append(walls[i], time.Since(start).Seconds()), append(cpus[i], cpu()-spent)
			}
		}
	}
	return took{median(walls[0]), median(cpus[0])}, took{median(walls[1]), median(cpus[1])}, nil
}

// cpu is the time that all threads of this process have spent on CPUs.
func cpu() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return math.NaN()
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func (b *bench) row(what string, duck, own took, aim, answers string) {
	b.out.AppendRow(table.Row{
		what, seconds(duck.wall), seconds(own.wall), fmt.Sprintf("%.1fx", duck.wall/own.wall), aim, fmt.Sprintf("%.1fx", duck.cpu/own.cpu), answers,
	})
}

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.1f ms", s*1000)
	}
	return fmt.Sprintf("%.2f s", s)
}

var meta = datasets.Meta{RunID: strings.Repeat("0", 64), Identity: []byte("{}")}

// make writes a file of so many rows, unless it is there.
func (b *bench) make(rows int) error {
	path := b.path(rows)
	if h, err := datasets.Evaluations.ReadHeader(path); err == nil && h.Rows == int64(rows) {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := datasets.Evaluations.NewParallelWriter(f, meta)
	left := rows
	for seed := int64(1); left > 0 && err == nil; seed++ {
		list := seedRows(seed, meta.RunID)
		list = list[:min(left, len(list))]
		left -= len(list)
		err = w.Append(list)
	}
	info, cerr := w.Close()
	if err := errors.Join(err, cerr, f.Sync()); err != nil {
		return err
	}
	if info.Rows != int64(rows) {
		return fmt.Errorf("%s: %d rows were written, want %d", path, info.Rows, rows)
	}
	return nil
}

// write measures both writers on rows that are in memory. Ours checks the rows and
// computes their digest and the file's besides.
func (b *bench) write() error {
	if err := b.make(*rowCount); err != nil {
		return err
	}
	if err := b.make(*writeRows); err != nil {
		return err
	}
	if _, err := b.db.Exec(fmt.Sprintf("create table source as select * from '%s'", b.path(*writeRows))); err != nil {
		return err
	}
	var rows []datasets.Evaluation
	for seed := int64(1); len(rows) < *writeRows; seed++ {
		rows = append(rows, seedRows(seed, meta.RunID)...)
	}
	rows = rows[:*writeRows]
	theirs, ours := filepath.Join(b.dir, "copy.parquet"), filepath.Join(b.dir, "own.parquet")
	duck, own, err := duel(func() error {
		_, err := b.db.Exec(fmt.Sprintf("copy source to '%s' (format parquet, compression zstd)", theirs))
		return err
	}, func() error {
		f, err := os.Create(ours)
		if err != nil {
			return err
		}
		defer f.Close()
		w := datasets.Evaluations.NewParallelWriter(f, meta)
		err = w.Append(rows)
		_, cerr := w.Close()
		return errors.Join(err, cerr)
	})
	if err != nil {
		return err
	}
	if _, err := b.db.Exec("drop table source"); err != nil {
		return err
	}
	var differ int
	q := fmt.Sprintf("select count(*) from (from '%s' except from '%s')", theirs, ours)
	if err := b.db.QueryRow(q).Scan(&differ); err != nil {
		return err
	}
	if differ > 0 {
		return fmt.Errorf("%d rows differ between what DuckDB wrote and what we wrote", differ)
	}
	b.row(fmt.Sprintf("(d) write %d rows", *writeRows), duck, own, "1.5x", fmt.Sprintf("same rows; %s and %s", size(theirs), size(ours)))
	return errors.Join(os.Remove(theirs), os.Remove(ours))
}

func size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.0f MB", float64(info.Size())/1e6)
}

// groupQueries are ways to ask (a). The fastest is what we are held against. The list
// form sorts a group's values once for both quantiles.
var groupQueries = []string{
	`select spec, style, epoch, count(*), count(virtual_ms), quantile_disc(virtual_ms, [0.5, 0.95]), avg(fitness) from '%s' group by all`,
	`select spec, style, epoch, count(*), count(virtual_ms), [quantile_disc(virtual_ms, 0.5), quantile_disc(virtual_ms, 0.95)], avg(fitness) from '%s' group by all`,
}

func (b *bench) groups() error {
	path := b.path(*rowCount)
	var got []aggregate.Group
	best, own := took{wall: math.Inf(1)}, took{}
	for _, q := range groupQueries {
		q = fmt.Sprintf(q, path)
		duck, mine, err := duel(func() error { return b.drain(q) }, func() (err error) {
			got, err = aggregate.GroupBy([]string{path}, aggregate.Options{})
			return err
		})
		if err != nil {
			return err
		}
		if duck.wall < best.wall {
			best, own = duck, mine
		}
	}
	// The same answer.
	rows, err := b.db.Query(fmt.Sprintf("select spec, style, epoch, count(*), count(virtual_ms), quantile_disc(virtual_ms, 0.5), quantile_disc(virtual_ms, 0.95), avg(fitness) from '%s' group by all order by spec, epoch, style nulls last", path))
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var want aggregate.Group
		if err := rows.Scan(&want.Spec, &want.Style, &want.Epoch, &want.Rows, &want.Timed, &want.MedianMS, &want.P95MS, &want.MeanFitness); err != nil {
			return err
		}
		if n >= len(got) {
			break
		}
		g := got[n]
		// A mean is a sum in another order; the rest is exact.
		if math.Abs(g.MeanFitness-want.MeanFitness) > 1e-9 || describe(g) != describe(want) {
			return fmt.Errorf("group %d differs: DuckDB says %s, we say %s", n, describe(want), describe(g))
		}
	}
	if err := rows.Err(); err != nil || n != len(got) {
		return fmt.Errorf("DuckDB has %d groups, we have %d (%v)", n, len(got), err)
	}
	b.row("(a) groups", best, own, "2x, better 3x", fmt.Sprintf("%d groups, equal", n))
	return nil
}

func describe(g aggregate.Group) string {
	text := func(v *float64) string {
		if v == nil {
			return "null"
		}
		return fmt.Sprint(*v)
	}
	style := "null"
	if g.Style != nil {
		style = *g.Style
	}
	return fmt.Sprintf("%s %s %d: %d rows, %d timed, %s %s", g.Spec, style, g.Epoch, g.Rows, g.Timed, text(g.MedianMS), text(g.P95MS))
}

func (b *bench) drain(q string) error {
	rows, err := b.db.Query(q)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

var objectives = []aggregate.Objective{
	{Column: "virtual_ms", Direction: pareto.Minimize}, {Column: "fitness", Direction: pareto.Maximize}, {Column: "peak_memory_bytes", Direction: pareto.Minimize},
}

// windowQuery is the usual one: in the order of time, a row is on the front if its
// fitness is above that of all before it. Rows with the same values count once.
const windowQuery = `with w as (
  select spec, virtual_ms x, fitness y,
         max(fitness) over (partition by spec order by virtual_ms, fitness desc rows between unbounded preceding and 1 preceding) beaten
  from '%s' where virtual_ms is not null)
select distinct spec, x, y from w where beaten is null or y > beaten order by spec, x`

// tunedQuery throws away first what has no chance at its own time.
const tunedQuery = `with m as (select spec, virtual_ms x, max(fitness) y from '%s' where virtual_ms is not null group by all),
w as (select *, max(y) over (partition by spec order by x rows between unbounded preceding and 1 preceding) beaten from m)
select spec, x, y from w where beaten is null or y > beaten order by spec, x`

func (b *bench) fronts2() error {
	path := b.path(*rowCount)
	for i, q := range []string{windowQuery, tunedQuery} {
		q = fmt.Sprintf(q, path)
		var got []aggregate.SpecFront
		duck, own, err := duel(func() error { return b.drain(q) }, func() (err error) {
			got, err = aggregate.Fronts([]string{path}, objectives[:2], aggregate.Options{})
			return err
		})
		if err != nil {
			return err
		}
		n, err := b.sameFronts(q, got, 2)
		if err != nil {
			return err
		}
		b.row([]string{"(b) fronts of 2, window query", "(b) fronts of 2, window query over groups"}[i], duck, own, []string{"15x, better 25x", "-"}[i], fmt.Sprintf("%d points, equal", n))
	}
	return nil
}

// sameFronts holds the rows of a query, spec and values, against fronts.
func (b *bench) sameFronts(q string, got []aggregate.SpecFront, k int) (int, error) {
	var ours []string
	for _, f := range got {
		for _, p := range f.Points {
			ours = append(ours, f.Spec+fmt.Sprint(p.Values))
		}
	}
	rows, err := b.db.Query(q)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var theirs []string
	for rows.Next() {
		var spec string
		values := make([]float64, k)
		into := []any{&spec}
		for j := range values {
			into = append(into, &values[j])
		}
		if err := rows.Scan(into...); err != nil {
			return 0, err
		}
		theirs = append(theirs, spec+fmt.Sprint(values))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if err := rows.Err(); err != nil || !slices.Equal(ours, theirs) {
		return 0, fmt.Errorf("the fronts differ: DuckDB has %d points, we have %d (%v)", len(theirs), len(ours), err)
	}
	return len(ours), nil
}

const antiJoin = `with t as (select distinct spec, virtual_ms x, fitness y, peak_memory_bytes z from '%s' where virtual_ms is not null and peak_memory_bytes is not null)
select spec, x, y, z from t a where not exists (
  select 1 from t b where b.spec = a.spec and b.x <= a.x and b.y >= a.y and b.z <= a.z and (b.x < a.x or b.y > a.y or b.z < a.z))`

func (b *bench) fronts3() error {
	if err := b.make(*joinRows); err != nil {
		return err
	}
	if err := b.make(*joinRows / 2); err != nil {
		return err
	}
	var times [2]float64
	for i, rows := range []int{*joinRows / 2, *joinRows} {
		q := fmt.Sprintf(antiJoin, b.path(rows))
		var got []aggregate.SpecFront
		duck, own, err := duel(func() error { return b.drain(q) }, func() (err error) {
			got, err = aggregate.Fronts([]string{b.path(rows)}, objectives, aggregate.Options{})
			return err
		})
		if err != nil {
			return err
		}
		n, err := b.sameFronts(q, got, 3)
		if err != nil {
			return err
		}
		times[i] = duck.wall
		b.row(fmt.Sprintf("(c) fronts of 3, first %d rows", rows), duck, own, "-", fmt.Sprintf("%d points, equal", n))
	}
	var list []float64
	for range *turns {
		start := time.Now()
		if _, err := aggregate.Fronts([]string{b.path(*rowCount)}, objectives, aggregate.Options{}); err != nil {
			return err
		}
		list = append(list, time.Since(start).Seconds())
	}
	own := median(list)
	// Twice the rows took times[1]/times[0] as long, 4 if all pairs are compared. The
	// smaller of that power and the square is used.
	power := min(2, math.Log2(times[1]/times[0]))
	scaled := times[1] * math.Pow(float64(*rowCount)/float64(*joinRows), power)
	b.out.AppendRow(table.Row{fmt.Sprintf("(c) fronts of 3, all rows: DuckDB scaled, rows^%.2f", power), seconds(scaled), seconds(own), fmt.Sprintf("%.0fx", scaled/own), "500x", "", "DuckDB's not run"})
	return nil
}

// cold runs the engine in processes of its own.
func (b *bench) cold() error {
	engine := filepath.Join(b.dir, "engine")
	build := exec.Command("go", "build", "-o", engine, "./engine")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building ./engine: %w (the command is run in its module's folder)", err)
	}
	defer os.Remove(engine)
	small := *rowCount / 10
	if err := b.make(small); err != nil {
		return err
	}
	for _, what := range []string{"groups", "front2", "front3"} {
		var times []float64
		var peak [2]int64
		for turn := range *turns {
			for i, rows := range []int{small, *rowCount} {
				c := exec.Command(engine, what, b.path(rows))
				c.Stderr = os.Stderr
				start := time.Now()
				out, err := c.Output()
				if i == 1 {
					times = append(times, time.Since(start).Seconds())
				}
				var kib int64
				if _, serr := fmt.Sscan(string(out), &kib); err != nil || serr != nil {
					return fmt.Errorf("engine %s, turn %d: %w", what, turn, errors.Join(err, serr))
				}
				peak[i] = max(peak[i], kib)
			}
		}
		aim := "100 MB"
		if what == "groups" {
			aim = "0.3 s, 100 MB"
		}
		b.out.AppendRow(table.Row{"a process of its own: " + what, "", seconds(median(times)), "", aim, "",
			fmt.Sprintf("peak %d MB; of %d rows %d MB", peak[1]/1024, small, peak[0]/1024)})
	}
	return nil
}
