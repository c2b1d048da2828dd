package chart

import (
	"cmp"
	"fmt"
	"slices"
)

// label is a name that wants to stand beside the end of its line.
type label struct {
	text   string
	series int     // its colour
	at     float64 // where it wants to stand, in points upwards
}

// place moves labels apart so that each has its own line of the given height between
// lo and hi, as near to where they want to be as that allows. They keep their order. If
// there is no room for all, the last is "and 3 more". The places are in points, of the
// middle of each label, from the top down.
//
// It is the method of pools of adjacent violators: labels that would overlap become a
// block, which stands where its members on average want to stand.
func place(labels []label, lo, hi, height float64) []label {
	out := slices.Clone(labels)
	slices.SortStableFunc(out, func(a, b label) int { return cmp.Or(-cmp.Compare(a.at, b.at), cmp.Compare(a.text, b.text)) })
	room := int((hi - lo) / height)
	if room < 1 {
		return nil
	}
	if len(out) > room {
		more := len(out) - room + 1
		out = append(out[:room-1], label{text: fmt.Sprintf("and %d more", more), series: -1, at: lo})
	}
	type block struct {
		first, n int
		top      float64 // middle of the first label
	}
	clamp := func(b *block) {
		b.top = min(b.top, hi-height/2)
		b.top = max(b.top, lo+height/2+float64(b.n-1)*height)
	}
	var blocks []block
	for i := range out {
		blocks = append(blocks, block{i, 1, out[i].at})
		clamp(&blocks[len(blocks)-1])
		for len(blocks) > 1 {
			a, b := &blocks[len(blocks)-2], &blocks[len(blocks)-1]
			if a.top-float64(a.n)*height >= b.top-1e-9 {
				break
			}
			a.n += b.n
			sum := 0.0
			for k := range a.n {
				sum += out[a.first+k].at + float64(k)*height
			}
			a.top = sum / float64(a.n)
			clamp(a)
			blocks = blocks[:len(blocks)-1]
		}
	}
	for _, b := range blocks {
		for k := range b.n {
			out[b.first+k].at = b.top - float64(k)*height
		}
	}
	return out
}
