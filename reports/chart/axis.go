package chart

import (
	"math"
	"strconv"
	"strings"
)

// axis is the scale of a direction.
type axis struct {
	name   string // with its unit
	lo, hi float64
	log    bool
	ticks  []tick
}

type tick struct {
	at   float64
	name string // "" is a line of the grid without a number
}

// norm maps a value to 0 to 1, and what lies outside beyond.
func (a *axis) norm(v float64) float64 {
	lo, hi := a.lo, a.hi
	if a.log {
		v, lo, hi = math.Log10(v), math.Log10(lo), math.Log10(hi)
	}
	return (v - lo) / (hi - lo)
}

// largest is the largest value that is drawn, and its inverse the smallest on a
// logarithmic axis. No quantity of a run is beyond; a damaged file may be, and doubles
// that large are so far apart that no scale can count from one to the next.
const largest = 1e15

func drawable(v float64) bool { return math.Abs(v) <= largest } // not NaN

// holds says whether a value can be drawn: a logarithm needs more than zero.
func (a *axis) holds(v float64) bool { return drawable(v) && (!a.log || v >= 1/largest) }

// shows says whether a value lies on the axis.
func (a *axis) shows(v float64) bool { return a.holds(v) && v >= a.lo && v <= a.hi }

// extent collects the values that an axis must show.
type extent struct{ lo, hi float64 }

func newExtent() extent { return extent{math.Inf(1), math.Inf(-1)} }

func (e *extent) take(values ...float64) {
	for _, v := range values {
		if drawable(v) {
			e.lo, e.hi = min(e.lo, v), max(e.hi, v)
		}
	}
}

// takeAboveZero takes what has a logarithm.
func (e *extent) takeAboveZero(values ...float64) {
	for _, v := range values {
		if v >= 1/largest {
			e.take(v)
		}
	}
}

func (e *extent) empty() bool { return e.lo > e.hi }

// linear makes an axis over an extent with about n numbers on it.
func linear(name string, e extent, n int) *axis {
	a := &axis{name: name, lo: e.lo, hi: e.hi}
	if a.lo == a.hi {
		pad := max(math.Abs(a.lo)*0.05, 0.05)
		a.lo, a.hi = a.lo-pad, a.hi+pad
	}
	step := niceStep((a.hi - a.lo) / float64(max(n, 1)))
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	first := math.Ceil(a.lo/step - 1e-9)
	for i := 0; i <= 4*n; i++ {
		v := float64((first + float64(i)) * step)
		if v > a.hi+step*1e-9 {
			break
		}
		a.ticks = append(a.ticks, tick{v, thousands(strconv.FormatFloat(v, 'f', decimals, 64))})
	}
	return a
}

// niceStep is the least of 1, 2, 5 times a power of ten that is not below v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// share is an axis from 0 to 1 in percent.
func share(name string, n int) *axis {
	a := linear(name, extent{0, 100}, n)
	a.lo, a.hi = 0, 1
	for i := range a.ticks {
		a.ticks[i].at /= 100
	}
	return a
}

// epochs is an axis of whole numbers.
func epochs(e extent, n int) *axis {
	a := &axis{name: "epoch", lo: e.lo, hi: e.hi}
	if a.lo == a.hi {
		a.lo, a.hi = a.lo-0.5, a.hi+0.5
	}
	step := max(1, niceStep((e.hi-e.lo)/float64(max(n, 1))))
	for v := math.Ceil(e.lo/step) * step; v <= e.hi && len(a.ticks) <= 4*n; v += step {
		a.ticks = append(a.ticks, tick{v, thousands(strconv.FormatFloat(v, 'f', 0, 64))})
	}
	return a
}

// logarithmic makes an axis over an extent above zero, with every decade, and 2 and 5
// of each where there are few.
func logarithmic(name string, e extent) *axis {
	lo, hi := math.Log10(e.lo), math.Log10(e.hi)
	pad := max((hi-lo)*0.06, 0.05)
	a := &axis{name: name, lo: math.Pow(10, lo-pad), hi: math.Pow(10, hi+pad), log: true}
	decades := math.Log10(a.hi) - math.Log10(a.lo)
	every := max(1, int(math.Ceil(decades/7)))
	for e := int(math.Floor(math.Log10(a.lo))); float64(e) <= math.Log10(a.hi); e++ {
		for m := 1; m <= 9; m++ {
			// 0.2, and not 0.20000000000000001
			v, err := strconv.ParseFloat(strconv.Itoa(m)+"e"+strconv.Itoa(e), 64)
			if err != nil || v < a.lo || v > a.hi {
				continue
			}
			named := m == 1 && e%every == 0 || decades < 2.2 && (m == 2 || m == 5) || decades < 0.8
			switch {
			case named:
				a.ticks = append(a.ticks, tick{v, plain(v)})
			case m == 1:
				a.ticks = append(a.ticks, tick{at: v})
			}
		}
	}
	return a
}

// plain is a number as people write it: digits, and commas between thousands.
func plain(v float64) string { return thousands(strconv.FormatFloat(v, 'f', -1, 64)) }

// short is a number with three digits that count.
func short(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return thousands(s)
}

func thousands(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if sign != "" && strings.Trim(whole, "0.,") == "" {
		return whole
	}
	return sign + whole
}
