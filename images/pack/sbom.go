package pack

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// The parts of CycloneDX 1.5 that a Go program fills; encoding/json keeps the
// order of the fields, so equal programs give equal lists.
type bom struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     bomMetadata  `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type bomMetadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Purl       string     `json:"purl,omitempty"`
	Hashes     []bomHash  `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type bomHash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

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
	self := component{Type: "application", Ref: "pkg:generic/tramxa@" + v.String() + "?os=" + t.OS + "&arch=" + t.Arch, Name: "tramxa", Version: v.String(),
		Hashes: []bomHash{{"SHA-256", fmt.Sprintf("%x", sum)}}}
	self.Purl = self.Ref
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "-") || s.Key == "CGO_ENABLED" || strings.HasPrefix(s.Key, "GO") {
			self.Properties = append(self.Properties, property{"go:build:" + s.Key, s.Value})
		}
	}
	std := strings.TrimPrefix(info.GoVersion, "go")
	parts := []component{{Type: "library", Ref: "pkg:golang/std@" + std, Name: "std", Version: std, Purl: "pkg:golang/std@" + std}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		ref := "pkg:golang/" + m.Path + "@" + m.Version
		parts = append(parts, component{Type: "library", Ref: ref, Name: m.Path, Version: m.Version, Purl: ref, Properties: []property{{"go:sum", m.Sum}}})
	}
	slices.SortFunc(parts, func(a, b component) int { return cmp.Compare(a.Ref, b.Ref) })
	uses := dependency{Ref: self.Ref}
	for _, c := range parts {
		uses.DependsOn = append(uses.DependsOn, c.Ref)
	}
	b := bom{Format: "CycloneDX", Spec: "1.5", Serial: "urn:uuid:" + uuidOf(sum), Version: 1,
		Metadata:   bomMetadata{Timestamp: at.UTC().Format(time.RFC3339), Component: self},
		Components: parts, Dependencies: []dependency{uses}}
	out, err := json.MarshalIndent(b, "", "  ")
	return append(out, '\n'), err
}

// uuidOf is a version 8 UUID (RFC 9562) from a hash: the list of the same program
// has the same number.
func uuidOf(sum [32]byte) string {
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
