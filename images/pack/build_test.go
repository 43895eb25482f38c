package pack

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/images/sbom"
)

// source writes a module of one program that says what was stamped into it.
func source(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":  "module tried\n\ngo 1.26.0\n",
		"main.go": "package main\n\nvar version = \"dev\"\n\nfunc main() { println(version) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAProgramDependsOnItsSourceOnly builds the same source in two places and
// wants the same bytes, with the version inside.
func TestAProgramDependsOnItsSourceOnly(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not on the path")
	}
	var programs [2][]byte
	var file string
	for i := range programs {
		file = filepath.Join(t.TempDir(), "tried")
		b := Build{Root: source(t), Package: ".", Set: map[string]string{"main.version": "7.8.9"}}
		if err := b.Program(t.Context(), Target{"linux", "amd64"}, file); err != nil {
			t.Fatal(err)
		}
		p, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		programs[i] = p
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("the same source in two places gives two programs")
	}
	if !bytes.Contains(programs[0], []byte("7.8.9")) {
		t.Error("the version is not in the program")
	}

	v, err := ParseVersion("7.8.9")
	if err != nil {
		t.Fatal(err)
	}
	list, err := SBOM(file, v, Target{"linux", "amd64"}, day)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := FileSum(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"bomFormat": "CycloneDX"`, sum, `"pkg:golang/std@1.`, `"timestamp": "2026-11-22T03:04:05Z"`} {
		if !strings.Contains(string(list), want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}
}

// TestTheListNamesEveryModule reads the list of the running test program, which
// links libraries the way the product does.
func TestTheListNamesEveryModule(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParseVersion("1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	one, err := SBOM(self, v, Targets[0], day)
	if err != nil {
		t.Fatal(err)
	}
	two, err := SBOM(self, v, Targets[0], day)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("two lists of one program differ, %v", err)
	}
	var b sbom.BOM
	dec := json.NewDecoder(bytes.NewReader(one))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if len(b.Components) != len(b.Dependencies[0].DependsOn) || b.Components[0].Ref == "" {
		t.Errorf("components and dependencies differ: %+v", b)
	}
	if _, err := SBOM(filepath.Join("testdata", "none"), v, Targets[0], day); err == nil {
		t.Error("a list of no program")
	}
}

func TestNothingButAWordIsStamped(t *testing.T) {
	for _, v := range []string{"a b", "a'b", `a"b`, "a\nb"} {
		b := Build{Root: t.TempDir(), Set: map[string]string{"main.version": v}}
		if err := b.Program(t.Context(), Targets[0], filepath.Join(t.TempDir(), "x")); err == nil || !strings.Contains(err.Error(), "cannot be stamped") {
			t.Errorf("%q: %v", v, err)
		}
	}
}
