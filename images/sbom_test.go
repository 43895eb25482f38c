package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tramxa/images/sbom"
)

// listed is a manifest with what a list of contents is made of.
func listed(t *testing.T) Manifest {
	t.Helper()
	p := plan(t)
	packages, err := parsePackages([]byte("zstd\t1.5.7+dfsg-1\tamd64\tlibzstd\t1.5.7+dfsg-1\n" +
		"acpid\t1:2.0.34-1+b1\tamd64\tacpid\t1:2.0.34-1\n" +
		"console-setup\t1.242~deb13u1\tall\tconsole-setup\t1.242~deb13u1\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Manifest{Version: ManifestVersion, Name: p.Name, Release: p.Release, Time: p.Time, Suite: p.Suite, Packages: packages,
		Files: []Sum{bytesSum(p.Name+".img", []byte("image")), bytesSum(programFile, []byte("program"))}}
}

func readList(t *testing.T, text []byte) sbom.BOM {
	t.Helper()
	var b sbom.BOM
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		t.Fatal(err)
	}
	return b
}

// wholeList wants every package of the manifest, the program, the image, and
// nothing else in the list.
func wholeList(t *testing.T, m Manifest, b sbom.BOM) {
	t.Helper()
	parts := map[string]sbom.Component{}
	for _, c := range b.Components {
		if _, twice := parts[c.Ref]; twice {
			t.Errorf("%s is listed twice", c.Ref)
		}
		parts[c.Ref] = c
		if !slices.Contains(b.Dependencies[0].DependsOn, c.Ref) {
			t.Errorf("the image does not depend on %s", c.Ref)
		}
	}
	for _, p := range m.Packages {
		c := parts[sbom.Debian(p.Name, p.Version, p.Architecture, m.Suite)]
		want := []sbom.Property{{Name: "deb:architecture", Value: p.Architecture}, {Name: "deb:source", Value: p.Source}, {Name: "deb:source-version", Value: p.SourceVersion}}
		if c.Name != p.Name || c.Version != p.Version || c.Purl != c.Ref || !slices.Equal(c.Properties, want) {
			t.Errorf("%+v is listed as %+v", p, c)
		}
	}
	program, err := m.file(programFile)
	if err != nil {
		t.Fatal(err)
	}
	if c := parts["pkg:generic/tramxa@"+m.Release+"?arch=amd64&os=linux"]; !slices.Equal(c.Hashes, sbom.SHA256(program.SHA256)) {
		t.Errorf("the program is listed as %+v", c)
	}
	if len(b.Components) != len(m.Packages)+1 {
		t.Errorf("%d components, %d packages and the program", len(b.Components), len(m.Packages))
	}
	of := b.Metadata.Component
	if of.Type != "operating-system" || of.Name != m.Name || of.Version != m.Release || b.Metadata.Timestamp != m.Time.UTC().Format("2006-01-02T15:04:05Z") {
		t.Errorf("the list is of %+v at %s", of, b.Metadata.Timestamp)
	}
}

func TestContents(t *testing.T) {
	m := listed(t)
	one, err := contents(m)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "contents.cdx.json", string(one))
	wholeList(t, m, readList(t, one))
	slices.Reverse(m.Packages)
	if two, err := contents(m); err != nil || !bytes.Equal(one, two) {
		t.Errorf("the same packages give two lists, %v", err)
	}
	m.Packages[0].Version += "1"
	other, err := contents(m)
	if err != nil {
		t.Fatal(err)
	}
	if readList(t, other).Serial == readList(t, one).Serial {
		t.Error("another package, the same serial number")
	}
	m.Files = m.Files[:1]
	if _, err := contents(m); err == nil || !strings.Contains(err.Error(), programFile) {
		t.Errorf("a list without the program: %v", err)
	}
}

// TestListOfTheImage: the list lies beside the manifest, which has its checksum
// as SHA256SUMS has.
func TestListOfTheImage(t *testing.T) {
	dir, m := built(t)
	if len(m.Packages) != 2 || m.Packages[1].Name != "grub-pc-bin" {
		t.Errorf("root and loader are made of %+v", m.Packages)
	}
	text, err := os.ReadFile(filepath.Join(dir, m.Name+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	wholeList(t, m, readList(t, text))
	if f, err := m.file(m.Name + ".cdx.json"); err != nil || f != bytesSum(f.Name, text) {
		t.Errorf("in the manifest: %+v, %v", f, err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if line := fmt.Sprintf("%x  %s.cdx.json\n", sha256.Sum256(text), m.Name); err != nil || !strings.Contains(string(sums), line) {
		t.Errorf("SHA256SUMS lacks %q, %v:\n%s", line, err, sums)
	}
}
