package datasets

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// Changing any column of any row changes the digest, and Diff names that column; a
// change of run_id does neither.
func TestDigestSeesEveryColumn(t *testing.T) {
	t.Run("evaluations", func(t *testing.T) { digestSeesEveryColumn(t, Evaluations) })
	t.Run("candidates", func(t *testing.T) { digestSeesEveryColumn(t, Candidates) })
	t.Run("cases", func(t *testing.T) { digestSeesEveryColumn(t, Cases) })
	t.Run("handoffs", func(t *testing.T) { digestSeesEveryColumn(t, Handoffs) })
	t.Run("sboms", func(t *testing.T) { digestSeesEveryColumn(t, SBOMs) })
	t.Run("samples", func(t *testing.T) { digestSeesEveryColumn(t, Samples) })
}

func digestSeesEveryColumn[T any](t *testing.T, table *Table[T]) {
	base := rows(table, 12, "run")
	want := table.Digest(base)
	for i := range table.Columns {
		c := &table.Columns[i]
		for at := range base {
			changed := rows(table, 12, "run")
			for _, v := range mutations(reflect.ValueOf(&changed[at]).Elem().Field(c.field), c) {
				reflect.ValueOf(&changed[at]).Elem().Field(c.field).Set(v)
				same := table.Digest(changed) == want
				d := table.Diff(base, changed)
				if c.Name == "run_id" {
					if !same || d != nil {
						t.Fatalf("run_id counts: digest same %v, diff %v", same, d)
					}
					continue
				}
				if same || d == nil {
					t.Fatalf("row %d, column %s set to %v: digest same %v, diff %v", at, c.Name, v, same, d)
				}
				isKey := false
				for _, k := range table.Key {
					isKey = isKey || k == c.Name
				}
				if !isKey && (d.Column != c.Name || d.Key != table.KeyOf(&base[at]) || d.A == d.B) {
					t.Fatalf("row %d, column %s: Diff says %v", at, c.Name, d)
				}
			}
		}
	}
}

// mutations returns other values for a field: null against zero and empty included.
func mutations(f reflect.Value, c *Column) []reflect.Value {
	var out []reflect.Value
	if c.Nullable {
		if !f.IsNil() {
			out = append(out, reflect.Zero(f.Type()))
		} else if c.Type == Binary {
			out = append(out, reflect.ValueOf([]byte{}))
		} else {
			out = append(out, reflect.New(f.Type().Elem()))
		}
		if f.IsNil() {
			return out
		}
		if c.Type != Binary {
			for _, v := range mutations(f.Elem(), &Column{Type: c.Type}) {
				p := reflect.New(f.Type().Elem())
				p.Elem().Set(v)
				out = append(out, p)
			}
			return out
		}
	}
	switch c.Type {
	case String:
		return append(out, reflect.ValueOf(f.String()+"x"))
	case Binary:
		return append(out, reflect.ValueOf(append([]byte("x"), f.Bytes()...)))
	case Strings:
		return append(out, reflect.ValueOf(append([]string{""}, f.Interface().([]string)...)))
	case Int32:
		return append(out, reflect.ValueOf(int32(f.Int()^1)))
	case Int64:
		return append(out, reflect.ValueOf(f.Int()^1))
	case Double:
		return append(out, reflect.ValueOf(math.Float64frombits(math.Float64bits(f.Float())^2)))
	}
	return append(out, reflect.ValueOf(!f.Bool()))
}

// A digest that changes would make every old lock a liar: then raise semantics.
func TestDigestIsFrozen(t *testing.T) {
	style, fuel := "set", int64(12)
	row := Evaluation{RunID: "r", Experiment: "e", Seed: 1, Spec: "s", Style: &style, Correctness: 0.5, Fuel: &fuel, Feasible: true}
	const want = "72099701f8954b1dd057cdc89813f25b483ca40e9008a6b54b45fad49d58b411"
	if got := Evaluations.Digest([]Evaluation{row}); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// The encoding, spelled out by hand.
func TestDigestEncoding(t *testing.T) {
	head := "toolgen rows 1\nsamples/1\n" +
		"experiment\tstring\nseed\tint64\ncandidate_id\tstring\nsample\tint32\nwall_ns\tint64\nfuel\tint64\nentropy\tint64\nhost\tstring\n"
	row := "\x01\x01e" + // experiment
		"\x01\x07\x00\x00\x00\x00\x00\x00\x00" + // seed 7
		"\x01\x02cc" +
		"\x01\x03\x00\x00\x00\x00\x00\x00\x00" + // sample 3
		"\x01\x00\x01\x00\x00\x00\x00\x00\x00" + // wall_ns 256
		"\x01\xfe\xff\xff\xff\xff\xff\xff\xff" + // fuel -2
		"\x01\x00\x00\x00\x00\x00\x00\x00\x00" + // entropy 0
		"\x01\x00" // host ""
	rows := "\x01\x00\x00\x00\x00\x00\x00\x00"
	want := fmt.Sprintf("%x", sha256.Sum256([]byte(head+row+rows)))
	got := Samples.Digest([]Sample{{RunID: "any", Experiment: "e", Seed: 7, CandidateID: "cc", Sample: 3, WallNS: 256, Fuel: -2}})
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDigestFraming(t *testing.T) {
	base := SBOMComponent{Name: "ab", Version: "c"}
	for name, other := range map[string]SBOMComponent{
		"moved between columns": {Name: "a", Version: "bc"},
		"one list element":      {Name: "ab", Version: "c", DependsOn: []string{""}},
	} {
		if SBOMs.Digest([]SBOMComponent{base}) == SBOMs.Digest([]SBOMComponent{other}) {
			t.Errorf("%s: same digest", name)
		}
	}
	one, two := []string{"a", "bc"}, []string{"ab", "c"}
	if SBOMs.Digest([]SBOMComponent{{DependsOn: one}}) == SBOMs.Digest([]SBOMComponent{{DependsOn: two}}) {
		t.Error("lists are not framed")
	}
	if SBOMs.Digest([]SBOMComponent{{}}) != SBOMs.Digest([]SBOMComponent{{DependsOn: []string{}}}) {
		t.Error("a nil list differs from an empty one, which Parquet cannot tell apart")
	}
	if Samples.Digest(nil) == SBOMs.Digest(nil) {
		t.Error("tables without rows share a digest")
	}
	if Cases.Digest([]CaseRow{{Input: nil}}) != Cases.Digest([]CaseRow{{Input: []byte{}}}) {
		t.Error("a required binary column tells nil from empty")
	}
}

func TestDigestOfDoubles(t *testing.T) {
	of := func(f float64) string { return Evaluations.Digest([]Evaluation{{Fitness: f}}) }
	if of(0) != of(math.Copysign(0, -1)) {
		t.Error("-0 and 0 differ")
	}
	if of(math.NaN()) != of(math.Float64frombits(0x7ff0dead00000001)) {
		t.Error("two NaNs differ")
	}
	if of(math.NaN()) == of(0) || of(0.1) == of(math.Nextafter(0.1, 1)) {
		t.Error("different doubles agree")
	}
}

func TestDiffFindsMissingRows(t *testing.T) {
	all := rows(Evaluations, 30, "run")
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		i := rng.IntN(len(all))
		some := append(append([]Evaluation(nil), all[:i]...), all[i+1:]...)
		key := Evaluations.KeyOf(&all[i])
		if d := Evaluations.Diff(all, some); d == nil || d.Key != key || d.Column != "" || d.B != "no row" || d.A != "" {
			t.Errorf("row %d left out of the second: %v", i, d)
		}
		if d := Evaluations.Diff(some, all); d == nil || d.Key != key || d.Column != "" || d.A != "no row" {
			t.Errorf("row %d left out of the first: %v", i, d)
		}
	}
	if d := Evaluations.Diff(all, all); d != nil {
		t.Errorf("rows differ from themselves: %v", d)
	}
}

func TestDifferenceReads(t *testing.T) {
	long := make([]byte, 1000)
	for i := range long {
		long[i] = 'x'
	}
	a := Candidate{Seed: 1, CandidateID: "c", Source: string(long) + "one" + string(long)}
	b := a
	b.Source = string(long) + "two" + string(long)
	got := Candidates.Diff([]Candidate{a}, []Candidate{b}).String()
	const want = `candidates (seed=1 candidate_id=c), column source: ...xxxxxxxxxxxxxxxxxxxxxxxxone`
	if len(got) > 400 || got[:len(want)] != want {
		t.Errorf("got %s", got)
	}
	style := "set"
	a.Style = &style
	b = a
	b.Style = nil
	if got, want := Candidates.Diff([]Candidate{a}, []Candidate{b}).String(), `candidates (seed=1 candidate_id=c), column style: "set", then null`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := Candidates.Diff([]Candidate{a}, nil).String(), `candidates (seed=1 candidate_id=c): only the first has this row`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
