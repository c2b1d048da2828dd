package datasets

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// metricsLine is a line of metrics.jsonl: the columns of evaluations.parquet in their
// order, and the keys that older recipes ask for.
type metricsLine struct {
	Evaluation
	Domain    string   `json:"domain"`
	SpecPath  string   `json:"spec_path"`
	ImplStyle *string  `json:"impl_style"`
	MedianMS  *float64 `json:"median_ms"`
}

// metricsDomain is the only value of "domain". Recipes grep for "domain":"toolgen",
// so lines are written without spaces.
const metricsDomain = "toolgen"

// AppendMetrics appends the line of an evaluation, newline included, to b.
func AppendMetrics(b []byte, e *Evaluation) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(metricsLine{
		Evaluation: *e,
		Domain:     metricsDomain,
		SpecPath:   "inputs/specs/" + e.Spec,
		ImplStyle:  e.Style,
		MedianMS:   e.VirtualMS,
	})
	if err != nil { // a NaN
		return b, fmt.Errorf("%s (%s): %w", MetricsFile, Evaluations.KeyOf(e), err)
	}
	return append(b, buf.Bytes()...), nil
}

// DecodeMetrics returns the evaluation of a line, which must have every column of
// evaluations.parquet and no key that AppendMetrics does not write.
func DecodeMetrics(line []byte) (Evaluation, error) {
	n, err := parseJSON(line)
	if err != nil {
		return Evaluation{}, err
	}
	if n.kind != '{' {
		return Evaluation{}, fmt.Errorf("%s, want an object", kindNames[n.kind])
	}
	for _, c := range Evaluations.Columns {
		v := n.get(c.Name)
		if v == nil {
			return Evaluation{}, fmt.Errorf("key %q is missing", c.Name)
		}
		if v.kind == 'n' && !c.Nullable {
			return Evaluation{}, fmt.Errorf("key %q is null", c.Name)
		}
	}
	for _, m := range n.members {
		if Evaluations.Column(m.key) == nil && !slices.Contains([]string{"domain", "spec_path", "impl_style", "median_ms"}, m.key) {
			return Evaluation{}, fmt.Errorf("unknown key %q", m.key)
		}
	}
	var l metricsLine
	if err := json.Unmarshal(line, &l); err != nil {
		return Evaluation{}, err
	}
	return l.Evaluation, nil
}

// ReadMetrics reads metrics.jsonl. A last line without its newline is one that is
// being written, or was when the run was killed: it is left out. Errors name the line.
func ReadMetrics(r io.Reader) ([]Evaluation, error) {
	var rows []Evaluation
	br := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := br.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		e, err := DecodeMetrics(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		rows = append(rows, e)
	}
}
