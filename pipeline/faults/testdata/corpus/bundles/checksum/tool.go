package tool

import (
	"bytes"
	"fmt"
)

const modulus = 65521

type digest struct {
	low, high uint32
}

func (d *digest) write(data []byte) {
	for _, b := range data {
		d.low = (d.low + uint32(b)) % modulus
		d.high += d.low
	}
}

func (d digest) sum() uint32 {
	return d.high<<16 | d.low
}

// Run writes the checksum of each line.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(input) {
		d := digest{low: 1}
		d.write(bytes.TrimRight(line, "\n"))
		fmt.Fprintf(&out, "%08x\n", d.sum())
	}
	return out.Bytes(), nil
}
