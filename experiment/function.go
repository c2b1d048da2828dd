package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"toolgen/pipeline/adapt"
	"toolgen/pipeline/repair"
)

// FunctionOptions name a function and the cases that it must pass. Spec, Source, Style
// and Frozen of the options follow from it, and Out is not looked at.
type FunctionOptions struct {
	RepairOptions
	File, Func string // a Go file that stands alone, and a function in it
	Code       []byte // what File holds
	CasesFile  string
	Cases      []byte // what CasesFile holds: JSON lines, see adapt.Tool.Spec
}

// RepairFunction is Repair for people who have a function and tests. The patches are
// diffs of the file, and Source is the repaired file.
func (e *Env) RepairFunction(ctx context.Context, opt FunctionOptions) (*Repair, error) {
	tool, err := adapt.Wrap(opt.File, opt.Code, opt.Func, e.builder.Importer())
	if err != nil {
		return nil, &UsageError{Msg: err.Error()}
	}
	spec, err := tool.Spec(opt.CasesFile, opt.Cases, adapt.SpecID(opt.Func))
	if err != nil {
		return nil, &UsageError{Msg: err.Error()}
	}
	opt.Spec, opt.Source, opt.Style, opt.Out, opt.Frozen = spec, []byte(tool.Source), "", "", []string{adapt.Entry}
	name := patchName(opt.File)
	opt.file, opt.line = name, tool.Line
	opt.restore = func(source string) (string, string, error) {
		own, err := tool.Restore(source)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", opt.File, err)
		}
		return own, repair.Diff(name, string(opt.Code), own), nil
	}
	return e.Repair(ctx, opt.RepairOptions)
}

// patchName is a file's name in a patch. git apply takes none that leads out of the
// folder that it runs in, nor one that begins with a dot and a slash.
func patchName(file string) string {
	rel := filepath.Clean(file)
	if wd, err := os.Getwd(); err == nil && filepath.IsAbs(rel) {
		if inside, err := filepath.Rel(wd, rel); err == nil {
			rel = inside
		}
	}
	if !filepath.IsLocal(rel) {
		rel = filepath.Base(rel)
	}
	return filepath.ToSlash(rel)
}
