package handoff

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// reasonSuffix is the ending of the file beside one that was set aside.
const reasonSuffix = ".reason.json"

// Poison is why a file was set aside: PoisonDir/<name>.reason.json, beside PoisonDir/<name>.
type Poison struct {
	Name     string    `json:"name"`               // as it was; what is no UTF-8 is replaced
	RawName  []byte    `json:"raw_name,omitempty"` // base64, if Name is not exact
	From     string    `json:"from"`               // folder of the queue; "" is the queue itself
	Reason   string    `json:"reason"`
	SetAside time.Time `json:"set_aside"`
}

// setAside moves a file, whatever it is, into PoisonDir, under the lock. The reason is
// written first, so that no file lies there without one.
func (q *Queue) setAside(dir, name, reason string) error {
	slot := safeName(name)
	for n := 2; ; n++ {
		// A reason alone is what a crash left; its file is the one that comes now, or
		// has gone elsewhere.
		taken, err := exists(q.at(filepath.Join(PoisonDir, slot)))
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		slot = fmt.Sprintf("%s.%d", safeName(name), n)
	}
	p := Poison{Name: strings.ToValidUTF8(name, "\uFFFD"), From: dir, Reason: reason, SetAside: q.opt.Now().UTC().Truncate(time.Second)}
	if p.Name != name {
		p.RawName = []byte(name)
	}
	data, err := encodeJSON(p)
	if err != nil {
		return err
	}
	if err := writeFile(q.disk, q.at(filepath.Join(PoisonDir, slot+reasonSuffix)), data); err != nil {
		return err
	}
	file := filepath.Join(dir, name)
	if err := moveFile(q.disk, q.at(file), q.at(filepath.Join(PoisonDir, slot))); err != nil {
		return err
	}
	q.opt.Observe(Event{Kind: EventPoison, Name: file, Reason: reason})
	return nil
}

// safeName is a name that shows as it is everywhere, and that leaves room for endings.
func safeName(name string) string {
	const longest = 100
	var b strings.Builder
	for _, r := range name {
		if b.Len() == longest {
			break
		}
		if r >= utf8.RuneSelf || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	safe := b.String()
	if safe[0] == '.' {
		safe = "_" + safe[1:]
	}
	if strings.HasSuffix(safe, reasonSuffix) {
		safe += "_"
	}
	return safe
}
