package compare

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"toolgen/datasets"
	"toolgen/fuzzing"
)

// FuzzDamagedRun damages a file of a run: one byte is another, or the end is gone. With
// relock the lock says that it must be so, which lets the damage through to the readers
// of Parquet. Reading ends with rows or with an error about a file, and never panics; a
// comparison of what was read never does either.
func FuzzDamagedRun(f *testing.F) {
	fuzzing.Briefly(f)
	rows := twoStyles(seedsTo(2), 10, 20)
	for i := range rows {
		rows[i].wall, rows[i].handoff = []int64{1e6, 2e6, 3e6, 4e6}, datasets.OutcomeRepaired
	}
	source := folder{rows: rows}.write(f)
	whole, err := Read("whole", openRuns(f, source), ReadOptions{Timings: true})
	check(f, err)
	names := []string{"data/evaluations.parquet", "data/candidates.parquet", "data/handoffs.parquet", "observed/samples.parquet", datasets.LockFile}
	for n := range names {
		f.Add(uint8(n), uint16(200), byte(0x40), false, false)
		f.Add(uint8(n), uint16(900), byte(0x01), false, true)
		f.Add(uint8(n), uint16(60), byte(0), true, true)
	}
	// One folder a process, mended after each execution: copying the run took longer than
	// reading it.
	lock, err := os.ReadFile(filepath.Join(source, datasets.LockFile))
	check(f, err)
	files := make([][]byte, len(names))
	for n, name := range names {
		files[n], err = os.ReadFile(filepath.Join(source, filepath.FromSlash(name)))
		check(f, err)
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, flip byte, cut, relock bool) {
		n := int(which) % len(names)
		name, data := names[n], bytes.Clone(files[n])
		offset := int(at) % len(data)
		if cut {
			data = data[:offset]
		} else {
			data[offset] ^= flip
		}
		put := func(name string, data []byte) {
			check(t, os.WriteFile(filepath.Join(source, filepath.FromSlash(name)), data, 0o666))
		}
		put(name, data)
		defer put(name, files[n])
		if relock && name != datasets.LockFile {
			relocked, err := datasets.ParseLock(lock)
			check(t, err)
			table := filepath.Base(name[:len(name)-len(".parquet")])
			if info, ok := relocked.Tables[table]; ok {
				sum := sha256.Sum256(data)
				info.FileSHA256 = hex.EncodeToString(sum[:])
				relocked.Tables[table] = info
			}
			text, err := relocked.Marshal()
			check(t, err)
			put(datasets.LockFile, text)
			defer put(datasets.LockFile, lock)
		}
		run, err := datasets.OpenRun(source)
		if err == nil {
			var x *Experiment
			if x, err = Read("damaged", []*datasets.Run{run}, ReadOptions{Timings: true}); err == nil {
				Compare(whole, []*Experiment{x}, Options{Generalize: true, Wall: true, Allow: Kinds})
				if !cut && flip != 0 && !relock && name != datasets.LockFile && name != "observed/samples.parquet" {
					t.Fatalf("%s with byte %d changed was read as if it were whole", name, offset)
				}
				return
			}
		}
		_, isFile := errors.AsType[*datasets.FileError](err)
		_, isLock := errors.AsType[*datasets.LockError](err)
		if !isFile && !isLock {
			t.Fatalf("%s: error %T %v is about no file", name, err, err)
		}
	})
}

// FuzzSaved: whatever a file holds, reading it ends with an experiment that can be
// compared and saved again, or with an error that names it.
func FuzzSaved(f *testing.F) {
	fuzzing.Briefly(f)
	x := read(f, "x", folder{rows: twoStyles(seedsTo(2), 10, 20)})
	data, err := x.Marshal()
	check(f, err)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte(`{"schema":"toolgen/saved/1"}`))
	f.Add([]byte(`{"schema":"toolgen/saved/1","identity":{"manifest":{}},"points":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		y, err := Parse("f", data)
		if err != nil {
			if _, ok := errors.AsType[*SavedError](err); !ok {
				t.Fatalf("error %T %v", err, err)
			}
			return
		}
		Compare(x, []*Experiment{y}, Options{Generalize: true, Wall: true})
		if _, err := y.Marshal(); err != nil {
			t.Fatal(err)
		}
	})
}
