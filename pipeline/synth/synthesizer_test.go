package synth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"toolgen/seed"
	"toolgen/specs"
)

// tunable is a template whose source, and so whose edits, depend on parameters.
const tunable = `// Package tool is tunable.
package tool

const size, load, mode = {{.Params.size}}, {{.Params.load}}, {{quote .Params.mode}}

// Run echoes.
func Run(input []byte) ([]byte, error) {
	n := len(input)
	{{- if .Params.fast}}
	if n > size {
		n = size // fast
	}
	{{- end}}
	for i := 0; i < n && i < {{.Params.n}}; i++ {
		if input[i] == mode[0] || float64(i) < load {
			continue
		}
		input[i]++
	}
	return input[:n], nil
}
`

func synthesizer(t *testing.T) *Synthesizer {
	return New(testSpec(tunable), "MIT", testImporter(t))
}

func TestMutate(t *testing.T) {
	y := synthesizer(t)
	sources := map[string]bool{}
	for i := range 40 {
		g := Genome{Style: "set", Params: testParams()}
		before := g.Clone()
		n := 1 + i%4
		a, b := seed.Derive(1, "mutate", i), seed.Derive(1, "mutate", i)
		child, src, err := y.Mutate(a, g, n)
		if err != nil {
			t.Fatalf("seed 1, %d: %v", i, err)
		}
		twin, twinSrc, err := synthesizer(t).Mutate(b, g, n)
		if err != nil || !twin.Equal(child) || twinSrc != src || a.Uint64() != b.Uint64() {
			t.Fatalf("seed 1, %d: two generators with one seed part (%v)", i, err)
		}
		if !g.Equal(before) || len(child.Edits) != n {
			t.Errorf("seed 1, %d: %d edits, want %d; the parent is now %v", i, len(child.Edits), n, g)
		}
		// Neither what y remembers nor what a new one computes is another source.
		for _, other := range []*Synthesizer{y, synthesizer(t)} {
			if again, err := other.Source(child); err != nil || again != src {
				t.Errorf("seed 1, %d: Source gives something else than Mutate (%v)", i, err)
			}
		}
		sources[src] = true
		grandchild, next, err := y.Mutate(a, child, 1)
		if err != nil || next == src || !slices.Equal(grandchild.Edits[:n], child.Edits) {
			t.Errorf("seed 1, %d: a further edit: %v", i, err)
		}
	}
	if len(sources) < 35 {
		t.Errorf("40 seeds gave %d different sources", len(sources))
	}
}

// A chain of edits never leads back to where it was within one Mutate.
func TestMutateDoesNotReturn(t *testing.T) {
	y := New(testSpec(""), "MIT", testImporter(t))
	g := Genome{Base: "package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\treturn input, nil\n}\n"}
	for i := range 20 {
		_, src, err := y.Mutate(seed.Derive(1, "return", i), g, 2)
		if err != nil || src == g.Base {
			t.Errorf("seed 1, %d: %v\n%s", i, err, src)
		}
	}
}

func TestMutateFails(t *testing.T) {
	y := synthesizer(t)
	rng := seed.Derive(1, "fails")
	if _, _, err := y.Mutate(rng, Genome{Base: "package tool\n"}, 1); !errors.Is(err, ErrNoEdit) {
		t.Errorf("nothing to edit: %v, want ErrNoEdit", err)
	}
	if _, _, err := y.Mutate(rng, Genome{Style: "set", Params: testParams()}, 0); err == nil {
		t.Error("0 edits were accepted")
	}
	var ee *EditError
	if _, _, err := y.Mutate(rng, Genome{Base: "package tool\n\nfunc Run() { x }\n"}, 1); !errors.As(err, &ee) || ee.Reason != BadSource {
		t.Errorf("base that does not type-check: %v", err)
	}
}

func TestSourceOfBase(t *testing.T) {
	y := synthesizer(t)
	const base = "package  tool // as an entrant wrote it"
	if src, err := y.Source(Genome{Base: base}); err != nil || src != base {
		t.Errorf("Source = %q, %v, want the base as it is", src, err)
	}
	for _, g := range []Genome{{}, {Style: "set"}, {Style: "sets"}, {Style: "set", Base: base, Params: testParams()}} {
		if src, err := y.Source(g); err == nil {
			t.Errorf("%+v has the source %q", g, src)
		}
	}
	var ee *EditError
	bad := Genome{Style: "set", Params: testParams(), Edits: []Edit{{Family: "statement", Op: "delete", Site: 99}}}
	if _, err := y.Source(bad); !errors.As(err, &ee) || ee.Reason != NoSite {
		t.Errorf("an edit without a site: %v", err)
	}
}

// When parameters change, Normalize keeps the edits that still hold.
func TestNormalize(t *testing.T) {
	y := synthesizer(t)
	params := testParams()
	params["fast"] = true
	g := Genome{Style: "set", Params: params, Edits: []Edit{
		{Family: "operator", Op: "relational", Site: 1, Arg: ">"},                         // i < n if fast, i < 3 if not
		{Family: "statement", Op: "delete", Site: 6},                                      // there are fewer if not fast
		{Family: "literal", Op: "number", Site: 0, Arg: "double"},                         // size
		{Family: "conditional", Op: "constant", Site: 0, Arg: "magic"},                    // never
		{Family: "operator", Op: "relational", Site: 0, Arg: "operator without a choice"}, // never
	}}
	for _, fast := range []bool{true, false} {
		g.Params["fast"] = fast
		normal, src, err := y.Normalize(g)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := y.Source(normal); err != nil || again != src {
			t.Errorf("fast %v: Source of the normal form: %v", fast, err)
		}
		want := []Edit{g.Edits[0], g.Edits[2]}
		if fast {
			want = g.Edits[:3]
		}
		if !slices.Equal(normal.Edits, want) || len(g.Edits) != 5 || !strings.Contains(src, "128") {
			t.Errorf("fast %v: kept %v of %v, want %v\n%s", fast, normal.Edits, g.Edits, want, src)
		}
		if twice, _, err := y.Normalize(normal); err != nil || !twice.Equal(normal) {
			t.Errorf("fast %v: the normal form has another normal form (%v)", fast, err)
		}
	}
}

// Vet is asked about templates and bases before they are type-checked, and stops
// what it refuses.
func TestVet(t *testing.T) {
	refused := errors.New("refused")
	g := Genome{Style: "set", Params: testParams()}
	edited := g.Clone()
	edited.Edits = []Edit{{Family: "literal", Op: "number", Site: 0, Arg: "double"}}
	y := synthesizer(t)
	asked := 0
	y.Vet = func(source string) error {
		asked++
		if !strings.Contains(source, "size, load") {
			t.Errorf("asked about %q", source)
		}
		return refused
	}
	if _, err := y.Source(g); err != nil || asked != 0 {
		t.Errorf("without edits nothing is type-checked: %v, asked %d times", err, asked)
	}
	if _, err := y.Source(edited); !errors.Is(err, refused) {
		t.Errorf("Source: %v", err)
	}
	if _, _, err := y.Normalize(edited); !errors.Is(err, refused) {
		t.Errorf("Normalize: %v", err)
	}
	if _, _, err := y.Mutate(seed.Derive(1, "vet"), g, 1); !errors.Is(err, refused) {
		t.Errorf("Mutate: %v", err)
	}
	y.Vet = func(string) error { return nil }
	if _, err := y.Source(edited); err != nil {
		t.Errorf("Source: %v", err)
	}
}

// The memo forgets the oldest and changes no result.
func TestMemoIsBounded(t *testing.T) {
	var m memo
	for i := range 3 * memoSize {
		m.put(chainOf(fmt.Sprint(i)), fmt.Sprint(i))
		m.put(chainOf(fmt.Sprint(i)), "again")
	}
	if len(m.results) != memoSize {
		t.Errorf("%d results, want %d", len(m.results), memoSize)
	}
	for i, want := range map[int]bool{0: false, 2*memoSize - 1: false, 2 * memoSize: true, 3*memoSize - 1: true} {
		if src, ok := m.get(chainOf(fmt.Sprint(i))); ok != want || ok && src != fmt.Sprint(i) {
			t.Errorf("result %d: %q, %v, want %v", i, src, ok, want)
		}
	}
}

// Every style that ships renders at every value of its parameters, and its edits
// hold what they promise.
func TestShippedStyles(t *testing.T) {
	ids, err := specs.List(specs.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		spec, err := specs.Load(specs.Shipped(), id)
		if err != nil {
			t.Error(err)
			continue
		}
		for i := range spec.Styles {
			style := &spec.Styles[i]
			t.Run(id+"/"+style.Name, func(t *testing.T) {
				if err := CheckTemplate(spec, style.Name); err != nil {
					t.Fatal(err)
				}
				src, err := Render(spec, style.Name, DefaultParams(style), "MIT")
				if err != nil {
					t.Fatal(err)
				}
				checkEdits(t, src, 97) // a stride that meets all operations somewhere
			})
		}
	}
}
