//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/backups"
)

// wine runs the Windows program in a prefix of its own, in the Debian that
// TRAMXA_WINE_ROOT names. The folder shared is /mnt inside, for Windows Z:\mnt.
type wine struct {
	t            *testing.T
	root, shared string
}

func newWine(t *testing.T) *wine {
	t.Helper()
	w := &wine{t: t, root: os.Getenv("TRAMXA_WINE_ROOT"), shared: t.TempDir()}
	if w.root == "" {
		t.Skip("skipped: TRAMXA_WINE_ROOT names no Debian with wine 10")
	}
	build := exec.Command("go", "build", "-o", filepath.Join(w.shared, "tramxa.exe"), ".")
	build.Env = append(os.Environ(), "GOPROXY=off", "GOOS=windows", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w.run("", "wineboot", "-i")
	w.run("", "wineserver", "-w") // its session must be over before another begins
	t.Cleanup(func() {
		w.run("", "wineserver", "-k")
		w.run("", "wineserver", "-w") // nobody writes into the folder any more that is removed now
	})
	return w
}

// run runs a command there; its answer goes to a file, because what wine leaves
// behind a command keeps a pipe open.
func (w *wine) run(in, name string, args ...string) []byte {
	w.t.Helper()
	const script = `mount --bind /proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --bind "$1" "$0/mnt" && root=$0 && shift &&
exec chroot "$root" env -i LC_ALL=C.UTF-8 PATH=/usr/bin:/bin HOME=/mnt WINEPREFIX=/mnt/prefix WINEDEBUG=-all DISPLAY= XDG_RUNTIME_DIR=/tmp "$@"`
	out, err := os.CreateTemp(w.shared, "out")
	noError(w.t, err)
	defer out.Close()
	errs, err := os.CreateTemp(w.shared, "err")
	noError(w.t, err)
	defer errs.Close()
	cmd := exec.Command("unshare", append([]string{"-m", "sh", "-c", script, w.root, w.shared, "timeout", "900", name}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), out, errs
	if err := cmd.Run(); err != nil && name == "wine" {
		said, _ := os.ReadFile(errs.Name())
		w.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, said)
	}
	b, err := os.ReadFile(out.Name())
	noError(w.t, err)
	return b
}

func (w *wine) tramxa(in string, args ...string) []byte {
	w.t.Helper()
	return w.run(in, "wine", append([]string{`Z:\mnt\tramxa.exe`}, args...)...)
}

// TestCopiesGoFromSystemToSystem: a stick written on Linux is a station on Windows,
// and what that copies is one on Linux again, with the same book.
func TestCopiesGoFromSystemToSystem(t *testing.T) {
	w := newWine(t)
	v := newVersionsOf(t, "")
	want := fmt.Sprintf("%x", v.state.Hash)
	noError(t, os.CopyFS(filepath.Join(w.shared, backups.StickFolder), os.DirFS(v.place)))
	there := v.stateOf(w.tramxa(v.code+"\n", "restore", `Z:\mnt\`+backups.StickFolder, "--code", "--dir", `C:\tramxa\station`, "--json"))
	if there.State != want || !there.Compared {
		t.Errorf("Windows restored %+v, the station had %d rows, %s", there, v.state.Rows, want)
	}
	w.tramxa("", "backup", `Z:\mnt\by-windows`, "--dir", `C:\tramxa\station`)
	manifest, err := os.ReadFile(filepath.Join(w.shared, "by-windows", "manifest.json"))
	noError(t, err)
	if bytes.Contains(manifest, []byte(`\\`)) || !bytes.Contains(manifest, []byte(`"journal/e1/lane0/genesis.txg"`)) {
		t.Errorf("names as of Windows alone:\n%s", manifest)
	}
	back := v.stateOf(v.today(v.code+"\n", "restore", filepath.Join(w.shared, "by-windows"), "--code", "--dir", filepath.Join(v.root, "back"), "--json"))
	if back.State != want {
		t.Errorf("back again it is %+v, the station had %s", back, want)
	}
}
