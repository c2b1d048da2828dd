package main

import (
	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) cacheCommand() *cli.Command {
	flags := func() []cli.Flag {
		return []cli.Flag{
			&cli.StringFlag{Name: "cache", Usage: "`DIR` of the cache; default: $TOOLGEN_CACHE, or toolgen below the user's cache folder"},
			formatFlag(),
		}
	}
	return &cli.Command{
		Name: "cache", Usage: "where the cache is, how large, and how to empty it",
		Description: "toolgen cache size\ntoolgen cache clean",
		Subcommands: []*cli.Command{
			{Name: "dir", Usage: "the folder of the cache", Description: "toolgen cache dir", Flags: flags(), Action: p.cacheDir},
			{Name: "size", Usage: "how much the cache takes", Description: "toolgen cache size", Flags: flags(), Action: p.cacheSize},
			{Name: "clean", Usage: "remove all that the cache holds; only time is lost", Description: "toolgen cache clean", Flags: flags(), Action: p.cacheClean},
		},
	}
}

// cacheFolder is the folder that the flags name.
func cacheFolder(c *cli.Context) (string, error) {
	if dir := c.String("cache"); dir != "" {
		return dir, nil
	}
	return experiment.DefaultCacheDir()
}

// cacheAnswer is the JSON answer of the three commands.
type cacheAnswer struct {
	Dir   string `json:"dir"`
	Bytes *int64 `json:"bytes,omitempty"` // what it takes, or what was set free
	Files *int   `json:"files,omitempty"`
}

func (p *program) sayCache(f reports.Format, name string, a cacheAnswer, text string, args ...any) error {
	if f == reports.Text {
		p.printf(text, args...)
		return nil
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "dir"}, reports.Number("bytes", "bytes", "", 0), reports.Number("files", "files", "", 0)}}
	t.Add(a.Dir, a.Bytes, a.Files)
	return p.answer(f, name, a, t)
}

func (p *program) cacheDir(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := arguments(c); err != nil {
		return err
	}
	dir, err := cacheFolder(c)
	if err != nil {
		return err
	}
	return p.sayCache(f, "cache-dir", cacheAnswer{Dir: dir}, "%s\n", dir)
}

// openCache opens the cache and says how large it is.
func openCache(c *cli.Context) (*experiment.Cache, cacheAnswer, error) {
	if _, err := arguments(c); err != nil {
		return nil, cacheAnswer{}, err
	}
	dir, err := cacheFolder(c)
	if err != nil {
		return nil, cacheAnswer{}, err
	}
	cache, err := experiment.OpenCache(dir)
	if err != nil {
		return nil, cacheAnswer{}, err
	}
	bytes, files, err := cache.Size()
	return cache, cacheAnswer{dir, &bytes, &files}, err
}

func (p *program) cacheSize(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	_, a, err := openCache(c)
	if err != nil {
		return err
	}
	return p.sayCache(f, "cache-size", a, "%s: %s MiB in %d files\n", a.Dir, reports.MiB(*a.Bytes), *a.Files)
}

func (p *program) cacheClean(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	cache, a, err := openCache(c)
	if err != nil {
		return err
	}
	if err := cache.Clean(); err != nil {
		return err
	}
	return p.sayCache(f, "cache-clean", a, "%s: %s MiB in %d files are gone\n", a.Dir, reports.MiB(*a.Bytes), *a.Files)
}
