package handoff

import (
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"toolgen/fuzzing"
)

// valid is a file of the old form.
const valid = `{"spec_path": "s", "bundle_dir": "b"}`

func reasonOf(t *testing.T, dir, slot string) Poison {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, PoisonDir, slot+reasonSuffix))
	if err != nil {
		t.Fatal(err)
	}
	var p Poison
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoisonContent(t *testing.T) {
	id := ID(7, 3, strings.Repeat("c0", 32))
	whole := func(change string, to string) string {
		return strings.Replace(`{"spec_path": "s", "bundle_dir": "b", "epoch": 3, "handoff_id": "`+id+`", "seed": 7, "candidate_id": "`+strings.Repeat("c0", 32)+`", "schema_version": 1}`, change, to, 1)
	}
	if _, old, err := Parse([]byte(whole("", ""))); err != nil || old {
		t.Fatalf("the example is none: %v", err)
	}
	for want, content := range map[string]string{
		"it is empty":                         "",
		"cut short":                           valid[:len(valid)-1],
		"it is no JSON: ":                     "spec_path: s",
		"goes on behind its JSON object":      valid + valid,
		"it is of the wrong type: array":      `[1]`,
		"it has no spec_path":                 `null`,
		"it has no bundle_dir":                `{"spec_path": "s"}`,
		"epoch is of the wrong type: string":  `{"spec_path": "s", "bundle_dir": "b", "epoch": "3"}`,
		"epoch is of the wrong type: number":  `{"spec_path": "s", "bundle_dir": "b", "epoch": 3.5}`,
		"epoch -1":                            `{"spec_path": "s", "bundle_dir": "b", "epoch": -1}`,
		"seed -1, expected 0 to 9007199254":   `{"spec_path": "s", "bundle_dir": "b", "seed": -1}`,
		"seed 9007199254740992, expected 0":   `{"spec_path": "s", "bundle_dir": "b", "seed": 9007199254740992}`,
		"seed is of the wrong type: number 1": `{"spec_path": "s", "bundle_dir": "b", "seed": 1e30}`,
		"seed -7, expected 0":                 whole(`"seed": 7`, `"seed": -7`),
		"bundle_dir is of the wrong type":     `{"spec_path": "s", "bundle_dir": ["b"]}`,
		"metrics.fitness is of the wrong":     `{"spec_path": "s", "bundle_dir": "b", "metrics": {"fitness": "high"}}`,
		"ts is of the wrong type":             `{"spec_path": "s", "bundle_dir": "b", "ts": {}}`,
		"it is no UTF-8":                      "{\"spec_path\": \"\xff\", \"bundle_dir\": \"b\"}",
		`bundle_dir "b\x00" has control char`: `{"spec_path": "s", "bundle_dir": "b\u0000"}`,
		"spec_path has 5000 bytes":            `{"spec_path": "` + strings.Repeat("s", 5000) + `", "bundle_dir": "b"}`,
		"it is larger than 1 MiB":             valid + strings.Repeat(" ", MaxBytes),
		"schema_version 2, expected 1":        whole(`"schema_version": 1`, `"schema_version": 2`),
		`handoff_id "../../../etc/passwd"`:    whole(id, "../../../etc/passwd"),
		"handoff_id \"1":                      whole(id, strings.Repeat("1", 64)),
		"candidate_id \"/etc":                 whole(strings.Repeat("c0", 32), "/etc/passwd"),
		"not all of seed, epoch":              whole(`"seed": 7, `, ""),
		"exceeded max depth":                  strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000),
	} {
		dir := t.TempDir()
		q := open(t, dir, Options{})
		write(t, filepath.Join(dir, NewDir, "handoff_x.json"), content)
		noClaim(t, q)
		p := reasonOf(t, dir, "handoff_x.json")
		if !strings.Contains(p.Reason, want) || p.Name != "handoff_x.json" || p.From != NewDir || p.SetAside.IsZero() {
			t.Errorf("want %q: %+v", want, p)
		}
		if got, err := os.ReadFile(filepath.Join(dir, PoisonDir, "handoff_x.json")); err != nil || string(got) != content {
			t.Errorf("%s: what was set aside has changed: %v", want, err)
		}
		if got := names(t, filepath.Join(dir, NewDir)); len(got) != 0 {
			t.Errorf("%s: left: %v", want, got)
		}
	}
}

// Things that are no files are neither opened nor followed, and nothing blocks.
func TestPoisonKinds(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.json")
	write(t, outside, valid)
	for name, c := range map[string]struct {
		want string
		make func(path string) error
	}{
		"link":     {"a symbolic link", func(p string) error { return os.Symlink(outside, p) }},
		"dangling": {"a symbolic link", func(p string) error { return os.Symlink("/nowhere/at/all", p) }},
		"loop":     {"a symbolic link", func(p string) error { return os.Symlink(p, p) }},
		"pipe":     {"a named pipe", func(p string) error { return syscall.Mkfifo(p, 0o644) }},
		"folder": {"a folder", func(p string) error {
			if err := os.Mkdir(p, 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(p, "inside"), []byte("kept"), 0o644)
		}},
		"device": {"a device", func(p string) error { return syscall.Mknod(p, syscall.S_IFCHR|0o644, 1<<8|5) }}, // /dev/zero
		"socket": {"a socket", func(p string) error {
			l, err := net.Listen("unix", p)
			if err == nil {
				l.(*net.UnixListener).SetUnlinkOnClose(false)
				l.Close()
			}
			return err
		}},
	} {
		for _, in := range []string{"", NewDir} {
			t.Run(name+" in "+in, func(t *testing.T) {
				dir, err := os.MkdirTemp("", "q") // a socket's path must be short
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.RemoveAll(dir) })
				q := open(t, dir, Options{})
				path := filepath.Join(dir, in, name+".json")
				if err := c.make(path); err != nil {
					if os.IsPermission(err) {
						t.Skip(err) // only root makes devices
					}
					t.Fatal(err)
				}
				before, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, "good.json"), valid)
				if job := claimOne(t, q); job.SpecPath != "s" {
					t.Errorf("job %+v", job)
				}
				noClaim(t, q)
				if p := reasonOf(t, dir, name+".json"); !strings.Contains(p.Reason, c.want) || p.From != in {
					t.Errorf("%+v", p)
				}
				after, err := os.Lstat(filepath.Join(dir, PoisonDir, name+".json"))
				if err != nil || !os.SameFile(before, after) {
					t.Errorf("it is not the same any more: %v", err)
				}
			})
		}
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != valid {
		t.Errorf("what a link led to was touched: %q, %v", got, err)
	}
}

func TestPoisonNames(t *testing.T) {
	for name, slot := range map[string]string{
		"new\nline.json":                     "new_line.json",
		"not\xffutf8.json":                   "not_utf8.json",
		"esc\x1b[2J.json":                    "esc__2J.json",
		"right\u202eto left.json":            "right_to_left.json",
		"zero\u200bwidth.json":               "zero_width.json",
		strings.Repeat("n", 248) + "\n.json": strings.Repeat("n", 100),
	} {
		dir := t.TempDir()
		q := open(t, dir, Options{})
		write(t, filepath.Join(dir, name), valid)
		noClaim(t, q)
		p := reasonOf(t, dir, slot)
		original := p.Name
		if p.RawName != nil {
			original = string(p.RawName)
		}
		if !strings.Contains(p.Reason, "its name") || original != name {
			t.Errorf("%q: %+v", name, p)
		}
	}
	// Odd, and no harm: the name is not what a handoff goes by.
	for _, name := range []string{"..json", "...", "-rf.json", "$(reboot).json", "%s.json", "handoff_" + strings.Repeat("0", 64) + ".json"} {
		if name[0] == '.' {
			continue // hidden: being written
		}
		dir := t.TempDir()
		q := open(t, dir, Options{})
		write(t, filepath.Join(dir, NewDir, name), valid)
		job := claimOne(t, q)
		if got := names(t, filepath.Join(dir, WorkDir)); len(got) != 1 || got[0] != FileName(job.ID) {
			t.Errorf("%q: work holds %q", name, got)
		}
	}
}

// Files of one name do not replace each other where they are set aside.
func TestPoisonKeepsAll(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, Options{})
	for _, file := range []string{"new/a.json", "new/a.reason.json", "work/a.reason.json_"} {
		for _, content := range []string{"one " + file, "two " + file} {
			write(t, filepath.Join(dir, file), content)
			noClaim(t, q)
		}
	}
	c, err := Count(dir)
	if err != nil || c.Poison != 6 {
		t.Fatalf("%+v, %v; want 6 set aside", c, err)
	}
	seen := map[string]bool{}
	for _, name := range names(t, filepath.Join(dir, PoisonDir)) {
		if !strings.HasSuffix(name, reasonSuffix) {
			data, err := os.ReadFile(filepath.Join(dir, PoisonDir, name))
			if err != nil {
				t.Fatal(err)
			}
			seen[string(data)] = true
			reasonOf(t, dir, name)
		}
	}
	if len(seen) != 6 {
		t.Errorf("of six files these are left: %v", seen)
	}
}

// A file that is being written in place is left alone until it has lain still.
func TestHalfWritten(t *testing.T) {
	dir := t.TempDir()
	c := newClock()
	q := open(t, dir, Options{Now: c.Now, Settle: 10 * time.Second})
	path := filepath.Join(dir, "slow.json")
	write(t, path, valid[:10])
	if err := os.Chtimes(path, c.Now(), c.Now()); err != nil {
		t.Fatal(err)
	}
	noClaim(t, q)
	if at, ok := q.Next(); !ok || at.Sub(c.Now()).Round(time.Second) != 10*time.Second {
		t.Errorf("next at %v, %t; it is %v", at, ok, c.Now())
	}
	write(t, path, valid)
	if job := claimOne(t, q); job.SpecPath != "s" {
		t.Errorf("job %+v", job)
	}
	// Two that never become whole: one lies still, one says that it is from far ahead.
	write(t, path, valid[:10])
	if err := os.Chtimes(path, c.Now(), c.Now()); err != nil {
		t.Fatal(err)
	}
	ahead := filepath.Join(dir, "ahead.json")
	write(t, ahead, valid[:10])
	if err := os.Chtimes(ahead, c.Now(), c.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	noClaim(t, q)
	reasonOf(t, dir, "ahead.json")
	c.pass(11 * time.Second)
	noClaim(t, q)
	reasonOf(t, dir, "slow.json")
}

// A file is taken under its last name, whatever it is called while it is being written.
func TestOtherNames(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, Options{})
	for _, name := range []string{"h.json.tmp", "h.tmp", "h", ".h.json", "h.json~", ".h.json.swp"} {
		for _, in := range []string{NewDir, ""} {
			path := filepath.Join(dir, in, name)
			write(t, path, valid[:10])
			noClaim(t, q)
			write(t, path, valid)
			noClaim(t, q)
			if got := names(t, filepath.Join(dir, PoisonDir)); len(got) != 0 {
				t.Fatalf("%s in %q: set aside: %v", name, in, got)
			}
			if c, err := Count(dir); err != nil || c.New != 0 || c.Oldest != nil {
				t.Errorf("%s in %q: %+v, %v; want nothing that waits", name, in, c, err)
			}
			if err := os.Rename(path, filepath.Join(dir, in, "h.json")); err != nil {
				t.Fatal(err)
			}
			if c, err := Count(dir); err != nil || c.New != 1 {
				t.Errorf("%s in %q, renamed: %+v, %v", name, in, c, err)
			}
			if err := q.Release(claimOne(t, q)); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, NewDir, FileName(oldID(t, valid)))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// oldID is the id of a file of the old form.
func oldID(t *testing.T, data string) string {
	t.Helper()
	h, old, err := Parse([]byte(data))
	if err != nil || !old {
		t.Fatalf("%s: old %t, %v", data, old, err)
	}
	return h.ID
}

// deniedDisk refuses to open one file, as it would for a file of somebody else's.
type deniedDisk struct {
	osDisk
	name string
}

func (d deniedDisk) open(path string) (*os.File, error) {
	if filepath.Base(path) == d.name {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	}
	return d.osDisk.open(path)
}

func (d deniedDisk) rename(from, to string) error {
	if strings.HasSuffix(from, "stuck.json") {
		return &fs.PathError{Op: "rename", Path: from, Err: syscall.EPERM}
	}
	return d.osDisk.rename(from, to)
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, Options{disk: deniedDisk{name: "secret.json"}})
	write(t, filepath.Join(dir, "secret.json"), valid)
	noClaim(t, q)
	if p := reasonOf(t, dir, "secret.json"); !strings.Contains(p.Reason, "permission denied") {
		t.Errorf("%+v", p)
	}
	// One that cannot even be moved is told of, and stands in nobody's way.
	write(t, filepath.Join(dir, "stuck.json"), "junk")
	at := time.Unix(1, 0)
	if err := os.Chtimes(filepath.Join(dir, "stuck.json"), at, at); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "good.json"), valid)
	claimOne(t, q)
	if job, err := q.Claim(ctx); job != nil || err == nil || !strings.Contains(err.Error(), `"stuck.json"`) {
		t.Errorf("%v, %v", job, err)
	}
}

// Whoever puts another file in the place of the one that was read gains nothing.
func TestSwappedWhileRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	d := &swapDisk{path: path, with: `{"spec_path": "other", "bundle_dir": "b"}`}
	q := open(t, dir, Options{disk: d})
	write(t, path, valid)
	if job, err := q.Claim(ctx); job != nil || err != nil {
		t.Errorf("claimed %+v, %v", job, err)
	}
	if job := claimOne(t, q); job.SpecPath != "other" {
		t.Errorf("job %+v", job)
	}
	noClaim(t, q)
}

// TestSwappedWhileOpened puts something else in the place of a file between the look at
// it and its opening.
func TestSwappedWhileOpened(t *testing.T) {
	for name, swap := range map[string]func(path string) error{
		"pipe": func(p string) error { return syscall.Mkfifo(p, 0o644) }, // opening it to read would wait for a writer
		"link": func(p string) error { return os.Symlink("/etc/passwd", p) },
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, name+".json")
		write(t, path, valid)
		q := open(t, dir, Options{disk: &openDisk{path: path, swap: swap}})
		noClaim(t, q)
		if p := reasonOf(t, dir, name+".json"); !strings.Contains(p.Reason, "regular file") {
			t.Errorf("%+v", p)
		}
	}
}

type openDisk struct {
	osDisk
	path string
	swap func(path string) error
}

func (d *openDisk) open(path string) (*os.File, error) {
	if path == d.path {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		if err := d.swap(path); err != nil {
			return nil, err
		}
	}
	return d.osDisk.open(path)
}

type swapDisk struct {
	osDisk
	path, with string
}

func (d *swapDisk) rename(from, to string) error {
	if from == d.path && d.with != "" {
		if err := os.Remove(from); err != nil {
			return err
		}
		if err := os.WriteFile(from, []byte(d.with), 0o644); err != nil {
			return err
		}
		d.with = ""
	}
	return d.osDisk.rename(from, to)
}

func FuzzParse(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add([]byte(valid))
	f.Add([]byte(`{"spec_path": "s", "bundle_dir": "b", "ts": 1e300, "epoch": null, "metrics": null}`))
	f.Add([]byte(`{"ts": "2026-01-01T00:00:00Z", "spec_path": "../x", "bundle_dir": "/y", "impl_style": "z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, _, err := Parse(data)
		if err != nil {
			if strings.Contains(err.Error(), "json:") || strings.Contains(err.Error(), "handoff.") {
				t.Errorf("the error speaks of Go: %v", err)
			}
			return
		}
		if !hexDigest.MatchString(h.ID) || h.Seed < 0 || h.Seed > 1<<53-1 || h.SpecPath == "" || h.BundleDir == "" || !json.Valid(data) {
			t.Errorf("accepted: %+v", h)
		}
	})
}
