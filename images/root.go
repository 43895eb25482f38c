package images

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// dropped are folders whose content does not get into an image: caches, logs,
// what belongs to this build, what only a person at a shell would miss.
var dropped = strings.Fields(`boot/ tramxa-build/ var/cache/ var/log/ var/lib/apt/ var/lib/dpkg/info/ var/lib/dpkg/triggers/ var/lib/initramfs-tools/
	var/backups/ var/lib/systemd/ var/tmp/ tmp/ run/ dev/ proc/ sys/ usr/share/man/ usr/share/info/ usr/share/locale/ usr/share/lintian/ usr/share/bug/
	usr/share/X11/ usr/share/bash-completion/ usr/share/zsh/ usr/share/consoletrans/ usr/share/keymaps/ usr/share/i18n/ usr/share/doc-base/
	usr/lib/udev/hwdb.d/ usr/lib/x86_64-linux-gnu/gconv/ usr/share/initramfs-tools/ etc/ssh/ usr/include/
	etc/console-setup/`)

// droppedFiles stand alone.
var droppedFiles = strings.Fields(`vmlinuz vmlinuz.old initrd.img initrd.img.old etc/machine-id var/lib/dbus/machine-id var/lib/dpkg/status-old
	var/lib/dpkg/lock var/lib/dpkg/lock-frontend etc/.pwd.lock etc/passwd- etc/shadow- etc/group- etc/gshadow- etc/subuid- etc/subgid- var/lib/tramxa
	usr/lib/udev/rules.d/90-console-setup.rules`)

// firmware is the part of the firmware packages that wired cards of PCs want.
var firmware = regexp.MustCompile(`^usr/lib/firmware/(rtl_nic|tigon|bnx2|e100|3com|acenic|cxgb3|adaptec|kaweth|advansys|qlogic)(/|$)`)

// keptFont is the one the screen uses.
const keptFont = "usr/share/consolefonts/Vietnamese-Fixed16.psf.gz"

// keep says whether a path of the base root gets into the image.
func keep(name, zone string) bool {
	for _, d := range dropped {
		if strings.HasPrefix(name, d) {
			return false
		}
	}
	for _, f := range droppedFiles {
		if name == f {
			return false
		}
	}
	switch {
	case strings.HasPrefix(name, "usr/lib/firmware/"):
		return firmware.MatchString(name)
	case strings.HasPrefix(name, "usr/share/doc/"):
		return path.Base(name) == "copyright" || strings.Count(name, "/") == 3
	case strings.HasPrefix(name, "usr/share/consolefonts/"):
		return name == keptFont
	case strings.HasPrefix(name, "usr/share/zoneinfo/"):
		return name == "usr/share/zoneinfo/"+zone || strings.HasPrefix("usr/share/zoneinfo/"+zone, name+"/") || name == "usr/share/zoneinfo/UTC" || name == "usr/share/zoneinfo/Etc" || name == "usr/share/zoneinfo/Etc/UTC"
	}
	return true
}

// emptied are folders that must be there though their content is dropped.
var emptied = []placed{
	{path: "boot", dir: true, mode: 0o755}, {path: "dev", dir: true, mode: 0o755}, {path: "proc", dir: true, mode: 0o555}, {path: "sys", dir: true, mode: 0o555}, {path: "run", dir: true, mode: 0o755},
	{path: "tmp", dir: true, mode: 0o1777}, {path: "var/tmp", dir: true, mode: 0o1777}, {path: "var/cache", dir: true, mode: 0o755}, {path: "var/log", dir: true, mode: 0o755},
	{path: "var/lib/systemd", dir: true, mode: 0o755}, {path: "var/lib/dpkg/info", dir: true, mode: 0o755},
}

// outputs are what the build script left in the root.
type outputs map[string][]byte

// maxOutput bounds one of them.
const maxOutput = 128 << 20

var outputNames = strings.Fields("vmlinuz initrd.img core.img BOOTX64.EFI BOOTIA32.EFI boot.img unicode.pf2 packages.tsv loader.tsv status files")

// readOutputs takes them out of the tar of the base root.
func readOutputs(base string) (outputs, error) {
	out := outputs{}
	err := eachEntry(base, func(h *tar.Header, name string, r io.Reader) error {
		if path.Dir(name) != buildDir || h.Typeflag != tar.TypeReg {
			return nil
		}
		b, err := io.ReadAll(io.LimitReader(r, maxOutput))
		out[path.Base(name)] = b
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range outputNames {
		if len(out[name]) == 0 {
			return nil, fmt.Errorf("the build left no %s", name)
		}
	}
	return out, nil
}

func eachEntry(base string, f func(*tar.Header, string, io.Reader) error) error {
	file, err := os.Open(base)
	if err != nil {
		return err
	}
	defer file.Close()
	r := tar.NewReader(bufio.NewReaderSize(file, 1<<20))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", base, err)
		}
		if err := f(h, strings.Trim(strings.TrimPrefix(h.Name, "./"), "/"), r); err != nil {
			return err
		}
	}
}

// writeRoot writes the tar of the final root: what is kept of base, the overlay
// and the program, in an order that depends on nothing else.
func writeRoot(w io.Writer, base string, out outputs, p Plan) error {
	add, err := overlay(p)
	if err != nil {
		return err
	}
	add = append(add, placed{path: "var/lib/dpkg/status", data: out["status"], mode: 0o644},
		placed{path: "usr/share/tramxa/packages.tsv", data: out["packages.tsv"], mode: 0o644})
	replaced, listed := map[string]bool{}, map[string]bool{}
	for _, a := range add {
		replaced[a.path] = true
	}
	for _, name := range strings.Split(string(out["files"]), "\n") {
		listed[name] = true
	}
	at := p.Time
	t := tar.NewWriter(w)
	there := map[string]bool{".": true}
	err = eachEntry(base, func(h *tar.Header, name string, r io.Reader) error {
		if name == "" {
			return nil // the root itself: made by the packer
		}
		if !listed[name] || replaced[name] && h.Typeflag != tar.TypeDir || !keep(name, p.Zone) {
			return nil
		}
		if h.Typeflag == tar.TypeDir {
			there[name] = true
		}
		return copyEntry(t, h, r, at)
	})
	if err != nil {
		return err
	}
	for _, a := range append(append([]placed{}, emptied...), add...) {
		if a.dir && there[a.path] {
			continue
		}
		if err := parents(t, a.path, there, at); err != nil {
			return err
		}
		if err := writePlaced(t, a, at); err != nil {
			return err
		}
		there[a.path] = a.dir || there[a.path]
	}
	if err := parents(t, programFile, there, at); err != nil {
		return err
	}
	if err := writeProgram(t, p.path(p.Program), at); err != nil {
		return err
	}
	return t.Close()
}

// copyEntry copies one entry without what differs from build to build.
func copyEntry(t *tar.Writer, h *tar.Header, r io.Reader, at time.Time) error {
	n := *h
	if n.ModTime.After(at) {
		n.ModTime = at
	}
	n.ModTime = n.ModTime.Truncate(time.Second)
	n.AccessTime, n.ChangeTime, n.Uname, n.Gname = time.Time{}, time.Time{}, "", ""
	n.Format = tar.FormatPAX
	for k := range n.PAXRecords {
		if !strings.HasPrefix(k, "SCHILY.xattr.") {
			delete(n.PAXRecords, k)
		}
	}
	if err := t.WriteHeader(&n); err != nil {
		return err
	}
	_, err := io.Copy(t, r)
	return err
}

// squash packs the root into out.
func (b *builder) squash(ctx context.Context, base, out string, o outputs) error {
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(writeRoot(pw, base, o, b.plan)) }()
	defer pr.Close()
	// Level 15 is the default; sqfstar 4.5 takes the value of a level option for
	// the name of the result.
	err := b.run(ctx, pr, nil, nil, "sqfstar", "-comp", "zstd", "-b", "256K", "-quiet", "-no-progress", out)
	if err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	if most := int64(b.plan.Size.Root) << 20; info.Size() > most {
		return fmt.Errorf("%s has %d MB, a slot holds %d: raise size.root or take packages out", filepath.Base(out), info.Size()>>20, most>>20)
	}
	return nil
}
