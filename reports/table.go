// Package reports turns statistics into what people and programs read: tables as text,
// Markdown, CSV and JSON.
//
// There is one model of a table, and four renderings of it; a fifth, in HTML, is in
// reports/page. Text and Markdown are for
// people: values are rounded, units stand in the headings, null is "-". CSV and JSON
// are for programs: the columns have the names that the run's own tables give them,
// numbers keep every digit, null is empty or null. The same table gives the same bytes
// in every locale and on every terminal; there is no colour in it.
//
// It computes nothing: what stands in a table was decided in analysis.
package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Format is a rendering.
type Format string

// The renderings of a table.
const (
	Text     Format = "text"
	JSON     Format = "json"
	CSV      Format = "csv"
	Markdown Format = "md"
)

// Formats lists the renderings, the default first.
var Formats = []Format{Text, JSON, CSV, Markdown}

// Column describes a column of a table.
type Column struct {
	Name  string             // as in the run's tables: the key in JSON, the heading in CSV
	Title string             // the heading in text and Markdown; "": Name with spaces for underscores
	Unit  string             // of what Show shows; stands in the heading behind Title; may be ""
	Right bool               // aligned to the right, as numbers are
	Show  func(v any) string // a value other than null in text and Markdown; nil: in full
}

// Number is a column of numbers that are shown with so many decimals; -1 is as many
// as they have.
func Number(name, title, unit string, decimals int) Column {
	return Column{Name: name, Title: title, Unit: unit, Right: true, Show: Decimals(decimals)}
}

// Table is a table of typed values. A cell is nil (null), a string, a bool, an
// integer, a float64, a list of strings or of integers, or a pointer to a scalar, of
// which nil is null. A float that is not finite is null.
type Table struct {
	Title   string // stands above the table in text and Markdown; may be ""
	Columns []Column
	Rows    [][]any  // each as long as Columns
	Notes   []string // lines below the table in text and Markdown
}

// Add appends a row, which must have a cell for each column.
func (t *Table) Add(cells ...any) {
	if len(cells) != len(t.Columns) {
		panic(fmt.Sprintf("reports: %d cells for the %d columns of %q", len(cells), len(t.Columns), t.Title))
	}
	t.Rows = append(t.Rows, cells)
}

// Render writes the table. In JSON it is an array of objects, one a line of text
// each; an answer with a schema of its own takes the table as a value instead.
func (t *Table) Render(w io.Writer, f Format) error {
	switch f {
	case JSON:
		data, err := json.Marshal(t)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := json.Indent(&out, data, "", "  "); err != nil {
			return err
		}
		out.WriteByte('\n')
		_, err = w.Write(out.Bytes())
		return err
	case CSV:
		_, err := io.WriteString(w, t.pretty(Column.heading, exact).RenderCSV()+"\n")
		return err
	case Markdown:
		return t.frame(w, "### %s\n\n", "\n%s\n", t.pretty(Column.caption, rounded).RenderMarkdown())
	default:
		return t.frame(w, "%s\n", "%s\n", t.pretty(Column.caption, rounded).Render())
	}
}

// frame writes a title, a body and notes.
func (t *Table) frame(w io.Writer, title, note, body string) error {
	var out strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&out, title, Printable(t.Title))
	}
	out.WriteString(body)
	out.WriteByte('\n')
	for _, n := range t.Notes {
		fmt.Fprintf(&out, note, Printable(n))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func init() {
	// Otherwise the width of a letter would depend on the locale.
	text.OverrideRuneWidthEastAsianWidth(false)
}

// pretty fills in a table of the library's.
func (t *Table) pretty(heading func(Column) string, show func(Column, any) string) table.Writer {
	w := table.NewWriter()
	style := table.StyleDefault
	style.Format = table.FormatOptions{}
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	w.SetStyle(style)
	w.SuppressTrailingSpaces()
	head := make(table.Row, len(t.Columns))
	configs := make([]table.ColumnConfig, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = heading(c)
		align := text.AlignLeft
		if c.Right {
			align = text.AlignRight
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align}
	}
	w.AppendHeader(head)
	w.SetColumnConfigs(configs)
	for _, r := range t.Rows {
		row := make(table.Row, len(r))
		for i, v := range r {
			row[i] = show(t.Columns[i], value(v))
		}
		w.AppendRow(row)
	}
	return w
}

// Caption is the heading of a column for people, with its unit.
func (c Column) Caption() string { return Printable(c.caption()) }

// Text is a cell as people read it: rounded, and "-" for null.
func (c Column) Text(cell any) string { return rounded(c, value(cell)) }

// Exact is a cell as programs read it: every digit, and "" for null.
func (c Column) Exact(cell any) string { return exact(c, value(cell)) }

func (c Column) heading() string { return c.Name }

func (c Column) caption() string {
	s := c.Title
	if s == "" {
		s = strings.ReplaceAll(c.Name, "_", " ")
	}
	if c.Unit != "" {
		s += " (" + c.Unit + ")"
	}
	return s
}

// rounded is a value for people.
func rounded(c Column, v any) string {
	if v == nil {
		return "-"
	}
	if k := reflect.ValueOf(v); k.Kind() == reflect.Slice && k.Len() == 0 {
		return "-"
	}
	s := ""
	if c.Show != nil {
		s = c.Show(v)
	} else if b, ok := v.(bool); ok {
		s = map[bool]string{true: "yes", false: "no"}[b]
	} else {
		s = exact(c, v)
	}
	return Printable(s)
}

// exact is a value for programs.
func exact(_ Column, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return Printable(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	var parts []string
	for i := range reflect.ValueOf(v).Len() {
		parts = append(parts, exact(Column{}, value(reflect.ValueOf(v).Index(i).Interface())))
	}
	return strings.Join(parts, " ")
}

// value brings a cell to nil, string, bool, int64, float64, []string or []int64.
func value(cell any) any {
	if cell == nil {
		return nil
	}
	v := reflect.ValueOf(cell)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return nil
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.String || k == reflect.Int64 {
			return v.Interface()
		}
	}
	panic(fmt.Sprintf("reports: a cell cannot be a %T", cell))
}

// MarshalJSON writes the rows as an array of objects, keys in the order of the columns.
func (t *Table) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	put := func(v any) error {
		err := enc.Encode(v)
		out.Truncate(out.Len() - 1) // the encoder's newline
		return err
	}
	out.WriteByte('[')
	for i, row := range t.Rows {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('{')
		for j, c := range t.Columns {
			if j > 0 {
				out.WriteByte(',')
			}
			if err := put(c.Name); err != nil {
				return nil, err
			}
			out.WriteByte(':')
			v := value(row[j])
			if list, ok := v.([]int64); ok && list == nil {
				v = []int64{}
			} else if list, ok := v.([]string); ok && list == nil {
				v = []string{}
			}
			if err := put(v); err != nil {
				return nil, err
			}
		}
		out.WriteByte('}')
	}
	out.WriteByte(']')
	return out.Bytes(), nil
}

// Decimals shows a number with so many decimals; -1 is as many as it has.
func Decimals(n int) func(any) string {
	return func(v any) string {
		switch v := v.(type) {
		case float64:
			return strconv.FormatFloat(v, 'f', n, 64)
		case int64:
			return strconv.FormatInt(v, 10)
		}
		return fmt.Sprint(v)
	}
}

// MiB shows a number of bytes in MiB with two decimals.
func MiB(v any) string {
	n, ok := v.(int64)
	if !ok {
		return fmt.Sprint(v)
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 2, 64)
}

// ShortID shows the first twelve digits of an id, which are enough to name it by.
func ShortID(v any) string {
	s := fmt.Sprint(v)
	return s[:min(len(s), 12)]
}

// PrintableLines is Printable for text of several lines: line feeds and tabs stay.
func PrintableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		parts := strings.Split(l, "\t")
		for n := range parts {
			parts[n] = Printable(parts[n])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}

// Printable escapes what could drive a terminal or break a table: control characters,
// line ends and bytes that are no UTF-8 come out as in a Go string.
func Printable(s string) string {
	plain := func(r rune) bool { return r != unicode.ReplacementChar && unicode.IsPrint(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if plain(r) {
			out.WriteRune(r)
		} else {
			quoted := strconv.QuoteToASCII(s[:size])
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return out.String()
}
