package build

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"toolgen/pipeline/confine"
	"toolgen/pipeline/isolate"
)

// The gate judges a source in a process of its own first. Its bounds should keep every
// source from taking the type checker down; if one of them does not, this process dies and
// not the run. Only what was accepted there is parsed and type-checked here as well, since
// syntax trees and types are no plain data.

// Gate is the kind of these processes.
var Gate = isolate.Kind{Name: "gate", Open: openGate}

// Limits of an inspection, which takes some milliseconds and megabytes.
const (
	gateWall   = time.Minute
	gateMemory = 1 << 30
)

// gateJob is a source: the bytes beside it are its files.
type gateJob struct {
	Role  Role
	Files []filePart
}

// verdict is what a Report holds of plain data.
type verdict struct {
	Verdict   string
	Problems  []Problem
	Imports   []string
	ImportSet []string
	Alone     bool
}

func (b *Builder) newGatePool() *isolate.Pool {
	setup, blob := b.packages.wire()
	control := []File{{Name: "tool.go", Data: []byte(emptySource)}}
	return b.host.NewPool(Gate, isolate.PoolConfig{
		Job: "inspect", Setup: setup, Blob: blob, Policy: confine.Policy{DataBytes: 2 * gateMemory},
		Control: isolate.Job{Op: opInspect, Header: gateJob{Role: Tool, Files: parts(control)}, Blob: join(control), Wall: gateWall},
	})
}

const opInspect = "inspect"

// Inspect is the gate: it judges files as a unit of the given role. The report is a pure
// function of its arguments and the toolchain, whatever the order of files, and takes about
// two milliseconds for a file of a few hundred lines. It is safe against hostile input, and
// for concurrent use. The error is ctx's, an *isolate.DeathError, or one of the machine.
func (b *Builder) Inspect(ctx context.Context, role Role, files []File) (*Report, error) {
	var v verdict
	_, err := b.gatePool.Do(ctx, isolate.Job{
		Op: opInspect, Header: gateJob{Role: role, Files: parts(files)}, Blob: join(files), Wall: gateWall, Memory: gateMemory,
	}, &v)
	if err != nil {
		return nil, err
	}
	if v.Verdict != "" {
		return &Report{
			Verdict: v.Verdict, Problems: v.Problems, Imports: v.Imports, ImportSet: v.ImportSet, Alone: v.Alone,
			source: hashSource(role, files),
		}, nil
	}
	r := inspect(b.packages, role, files)
	if r.Verdict != "" || r.Alone != v.Alone || !slices.Equal(r.ImportSet, v.ImportSet) {
		return nil, fmt.Errorf("build: the gate accepts a source in one process and not in another: %v", r.Problems)
	}
	return r, nil
}

func parts(files []File) []filePart {
	var list []filePart
	for _, f := range files {
		list = append(list, filePart{f.Name, len(f.Data)})
	}
	return list
}

func join(files []File) []byte {
	var blob []byte
	for _, f := range files {
		blob = append(blob, f.Data...)
	}
	return blob
}

func openGate(setup json.RawMessage, blob []byte) (isolate.Handler, error) {
	packages, err := readPackages(setup, blob)
	if err != nil {
		return nil, err
	}
	return func(op string, header json.RawMessage, blob []byte) (any, []byte, error) {
		var job gateJob
		if err := json.Unmarshal(header, &job); err != nil {
			return nil, nil, err
		}
		var files []File
		for _, f := range job.Files {
			if f.Size < 0 || f.Size > len(blob) {
				return nil, nil, fmt.Errorf("build: %d bytes for %s of %d", len(blob), f.Path, f.Size)
			}
			files = append(files, File{f.Path, blob[:f.Size:f.Size]})
			blob = blob[f.Size:]
		}
		r := inspect(packages, job.Role, files)
		return verdict{r.Verdict, r.Problems, r.Imports, r.ImportSet, r.Alone}, nil, nil
	}, nil
}
