package experiment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"toolgen/datasets"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/build"
	"toolgen/pipeline/bundle"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// Version is ToolGen's own.
const Version = "0.1.0"

// shipment is a candidate that can be made into a bundle.
type shipment struct {
	*contestant
	seed  int64
	suite *testgen.Suite
}

// namedBundle is a candidate's shippable folder.
type namedBundle struct {
	id    string
	files []bundle.File
}

// bundles makes the bundles that the manifest asks for, in the order of seeds and
// specs. A candidate that is shown under several seeds is one bundle, that of the first.
//
// A candidate that has run is not to end a run at its last step. One that is refused as
// a command has no bundle, and the second result says why; one that the compiler dies of
// is in a *DiedError, with all others.
func (e *Env) bundles(ctx context.Context, x *Experiment, out *outcome) ([]namedBundle, map[string]string, error) {
	wanted := out.shown
	if x.Manifest.Record.Bundles == manifests.RecordAll {
		wanted = out.built
	}
	var distinct []shipment
	seen := map[string]bool{}
	for _, s := range wanted {
		if !seen[s.id] {
			seen[s.id] = true
			distinct = append(distinct, s)
		}
	}
	made := make([]namedBundle, len(distinct))
	failed := make([]error, len(distinct))
	err := e.each(ctx, len(distinct), func(ctx context.Context, i int) error {
		files, err := e.bundle(ctx, x, distinct[i])
		if atFault(err) {
			failed[i] = err
			return nil
		}
		if err != nil {
			return fmt.Errorf("bundle of %s: %w", distinct[i].id, err)
		}
		made[i] = namedBundle{distinct[i].id, files}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var list []namedBundle
	unbundled := map[string]string{}
	var died []SetAside
	for i, s := range distinct {
		if refused, ok := errors.AsType[*build.BuildError](failed[i]); ok {
			unbundled[s.id] = refused.Said()
		} else if failed[i] != nil {
			died = append(died, s.setAside(s.seed, deathOf(failed[i])))
		} else {
			list = append(list, made[i])
		}
	}
	if died != nil {
		return nil, nil, &DiedError{sortedAside(died)}
	}
	return list, unbundled, nil
}

func specOf(x *Experiment, id string) *specs.Spec {
	for _, s := range x.Specs {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// bundle makes the folder of a candidate that was built.
func (e *Env) bundle(ctx context.Context, x *Experiment, s shipment) ([]bundle.File, error) {
	in, err := e.bundleInput(x, s)
	if err != nil {
		return nil, err
	}
	if err := e.fated(jobCommand, []byte(s.source)); err != nil {
		return nil, err
	}
	if in.Wasm, err = e.builder.Command(ctx, sourceFiles([]byte(s.source))); err != nil {
		return nil, err
	}
	return bundle.Files(in)
}

// bundleInput is all that a bundle, and an SBOM, says of a candidate. The cases are
// those that selection saw.
func (e *Env) bundleInput(x *Experiment, s shipment) (bundle.Input, error) {
	spec := specOf(x, s.spec)
	genome, err := s.genome.Encode()
	if err != nil {
		return bundle.Input{}, err
	}
	in := bundle.Input{
		Spec: spec, CandidateID: s.id, Source: []byte(s.source), License: x.license(spec),
		Timestamp: x.Manifest.Timestamp, GoVersion: e.builder.GoVersion(), Imports: s.imports, Version: Version,
		Build: bundle.Build{
			Seed: s.seed, Genome: genome, Parents: s.parents, SpecDigest: spec.Digest(),
			ManifestDigest: sha256Hex(x.relocated().Resolved()),
		},
	}
	if own := bundle.HeaderLicense(in.Source); own != "" {
		in.License = own // an entrant's is its author's
	}
	if s.ancestor != nil {
		in.Ancestor = &bundle.Ancestor{
			CandidateID: s.ancestor.id, Source: []byte(s.ancestor.source),
			Patch: repair.Diff(bundle.SourceName, s.ancestor.source, s.source),
		}
	}
	packages, err := e.builder.Packages(s.imports)
	if err != nil {
		return bundle.Input{}, err
	}
	for _, p := range packages {
		in.Packages = append(in.Packages, bundle.Package{Path: p.Path, Imports: p.Imports, SHA256: p.SHA256})
	}
	for i := range s.suite.Cases {
		if c := &s.suite.Cases[i]; c.Kind == testgen.Search || c.Kind == testgen.Robustness {
			in.Cases = append(in.Cases, bundle.Case{Name: c.Name, Input: c.Input, Want: c.Want, WantError: c.WantError})
		}
	}
	return in, nil
}

// shipment makes a candidate of a recorded run ready to be bundled.
func (e *Env) shipment(ctx context.Context, r *Recorded, prefix string, seed *int64) (shipment, error) {
	if r.Run == nil {
		return shipment{}, &UsageError{Msg: "a lock alone holds no candidates; name a run folder"}
	}
	if err := r.Comparable(e); err != nil {
		return shipment{}, err
	}
	row, err := FindCandidate(r.Run, prefix, seed)
	if err != nil {
		return shipment{}, err
	}
	report, d, err := e.inspect(ctx, row.CandidateID, []byte(row.Source), false)
	if err != nil {
		return shipment{}, err
	}
	if d != nil {
		return shipment{}, &DiedError{[]SetAside{{CandidateID: row.CandidateID, Spec: row.Spec, Seed: row.Seed, Job: d.Job, Reason: d.Reason}}}
	}
	if report.Verdict != "" {
		return shipment{}, &UsageError{Msg: fmt.Sprintf("candidate %.16s was never built (%s): %s", row.CandidateID, report.Verdict, firstProblem(report))}
	}
	spec := specOf(r.Experiment, row.Spec)
	if spec == nil {
		return shipment{}, fmt.Errorf("candidate %s is of spec %s, which the manifest does not name", row.CandidateID, row.Spec)
	}
	genome, err := genomeOf(spec, row)
	if err != nil {
		return shipment{}, err
	}
	programs := &lazyPrograms{env: e, spec: spec}
	defer programs.close()
	suite, err := e.suiteFor(ctx, spec, row.Seed, r.Experiment.sizes(spec), true, programs.get)
	if err != nil {
		return shipment{}, err
	}
	s := shipment{seed: row.Seed, suite: suite, contestant: &contestant{
		id: row.CandidateID, spec: row.Spec, source: row.Source, genome: genome, parents: row.ParentIDs, imports: report.Imports,
	}}
	if row.Origin == datasets.OriginRepair && len(row.ParentIDs) == 1 {
		// A challenger that came from outside has its ancestor there, too.
		if parent, err := FindCandidate(r.Run, row.ParentIDs[0], &row.Seed); err == nil {
			s.ancestor = &contestant{id: parent.CandidateID, source: parent.Source}
		}
	}
	return s, nil
}

// unbundled says of an error of bundle what that means to who asked for one bundle.
func (s *shipment) unbundled(err error) error {
	if refused, ok := errors.AsType[*build.BuildError](err); ok {
		return &UsageError{Msg: fmt.Sprintf("candidate %.16s cannot be shipped: the gate accepts it, and yet it is not compiled: %s", s.id, refused.Said())}
	}
	if d := deathOf(err); d != nil {
		return &DiedError{[]SetAside{s.setAside(s.seed, d)}}
	}
	return err
}

func firstProblem(r *build.Report) string {
	if len(r.Problems) == 0 {
		return "no problem was named"
	}
	return r.Problems[0].String()
}

// Bundle writes any candidate of a run that was built as a shippable folder, which
// must be new or empty. It returns the candidate's id.
func (e *Env) Bundle(ctx context.Context, r *Recorded, prefix string, seed *int64, dir string) (string, error) {
	s, err := e.shipment(ctx, r, prefix, seed)
	if err != nil {
		return "", err
	}
	files, err := e.bundle(ctx, r.Experiment, s)
	if err != nil {
		return "", s.unbundled(err)
	}
	return s.id, writeBundle(dir, files)
}

// SBOM is the CycloneDX document of a candidate of a run that was built.
func (e *Env) SBOM(ctx context.Context, r *Recorded, prefix string, seed *int64) ([]byte, error) {
	s, err := e.shipment(ctx, r, prefix, seed)
	if err != nil {
		return nil, err
	}
	in, err := e.bundleInput(r.Experiment, s)
	if err != nil {
		return nil, err
	}
	return bundle.SBOM(in)
}

func writeBundle(dir string, files []bundle.File) error {
	err := bundle.Write(dir, files)
	if errors.Is(err, fs.ErrExist) {
		return &UsageError{Msg: "the bundle's folder is not empty; name a new one", Err: err}
	}
	return diskError(err)
}
