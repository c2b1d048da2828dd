package synth

import (
	"strings"
	"testing"
)

func TestGenomeSurvivesJSON(t *testing.T) {
	spec := testSpec("package tool\n")
	params := testParams()
	params["load"] = 1.0 // a float that JSON writes as 1
	for _, g := range []Genome{
		{Style: "set", Params: params},
		{Style: "set", Params: params, Edits: []Edit{{Family: "operator", Op: "relational", Site: 2, Arg: "<="}, {Family: "conditional", Op: "replace", From: 3}}},
		{Base: "package tool // <&>\n"},
	} {
		data, err := g.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeGenome(spec, data)
		if err != nil || !back.Equal(g) {
			t.Errorf("%s comes back as %+v (%v)", data, back, err)
		}
		if again, _ := back.Encode(); string(again) != string(data) {
			t.Errorf("%s is encoded again as %s", data, again)
		}
	}
}

// The bytes are frozen: they are in datasets and in keys.
func TestEncodingIsFrozen(t *testing.T) {
	g := Genome{Style: "set", Params: testParams(), Edits: []Edit{{Family: "operator", Op: "relational", Site: 2, Arg: "<="}}}
	data, err := g.Encode()
	const want = `{"style":"set","params":{"fast":false,"load":0.5,"mode":"a","n":3,"size":64},"edits":[{"family":"operator","op":"relational","site":2,"arg":"<="}]}`
	if err != nil || string(data) != want {
		t.Errorf("Encode = %s, %v, want %s", data, err, want)
	}
	params, err := EncodeParams(g.Params)
	if err != nil || string(params) != `{"fast":false,"load":0.5,"mode":"a","n":3,"size":64}` {
		t.Errorf("EncodeParams = %s, %v", params, err)
	}
	if back, err := DecodeParams(testStyle(), params); err != nil || back["n"] != int64(3) || back["load"] != 0.5 {
		t.Errorf("DecodeParams = %v, %v", back, err)
	}
	edits, err := EncodeEdits(nil)
	if err != nil || string(edits) != "[]" {
		t.Errorf("EncodeEdits(nil) = %s, %v", edits, err)
	}
	// printf 'toolgen candidate\n1:a2:bc' | sha256sum
	if got := ID("a", "bc"); got != "df028ce86d1da9f81bf4063c7267057c3db7ea1ee44dce7d68497a3430a9168d" {
		t.Errorf("ID = %s", got)
	}
}

func TestIDFrames(t *testing.T) {
	seen := map[string]bool{}
	for _, pair := range [][2]string{{"a", "b"}, {"ab", ""}, {"", "ab"}, {"a2:", "b"}, {"a", "2:b"}, {"b", "a"}} {
		id := ID(pair[0], pair[1])
		if seen[id] || len(id) != 64 || strings.ToLower(id) != id {
			t.Errorf("ID(%q, %q) = %s", pair[0], pair[1], id)
		}
		seen[id] = true
	}
}

func TestDecodeGenomeRefuses(t *testing.T) {
	spec := testSpec("package tool\n")
	for _, tt := range []struct{ data, want string }{
		{`{}`, "neither a style nor a base"},
		{`{"style":"set","base":"x"}`, `both style "set" and a base`},
		{`{"style":"sets"}`, `no style "sets", expected one of: set`},
		{`{"style":"set"}`, `parameter "fast": missing`},
		{`{"base":"x","params":{"n":1}}`, "parameters but no style"},
		{`{"base":"x","colour":1}`, `unknown field "colour"`},
		{`{"base":"x"}{}`, "more than one JSON value"},
		{`{"base":`, "unexpected EOF"},
		{`{"style":"set","params":{"fast":false,"load":0.5,"mode":"a","n":3.5,"size":64}}`, "3.5 is no integer"},
		{`{"style":"set","params":{"fast":false,"load":1e999,"mode":"a","n":3,"size":64}}`, "1e999 is no number"},
		{`{"style":"set","params":{"fast":0,"load":0.5,"mode":"a","n":3,"size":64}}`, "which is no bool"},
	} {
		if _, err := DecodeGenome(spec, []byte(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", tt.data, err, tt.want)
		}
	}
}
