package pack

import (
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"os"
	"strings"
	"time"

	"tramxa/images/sbom"
)

// SBOM lists what is inside the Go program in the file, as CycloneDX 1.5 in
// JSON: every module with its version and the hash go.sum has of it, the
// standard library with the version of Go, and the settings it was built with.
// It is read from the program itself, so it says what was linked and not what a
// file of wishes says.
func SBOM(file string, v Version, t Target, at time.Time) ([]byte, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the build of %s: %w", file, err)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(program)
	self := sbom.Program(v.String(), t.OS, t.Arch, fmt.Sprintf("%x", sum))
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "-") || s.Key == "CGO_ENABLED" || strings.HasPrefix(s.Key, "GO") {
			self.Properties = append(self.Properties, sbom.Property{Name: "go:build:" + s.Key, Value: s.Value})
		}
	}
	parts := []sbom.Component{module("std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := module(m.Path, m.Version)
		c.Properties = []sbom.Property{{Name: "go:sum", Value: m.Sum}}
		parts = append(parts, c)
	}
	list := sbom.New(self, parts, at)
	list.Serial = sbom.Serial(sum) // the list of the same program has the same number
	return list.JSON()
}

func module(path, version string) sbom.Component {
	return sbom.Part("library", path, version, sbom.Purl("golang", path, version, nil))
}
