package page

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"toolgen/analysis"
	"toolgen/analysis/pareto"
	"toolgen/datasets"
	"toolgen/reports"
	"toolgen/reports/chart"
	"toolgen/reports/figures"
)

// Options say what a report is of.
type Options struct {
	Runs   []*Run // at least one
	Filter analysis.Filter
	Clock  string // of latencies: figures.Virtual or figures.Wall; "" is virtual
	Out    string // the folder as the user named it; stands in the command that makes the report again
	// Comparison stands behind the charts where several experiments are compared; nil
	// where there is nothing to compare.
	Comparison *Comparison
}

// Comparison is what a report says about the differences of its runs.
type Comparison struct {
	Verdict string // one sentence
	Tables  []*reports.Table
}

// pageView is what the template is given.
type pageView struct {
	Title    string
	Policy   string
	Style    template.CSS
	Script   template.JS
	Headline string // the verdict
	Good     bool
	Findings []string
	Runs     []runView
	Commands []commandView
	Contents []link
	Sections []*section
}

type link struct{ ID, Title string }

// runView is a run in the head of the page.
type runView struct {
	Name  string
	Facts []fact
	Files *tableView // digests
}

type fact struct {
	Name, Value string
	Code        bool
}

type commandView struct{ Does, Command string }

// section is a part of the page.
type section struct {
	ID, Title string
	Intro     string
	Figures   []figureView
	Tables    []*tableView
	Handoffs  []handoffView
	Winners   []winnerView
}

type figureView struct {
	ID      string
	Title   string
	SVG     template.HTML
	Numbers *tableView // what it draws
	Files   []fileLink
}

type handoffView struct {
	Title    string
	Failures []failure
	Patch    []diffLine
}

// winnerView is a winner with its ancestors and its source.
type winnerView struct {
	Anchor  string
	Title   string
	Lineage *tableView
	Steps   []stepView
	Source  string
}

// stepView is what changed from a parent to its child.
type stepView struct {
	Title string
	Diff  []diffLine
}

// diffLine is a line of a unified diff.
type diffLine struct {
	Kind string // "add", "del", "at" or ""
	Text string
}

// report is a report under construction.
type report struct {
	Options
	rows      []*analysis.Run
	source    figures.Source
	anchors   map[string]bool
	standings []analysis.Standing
	winners   []analysis.Standing
	final     map[seedCandidate]*datasets.Candidate
	files     []File
}

// File is a file of a report.
type File struct {
	Name string // with slashes
	Data []byte
}

// Build makes the files of a report.
func Build(o Options) ([]File, error) {
	if len(o.Runs) == 0 {
		return nil, fmt.Errorf("page: a report needs a run")
	}
	r := &report{Options: o, anchors: map[string]bool{}, final: map[seedCandidate]*datasets.Candidate{}}
	for _, run := range o.Runs {
		r.rows = append(r.rows, run.rows)
		for i := range run.rows.Candidates {
			c := &run.rows.Candidates[i]
			r.final[seedCandidate{c.Seed, c.CandidateID}] = c
		}
	}
	r.source = figures.Source{Runs: r.rows, Filter: o.Filter, Clock: o.Clock}
	r.standings = analysis.Leaderboard(r.rows, analysis.LeaderboardOptions{Filter: o.Filter})
	r.winners = analysis.Leaderboard(r.rows, analysis.LeaderboardOptions{Filter: o.Filter, Top: 1, PerStyle: true})
	for _, w := range r.winners {
		r.anchors[w.CandidateID] = true
	}
	v := &pageView{Title: "ToolGen report: " + strings.Join(r.experiments(), ", "), Style: template.CSS(styleSheet()), Script: template.JS(script), Policy: policy()}
	v.Headline, v.Good, v.Findings = r.verdict()
	for _, run := range o.Runs {
		v.Runs = append(v.Runs, r.runView(run))
	}
	v.Commands = r.commands()
	charts, err := r.charts()
	if err != nil {
		return nil, err
	}
	bench, err := analysis.Bench(r.rows, o.Filter)
	if err != nil {
		return nil, err
	}
	winners := reports.Leaderboard(r.winners)
	winners.Title = "The best of each spec and style at the last budget"
	v.Sections = append(v.Sections, &section{
		ID: "winners", Title: "Winners", Intro: "Virtual time and memory are of the timed and the worst calls. A candidate with an underlined name has its source and its ancestors below.",
		Tables: []*tableView{r.view("winners", winners.Without("rank", "final_feasible", "stability", "seeds", "lineage", "last_epoch", "generation", "ancestor_id")), r.view("bench", reports.Bench(bench).Without("seed"))},
	}, charts)
	if o.Comparison != nil {
		s := &section{ID: "comparison", Title: "Comparison", Intro: o.Comparison.Verdict}
		for i, t := range o.Comparison.Tables {
			s.Tables = append(s.Tables, r.view(fmt.Sprintf("comparison-%d", i+1), t))
		}
		v.Sections = append(v.Sections, s)
	}
	v.Sections = append(v.Sections, r.fronts(), r.leaderboard(), r.stability(), r.handoffs(), r.failing(), r.lineages(), r.components())
	for _, s := range v.Sections {
		v.Contents = append(v.Contents, link{s.ID, s.Title})
	}
	var html bytes.Buffer
	if err := pageTemplate.Execute(&html, v); err != nil {
		return nil, err
	}
	return append([]File{{"index.html", html.Bytes()}}, r.files...), nil
}

// experiments are the names of the experiments, each once.
func (r *report) experiments() []string {
	var out []string
	for _, run := range r.rows {
		if name := reports.Printable(run.Experiment); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// view is a table of the page. Columns that say nothing are left out, as for people on a
// terminal.
func (r *report) view(id string, t *reports.Table) *tableView {
	brief := t.Brief(reports.Text)
	return limited(id, brief, func() *reports.Table {
		return &reports.Table{Title: brief.Title, Columns: brief.Columns, Notes: append(slices.Clone(brief.Notes), "It is too long for a page; `toolgen plot` and the commands named as its part of the page write it with --format csv.")}
	}, r.anchors, r.Runs, "data/evaluations.parquet")
}

// verdict says in one line how it went, and in some more what stands behind it.
func (r *report) verdict() (headline string, good bool, findings []string) {
	best := map[string]*analysis.Standing{}
	var specs, lost []string
	feasible := 0
	for i := range r.standings {
		s := &r.standings[i]
		k := s.Experiment + "\x00" + s.Spec
		if best[k] == nil {
			best[k] = s
			specs = append(specs, k)
		}
		if s.FinalFeasible {
			feasible++
		}
	}
	for _, k := range specs {
		s := best[k]
		style := "an entrant"
		if s.Style != nil {
			style = *s.Style
		} else if s.Label != nil {
			style = *s.Label
		}
		if !s.FinalFeasible {
			lost = append(lost, s.Spec)
			continue
		}
		text := fmt.Sprintf("%s: %s wins with base fitness %.4f", r.named(s.Experiment, s.Spec), style, s.FinalBaseFitness)
		if s.VirtualMS != nil {
			text += fmt.Sprintf(" and %.3f virtual ms", *s.VirtualMS)
		}
		findings = append(findings, text+".")
	}
	good = len(lost) == 0 && len(specs) > 0
	switch {
	case len(specs) == 0:
		headline = "Nothing was evaluated, or nothing fits the filter."
	case good:
		headline = fmt.Sprintf("Every spec has a winner: %d of %d candidates are feasible at the last budget.", feasible, len(r.standings))
	default:
		headline = "No candidate is feasible at the last budget for " + strings.Join(lost, ", ") + "."
	}
	stability := analysis.Stability(r.rows, r.Filter)
	if n := len(stability.Flakes); n == 0 {
		findings = append(findings, "No candidate is flaky.")
	} else {
		findings = append(findings, fmt.Sprintf("Flaky: %d, each with the command that exposes it below.", n))
	}
	for _, run := range r.Runs {
		if run.Verified != "" {
			findings = append(findings, fmt.Sprintf("%s was verified (%s): every candidate was executed again, and every row was the same.", run.Dir, run.Verified))
		} else {
			findings = append(findings, fmt.Sprintf("%s has not been verified on this machine; its files are as its lock says.", run.Dir))
		}
	}
	for i := range findings {
		findings[i] = reports.Printable(findings[i])
	}
	return reports.Printable(headline), good, findings
}

func (r *report) named(experiment, spec string) string {
	if len(r.experiments()) > 1 {
		return experiment + ", " + spec
	}
	return spec
}

// runView is what was run.
func (r *report) runView(run *Run) runView {
	id := &run.Lock.Identity
	seeds := make([]string, len(id.Seeds))
	for i, s := range id.Seeds {
		seeds[i] = fmt.Sprint(s)
	}
	var specs []string
	// any order: sorted below
	for name := range id.Specs {
		specs = append(specs, name)
	}
	slices.Sort(specs)
	played := 0
	_, epochs := run.rows.Epochs()
	for _, n := range epochs {
		played = max(played, n)
	}
	v := runView{Name: reports.Printable(run.Dir), Facts: []fact{
		{"experiment", run.rows.Experiment, false},
		{"specs", strings.Join(specs, ", "), false},
		{"seeds", strings.Join(seeds, ", "), false},
		{"epochs", fmt.Sprint(played), false},
		{"evaluations", fmt.Sprint(len(run.rows.Evaluations)), false},
		{"distinct candidates", fmt.Sprint(len(run.rows.Candidates)), false},
		{"run id", run.Lock.RunID, true},
		{"experiment id", run.Lock.ExperimentID, true},
		{"Go toolchain", id.Toolchain.Go, false},
		{"wasmtime", id.Toolchain.Wasmtime, false},
		{"sandbox", id.Toolchain.Settings, true},
		{"fuel", id.FuelModel, false},
		{"semantics", fmt.Sprint(id.Semantics), false},
		{"executed on", run.Lock.Platform.GOOS + "/" + run.Lock.Platform.GOARCH, false},
	}}
	if run.rows.Rules != nil {
		v.Facts = append(v.Facts, fact{"fuel of a virtual ms", fmt.Sprint(run.rows.Rules.FuelPerMS), false})
	}
	for i := range v.Facts {
		v.Facts[i].Value = reports.Printable(v.Facts[i].Value)
	}
	t := &reports.Table{Title: "Digests of " + run.Dir, Columns: []reports.Column{{Name: "table"}, reports.Number("rows", "rows", "", 0), {Name: "rows_sha256", Title: "SHA-256 of the rows"}}}
	for _, s := range datasets.Schemas() {
		if info, ok := run.Lock.Tables[s.Name]; ok {
			t.Add(s.Name, info.Rows, info.RowsSHA256)
		}
	}
	v.Files = view("digests-"+reports.ShortID(run.Lock.RunID), t, nil)
	return v
}

// commands make it all again.
func (r *report) commands() []commandView {
	var out []commandView
	dirs := make([]string, len(r.Runs))
	for i, run := range r.Runs {
		dir := shellQuote(run.Dir)
		dirs[i] = dir
		out = append(out,
			commandView{"executes every candidate again and compares every row", "toolgen verify " + dir},
			commandView{"plays it again into a new folder, from what the run itself holds", fmt.Sprintf("toolgen run %s -o %s", shellQuote(run.Dir+"/manifest.yaml"), shellQuote(run.Dir+"-again"))})
	}
	if len(r.winners) > 0 {
		w := r.winners[0]
		for _, run := range r.Runs {
			if slices.ContainsFunc(run.rows.Candidates, func(c datasets.Candidate) bool { return c.CandidateID == w.CandidateID }) {
				out = append(out, commandView{"executes the first winner on its suite again", fmt.Sprintf("toolgen replay %s %s", shellQuote(run.Dir), reports.ShortID(w.CandidateID))})
				break
			}
		}
	}
	return append(out, commandView{"makes this report again", fmt.Sprintf("toolgen report %s -o %s", strings.Join(dirs, " "), shellQuote(r.Out))})
}

// charts draws every chart, in the page and as files.
func (r *report) charts() (*section, error) {
	s := &section{ID: "charts", Title: "Charts", Intro: "Runs stand side by side on one scale. The numbers behind each chart are below it."}
	cost := r.source
	cost.Objectives = [2]analysis.Objective{{Column: "virtual_ms", Direction: pareto.Minimize}, {Column: "peak_memory_bytes", Direction: pareto.Minimize}}
	for _, kind := range []string{"latency", "fitness", "pareto", "cost", "diversity", "stability", "handoffs", "clocks"} {
		source, as := &r.source, kind
		if kind == "cost" {
			source, as = &cost, "pareto"
		}
		picture, err := source.Make(as)
		if err != nil {
			return nil, err
		}
		f := picture.Figure
		f.Kind = kind
		v := figureView{ID: "figure-" + kind, Title: reports.Printable(f.Title), SVG: template.HTML(f.Inline())}
		if len(picture.Table.Rows) > 0 {
			v.Numbers = r.view("numbers-"+kind, picture.Table)
			v.Numbers.Caption = "Numbers: " + v.Title
		}
		var svg, png bytes.Buffer
		if err := f.SVG(&svg, &chart.Light, 0, 0); err != nil {
			return nil, err
		}
		if err := f.PNG(&png, &chart.Light, 0, 0); err != nil {
			return nil, err
		}
		for _, file := range []File{{"charts/" + kind + ".svg", svg.Bytes()}, {"charts/" + kind + ".png", png.Bytes()}} {
			r.files = append(r.files, file)
			v.Files = append(v.Files, fileLink{file.Name, file.Name})
		}
		s.Figures = append(s.Figures, v)
	}
	return s, nil
}

func diffLines(text string) []diffLine {
	var out []diffLine
	for l := range strings.Lines(text) {
		l = reports.PrintableLines(strings.TrimSuffix(l, "\n"))
		kind := ""
		switch {
		case strings.HasPrefix(l, "+++"), strings.HasPrefix(l, "---"), strings.HasPrefix(l, "@@"):
			kind = "at"
		case strings.HasPrefix(l, "+"):
			kind = "add"
		case strings.HasPrefix(l, "-"):
			kind = "del"
		}
		out = append(out, diffLine{kind, l})
	}
	return out
}

// unified is the difference of two sources.
func unified(a, b *datasets.Candidate) string {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: slices.Collect(strings.Lines(a.Source)), B: slices.Collect(strings.Lines(b.Source)), Context: 2,
		FromFile: reports.ShortID(a.CandidateID), ToFile: reports.ShortID(b.CandidateID),
	})
	if err != nil {
		panic(err) // it writes into memory
	}
	return text
}

// shellQuote makes a word that a shell reads as one.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
