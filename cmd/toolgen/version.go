package main

import (
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/pipeline/sandbox"
	"toolgen/reports"
)

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "the version of toolgen, and of what shapes its results",
		Description: "toolgen version --format json", Flags: []cli.Flag{formatFlag()}, Action: p.version,
	}
}

func (p *program) version(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := arguments(c); err != nil {
		return err
	}
	v := struct {
		Version   string  `json:"version"`
		Revision  *string `json:"revision"` // of the sources, where the build knows it
		Semantics int     `json:"semantics"`
		Wasmtime  string  `json:"wasmtime"`
		FuelModel string  `json:"fuel_model"`
		BuiltWith string  `json:"built_with"` // the Go that compiled toolgen; candidates are compiled with the one on PATH
		GOOS      string  `json:"goos"`
		GOARCH    string  `json:"goarch"`
	}{experiment.Version, revision(), experiment.Semantics, sandbox.WasmtimeVersion, experiment.FuelModel, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	t := &reports.Table{Columns: []reports.Column{
		{Name: "version"}, {Name: "revision"}, {Name: "semantics"}, {Name: "wasmtime"}, {Name: "fuel_model"}, {Name: "built_with"}, {Name: "goos"}, {Name: "goarch"},
	}}
	t.Add(v.Version, v.Revision, v.Semantics, v.Wasmtime, v.FuelModel, v.BuiltWith, v.GOOS, v.GOARCH)
	if f == reports.Text {
		p.printf("toolgen %s (semantics %d, wasmtime %s, built with %s for %s/%s)\n", v.Version, v.Semantics, v.Wasmtime, v.BuiltWith, v.GOOS, v.GOARCH)
		return nil
	}
	return p.answer(f, "version", v, t)
}

func revision() *string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return &s.Value
			}
		}
	}
	return nil
}
