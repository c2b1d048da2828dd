package compare

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"toolgen/datasets"
)

// SavedSchema is the first key of a saved experiment. The number is raised when a reader
// of the old one would misread the new one.
const SavedSchema = "toolgen/saved/1"

// saved is the file that `toolgen bench --save` writes and `toolgen compare` reads as BASE:
//
//	{
//	  "schema": "toolgen/saved/1",
//	  "sha256": "...",          of the file with this value empty
//	  "experiment_id": "...",   as in lock.json, of all its runs
//	  "identity": {...},        as in lock.json, with the seeds of all its runs
//	  "points": [{"spec", "style", "seed", "candidate_id", "metrics": {...}, "counts": {...}}, ...],
//	  "timings": [{"spec", "style", "seed", "candidate_id", "host", "rank", "wall_ns": [...]}, ...]
//	}
type saved struct {
	Schema       string            `json:"schema"`
	SHA256       string            `json:"sha256"`
	ExperimentID string            `json:"experiment_id"`
	Identity     datasets.Identity `json:"identity"`
	Points       []Point           `json:"points"`
	Timings      []Timing          `json:"timings"`
}

// SavedError is a saved experiment that cannot be read.
type SavedError struct {
	File    string
	Problem string
}

func (e *SavedError) Error() string { return e.File + ": " + e.Problem }

// IsSaved says whether bytes look like a saved experiment, broken or not: a JSON object.
func IsSaved(data []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) }

// savedTimings is how many candidates of a style and seed keep their timed calls.
const savedTimings = 5

// Marshal returns the experiment as the bytes of a file. The same experiment gives the
// same bytes. Of timings it keeps the best few of each style and seed.
func (x *Experiment) Marshal() ([]byte, error) {
	s := saved{Schema: SavedSchema, ExperimentID: x.ExperimentID, Identity: x.Identity, Points: x.Points, Timings: []Timing{}}
	for _, t := range x.Timings {
		if t.Rank < savedTimings {
			s.Timings = append(s.Timings, t)
		}
	}
	if s.Points == nil {
		s.Points = []Point{}
	}
	sum, err := s.sum()
	if err != nil {
		return nil, err
	}
	s.SHA256 = sum
	return s.encode()
}

func (s saved) encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(s)
	return out.Bytes(), err
}

// sum is the digest of the file with no digest in it. Reformatting the file does not
// change it, since it is taken from what was read.
func (s saved) sum() (string, error) {
	s.SHA256 = ""
	data, err := s.encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Parse reads a saved experiment; name is what errors and answers call it. Any error is a
// *SavedError.
func Parse(name string, data []byte) (*Experiment, error) {
	fail := func(format string, args ...any) (*Experiment, error) {
		return nil, &SavedError{File: name, Problem: fmt.Sprintf(format, args...)}
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fail("no saved experiment: %s", jsonProblem(data, err))
	}
	if head.Schema != SavedSchema {
		if strings.HasPrefix(head.Schema, "toolgen/saved/") {
			return fail("it is a %s, this program reads %s; a newer ToolGen reads it", head.Schema, SavedSchema)
		}
		return fail("its schema is %q, want %q, which `toolgen bench RUN --save FILE` writes", head.Schema, SavedSchema)
	}
	var s saved
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return fail("no saved experiment: %s", jsonProblem(data, err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fail("something follows after its end")
	}
	id, err := s.Identity.ExperimentID()
	if err != nil {
		return fail("%v", err)
	}
	if id != s.ExperimentID {
		return fail("it was edited: experiment_id is %s, but the identity hashes to %s", s.ExperimentID, id)
	}
	var manifest struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(s.Identity.Manifest, &manifest); err != nil {
		return fail("its manifest: %v", err)
	}
	if sum, err := s.sum(); err != nil || sum != s.SHA256 {
		return fail("it was edited or damaged: its digest is %s, it says %.64q", sum, s.SHA256)
	}
	x := &Experiment{
		Name: name, Experiment: manifest.Name, ExperimentID: id, Identity: s.Identity, Points: s.Points, Timings: s.Timings,
	}
	if x.settings, err = readSettings(s.Identity.Manifest); err != nil {
		return fail("%v", err)
	}
	if problem := x.check(); problem != "" {
		return fail("%s", problem)
	}
	return x, nil
}

// check is what a reader relies on.
func (x *Experiment) check() string {
	for i, p := range x.Points {
		if i > 0 && comparePoints(x.Points[i-1], p) >= 0 {
			return fmt.Sprintf("points[%d] is not behind the one before by spec, style and seed", i)
		}
		if !slices.Contains(x.Identity.Seeds, p.Seed) {
			return fmt.Sprintf("points[%d] is of seed %d, which is none of the identity's", i, p.Seed)
		}
		if _, ok := x.Identity.Specs[p.Spec]; !ok {
			return fmt.Sprintf("points[%d] is of spec %q, which is none of the identity's", i, p.Spec)
		}
		if name, v := p.extreme(); name != "" {
			return fmt.Sprintf("points[%d] has %s %v, which no metric reaches", i, name, v)
		}
		for _, rate := range []string{FlakeRate, RepairRate} {
			if c, ok := p.Counts[rate]; ok && (c.K < 0 || c.N < 1 || c.K > c.N) {
				return fmt.Sprintf("points[%d] counts %d of %d for %s", i, c.K, c.N, rate)
			}
		}
	}
	for i, t := range x.Timings {
		if len(t.WallNS) == 0 || slices.Min(t.WallNS) < 0 {
			return fmt.Sprintf("timings[%d] has no times, or one below 0", i)
		}
	}
	if !slices.IsSortedFunc(x.Timings, func(a, b Timing) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(a.Style, b.Style), cmp.Compare(a.Seed, b.Seed), strings.Compare(a.CandidateID, b.CandidateID))
	}) {
		return "its timings are out of order"
	}
	return ""
}

// extreme finds a metric so large or so small that ratios and sums would leave what a
// double holds.
func (p *Point) extreme() (name string, value float64) {
	for _, name := range slices.Sorted(maps.Keys(p.Metrics)) {
		if v := math.Abs(p.Metrics[name]); v > 1e100 || v != 0 && v < 1e-100 {
			return name, p.Metrics[name]
		}
	}
	return "", 0
}

// Keep leaves out what a filter does not choose. A saved experiment has no epochs any
// more; asking for some is the caller's mistake to prevent.
func (x *Experiment) Keep(specs, styles []string, seed func(int64) bool) {
	keeps := func(spec, style string, s int64) bool {
		return (specs == nil || slices.Contains(specs, spec)) && (styles == nil || slices.Contains(styles, style)) && seed(s)
	}
	x.Points = slices.DeleteFunc(x.Points, func(p Point) bool { return !keeps(p.Spec, p.Style, p.Seed) })
	x.Timings = slices.DeleteFunc(x.Timings, func(t Timing) bool { return !keeps(t.Spec, t.Style, t.Seed) })
}

// jsonProblem says where JSON is broken.
func jsonProblem(data []byte, err error) string {
	offset := int64(-1)
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = se.Offset
	} else if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = te.Offset
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if offset < 0 || offset > int64(len(data)) {
		return text
	}
	before := data[:offset]
	return fmt.Sprintf("line %d, column %d: %s", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')-1, text)
}
