package reports

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"toolgen/analysis"
)

var someClocks = []analysis.Clock{
	{Spec: "a", Style: "x", CandidateID: "1", VirtualMS: 0.001, WallMS: 0.02},
	{Spec: "a", Style: "x", CandidateID: "2", VirtualMS: 800, WallMS: 700},
	{Spec: "b", Style: "", CandidateID: "3", VirtualMS: 5, WallMS: 9},
	{Spec: "b", Style: "y", CandidateID: "4", VirtualMS: 0, WallMS: 1}, // has no logarithm
}

func TestClocksChart(t *testing.T) {
	var out bytes.Buffer
	if err := ClocksChart(&out, someClocks, 0.9, "baseline", "png", 6, 4); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 576 || size.Y != 384 { // 96 dots an inch
		t.Errorf("size %v", size)
	}
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := ClocksChart(w, someClocks, 0.9, "baseline", "svg", 6, 4); err != nil {
			t.Fatal(err)
		}
	}
	if a.String() != b.String() {
		t.Error("two charts of the same clocks differ")
	}
	for _, text := range []string{"baseline: 3 candidates on two clocks", "rho 0.900", "a, x", "b, entrant", "0.001", "1000", "virtual time (ms)"} {
		if !strings.Contains(a.String(), text) {
			t.Errorf("the chart does not say %q", text)
		}
	}
	if err := ClocksChart(&out, someClocks[3:], 0.9, "baseline", "svg", 6, 4); err == nil {
		t.Error("an empty chart was drawn")
	}
}

func TestClocksTable(t *testing.T) {
	var out bytes.Buffer
	if err := Clocks(someClocks[:3]).Render(&out, CSV); err != nil {
		t.Fatal(err)
	}
	want := "spec,style,candidates,virtual_ms,wall_ms,wall_per_virtual\na,x,2,0.001,0.02,0.875\nb,entrant,1,5,9,1.8\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
