package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// BatchSize is the largest number of units in a batch.
const BatchSize = 32

// Unit is a source that the gate accepted, ready to be compiled.
type Unit struct {
	ID     string // names the unit in errors, and is part of the batch's hash
	Role   Role
	Files  []File
	Report *Report // of Inspect(Role, Files), with no verdict
}

// Batch is the units that one module holds. The index of a unit in Units is the
// Index of sandbox.Call.
type Batch struct {
	Units []Unit
	Hash  string // hex SHA-256 of the composition: ids, roles, sources, import set
}

// Plan divides units into batches, in the given order: each batch holds up to
// BatchSize units of one import set, and a unit that is Report.Alone has one for
// itself. Batches are ordered by their first unit. Units must have been accepted
// by Inspect.
func Plan(units []Unit) []Batch {
	var batches []Batch
	open := map[string]int{} // import set -> index of the batch that takes its next unit
	for _, u := range units {
		set := strings.Join(u.Report.ImportSet, " ")
		i, ok := open[set]
		if !ok || u.Report.Alone || len(batches[i].Units) == BatchSize {
			i = len(batches)
			batches = append(batches, Batch{})
			if !u.Report.Alone {
				open[set] = i
			}
		}
		batches[i].Units = append(batches[i].Units, u)
	}
	for i := range batches {
		batches[i].Hash = hashUnits(batches[i].Units)
	}
	return batches
}

// hashUnits is the identity of a composition: every part framed by its length.
func hashUnits(units []Unit) string {
	h := sha256.New()
	put := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	for _, u := range units {
		put(u.ID)
		put(hashSource(u.Role, u.Files))
		put(strings.Join(u.Report.ImportSet, " "))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashSource identifies what Inspect looks at. Files are in the order of their names.
func hashSource(role Role, files []File) string {
	h := sha256.New()
	put := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	put(string(role))
	for _, f := range sortFiles(files) {
		put(f.Name)
		put(string(f.Data))
	}
	return hex.EncodeToString(h.Sum(nil))
}
