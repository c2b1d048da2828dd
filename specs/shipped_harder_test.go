package specs_test

import (
	"testing"

	"toolgen/specs"
)

// The styles of the harder specs, under their default and their extreme
// parameters, answer as the reference does.
func TestHarderStylesAgree(t *testing.T) {
	rounds := 120
	if testing.Short() {
		rounds = 15
	}
	for _, id := range []string{"top_k_words", "interval_merge", "edit_distance_match"} {
		t.Run(id, func(t *testing.T) {
			spec, err := specs.Load(specs.Shipped(), id)
			if err != nil {
				t.Fatal(err)
			}
			all := variants(t, spec)
			for _, v := range all {
				checkShape(t, v.name, v.source)
			}
			agree(t, spec, all, rounds)
		})
	}
}
