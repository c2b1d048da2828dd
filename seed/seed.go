// Package seed derives random generators by purpose.
//
// A run is a pure function of its seeds, so no draw may depend on how many draws
// came before it somewhere else. Every generator is therefore keyed by what it is
// for: Derive(seed, "mutate", spec, epoch, slot). There is no shared stream, and
// no seed has a default.
package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// Max is the largest seed and entropy: integers in every artifact stay below
// 2^53, so that JSON readers which know doubles alone keep them.
const Max = 1<<53 - 1

// Derive returns the generator for a purpose: ChaCha8 under the SHA-256 of the
// seed, the purpose and the keys, each framed by its type and length so that no
// two different lists share a stream. Keys are strings or integers; any other
// type is a programming error and panics.
func Derive(seed int64, purpose string, keys ...any) *rand.Rand {
	return rand.New(rand.NewChaCha8(sum(seed, purpose, keys)))
}

// Entropy returns the entropy for a purpose, a number in [0, Max], keyed as in Derive.
func Entropy(seed int64, purpose string, keys ...any) int64 {
	s := sum(seed, purpose, keys)
	return int64(binary.LittleEndian.Uint64(s[:8]) & Max)
}

func sum(seed int64, purpose string, keys []any) [32]byte {
	h := sha256.New()
	str := func(s string) {
		fmt.Fprintf(h, "s%d:%s", len(s), s)
	}
	num := func(n int64) {
		fmt.Fprintf(h, "i%d;", n)
	}
	num(seed)
	str(purpose)
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			str(k)
		case int:
			num(int64(k))
		case int32:
			num(int64(k))
		case int64:
			num(k)
		default:
			panic(fmt.Sprintf("seed: key of type %T", k))
		}
	}
	return [32]byte(h.Sum(nil))
}
