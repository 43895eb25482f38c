package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = "dev"

type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	System   string `json:"system"`
}

func readVersion() versionInfo {
	v := versionInfo{Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func versionVerb() verb {
	return verb{name: "version", args: "[--json]", about: "say which program this is", run: runVersion}
}

func runVersion(_ context.Context, args []string, io stdio) error {
	f := newFlags("version", io)
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	v := readVersion()
	if *asJSON {
		return writeJSON(io.out, v)
	}
	words := []string{"tramxa", v.Version, v.Commit, v.Go, v.System}
	_, err := fmt.Fprintln(io.out, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
	return err
}

// writeJSON writes one JSON object and a line end.
func writeJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
