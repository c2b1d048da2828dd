package repair

import (
	"math"
	"slices"
	"testing"
)

// TestLocalizers holds the formulas against values by hand.
func TestLocalizers(t *testing.T) {
	for _, c := range []struct {
		ef, ep, nf, np           float64
		ochiai, tarantula, dstar float64
		why                      string
	}{
		// ochiai 2/sqrt((2+0)(2+1)) = 2/sqrt(6); tarantula (2/2)/(2/2 + 1/3) = 3/4; dstar 4/(1+0)
		{2, 1, 0, 2, 2 / math.Sqrt(6), 0.75, 4, "all failing, one passing of three"},
		// ochiai 1/sqrt((1+1)(1+3)) = 1/sqrt(8); tarantula (1/2)/(1/2 + 3/4) = 2/5; dstar 1/(3+1)
		{1, 3, 1, 1, 1 / math.Sqrt(8), 0.4, 0.25, "one failing of two, three passing of four"},
		// ochiai 3/sqrt(3*3) = 1; tarantula 1/(1+0) = 1; dstar 9/0
		{3, 0, 0, 5, 1, 1, math.Inf(1), "all failing, none passing"},
		// ochiai 2/sqrt(2*2) = 1; tarantula (2/2)/(2/2 + 0/0), no passing case counts as 0; dstar 4/0
		{2, 0, 0, 0, 1, 1, math.Inf(1), "nothing passes"},
		// 0 over something, or over nothing
		{0, 2, 2, 0, 0, 0, 0, "no failing one"},
		{0, 0, 2, 3, 0, 0, 0, "nobody"},
	} {
		for name, want := range map[string]float64{"ochiai": c.ochiai, "tarantula": c.tarantula, "dstar": c.dstar} { // any order: each by itself
			if got := Localizers[name](c.ef, c.ep, c.nf, c.np); got != want && math.Abs(got-want) > 1e-15 {
				t.Errorf("%s of %s: %v, want %v", name, c.why, got, want)
			}
		}
	}
	if len(LocalizerNames()) != len(Localizers) {
		t.Error("a localizer has no name")
	}
	for _, name := range append(LocalizerNames(), "") {
		if _, err := LocalizerNamed(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := LocalizerNamed("ochi"); err == nil || err.Error() != `repair: unknown localizer "ochi", expected one of ochiai, tarantula, dstar` {
		t.Error(err)
	}
}

// The source of the tests below, and where its elements lie.
const located = "if a {\n\tx\n\ty\n}\nz"

var locatedElements = []Element{
	{0, 14, Statement}, // the if
	{3, 4, Held},       // a
	{3, 4, Failed},
	{8, 9, Statement},   // x
	{11, 12, Statement}, // y
	{15, 16, Statement}, // z
}

func TestLocalize(t *testing.T) {
	in := Instrumented{Elements: locatedElements}
	hits := [][]byte{
		{1, 1, 0, 1, 0, 0}, // failing: stopped behind x
		{1, 1, 0, 1, 1, 1}, // failing
		{1, 0, 1, 0, 0, 1},
		{1, 1, 0, 1, 1, 1},
		nil, // failing, without a trace: counts for nothing
		{1, 0, 1, 0, 0, 1},
	}
	failing := []bool{true, true, false, false, true, false}
	// ef, ep of two failing and three passing points:
	//   if 2 3, held 2 1, not held 0 2, x 2 1, y 1 1, z 1 3
	for name, want := range map[string][]float64{ // any order: each by itself
		// held, x: 2/sqrt(2*3); if: 2/sqrt(2*5); y: 1/sqrt(2*2); z: 1/sqrt(2*4); all over the first
		"ochiai": {math.Sqrt(6.0 / 10), 1, 0, 1, math.Sqrt(6) / 4, math.Sqrt(6) / 2 / math.Sqrt(8)},
		// held, x: 1/(1 + 1/3) = 3/4; if: 1/2; y: (1/2)/(1/2 + 1/3) = 3/5; z: (1/2)/(1/2 + 1) = 1/3
		"tarantula": {0.5 / 0.75, 1, 0, 1, 0.6 / 0.75, 1.0 / 3 / 0.75},
		// held, x: 4/1; if: 4/3; y: 1/(1+1); z: 1/(3+1)
		"dstar": {1.0 / 3, 1, 0, 1, 1.0 / 8, 1.0 / 16},
	} {
		s := Localize(in, hits, failing, Localizers[name])
		for e := range want {
			if math.Abs(s.score[e]-want[e]) > 1e-12 {
				t.Errorf("%s: element %d has %v, want %v", name, e, s.score[e], want[e])
			}
		}
	}
	// What all five points pass: 2/sqrt(2*5), over the first again.
	if s, want := Localize(in, hits, failing, Localizers["ochiai"]), math.Sqrt(6.0/10); math.Abs(s.always-want) > 1e-12 {
		t.Errorf("initial values have %v, want %v", s.always, want)
	}
	// Infinite DStar is above all finite ones, and stays finite: y is passed by the failing
	// point alone. if: 1/1 = 1, y: 1/0, so 2*max(1, 1) = 2, and over that 1/2 and 1.
	s := Localize(in, [][]byte{{1, 1, 0, 0, 1, 0}, {1, 0, 1, 0, 0, 1}}, []bool{true, false}, Localizers["dstar"])
	if want := []float64{0.5, 1, 0, 0, 1, 0}; !slices.Equal(s.score, want) {
		t.Errorf("dstar: %v, want %v", s.score, want)
	}
	// Without a failing trace all is suspected alike.
	none := Localize(in, [][]byte{nil, {1, 1, 1, 1, 1, 1}}, []bool{true, false}, Localizers["ochiai"])
	if none.At(0, 1) != 1 || none.At(15, 16) != 1 || none.Places(located, 5) != nil {
		t.Errorf("no failing trace: %+v", none)
	}
}

func TestSuspicionAt(t *testing.T) {
	s := Suspicion{elements: locatedElements, score: []float64{0.9, 0.2, 0.95, 0.5, 0.3, 0}, always: 0.4}
	for _, c := range []struct {
		from, to int
		want     float64
		why      string
	}{
		{8, 9, 0.5, "x, and not the if around it"},
		{11, 12, 0.3, "y"},
		{8, 12, 0.9, "x and y: the if is the innermost around both"},
		{0, 14, 0.9, "the if"},
		{3, 4, 0.95, "the condition: the higher of its outcomes and the if"},
		{15, 16, 0, "z was not passed"},
		{0, 16, 0.95, "the most suspicious of several statements that nothing is around"},
		{20, 30, 0.4, "in no function"},
	} {
		if got := s.At(c.from, c.to); got != c.want {
			t.Errorf("At(%d, %d) = %v, want %v: %s", c.from, c.to, got, c.want, c.why)
		}
	}
}

func TestPlaces(t *testing.T) {
	s := Suspicion{elements: locatedElements, score: []float64{0.5, 0.2, 0.95, 0.5, 0.3, 0}}
	// A line counts once, by its most suspicious element; ties are in the order of the
	// source; what is not suspicious is no place.
	want := []Place{{Line: 1, Text: "a", Suspicion: 0.95, from: 3}, {Line: 2, Text: "x", Suspicion: 0.5, from: 8}, {Line: 3, Text: "y", Suspicion: 0.3, from: 11}}
	if got := s.Places(located, 5); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := s.Places(located, 2); !slices.Equal(got, want[:2]) {
		t.Errorf("%+v, want two", got)
	}
	if got := s.Places(located, 5, [2]int{7, 10}); !slices.Equal(got, []Place{want[0], want[2]}) {
		t.Errorf("%+v, want all but x", got)
	}
}
