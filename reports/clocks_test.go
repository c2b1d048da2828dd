package reports

import (
	"bytes"
	"testing"

	"toolgen/analysis"
)

var someClocks = []analysis.Clock{
	{Spec: "a", Style: "x", CandidateID: "1", VirtualMS: 0.001, WallMS: 0.02},
	{Spec: "a", Style: "x", CandidateID: "2", VirtualMS: 800, WallMS: 700},
	{Spec: "b", Style: "", CandidateID: "3", VirtualMS: 5, WallMS: 9},
	{Spec: "b", Style: "y", CandidateID: "4", VirtualMS: 0, WallMS: 1}, // has no logarithm
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
