package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// LockVersion is the version of the lock format that this package writes.
const LockVersion = 1

// Identity is everything that a run's rows depend on, by content and never by path.
// Equal identities have equal rows.
type Identity struct {
	Semantics int                    `json:"semantics"` // raised when the same inputs would give other rows; at least 1
	Manifest  json.RawMessage        `json:"manifest"`  // the resolved manifest as a JSON object, paths replaced by digests
	Inputs    map[string]string      `json:"inputs"`    // SHA-256 of each input by its name; may be empty
	Specs     map[string]SpecDigests `json:"specs"`     // by spec id
	Seeds     []int64                `json:"seeds"`     // at least one, strictly increasing, 0 to 2^53-1
	Toolchain Toolchain              `json:"toolchain"`
	FuelModel string                 `json:"fuel_model"` // name of the formula that makes fuel out of what ran
	Schemas   map[string]int         `json:"schemas"`    // SchemaVersions
}

// SpecDigests are the parts of a spec that are compared separately: runs with the same
// task and other styles are comparable.
type SpecDigests struct {
	TaskDigest   string `json:"task_digest"`
	StylesDigest string `json:"styles_digest"`
}

// Toolchain is what built and ran the candidates.
type Toolchain struct {
	Go       string `json:"go"` // "go1.26.8"
	Wasmtime string `json:"wasmtime"`
	Settings string `json:"settings"` // canonical text of the sandbox's configuration
}

// Platform is where a run was executed. Rows do not depend on it, file bytes may.
type Platform struct {
	GOOS   string `json:"goos"`
	GOARCH string `json:"goarch"`
}

// Lock is lock.json: what a run was, and digests of what came out. Platform and file
// digests stand outside the identity.
type Lock struct {
	Version      int                  `json:"lock"`
	RunID        string               `json:"run_id"`
	ExperimentID string               `json:"experiment_id"`
	Identity     Identity             `json:"identity"`
	Platform     Platform             `json:"platform"`
	Tables       map[string]TableInfo `json:"tables"` // one for each name in Identity.Schemas
}

// LockError is a lock that breaks its format or was edited.
type LockError struct {
	File         string // "" if the lock was not read from a file
	Line, Column int    // from 1, in bytes; 0 where no place can be named
	Path         string // "identity.seeds"; "" for the whole document
	Problem      string
	Newer        bool // the lock is of a later version than this package knows
}

func (e *LockError) Error() string {
	at := e.File
	if at == "" {
		at = "lock"
	}
	if e.Line > 0 {
		at += fmt.Sprintf(":%d:%d", e.Line, e.Column)
	}
	if e.Path != "" {
		at += ": " + e.Path
	}
	return at + ": " + e.Problem
}

// Is reports that a LockError is an ErrLock, or an ErrNewer where it is that.
func (e *LockError) Is(target error) bool {
	if e.Newer {
		return target == ErrNewer
	}
	return target == ErrLock
}

// NewLock returns the lock of a run with its ids filled in.
func NewLock(id Identity, platform Platform, tables map[string]TableInfo) (*Lock, error) {
	l := &Lock{Version: LockVersion, Identity: id, Platform: platform, Tables: tables}
	var err error
	if l.RunID, err = id.RunID(); err != nil {
		return nil, err
	}
	if l.ExperimentID, err = id.ExperimentID(); err != nil {
		return nil, err
	}
	return l, nil
}

// Canonical returns the identity as canonical JSON: keys sorted, no white space, no
// HTML escaping, integers plain. It fails if the identity is incomplete or its
// manifest is not a JSON object.
func (id *Identity) Canonical() ([]byte, error) {
	n, err := id.node()
	if err != nil {
		return nil, err
	}
	return n.appendCanonical(nil)
}

// RunID returns the SHA-256 of the canonical identity in lower-case hex.
func (id *Identity) RunID() (string, error) {
	n, err := id.node()
	if err != nil {
		return "", err
	}
	return n.sum()
}

// ExperimentID returns the same without the seeds, so that runs which differ only in
// seed share it. The manifest's own list of seeds is left out too.
func (id *Identity) ExperimentID() (string, error) {
	n, err := id.node()
	if err != nil {
		return "", err
	}
	return n.withoutSeeds().sum()
}

func (id *Identity) node() (*node, error) {
	full := *id
	if full.Inputs == nil {
		full.Inputs = map[string]string{}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(full); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	n, err := parseJSON(buf.Bytes())
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	r := &lockReader{}
	r.identity(n)
	if r.err != nil {
		return nil, r.err
	}
	return n, nil
}

func (n *node) sum() (string, error) {
	canonical, err := n.appendCanonical(nil)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// withoutSeeds returns an identity without its seeds and its manifest's seeds.
func (n *node) withoutSeeds() *node {
	without := *n
	without.members = nil
	for _, m := range n.members {
		if m.key == "seeds" {
			continue
		}
		if m.key == "manifest" {
			manifest := *m.value
			manifest.members = slices.DeleteFunc(slices.Clone(manifest.members), func(m member) bool { return m.key == "seeds" })
			m.value = &manifest
		}
		without.members = append(without.members, m)
	}
	return &without
}

// Marshal returns the lock as the bytes of lock.json: indented, keys sorted, a newline
// at the end. It fails on a lock that ParseLock would refuse.
func (l *Lock) Marshal() ([]byte, error) {
	full := *l
	if full.Identity.Inputs == nil {
		full.Identity.Inputs = map[string]string{}
	}
	canonical, err := canonicalJSON(full)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	var buf bytes.Buffer
	if err := json.Indent(&buf, canonical, "", "  "); err != nil {
		return nil, err
	}
	buf.WriteByte('\n')
	if _, err := ParseLock(buf.Bytes()); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// ParseLock parses lock.json strictly: unknown, missing and duplicate keys, wrong types
// and ids that do not follow from the identity are a *LockError that says where.
func ParseLock(data []byte) (*Lock, error) {
	r := &lockReader{data: data}
	n, err := parseJSON(data)
	if err != nil {
		var se *syntaxError
		if errors.As(err, &se) {
			r.fail(&node{offset: se.offset}, "", "%s", se.problem)
			return nil, r.err
		}
		return nil, err
	}
	l := r.lock(n)
	if r.err != nil {
		return nil, r.err
	}
	return l, nil
}

// lockReader takes a lock out of a tree of nodes. The first problem sticks; after it,
// everything returns zero values.
type lockReader struct {
	data []byte // for positions; nil if the tree was made in memory
	err  *LockError
}

func (r *lockReader) fail(n *node, path, problem string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = &LockError{Path: path, Problem: fmt.Sprintf(problem, args...)}
	if r.data != nil && n != nil {
		before := r.data[:min(n.offset, len(r.data))]
		r.err.Line = bytes.Count(before, []byte("\n")) + 1
		r.err.Column = len(before) - bytes.LastIndexByte(before, '\n')
	}
}

var kindNames = map[byte]string{'{': "an object", '[': "an array", 's': "a string", '0': "a number", 'b': "a boolean", 'n': "null"}

func (r *lockReader) kind(n *node, path string, kind byte) bool {
	if r.err == nil && n.kind != kind {
		r.fail(n, path, "is %s, want %s", kindNames[n.kind], kindNames[kind])
	}
	return r.err == nil
}

// object returns the members with the given keys, which must be all and the only ones.
func (r *lockReader) object(n *node, path string, keys ...string) map[string]*node {
	if !r.kind(n, path, '{') {
		return nil
	}
	found := make(map[string]*node)
	for _, m := range n.members {
		if !slices.Contains(keys, m.key) {
			r.fail(&node{offset: m.offset}, join(path, m.key), "unknown key; want %v", keys)
			return nil
		}
		found[m.key] = m.value
	}
	for _, k := range keys {
		if found[k] == nil {
			r.fail(n, path, "key %q is missing", k)
			return nil
		}
	}
	return found
}

func (r *lockReader) str(n *node, path string) string {
	if !r.kind(n, path, 's') {
		return ""
	}
	if n.text == "" {
		r.fail(n, path, "is empty")
	}
	return n.text
}

func (r *lockReader) sha256(n *node, path string) string {
	s := r.str(n, path)
	if r.err == nil && !isSHA256(s) {
		r.fail(n, path, "%q is no SHA-256 in lower-case hex", s)
	}
	return s
}

// isSHA256 reports whether s is a SHA-256 in lower-case hex.
func isSHA256(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 2*sha256.Size
}

func (r *lockReader) integer(n *node, path string, low int64) int64 {
	if !r.kind(n, path, '0') {
		return 0
	}
	i, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || i < low || i > maxInteger {
		r.fail(n, path, "is %s, want an integer from %d to 2^53-1", n.text, low)
	}
	return i
}

func (r *lockReader) lock(n *node) *Lock {
	if !r.kind(n, "", '{') {
		return nil
	}
	// The version first: a newer lock may have any keys.
	if v := n.get("lock"); v != nil {
		if version := r.integer(v, "lock", 1); r.err == nil && version > LockVersion {
			r.fail(v, "lock", "version %d, but this program knows versions up to %d; a newer ToolGen reads it", version, LockVersion)
			r.err.Newer = true
		}
	}
	m := r.object(n, "", "lock", "run_id", "experiment_id", "identity", "platform", "tables")
	if r.err != nil {
		return nil
	}
	l := &Lock{
		Version:      LockVersion,
		RunID:        r.sha256(m["run_id"], "run_id"),
		ExperimentID: r.sha256(m["experiment_id"], "experiment_id"),
		Identity:     r.identity(m["identity"]),
		Tables:       make(map[string]TableInfo),
	}
	if p := r.object(m["platform"], "platform", "goos", "goarch"); r.err == nil {
		l.Platform = Platform{GOOS: r.str(p["goos"], "platform.goos"), GOARCH: r.str(p["goarch"], "platform.goarch")}
	}
	tables := r.object(m["tables"], "tables", slices.Sorted(maps.Keys(l.Identity.Schemas))...)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		path := "tables." + name
		if t := r.object(tables[name], path, "rows", "rows_sha256", "file_sha256"); r.err == nil {
			l.Tables[name] = TableInfo{
				Rows:       r.integer(t["rows"], path+".rows", 0),
				RowsSHA256: r.sha256(t["rows_sha256"], path+".rows_sha256"),
				FileSHA256: r.sha256(t["file_sha256"], path+".file_sha256"),
			}
		}
	}
	if r.err != nil {
		return nil
	}
	for _, id := range []struct {
		key, have string
		of        *node
	}{{"run_id", l.RunID, m["identity"]}, {"experiment_id", l.ExperimentID, m["identity"].withoutSeeds()}} {
		sum, err := id.of.sum()
		if err != nil {
			r.fail(id.of, "identity", "%v", err)
			return nil
		}
		if sum != id.have {
			r.fail(m[id.key], id.key, "the lock was edited: this says %s, but the identity hashes to %s", id.have, sum)
			return nil
		}
	}
	return l
}

func (r *lockReader) identity(n *node) Identity {
	var id Identity
	m := r.object(n, "identity", "semantics", "manifest", "inputs", "specs", "seeds", "toolchain", "fuel_model", "schemas")
	if r.err != nil {
		return id
	}
	id.Semantics = int(r.integer(m["semantics"], "identity.semantics", 1))
	if r.kind(m["manifest"], "identity.manifest", '{') {
		canonical, err := m["manifest"].appendCanonical(nil)
		if err != nil {
			r.fail(m["manifest"], "identity.manifest", "%v", err)
		}
		id.Manifest = canonical
	}
	id.Inputs = make(map[string]string)
	if r.kind(m["inputs"], "identity.inputs", '{') {
		for _, in := range m["inputs"].members {
			id.Inputs[in.key] = r.sha256(in.value, "identity.inputs."+in.key)
		}
	}
	id.Specs = make(map[string]SpecDigests)
	if r.kind(m["specs"], "identity.specs", '{') {
		for _, s := range m["specs"].members {
			path := "identity.specs." + s.key
			if d := r.object(s.value, path, "task_digest", "styles_digest"); r.err == nil {
				id.Specs[s.key] = SpecDigests{r.str(d["task_digest"], path+".task_digest"), r.str(d["styles_digest"], path+".styles_digest")}
			}
		}
	}
	if r.kind(m["seeds"], "identity.seeds", '[') {
		for i, s := range m["seeds"].items {
			path := fmt.Sprintf("identity.seeds[%d]", i)
			seed := r.integer(s, path, 0)
			if i > 0 && seed <= id.Seeds[i-1] {
				r.fail(s, path, "is %d, after %d: seeds are sorted and distinct", seed, id.Seeds[i-1])
			}
			id.Seeds = append(id.Seeds, seed)
		}
		if len(id.Seeds) == 0 {
			r.fail(m["seeds"], "identity.seeds", "is empty")
		}
	}
	if t := r.object(m["toolchain"], "identity.toolchain", "go", "wasmtime", "settings"); r.err == nil {
		id.Toolchain = Toolchain{
			Go:       r.str(t["go"], "identity.toolchain.go"),
			Wasmtime: r.str(t["wasmtime"], "identity.toolchain.wasmtime"),
			Settings: r.str(t["settings"], "identity.toolchain.settings"),
		}
	}
	id.FuelModel = r.str(m["fuel_model"], "identity.fuel_model")
	id.Schemas = make(map[string]int)
	if r.kind(m["schemas"], "identity.schemas", '{') {
		for _, s := range m["schemas"].members {
			path := "identity.schemas." + s.key
			version := int(r.integer(s.value, path, 1))
			id.Schemas[s.key] = version
			known, ok := SchemaVersions()[s.key]
			switch {
			case r.err != nil:
			case !ok:
				r.fail(&node{offset: s.offset}, path, "no such table")
			case version > known:
				r.fail(s.value, path, "version %d, but this program knows versions up to %d; a newer ToolGen reads it", version, known)
				r.err.Newer = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(SchemaVersions())) {
			if r.err == nil && id.Schemas[name] == 0 {
				r.fail(m["schemas"], "identity.schemas", "table %q is missing", name)
			}
		}
	}
	return id
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
