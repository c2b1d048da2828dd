package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const secretKey = "sk-kangaroo-0123456789"

// server answers as chat servers do, one handler an attempt; the last one stays.
type server struct {
	*httptest.Server
	requests []chatRequest
	headers  []http.Header
}

func newServer(t *testing.T, handlers ...http.HandlerFunc) *server {
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q chatRequest
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Errorf("the request is no JSON: %v", err)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/v1/chat/completions" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		s.requests, s.headers = append(s.requests, q), append(s.headers, r.Header)
		handlers[min(len(s.requests), len(handlers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// chat is an agent of the server that never waits; what it would wait is in naps.
func (s *server) chat(t *testing.T) (a *Chat, naps *[]time.Duration) {
	t.Setenv("AGENT_TEST_KEY", secretKey)
	naps = new([]time.Duration)
	return &Chat{
		Called: "model", BaseURL: s.URL + "/v1", Model: "tiny-1", KeyEnv: "AGENT_TEST_KEY", Timeout: time.Minute,
		sleep: func(ctx context.Context, d time.Duration) error {
			*naps = append(*naps, d)
			return ctx.Err()
		},
	}, naps
}

// says answers in the wire format of OpenAI, with keys that ToolGen does not read.
func says(content, finish string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{
			"id": "chatcmpl-1", "object": "chat.completion", "created": 1767225600, "model": "tiny-1-2026-01-01",
			"choices": []any{map[string]any{
				"index": 0, "finish_reason": finish, "logprobs": nil,
				"message": map[string]any{"role": "assistant", "content": content, "refusal": nil},
			}},
			"usage": map[string]any{"prompt_tokens": 321, "completion_tokens": 54, "total_tokens": 375},
		})
	}
}

func status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

const goodMessage = "I upper-case bytes.\n\n```go\n" + goodSource + "```\nDone."

func TestChatAnswers(t *testing.T) {
	s := newServer(t, says(goodMessage, "stop"))
	a, _ := s.chat(t)
	r, err := a.Ask(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	if r.Source != goodSource || r.Notes != "I upper-case bytes.\n\nDone." || *r.Usage != (Usage{"tiny-1-2026-01-01", 321, 54}) || r.Protocol != Protocol {
		t.Errorf("%+v %+v", r, r.Usage)
	}
	q := s.requests[0]
	if q.Model != "tiny-1" || len(q.Messages) != 2 || q.Messages[0].Role != "system" || q.Messages[1].Role != "user" {
		t.Errorf("%+v", q)
	}
	for _, want := range []string{
		"Repair it", "# The task: upper\n\nUpper case", `- input "\xffa", wanted "\xffA", got "" (wrong_output)`,
		`- input "", wanted: an error (trap), message "index out of range <0>"`, `- input "<b>\n", wanted "<B>\n"`,
		"```go\npackage tool\n```", "2 of 40 search cases fail", "20000 million instructions", "128 MiB", "SPDX-License-Identifier: MIT", "number 7",
	} {
		if !strings.Contains(q.Messages[1].Content, want) {
			t.Errorf("the message does not hold %q:\n%s", want, q.Messages[1].Content)
		}
	}
	if got := s.headers[0].Get("Authorization"); got != "Bearer "+secretKey {
		t.Errorf("Authorization: %q", got)
	}
	for _, task := range []Task{Mutate, Synthesize} {
		r := request()
		r.Task = task
		if task == Synthesize {
			r.Source, r.Failing, r.Passing = "", nil, nil
		}
		if _, err := a.Ask(t.Context(), r); err != nil {
			t.Error(task, err)
		}
	}
	if !strings.Contains(s.requests[1].Messages[1].Content, "Write a better one") || !strings.Contains(s.requests[2].Messages[1].Content, "Write a tool") {
		t.Error("the tasks are put into the same words")
	}
	a.KeyEnv = ""
	if _, err := a.Ask(t.Context(), request()); err != nil || s.headers[3].Get("Authorization") != "" {
		t.Errorf("%v; a header is sent without a key: %q", err, s.headers[3].Get("Authorization"))
	}
}

// TestChatFailures are answers of a model that hold no source. A rerun must see them,
// so they are failures.
func TestChatFailures(t *testing.T) {
	for _, tc := range []struct {
		name       string
		handler    http.HandlerFunc
		kind, want string
	}{
		{"no source", says("I cannot do that.", "stop"), NoSource, "no Go file in its answer: I cannot do that."},
		{"empty", says("", "stop"), NoSource, "no Go file"},
		{"empty block", says("```go\n\n```", "stop"), NoSource, "no Go file"},
		{"cut short", says("```go\npackage tool\nfunc Ru", "length"), CutShort, "limit"},
		{"filtered", says("", "content_filter"), Declined, "filter"},
		{"refusal", status(200, `{"choices":[{"message":{"content":null,"refusal":"I must not."}}]}`), Declined, "declines: I must not."},
		{"too long", status(400, `{"error":{"message":"maximum context length is 8","code":"context_length_exceeded"}}`), TooLong, "maximum context length"},
		{"too large", status(413, `nginx`), TooLong, "413"},
		{"azure filter", status(400, `{"error":{"message":"filtered","code":"content_filter"}}`), Declined, "filtered"},
		{"tokens", status(200, `{"choices":[{"message":{"content":"package tool"}}],"usage":{"prompt_tokens":-5}}`), NoResponse, "-5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, tc.handler)
			a, _ := s.chat(t)
			_, err := a.Ask(t.Context(), request())
			failure, ok := errors.AsType[*Failure](err)
			if !ok || failure.Kind != tc.kind || failure.Agent != "model" || !strings.Contains(failure.Reason, tc.want) {
				t.Fatalf("%v, want %s and %q", err, tc.kind, tc.want)
			}
			if len(s.requests) != 1 {
				t.Errorf("asked %d times", len(s.requests))
			}
		})
	}
}

// TestChatIsNotAskedTwice are answers that would come again, and that no model gave.
func TestChatIsNotAskedTwice(t *testing.T) {
	other := newServer(t, says(goodMessage, "stop"))
	for _, tc := range []struct {
		name, want string
		handler    http.HandlerFunc
	}{
		{"html", "does not speak the chat completions API; it answers <html>", status(200, "<html>\n<h1>Welcome</h1>")},
		{"broken JSON", "does not speak", status(200, `{"choices":[{"mess`)},
		{"other JSON", "without choices", status(200, `{"object":"list"}`)},
		{"oversized", "more than 8388608 bytes", func(w http.ResponseWriter, _ *http.Request) {
			line := []byte(strings.Repeat("x", 1<<16))
			for range maxAnswer>>16 + 1 {
				w.Write(line)
			}
		}},
		{"redirect", "redirects to " + other.URL, status(307, "", "Location", other.URL+"/v1/chat/completions")},
		{"redirect here", "redirects to /v2", status(308, "", "Location", "/v2/chat/completions")},
		{"unauthorized", "401 Unauthorized: it does not accept the key in AGENT_TEST_KEY", status(401, `{"error":{"message":"Incorrect API key provided: sk-kan******6789"}}`)},
		{"forbidden", "403 Forbidden", status(403, ``)},
		{"not found", "404 Not Found: The model tiny-1 does not exist", status(404, `{"error":{"message":"The model tiny-1 does not exist"}}`)},
		{"bad request", "400 Bad Request: unknown field", status(400, `{"error":{"message":"unknown field"}}`)},
		{"quota", "429 Too Many Requests: you have spent it", status(429, `{"error":{"message":"you have spent it","code":"insufficient_quota"}}`)},
		{"a long wait", "asks to wait 1h0m0s, longer than 1m0s", status(429, ``, "Retry-After", "3600")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, tc.handler)
			a, naps := s.chat(t)
			_, err := a.Ask(t.Context(), request())
			if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "agent model cannot be asked: ") {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if len(s.requests) != 1 || len(*naps) != 0 {
				t.Errorf("asked %d times, waits %v", len(s.requests), *naps)
			}
			if strings.Contains(err.Error(), "sk-kan") {
				t.Errorf("%v: a part of the key is quoted", err)
			}
		})
	}
	if len(other.requests) != 0 {
		t.Error("the redirect was followed")
	}
}

// TestChatIsAskedAgain is a server that is busy and then is not. The waits are the
// larger of what the server asks for and of the back-off: 1, 2, 4, 8 s.
func TestChatIsAskedAgain(t *testing.T) {
	date := "Thu, 01 Jan 2026 00:00:00 GMT"
	s := newServer(t,
		status(429, `{"error":{"message":"slow down"}}`, "Retry-After", "7"),
		status(503, `down`, "Retry-After", "Thu, 01 Jan 2026 00:00:30 GMT", "Date", date),
		status(500, ``, "Retry-After", "soon"),
		func(w http.ResponseWriter, _ *http.Request) { // breaks off in the middle
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"choices":`)
		},
		says(goodMessage, "stop"))
	a, naps := s.chat(t)
	r, err := a.Ask(t.Context(), request())
	if err != nil || r.Source != goodSource {
		t.Fatal(r, err)
	}
	if want := []time.Duration{7 * time.Second, 30 * time.Second, 4 * time.Second, 8 * time.Second}; !slices.Equal(*naps, want) {
		t.Errorf("it waits %v, want %v", *naps, want)
	}
	for i := range s.requests {
		if i > 0 && fmt.Sprint(s.requests[i]) != fmt.Sprint(s.requests[0]) {
			t.Error("it asks for something else")
		}
	}
}

func TestChatGivesUp(t *testing.T) {
	s := newServer(t, status(502, `{"error":{"message":"bad gateway"}}`))
	a, naps := s.chat(t)
	_, err := a.Ask(t.Context(), request())
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "5 attempts failed, the last one: its server answers 502 Bad Gateway: bad gateway") {
		t.Error(err)
	}
	if len(s.requests) != 5 || len(*naps) != 4 {
		t.Errorf("asked %d times, waited %d times", len(s.requests), len(*naps))
	}
	// Nobody listens.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.BaseURL = "http://" + l.Addr().String()
	l.Close()
	_, err = a.Ask(t.Context(), request())
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
	// It is cancelled while it waits.
	ctx, cancel := context.WithCancel(t.Context())
	a.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, err := a.Ask(ctx, request()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestChatSlow(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	a, naps := s.chat(t)
	a.Timeout = 50 * time.Millisecond
	_, err := a.Ask(t.Context(), request())
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "did not answer within 50ms") || len(*naps) != 4 {
		t.Errorf("%v after %v", err, *naps)
	}
}

// TestChatHeaderBomb is a server whose headers do not end.
func TestChatHeaderBomb(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 64 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 4096))
		}
		says(goodMessage, "stop")(w, nil)
	})
	a, _ := s.chat(t)
	_, err := a.Ask(t.Context(), request())
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "header") {
		t.Errorf("%v, want that its headers are too large", err)
	}
}

// TestChatHidesTheKey is a server that sends the key back wherever it can. It must not
// come out: not in the source, the notes, the model's name, or a message.
func TestChatHidesTheKey(t *testing.T) {
	escaped := strings.ReplaceAll(secretKey, "k", `\u006b`)
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"source", says("your key is "+secretKey+"\n```go\npackage tool // "+secretKey+"\n```", "stop")},
		{"escaped", status(200, `{"model":"`+escaped+`","choices":[{"message":{"content":"package tool // `+escaped+`"}}]}`)},
		{"parts", status(200, `{"choices":[{"message":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"package tool // `+escaped+`"}]}}]}`)},
		{"no source", says("your key is "+secretKey, "stop")},
		{"cut", says(strings.Repeat("x", maxExcerpt-5)+secretKey, "stop")},
		{"refusal", status(200, `{"choices":[{"message":{"refusal":"`+secretKey+`"}}]}`)},
		{"html", status(200, "<html>"+secretKey)},
		{"no choices", status(200, `{"key":"`+secretKey+`"}`)},
		{"error", status(500, `{"error":{"message":"`+escaped+`"}}`)},
		{"bad request", status(400, `{"error":{"message":"`+secretKey+`"}}`)},
		{"redirect", status(302, ``, "Location", "https://example.com/?key="+secretKey)},
		{"unauthorized", status(401, `{"error":{"message":"`+secretKey+`"}}`)},
		{"retry", status(429, ``, "Retry-After", secretKey)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, tc.handler)
			a, _ := s.chat(t)
			dir := t.TempDir()
			p, err := OpenCassette(dir, []Agent{a}, true).Player("model")
			if err != nil {
				t.Fatal(err)
			}
			source, notes, usage, err := p.Propose(t.Context(), request())
			all := fmt.Sprint(source, notes, err)
			if usage != nil {
				all += usage.Model
			}
			all += files(t, dir)
			if strings.Contains(all, "kangaroo") {
				t.Errorf("the key came out: %s", all)
			}
			if tc.name == "source" && !strings.Contains(source, "[AGENT_TEST_KEY]") {
				t.Errorf("%q, want the name in the key's place", source)
			}
		})
	}
}

func TestChatKeys(t *testing.T) {
	s := newServer(t, says(goodMessage, "stop"))
	for _, tc := range []struct{ value, want string }{
		{"", "AGENT_TEST_KEY, which is to hold its key, is not set"},
		{"EMPTY", "5 bytes, which is no key"},
		{"sk-kangaroo\n0123", "characters that no key has"},
		{"sk-kangaroo-é", "characters that no key has"},
	} {
		a, _ := s.chat(t)
		t.Setenv("AGENT_TEST_KEY", tc.value)
		_, err := a.Ask(t.Context(), request())
		if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "kangaroo") {
			t.Errorf("%q: %v, want %q", tc.value, err, tc.want)
		}
	}
	a, _ := s.chat(t)
	t.Setenv("AGENT_TEST_KEY", secretKey+"\n") // as `export KEY=$(cat file)` would not leave, and a .env file may
	if _, err := a.Ask(t.Context(), request()); err != nil {
		t.Error(err)
	}
	if len(s.requests) != 1 {
		t.Errorf("%d requests, want the last one alone", len(s.requests))
	}
}

func TestBaseURLs(t *testing.T) {
	for _, tc := range []struct {
		url  string
		key  bool
		want string // "": fine
	}{
		{"https://api.openai.com/v1", true, ""},
		{"http://localhost:11434/v1/", true, ""},
		{"http://[::1]:8080", true, ""},
		{"http://127.0.0.1:8080/v1", true, ""},
		{"http://10.0.0.7:8000/v1", false, ""},
		{"http://10.0.0.7:8000/v1", true, "plain text"},
		{"http://localhost.example.com/v1", true, "plain text"},
		{"https://user:pw@example.com", false, "user name"},
		{"https://example.com?key=1", false, "query"},
		{"https://example.com/v1#x", false, "query or a fragment"},
		{"ftp://example.com", false, "such as"},
		{"api.openai.com/v1", false, "such as"},
		{"https://:443/", false, "such as"},
		{"https://exa mple", false, "such as"},
		{"", false, "such as"},
	} {
		got := CheckBaseURL(tc.url, tc.key)
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.url, got, tc.want)
		}
	}
	a := Chat{Called: "model", BaseURL: "https://user:secret-pw@example.com"}
	if _, err := a.Ask(t.Context(), request()); err == nil || strings.Contains(err.Error(), "secret-pw") {
		t.Errorf("%v, want an error without the password", err)
	}
}

// TestChatDistrustsCertificates is a server whose certificate nobody has signed.
func TestChatDistrustsCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(says(goodMessage, "stop"))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the client's distrust
	s.StartTLS()
	defer s.Close()
	a := &Chat{Called: "model", BaseURL: s.URL, Model: "m", sleep: func(context.Context, time.Duration) error { t.Error("asked again"); return nil }}
	_, err := a.Ask(t.Context(), request())
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "certificate of its server is not trusted") {
		t.Error(err)
	}
	a.client = s.Client() // trusts it
	if r, err := a.Ask(t.Context(), request()); err != nil || r.Source != goodSource {
		t.Error(err)
	}
}
