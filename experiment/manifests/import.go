package manifests

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Imported is a manifest made from an entry of the older form.
type Imported struct {
	Name string
	YAML []byte // parses
}

// The older form fixes neither seeds nor epochs nor budgets. These are the ones that its
// harness used: budgets that halve over forty epochs, from epoch 0 on.
const (
	olderEpochs = 41
	olderDomain = "toolgen"
)

// Import reads the older form, a list of experiments of several domains, and makes a
// manifest of each enabled one of domain toolgen. Notes say what was left out or added.
// Any error is an *Error about the older file.
func Import(name string, data []byte) (manifests []Imported, notes []string, err error) {
	r := &reader{tree: tree{nodes: map[string]*node{}}}
	root := parseYAML(newSource(name, string(data)), data, &r.problemList)
	if root == nil {
		return nil, nil, NewError(r.list)
	}
	r.tree.root = root
	entries := []*node{root}
	if root.kind == sequence {
		entries = root.elems
	}
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	for i, e := range entries {
		path := fmt.Sprintf("[%d]", i)
		r.tree.nodes[path] = e
		if e.kind != mapping {
			r.add(e, path, "expected a mapping with name, enabled and domain, got %s", e.describe())
			continue
		}
		entry, ok := r.older(path, e, note)
		if !ok {
			continue
		}
		text := entry.manifest()
		if _, err := Parse(name, text, nil, nil); err != nil {
			// What the older form said does not make a manifest; say it of the older file.
			for _, p := range err.(*Error).Problems {
				at := r.tree.at(path + "." + p.Path)
				r.add(at, path+"."+p.Path, "%s", p.Message)
			}
			continue
		}
		manifests = append(manifests, Imported{entry.name, text})
	}
	if err := NewError(r.list); err != nil {
		return nil, notes, err
	}
	return manifests, notes, nil
}

// olderEntry is what an entry says that a manifest says too.
type olderEntry struct {
	name       string
	from       string // the name before it was made fit
	specs      []string
	curriculum []Phase // Epochs.To is -1 where the phase is open
	styles     []string
	temps      []float64
	weights    *FitnessWeights
}

var olderKeys = []string{"name", "enabled", "domain", "evaluator", "curriculum", "search_space", "fitness_weights"}

// older reads one entry; not ok means that it is left out, with a note or a problem.
func (r *reader) older(path string, n *node, note func(string, ...any)) (e olderEntry, ok bool) {
	before := len(r.list)
	o := object{r: r, path: path, node: n}
	for _, m := range n.members {
		r.tree.nodes[o.at(m.key.text)] = m.value
	}
	o.required("name")
	e.from = o.text("name", "", nil)
	label := e.from
	if label == "" {
		label = path
	}
	switch {
	case !o.boolean("enabled", true):
		note("%s: left out, it is not enabled", label)
		return e, false
	case o.text("domain", olderDomain, nil) != olderDomain:
		note("%s: left out, its domain is %q and not %q", label, o.text("domain", "", nil), olderDomain)
		return e, false
	}
	if e.name = unfit.ReplaceAllString(strings.ToLower(e.from), "-"); e.name != e.from && e.name != "" {
		note("%s: the name is written %s", label, e.name)
	}
	for _, m := range n.members {
		switch {
		case m.key.text == "evaluator":
			note("%s: evaluator %q is left out, ToolGen evaluates by itself", label, m.value.text)
		case !slices.Contains(olderKeys, m.key.text):
			note("%s: the key %q is left out, a manifest has no place for it", label, m.key.text)
		}
	}
	r.olderCurriculum(o, &e)
	if o.get("search_space") != nil {
		space := r.searchSpace(o)
		e.styles, e.temps = space.ImplStyle, space.AnnealTemp
	}
	if o.get("fitness_weights") != nil {
		w := r.weights(o)
		e.weights = &w
	}
	note("%s: the older form has no seeds, epochs or budgets; written are seed 1, %d epochs, budgets that halve over %d", label, olderEpochs, olderEpochs-1)
	return e, len(r.list) == before
}

var (
	unfit      = regexp.MustCompile(`[^a-z0-9-]+`)
	olderPhase = regexp.MustCompile(`^epoch_(0|[1-9][0-9]{0,8})(?:_(0|[1-9][0-9]{0,8}|plus))?$`)
)

// olderCurriculum reads keys such as epoch_0_5, epoch_6 and epoch_11_plus. The specs are
// those that the phases name, in order.
func (r *reader) olderCurriculum(o object, e *olderEntry) {
	n := o.required("curriculum")
	if n == nil {
		return
	}
	if n.kind != mapping {
		r.add(n, o.at("curriculum"), "expected a mapping, got %s", n.describe())
		return
	}
	for _, m := range n.members {
		ends := olderPhase.FindStringSubmatch(m.key.text)
		if ends == nil {
			r.add(m.key, o.at("curriculum"), "expected a key such as epoch_0_5 or epoch_11_plus, got %q", m.key.text)
			continue
		}
		spec, ok := r.text(o.at("curriculum")+"."+m.key.text, m.value, nil)
		if !ok {
			continue
		}
		p := Phase{Spec: spec}
		fmt.Sscan(ends[1], &p.Epochs.From)
		switch ends[2] {
		case "":
			p.Epochs.To = p.Epochs.From
		case "plus":
			p.Epochs.To = -1
		default:
			fmt.Sscan(ends[2], &p.Epochs.To)
		}
		e.curriculum = append(e.curriculum, p)
		r.tree.nodes[fmt.Sprintf("%s[%d]", o.at("curriculum"), len(e.curriculum)-1)] = m.value
		if spec != Alternating && !slices.Contains(e.specs, spec) {
			e.specs = append(e.specs, spec)
		}
	}
	if len(e.specs) == 0 && len(n.members) == len(e.curriculum) {
		r.add(n, o.at("curriculum"), "names no spec")
	}
}

// manifest writes the entry as a manifest that says what the entry said, and what no
// manifest can go without.
func (e *olderEntry) manifest() []byte {
	type phase struct {
		Epochs string `yaml:"epochs"`
		Spec   string `yaml:"spec"`
	}
	doc := struct {
		Version     int      `yaml:"version"`
		Name        string   `yaml:"name"`
		Description string   `yaml:"description"`
		Seeds       []int    `yaml:"seeds"`
		Epochs      int      `yaml:"epochs"`
		Specs       []string `yaml:"specs"`
		Curriculum  []phase  `yaml:"curriculum,omitempty"`
		SearchSpace struct {
			ImplStyle  []string  `yaml:"impl_style,omitempty"`
			AnnealTemp []float64 `yaml:"anneal_temp,omitempty"`
		} `yaml:"search_space,omitempty"`
		Budget  Budget          `yaml:"budget"`
		Weights *FitnessWeights `yaml:"fitness_weights,omitempty"`
	}{
		Version:     Version,
		Name:        e.name,
		Description: fmt.Sprintf("Imported from the entry %s.", e.from),
		Seeds:       []int{1},
		Epochs:      olderEpochs,
		Specs:       e.specs,
		Budget:      Budget{TimeRange{2000, 1000}, MemoryRange{128, 64}, olderEpochs - 1},
		Weights:     e.weights,
	}
	doc.SearchSpace.ImplStyle, doc.SearchSpace.AnnealTemp = e.styles, e.temps
	for _, p := range e.curriculum {
		epochs := p.Epochs.String()
		if p.Epochs.To < 0 {
			epochs = fmt.Sprintf("%d-", p.Epochs.From)
		}
		doc.Curriculum = append(doc.Curriculum, phase{epochs, p.Spec})
	}
	return append([]byte(schemaComment), dump(doc)...)
}
