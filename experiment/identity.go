package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"toolgen/datasets"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/sandbox"
)

// input is a file that the function reads besides the manifest.
type input struct {
	name string // slash separated, below inputs/ of a run folder
	data []byte
}

// inputs lists everything that the function reads, sorted by name: all files of the
// specs, the sources of the entrants, the challengers, what agents answered, and who is
// set aside.
func (x *Experiment) inputs() ([]input, error) {
	list, err := x.exchangeInputs()
	if err != nil {
		return nil, err
	}
	waiting, err := x.challengerInputs()
	if err != nil {
		return nil, err
	}
	list = append(list, waiting...)
	list = append(list, x.asideInputs()...)
	for _, s := range x.Specs {
		for _, f := range s.Files {
			list = append(list, input{path.Join("specs", s.ID, f.Name), f.Data})
		}
	}
	for _, e := range x.entrants {
		list = append(list, input{path.Join("entrants", e.name+".go"), []byte(e.source)})
	}
	slices.SortFunc(list, func(a, b input) int {
		if a.name < b.name {
			return -1
		}
		if a.name > b.name {
			return 1
		}
		return 0
	})
	return list, nil
}

// relocated is the manifest as a run folder keeps it: what it names lies in inputs/
// beside it, so that the folder can be run, verified and replayed anywhere.
func (x *Experiment) relocated() *manifests.Manifest {
	m := *x.Manifest
	m.Specs = make([]string, len(x.Specs))
	for i, s := range x.Specs {
		m.Specs[i] = "inputs/specs/" + s.ID
	}
	m.Entrants = slices.Clone(m.Entrants)
	for i := range m.Entrants {
		m.Entrants[i].Source = "inputs/entrants/" + m.Entrants[i].Name + ".go"
	}
	if x.asks() {
		m.Cassettes = "inputs/" + cassettesInput
	}
	if m.Challengers = ""; len(x.waiting) > 0 {
		m.Challengers = "inputs/" + challengersInput
	}
	return &m
}

// identity is everything that the rows depend on, by content and never by path.
func (x *Experiment) identity(e *Env) (datasets.Identity, error) {
	m := *x.Manifest
	m.Specs = x.specIDs()
	m.Entrants = slices.Clone(m.Entrants)
	inputs := map[string]string{}
	list, err := x.inputs()
	if err != nil {
		return datasets.Identity{}, err
	}
	for _, in := range list {
		inputs[in.name] = sha256Hex(in.data)
	}
	for i := range m.Entrants {
		m.Entrants[i].Source = inputs[path.Join("entrants", m.Entrants[i].Name+".go")]
	}
	data, err := withoutKeys(m, "seeds", "cassettes", "challengers")
	if err != nil {
		return datasets.Identity{}, fmt.Errorf("manifest: %w", err)
	}
	id := datasets.Identity{
		Semantics: Semantics, Manifest: data, Inputs: inputs,
		Specs:     map[string]datasets.SpecDigests{},
		Seeds:     slices.Sorted(slices.Values(x.Manifest.Seeds)),
		Toolchain: datasets.Toolchain{Go: e.builder.GoVersion(), Wasmtime: sandbox.WasmtimeVersion, Settings: sandbox.Settings()},
		FuelModel: FuelModel,
		Schemas:   datasets.SchemaVersions(),
	}
	for _, s := range x.Specs {
		id.Specs[s.ID] = datasets.SpecDigests{TaskDigest: s.TaskDigest(x.sizes(s).Suite), StylesDigest: s.StylesDigest()}
	}
	return id, nil
}

// withoutKeys is a manifest as JSON without keys that stand elsewhere in the identity
// (seeds) or name a place (cassettes, challengers).
func withoutKeys(m manifests.Manifest, keys ...string) ([]byte, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for _, k := range keys {
		delete(all, k)
	}
	return json.Marshal(all)
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// RunID is the id of the run that this experiment would be on a machine.
func (x *Experiment) RunID(e *Env) (string, error) {
	id, err := x.identity(e)
	if err != nil {
		return "", err
	}
	return id.RunID()
}
