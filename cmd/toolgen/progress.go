package main

import (
	"fmt"

	"github.com/schollz/progressbar/v3"

	"toolgen/experiment"
)

// progress shows how far a tournament has come: a bar on a terminal, a line of the log
// every tenth of the way elsewhere, nothing if it is to be quiet.
type progress struct {
	p     *program
	bar   *progressbar.ProgressBar // nil off a terminal
	seeds int

	epochs      map[int64]int // by seed: begun
	evaluations map[int64]int
	tenths      int // logged so far
}

func (p *program) newProgress(x *experiment.Experiment) *progress {
	g := &progress{p: p, seeds: len(x.Manifest.Seeds), epochs: map[int64]int{}, evaluations: map[int64]int{}}
	if !p.quiet && isTerminal(p.err) {
		g.bar = progressbar.NewOptions(x.Manifest.Epochs*g.seeds,
			progressbar.OptionSetWriter(p.err),
			progressbar.OptionSetWidth(24),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
		g.bar.Describe("compiling the first candidates")
	}
	return g
}

// observe takes an event. It is never called by two goroutines at once.
func (g *progress) observe(ev experiment.Event) {
	g.epochs[ev.Seed] = max(g.epochs[ev.Seed], ev.Epoch+1)
	g.evaluations[ev.Seed] = ev.Evaluations
	done, evaluations := 0, 0
	for seed, n := range g.epochs {
		done += n
		evaluations += g.evaluations[seed]
	}
	if g.bar != nil {
		g.bar.Describe(fmt.Sprintf("seed %d, epoch %d of %d, %s best %.4f; %d evaluations, %d of %d measurements cached",
			ev.Seed, ev.Epoch+1, ev.Epochs, ev.Spec, ev.Best, evaluations, ev.Cached, ev.Executed))
		g.bar.Set(done)
		return
	}
	if tenths := 10 * done / (ev.Epochs * g.seeds); tenths > g.tenths {
		g.tenths = tenths
		g.p.log.Info("progress", "seed", ev.Seed, "epoch", ev.Epoch+1, "epochs", ev.Epochs, "spec", ev.Spec, "best_fitness", ev.Best,
			"evaluations", evaluations, "measured", ev.Executed, "cached", ev.Cached)
	}
}

// end takes the bar off the terminal.
func (g *progress) end() {
	if g.bar != nil {
		g.bar.Clear()
	}
}
