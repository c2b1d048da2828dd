package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
	"toolgen/specs"
)

func (p *program) specCommand() *cli.Command {
	return &cli.Command{
		Name: "spec", Usage: "list, show, begin and prove specs",
		Description: `toolgen spec list
toolgen spec new csv_sum && toolgen spec test ./csv_sum
toolgen spec show text_deduplicate --format json`,
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "the specs that ship, and those below --specs",
				Description: "toolgen spec list --specs ./specs", Flags: []cli.Flag{specsFlag(), formatFlag()}, Action: p.specList,
			},
			{
				Name: "show", Usage: "what a spec says", ArgsUsage: "SPEC",
				Description: "toolgen spec show json_flatten\ntoolgen spec show ./my_spec", Flags: []cli.Flag{specsFlag(), formatFlag()}, Action: p.specShow,
			},
			{
				Name: "new", Usage: "write a small spec that works, to begin with", ArgsUsage: "ID",
				Description: "toolgen spec new csv_sum\ntoolgen spec new csv_sum --dir specs",
				Flags:       []cli.Flag{&cli.StringFlag{Name: "dir", Value: ".", Usage: "`DIR` to write the spec's folder in"}}, Action: p.specNew,
			},
			{
				Name: "test", Usage: "prove a spec: programs, examples, styles, determinism", ArgsUsage: "SPEC",
				Description: "toolgen spec test ./csv_sum\ntoolgen spec test text_deduplicate --seed 7",
				Flags:       append([]cli.Flag{seedFlag("seed `N` of the suite (default 1)"), specsFlag(), noCacheFlag(), formatFlag()}, machineFlags()...),
				Action:      p.specTest,
			},
		},
	}
}

func (p *program) specList(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := arguments(c); err != nil {
		return err
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "spec"}, {Name: "title"}, {Name: "styles"}, {Name: "origin"}}}
	list, err := knownSpecs(c.StringSlice("specs"))
	if err != nil {
		return err
	}
	for _, s := range list {
		t.Add(s.ID, s.Title, styleNames(s), s.Origin)
	}
	return p.answer(f, "spec-list", rowsAnswer{t}, t)
}

// knownSpecs are the specs below the folders and those that ship, sorted by id. Of two
// with the same id the first one found is meant when it is named.
func knownSpecs(dirs []string) ([]*specs.Spec, error) {
	byID := map[string]*specs.Spec{}
	add := func(s *specs.Spec, err error) error {
		if err == nil && byID[s.ID] == nil {
			byID[s.ID] = s
		}
		return inputError(err)
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "spec.json")); err == nil {
			if err := add(specs.LoadDir(dir)); err != nil {
				return nil, err
			}
			continue
		}
		ids, err := specs.List(os.DirFS(dir))
		if err != nil {
			return nil, inputError(err)
		}
		for _, id := range ids {
			if err := add(specs.LoadDir(filepath.Join(dir, id))); err != nil {
				return nil, err
			}
		}
	}
	shipped, err := specs.List(specs.Shipped())
	if err != nil {
		return nil, err
	}
	for _, id := range shipped {
		if err := add(specs.Load(specs.Shipped(), id)); err != nil {
			return nil, err
		}
	}
	var out []*specs.Spec
	for _, s := range byID {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *specs.Spec) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func styleNames(s *specs.Spec) []string {
	var names []string
	for _, st := range s.Styles {
		names = append(names, st.Name)
	}
	return names
}

func (p *program) findSpec(c *cli.Context) (*specs.Spec, error) {
	args, err := arguments(c)
	if err != nil {
		return nil, err
	}
	s, err := experiment.FindSpec(args[0], c.StringSlice("specs"))
	return s, inputError(err)
}

// shownSpec is the JSON answer of spec show.
type shownSpec struct {
	ID          string          `json:"id"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	License     string          `json:"license"`
	Origin      string          `json:"origin"`
	Compare     string          `json:"compare"`
	Examples    int             `json:"examples"`
	Cases       int             `json:"cases"`
	Search      int             `json:"search"`
	Validate    int             `json:"validate"`
	Holdout     int             `json:"holdout"`
	Sizes       []int           `json:"sizes"`
	Robustness  []string        `json:"robustness"`
	Benchmark   *shownBenchmark `json:"benchmark"`
	Digest      string          `json:"digest"`
	Styles      *reports.Table  `json:"styles"`
}

type shownBenchmark struct {
	Size    int `json:"size"`
	Samples int `json:"samples"`
}

func (p *program) specShow(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	s, err := p.findSpec(c)
	if err != nil {
		return err
	}
	styles := &reports.Table{Title: "Styles", Columns: []reports.Column{{Name: "style"}, {Name: "baseline"}, {Name: "summary"}, {Name: "params"}}}
	for _, st := range s.Styles {
		var params []string
		for _, q := range st.Params {
			params = append(params, describeParam(q))
		}
		styles.Add(st.Name, st.Baseline, st.Summary, params)
	}
	out := shownSpec{
		ID: s.ID, Title: s.Title, Description: s.Description, License: s.License, Origin: s.Origin, Compare: s.Compare,
		Examples: len(s.Examples), Cases: len(s.Cases), Search: s.Suite.Search, Validate: s.Suite.Validate, Holdout: s.Suite.Holdout,
		Sizes: append([]int{}, s.Suite.Sizes...), Robustness: append([]string{}, s.Robustness...), Digest: s.Digest(), Styles: styles,
	}
	if s.Benchmark != nil {
		out.Benchmark = &shownBenchmark{s.Benchmark.Size, s.Benchmark.Samples}
	}
	if f == reports.Text {
		p.printf("%s: %s (%s)\n%s\n\ncompared by %s; %d examples, %d written cases; generated: %d search, %d validate, %d holdout of sizes %v\n",
			s.ID, reports.Printable(s.Title), s.Origin, reports.PrintableLines(s.Description), s.Compare, len(s.Examples), len(s.Cases), s.Suite.Search, s.Suite.Validate, s.Suite.Holdout, s.Suite.Sizes)
		if len(s.Robustness) > 0 {
			p.printf("robustness: %s\n", strings.Join(s.Robustness, ", "))
		}
		if s.Benchmark != nil {
			p.printf("benchmark: size %d, %d samples\n", s.Benchmark.Size, s.Benchmark.Samples)
		}
		p.printf("\n")
	}
	return p.answer(f, "spec-show", out, styles)
}

func describeParam(q specs.Param) string {
	switch {
	case q.Range != nil:
		return fmt.Sprintf("%s=%v in [%v,%v]", q.Name, q.Default, q.Range[0], q.Range[1])
	case q.Values != nil:
		values := make([]string, len(q.Values))
		for i, v := range q.Values {
			values[i] = fmt.Sprint(v)
		}
		return fmt.Sprintf("%s=%v of {%s}", q.Name, q.Default, strings.Join(values, ","))
	}
	return fmt.Sprintf("%s=%v", q.Name, q.Default)
}

func (p *program) specNew(c *cli.Context) error {
	args, err := arguments(c)
	if err != nil {
		return err
	}
	files, err := specs.Skeleton(args[0])
	if err != nil {
		return usagef("%v", err)
	}
	dir := filepath.Join(c.String("dir"), args[0])
	if _, err := os.Lstat(dir); err == nil {
		return usagef("%s exists; it is left as it is", dir)
	}
	for _, file := range files {
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(file.Name)), file.Data); err != nil {
			return err
		}
	}
	ref := dir
	if !filepath.IsAbs(ref) {
		ref = "./" + filepath.ToSlash(ref)
	}
	p.printf("%s\n\nNext:\n  toolgen spec test %[1]s\n  toolgen harness --spec %[1]s --out bundle\n", shellQuote(ref))
	return nil
}

// writeNew writes a file that must not exist, and the folders above it.
func writeNew(path string, data []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		var file *os.File
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			_, err = file.Write(data)
			err = errors.Join(err, file.Close())
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return usagef("%s exists; it is left as it is", path)
	case err != nil:
		return &experiment.MachineError{Msg: "this cannot be written", Err: err}
	}
	return nil
}

func (p *program) specTest(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	seed, err := integer(c, "seed", 1, 0, maxSeed)
	if err != nil {
		return err
	}
	s, err := p.findSpec(c)
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	checks, err := env.TestSpec(c.Context, s, seed)
	if err != nil {
		return err
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "check"}, {Name: "ok"}, {Name: "detail"}}}
	good := true
	for _, k := range checks {
		t.Add(k.Check, k.OK, k.Detail)
		good = good && k.OK
	}
	if err := p.answer(f, "spec-test", struct {
		Spec   string                 `json:"spec"`
		OK     bool                   `json:"ok"`
		Checks []experiment.SpecCheck `json:"checks"`
	}{s.ID, good, checks}, t); err != nil {
		return err
	}
	if f == reports.Text {
		word := p.green("proved")
		if !good {
			word = p.red("not proved")
		}
		p.printf("\n%s: spec %s\n", word, s.ID)
	}
	if !good {
		return errBadNews
	}
	return nil
}
