package main

import "testing"

func TestSuggestNear(t *testing.T) {
	known := []string{"run", "plan", "verify"}
	for word, want := range map[string]string{
		"rnu": "; did you mean run?", "paln": "; did you mean plan?", "verfy": "; did you mean verify?",
		"xyz": "", "nru": "", "urnu": "",
	} {
		if got := suggestNear(word, known); got != want {
			t.Errorf("suggestNear(%q) = %q, want %q", word, got, want)
		}
	}
}
