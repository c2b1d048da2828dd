package handoff

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"toolgen/seed"
)

// MaxBytes is how large a handoff's file may be; ours have less than a kilobyte.
const MaxBytes = 1 << 20

func size(n int64) string {
	if n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// document is a handoff's file as strangers write it: keys may be missing or null.
type document struct {
	TS            json.RawMessage `json:"ts"`
	Source        *string         `json:"source"`
	SpecPath      *string         `json:"spec_path"`
	BundleDir     *string         `json:"bundle_dir"`
	Epoch         *int32          `json:"epoch"`
	ImplStyle     *string         `json:"impl_style"`
	Reason        *string         `json:"reason"`
	Metrics       *Metrics        `json:"metrics"`
	ID            *string         `json:"handoff_id"`
	Seed          *int64          `json:"seed"`
	CandidateID   *string         `json:"candidate_id"`
	SchemaVersion *int            `json:"schema_version"`
}

// Parse reads the content of a handoff's file. Keys that it does not know are left to
// whoever wrote them. A file without handoff_id is of the old form: the SHA-256 of its
// bytes becomes its id, its seed is UnsaidSeed unless it says one, and old is true.
func Parse(data []byte) (h Handoff, old bool, err error) {
	if !utf8.Valid(data) {
		return h, false, errors.New("it is no UTF-8")
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); err != nil {
		return h, false, jsonError(err, len(data))
	}
	if _, err := dec.Token(); err != io.EOF {
		return h, false, fmt.Errorf("it goes on behind its JSON object, at byte %d", dec.InputOffset())
	}
	h = Handoff{
		Source: text(doc.Source), SpecPath: text(doc.SpecPath), BundleDir: text(doc.BundleDir), ImplStyle: doc.ImplStyle,
		Reason: text(doc.Reason), ID: text(doc.ID), CandidateID: text(doc.CandidateID),
	}
	if h.TS, err = readTime(doc.TS); err != nil {
		return h, false, err
	}
	if doc.Epoch != nil {
		h.Epoch = int(*doc.Epoch)
	}
	if doc.Metrics != nil {
		h.Metrics = *doc.Metrics
	}
	h.Seed = UnsaidSeed
	if doc.Seed != nil {
		h.Seed = *doc.Seed
	}
	for _, s := range []struct {
		key, value string
		needed     bool
	}{{"spec_path", h.SpecPath, true}, {"bundle_dir", h.BundleDir, true}, {"source", h.Source, false}, {"impl_style", text(h.ImplStyle), false}, {"reason", h.Reason, false}} {
		if err := checkText(s.key, s.value, s.needed); err != nil {
			return h, false, err
		}
	}
	switch {
	case h.Epoch < 0:
		return h, false, fmt.Errorf("epoch %d, expected 0 or more", h.Epoch)
	case !goodSeed(h.Seed):
		return h, false, badSeed(h.Seed)
	case doc.SchemaVersion != nil && *doc.SchemaVersion != SchemaVersion:
		return h, false, fmt.Errorf("schema_version %d, expected %d", *doc.SchemaVersion, SchemaVersion)
	case h.CandidateID != "" && !hexDigest.MatchString(h.CandidateID):
		return h, false, fmt.Errorf("candidate_id %.80q, expected 64 lower-case hex digits", h.CandidateID)
	}
	if doc.ID == nil {
		sum := sha256.Sum256(data)
		h.ID = hex.EncodeToString(sum[:])
		return h, true, nil
	}
	// An id that nothing vouches for could be another handoff's, which would then count
	// as done.
	if doc.Seed == nil || doc.CandidateID == nil || doc.Epoch == nil {
		return h, false, errors.New("it has a handoff_id, but not all of seed, epoch and candidate_id, of which the id is the hash")
	}
	if id := ID(h.Seed, h.Epoch, h.CandidateID); h.ID != id {
		return h, false, fmt.Errorf("handoff_id %.80q, expected %s, the hash of seed, epoch and candidate_id", h.ID, id)
	}
	h.SchemaVersion = SchemaVersion
	return h, false, nil
}

// UnsaidSeed is the seed of a handoff that says none: what every tool of the project
// takes where nobody says another one.
const UnsaidSeed = 1

// goodSeed says whether every reader of JSON keeps a seed exactly.
func goodSeed(s int64) bool { return s >= 0 && s <= seed.Max }

func badSeed(s int64) error { return fmt.Errorf("seed %d, expected 0 to %d", s, int64(seed.Max)) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// jsonError says what is wrong without the words of the decoder's Go types.
func jsonError(err error, length int) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := wrong.Field
		if where == "" {
			where = "it"
		}
		return fmt.Errorf("%s is of the wrong type: %s at byte %d", where, wrong.Value, wrong.Offset)
	}
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok && bad.Offset < int64(length) {
		return fmt.Errorf("it is no JSON: %v at byte %d", bad, bad.Offset)
	}
	if length == 0 {
		return errors.New("it is empty")
	}
	return errors.New("its JSON is cut short")
}

// maxText is the longest text of a key; no path of Linux is longer.
const maxText = 4096

func checkText(key, s string, needed bool) error {
	switch {
	case needed && s == "":
		return fmt.Errorf("it has no %s", key)
	case len(s) > maxText:
		return fmt.Errorf("%s has %d bytes, more than %d", key, len(s), maxText)
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%s %.80q has control characters", key, s)
	}
	return nil
}

// readTime reads the moments that programs have written: RFC 3339, the same without a
// zone (taken for UTC), and seconds since 1970. Nothing is decided by it, so a text in
// another form is no reason to refuse a handoff: it is the zero time.
func readTime(raw json.RawMessage) (time.Time, error) {
	var v any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &v); err != nil {
			return time.Time{}, fmt.Errorf("ts: %w", err)
		}
	}
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case float64:
		if math.Abs(v) > 1e11 {
			return time.Time{}, nil
		}
		return time.UnixMicro(int64(math.Round(v * 1e6))).UTC(), nil
	case string:
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, nil
	}
	return time.Time{}, errors.New("ts is of the wrong type: expected a text or a number")
}

// checkName says what is wrong with a file's name; nil if nothing is.
func checkName(name string) error {
	if !utf8.ValidString(name) {
		return errors.New("its name is no UTF-8")
	}
	hidden := func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }
	if strings.ContainsFunc(name, hidden) {
		return errors.New("its name has control characters, or others that do not show")
	}
	return nil
}
