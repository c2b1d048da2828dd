package page

import (
	"fmt"
	"net/url"
	"strconv"

	"toolgen/reports"
)

// mostRows is how many rows of a table are written out.
const mostRows = 5000

// tableView is a table as the template writes it.
type tableView struct {
	ID      string
	Caption string
	Heads   []headView
	Rows    [][]cellView
	Notes   []string
	Files   []fileLink // that have all rows, where these only count
}

// fileLink is a file of a run.
type fileLink struct {
	Name string // as a user would name it
	Link string // from the page, a URL; "" if there is no way
}

type headView struct {
	Text  string
	Right bool
}

type cellView struct {
	Text  string
	Value string // what numbers are sorted by, where Text is rounded; "" otherwise
	Right bool
	Link  string // to the part of the page about it
}

// view makes the view of a table. anchors has the ids of candidates that have a part of
// their own.
func view(id string, t *reports.Table, anchors map[string]bool) *tableView {
	v := &tableView{ID: "table-" + id, Caption: reports.Printable(t.Title)}
	for _, c := range t.Columns {
		v.Heads = append(v.Heads, headView{c.Caption(), c.Right})
	}
	for _, n := range t.Notes {
		v.Notes = append(v.Notes, reports.Printable(n))
	}
	for _, row := range t.Rows {
		cells := make([]cellView, len(row))
		for i, c := range t.Columns {
			cell := cellView{Text: c.Text(row[i]), Right: c.Right}
			if f, err := strconv.ParseFloat(c.Exact(row[i]), 64); c.Right && err == nil {
				if shown, err := strconv.ParseFloat(cell.Text, 64); err != nil || shown != f {
					cell.Value = strconv.FormatFloat(f, 'g', 8, 64)
				}
			}
			if id := c.Exact(row[i]); anchors[id] {
				cell.Link = "#" + anchor(id)
			}
			cells[i] = cell
		}
		v.Rows = append(v.Rows, cells)
	}
	return v
}

// anchor is the id of the part about a candidate.
func anchor(candidateID string) string { return "c-" + reports.ShortID(candidateID) }

// limited is the view of a table, or where it is too long that of a shorter one, which
// counts, with a link to the file that has the rows.
func limited(id string, t *reports.Table, shorter func() *reports.Table, anchors map[string]bool, runs []*Run, file string) *tableView {
	if len(t.Rows) <= mostRows {
		return view(id, t, anchors)
	}
	return linked(view(id, shorter(), anchors), len(t.Rows), runs, file)
}

// linked adds where the rows are that a view counts.
func linked(v *tableView, rows int, runs []*Run, file string) *tableView {
	v.Notes = append(v.Notes, fmt.Sprintf("This counts %d rows.", rows))
	for _, r := range runs {
		f := fileLink{Name: r.Dir + "/" + file}
		if r.Link != "" {
			f.Link = (&url.URL{Path: r.Link + "/" + file}).String()
		}
		v.Files = append(v.Files, f)
	}
	return v
}
