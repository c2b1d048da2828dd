package specs

import (
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// checkShape reports what a schema has against a document and returns the nodes it
// objects to.
func checkShape(schema *jsonschema.Schema, root *node, report func(offset int, message string)) map[*node]bool {
	bad := map[*node]bool{}
	for _, v := range validate(schema, root.plain(nil)) {
		n := root.find(v.path...)
		offset := n.offset
		if m := n.member(v.key); v.key != "" && m != nil {
			n, offset = m.value, m.offset
		}
		bad[n] = true
		report(offset, v.message)
	}
	return bad
}

// checker holds what the checks of one spec.json share.
type checker struct {
	*Spec
	doc  specDoc
	root *node
	bad  map[*node]bool // the schema objects to these
	data []byte
	ps   *problems
}

// read fills the spec from the text of spec.json and the files that are already there.
// Everything that is wrong goes to ps. What the schema objects to is left out before the
// text is decoded, and the checks below skip what depends on it: one mistake, one message.
func (s *Spec) read(data []byte, ps *problems) {
	c := checker{Spec: s, data: data, ps: ps}
	c.root = parseJSON(data, func(offset int, format string, args ...any) {
		ps.addAt("spec.json", data, offset, format, args...)
	})
	if c.root == nil {
		return
	}
	c.bad = checkShape(schemas().spec, c.root, func(offset int, message string) {
		ps.addAt("spec.json", data, offset, "%s", message)
	})
	if c.root.kind != object {
		return
	}
	decode(c.root.plain(c.bad), &c.doc)
	c.describe()
	c.programs()
	c.suite()
	c.styles()
	c.cases()
}

// report records a problem at the deepest node of a path that there is.
func (c *checker) report(path []string, format string, args ...any) {
	where := ""
	if len(path) > 0 {
		where = joinPath(path) + ": "
	}
	c.ps.addAt("spec.json", c.data, c.root.find(path...).offset, "%s%s", where, fmt.Sprintf(format, args...))
}

// sound says that the schema objects to nothing at or below a path.
func (c *checker) sound(path ...string) bool {
	var clean func(n *node) bool
	clean = func(n *node) bool {
		if c.bad[n] {
			return false
		}
		for _, m := range n.members {
			if !clean(m.value) {
				return false
			}
		}
		return !slices.ContainsFunc(n.elems, func(e *node) bool { return !clean(e) })
	}
	n := c.root
	for _, step := range path {
		if n = n.find(step); c.bad[n] {
			return false
		}
	}
	return clean(n)
}

func (c *checker) describe() {
	d := &c.doc
	c.Title, c.Description, c.License = d.Title, d.Description, d.License
	if d.ID != "" && d.ID != c.ID {
		c.report([]string{"id"}, "%q is not the folder's name %q", d.ID, c.ID)
	}
	for _, m := range []struct {
		key  string
		doc  *mediaDoc
		into *string
	}{{"input", d.Input, &c.InputType}, {"output", d.Output, &c.OutputType}} {
		if m.doc == nil || !c.sound(m.key) {
			continue
		}
		if _, _, err := mime.ParseMediaType(m.doc.MediaType); err != nil {
			c.report([]string{m.key, "media_type"}, "no media type (RFC 2045): %v", err)
		}
		*m.into = m.doc.MediaType
	}
	c.Compare = d.Compare
	if c.Compare == "" {
		c.Compare = CompareBytes
	}
}

// programs checks which of reference, generator and checker must be there.
func (c *checker) programs() {
	if c.sound("compare") {
		switch {
		case c.Compare == CompareCheck && c.Check == nil:
			c.report([]string{"compare"}, "\"check\" needs a program in the folder check")
		case c.Compare != CompareCheck && c.Check != nil:
			c.ps.add("check/"+c.Check[0].Name, 1, 1, "a program that nothing calls; \"compare\" is %q, expected \"check\"", c.Compare)
		}
	}
	if c.Generate != nil && c.Reference == nil {
		c.ps.add("generate/"+c.Generate[0].Name, 1, 1, "a generator needs a program in the folder reference, which says what is right")
	}
	for _, f := range c.Files {
		if strings.HasSuffix(f.Name, ".go") || strings.HasSuffix(f.Name, templateSuffix) {
			if !utf8.Valid(f.Data) {
				c.ps.addAt(f.Name, f.Data, invalidUTF8(f.Data), "not UTF-8")
			}
		}
	}
}

func (c *checker) suite() {
	d := &c.doc
	switch {
	case d.Suite != nil && c.Generate == nil:
		c.report([]string{"suite"}, "generated cases need a program in the folder generate")
	case c.root.member("suite") == nil && c.Generate != nil:
		c.report(nil, "key \"suite\" is missing; a spec with a generator says how many cases it generates")
	}
	if d.Suite != nil && c.sound("suite") {
		c.Suite = SuiteSizes(*d.Suite)
	}
	if len(d.Robustness) > 0 {
		if c.Generate == nil || c.Reference == nil {
			c.report([]string{"robustness"}, "mutated inputs need programs in the folders generate and reference")
		}
		c.Robustness = d.Robustness
	}
	if d.Benchmark != nil {
		if c.Generate == nil {
			c.report([]string{"benchmark"}, "a benchmark needs a program in the folder generate")
		}
		if c.sound("benchmark") {
			b := Benchmark(*d.Benchmark)
			c.Benchmark = &b
		}
	}
}

// styles checks the styles in the order in which they are written, which is kept: the
// search space is walked in it.
func (c *checker) styles() {
	templates := map[string]string{}
	for _, f := range c.Files {
		if name, ok := strings.CutPrefix(f.Name, "styles/"); ok {
			templates[strings.TrimSuffix(name, templateSuffix)] = string(f.Data)
		}
	}
	var names, baselines []string
	for _, m := range c.root.membersOf("styles") {
		names = append(names, m.key)
		if !c.nameFits(m, "styles") || c.bad[m.value] {
			continue
		}
		template, found := templates[m.key]
		c.style(m, template, found)
		if c.doc.Styles[m.key].Baseline {
			baselines = append(baselines, m.key)
		}
	}
	if !c.sound("styles") {
		return
	}
	for _, f := range c.Files {
		if name, ok := strings.CutPrefix(f.Name, "styles/"); ok {
			if name = strings.TrimSuffix(name, templateSuffix); !slices.Contains(names, name) {
				c.ps.add(f.Name, 1, 1, "style %q is not in spec.json%s", name, suggest(name, names))
			}
		}
	}
	if len(names) > 0 && len(baselines) != 1 {
		got := "none has it"
		if len(baselines) > 1 {
			got = "these have it: " + strings.Join(baselines, ", ")
		}
		c.report([]string{"styles"}, "exactly one style is the baseline (\"baseline\": true); %s", got)
	}
}

// style checks one style and adds it to the spec.
func (c *checker) style(m member, template string, found bool) {
	file := "styles/" + m.key + templateSuffix
	switch {
	case !found && c.ps.about(file):
		// There is one, and what is wrong with it has been said.
	case !found:
		c.report([]string{"styles", m.key}, "its template %s is missing", file)
	case strings.TrimSpace(template) == "":
		c.ps.add(file, 1, 1, "the template is empty")
	}
	doc := c.doc.Styles[m.key]
	style := Style{Name: m.key, Baseline: doc.Baseline, Summary: doc.Summary, Template: template}
	for _, p := range m.value.membersOf("params") {
		path := []string{"styles", m.key, "params", p.key}
		if c.nameFits(p, path[:3]...) && c.sound(path...) {
			style.Params = append(style.Params, c.param(path, p.key, doc.Params[p.key]))
		}
	}
	slices.SortFunc(style.Params, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	c.Styles = append(c.Styles, style)
}

// nameFits checks the name of a style or a parameter.
func (c *checker) nameFits(m member, path ...string) bool {
	if namePattern.MatchString(m.key) {
		return true
	}
	c.ps.addAt("spec.json", c.data, m.offset, "%s: %q is no name; expected a-z, 0-9 and _, a letter first", joinPath(path), m.key)
	return false
}

// param checks a parameter and gives its values the Go type that Param promises.
func (c *checker) param(path []string, name string, d paramDoc) Param {
	p := Param{Name: name, Type: d.Type}
	at := func(steps ...string) []string { return append(slices.Clone(path), steps...) }
	typed := func(steps []string, v any) (any, bool) {
		value, ok := typedValue(d.Type, v)
		if !ok {
			c.report(steps, "%s is no %s", jsonText(v), d.Type)
		}
		return value, ok
	}
	numeric := d.Type == ParamInt || d.Type == ParamFloat
	switch {
	case d.Values != nil && d.Range != nil:
		c.report(path, "has values and a range; expected one of the two")
		return p
	case d.Range != nil && !numeric:
		c.report(at("range"), "only an int or a float has a range; expected \"values\"")
		return p
	case d.Values == nil && d.Range == nil && d.Type != ParamBool:
		c.report(path, "has neither values nor a range; the search would not know what to try")
		return p
	}
	sound := true
	for i, v := range d.Values {
		value, ok := typed(at("values", fmt.Sprint(i)), v)
		sound = sound && ok
		p.Values = append(p.Values, value)
	}
	if d.Values == nil && d.Type == ParamBool {
		p.Values = []any{false, true}
	}
	if d.Range != nil {
		p.Range = new([2]float64)
		for i, v := range d.Range {
			if _, ok := typed(at("range", fmt.Sprint(i)), v); !ok {
				sound = false
				continue
			}
			p.Range[i], _ = v.Float64()
		}
		if sound && p.Range[0] > p.Range[1] {
			c.report(at("range"), "starts above its end")
			sound = false
		}
	}
	var ok bool
	if p.Default, ok = typed(at("default"), d.Default); !ok || !sound {
		return p
	}
	if p.Range != nil {
		f := 0.0
		switch v := p.Default.(type) {
		case int64:
			f = float64(v)
		case float64:
			f = v
		}
		if f < p.Range[0] || f > p.Range[1] {
			c.report(at("default"), "%s is outside the range", jsonText(d.Default))
		}
	} else if !slices.Contains(p.Values, p.Default) {
		c.report(at("default"), "%s is not among the values", jsonText(d.Default))
	}
	return p
}

// typedValue gives a JSON scalar the Go type of a parameter's type.
func typedValue(typ string, v any) (any, bool) {
	switch typ {
	case ParamInt:
		if n, ok := v.(json.Number); ok {
			i, err := n.Int64()
			return i, err == nil
		}
	case ParamFloat:
		if n, ok := v.(json.Number); ok {
			f, err := n.Float64()
			return f, err == nil
		}
	case ParamBool:
		b, ok := v.(bool)
		return b, ok
	case ParamString:
		s, ok := v.(string)
		return s, ok
	}
	return nil, false
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// cases reads the written cases and checks that they and the suite leave something to
// select by.
func (c *checker) cases() {
	before := len(c.ps.list)
	seen := answers{compare: c.Compare, byInput: map[string]Case{}}
	for i, n := range c.root.elemsOf("examples") {
		path := []string{"examples", fmt.Sprint(i)}
		if !c.sound(path...) {
			continue
		}
		var doc caseDoc
		decode(n.plain(nil), &doc)
		if doc.Split != "" {
			c.report(append(path, "split"), "examples are search cases; a case with a split goes into cases.jsonl")
			continue
		}
		v, at, err := doc.value(n, fmt.Sprintf("example %d", i+1), c.Compare)
		if err != nil {
			c.ps.addAt("spec.json", c.data, at.offset, "%s: %v", joinPath(path), err)
			continue
		}
		if earlier, found := seen.contradict(v); found {
			c.report(path, "contradicts the example %q: the same input with another answer", earlier)
			continue
		}
		c.Examples = append(c.Examples, v)
	}
	data, hasCases := c.file("cases.jsonl")
	if hasCases && c.sound("compare") {
		c.Cases = readCases(data, c.Compare, &seen, c.ps)
	}
	if len(c.ps.list) > before || !c.sound("examples") || !c.sound("suite") || !c.sound("compare") {
		return
	}
	search := len(c.Examples)
	if c.Generate != nil {
		search += c.Suite.Search
	}
	for _, v := range c.Cases {
		if v.Split == SplitSearch {
			search++
		}
	}
	if search == 0 && (c.Generate == nil || c.doc.Suite != nil) {
		c.report(nil, "the spec has no search case: no examples, none in cases.jsonl, none generated; nothing could be selected by")
	}
}
