package pack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Target is a system a release has a program for.
type Target struct{ OS, Arch string }

// Targets is every system of a release. 32-bit systems are refused on purpose:
// the view maps files that do not fit their address space.
var Targets = []Target{{"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}}

// String is the name that manifests use: linux/amd64.
func (t Target) String() string { return t.OS + "/" + t.Arch }

// Dash is the name inside file names: linux-amd64.
func (t Target) Dash() string { return t.OS + "-" + t.Arch }

// Program is the file name of the program.
func (t Target) Program() string {
	if t.OS == "windows" {
		return "tramxa.exe"
	}
	return "tramxa"
}

// Build is how the programs of one release are made. The same Build from the
// same sources by the same Go gives the same bytes, wherever they lie.
type Build struct {
	Root    string            // directory of go.mod
	Package string            // "": ./cmd/tramxa
	Set     map[string]string // string variables, by their full name: main.version
}

// stamp is a symbol the linker can set, and a value it takes unquoted.
func stamp(name, value string) error {
	if strings.ContainsAny(name+value, " \t\n'\"\\") {
		return fmt.Errorf("%w: %s=%q cannot be stamped into a program", ErrBad, name, value)
	}
	return nil
}

// Program builds the program for t into the file out. Compiler and linker come
// from the go command on the path; nothing is downloaded that go.sum does not
// name.
func (b Build) Program(ctx context.Context, t Target, out string) error {
	flags := []string{"-s", "-w", "-buildid="}
	for _, name := range sorted(b.Set) {
		if err := stamp(name, b.Set[name]); err != nil {
			return err
		}
		flags = append(flags, "-X", name+"="+b.Set[name])
	}
	what := b.Package
	if what == "" {
		what = "./cmd/tramxa"
	}
	// The commit is stamped by Set: what the go command would find depends on
	// whether this is a clone, a worktree or an unpacked archive.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", strings.Join(flags, " "), "-o", out, what)
	cmd.Dir = b.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.OS, "GOARCH="+t.Arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", t, err, said)
	}
	return nil
}
