package agent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Protocol is the version of the protocol that this package speaks. It stands in every
// request and every response.
const Protocol = 1

// Task is what an agent is asked to do.
type Task string

const (
	Repair     Task = "repair"     // make Source pass the failing cases, and go on passing the others
	Synthesize Task = "synthesize" // write a tool from nothing; Source is empty
	Mutate     Task = "mutate"     // write a better or another variation of Source
)

// Request is a question to an agent. Two requests that are alike are one question: the
// Seed sets apart what is to be answered anew.
type Request struct {
	Protocol    int    `json:"protocol"` // 0: Encode fills it in
	Task        Task   `json:"task"`
	Spec        Spec   `json:"spec"`
	Source      string `json:"source"` // one Go file; "" for Synthesize
	Failing     []Case `json:"failing"`
	Passing     []Case `json:"passing"`     // some that pass, to say what must stay as it is
	Diagnostics string `json:"diagnostics"` // what is known about Source: its verdict, what the gate refused
	Budget      Budget `json:"budget"`
	Seed        int64  `json:"seed"` // 0 .. 2^53-1
}

// Spec is what the tool must do, with the keys of spec.json.
type Spec struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	License     string `json:"license"` // SPDX id that the source must bear
	Input       Media  `json:"input"`
	Output      Media  `json:"output"`
	Compare     string `json:"compare"` // how an output is compared with the expected one
	Examples    []Case `json:"examples"`
}

// Media is what kind of bytes the tool reads or writes.
type Media struct {
	MediaType string `json:"media_type"`
}

// Budget is what one call of the tool may spend.
type Budget struct {
	TimeoutMS   float64 `json:"timeout_ms"` // virtual milliseconds
	FuelPerMS   int64   `json:"fuel_per_ms"`
	MemoryBytes int64   `json:"memory_bytes"`
}

// Case is one input with what is wanted and, of a failing one, what came instead. Bytes
// that are no UTF-8 travel as input_base64, output_base64 and got_base64.
type Case struct {
	Name  string
	Input []byte
	// Output is what is wanted; nil if Error is set, or if it is not known because the
	// spec's check judges outputs by itself.
	Output []byte
	Error  bool // an error is wanted

	Verdict string // how a failing case ended: wrong_output, trap, timeout, ...; "" of others
	Got     []byte // what a failing case answered; nil if it answered nothing
	Message string // the error that it returned instead, or what trapped
}

type caseJSON struct {
	Name         string  `json:"name,omitempty"`
	Input        *string `json:"input,omitempty"`
	InputBase64  *string `json:"input_base64,omitempty"`
	Output       *string `json:"output,omitempty"`
	OutputBase64 *string `json:"output_base64,omitempty"`
	Error        bool    `json:"error,omitempty"`
	Verdict      string  `json:"verdict,omitempty"`
	Got          *string `json:"got,omitempty"`
	GotBase64    *string `json:"got_base64,omitempty"`
	Message      string  `json:"message,omitempty"`
}

// MarshalJSON writes the case with the keys of a line of cases.jsonl, and verdict, got
// and message beside them.
func (c Case) MarshalJSON() ([]byte, error) {
	j := caseJSON{Name: c.Name, Error: c.Error, Verdict: c.Verdict, Message: c.Message}
	input := c.Input
	if input == nil {
		input = []byte{} // an empty input is one
	}
	j.Input, j.InputBase64 = asText(input)
	j.Output, j.OutputBase64 = asText(c.Output)
	j.Got, j.GotBase64 = asText(c.Got)
	return marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Case) UnmarshalJSON(data []byte) error {
	var j caseJSON
	if err := unmarshal(data, &j); err != nil {
		return err
	}
	*c = Case{Name: j.Name, Error: j.Error, Verdict: j.Verdict, Message: j.Message}
	for _, f := range []struct {
		name    string
		to      *[]byte
		text, b *string
	}{
		{"input", &c.Input, j.Input, j.InputBase64},
		{"output", &c.Output, j.Output, j.OutputBase64},
		{"got", &c.Got, j.Got, j.GotBase64},
	} {
		switch {
		case f.text != nil && f.b != nil:
			return fmt.Errorf("both %s and %[1]s_base64, expected one", f.name)
		case f.text != nil:
			*f.to = []byte(*f.text)
		case f.b != nil:
			b, err := base64.StdEncoding.Strict().DecodeString(*f.b)
			if err != nil {
				return fmt.Errorf("%s_base64: %w", f.name, err)
			}
			*f.to = append([]byte{}, b...) // empty, not nil
		}
	}
	if c.Input == nil {
		return errors.New("neither input nor input_base64")
	}
	return nil
}

// asText returns bytes as text or, where they are no UTF-8, as base64; nil as neither.
func asText(b []byte) (text, encoded *string) {
	if b == nil {
		return nil, nil
	}
	s := string(b)
	if utf8.ValidString(s) {
		return &s, nil
	}
	s = base64.StdEncoding.EncodeToString(b)
	return nil, &s
}

// Encode returns the request as canonical JSON: one line, keys in the order of the
// struct, nothing escaped for HTML, absent lists as []. Equal requests have equal
// bytes. A text that is no UTF-8 is an error, for JSON would change it.
func (r Request) Encode() ([]byte, error) {
	if r.Protocol == 0 {
		r.Protocol = Protocol
	}
	r.Failing, r.Passing = notNil(r.Failing), notNil(r.Passing)
	r.Spec.Examples = notNil(r.Spec.Examples)
	switch {
	case r.Protocol != Protocol:
		return nil, fmt.Errorf("agent: request of protocol %d, expected %d", r.Protocol, Protocol)
	case r.Task != Repair && r.Task != Synthesize && r.Task != Mutate:
		return nil, fmt.Errorf("agent: request for task %q, expected %s, %s or %s", r.Task, Repair, Synthesize, Mutate)
	case r.Spec.ID == "":
		return nil, errors.New("agent: request without the id of a spec")
	case (r.Source == "") != (r.Task == Synthesize):
		return nil, fmt.Errorf("agent: request for task %s with a source of %d bytes", r.Task, len(r.Source))
	case r.Seed < 0 || r.Seed > maxNumber:
		return nil, fmt.Errorf("agent: request with seed %d, expected 0 to %d", r.Seed, int64(maxNumber))
	}
	texts := []struct{ name, text string }{
		{"source", r.Source}, {"diagnostics", r.Diagnostics}, {"spec.id", r.Spec.ID}, {"spec.title", r.Spec.Title},
		{"spec.description", r.Spec.Description}, {"spec.license", r.Spec.License}, {"spec.compare", r.Spec.Compare},
		{"spec.input", r.Spec.Input.MediaType}, {"spec.output", r.Spec.Output.MediaType},
	}
	for _, list := range [][]Case{r.Failing, r.Passing, r.Spec.Examples} {
		for _, c := range list {
			texts = append(texts, struct{ name, text string }{"a case's text", c.Name + c.Verdict + c.Message})
		}
	}
	for _, t := range texts {
		if !utf8.ValidString(t.text) {
			return nil, fmt.Errorf("agent: request: %s is no UTF-8", t.name)
		}
	}
	return marshal(r)
}

func notNil(list []Case) []Case {
	if list == nil {
		return []Case{}
	}
	return list
}

// Response is an agent's answer: one Go file, whatever it may be worth.
type Response struct {
	Protocol int    `json:"protocol"`
	Source   string `json:"source"`
	Notes    string `json:"notes,omitempty"` // for people
	Usage    *Usage `json:"usage,omitempty"` // nil: the agent does not say
}

// Usage is what an answer cost.
type Usage struct {
	Model        string `json:"model"` // "": the agent does not say
	InputTokens  int64  `json:"input_tokens"`
	OutputTokens int64  `json:"output_tokens"`
}

const (
	// maxAnswer is how many bytes an agent may write: far above the largest source that
	// the gate accepts.
	maxAnswer = 8 << 20
	maxNotes  = 16 << 10
	maxModel  = 200
	maxNumber = 1<<53 - 1 // what every reader of JSON can hold
)

// decodeResponse reads what an agent wrote. What is wrong with it is a *Failure
// without the agent's name, and without the secrets.
func decodeResponse(data []byte, hidden secrets) (*Response, *Failure) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &Failure{Kind: NoResponse, Reason: "it wrote nothing to stdout; expected one JSON object"}
	}
	if !utf8.Valid(data) {
		return nil, &Failure{Kind: NoResponse, Reason: "its answer is no UTF-8"}
	}
	// First the version, so that an answer of a later protocol is called by its name.
	d := json.NewDecoder(bytes.NewReader(data))
	var version struct {
		Protocol *int `json:"protocol"`
	}
	if err := d.Decode(&version); err != nil {
		return nil, &Failure{Kind: NoResponse, Reason: fmt.Sprintf("its answer is no JSON object (%v): %s", err, excerpt(hidden.hide(string(data))))}
	}
	switch {
	case version.Protocol == nil:
		return nil, &Failure{Kind: WrongProtocol, Reason: fmt.Sprintf("its answer names no protocol, expected %d", Protocol)}
	case *version.Protocol != Protocol:
		return nil, &Failure{Kind: WrongProtocol, Reason: fmt.Sprintf("it answers in protocol %d, expected %d", *version.Protocol, Protocol)}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, &Failure{Kind: NoResponse, Reason: "it wrote more than one answer; expected one JSON object and nothing after it"}
	}
	r := new(Response)
	if err := unmarshal(data, r); err != nil {
		return nil, &Failure{Kind: NoResponse, Reason: "its answer: " + excerpt(hidden.hide(strings.TrimPrefix(err.Error(), "json: ")))}
	}
	r.Notes = hidden.hide(r.Notes)
	if failure := r.check(); failure != nil {
		return nil, failure
	}
	return r, nil
}

// check says what is wrong with the values of a response.
func (r *Response) check() *Failure {
	if strings.TrimSpace(r.Source) == "" {
		reason := "it answered without a source"
		if r.Notes != "" {
			reason += ": " + excerpt(r.Notes)
		}
		return &Failure{Kind: NoSource, Reason: reason}
	}
	if len(r.Notes) > maxNotes {
		r.Notes = strings.ToValidUTF8(r.Notes[:maxNotes], "")
	}
	if u := r.Usage; u != nil {
		switch {
		case len(u.Model) > maxModel:
			return &Failure{Kind: NoResponse, Reason: fmt.Sprintf("its usage.model is %d bytes long, expected at most %d", len(u.Model), maxModel)}
		case u.InputTokens < 0 || u.OutputTokens < 0 || u.InputTokens > maxNumber || u.OutputTokens > maxNumber:
			return &Failure{Kind: NoResponse, Reason: fmt.Sprintf("its usage counts %d and %d tokens", u.InputTokens, u.OutputTokens)}
		}
	}
	return nil
}

// marshal is json.Marshal without its escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := newEncoder(&b).Encode(v); err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// unmarshal reads exactly one JSON value that has no unknown keys.
func unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}
