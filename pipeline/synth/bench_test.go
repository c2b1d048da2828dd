package synth

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"toolgen/pipeline/bounds"
	"toolgen/specs"
)

// sizes are programs of about 25, 100 and 500 lines.
func sizes(b *testing.B, run func(b *testing.B, p *Program)) {
	small, _ := faults[24].version(b, 0)
	spec, err := specs.Load(specs.Shipped(), "json_flatten")
	if err != nil {
		b.Fatal(err)
	}
	for i := range spec.Styles {
		if style := &spec.Styles[i]; style.Name == "suffixarray" {
			large, err := Render(spec, style.Name, DefaultParams(style), "MIT")
			if err != nil {
				b.Fatal(err)
			}
			for _, src := range []string{small, sample, large} {
				b.Run(fmt.Sprintf("lines=%d", strings.Count(src, "\n")), func(b *testing.B) { run(b, parsed(b, src)) })
			}
		}
	}
}

func BenchmarkProposals(b *testing.B) {
	sizes(b, func(b *testing.B, p *Program) {
		n := 0
		for b.Loop() {
			b.StopTimer()
			p = parsed(b, p.Source()) // what is remembered is part of the cost
			b.StartTimer()
			n = len(p.Proposals())
		}
		b.ReportMetric(float64(n), "proposals")
	})
}

func BenchmarkRealize(b *testing.B) {
	sizes(b, func(b *testing.B, p *Program) {
		ps := p.Proposals()
		i, accepted := 0, 0
		for b.Loop() {
			if _, err := p.Realize(ps[i*997%len(ps)]); err == nil {
				accepted++
			}
			i++
		}
		b.ReportMetric(100*float64(accepted)/float64(i), "%accepted")
	})
}

// What the bounds cost beside the type checker that they go before: the ratio of
// what=bounds to what=types.
func BenchmarkBounds(b *testing.B) {
	sizes(b, func(b *testing.B, p *Program) {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "tool.go", p.Source(), parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("what=bounds", func(b *testing.B) {
			for b.Loop() {
				if r := bounds.Check([]*ast.File{file}, p.imp); len(r.Problems) > 0 {
					b.Fatal(r.Problems)
				}
			}
		})
		b.Run("what=types", func(b *testing.B) {
			for b.Loop() {
				config := types.Config{Importer: p.imp, Sizes: wasmSizes}
				if _, err := config.Check("tool", fset, []*ast.File{file}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
