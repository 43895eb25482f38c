package sbom

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// BOM is the part of CycloneDX 1.5 that our lists fill
// (https://cyclonedx.org/docs/1.5/json/).
type BOM struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber,omitempty"`
	Version      int          `json:"version"`
	Metadata     Metadata     `json:"metadata"`
	Components   []Component  `json:"components"`
	Dependencies []Dependency `json:"dependencies"`
}

// Metadata says what is described, and of when that is.
type Metadata struct {
	Timestamp string    `json:"timestamp"`
	Component Component `json:"component"`
}

// Component is one thing: what a list describes, or a part of it.
type Component struct {
	Type       string     `json:"type"`    // application, library, operating-system …
	Ref        string     `json:"bom-ref"` // no two of a list are equal
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Purl       string     `json:"purl,omitempty"`
	Hashes     []Hash     `json:"hashes,omitempty"`
	Properties []Property `json:"properties,omitempty"`
}

// Hash is a checksum in hexadecimal.
type Hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

// Property is what CycloneDX has no field for.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Dependency says which components one needs.
type Dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// Part is a component that is known by its package URL.
func Part(kind, name, version, purl string) Component {
	return Component{Type: kind, Ref: purl, Name: name, Version: version, Purl: purl}
}

// Program is the product's program for a system. Every list names it alike, so
// that who holds an image's list finds the list of the program in it.
func Program(version, os, arch, sha256 string) Component {
	c := Part("application", "tramxa", version, Purl("generic", "tramxa", version, map[string]string{"os": os, "arch": arch}))
	c.Hashes = SHA256(sha256)
	return c
}

// SHA256 is the one hash our lists carry.
func SHA256(hex string) []Hash { return []Hash{{"SHA-256", hex}} }

// New is the list of the parts of a thing as they were at that time, sorted.
func New(of Component, parts []Component, at time.Time) BOM {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b Component) int { return cmp.Compare(a.Ref, b.Ref) })
	needs := Dependency{Ref: of.Ref}
	for _, c := range parts {
		needs.DependsOn = append(needs.DependsOn, c.Ref)
	}
	return BOM{Format: "CycloneDX", Spec: "1.5", Version: 1,
		Metadata:   Metadata{Timestamp: at.UTC().Format(time.RFC3339), Component: of},
		Components: parts, Dependencies: []Dependency{needs}}
}

// JSON is the list as it is handed out. A list without a serial number gets one
// from all it says.
func (b BOM) JSON() ([]byte, error) {
	if b.Serial == "" {
		text, err := b.text()
		if err != nil {
			return nil, err
		}
		b.Serial = Serial(sha256.Sum256(text))
	}
	return b.text()
}

// text leaves & as it is: who looks for a package URL in the file finds it.
func (b BOM) text() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(b)
	return out.Bytes(), err
}

// Serial is a serial number made of a hash, as a UUID of version 8 (RFC 9562):
// the same content has the same number.
func Serial(sum [sha256.Size]byte) string {
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
