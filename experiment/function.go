package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"toolgen/pipeline/adapt"
	"toolgen/pipeline/build"
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
	if err := e.checkImports(ctx, opt.File, opt.Code); err != nil {
		return nil, err
	}
	tool, err := adapt.Wrap(opt.File, opt.Code, opt.Func, e.builder.Importer())
	if err != nil {
		return nil, &UsageError{Msg: err.Error()}
	}
	spec, err := tool.Spec(opt.CasesFile, opt.Cases, adapt.SpecID(opt.Func))
	if err != nil {
		return nil, &UsageError{Msg: err.Error()}
	}
	opt.Spec, opt.Source, opt.Style, opt.Out, opt.Frozen = spec, []byte(tool.Source), "", "", []string{adapt.Entry}
	opt.adapted = &adapted{Tool: tool, file: patchName(opt.File), code: string(opt.Code)}
	return e.Repair(ctx, opt.RepairOptions)
}

// checkImports says which packages a file imports that no tool may, and which ones it
// may. The gate knows, and looks at imports whatever else a file is.
func (e *Env) checkImports(ctx context.Context, file string, code []byte) error {
	report, err := e.builder.Inspect(ctx, build.Tool, sourceFiles(code))
	if err != nil {
		return err
	}
	var refused []string
	for _, p := range report.Problems {
		if p.Rule == build.RuleImport {
			refused = append(refused, fmt.Sprintf("%s:%d:%d: %s", file, p.Line, p.Column, p.Message))
		}
	}
	if len(refused) == 0 {
		return nil
	}
	var may []string
	for _, path := range build.Importable() {
		if _, err := e.builder.Importer().Import(path); err == nil {
			may = append(may, path)
		}
	}
	return &UsageError{Msg: strings.Join(refused, "\n") + "\na function is tried out apart from the world, and its file may import only " + strings.Join(may, ", ")}
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
