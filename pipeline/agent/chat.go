package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Chat is an agent that is a model of a server which speaks the OpenAI chat
// completions API, as OpenAI and most servers of local models do. It uses that part
// of the API which all of them have: a model and two messages go there, one message
// comes back.
//
// The key is read from the environment when the server is asked, goes into one header,
// and is found nowhere else: texts that come back are searched for it before anything
// is done with them.
type Chat struct {
	Called  string
	BaseURL string        // such as https://api.openai.com/v1; see CheckBaseURL
	Model   string        // as the server calls it
	KeyEnv  string        // name of the environment variable that holds the key; "": the server needs none
	Timeout time.Duration // for one attempt; 0: 10 minutes

	// client and sleep are set by tests.
	client *http.Client
	sleep  func(context.Context, time.Duration) error
}

var _ Agent = (*Chat)(nil)

const (
	maxHeader     = 64 << 10 // bytes of the headers of a server's answer
	maxAttempts   = 5
	firstBackOff  = time.Second // doubled with each attempt: 1, 2, 4, 8 s
	maxRetryAfter = time.Minute // a server that asks for more is asked again another day
)

func (a *Chat) Name() string { return a.Called }
func (a *Chat) Identity() Identity {
	return Identity{OpenAI: &Server{BaseURL: a.BaseURL, Model: a.Model}}
}

// CheckBaseURL says what is wrong with the base URL of a server, "" if nothing is. A
// key goes over TLS or stays on this machine.
func CheckBaseURL(base string, withKey bool) string {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "expected the URL that ends before /chat/completions, such as https://api.openai.com/v1"
	case u.User != nil:
		return "it holds a user name or a password; the key belongs into the environment variable of key_env"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "it has a query or a fragment; expected scheme, host and path"
	case withKey && u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "a key would go to another machine in plain text; expected https"
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// The wire format, as far as it is used. What else a server says is not read.
type (
	chatRequest struct {
		Model    string        `json:"model"`
		Messages []chatMessage `json:"messages"`
	}
	chatMessage struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	chatResponse struct {
		Model   string `json:"model"`
		Choices []struct {
			FinishReason string `json:"finish_reason"`
			Message      struct {
				Content chatContent `json:"content"`
				Refusal string      `json:"refusal"`
			} `json:"message"`
		} `json:"choices"`
		Usage *struct {
			PromptTokens     int64 `json:"prompt_tokens"`
			CompletionTokens int64 `json:"completion_tokens"`
		} `json:"usage"`
	}
	chatError struct {
		Error struct {
			Message string `json:"message"`
			Code    any    `json:"code"` // a text, a number or null
		} `json:"error"`
	}
)

// chatContent is a text, or parts of which those called text count: some servers put
// what the model thinks into others.
type chatContent string

func (c *chatContent) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil { // null too
		*c = chatContent(text)
		return nil
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		if p.Type == "text" {
			*c += chatContent(p.Text)
		}
	}
	return nil
}

// Ask asks the model, again and again while the server is busy.
func (a *Chat) Ask(ctx context.Context, r Request) (*Response, error) {
	system, user, err := prompt(r)
	if err != nil {
		return nil, err
	}
	hidden, err := a.key()
	if err != nil {
		return nil, err
	}
	if problem := CheckBaseURL(a.BaseURL, hidden != nil); problem != "" {
		return nil, a.cannot("its base_url: "+problem, nil)
	}
	body, err := marshal(chatRequest{Model: a.Model, Messages: []chatMessage{{"system", system}, {"user", user}}})
	if err != nil {
		return nil, err
	}
	backOff := firstBackOff
	for attempt := 1; ; attempt++ {
		response, wait, err := a.once(ctx, body, hidden)
		if err == nil || wait == never {
			return response, err
		}
		if attempt == maxAttempts {
			return nil, a.cannot(fmt.Sprintf("%d attempts failed, the last one", maxAttempts), err)
		}
		// What the server asks for, but never less than the back-off.
		if err := a.pause(ctx, max(wait, backOff)); err != nil {
			return nil, err
		}
		backOff *= 2
	}
}

// never instead of a wait says that another attempt would end alike.
const never time.Duration = -1

func (a *Chat) cannot(msg string, err error) error {
	return &UnreachableError{Agent: a.Called, Msg: msg, Err: err}
}

// key reads the key; nil if the server needs none.
func (a *Chat) key() (secrets, error) {
	if a.KeyEnv == "" {
		return nil, nil
	}
	key := strings.TrimSpace(os.Getenv(a.KeyEnv))
	switch {
	case key == "":
		return nil, a.cannot(fmt.Sprintf("the environment variable %s, which is to hold its key, is not set", a.KeyEnv), nil)
	case len(key) < minSecret:
		return nil, a.cannot(fmt.Sprintf("%s holds %d bytes, which is no key; leave key_env out if the server needs none", a.KeyEnv, len(key)), nil)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, a.cannot(fmt.Sprintf("%s holds characters that no key has", a.KeyEnv), nil)
	}
	return secrets{{key, a.KeyEnv}}, nil
}

// once makes one attempt. wait says how long to wait before another at least, or never.
// Errors hold no secrets.
func (a *Chat) once(ctx context.Context, body []byte, hidden secrets) (r *Response, wait time.Duration, err error) {
	timeout := a.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	at := strings.TrimRight(a.BaseURL, "/") + "/chat/completions"
	req, err := http.NewRequestWithContext(limited, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return nil, never, a.cannot("its base_url", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "toolgen")
	if hidden != nil {
		req.Header.Set("Authorization", "Bearer "+hidden[0].value)
	}
	broke := func(err error) (*Response, time.Duration, error) {
		if ctx.Err() != nil {
			return nil, never, ctx.Err()
		}
		if limited.Err() != nil {
			return nil, 0, fmt.Errorf("%s did not answer within %v", at, timeout)
		}
		err = errors.New(excerpt(hidden.hide(err.Error())))
		return nil, 0, err
	}
	client := a.client
	if client == nil {
		client = httpClient
	}
	resp, err := client.Do(req)
	if err != nil {
		if distrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return nil, never, a.cannot("the certificate of its server is not trusted", distrusted.Err)
		}
		return broke(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return broke(err)
	}
	if len(answer) > maxAnswer {
		return nil, never, a.cannot(fmt.Sprintf("%s answers with more than %d bytes", at, maxAnswer), nil)
	}
	if resp.StatusCode != http.StatusOK {
		wait, err := a.refused(resp, answer, hidden)
		return nil, wait, err
	}
	r, err = a.read(at, answer, hidden)
	return r, never, err
}

// httpClient is shared by all agents. It follows no redirect, so that a key and a
// source go where the manifest says and nowhere else, and it reads no compressed
// answers, so that what is bounded is what was sent.
var httpClient = &http.Client{
	Transport: func() *http.Transport {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxResponseHeaderBytes = maxHeader
		t.DisableCompression = true
		return t
	}(),
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// refused turns an answer that is not "200 OK" into an error, and says whether and when
// to ask again.
func (a *Chat) refused(resp *http.Response, answer []byte, hidden secrets) (time.Duration, error) {
	status := resp.StatusCode
	var said chatError
	_ = json.Unmarshal(answer, &said) // of what is no JSON nothing is quoted
	code, _ := said.Error.Code.(string)
	message := fmt.Sprintf("its server answers %d %s", status, http.StatusText(status))
	if m := excerpt(hidden.hide(said.Error.Message)); m != "" {
		message += ": " + m
	}
	switch {
	case status >= 300 && status < 400:
		to := excerpt(hidden.hide(resp.Header.Get("Location")))
		return never, a.cannot(fmt.Sprintf("its server redirects to %s, which is not followed; if that is right, put it into base_url", to), nil)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		// Servers quote parts of the key here, so what they say is not repeated.
		if a.KeyEnv == "" {
			return never, a.cannot(fmt.Sprintf("its server answers %d %s; name the environment variable that holds a key by key_env", status, http.StatusText(status)), nil)
		}
		return never, a.cannot(fmt.Sprintf("its server answers %d %s: it does not accept the key in %s for model %s", status, http.StatusText(status), a.KeyEnv, a.Model), nil)
	case status == http.StatusRequestEntityTooLarge || status == http.StatusBadRequest && code == "context_length_exceeded":
		return never, &Failure{Agent: a.Called, Kind: TooLong, Reason: message}
	case status == http.StatusBadRequest && code == "content_filter":
		return never, &Failure{Agent: a.Called, Kind: Declined, Reason: message}
	case code == "insufficient_quota":
		return never, a.cannot(message, nil)
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		wait := retryAfter(resp.Header)
		if wait > maxRetryAfter {
			return never, a.cannot(fmt.Sprintf("%s; it asks to wait %v, longer than %v", message, wait, maxRetryAfter), nil)
		}
		return wait, errors.New(message)
	}
	return never, a.cannot(message, nil)
}

// retryAfter is how long a server asks to wait, 0 if it does not say. A time is
// counted from the server's own Date, for clocks differ, and a run reads none.
func retryAfter(h http.Header) time.Duration {
	after := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(after, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), 1_000_000)) * time.Second
	}
	until, err1 := http.ParseTime(after)
	date, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(until.Sub(date), 0)
}

// read takes the source out of a server's answer. If the envelope makes no sense,
// nobody has answered; what is in it is the model's.
func (a *Chat) read(at string, answer []byte, hidden secrets) (*Response, error) {
	var env chatResponse
	if err := json.Unmarshal(answer, &env); err != nil {
		return nil, a.cannot(fmt.Sprintf("%s does not speak the chat completions API; it answers %s", at, excerpt(hidden.hide(string(answer)))), nil)
	}
	if len(env.Choices) == 0 {
		return nil, a.cannot(fmt.Sprintf("%s answers without choices: %s", at, excerpt(hidden.hide(string(answer)))), nil)
	}
	choice := env.Choices[0]
	failed := func(kind, reason string) (*Response, error) {
		return nil, &Failure{Agent: a.Called, Kind: kind, Reason: reason}
	}
	if choice.Message.Refusal != "" {
		return failed(Declined, "the model declines: "+excerpt(hidden.hide(choice.Message.Refusal)))
	}
	if choice.FinishReason == "content_filter" {
		return failed(Declined, "the server's filter withholds the answer")
	}
	content := hidden.hide(string(choice.Message.Content))
	found := extract(content)
	if found.open && choice.FinishReason == "length" {
		return failed(CutShort, "the answer reached the model's limit before its end")
	}
	if found.source == "" {
		return failed(NoSource, "there is no Go file in its answer: "+excerpt(content))
	}
	r := &Response{Protocol: Protocol, Source: found.source, Notes: found.notes, Usage: &Usage{Model: a.Model}}
	if m := oneLine(hidden.hide(env.Model)); m != "" && len(m) <= maxModel {
		r.Usage.Model = m
	}
	if env.Usage != nil {
		r.Usage.InputTokens, r.Usage.OutputTokens = env.Usage.PromptTokens, env.Usage.CompletionTokens
	}
	if failure := r.check(); failure != nil {
		failure.Agent = a.Called
		return nil, failure
	}
	return r, nil
}

func (a *Chat) pause(ctx context.Context, d time.Duration) error {
	if a.sleep != nil {
		return a.sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
