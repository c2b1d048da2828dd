package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/renameio/v2"
)

// Exchange is what was asked of whom, and what came of it: a Response or a Failure. It
// is immutable.
type Exchange struct {
	Agent    string
	Identity Identity
	Request  Request
	Response *Response
	Failure  *Failure
}

// The file of an exchange, which is JSON in canonical form, indented for those who read
// it and compare versions of it. The key in its name covers the question, and
// answer_sha256 the answer.
type exchangeFile struct {
	Cassette     int       `json:"cassette"` // version of the format
	Agent        string    `json:"agent"`
	Identity     Identity  `json:"identity"`
	Request      Request   `json:"request"`
	Response     *Response `json:"response,omitempty"`
	Failure      *Failure  `json:"failure,omitempty"`
	AnswerSHA256 string    `json:"answer_sha256"` // of the response or the failure as compact JSON
}

const (
	cassetteVersion = 1
	maxExchange     = 64 << 20 // bytes of a file that is read
)

// Key is the key of an exchange: the SHA-256 of the agent's name, its identity and the
// canonical request, each framed by its length, in lower-case hex.
func Key(name string, id Identity, r Request) (string, error) {
	who, err := marshal(id)
	if err != nil {
		return "", err
	}
	what, err := r.Encode()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "toolgen exchange\n%d:%s%d:%s%d:%s", len(name), name, len(who), who, len(what), what)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Key returns the key of the exchange.
func (e *Exchange) Key() (string, error) { return Key(e.Agent, e.Identity, e.Request) }

// FileName is the name of an exchange's file in a cassette.
func FileName(key string) string { return key + ".json" }

// Encode returns the file of the exchange. Equal exchanges have equal bytes.
func (e *Exchange) Encode() ([]byte, error) {
	sum, err := e.answerSum()
	if err != nil {
		return nil, err
	}
	request, err := e.Request.Encode()
	if err != nil {
		return nil, err
	}
	f := exchangeFile{Cassette: cassetteVersion, Agent: e.Agent, Identity: e.Identity, Response: e.Response, Failure: e.Failure, AnswerSHA256: sum}
	if err := unmarshal(request, &f.Request); err != nil { // as it reads when it is read back
		return nil, fmt.Errorf("agent: %w", err)
	}
	return indented(f)
}

func (e *Exchange) answerSum() (string, error) {
	if (e.Response == nil) == (e.Failure == nil) {
		return "", errors.New("neither a response nor a failure, or both")
	}
	var answer any = e.Response
	if e.Failure != nil {
		answer = e.Failure
	}
	data, err := marshal(answer)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// DecodeExchange reads a file of a cassette and checks that it holds the exchange of
// that key, unaltered. path is for messages. The error is a *CassetteError.
func DecodeExchange(path string, data []byte, key string) (*Exchange, error) {
	bad := func(format string, args ...any) (*Exchange, error) {
		return nil, &CassetteError{Path: path, Msg: fmt.Sprintf(format, args...)}
	}
	if !utf8.Valid(data) {
		return bad("it is damaged: it is no UTF-8")
	}
	var f exchangeFile
	if err := unmarshal(data, &f); err != nil {
		return bad("it is damaged, or no exchange: %v", err)
	}
	if f.Cassette != cassetteVersion {
		return bad("it is of version %d of the format, expected %d", f.Cassette, cassetteVersion)
	}
	e := &Exchange{Agent: f.Agent, Identity: f.Identity, Request: f.Request, Response: f.Response, Failure: f.Failure}
	if e.Failure != nil {
		e.Failure.Agent = f.Agent
	}
	actual, err := e.Key()
	if err != nil {
		return bad("it holds no request: %v", err)
	}
	if actual != key {
		return bad("its name belongs to another exchange: its content is the one of %s", FileName(actual))
	}
	sum, err := e.answerSum()
	if err != nil {
		return bad("it is damaged: %v", err)
	}
	if sum != f.AnswerSHA256 {
		return bad("its answer was altered: its SHA-256 is %s, and the file says %s; remove the file, and the agent is asked anew", sum, f.AnswerSHA256)
	}
	if e.Failure != nil && !slices.Contains(failureKinds, e.Failure.Kind) {
		return bad("it records a failure of unknown kind %q", e.Failure.Kind)
	}
	if e.Response != nil {
		if e.Response.Protocol != Protocol {
			return bad("its response is of protocol %d, expected %d", e.Response.Protocol, Protocol)
		}
		if failure := e.Response.check(); failure != nil {
			return bad("its response is none: %s", failure.Reason)
		}
	}
	return e, nil
}

// readExchange reads an exchange from a cassette; nil if it is not there.
func readExchange(dir, key string) (*Exchange, error) {
	path := filepath.Join(dir, FileName(key))
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &CassetteError{Path: path, Msg: "it cannot be read", Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxExchange+1))
	if err != nil {
		return nil, &CassetteError{Path: path, Msg: "it cannot be read", Err: err}
	}
	if len(data) > maxExchange {
		return nil, &CassetteError{Path: path, Msg: fmt.Sprintf("it is larger than %d bytes", maxExchange)}
	}
	return DecodeExchange(path, data, key)
}

// writeExchange writes an exchange into a cassette, which is made if it is not there.
// When it returns without an error the file survives a crash, and at no moment is there
// a file that holds a part of it. Names with a leading dot are files being written, or
// what a crash left of one.
func writeExchange(dir, key string, e *Exchange) error {
	path := filepath.Join(dir, FileName(key))
	fail := func(err error) error { return fmt.Errorf("cassette: %s: %w", path, err) }
	data, err := e.Encode()
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fail(err)
	}
	// renameio syncs the file before it renames it, but not the folder.
	if err := renameio.WriteFile(path, data, 0o666, renameio.WithTempDir(dir)); err != nil {
		return fail(err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fail(err)
	}
	return nil
}

// indented is marshal, over several lines.
func indented(v any) ([]byte, error) {
	var b strings.Builder
	e := newEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	return []byte(b.String()), nil
}
