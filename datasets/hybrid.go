package datasets

import (
	"encoding/binary"
	"slices"
)

// appendHybrid appends values of so many bits, at most 32, in Parquet's hybrid of runs and
// bit-packing. parquet-go's encoder cuts runs differently in assembly and in Go; this one
// has one rule: a run is made of whole groups of eight equal values, as many as save bytes,
// and what is left behind the last whole group is in runs.
func appendHybrid[E byte | int32](dst []byte, values []E, width int) []byte {
	need := 8 * max(1, (4+width-1)/max(1, width)) // a run and the header behind it take about 4 bytes
	whole := len(values) &^ 7
	for i := 0; i < whole; {
		j, run := i, 0
		for j < whole {
			if run = runLength(values[j:whole]); run >= need {
				break
			}
			j += max(run, 8)
			run = 0
		}
		if j > i {
			dst = binary.AppendUvarint(dst, uint64(j-i)/8<<1|1)
			dst = appendPacked(dst, values[i:j], width)
		}
		if run > 0 {
			dst = appendRun(dst, run, values[j], width)
		}
		i = j + run
	}
	for i := whole; i < len(values); {
		j := i + 1
		for j < len(values) && values[j] == values[i] {
			j++
		}
		dst = appendRun(dst, j-i, values[i], width)
		i = j
	}
	return dst
}

// runLength returns how many values at the start are equal, in whole groups of eight.
func runLength[E byte | int32](values []E) int {
	v, n := values[0], 0
	for len(values)-n >= 8 {
		g := (*[8]E)(values[n:])
		if (g[0]^v)|(g[1]^v)|(g[2]^v)|(g[3]^v)|(g[4]^v)|(g[5]^v)|(g[6]^v)|(g[7]^v) != 0 {
			break
		}
		n += 8
	}
	return n
}

func appendRun[E byte | int32](dst []byte, n int, v E, width int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	for ; width > 0; width -= 8 {
		dst = append(dst, byte(v))
		v = E(uint32(v) >> 8)
	}
	return dst
}

// appendPacked appends values of so many bits each, the first in the lowest bits, and fills
// up the last byte with zeros.
func appendPacked[E byte | int32](dst []byte, values []E, width int) []byte {
	at := len(dst)
	size := (len(values)*width + 7) / 8
	dst = slices.Grow(dst, size+8)[:at+size+8]
	bits, n := uint64(0), uint(0)
	for _, v := range values {
		bits |= uint64(uint32(v)) << (n & 63)
		if n += uint(width); n >= 32 {
			binary.LittleEndian.PutUint32(dst[at:], uint32(bits))
			at += 4
			bits >>= 32
			n -= 32
		}
	}
	binary.LittleEndian.PutUint64(dst[at:], bits)
	return dst[:at+int(n+7)/8]
}
