package synth

import (
	"crypto/sha256"
	"fmt"
	"go/format"
	"slices"
	"strings"
	"testing"
)

// version returns the source with the first n faults repaired, and how many it has.
func (f fault) version(t testing.TB, n int) (src string, marks int) {
	t.Helper()
	source := "package tool\n" + f.source + "\n"
	for {
		before, rest, found := strings.Cut(source, "⟦")
		if !found {
			return gofmted(t, f.name, src+source), marks
		}
		bad, rest, ok := strings.Cut(rest, "¦")
		good, after, ok2 := strings.Cut(rest, "⟧")
		if !ok || !ok2 {
			t.Fatalf("%s: mark without an end", f.name)
		}
		src += before + bad
		if marks < n {
			src = src[:len(src)-len(bad)] + good
		}
		marks++
		source = after
	}
}

func gofmted(t testing.TB, name, src string) string {
	t.Helper()
	b, err := format.Source([]byte(src))
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, src)
	}
	return string(b)
}

func parsed(t testing.TB, src string) *Program {
	t.Helper()
	p, err := Parse(src, testImporter(t))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return p
}

// tokens is a source without white space. Only proposals that agree in this are
// realized, since to realize all of all sources takes minutes.
func tokens(src string) string { return strings.Join(strings.Fields(src), "") }

// leading returns the proposals whose result is a source.
func leading(p *Program, ps []Proposal, to string) []Proposal {
	want := tokens(to)
	var found []Proposal
	for _, pr := range ps {
		if tokens(p.splice(pr.splices)) != want {
			continue
		}
		if got, err := p.Realize(pr); err == nil && got == to {
			found = append(found, pr)
		}
	}
	return found
}

// One edit repairs each of the faults.
func TestSingleFaults(t *testing.T) {
	all := slices.Concat(faults, moreFaults, declareFaults, furtherFaults)
	if len(all) < 45 {
		t.Errorf("only %d faults", len(all))
	}
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			faulty, marks := f.version(t, 0)
			right, _ := f.version(t, marks)
			p := parsed(t, faulty)
			parsed(t, right)
			ps := p.Proposals()
			found := leading(p, ps, right)
			if len(found) == 0 {
				t.Fatalf("none of %d proposals leads to\n%s", len(ps), right)
			}
			for _, pr := range found {
				better := 0
				for _, other := range ps {
					if Prior(other.Edit) > Prior(pr.Edit) {
						better++
					}
				}
				t.Logf("%s, rank %d; of %d proposals %d have a higher prior", Describe(pr.Edit), pr.Rank, len(ps), better)
			}
		})
	}
}

// No single edit repairs these faults, but two do, one after the other.
func TestPairFaults(t *testing.T) {
	for _, f := range pairFaults {
		t.Run(f.name, func(t *testing.T) {
			faulty, marks := f.version(t, 0)
			if marks != 2 {
				t.Fatalf("%d marks, want 2", marks)
			}
			half, _ := f.version(t, 1)
			right, _ := f.version(t, 2)
			p := parsed(t, faulty)
			ps := p.Proposals()
			if found := leading(p, ps, right); len(found) > 0 {
				t.Errorf("%s repairs both", Describe(found[0].Edit))
			}
			first := leading(p, ps, half)
			q := parsed(t, half)
			second := leading(q, q.Proposals(), right)
			if len(first) == 0 || len(second) == 0 {
				t.Fatalf("%d edits repair the first, %d then the second", len(first), len(second))
			}
			t.Logf("%s; then %s", Describe(first[0].Edit), Describe(second[0].Edit))
		})
	}
}

// A proposal is an edit of the program: it stands where the edit does, and realizing
// it is applying the edit. Most of them type-check.
func TestRealizeIsApply(t *testing.T) {
	sources := map[string]int{sample: 83, hostile: 11} // to stride
	for i, f := range slices.Concat(faults, moreFaults, declareFaults, furtherFaults) {
		faulty, _ := f.version(t, 0)
		sources[faulty] = 97
		if i%20 == 2 {
			sources[faulty] = 3
		}
	}
	tried, accepted := 0, 0
	for src, stride := range sources { // any order: the sources are independent
		p := parsed(t, src)
		seen := map[Edit]bool{}
		at := 0
		for i, pr := range p.Proposals() {
			if pr.Order != i || seen[pr.Edit] || pr.From < at {
				t.Fatalf("proposal %d, %s, at %d after %d, has order %d or is there twice", i, Describe(pr.Edit), pr.From, at, pr.Order)
			}
			seen[pr.Edit] = true
			at = pr.From
			if i%stride != 0 {
				continue
			}
			if from, to, err := p.Span(pr.Edit); err != nil || from != pr.From || to != pr.To {
				t.Errorf("%s: %d to %d, want %d to %d (%v)", Describe(pr.Edit), pr.From, pr.To, from, to, err)
			}
			if text := Describe(pr.Edit); strings.Contains(text, "\n") || strings.Contains(text, "unknown") {
				t.Errorf("described as %q", text)
			}
			got, err := p.Realize(pr)
			want, wantErr := p.Apply(pr.Edit)
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s: realized\n%s%v\napplied\n%s%v", Describe(pr.Edit), got, err, want, wantErr)
			}
			tried++
			if err == nil {
				accepted++
			}
		}
	}
	t.Logf("%d of %d type-check", accepted, tried)
	if accepted*10 < tried*6 {
		t.Errorf("%d of %d type-check, want 60 %%", accepted, tried)
	}
}

// hostile has what edits rarely meet: generics, labels, select, channels, defer,
// several results, shadowed names, and embedded fields.
const hostile = `package tool

import str "strings"

type pair[K comparable, V any] struct {
	key K
	val V
}

type base struct{ id, n int }

type derived struct {
	*base
	next *derived
	tags map[string][]int
	f    func(int) (int, error)
}

func swap[K comparable](ps []pair[K, K]) []pair[K, K] {
	for i := range ps {
		ps[i].key, ps[i].val = ps[i].val, ps[i].key
	}
	return ps
}

func (d *derived) sum(len int) (total int, err error) {
	defer func() {
		if r := recover(); r != nil {
			total = -len
		}
	}()
outer:
	for d := d; d != nil; d = d.next {
		for tag, xs := range d.tags {
			switch n := len; {
			case n < 0, tag == "":
				continue outer
			case str.HasPrefix(tag, "x"):
				break outer
			default:
				total += xs[n] << 2 &^ 1
			}
		}
		switch x := any(d.id).(type) {
		case int:
			total -= x
		case nil, string:
		}
		v, err := d.f(d.id)
		if err != nil {
			return v, err
		}
	}
	return
}

func pump(in <-chan int, out chan<- int) (sent [3]int) {
	var mask uint8 = 0xf
	for i := 0; ; i++ {
		select {
		case x, ok := <-in:
			if !ok {
				return
			}
			sent[i%len(sent)] = x
			out <- x + int(mask)
		default:
			go func(i int) { out <- i }(i)
			goto done
		}
	}
done:
	return [3]int{1: 2, 0: 1}
}
`

// Of too many proposals those with the highest ranks are left out, and a large program
// has no more than allowed.
func TestProposalsAreBounded(t *testing.T) {
	all := parsed(t, sample).Proposals()
	const limit = 3000
	kept := nearest(all, limit)
	if len(kept) != limit || len(all) <= limit {
		t.Fatalf("%d of %d kept, want %d", len(kept), len(all), limit)
	}
	farthest := 0
	for _, pr := range kept {
		farthest = max(farthest, pr.Rank)
	}
	i := 0
	for _, pr := range all {
		switch {
		case i < limit && kept[i].Edit == pr.Edit:
			i++
		case pr.Rank < farthest:
			t.Errorf("%s, rank %d, is left out, though rank %d is there", Describe(pr.Edit), pr.Rank, farthest)
		}
	}
	if i != limit {
		t.Errorf("only the first %d are in order", i)
	}

	src := sample
	_, run, _ := strings.Cut(sample, "// Run counts words.")
	for i := range 6 {
		src += strings.Replace("\n// Run counts words."+run, "func Run(", fmt.Sprintf("func Run%d(", i), 1)
	}
	if n := len(parsed(t, src).Proposals()); n != maxProposals {
		t.Errorf("%d proposals of a program of %d lines, want %d", n, strings.Count(src, "\n"), maxProposals)
	}
}

// Every op has a prior, and no prior is of an op that does not exist.
func TestPriors(t *testing.T) {
	for _, o := range operations {
		if prior := Prior(Edit{Family: o.family, Op: o.name}); prior <= 0 || prior > 1 {
			t.Errorf("%s %s has the prior %v", o.family, o.name, prior)
		}
	}
	if len(priors) != len(operations) {
		t.Errorf("%d priors of %d ops", len(priors), len(operations))
	}
	if prior := Prior(Edit{Family: "magic", Op: "wand"}); prior != 0 {
		t.Errorf("an unknown edit has the prior %v", prior)
	}
}

// Families for repair alone change nothing of what variation draws from: the edits of
// its families, in their order, are those of the version before there were others.
func TestVariationIsAsBefore(t *testing.T) {
	p := parsed(t, sample)
	varied := p.edits(func(o *operation) bool { return slices.Contains(variationFamilies, o.family) })
	data, err := EncodeEdits(varied)
	if err != nil {
		t.Fatal(err)
	}
	const count, sum = 907, "ce521bfdf9609e4b113fd26e7320f6f08e7e9ef5d24a5ff911f57ed2f79944c2"
	if got := fmt.Sprintf("%x", sha256.Sum256(data)); len(varied) != count || got != sum {
		t.Errorf("%d edits, %s; want %d, %s", len(varied), got, count, sum)
	}
	all := slices.DeleteFunc(p.Edits(), func(e Edit) bool { return !slices.Contains(variationFamilies, e.Family) })
	if !slices.Equal(all, varied) {
		t.Error("alone they are other edits than among all")
	}
}
