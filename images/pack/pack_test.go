package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)

// sample is a Linux package with a program of a few bytes.
func sample(t *testing.T, version string) Linux {
	t.Helper()
	v, err := ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	return Linux{Version: v, Arch: "amd64", Maintainer: "Trạm xã <tramxa@example.org>", Program: []byte("#!/bin/sh\nexit 0\n"), License: []byte("free\n"), SBOM: []byte("{}\n"),
		Sysusers: "u tramxa - \"tramxa station\" /var/lib/tramxa /usr/sbin/nologin\n", Units: map[string]string{"tramxa.service": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n", "tramxa-hub.service": "[Service]\nExecStart=/bin/true\n"}}
}

func bytesOf(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSameInputsSameBytes(t *testing.T) {
	tree := Tree{{Path: "b/c", Mode: 0o644, Data: []byte("2")}, {Path: "a", Mode: 0o755, Data: []byte("1")}, {Path: "b/d", Mode: 0o600}}
	turned := slices.Clone(tree)
	slices.Reverse(turned)
	for name, write := range map[string]func(io.Writer, Tree, time.Time) error{
		"tar.gz": func(w io.Writer, x Tree, at time.Time) error { return TarGz(w, "top", x, at) },
		"zip":    func(w io.Writer, x Tree, at time.Time) error { return Zip(w, "top", x, at) },
		"deb": func(w io.Writer, x Tree, at time.Time) error {
			return Deb{Package: "x-x", Version: "1", Arch: "all", Maintainer: "x", Summary: "x", Files: x, Scripts: map[string]string{"postrm": "#", "preinst": "#"}}.Write(w, at)
		},
	} {
		one := bytesOf(t, func(w io.Writer) error { return write(w, tree, day) })
		two := bytesOf(t, func(w io.Writer) error { return write(w, turned, day.In(time.FixedZone("ICT", 7*3600))) })
		if !bytes.Equal(one, two) {
			t.Errorf("%s: the order of the files or the time zone changes the bytes", name)
		}
		if three := bytesOf(t, func(w io.Writer) error { return write(w, tree, day.Add(time.Hour)) }); bytes.Equal(one, three) {
			t.Errorf("%s: the time given is not the time written", name)
		}
	}
}

func TestATreeKeepsToItself(t *testing.T) {
	for _, path := range []string{"", ".", "/etc/passwd", "../x", "a/../b", "a//b", "a/", `a\b`} {
		if err := TarGz(io.Discard, "top", Tree{{Path: path}}, day); !errors.Is(err, ErrBad) {
			t.Errorf("%q in an archive: %v", path, err)
		}
		if _, err := (Tree{{Path: path}}).full(); !errors.Is(err, ErrBad) {
			t.Errorf("%q is taken: %v", path, err)
		}
	}
	if _, err := (Tree{{Path: "a"}, {Path: "a"}}).full(); !errors.Is(err, ErrBad) {
		t.Errorf("two files of one path: %v", err)
	}
	if err := Zip(io.Discard, "x", Tree{{Path: "l", Mode: fs.ModeSymlink, Link: "x"}}, day); !errors.Is(err, ErrBad) {
		t.Errorf("a link in a zip: %v", err)
	}
}

func TestDebRefusesWhatDpkgWould(t *testing.T) {
	good := Deb{Package: "tramxa", Version: "1.0~rc.1", Arch: "amd64", Maintainer: "x <x@example.org>", Summary: "x"}
	if err := good.Write(io.Discard, day); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Deb){
		"upper case":      func(d *Deb) { d.Package = "Tramxa" },
		"version v1":      func(d *Deb) { d.Version = "v1" },
		"no arch":         func(d *Deb) { d.Arch = "" },
		"a second field":  func(d *Deb) { d.Summary = "x\nEssential: yes" },
		"a second line":   func(d *Deb) { d.Description = []string{"a\nb"} },
		"unknown script":  func(d *Deb) { d.Scripts = map[string]string{"config": ""} },
		"file off limits": func(d *Deb) { d.Files = Tree{{Path: "../etc/passwd"}} },
	} {
		d := good
		change(&d)
		if err := d.Write(io.Discard, day); !errors.Is(err, ErrBad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVersions(t *testing.T) {
	v, err := ParseVersion("1.20.3-rc.1")
	if err != nil || v.String() != "1.20.3-rc.1" || v.Debian() != "1.20.3~rc.1" || v.Windows() != "1.20.3.0" {
		t.Errorf("%v: %s, %s, %s", err, v, v.Debian(), v.Windows())
	}
	for _, s := range []string{"", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-RC", "1.2.3 ", "1.2.99999", "1.2.3-a..b", "1.2.3\n"} {
		if _, err := ParseVersion(s); !errors.Is(err, ErrBad) {
			t.Errorf("%q is taken: %v", s, err)
		}
	}
}

// TestDpkgReadsThePackage asks dpkg-deb itself.
func TestDpkgReadsThePackage(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("skipped: no dpkg-deb here to read the package with")
	}
	l := sample(t, "1.2.3-rc.1")
	l.Arch = "arm64"
	file := filepath.Join(t.TempDir(), "tramxa.deb")
	if err := os.WriteFile(file, bytesOf(t, func(w io.Writer) error { return l.Deb(w, day) }), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []struct {
		args []string
		want []string
	}{
		{[]string{"--field", file}, []string{"Package: tramxa\n", "Version: 1.2.3~rc.1\n", "Architecture: arm64\n", "Maintainer: Trạm xã <tramxa@example.org>\n"}},
		{[]string{"--contents", file}, []string{"./usr/lib/tramxa/tramxa\n", "./usr/bin/tramxa -> ../lib/tramxa/tramxa\n", "./usr/lib/systemd/system/tramxa-hub.service\n", "root/root", "2026-11-22 03:04", "./usr/share/doc/tramxa/copyright\n"}},
		{[]string{"--info", file}, []string{"postinst", "prerm", "postrm", "preinst", "md5sums"}},
	} {
		out, err := utc(exec.Command("dpkg-deb", ask.args...)).CombinedOutput()
		if err != nil {
			t.Fatalf("dpkg-deb %v: %v\n%s", ask.args, err, out)
		}
		for _, w := range ask.want {
			if !strings.Contains(string(out), w) {
				t.Errorf("dpkg-deb %s does not say %q:\n%s", ask.args[0], w, out)
			}
		}
	}
	for _, script := range debScripts {
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(text("deb/"+script, "1"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s is no shell script: %v\n%s", script, err, out)
		}
	}
}

func utc(c *exec.Cmd) *exec.Cmd {
	c.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8")
	return c
}

func TestArchivesUnpack(t *testing.T) {
	l := sample(t, "1.2.3")
	z, err := gzip.NewReader(bytes.NewReader(bytesOf(t, func(w io.Writer) error { return l.TarGz(w, day) })))
	if err != nil {
		t.Fatal(err)
	}
	modes := make(map[string]fs.FileMode)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		modes[h.Name] = h.FileInfo().Mode()
	}
	if modes["tramxa-1.2.3/tramxa"] != 0o755 || modes["tramxa-1.2.3/README.txt"] != 0o644 || modes["tramxa-1.2.3/"] != fs.ModeDir|0o755 {
		t.Errorf("the archive has %v", modes)
	}

	b := bytesOf(t, func(w io.Writer) error {
		return Windows{Version: l.Version, Program: []byte("MZ"), License: []byte("free\n")}.Zip(w, day)
	})
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := fs.ReadFile(zr, "tramxa-1.2.3/README.txt")
	if err != nil || !bytes.Contains(readme, []byte("tramxa-1.2.3-setup.exe")) || bytes.Count(readme, []byte("\n")) != bytes.Count(readme, []byte("\r\n")) {
		t.Errorf("README.txt: %v %q", err, readme)
	}
}

func TestSumsAreWhatSha256sumChecks(t *testing.T) {
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("skipped: no sha256sum here")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"b": "2", "a": "1", "programs/x": "3", SumsFile: "old"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := Sums(dir, func(name string) bool { return name == SumsFile })
	if err != nil || strings.Count(string(sums), "\n") != 3 {
		t.Fatalf("%v %s", err, sums)
	}
	check := func() ([]byte, error) {
		cmd := exec.Command("sha256sum", "--check", "--strict")
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(sums)
		return cmd.CombinedOutput()
	}
	if out, err := check(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := check(); err == nil {
		t.Errorf("a changed file is not noticed:\n%s", out)
	}
}
