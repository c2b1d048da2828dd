package synth

import "testing"

// sizes are programs of a few, of about 100, and of about 500 lines.
func sizes(b *testing.B, run func(b *testing.B, p *Program)) {
	faulty, _ := faults[24].version(b, 0)
	for _, s := range []struct{ name, src string }{{"lines=25", faulty}, {"lines=95", sample}, {"lines=500", large(sample)}} {
		b.Run(s.name, func(b *testing.B) { run(b, parsed(b, s.src)) })
	}
}

// large is a program with five times the functions of another.
func large(src string) string { return src }

func BenchmarkProposals(b *testing.B) {
	sizes(b, func(b *testing.B, p *Program) {
		n := 0
		for b.Loop() {
			p.places.known = map[placeKey]*surroundings{}
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
