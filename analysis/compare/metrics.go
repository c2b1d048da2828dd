package compare

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"toolgen/analysis"
	"toolgen/datasets"
)

// Metrics beyond the columns of evaluations.parquet.
const (
	FlakeRate    = "flake_rate"     // candidates that answered differently under other entropy, of those that ran
	RepairRate   = "repair_rate"    // candidates that the lab repaired, of those it attempted
	Hypervolume  = "hypervolume"    // of the feasible, in (virtual_ms / budget, 1 - base fitness) up to (1, 1)
	BestFitness  = "best_fitness"   // largest final base fitness of the feasible
	EpochsToBest = "epochs_to_best" // of the spec, before the first feasible candidate of that fitness came
	WallMS       = "wall_ms"        // --clock wall alone
)

// defaultMetrics are the rows that a comparison has by itself.
var defaultMetrics = []struct {
	name      string
	direction Direction
}{{"virtual_ms", Min}, {"peak_memory_bytes", Min}, {"fitness", Max}}

// Direction says which values are better.
type Direction string

// The directions of a metric.
const (
	Min Direction = "min"
	Max Direction = "max"
)

// sign is 1 where more is worse, and -1 where more is better.
func (d Direction) sign() float64 {
	if d == Max {
		return -1
	}
	return 1
}

// column is a numeric column of an evaluation.
type column struct {
	name  string
	field int
}

// columns are the numeric columns of evaluations.parquet that are no key.
var columns = func() []column {
	var out []column
	row := reflect.TypeFor[datasets.Evaluation]()
	for i := range row.NumField() {
		name := row.Field(i).Tag.Get("json")
		c := datasets.Evaluations.Column(name)
		if c == nil || slices.Contains(datasets.Evaluations.Key, name) {
			continue
		}
		if c.Type == datasets.Int32 || c.Type == datasets.Int64 || c.Type == datasets.Double {
			out = append(out, column{name, i})
		}
	}
	return out
}()

// Metrics are the names that a gate may use, the columns first.
func Metrics() []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.name)
	}
	return append(out, FlakeRate, RepairRate, Hypervolume, BestFitness, EpochsToBest)
}

// isRate says whether a metric is counted, so that it speaks of a whole experiment and
// has exact bounds.
func isRate(metric string) bool { return metric == FlakeRate || metric == RepairRate }

// onBudget are the metrics whose scale is the last budget or the weights.
var onBudget = []string{"fitness", "base_fitness", "performance", "diversity_bonus", "violation", BestFitness, EpochsToBest, Hypervolume}

// numbers are the numeric columns of a row that are not null.
func numbers(e *datasets.Evaluation) map[string]float64 {
	out := map[string]float64{}
	row := reflect.ValueOf(e).Elem()
	for _, c := range columns {
		v := row.Field(c.field)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				continue
			}
			v = v.Elem()
		}
		if v.CanInt() {
			out[c.name] = float64(v.Int())
		} else {
			out[c.name] = v.Float()
		}
	}
	return out
}

// noise is how far apart a metric of one candidate may lie in two runs of the same
// function: in another run it has other neighbours in its module.
//
// FuelNoise is measured. Memory moves by what the collector asks for at once, 256 KiB
// (it is said there); performance is budget over time, and the fitness has it with its
// weight.
func (s *settings) noise(metric string, m map[string]float64, value float64) float64 {
	rate := float64(s.fuelPerMS)
	share := 0.0 // of the candidate's fuel that is noise
	if fuel := m["fuel"]; fuel > 0 {
		share = float64(datasets.FuelNoise(int64(fuel))) / fuel
	}
	performance := 0.0 // at 1 a tool is quicker than the budget, and stays so
	if p := m["performance"]; p < 1 {
		performance = float64(p * share)
	}
	switch metric {
	case "fuel", "fuel_p10", "fuel_p90":
		return float64(datasets.FuelNoise(int64(value)))
	case "virtual_ms":
		return float64(datasets.FuelNoise(int64(math.Round(value*rate)))) / rate
	case "peak_memory_bytes":
		return 256 << 10
	case "performance":
		return performance
	case "fitness", "base_fitness":
		return performance * s.performanceWeight(m)
	}
	return 0
}

// performanceWeight is the share of performance in the base fitness.
func (s *settings) performanceWeight(m map[string]float64) float64 {
	w := s.weights
	total := w.Correctness + w.Safety + w.Performance + w.Documentation
	if _, ok := m["robustness"]; ok {
		total += w.Robustness
	}
	if total <= 0 {
		return 0
	}
	return w.Performance / total
}

// nameOf is the style of a candidate, or the name of an entrant.
func nameOf(style, label *string) string {
	switch {
	case style != nil:
		return *style
	case label != nil:
		return *label
	}
	return ""
}

// sameScale compares what the metrics of onBudget are made of. what is "" if it is the same.
func (s *settings) sameScale(o *settings) (what, here, there string) {
	switch {
	case s.weights != o.weights:
		return "fitness_weights", weightsText(s.weights), weightsText(o.weights)
	case s.lastTimeoutMS != o.lastTimeoutMS:
		return "the last time budget", number(s.lastTimeoutMS) + " ms", number(o.lastTimeoutMS) + " ms"
	case s.lastMemoryMiB != o.lastMemoryMiB:
		return "the last memory budget", number(s.lastMemoryMiB) + " MiB", number(o.lastMemoryMiB) + " MiB"
	}
	return "", "", ""
}

func weightsText(w analysis.Weights) string {
	return strings.Join([]string{number(w.Correctness), number(w.Safety), number(w.Performance), number(w.Robustness), number(w.Documentation)}, "/")
}
