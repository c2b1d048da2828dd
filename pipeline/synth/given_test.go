package synth

import (
	"errors"
	"fmt"
	"testing"
)

// givenFaults need literals that the program does not have.
var givenFaults = []struct {
	fault
	literals []string
}{
	{fault{"vowel in a case", `
func vowel(r rune) bool {
	switch r {
	case 'a', 'e', 'i', 'o'⟦¦, 'u'⟧:
		return true
	}
	return false
}`}, []string{`'u'`}},
	{fault{"vowel in a set", `
import "strings"

func vowel(r rune) bool { return strings.ContainsRune(⟦"aeio"¦"aeiou"⟧, r) }`}, []string{`'u'`}},
	{fault{"vowel in a condition", `
func vowel(r rune) bool { return r == 'a' || r == 'e' || ⟦r == 'i'¦r == 'i' || r == 'o'⟧ }`}, []string{`'o'`}},
	{fault{"word of the answer", `
func describe(n int) string {
	if n == 0 {
		return ⟦"empty"¦"none"⟧
	}
	return "some"
}`}, []string{`"none"`}},
	{fault{"operator of a calculator", `
func apply(op string, a, b int) int {
	switch op {
	case "add":
		return a + b
⟦¦	case "sub":
		return a - b
⟧	}
	return 0
}`}, []string{`"sub"`}},
	{fault{"bracket of a map", `
var closing = map[rune]rune{')': '(', ']': '['⟦¦, '}': '{'⟧}

func opens(r rune) rune { return closing[r] }`}, []string{`'{'`, `'}'`}},
	{fault{"comment", `⟦¦
import "strings"
⟧
func count(lines []string) int {
	n := 0
	for _, line := range lines {
⟦¦		if strings.HasPrefix(line, "#") {
			continue
		}
⟧		n += len(line)
	}
	return n
}`}, []string{`"#"`}},
}

// Literals from elsewhere repair what those of the program cannot, and the edit alone,
// without the literals, says all of it.
func TestOffering(t *testing.T) {
	for _, f := range givenFaults {
		t.Run(f.name, func(t *testing.T) {
			faulty, marks := f.version(t, 0)
			right, _ := f.version(t, marks)
			p := parsed(t, faulty)
			if found := leading(p, p.Proposals(), right); len(found) > 0 {
				t.Fatalf("%s repairs it without", Describe(found[0].Edit))
			}
			q := p.Offering(f.literals)
			ps := q.Proposals()
			found := leading(q, ps, right)
			if len(found) == 0 {
				t.Fatalf("none of %d proposals leads to\n%s", len(ps), right)
			}
			for _, pr := range found {
				got, err := p.Apply(pr.Edit)
				if err != nil || got != right {
					t.Errorf("%s: %v\n%s", Describe(pr.Edit), err, got)
				}
			}
			for _, pr := range ps {
				if pr.Edit.Family != "given" {
					continue
				}
				want, wantErr := q.Realize(pr)
				if got, err := p.Apply(pr.Edit); got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Errorf("%s: applied\n%s%v\nrealized\n%s%v", Describe(pr.Edit), got, err, want, wantErr)
				}
			}
		})
	}
}

// An arg that is not of the form of its op is refused.
func TestGivenForm(t *testing.T) {
	p := parsed(t, `package tool

import "strings"

var closing = map[rune]rune{')': '('}

func F(r rune, s string) bool {
	switch s {
	case "a":
		return true
	}
	return r == 'a' || strings.ContainsRune("xy", r)
}
`)
	for op, args := range map[string][]string{ // any order: each by itself
		"literal": {"", "x", `"b" + "c"`, `"b"`, "f()"},
		"case":    {"", "b", "'b'", `"b", "c"`},
		"equal":   {"", "1", "'a'", "b"},
		"set":     {"", "'x'", `"b"`, "b"},
		"clause":  {"", "x", "case \"b\":\n}\nfunc G() {", "} }) + (func() { switch {"},
		"entry":   {"'x'", "'x': '('}, T{'y': '('", "1 +"},
		"guard":   {"if", "}\nfunc G() {", "}, func() {"},
	} {
		for _, arg := range args {
			got, err := p.Apply(Edit{Family: "given", Op: op, Arg: arg})
			var e *EditError
			if !errors.As(err, &e) {
				t.Errorf("%s %q: %v\n%s", op, arg, err, got)
			}
		}
	}
}
