package pareto

import "math/bits"

// rankSet is a set of the numbers below n that finds neighbours: a tree of bitmaps, 64
// children each, whose lowest level has a bit per number and whose others have a bit for
// each bitmap below that is not empty. A sweep knows all its keys beforehand, so it can
// use their ranks, and three levels serve 262,144 of them: no balanced tree is as quick.
type rankSet [][]uint64

func newRankSet(n int) rankSet {
	var s rankSet
	for {
		n = (n + 63) / 64
		s = append(s, make([]uint64, n))
		if n <= 1 {
			return s
		}
	}
}

func (s rankSet) add(x int) {
	for _, level := range s {
		level[x/64] |= 1 << (x % 64)
		x /= 64
	}
}

func (s rankSet) remove(x int) {
	for _, level := range s {
		if level[x/64] &^= 1 << (x % 64); level[x/64] != 0 {
			return
		}
		x /= 64
	}
}

// floor is the largest number of the set that is not above x, or -1.
func (s rankSet) floor(x int) int {
	for height, level := range s {
		if x < 0 {
			return -1
		}
		if word := level[x/64] << (63 - x%64); word != 0 {
			return s.last(height, x-bits.LeadingZeros64(word))
		}
		x = x/64 - 1
	}
	return -1
}

// next is the smallest number of the set above x, or -1.
func (s rankSet) next(x int) int {
	for height, level := range s {
		x++
		if x/64 >= len(level) {
			return -1
		}
		if word := level[x/64] >> (x % 64); word != 0 {
			return s.first(height, x+bits.TrailingZeros64(word))
		}
		x /= 64
	}
	return -1
}

// last descends from a bit to the largest number below it.
func (s rankSet) last(height, x int) int {
	for ; height > 0; height-- {
		x = x*64 + 63 - bits.LeadingZeros64(s[height-1][x])
	}
	return x
}

// first descends from a bit to the smallest number below it.
func (s rankSet) first(height, x int) int {
	for ; height > 0; height-- {
		x = x*64 + bits.TrailingZeros64(s[height-1][x])
	}
	return x
}
