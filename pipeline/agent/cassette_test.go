package agent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"toolgen/fuzzing"
)

func exchange() *Exchange {
	return &Exchange{
		Agent: "mine", Identity: Identity{Exec: []string{"./agent", "-x"}}, Request: request(),
		Response: &Response{Protocol: Protocol, Source: "package tool // <1>\n", Notes: "a & b", Usage: &Usage{Model: "m", InputTokens: 1, OutputTokens: 2}},
	}
}

// encoded returns the key and the file of an exchange.
func encoded(t testing.TB, e *Exchange) (key string, data []byte) {
	t.Helper()
	key, err := e.Key()
	if err != nil {
		t.Fatal(err)
	}
	if data, err = e.Encode(); err != nil {
		t.Fatal(err)
	}
	return key, data
}

func TestExchangeReadsBack(t *testing.T) {
	plain := exchange()
	silent := exchange()
	silent.Response.Usage, silent.Response.Notes = nil, ""
	failed := exchange()
	failed.Response, failed.Failure = nil, &Failure{Agent: "mine", Kind: TooSlow, Reason: "it did not answer within 10m0s"}
	chat := exchange()
	chat.Identity = Identity{OpenAI: &Server{"https://example.com/v1", "m"}}
	for _, e := range []*Exchange{plain, silent, failed, chat} {
		key, data := encoded(t, e)
		back, err := DecodeExchange("file", data, key)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(e.Response, back.Response) + cmp.Diff(e.Failure, back.Failure) + cmp.Diff(e.Identity, back.Identity); d != "" {
			t.Error(d)
		}
		if _, again := encoded(t, back); !bytes.Equal(again, data) {
			t.Errorf("written again it is\n%s\nwant\n%s", again, data)
		}
	}
}

// TestExchangesThatAreNone changes the file of an exchange.
func TestExchangesThatAreNone(t *testing.T) {
	key, data := encoded(t, exchange())
	failed := exchange()
	failed.Response, failed.Failure = nil, &Failure{Kind: "bored", Reason: "it does not want to"}
	for _, tc := range []struct {
		name, want string
		data       string
		key        string
	}{
		{"the answer", "its answer was altered", strings.Replace(string(data), "// <1>", "// <2>", 1), key},
		{"the usage", "its answer was altered", strings.Replace(string(data), `"output_tokens": 2`, `"output_tokens": 3`, 1), key},
		{"the question", "belongs to another exchange", strings.Replace(string(data), `"seed": 7`, `"seed": 8`, 1), key},
		{"who was asked", "belongs to another exchange", strings.Replace(string(data), `"./agent"`, `"./other"`, 1), key},
		{"its name", "belongs to another exchange", string(data), strings.Repeat("0", 64)},
		{"cut", "is damaged", string(data[:len(data)/2]), key},
		{"empty", "is damaged", "", key},
		{"appended", "is damaged", string(data) + "{}", key},
		{"another file", "no exchange", `{"name": "left-pad"}`, key},
		{"binary", "no UTF-8", string(data) + "\xff", key},
		{"version", "version 2 of the format, expected 1", strings.Replace(string(data), `"cassette": 1`, `"cassette": 2`, 1), key},
		{"a response called a failure", "no exchange", strings.Replace(string(data), `"response"`, `"failure"`, 1), key},
		{"no answer", "neither a response nor a failure", string(data[:bytes.Index(data, []byte(`"response"`))]) + `"answer_sha256": ""}`, key},
		{"task", "holds no request", strings.Replace(string(data), `"task": "repair"`, `"task": "paint"`, 1), key},
	} {
		_, err := DecodeExchange("dir/file.json", []byte(tc.data), tc.key)
		if _, ok := errors.AsType[*CassetteError](err); !ok || !strings.HasPrefix(err.Error(), "cassette: dir/file.json: ") {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	// Files that are consistent, and say what no agent can have said.
	key, data = encoded(t, failed)
	if _, err := DecodeExchange("f", data, key); err == nil || !strings.Contains(err.Error(), `unknown kind "bored"`) {
		t.Error(err)
	}
	for want, change := range map[string]func(*Response){ // any order: each on its own
		"of protocol 2":    func(r *Response) { r.Protocol = 2 },
		"without a source": func(r *Response) { r.Source = "" },
		"-1 and 2 tokens":  func(r *Response) { r.Usage.InputTokens = -1 },
	} {
		e := exchange()
		change(e.Response)
		key, data := encoded(t, e)
		if _, err := DecodeExchange("f", data, key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	both := exchange()
	both.Failure = failed.Failure
	if _, err := both.Encode(); err == nil {
		t.Error("an exchange with a response and a failure is written")
	}
}

// TestCassetteFolder is a cassette that cannot be read or written, or is damaged.
func TestCassetteFolder(t *testing.T) {
	dir := t.TempDir()
	f := &fake{name: "mine"}
	key, err := Key("mine", f.Identity(), request())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName(key))
	if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	// A damaged answer is not asked for anew: somebody should know.
	_, err = propose(t, OpenCassette(dir, []Agent{f}, true), "mine", request())
	if _, ok := errors.AsType[*CassetteError](err); !ok || !strings.Contains(err.Error(), path) || f.asked.Load() != 0 {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err = propose(t, OpenCassette(dir, []Agent{f}, true), "mine", request())
	if _, ok := errors.AsType[*CassetteError](err); !ok || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = propose(t, OpenCassette(file, []Agent{f}, true), "mine", request())
	if _, ok := errors.AsType[*CassetteError](err); !ok {
		t.Error(err)
	}
	// What a crash left of a file being written does not count.
	for _, name := range []string{"." + FileName(key) + "123", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if source, err := propose(t, OpenCassette(dir, []Agent{f}, true), "mine", request()); err != nil || source != "package tool // 1" {
		t.Errorf("%q, %v", source, err)
	}
}

func FuzzDecodeExchange(f *testing.F) {
	fuzzing.Briefly(f)
	_, data := encoded(f, exchange())
	f.Add(data)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeExchange("f", data, strings.Repeat("0", 64))
		if err == nil {
			t.Fatalf("%+v has an impossible key", e)
		}
		if _, ok := errors.AsType[*CassetteError](err); !ok {
			t.Fatalf("%T", err)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add([]byte(answer(1, goodSource, "")))
	f.Add([]byte(`{"protocol":1,"source":"x"}{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, failure := decodeResponse(data, nil)
		if (r == nil) == (failure == nil) {
			t.Fatalf("%v, %v", r, failure)
		}
		if r == nil {
			return
		}
		e := exchange() // what is accepted can be recorded and read back
		e.Response = r
		key, file := encoded(t, e)
		if back, err := DecodeExchange("f", file, key); err != nil || cmp.Diff(r, back.Response) != "" {
			t.Fatalf("%v: %s", err, cmp.Diff(r, back.Response))
		}
	})
}
