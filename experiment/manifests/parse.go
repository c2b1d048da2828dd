package manifests

import (
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a manifest may ask for. They are far above what a run needs and keep a
// slip of the keyboard from filling a disk.
const (
	maxSeeds      = 10_000
	maxEpochs     = 10_000
	maxPopulation = 1_000
	maxSpecs      = 1_000
	maxTimeoutMS  = 3_600_000 // an hour of virtual time
	maxMemoryMiB  = 4096      // what 32-bit WebAssembly can address
	maxFuel       = 1 << 52   // of one call: what the sandbox allows, with room for sums below 2^53
)

// DefaultTimestamp is the time that artifacts carry where a manifest names none.
const DefaultTimestamp = "2026-01-01T00:00:00Z"

// Load reads a manifest from a file. What is wrong with the manifest comes back as an
// *Error; any other error is the file system's.
func Load(path string) (*Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1)) // one byte more than Parse takes
	if err != nil {
		return nil, err
	}
	return Parse(path, data, nil, nil)
}

// Parse reads a manifest from data; name is what positions call it.
//
// Each of sets is a key=value that replaces what the file says: the key a path such as
// budget.timeout_ms.from or seeds[0], the value YAML. seeds, unless empty, replace the
// file's: each "7" or "1-5". Any error is an *Error.
func Parse(name string, data []byte, sets []string, seeds []string) (*Manifest, error) {
	r := &reader{tree: tree{nodes: map[string]*node{}}}
	root := parseYAML(newSource(name, string(data)), data, &r.problemList)
	if root == nil {
		return nil, NewError(r.list)
	}
	if root.kind != mapping {
		r.add(root, "", "expected a mapping with the keys of a manifest, got %s", root.describe())
		return nil, NewError(r.list)
	}
	for _, arg := range sets {
		set(root, arg, &r.problemList)
	}
	if len(seeds) > 0 {
		setSeeds(root, seeds)
	}
	r.tree.root = root
	m := r.manifest(root)
	if err := NewError(r.list); err != nil {
		return nil, err
	}
	m.tree = &r.tree
	return m, nil
}

func (r *reader) manifest(root *node) *Manifest {
	o := r.object("", root, keysOf[Manifest]())
	m := &Manifest{}
	for _, key := range []string{"version", "name", "specs", "seeds", "epochs"} {
		o.required(key)
	}
	m.Version = int(o.integer("version", Version, Version, Version))
	m.Name = o.text("name", "", matches(namePattern, "a name of up to 64 of a-z, 0-9 and -"))
	m.Description = o.text("description", "", atMost(4000))
	m.License = o.text("license", "MIT", matches(licensePattern, "an SPDX id such as MIT"))
	m.Timestamp = r.timestamp(o)
	m.Seeds = r.seeds(o)
	m.Epochs = int(o.integer("epochs", 1, 1, maxEpochs))
	m.Population = int(o.integer("population", 12, 1, maxPopulation))
	m.Specs = r.specs(o)
	m.SearchSpace = r.searchSpace(o)
	m.Budget = r.budget(o, m.Epochs)
	m.FuelPerMS = o.integer("fuel_per_ms", 10_000_000, 1, maxFuel)
	m.FitnessWeights = r.weights(o)
	m.DiversityBonus = r.diversityBonus(o)
	m.Variation = r.variation(o)
	m.Selection = r.selection(o, m)
	m.Stop = r.stop(o)
	m.Measure = Measure{Samples: o.object("measure", keysOf[Measure]()).optional("samples", 3, 1000)}
	m.Flake.Reruns = int(o.object("flake", keysOf[Flake]()).integer("reruns", 1, 0, 100))
	m.Suite = r.suite(o)
	m.Repair = r.repair(o)
	m.Agents = r.agents(o)
	m.Cassettes = o.text("cassettes", "cassettes", fileName)
	m.Curriculum = r.curriculum(o, m)
	m.Entrants = r.entrants(o, m)
	m.Challengers = o.text("challengers", "", func(s string) string {
		if s == "" {
			return ""
		}
		return fileName(s)
	})
	m.Exclude = r.exclude(o)
	record := o.object("record", keysOf[Record]())
	m.Record.Cases = record.word("cases", RecordFailed, RecordFailed, RecordAll)
	m.Record.Bundles = record.word("bundles", RecordWinners, RecordWinners, RecordAll)
	r.checkFuel(m)
	r.checkLab(m)
	return m
}

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	idPattern      = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	stylePattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	labelPattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	licensePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$`)
	envPattern     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	hashPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func matches(pattern *regexp.Regexp, expected string) func(string) string {
	return func(s string) string {
		if pattern.MatchString(s) {
			return ""
		}
		return expected
	}
}

func atMost(n int) func(string) string {
	return func(s string) string {
		if len(s) <= n {
			return ""
		}
		return "at most " + strconv.Itoa(n) + " bytes"
	}
}

func fileName(s string) string {
	if s == "" || len(s) > 1000 || strings.ContainsAny(s, "\r\n\t") {
		return "a path relative to the manifest"
	}
	return ""
}

func (r *reader) timestamp(o object) time.Time {
	fallback, _ := time.Parse(time.RFC3339, DefaultTimestamp)
	n := o.get("timestamp")
	if n == nil {
		return fallback
	}
	t, err := time.Parse(time.RFC3339, n.text)
	if n.kind != scalar || err != nil || t.Nanosecond() != 0 {
		r.add(n, "timestamp", "expected a time in whole seconds such as %s (RFC 3339), got %s", DefaultTimestamp, n.describe())
		return fallback
	}
	t = t.UTC()
	if t.Year() < 1970 || t.Year() > 9999 {
		r.add(n, "timestamp", "the year %d is out of range; expected 1970 to 9999, in UTC", t.Year())
		return fallback
	}
	return t
}

func (r *reader) seeds(o object) []int64 {
	items, paths, found := o.list("seeds")
	if found && items == nil && o.get("seeds").kind == sequence {
		r.add(o.get("seeds"), "seeds", "the list is empty; expected at least one seed")
	}
	var seeds []int64
	from := map[int64]*node{}
	for i, n := range items {
		low, high, ok := r.seedRange(paths[i], n)
		if !ok {
			continue
		}
		if high-low >= maxSeeds-int64(len(seeds)) {
			r.add(n, paths[i], "more than %d seeds", maxSeeds)
			break
		}
		for s := low; s <= high; s++ {
			if before := from[s]; before != nil {
				r.add(n, paths[i], "seed %d stands twice; it was first at %s", s, before.position())
				break
			}
			from[s] = n
			seeds = append(seeds, s)
		}
	}
	return seeds
}

var seedRangePattern = regexp.MustCompile(`^(0|[1-9][0-9]*)-(0|[1-9][0-9]*)$`)

func (r *reader) seedRange(path string, n *node) (low, high int64, ok bool) {
	if n.kind == scalar {
		if ends := seedRangePattern.FindStringSubmatch(n.text); ends != nil {
			low, err1 := strconv.ParseInt(ends[1], 10, 64)
			high, err2 := strconv.ParseInt(ends[2], 10, 64)
			switch {
			case err1 != nil || err2 != nil || low > MaxSeed || high > MaxSeed:
				r.add(n, path, "%s is out of range; seeds go from 0 to %d", n.text, int64(MaxSeed))
			case low > high:
				r.add(n, path, "%s is empty; expected the smaller seed first", n.text)
			default:
				return low, high, true
			}
			return 0, 0, false
		}
	}
	if n.kind == scalar && n.tag == "!!str" && !isNumber(n) {
		r.add(n, path, "expected a seed such as 7 or a range such as \"1-5\", got %s", n.describe())
		return 0, 0, false
	}
	v, ok := r.integer(path, n, 0, MaxSeed)
	return v, v, ok
}

func (r *reader) specs(o object) []string {
	items, paths, _ := o.list("specs")
	if n := o.get("specs"); n != nil && n.kind == sequence && (len(items) == 0 || len(items) > maxSpecs) {
		r.add(n, "specs", "the list holds %d specs; expected 1 to %d", len(items), maxSpecs)
	}
	var specs []string
	first := map[string]*node{}
	for i, n := range items {
		ref, ok := r.text(paths[i], n, fileName)
		if !ok {
			continue
		}
		id := SpecID(ref)
		switch before := first[id]; {
		case !idPattern.MatchString(id) && IsFolder(ref):
			r.add(n, paths[i], "the folder's name %q is no id of a spec; expected a-z, 0-9 and _", id)
		case !idPattern.MatchString(id):
			r.add(n, paths[i], "%q is no id of a spec; expected a-z, 0-9 and _, or a folder such as ./%s", ref, ref)
		case before != nil:
			r.add(n, paths[i], "spec %q stands twice; it was first at %s", id, before.position())
		default:
			first[id] = n
			specs = append(specs, ref)
		}
	}
	return specs
}

func (r *reader) exclude(o object) []string {
	items, paths, _ := o.list("exclude")
	ids := []string{}
	first := map[string]*node{}
	for i, n := range items {
		id, ok := r.text(paths[i], n, matches(hashPattern, "the id of a candidate: 64 hexadecimal digits in lower case"))
		switch {
		case !ok:
		case first[id] != nil:
			r.add(n, paths[i], "the id stands twice; it was first at %s", first[id].position())
		default:
			first[id] = n
			ids = append(ids, id)
		}
	}
	return ids
}
