package synth

import (
	"errors"
	"go/format"
	"testing"

	"toolgen/fuzzing"
)

// Whatever the source and the edit are, Apply answers, and never with something
// that is not formatted or does not type-check.
func FuzzApply(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add(sample, uint16(0), 0, "")
	f.Add("package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\treturn input[1:], nil\n}\n", uint16(14), 0, "half")
	f.Add("package tool\r\n\r\nvar x = `a\r\nb`+\"c\"\r\n", uint16(16), 0, "")
	f.Add("package tool\nfunc f() { for { if x := 1; x < 2 { break } } } // end", uint16(9), 0, "true")
	f.Add("package p; func f[T any](a, b T) (c, d T) { c, d = b, a; return }", uint16(0), 1, "a")
	f.Add("package p; //line x:1\nfunc f() { switch { case true: ; default: f() } }", uint16(20), 2, "")
	f.Fuzz(func(t *testing.T, src string, op uint16, site int, arg string) {
		o := operations[int(op)%len(operations)]
		p, err := Parse(src, testImporter(t))
		var ee *EditError
		if err != nil {
			if !errors.As(err, &ee) {
				t.Errorf("Parse: %v is no *EditError", err)
			}
			return
		}
		// A source has hundreds of edits, and each costs some type checks: op says which family is
		// looked at, and which few of it are tried.
		tried := []Edit{{Family: o.family, Op: o.name, Site: site, Arg: arg}}
		if edits := p.edits(func(x *operation) bool { return x.family == o.family }); len(edits) > 0 {
			for i := range 3 {
				tried = append(tried, edits[(int(op)+i*len(edits)/3)%len(edits)])
			}
		}
		for _, e := range tried {
			got, err := p.Apply(e)
			if err != nil {
				if !errors.As(err, &ee) || ee.Edit != e {
					t.Errorf("%s: %v", Describe(e), err)
				}
				continue
			}
			if formatted, err := format.Source([]byte(got)); err != nil || string(formatted) != got {
				t.Errorf("%s: not gofmt'ed (%v): %q", Describe(e), err, got)
			}
			if _, err := Parse(got, p.imp); err != nil || got == src {
				t.Errorf("%s: %v: %q", Describe(e), err, got)
			}
		}
	})
}

// Whatever the template is, Render answers with formatted source or an error that
// has a place.
func FuzzRender(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add(tunable, int64(3))
	f.Add("package tool\n{{range $i := .Params.n}}// {{$i}}\n{{else}}{{with .Spec.ID}}// {{.}}\n{{end}}{{end}}", int64(2))
	f.Add("{{define \"x\"}}{{end}}{{/* c */}}{{- print 1 -}}", int64(0))
	f.Add("package tool\nconst x = {{printf \"%[1]*d\" .Params.n}}", int64(9))
	f.Fuzz(func(t *testing.T, template string, n int64) {
		spec := testSpec(template)
		params := testParams()
		params["n"] = max(0, n%1e9)
		src, err := Render(spec, "set", params, "MIT")
		if err != nil {
			var te *TemplateError
			if !errors.As(err, &te) || te.Line < 1 || te.Column < 1 {
				t.Errorf("%v has no place", err)
			}
			return
		}
		if formatted, err := format.Source([]byte(src)); err != nil || string(formatted) != src {
			t.Errorf("not gofmt'ed (%v): %q", err, src)
		}
	})
}
