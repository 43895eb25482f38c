package pack

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The tests that install packages on systems of their own: TRAMXA_SYSTEM=1, root,
// and directories with a Debian in them, as in package service/servicetest.

// inside is the variable by which the test binary knows that it runs in
// namespaces of its own.
const inside = "TRAMXA_TEST_INSIDE"

// wanted skips unless the tests of systems are asked for and can run here.
func wanted(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getenv("TRAMXA_SYSTEM") != "1" {
		t.Skip("skipped: TRAMXA_SYSTEM=1 asks for the tests that install packages, they take minutes")
	}
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("skipped: needs root on Linux to make a system of its own")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: needs %s", tool)
		}
	}
}

// unshared runs the running test once more with mounts, processes and network of
// its own, so that nothing is left and no port is taken; it says whether this is
// the inner run.
func unshared(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		for _, c := range [][]string{{"mount", "--make-rprivate", "/"}, {"mount", "-t", "proc", "proc", "/proc"}, {"ip", "link", "set", "lo", "up"}} {
			must(t, exec.Command(c[0], c[1:]...))
		}
		return true
	}
	cmd := exec.Command("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	out, err := cmd.CombinedOutput()
	t.Logf("inside:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// programs builds the product twice, as the versions 1.0.0 and 1.1.0 of a
// release.
func programs(t *testing.T, target Target) (older, newer []byte) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var both [2][]byte
	for i, v := range []string{"1.0.0", "1.1.0"} {
		file := filepath.Join(t.TempDir(), target.Program())
		if err := (Build{Root: root, Set: map[string]string{"main.version": v}}).Program(t.Context(), target, file); err != nil {
			t.Fatal(err)
		}
		if both[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return both[0], both[1]
}

// must runs a command and gives its output.
func must(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out.String())
	}
	return out.String()
}

// patience ends what hangs. Nothing is measured with it: these tests run on
// machines that are busy with others.
const patience = 8 * time.Minute

// eventually waits for a condition and says how long it took.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > patience {
			t.Fatalf("%s: not within %s", what, patience)
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%s: after %s", what, time.Since(began).Round(100*time.Millisecond))
}

// answers says whether the page of this machine answers. A closed door is an
// answer at once; a minute is for a machine without a moment to spare.
func answers() bool {
	c := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get("http://127.0.0.1:8480/healthz")
	if err != nil {
		return false
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil && r.StatusCode == http.StatusOK
}

// exists says whether there is a file.
func exists(elem ...string) bool {
	_, err := os.Lstat(filepath.Join(elem...))
	return err == nil
}

func contains(t *testing.T, what, said string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("%s does not say %q:\n%s", what, w, said)
		}
	}
}

// text16 decodes what the installer logs.
func text16(b []byte) string {
	var s strings.Builder
	for i := 0; i+1 < len(b); i += 2 {
		if r := rune(b[i]) | rune(b[i+1])<<8; r != 0xfeff {
			s.WriteRune(r)
		}
	}
	return s.String()
}
