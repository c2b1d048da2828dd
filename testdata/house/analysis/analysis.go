// Package analysis reaches through the wall: it imports experiment.
package analysis

import (
	"maps"
	"math/rand/v2"
	"time"

	"toolgen/experiment" // want: which the import table does not allow
)

// Now is what no analysis may know.
func Now() (t time.Time, n int) {
	experiment.Uses(nil)
	for range maps.Keys(map[int]int{}) { // want: ranges over a map
		n++
	}
	rng := rand.New(rand.NewPCG(1, 2))
	n += rng.IntN(2) + rand.IntN(2) // want: draws from the shared generator
	return time.Now(), n            // want: reads the clock
}
