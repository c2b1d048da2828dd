package synth

import (
	"strings"
	"testing"
)

// TestParseFrozen: nothing of a frozen function comes up in an edit, and none calls it.
// What edits are of a program that has the function last are those of the program
// without it, under the same numbers.
func TestParseFrozen(t *testing.T) {
	const own = `package tool

func First(in []byte) ([]byte, error) {
	if len(in) == 0 {
		return in, nil
	}
	return in[1:], nil
}

func Twice(in []byte) ([]byte, error) {
	out, err := First(in)
	show(out)
	return half(out), err
}

func half(in []byte) []byte { return in }

func show(in []byte) {}

type t struct{}

func (t) Run(n int) int { return n + 4242 }
`
	const added = `
func Run(in []byte) ([]byte, error) {
	var wrapped []byte
	if len(in) != 1717 {
		return nil, wrapper.New("1717 wanted")
	}
	for wrapped == nil {
		wrapped = append(in, 'W')
	}
	return First(wrapped)
}

func Wash(in []byte) []byte { return in }

func Spill(in []byte) {}
`
	imp := testImporter(t)
	source := strings.Replace(own, "tool\n", "tool\n\nimport wrapper \"errors\"\n", 1) + added
	foreign := []string{"Run(", "Wash(", "Spill(", "wrapper", "1717", "1718", "1716", "wrapped", "'W'"}
	count := func(frozen []string) (edits, met int, edited bool) {
		p, err := ParseFrozen(source, imp, frozen)
		if err != nil {
			t.Fatal(err)
		}
		for _, pr := range p.Proposals() {
			edits++
			edited = edited || pr.Edit.Arg == "4243" || strings.Contains(p.text(pr.node), "4242")
			if pr.From >= len(source)-len(added) {
				met++
				continue
			}
			for _, s := range pr.splices {
				for _, f := range foreign {
					if strings.Contains(s.text, f) {
						met++
					}
				}
			}
		}
		return edits, met, edited
	}
	if _, met, _ := count(nil); met < 10 {
		t.Fatalf("only %d edits are of what is to be frozen, so the test shows nothing", met)
	}
	edits, met, edited := count([]string{"Run", "Wash", "Spill"})
	if edits == 0 || met > 0 || !edited {
		t.Errorf("%d edits, %d of them of frozen functions; a method of the same name is edited: %v", edits, met, edited)
	}
	alone, err := Parse(own, imp)
	if err != nil {
		t.Fatal(err)
	}
	frozen, err := ParseFrozen(source, imp, []string{"Run", "Wash", "Spill"})
	if err != nil {
		t.Fatal(err)
	}
	known := map[Edit]bool{}
	for _, e := range frozen.Edits() {
		known[e] = true
	}
	missing := 0
	for _, e := range alone.Edits() {
		if !known[e] {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d edits of the program without the frozen functions are missing", missing)
	}
}
