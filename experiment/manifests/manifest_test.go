package manifests

import "testing"

func TestShippedParse(t *testing.T) {
	for _, name := range List() {
		data, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(name, data, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", m.Resolved())
		again, err := Parse(name, m.Resolved(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(again.Resolved()) != string(m.Resolved()) {
			t.Errorf("%s: resolved twice differs", name)
		}
	}
}
