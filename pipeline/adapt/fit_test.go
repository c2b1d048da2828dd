package adapt

import (
	"errors"
	"strings"
	"testing"
)

const fitted = `package a

import (
	"encoding/json"
	"errors"
	"math/big"
	"time"
)

type base struct {
	ID   int
	Hide int ` + "`json:\"-\"`" + `
}

type point struct {
	base
	X, Y  int
	Name  *string ` + "`json:\"name,omitempty\"`" + `
	Quota int     ` + "`json:\",string,omitempty\"`" + `
	own   int
}

type level uint8

type tree struct{ Kids []tree }

var _ = errors.New

`

func TestFit(t *testing.T) {
	const none = ""
	for _, c := range []struct{ signature, args, want, bad string }{
		{"(list []int) int", `[["a", "b"]]`, "1", "argument 1: want []int, have array of strings"},
		{"(list []int) int", `[[1, "b"]]`, "1", "argument 1: at [1]: want int, have string"},
		{"(list []int) int", `[[true, false]]`, "1", "argument 1: want []int, have array of booleans"},
		{"(list []int) int", `["a"]`, "1", "argument 1: want []int, have string"},
		{"(list []int) int", `[[]]`, "1", none},
		{"(list []int) int", `[null]`, "1", none},
		{"(list ...int) int", `[[1, 2]]`, "1", none},
		{"(list ...int) int", `[["a"]]`, "1", "argument 1: want []int, have array of strings"},
		{"(rows [][]int) int", `[[[1], ["a"]]]`, "1", "argument 1: at [1][0]: want int, have string"},
		{"(n int, s string) int", `[1, 2]`, "1", "argument 2: want string, have number 2"},
		{"(n int) int", `[null]`, "1", "argument 1: want int, have null"},
		{"(n int) int", `[1.5]`, "1", "argument 1: want int, have number 1.5"},
		{"(n int) int", `[1.0]`, "1", "argument 1: want int, have number 1.0"}, // as encoding/json has it
		{"(n int) int", `[9223372036854775807]`, "1", none},
		{"(n int) int", `[9223372036854775808]`, "1", "argument 1: want int, have number 9223372036854775808"},
		{"(n level) int", `[256]`, "1", "argument 1: want level, have number 256"},
		{"(n level) int", `[-1]`, "1", "argument 1: want level, have number -1"},
		{"(n float32) int", `[1e39]`, "1", "argument 1: want float32, have number 1e39"},
		{"(n float64) int", `[1e39]`, "1", none},
		{"(b bool) int", `["true"]`, "1", "argument 1: want bool, have string"},
		{"(m map[string]int) int", `[{"a": "b"}]`, "1", `argument 1: at ["a"]: want int, have string`},
		{"(m map[level]int) int", `[{"300": 1}]`, "1", `argument 1: at ["300"]: want a key of type level`},
		{"(m map[level]int) int", `[{"7": 1}]`, "1", none},
		{"(m map[string]int) int", `[[]]`, "1", "argument 1: want map[string]int, have array"},
		{"(a [2]int) int", `[[1, 2, 3]]`, "1", "argument 1: want an array of length 2, have 3"},
		{"(a [2]int) int", `[[1, 2]]`, "1", none},
		{"(b []byte) int", `["YWI="]`, "1", none},
		{"(b []byte) int", `["ab c"]`, "1", "argument 1: want []byte, a string in base64, have another string"},
		{"(b []byte) int", `[[97, 98]]`, "1", none},
		{"(b []byte) int", `[[97, 398]]`, "1", "argument 1: at [1]: want byte, have number 398"},
		{"(p point) int", `[{"X": 1, "y": 2, "name": null, "ID": 3, "Quota": "4"}]`, "1", none},
		{"(p point) int", `[{"Z": 1}]`, "1", `argument 1: point has no field "Z" in JSON; it has ID, Quota, X, Y, name`},
		{"(p point) int", `[{"own": 1}]`, "1", `argument 1: point has no field "own" in JSON`},
		{"(p []point) int", `[[{"X": 1}, {"Hide": 1}]]`, "1", `argument 1: at [1]: point has no field "Hide" in JSON`},
		{"(p *point) int", `[{"X": "1"}]`, "1", `argument 1: at X: want int, have string`},
		{"(p *point) int", `[null]`, "1", none},
		{"(p point) int", `[null]`, "1", "argument 1: want point, have null"},
		{"(t tree) int", `[{"Kids": [{"Kids": null}, {"kids": [{}]}]}]`, "1", none},
		{"(t time.Time, n *big.Int, j json.Number, r json.RawMessage, v any) int", `["2020-02-28T00:00:00Z", 12, 3.5, {"a": 1}, [null]]`, "1", none},
		{"(t time.Duration) int", `["1s"]`, "1", "argument 1: want time.Duration, have string"},
		// What is wanted.
		{"() int", "[]", `"1"`, "want: want int, have string"},
		{"() int", "[]", "2.0", none},
		{"() int", "[]", "null", "want: want int, have null"},
		{"() float64", "[]", "2", none},
		{"() []string", "[]", `[1, 2]`, "want: want []string, have array of numbers"},
		{"() []string", "[]", "null", none},
		{"() []byte", "[]", `[1]`, "want: want []byte, a string in base64, have array of numbers"},
		{"() (int, error)", "[]", "1", none},
		{"() (int, error)", "[]", "[1]", "want: want int, have array of numbers"},
		{"() (int, []string)", "[]", `[1, null]`, none},
		{"() (int, []string)", "[]", `[1, ["a", 2]]`, "want, result 2: at [1]: want string, have number 2"},
		{"() (int, []string)", "[]", `[1]`, "want: want an array of the 2 results, have array of numbers"},
		{"() (int, []string)", "[]", `null`, "want: want an array of the 2 results, have null"},
		{"(list []int)", "[[2, 1]]", `[[1, 2]]`, none},
		{"(list []int)", "[[2, 1]]", `[1, 2]`, "want: want an array of the 1 arguments, have array of numbers"},
		{"(list []int)", "[[2, 1]]", `[["a"]]`, "want, argument 1: want []int, have array of strings"},
		{"() error", "[]", "null", none},
		{"() error", "[]", "true", "want of a function that returns nothing but an error: want null, have boolean"},
		{"() point", "[]", `{"ID": 1, "X": 1, "Y": 2}`, none},
		{"() point", "[]", `{"ID": 1, "X": 1}`, `want: point always has the field "Y" in JSON, and it is missing`},
		{"() point", "[]", `{"ID": 1, "X": 1, "y": 2}`, `want: point has no field "y" in JSON`},
		{"() *point", "[]", `null`, none},
		{"() (t time.Time)", "[]", `"2020-02-28T00:00:00Z"`, none},
		// Errors.
		{"() int", "[]", "error", `"error": true, and the function returns no error`},
		{"(n int) error", `["a"]`, "error", "argument 1: want int, have string"}, // not the function's
		{"(n int) error", `[1]`, "error", none},
	} {
		tool := wrapped(t, fitted+"var _ big.Int\n\nvar _ json.Number\n\nvar _ time.Time\n\nfunc F"+c.signature+" { panic(0) }\n")
		line := `{"args": ` + c.args + `, "want": ` + c.want + "}"
		if c.want == "error" {
			line = `{"args": ` + c.args + `, "error": true}`
		}
		_, err := tool.Spec("dir/cases", []byte("\n"+line), "f")
		switch bad, ok := errors.AsType[*Error](err); {
		case c.bad == "" && err != nil:
			t.Errorf("func F%s: %s: %v", c.signature, line, err)
		case c.bad != "" && (!ok || !strings.HasPrefix(bad.Error(), "dir/cases:2: case 1: "+c.bad)):
			t.Errorf("func F%s: %s: %v, want %s", c.signature, line, err, c.bad)
		}
	}
	// A case with a name goes by it.
	_, err := wrapped(t, "package a\n\nfunc F(n int) int { return n }\n").Spec("c", []byte(`{"name": "first one", "args": [""], "want": 1}`), "f")
	if err == nil || err.Error() != `c:1: case "first one": argument 1: want int, have string` {
		t.Error(err)
	}
}
