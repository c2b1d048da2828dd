package build

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestImportSet(t *testing.T) {
	b := open(t)
	set := func(imports string) []string {
		return unit(t, b, "x", Tool, tool(imports+run)).Report.ImportSet
	}
	least := set("")
	for _, path := range base {
		if !slices.Contains(least, path) {
			t.Errorf("the base set lacks %s", path)
		}
	}
	if !slices.Contains(least, "runtime") || slices.Contains(least, "fmt") {
		t.Errorf("the base set is no closure, or not light: %v", least)
	}
	tests := []struct {
		name, imports string
		same          bool // as the base set
		has           string
	}{
		{"all of the base set", "import (\n" + imports(base) + ")\n", true, "strconv"},
		{"what the base set depends on", "import _ \"sync\"\nimport _ \"iter\"\n", true, "sync"},
		{"formatting", "import _ \"fmt\"\n", false, "reflect"},
		{"regular expressions", "import _ \"regexp\"\n", false, "regexp/syntax"},
	}
	for _, test := range tests {
		got := set(test.imports)
		if slices.Equal(got, least) != test.same || !slices.Contains(got, test.has) {
			t.Errorf("%s: %v", test.name, got)
		}
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%s: not sorted, or with duplicates: %v", test.name, got)
		}
		for _, path := range least {
			if !slices.Contains(got, path) {
				t.Errorf("%s: lacks %s of the base set", test.name, path)
			}
		}
	}
	r := inspect(b.packages, Tool, []File{{"a.go", []byte("package tool\nimport _ \"sort\"\n")}, {"b.go", []byte("package tool\nimport _ \"fmt\"\nimport _ \"sort\"\n" + run)}})
	if want := []string{"fmt", "sort"}; !slices.Equal(r.Imports, want) {
		t.Errorf("Imports = %v, want %v", r.Imports, want)
	}
}

// plan makes units by the letters of a word: upper case ones are alone, otherwise
// equal letters share an import set.
func plan(word string) (units []Unit) {
	for i, c := range word {
		set := strings.ToLower(string(c))
		units = append(units, Unit{
			ID:     fmt.Sprintf("%c%d", c, i),
			Role:   Tool,
			Report: &Report{ImportSet: []string{set}, Alone: set != string(c)},
		})
	}
	return units
}

func TestPlan(t *testing.T) {
	tests := []struct{ units, want string }{
		{"", ""},
		{"a", "a0"},
		{"aaa", "a0 a1 a2"},
		{"aba", "a0 a2|b1"},
		{"baab", "b0 b3|a1 a2"},
		{"aAa", "a0 a2|A1"},
		{"Aaa", "A0|a1 a2"},
		{"AA", "A0|A1"},
		{"abAab", "a0 a3|b1 b4|A2"},
		{strings.Repeat("a", 33), strings.Join(ids("a", 0, 32), " ") + "|a32"},
		{strings.Repeat("a", 64) + "b" + "a", strings.Join(ids("a", 0, 32), " ") + "|" + strings.Join(ids("a", 32, 64), " ") + "|b64|a65"},
		{strings.Repeat("a", 31) + "bAa" + "a", strings.Join(ids("a", 0, 31), " ") + " a33|b31|A32|a34"},
	}
	for _, test := range tests {
		var got []string
		for _, batch := range Plan(plan(test.units)) {
			got = append(got, strings.Join(batch.ids(), " "))
		}
		if s := strings.Join(got, "|"); s != test.want {
			t.Errorf("Plan(%s) = %s, want %s", test.units, s, test.want)
		}
	}
}

func ids(letter string, from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprintf("%s%d", letter, i))
	}
	return ids
}

// The hash covers all that a composition is made of, and nothing else.
func TestBatchHash(t *testing.T) {
	hash := func(change func(units []Unit)) string {
		units := plan("aa")
		for i := range units {
			units[i].Files = []File{{"a.go", []byte("a")}, {"b.go", []byte("b")}}
		}
		change(units)
		batches := Plan(units)
		if len(batches) != 1 {
			t.Fatalf("%d batches", len(batches))
		}
		return batches[0].Hash
	}
	same := func([]Unit) {}
	want := hash(same)
	seen := map[string]string{want: "nothing"}
	for name, change := range map[string]func(units []Unit){
		"id":         func(u []Unit) { u[1].ID = "x" },
		"role":       func(u []Unit) { u[1].Role = Reference },
		"file name":  func(u []Unit) { u[1].Files[0].Name = "aa.go" },
		"source":     func(u []Unit) { u[1].Files[0].Data = []byte("c") },
		"framing":    func(u []Unit) { u[1].Files[0] = File{"a.g", []byte("oa")} },
		"order":      func(u []Unit) { u[0], u[1] = u[1], u[0] },
		"import set": func(u []Unit) { u[0].Report.ImportSet, u[1].Report.ImportSet = []string{"x"}, []string{"x"} },
	} {
		h := hash(change)
		if other, dup := seen[h]; dup {
			t.Errorf("changing %s gives the hash of changing %s", name, other)
		}
		seen[h] = name
	}
	if got := hash(func(u []Unit) { slices.Reverse(u[1].Files) }); got != want {
		t.Errorf("the order in which files are given changes the hash")
	}
}
