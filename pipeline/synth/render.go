package synth

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"toolgen/specs"
)

// What a template may cost. Shipped styles are about 5 KiB and take a few dozen
// steps; the bounds leave room for generated tables and none for attacks.
const (
	maxTemplate = 256 << 10 // bytes of a template
	maxOutput   = 256 << 10 // bytes that a template may write
	maxSteps    = 20_000    // nodes executed
	maxPipeline = 100       // nodes of one pipeline
	maxString   = 4 << 10   // bytes of what print, printf and quote return
)

// TemplateError says what is wrong with a style's template, and where.
type TemplateError struct {
	File    string // styles/<name>.go.tmpl
	Line    int    // from 1
	Column  int    // in bytes, from 1
	Message string // what is wrong and what was expected
}

func (e *TemplateError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// TemplateSpec is what a template reads as .Spec.
type TemplateSpec struct {
	ID, Title, Description, License string
	InputType, OutputType, Compare  string
}

// templateData is the dot of a template. It holds plain values only, so there is
// no method that a template could call.
type templateData struct {
	Params map[string]any
	Spec   TemplateSpec
}

// Render executes the template of a style and returns Go source that is gofmt'ed
// and begins with the SPDX header. The spec's own license is used if it has one.
// What is wrong with the template is a *TemplateError.
func Render(spec *specs.Spec, style string, params map[string]any, license string) (string, error) {
	st, err := styleOf(spec, style)
	if err != nil {
		return "", err
	}
	if err := ValidateParams(st, params); err != nil {
		return "", err
	}
	t, err := parseTemplate(st)
	if err != nil {
		return "", err
	}
	return t.render(spec, params, license)
}

// CheckTemplate reports what is wrong with the template of a style as a
// *TemplateError: it must parse, keep to the restrictions, read every parameter
// and no other, and write Go source of package tool for the defaults and for the
// first and last value of each parameter beside them.
func CheckTemplate(spec *specs.Spec, style string) error {
	st, err := styleOf(spec, style)
	if err != nil {
		return err
	}
	t, err := parseTemplate(st)
	if err != nil {
		return err
	}
	for _, p := range st.Params {
		if !t.reads[p.Name] {
			return t.errorAt(0, "the template never reads parameter %q, expected {{ .Params.%s }} somewhere", p.Name, p.Name)
		}
	}
	tried := []map[string]any{DefaultParams(st)}
	for i := range st.Params {
		a := axisOf(&st.Params[i])
		ends := []int64{0, a.size - 1}
		if a.param.Values != nil || a.size <= 16 {
			ends = ends[:0]
			for j := range a.size {
				ends = append(ends, j)
			}
		}
		for _, at := range ends {
			params := DefaultParams(st)
			params[a.param.Name] = a.at(at)
			tried = append(tried, params)
		}
	}
	for _, params := range tried {
		source, err := t.render(spec, params, "MIT")
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly)
		if err != nil || file.Name.Name != "tool" {
			return t.errorAt(0, "the output has package %q, expected %q", file.Name.Name, "tool")
		}
	}
	return nil
}

// styleTemplate is a template that keeps to the restrictions.
type styleTemplate struct {
	style *specs.Style
	file  string
	tmpl  *template.Template
	reads map[string]bool // parameters
}

func (t *styleTemplate) errorAt(offset int, format string, args ...any) *TemplateError {
	line, column := lineColumn(t.style.Template, offset)
	return &TemplateError{t.file, line, column, fmt.Sprintf(format, args...)}
}

func lineColumn(text string, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

// parseTemplate parses and checks a style's template and prepares it for counting.
func parseTemplate(style *specs.Style) (*styleTemplate, error) {
	t := &styleTemplate{style: style, file: "styles/" + style.Name + ".go.tmpl", reads: map[string]bool{}}
	text := style.Template
	if len(text) > maxTemplate {
		return nil, t.errorAt(maxTemplate, "the template has %d bytes, expected at most %d", len(text), maxTemplate)
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return nil, t.errorAt(i, "NUL byte, expected text")
	}
	// Functions are checked below, with a column; the parser knows lines only.
	tree := parse.New(t.file)
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", set); err != nil {
		return nil, t.parseError(err)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if name != t.file {
			return nil, t.errorAt(int(set[name].Root.Position()), "define or block of %q is not allowed in a style", name)
		}
	}
	if root := set[t.file]; root != nil { // nil if the template is empty
		tree = root
	}
	c := checker{t: t}
	if err := c.list(tree.Root, true); err != nil {
		return nil, err
	}
	mark(tree.Root)
	var err error
	t.tmpl, err = template.New(t.file).Option("missingkey=error").Funcs(templateFuncs).AddParseTree(t.file, tree)
	if err != nil {
		return nil, t.errorAt(0, "%v", err)
	}
	return t, nil
}

// parseError turns "template: file:line: message" into a TemplateError. The
// parser does not know columns: the one reported is where the line's first
// action begins.
func (t *styleTemplate) parseError(err error) error {
	rest, ok := strings.CutPrefix(err.Error(), "template: "+t.file+":")
	number, message, ok2 := strings.Cut(rest, ":")
	line, convErr := strconv.Atoi(number)
	if !ok || !ok2 || convErr != nil {
		return t.errorAt(0, "%v", err)
	}
	column := 1
	if lines := strings.Split(t.style.Template, "\n"); line >= 1 && line <= len(lines) {
		column += max(0, strings.Index(lines[line-1], "{{"))
	}
	return &TemplateError{t.file, line, column, "the template does not parse: " + strings.TrimSpace(message)}
}

// mark puts a text node in front of every node of a list, and into empty lists:
// a NUL byte and the offset of the node in the template. Executing a text node is
// a call of Write, so the writer counts steps, even of loops that write nothing,
// and knows which part of the template wrote what.
func mark(list *parse.ListNode) {
	if list == nil {
		return
	}
	marked := make([]parse.Node, 0, 1+2*len(list.Nodes))
	add := func(at parse.Pos) {
		marked = append(marked, &parse.TextNode{NodeType: parse.NodeText, Pos: at, Text: strconv.AppendInt([]byte{0}, int64(at), 10)})
	}
	if len(list.Nodes) == 0 {
		add(list.Pos)
	}
	for _, n := range list.Nodes {
		add(n.Position())
		marked = append(marked, n)
		switch n := n.(type) {
		case *parse.IfNode:
			mark(n.List)
			mark(n.ElseList)
		case *parse.WithNode:
			mark(n.List)
			mark(n.ElseList)
		case *parse.RangeNode:
			mark(n.List)
			mark(n.ElseList)
		}
	}
	list.Nodes = marked
}

// segment is a piece of output and where in the template it comes from.
type segment struct {
	output, template int // offsets
}

// meter is the writer of a template: it counts, and stops what exceeds the bounds.
type meter struct {
	out      bytes.Buffer
	steps    int
	segments []segment
}

var (
	errSteps  = fmt.Errorf("the template takes more than %d steps, expected fewer or shorter loops", maxSteps)
	errOutput = fmt.Errorf("the template writes more than %d bytes", maxOutput)
)

func (m *meter) Write(p []byte) (int, error) {
	if len(p) > 0 && p[0] == 0 {
		// A mark. A template that writes NUL bytes itself loses them here, and
		// Go source may not hold any.
		at, _ := strconv.Atoi(string(p[1:]))
		m.segments = append(m.segments, segment{m.out.Len(), at})
		if m.steps++; m.steps > maxSteps {
			return 0, errSteps
		}
		return len(p), nil
	}
	if m.out.Len()+len(p) > maxOutput {
		return 0, errOutput
	}
	return m.out.Write(p)
}

// origin returns the offset in the template of an offset in the output: exact
// within text, the start of the action within what an action wrote.
func (m *meter) origin(t *styleTemplate, offset int) int {
	i, found := slices.BinarySearchFunc(m.segments, offset, func(s segment, o int) int { return s.output - o })
	for found && i+1 < len(m.segments) && m.segments[i+1].output == offset {
		i++ // the last of several that begin here is the one that wrote
	}
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	s := m.segments[i]
	if strings.HasPrefix(t.style.Template[min(s.template, len(t.style.Template)):], string(m.out.Bytes()[s.output:min(offset, m.out.Len())])) {
		return s.template + offset - s.output
	}
	return s.template
}

// render executes the template and formats what it wrote.
func (t *styleTemplate) render(spec *specs.Spec, params map[string]any, license string) (string, error) {
	if spec.License != "" {
		license = spec.License
	}
	for _, r := range license {
		if r < ' ' || r > '~' {
			return "", fmt.Errorf("synth: license %q, expected an SPDX expression on one line", license)
		}
	}
	if license == "" {
		return "", fmt.Errorf("synth: spec %q names no license and none was given", spec.ID)
	}
	data := templateData{params, TemplateSpec{
		ID: spec.ID, Title: spec.Title, Description: spec.Description, License: license,
		InputType: spec.InputType, OutputType: spec.OutputType, Compare: spec.Compare,
	}}
	var m meter
	if err := t.tmpl.Execute(&m, data); err != nil {
		return "", t.executeError(&m, err)
	}
	header := "// SPDX-License-Identifier: " + license + "\n\n"
	source, err := format.Source(append([]byte(header), m.out.Bytes()...))
	if err != nil {
		return "", t.sourceError(&m, header, err)
	}
	// format.Source takes a list of declarations or statements for source, too.
	if _, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly); err != nil {
		return "", t.sourceError(&m, header, err)
	}
	return string(source), nil
}

// executeError turns an error of execution into a TemplateError. The last mark is
// the node that was being executed.
func (t *styleTemplate) executeError(m *meter, err error) error {
	at := 0
	if n := len(m.segments); n > 0 {
		at = m.segments[n-1].template
	}
	message := err.Error()
	var exec template.ExecError
	if errors.As(err, &exec) {
		// "template: file:line:col: executing "file" at <x>: message"
		if _, after, ok := strings.Cut(message, ">: "); ok {
			message = after
		}
	}
	return t.errorAt(at, "%s", message)
}

// sourceError says where in the template the Go source went wrong.
func (t *styleTemplate) sourceError(m *meter, header string, err error) error {
	message, at := err.Error(), 0
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		message = list[0].Msg
		full := header + m.out.String()
		at = offsetOf(full, list[0].Pos.Line, list[0].Pos.Column) - len(header)
	}
	return t.errorAt(m.origin(t, at), "the output does not parse as Go: %s", message)
}

// offsetOf is the inverse of lineColumn.
func offsetOf(text string, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	return min(at+max(column-1, 0), len(text))
}
