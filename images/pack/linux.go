package pack

import (
	"io"
	"io/fs"
	"time"
)

// Linux is what the Linux packages of one system are made of.
type Linux struct {
	Version    Version
	Arch       string // amd64, arm64: the same word for Go and Debian
	Maintainer string // name <address>
	Homepage   string // may be empty
	Program    []byte
	License    []byte
	SBOM       []byte
	Units      map[string]string // unit files by name; tramxa.service must be there
	Sysusers   string            // the user of the services, as sysusers.d(5)
}

// Deb writes the .deb.
func (l Linux) Deb(w io.Writer, at time.Time) error {
	v := l.Version.Debian()
	const doc = "usr/share/doc/tramxa/"
	manual, err := gzipped(text("linux/tramxa.1", v))
	if err != nil {
		return err
	}
	t := Tree{
		{Path: "usr/lib/tramxa/tramxa", Mode: 0o755, Data: l.Program},
		{Path: "usr/bin/tramxa", Mode: fs.ModeSymlink, Link: "../lib/tramxa/tramxa"},
		file("usr/lib/sysusers.d/tramxa.conf", l.Sysusers),
		file("usr/lib/tmpfiles.d/tramxa.conf", text("linux/tmpfiles.conf", v)),
		file("usr/share/applications/tramxa.desktop", text("linux/tramxa.desktop", v)),
		file("usr/share/icons/hicolor/scalable/apps/tramxa.svg", text("linux/tramxa.svg", v)),
		file("usr/share/man/man1/tramxa.1.gz", string(manual)),
		file(doc+"README.Debian", text("deb/README.Debian", v)),
		file(doc+"copyright", text("deb/copyright", v)),
		file(doc+"tramxa.cdx.json", string(l.SBOM)),
	}
	for _, name := range sorted(l.Units) {
		t = append(t, file("usr/lib/systemd/system/"+name, l.Units[name]))
	}
	scripts := make(map[string]string)
	for _, name := range debScripts {
		scripts[name] = text("deb/"+name, v)
	}
	return Deb{
		Package: "tramxa", Version: v, Arch: l.Arch, Maintainer: l.Maintainer, Homepage: l.Homepage, Section: "misc",
		Depends:  []string{"init-system-helpers (>= 1.50)", "passwd"},
		Suggests: []string{"smartmontools", "xdg-utils"},
		Summary:  "population register of a commune, and the province's hub",
		Description: []string{
			"Keeps the population register (A0 book) of a commune on this machine, serves it",
			"to the browsers of the LAN and carries every change to the province when there",
			"is a line. The same program is the hub that receives at the province.",
		},
		Files: t, Scripts: scripts,
	}.Write(w, at)
}

// TarGz writes the archive for systems without dpkg.
func (l Linux) TarGz(w io.Writer, at time.Time) error {
	v := l.Version.String()
	return TarGz(w, "tramxa-"+v, Tree{
		{Path: "tramxa", Mode: 0o755, Data: l.Program},
		{Path: "LICENSE", Mode: 0o644, Data: l.License},
		file("README.txt", text("linux/README.txt", v)),
		file("tramxa.cdx.json", string(l.SBOM)),
	}, at)
}

func file(path, content string) Entry { return Entry{Path: path, Mode: 0o644, Data: []byte(content)} }
