package agent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRequestIsFrozen holds the bytes of a request: they are the protocol, and cassettes
// are found by their hash. 0xff 0x61 is "/2E=" in base64: 11111111 01100001 0000 gives
// the sextets 63 54 4, which are / 2 E, and one = for the missing byte; 0xff 0x41 gives
// 63 52 4, which are / 0 E.
func TestRequestIsFrozen(t *testing.T) {
	got, err := request().Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"protocol":1,"task":"repair",` +
		`"spec":{"id":"upper","title":"Upper case","description":"","license":"MIT","input":{"media_type":""},"output":{"media_type":""},"compare":"bytes",` +
		`"examples":[{"name":"one","input":"a","output":"A"}]},"source":"package tool\n",` +
		`"failing":[{"name":"no text","input_base64":"/2E=","output_base64":"/0E=","verdict":"wrong_output","got":""},` +
		`{"input":"","error":true,"verdict":"trap","message":"index out of range <0>"}],` +
		`"passing":[{"input":"<b>\n","output":"<B>\n"}],"diagnostics":"2 of 40 search cases fail",` +
		`"budget":{"timeout_ms":2000,"fuel_per_ms":10000000,"memory_bytes":134217728},"seed":7}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
	key, err := Key("mine", Identity{Exec: []string{"./agent", "-x"}}, request())
	if err != nil {
		t.Fatal(err)
	}
	if want := "deef598c"; !strings.HasPrefix(key, want) {
		t.Errorf("key %s, want %s...: cassettes of older versions are not found any more", key, want)
	}
	var back Request
	if err := unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || string(again) != string(got) {
		t.Errorf("read back and written again (%v):\n%s\n%s", err, again, got)
	}
}

// TestKeyTellsApart changes one thing at a time.
func TestKeyTellsApart(t *testing.T) {
	seen := map[string]string{}
	add := func(what, name string, id Identity, change func(*Request)) {
		t.Helper()
		r := request()
		change(&r)
		key, err := Key(name, id, r)
		if err != nil {
			t.Fatal(what, err)
		}
		if before, ok := seen[key]; ok {
			t.Errorf("%s has the key of %s", what, before)
		}
		seen[key] = what
	}
	same := func(*Request) {}
	id := Identity{Exec: []string{"a", "b"}}
	add("the request", "mine", id, same)
	add("another name", "yours", id, same)
	add("another program", "mine", Identity{Exec: []string{"a", "c"}}, same)
	add("arguments split in another way", "mine", Identity{Exec: []string{"a b"}}, same)
	add("a server", "mine", Identity{OpenAI: &Server{"https://a", "b"}}, same)
	add("another model", "mine", Identity{OpenAI: &Server{"https://a", "c"}}, same)
	add("another server", "mine", Identity{OpenAI: &Server{"https://b", "b"}}, same)
	add("another task", "mine", id, func(r *Request) { r.Task = Mutate })
	add("another seed", "mine", id, func(r *Request) { r.Seed++ })
	add("another source", "mine", id, func(r *Request) { r.Source += "\n" })
	add("another budget", "mine", id, func(r *Request) { r.Budget.TimeoutMS = 1999.5 })
	add("a case less", "mine", id, func(r *Request) { r.Failing = r.Failing[:1] })
	add("no output instead of an empty one", "mine", id, func(r *Request) {
		r.Failing = []Case{{Input: r.Failing[0].Input, Output: r.Failing[0].Output}, r.Failing[1]}
	})
}

func TestRequestsThatAreNone(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		change     func(*Request)
	}{
		{"task", `task "paint"`, func(r *Request) { r.Task = "paint" }},
		{"protocol", "protocol 2", func(r *Request) { r.Protocol = 2 }},
		{"spec", "id of a spec", func(r *Request) { r.Spec.ID = "" }},
		{"no source", "a source of 0 bytes", func(r *Request) { r.Source = "" }},
		{"a source too many", "synthesize with a source", func(r *Request) { r.Task = Synthesize }},
		{"seed", "seed -1", func(r *Request) { r.Seed = -1 }},
		{"large seed", "expected 0 to 9007199254740991", func(r *Request) { r.Seed = 1 << 53 }},
		{"source", "source is no UTF-8", func(r *Request) { r.Source = "\xff" }},
		{"message", "a case's text is no UTF-8", func(r *Request) { r.Passing = []Case{{Message: "\xff"}} }},
	} {
		r := request()
		tc.change(&r)
		if _, err := r.Encode(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestCasesThatAreNone(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{`{}`, "neither input"},
		{`{"input":"a","input_base64":"YQ=="}`, "both input and input_base64"},
		{`{"input_base64":"YQ"}`, "input_base64"},
		{`{"input":"a","got_base64":"*"}`, "got_base64"},
		{`{"input":"a","output":"b","want":"c"}`, "want"},
	} {
		var c Case
		if err := unmarshal([]byte(tc.text), &c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.text, err, tc.want)
		}
	}
	var c Case
	if err := unmarshal([]byte(`{"input_base64":"","output_base64":""}`), &c); err != nil || c.Input == nil || c.Output == nil || c.Got != nil {
		t.Errorf("%v: %#v, want an empty input and output, and nothing got", err, c)
	}
}
