package handoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// LineageRepaired is the lineage of what the repair lab has made.
const LineageRepaired = "repairlab_fixed"

// MaxSourceBytes is how large a challenger's source may be.
const MaxSourceBytes = 1 << 20

// Challenger is a repaired candidate on its way into a tournament: the file
// CHALLENGERS/challenger_<id>.json, with the source beside it.
type Challenger struct {
	ID         string            `json:"challenger_id"` // the repaired candidate's id
	HandoffID  string            `json:"handoff_id"`    // what it was repaired for
	Spec       string            `json:"spec"`          // id of the spec
	SourcePath string            `json:"source_path"`   // a file in the same folder; WriteChallenger fills it in
	ParentIDs  []string          `json:"parent_ids"`    // the candidates it was made of; [] if that is not known
	Lineage    string            `json:"lineage"`       // LineageRepaired
	Metrics    ChallengerMetrics `json:"metrics"`

	Source []byte `json:"-"` // what SourcePath names
}

// ChallengerMetrics is how a challenger did in the lab; null is what was not measured, or
// what the spec has no cases for.
type ChallengerMetrics struct {
	Correctness         float64  `json:"correctness"`
	Fitness             *float64 `json:"fitness"`
	ValidateCorrectness *float64 `json:"validate_correctness"`
	HoldoutCorrectness  *float64 `json:"holdout_correctness"`
}

// ChallengerName is the name of a challenger's file.
func ChallengerName(id string) string { return "challenger_" + id + ".json" }

var (
	challengerName = regexp.MustCompile(`^challenger_(.*)\.json$`)
	specID         = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
)

// WriteChallenger writes a challenger into a folder, which it creates, and returns the
// path of its file. One that is there already stays as it is: an id stands for one
// source, however often it was found. The source is on disk under its name before the
// file that names it. When it returns without an error both files survive a crash,
// whoever has written them.
func WriteChallenger(dir string, c Challenger) (path string, err error) {
	return writeChallengerBy(osDisk{}, dir, c)
}

func writeChallengerBy(d disk, dir string, c Challenger) (path string, err error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("challengers %s: %w", dir, err) }
	data, err := c.Encode()
	if err != nil {
		return fail(err)
	}
	c.SourcePath = c.sourceName()
	path = filepath.Join(dir, ChallengerName(c.ID))
	if len(c.Source) == 0 || len(c.Source) > MaxSourceBytes {
		return fail(fmt.Errorf("challenger %.12s: a source of %d bytes, expected up to %s", c.ID, len(c.Source), size(MaxSourceBytes)))
	}
	if err := makeFolder(d, dir); err != nil {
		return fail(err)
	}
	if there, err := readChallenger(dir, c.ID); err == nil && bytes.Equal(there.Source, c.Source) {
		// Whoever has written it may have died before its names were safe.
		if err := d.sync(dir); err != nil {
			return fail(err)
		}
		return path, nil
	}
	for _, f := range []struct {
		path string
		data []byte
	}{{filepath.Join(dir, c.SourcePath), c.Source}, {path, data}} {
		if err := shareFile(d, f.path, f.data); err != nil {
			return fail(err)
		}
	}
	return path, nil
}

func (c *Challenger) sourceName() string { return "challenger_" + c.ID + ".go" }

// Files are the challenger's two files by name, as WriteChallenger writes them: the same
// challenger gives the same bytes, however its file was written.
func (c Challenger) Files() (map[string][]byte, error) {
	data, err := c.Encode()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{ChallengerName(c.ID): data, c.sourceName(): c.Source}, nil
}

// Encode returns the content of the challenger's file.
func (c Challenger) Encode() ([]byte, error) {
	c.SourcePath = c.sourceName()
	if c.ParentIDs == nil {
		c.ParentIDs = []string{}
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("challenger %.12s: %w", c.ID, err)
	}
	return encodeJSON(c)
}

// ReadChallengers reads every challenger of a folder, sorted by id, with its source.
// Files of other names are none of its business; one that is named like a challenger
// and is none is an error that names it, and so is a folder that is not there. That a
// challenger's id is the hash of its spec and source is for the caller to check.
func ReadChallengers(dir string) ([]Challenger, error) {
	files, err := os.ReadDir(dir) // sorted by name, so by id
	if err != nil {
		return nil, fmt.Errorf("challengers: %w", err)
	}
	var list []Challenger
	for _, f := range files {
		m := challengerName.FindStringSubmatch(f.Name())
		if m == nil {
			continue
		}
		c, err := readChallenger(dir, m[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, f.Name()), err)
		}
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Challenger) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

func readChallenger(dir, id string) (*Challenger, error) {
	data, _, err := readFile(osDisk{}, filepath.Join(dir, ChallengerName(id)), MaxBytes)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, errors.New("it is no UTF-8")
	}
	var c Challenger
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return nil, fmt.Errorf("it has a key that challengers do not have: %s", key)
		}
		return nil, jsonError(err, len(data))
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("it goes on behind its JSON object, at byte %d", dec.InputOffset())
	}
	if c.ID != id {
		return nil, fmt.Errorf("challenger_id %.80q, expected %s, as its name says", c.ID, id)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Source, _, err = readFile(osDisk{}, filepath.Join(dir, c.SourcePath), MaxSourceBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("there is no such file")
	case err == nil && len(c.Source) == 0:
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("source_path %.200q: %w", c.SourcePath, err)
	}
	return &c, nil
}

func (c *Challenger) check() error {
	switch {
	case !hexDigest.MatchString(c.ID):
		return fmt.Errorf("challenger_id %.80q, expected 64 lower-case hex digits", c.ID)
	case !hexDigest.MatchString(c.HandoffID):
		return fmt.Errorf("handoff_id %.80q, expected 64 lower-case hex digits", c.HandoffID)
	case !specID.MatchString(c.Spec):
		return fmt.Errorf("spec %.80q, expected the id of a spec", c.Spec)
	case c.SourcePath == "":
		return errors.New("it has no source_path")
	case c.SourcePath != filepath.Base(c.SourcePath) || !filepath.IsLocal(c.SourcePath):
		return fmt.Errorf("source_path %.200q, expected the name of a file in the folder", c.SourcePath)
	case c.ParentIDs == nil:
		return errors.New("it has no parent_ids")
	case c.Lineage != LineageRepaired:
		return fmt.Errorf("lineage %.80q, expected %s", c.Lineage, LineageRepaired)
	}
	for _, p := range c.ParentIDs {
		if !hexDigest.MatchString(p) {
			return fmt.Errorf("parent_ids: %.80q, expected 64 lower-case hex digits", p)
		}
	}
	return c.Metrics.check()
}

func (m *ChallengerMetrics) check() error {
	for _, f := range []struct {
		key   string
		value *float64
		most  float64
	}{
		{"correctness", &m.Correctness, 1},
		{"fitness", m.Fitness, 2}, // above 1 by the diversity bonus
		{"validate_correctness", m.ValidateCorrectness, 1},
		{"holdout_correctness", m.HoldoutCorrectness, 1},
	} {
		if f.value != nil && !(*f.value >= 0 && *f.value <= f.most) {
			return fmt.Errorf("metrics: %s %v, expected 0 to %v", f.key, *f.value, f.most)
		}
	}
	return nil
}
