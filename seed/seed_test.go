package seed

import "testing"

const (
	derived uint64 = 9889313507996223108
	entropy int64  = 3419964453360740
)

// The values are frozen: a change here changes every row of every run, and then
// the semantics number must be raised.
func TestDeriveIsFrozen(t *testing.T) {
	if got := Derive(1, "mutate", "text_deduplicate", 3, int32(7)).Uint64(); got != derived {
		t.Errorf("Derive(1, mutate, text_deduplicate, 3, 7) draws %d first, want %d", got, derived)
	}
	if got := Entropy(1, "case", "abc", 0); got != entropy {
		t.Errorf("Entropy(1, case, abc, 0) = %d, want %d", got, entropy)
	}
}

func TestDeriveDistinguishesFraming(t *testing.T) {
	seen := map[int64][]any{}
	for _, keys := range [][]any{{}, {""}, {"a", "b"}, {"ab"}, {"a", "", "b"}, {1}, {"1"}, {1, 2}, {12}, {"i1;"}} {
		e := Entropy(1, "p", keys...)
		if other, dup := seen[e]; dup {
			t.Errorf("keys %q and %q share an entropy", keys, other)
		}
		seen[e] = keys
	}
	if Entropy(1, "p") == Entropy(2, "p") || Entropy(1, "p") == Entropy(1, "q") {
		t.Error("seed or purpose does not matter")
	}
}

func TestEntropyStaysBelowMax(t *testing.T) {
	for i := range 1000 {
		if e := Entropy(int64(i), "bound"); e < 0 || e > Max {
			t.Fatalf("Entropy(%d, bound) = %d", i, e)
		}
	}
}

func TestDerivePanicsOnOtherKeys(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a float key was accepted")
		}
	}()
	Derive(1, "p", 1.5)
}
