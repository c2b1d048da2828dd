package testgen

import (
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/build/buildtest"
	"toolgen/specs"
)

func TestMain(m *testing.M) { buildtest.Main(m) }

func builder(t testing.TB) *build.Builder { return buildtest.Builder(t) }

func prepare(t *testing.T, spec *specs.Spec) *Programs {
	t.Helper()
	p, err := Prepare(t.Context(), builder(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// with returns the same programs under a changed spec.
func (p *Programs) with(change func(*specs.Spec)) *Programs {
	spec := *p.spec
	change(&spec)
	return &Programs{spec: &spec, roles: p.roles}
}

func file(name, source string) []specs.File {
	return []specs.File{{Name: name, Data: []byte(source)}}
}

// moody is a spec whose programs misbehave as they are told: the generator by
// size, the reference by input, the check by output.
func moody() *specs.Spec {
	return &specs.Spec{
		ID: "moody", Compare: specs.CompareCheck,
		Suite:     specs.SuiteSizes{Search: 2, Sizes: []int{8}},
		Generate:  file("generate.go", moodyGenerate),
		Reference: file("reference.go", moodyReference),
		Check:     file("check.go", moodyCheck),
	}
}

// Sizes that the moody generator takes for a command. Other sizes are a number of
// bytes, which depend on the seed.
const (
	fewSize      = 1 // one of three inputs
	boomSize     = 1001
	floodSize    = 1002
	mapSize      = 1003
	randSize     = 1004
	unfairSize   = 1005 // an input on which the reference answers by chance
	unsteadySize = 1006 // one on whose answer the check does
	fatalSize    = 1007 // one on which the reference panics
)

const moodyGenerate = `package generate

import (
	"math/rand/v2"
	"strconv"
)

func Generate(seed uint64, size int) []byte {
	switch size {
	case 1:
		return strconv.AppendUint(nil, seed%3, 10)
	case 1001:
		panic("no input for you")
	case 1002:
		return make([]byte, 65<<20)
	case 1003:
		m := map[int]bool{}
		for i := range 64 {
			m[i] = true
		}
		var out []byte
		for i := range m {
			out = append(out, byte(i))
		}
		return out
	case 1004:
		return strconv.AppendUint(nil, rand.Uint64(), 10)
	case 1005:
		return []byte("unfair")
	case 1006:
		return []byte("unsteady")
	case 1007:
		return []byte("boom")
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, size)
	for i := range out {
		out[i] = 'a' + byte(rng.IntN(26))
	}
	return out
}
`

const moodyReference = `package reference

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"
)

func Run(input []byte) ([]byte, error) {
	switch string(input) {
	case "boom":
		panic("the reference is at its end")
	case "error":
		return nil, errors.New("no such thing")
	case "unfair":
		return strconv.AppendUint(nil, rand.Uint64(), 10), nil
	}
	return bytes.ToUpper(input), nil
}
`

const moodyCheck = `package check

import (
	"errors"
	"math"
	"math/rand/v2"
)

func Check(input, output []byte) (float64, error) {
	switch string(output) {
	case "boom":
		panic("the check is at its end")
	case "above":
		return 1.5, nil
	case "below":
		return -0.25, nil
	case "nan":
		return math.NaN(), nil
	case "half":
		return 0.5, nil
	case "wrong":
		return 1, errors.New("wrong answer to " + string(input))
	case "silent":
		return 1, errors.New("")
	case "UNSTEADY":
		return rand.Float64(), nil
	}
	return 1, nil
}
`
