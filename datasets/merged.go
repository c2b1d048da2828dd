package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// ManyRuns stands for the run id in the metadata of a file that holds the rows of many
// runs. Its rows are sorted by run_id before the key.
const ManyRuns = "many"

// ManyMeta returns the metadata of a file that holds the rows of these runs:
//
//	{"runs": {run id: identity, ...}}
func ManyMeta(runs []Meta) (Meta, error) {
	identities := map[string]json.RawMessage{}
	for _, m := range runs {
		if m.RunID == ManyRuns {
			return Meta{}, errors.New("datasets: a file of many runs is none of them")
		}
		identities[m.RunID] = m.Identity
	}
	identity, err := json.Marshal(manyIdentity{identities})
	return Meta{RunID: ManyRuns, Identity: identity}, err
}

type manyIdentity struct {
	Runs map[string]json.RawMessage `json:"runs"`
}

// Merged is a folder that holds tables of many runs: any files below it that end in
// .parquet, each with rows of one run or of many. There is no lock. What the files say of
// themselves is checked when they are read, and no more can be: that a file is missing is
// not seen.
type Merged struct {
	Dir   string
	files map[string][]string        // paths by table, sorted
	runs  map[string]json.RawMessage // identities by run id
}

// OpenMerged finds the tables below a folder. A file that ends in .parquet and is no
// table of ToolGen is an error, *FileError, for it could be one that is damaged. So is a
// folder without evaluations, ErrNotRun.
func OpenMerged(dir string) (*Merged, error) {
	m := &Merged{Dir: dir, files: map[string][]string{}, runs: map[string]json.RawMessage{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return missing(path, err)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".parquet") {
			return nil
		}
		h, err := anyHeader(path)
		if err != nil {
			return err
		}
		m.files[h.Table] = append(m.files[h.Table], path)
		identities := map[string]json.RawMessage{h.RunID: h.Identity}
		if h.RunID == ManyRuns {
			var many manyIdentity
			if err := json.Unmarshal(h.Identity, &many); err != nil {
				return &FileError{File: path, Kind: ErrCorrupt, Detail: "the identities in its metadata: " + err.Error()}
			}
			identities = many.Runs
		}
		for _, id := range slices.Sorted(maps.Keys(identities)) {
			if was, known := m.runs[id]; known && !bytes.Equal(was, identities[id]) {
				return &FileError{File: path, Kind: ErrCorrupt, Detail: fmt.Sprintf("it has another identity for run %.12s than the files before it", id)}
			}
			m.runs[id] = identities[id]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(m.files[Evaluations.Name]) == 0 {
		return nil, &FileError{File: dir, Kind: ErrNotRun, Detail: "it has neither " + LockFile + " nor " + MetricsFile + ", and there is no table of evaluations below it"}
	}
	return m, nil
}

// anyHeader reads the header of a file that may be any table.
func anyHeader(path string) (*Header, error) {
	headers := []func(string) (*Header, error){
		Evaluations.ReadHeader, Candidates.ReadHeader, Cases.ReadHeader, Handoffs.ReadHeader, SBOMs.ReadHeader, Samples.ReadHeader,
	}
	var first error
	for _, read := range headers {
		h, err := read(path)
		if err == nil {
			return h, nil
		}
		if !errors.Is(err, ErrForeign) {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// Paths are the files of a table, sorted; for ScanFiles.
func (m *Merged) Paths(s *Schema) []string { return m.files[s.Name] }

// Identity is the canonical identity of a run, as the files have it; nil if they do not.
func (m *Merged) Identity(runID string) []byte {
	if id := m.runs[runID]; len(id) > 0 && !bytes.Equal(id, []byte("null")) {
		return id
	}
	return nil
}

// ReadMerged returns the rows of the table of all runs in a folder, by run. A row that
// two files hold is an error: it would count twice.
func (t *Table[T]) ReadMerged(m *Merged) (map[string][]T, error) {
	out := map[string][]T{}
	runID := t.Column("run_id").field
	for _, path := range m.Paths(t.Schema) {
		rows, err := t.Read(path)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			id := fieldString(&rows[i], runID)
			out[id] = append(out[id], rows[i])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(out)) {
		rows := out[id]
		t.Sort(rows)
		for i := 1; i < len(rows); i++ {
			if t.Compare(&rows[i-1], &rows[i]) == 0 {
				return nil, &FileError{File: m.Dir, Kind: ErrCorrupt, Detail: fmt.Sprintf("two rows of %s have the same key (run %.12s, %s)", t.Name, id, t.KeyOf(&rows[i]))}
			}
		}
	}
	return out, nil
}
