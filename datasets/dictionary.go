package datasets

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"unsafe"
)

// byteDictionary numbers the distinct byte arrays of a column in a row group, in the order
// in which they come.
type byteDictionary struct {
	plain  []byte   // the entries as the dictionary's page holds them: 4 bytes of length, then the bytes
	ends   []uint32 // where each entry ends in plain
	hashes []uint32 // of each entry, so that few are compared and none is hashed again
	slots  []int32  // open addressing: 0, or 1 + an entry; at most half of them are taken

	// Rows of a run share the memory of their strings, and the same memory is the same
	// string: Go's strings do not change, and these hold on to theirs, so that no other
	// can come to lie there. Bytes may change, and are always hashed.
	last      string
	lastIndex int32 // -1 for none
	recent    []recentString
}

type recentString struct {
	s     string
	index int32
}

// maxRecent bounds what a column looks up by address alone: 24 KiB, within reach of the
// rows that are shared at any time.
const maxRecent = 1024

var hashSeed = maphash.MakeSeed() // no order depends on hashes

// reset forgets all entries and keeps the memory.
func (d *byteDictionary) reset() {
	d.plain, d.ends, d.hashes = d.plain[:0], d.ends[:0], d.hashes[:0]
	clear(d.slots)
	clear(d.recent)
	d.last, d.lastIndex = "", -1
}

// entry returns the bytes of an entry of a dictionary.
func entry(plain []byte, ends []uint32, i int32) []byte {
	from := uint32(0)
	if i > 0 {
		from = ends[i-1]
	}
	return plain[from+4 : ends[i]]
}

// find returns the number of a string, and whether it is new.
func (d *byteDictionary) find(s string) (index int32, isNew bool) {
	if len(d.recent) == 0 {
		return d.findContent(s)
	}
	// Fibonacci hashing of the address; strings lie some bytes apart.
	r := &d.recent[uint64(uintptr(unsafe.Pointer(unsafe.StringData(s))))*0x9E3779B97F4A7C15>>32&uint64(len(d.recent)-1)]
	if len(s) == len(r.s) && unsafe.StringData(s) == unsafe.StringData(r.s) && len(s) > 0 {
		return r.index, false
	}
	index, isNew = d.findContent(s)
	*r = recentString{s, index} // which is lost if the dictionary has just grown
	return index, isNew
}

// findContent is find by the bytes alone.
func (d *byteDictionary) findContent(s string) (index int32, isNew bool) {
	if 2*len(d.ends) >= len(d.slots) {
		d.grow()
	}
	h := uint32(maphash.String(hashSeed, s))
	mask := uint32(len(d.slots) - 1)
	at := h & mask
	for d.slots[at] != 0 {
		i := d.slots[at] - 1
		if d.hashes[i] == h && string(entry(d.plain, d.ends, i)) == s {
			return i, false
		}
		at = (at + 1) & mask
	}
	index = int32(len(d.ends))
	d.slots[at] = index + 1
	d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(s)))
	d.plain = append(d.plain, s...)
	if len(d.plain) > math.MaxInt32 {
		panic("a dictionary of more than 2 GiB")
	}
	d.ends = append(d.ends, uint32(len(d.plain)))
	d.hashes = append(d.hashes, h)
	return index, true
}

func (d *byteDictionary) grow() {
	n := max(16, 2*len(d.slots))
	d.slots = make([]int32, n)
	for i, h := range d.hashes {
		at := h & uint32(n-1)
		for d.slots[at] != 0 {
			at = (at + 1) & uint32(n-1)
		}
		d.slots[at] = int32(i) + 1
	}
	if len(d.recent) < maxRecent {
		d.recent = make([]recentString, min(n, maxRecent))
	}
}

// doubleDictionary numbers the distinct doubles of a column in a row group, by their bits.
type doubleDictionary struct {
	values []float64
	slots  []int32 // as above
}

func (d *doubleDictionary) reset() {
	d.values = d.values[:0]
	clear(d.slots)
}

// number appends the numbers of values to dst.
func (d *doubleDictionary) number(dst []int32, values []float64) []int32 {
	before, index := uint64(0), int32(-1)
	for _, v := range values {
		if bits := math.Float64bits(v); bits != before || index < 0 {
			before, index = bits, d.find(v)
		}
		dst = append(dst, index)
	}
	return dst
}

func (d *doubleDictionary) find(v float64) int32 {
	if 2*len(d.values) >= len(d.slots) {
		d.grow()
	}
	bits, mask := math.Float64bits(v), uint64(len(d.slots)-1)
	at := hashDouble(bits) & mask
	for d.slots[at] != 0 {
		i := d.slots[at] - 1
		if math.Float64bits(d.values[i]) == bits {
			return i
		}
		at = (at + 1) & mask
	}
	d.values = append(d.values, v)
	d.slots[at] = int32(len(d.values))
	return int32(len(d.values) - 1)
}

func (d *doubleDictionary) grow() {
	n := uint64(max(16, 2*len(d.slots)))
	d.slots = make([]int32, n)
	for i, v := range d.values {
		at := hashDouble(math.Float64bits(v)) & (n - 1)
		for d.slots[at] != 0 {
			at = (at + 1) & (n - 1)
		}
		d.slots[at] = int32(i) + 1
	}
}

// hashDouble spreads the high bits, in which simple fractions differ, over the low ones.
func hashDouble(bits uint64) uint64 {
	return bits * 0x9E3779B97F4A7C15 >> 32
}

// fitted returns a slice of n elements for the caller to fill.
func fitted[E any](s []E, n int) []E { return slices.Grow(s[:0], n)[:n] }
