package specs

import "testing"

func TestShipped(t *testing.T) {
	ids, err := List(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := Load(Shipped(), id); err != nil {
			t.Errorf("%v", err)
		}
	}
	t.Log(ids)
}
