package images

import (
	"archive/tar"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"time"

	"tramxa/service"
)

//go:embed overlay
var overlayFS embed.FS

// placed is one entry that an image has beside Debian's packages.
type placed struct {
	path string // without a leading slash
	mode int64
	data []byte
	link string // target of a symbolic link; then there is no data
	dir  bool
}

// wanted says which units start by themselves, below the target they belong to.
var wanted = map[string][]string{
	"sysinit.target.wants": {"tramxa-prepare.service", "systemd-timesyncd.service", "systemd-resolved.service", "systemd-network-generator.service"},
	"multi-user.target.wants": {
		"tramxa.service", "tramxa-screen.service", "tramxa-install.service", "tramxa-rescue.service", "tramxa-unattended.service",
		"tramxa-ssh.service", "tramxa-root-confirm.path", "tramxa-root-apply.path", "tramxa-root-leave.timer", "tramxa-clock.path", "systemd-networkd.service", "acpid.service",
	},
}

// overlay lists what an image of this plan has beside Debian's packages: the
// files of overlay/, links, and what the plan itself says.
func overlay(p Plan) ([]placed, error) {
	list, err := embedded("overlay")
	if err != nil {
		return nil, err
	}
	link := func(name, target string) { list = append(list, placed{path: name, link: target, mode: 0o777}) }
	file := func(name, text string) { list = append(list, placed{path: name, data: []byte(text), mode: 0o644}) }
	dir := func(name string, mode int64) { list = append(list, placed{path: name, dir: true, mode: mode}) }

	for target, units := range wanted {
		for _, u := range units {
			from := "/usr/lib/systemd/system/"
			if strings.HasPrefix(u, "tramxa") {
				from = "/etc/systemd/system/"
			}
			link("etc/systemd/system/"+target+"/"+u, from+u)
		}
	}
	for _, u := range maskedUnits {
		link("etc/systemd/system/"+u, "/dev/null")
	}
	link("etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target")
	link("etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf")
	link("etc/localtime", "/usr/share/zoneinfo/"+p.Zone)
	link("usr/bin/tramxa", "/usr/lib/tramxa/tramxa")
	file("etc/hostname", p.Hostname+"\n")
	file("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 "+p.Hostname+"\n::1 localhost ip6-localhost\n")
	file("etc/fstab", "# Nothing here: root and data are found by the disk the system started from.\n")
	file("etc/machine-id", "") // made at the first start
	file("etc/tramxa-image", fmt.Sprintf("name=%s\nrelease=%s\n", p.Name, p.Release))
	if p.AuthorizedKey != "" {
		file("etc/tramxa/authorized_keys", p.AuthorizedKey+"\n")
	}
	// Its own time is where a clock without a battery begins.
	file("usr/lib/clock-epoch", "")
	// Nothing was updated since: without these marks systemd rebuilds its
	// catalogues at every start.
	file("etc/.updated", "")
	file("var/.updated", "")
	dir("data", 0o755)
	dir("var/lib/tramxa", 0o750)
	dir("var/lib/tramxa-keys", 0o700)
	dir("var/log/journal", 0o755)
	installed := service.Config{Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"}
	unit, err := service.Unit(installed)
	if err != nil {
		return nil, err
	}
	file("etc/systemd/system/tramxa.service", unit)
	smart, err := service.SmartUnits(installed)
	if err != nil {
		return nil, err
	}
	for name, text := range smart {
		file("etc/systemd/system/"+name, text)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].path < list[j].path })
	return list, nil
}

// embedded lists the files below one folder of this package.
func embedded(root string) ([]placed, error) {
	var list []placed
	err := fs.WalkDir(overlayFS, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := overlayFS.ReadFile(name)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if strings.HasPrefix(string(b), "#!") {
			mode = 0o755
		}
		list = append(list, placed{path: strings.TrimPrefix(name, root+"/"), data: b, mode: mode})
		return nil
	})
	return list, err
}

// early are the parts of the overlay that must be there before the initial
// ramdisk is made.
var early = []string{"etc/initramfs-tools/", "etc/modprobe.d/", "usr/lib/sysusers.d/"}

// writeEarly writes them as a tar file.
func writeEarly(name string, at time.Time) error {
	list, err := embedded("overlay")
	if err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, p := range list {
		for _, prefix := range early {
			if strings.HasPrefix(p.path, prefix) {
				if err := writePlaced(w, p, at); err != nil {
					return err
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}

// writePlaced writes one entry, owned by root.
func writePlaced(w *tar.Writer, p placed, at time.Time) error {
	h := &tar.Header{Name: "./" + p.path, Mode: p.mode, ModTime: at, Typeflag: tar.TypeReg, Size: int64(len(p.data)), Format: tar.FormatPAX}
	switch {
	case p.dir:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	case p.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, p.link
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(p.data)
	return err
}

// parents adds the directories above name that are not there yet.
func parents(w *tar.Writer, name string, there map[string]bool, at time.Time) error {
	dir := path.Dir(name)
	if dir == "." || there[dir] {
		return nil
	}
	if err := parents(w, dir, there, at); err != nil {
		return err
	}
	there[dir] = true
	return writePlaced(w, placed{path: dir, dir: true, mode: 0o755}, at)
}

// writeProgram adds the product's binary from a file.
func writeProgram(w *tar.Writer, from string, at time.Time) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: "./usr/lib/tramxa/tramxa", Mode: 0o755, ModTime: at, Typeflag: tar.TypeReg, Size: info.Size(), Format: tar.FormatPAX}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
