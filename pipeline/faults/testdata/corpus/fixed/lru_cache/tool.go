package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type cache struct {
	size   int
	values map[string]string
	recent []string // the most recent last
}

func (c *cache) touch(key string) {
	if i := slices.Index(c.recent, key); i >= 0 {
		c.recent = slices.Delete(c.recent, i, i+1)
	}
	c.recent = append(c.recent, key)
}

func (c *cache) put(key, value string) {
	c.touch(key)
	c.values[key] = value
	if len(c.recent) > c.size {
		delete(c.values, c.recent[0])
		c.recent = c.recent[1:]
	}
}

func (c *cache) get(key string) string {
	v, ok := c.values[key]
	if !ok {
		return "-"
	}
	c.touch(key)
	return v
}

// Run reads the size, then lines "put key value" and "get key".
func Run(input []byte) ([]byte, error) {
	sc := bufio.NewScanner(bytes.NewReader(input))
	sc.Scan()
	size, err := strconv.Atoi(sc.Text())
	if err != nil || size < 1 {
		return nil, errors.New("want a size of 1 or more")
	}
	c := &cache{size: size, values: map[string]string{}}
	var out bytes.Buffer
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		switch {
		case len(f) == 3 && f[0] == "put":
			c.put(f[1], f[2])
		case len(f) == 2 && f[0] == "get":
			fmt.Fprintln(&out, c.get(f[1]))
		default:
			return nil, errors.New("bad line: " + sc.Text())
		}
	}
	return out.Bytes(), sc.Err()
}
