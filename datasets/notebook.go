package datasets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// NotebookFile is the notebook of an export, beside the tables that it reads.
const NotebookFile = "analysis.ipynb"

// notebook is a Jupyter notebook, nbformat 4.5, whose keys Jupyter sorts.
type notebook struct {
	Cells         []any          `json:"cells"`
	Metadata      map[string]any `json:"metadata"`
	Nbformat      int            `json:"nbformat"`
	NbformatMinor int            `json:"nbformat_minor"`
}

type markdownCell struct {
	CellType string   `json:"cell_type"`
	ID       string   `json:"id"`
	Metadata struct{} `json:"metadata"`
	Source   []string `json:"source"`
}

type codeCell struct {
	CellType       string   `json:"cell_type"`
	ExecutionCount *int     `json:"execution_count"`
	ID             string   `json:"id"`
	Metadata       struct{} `json:"metadata"`
	Outputs        []any    `json:"outputs"`
	Source         []string `json:"source"`
}

func (n *notebook) markdown(id, text string) {
	n.Cells = append(n.Cells, markdownCell{CellType: "markdown", ID: id, Source: sourceLines(text)})
}

func (n *notebook) code(id, text string) {
	n.Cells = append(n.Cells, codeCell{CellType: "code", ID: id, Outputs: []any{}, Source: sourceLines(text)})
}

// sourceLines splits a text as Jupyter does: each line but the last ends with its newline.
func sourceLines(text string) []string { return strings.SplitAfter(strings.Trim(text, "\n"), "\n") }

// studyCell is a cell that draws, and the tables that it needs.
type studyCell struct {
	id, title string
	tables    []string
	code      string
}

var studyCells = []studyCell{
	{"fitness", "Fitness from epoch to epoch", []string{"evaluations"}, `
fitness = sql("""
    SELECT experiment, spec, epoch, max(fitness) AS best, median(fitness) AS median
    FROM evaluations GROUP BY ALL ORDER BY ALL
""")
fig, ax = plt.subplots(figsize=(9, 5))
for (experiment, spec), rows in fitness.groupby(["experiment", "spec"]):
    line, = ax.plot(rows["epoch"], rows["best"], label=f"{experiment}, {spec}: best")
    ax.plot(rows["epoch"], rows["median"], color=line.get_color(), linestyle="dashed", label="median")
ax.set_xlabel("epoch")
ax.set_ylabel("fitness")
if len(fitness):
    ax.legend()
plt.show()`},
	{"front", "Virtual time against fitness, of what is feasible", []string{"evaluations"}, `
feasible = sql("""
    SELECT spec, coalesce(style, label) AS style, candidate_id, min(virtual_ms) AS virtual_ms, max(fitness) AS fitness
    FROM evaluations WHERE feasible AND virtual_ms IS NOT NULL GROUP BY ALL ORDER BY ALL
""")
fig, ax = plt.subplots(figsize=(9, 5))
for (spec, style), rows in feasible.groupby(["spec", "style"]):
    ax.scatter(rows["virtual_ms"], rows["fitness"], s=16, label=f"{spec}, {style}")
ax.set_xlabel("virtual ms")
ax.set_ylabel("fitness")
if len(feasible):
    ax.set_xscale("log")
    ax.legend()
plt.show()`},
	{"verdicts", "Verdicts by style", []string{"evaluations"}, `
verdicts = sql("""
    SELECT spec || ', ' || coalesce(style, label) AS style, verdict, CAST(count(*) AS BIGINT) AS evaluations
    FROM evaluations GROUP BY ALL ORDER BY ALL
""")
if len(verdicts):
    wide = verdicts.pivot(index="style", columns="verdict", values="evaluations").fillna(0)
    wide.plot.barh(stacked=True, figsize=(9, 1 + 0.4 * len(wide)), xlabel="evaluations", ylabel="")
    plt.show()`},
	{"winners", "The best at the last budget", []string{"candidates"}, `
sql("""
    SELECT experiment, spec, style, seed, substr(candidate_id, 1, 12) AS candidate, final_base_fitness, final_verdict, source_bytes
    FROM candidates ORDER BY final_feasible DESC, final_base_fitness DESC, candidate_id, seed LIMIT 20
""")`},
	{"failures", "What failed", []string{"cases"}, `
sql("""
    SELECT spec, kind, verdict, CAST(count(*) AS BIGINT) AS cases, CAST(count(DISTINCT candidate_id) AS BIGINT) AS candidates
    FROM cases GROUP BY ALL ORDER BY ALL
""")`},
	{"handoffs", "What came of the handoffs", []string{"handoffs"}, `
outcomes = sql("""
    SELECT epoch, outcome, CAST(count(*) AS BIGINT) AS handoffs FROM handoffs GROUP BY ALL ORDER BY ALL
""")
if len(outcomes):
    wide = outcomes.pivot(index="epoch", columns="outcome", values="handoffs").fillna(0)
    wide.plot.bar(stacked=True, figsize=(9, 4), xlabel="epoch", ylabel="handoffs")
    plt.show()`},
	{"components", "Licences of the components", []string{"sboms"}, `
sql("""
    SELECT license, CAST(count(DISTINCT name || '@' || version) AS BIGINT) AS components, CAST(count(DISTINCT candidate_id) AS BIGINT) AS candidates
    FROM sboms GROUP BY ALL ORDER BY ALL
""")`},
	{"clocks", "Wall time against fuel, by host", []string{"samples"}, `
clocks = sql("""
    SELECT host, candidate_id, median(wall_ns) / 1e6 AS wall_ms, median(fuel) AS fuel
    FROM samples GROUP BY ALL ORDER BY ALL
""")
fig, ax = plt.subplots(figsize=(9, 5))
for host, rows in clocks.groupby("host"):
    ax.scatter(rows["fuel"], rows["wall_ms"], s=16, label=host)
ax.set_xlabel("fuel")
ax.set_ylabel("wall ms")
if len(clocks):
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.legend()
plt.show()`},
}

// writeNotebook writes the notebook. Its paths are those of the files beside it, so it
// works wherever the folder goes, when it is opened there.
func (x *exporter) writeNotebook() error {
	n := notebook{
		Metadata: map[string]any{
			"kernelspec":    map[string]string{"display_name": "Python 3", "language": "python", "name": "python3"},
			"language_info": map[string]string{"name": "python"},
		},
		Nbformat: 4, NbformatMinor: 5,
	}
	rows := map[string]int64{}
	for _, f := range x.result.Files {
		rows[f.Table] += f.Rows
	}
	var intro, views strings.Builder
	fmt.Fprintf(&intro, "# Tables of %d run", len(x.sources))
	if len(x.sources) != 1 {
		intro.WriteString("s")
	}
	intro.WriteString("\n\n| table | rows |\n| --- | ---: |\n")
	for _, s := range x.tables {
		fmt.Fprintf(&intro, "| %s | %d |\n", s.Name, rows[s.Name])
		pattern := s.Name + ".parquet"
		if x.o.Partition {
			pattern = s.Name + "/**/*.parquet"
		}
		fmt.Fprintf(&views, "    %q: (%q, %d),\n", s.Name, pattern, rows[s.Name])
	}
	intro.WriteString(`
The files lie beside this notebook; open it in its own folder. It needs DuckDB, pandas and Matplotlib:
` + "`pip install duckdb pandas matplotlib`" + `. Polars reads the same files: ` + "`pl.read_parquet(...)`" + `.`)
	n.markdown("tables", intro.String())
	n.code("open", `
import duckdb
import matplotlib.pyplot as plt

tables = {
`+views.String()+`}
db = duckdb.connect()


def sql(query):
    return db.execute(query).df()


for name, (path, rows) in tables.items():
    # experiment and seed are columns of the files; the names of folders need not be guessed at.
    db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}', hive_partitioning = false)")
    found, = db.execute(f"SELECT count(*) FROM {name}").fetchone()
    assert found == rows, f"{name}: {found} rows, want {rows}"`)
	for _, c := range studyCells {
		if slices.ContainsFunc(c.tables, func(name string) bool {
			return !slices.ContainsFunc(x.tables, func(s *Schema) bool { return s.Name == name })
		}) {
			continue
		}
		n.markdown("about-"+c.id, "## "+c.title)
		n.code(c.id, c.code)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(n); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(x.dir, NotebookFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err = f.Write(out.Bytes()); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	x.result.Files = append(x.result.Files, ExportedFile{Path: NotebookFile, Bytes: int64(out.Len())})
	return err
}
