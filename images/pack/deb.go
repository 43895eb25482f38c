package pack

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Deb is a Debian package (deb(5), format 2.0) with gzip members, which every
// dpkg since 1.10 reads; zstd is read by Debian 12 and later only.
type Deb struct {
	Package, Version, Arch string
	Maintainer             string // name <address>
	Section, Homepage      string
	Depends, Suggests      []string
	Summary                string   // one line
	Description            []string // lines; an empty one ends a paragraph
	Files                  Tree
	Scripts                map[string]string // preinst, postinst, prerm, postrm
}

var (
	debName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	debVersion = regexp.MustCompile(`^[0-9][A-Za-z0-9.+~]*$`)
	debArch    = regexp.MustCompile(`^[a-z0-9]+$`)
	debScripts = []string{"preinst", "postinst", "prerm", "postrm"}
)

// Write writes the package, everything in it dated at. ErrBad when a field
// cannot stand in a package.
func (d Deb) Write(w io.Writer, at time.Time) error {
	if err := d.check(); err != nil {
		return err
	}
	files, err := d.Files.full()
	if err != nil {
		return err
	}
	control := Tree{
		{Path: "control", Mode: 0o644, Data: []byte(d.control(files))},
		{Path: "md5sums", Mode: 0o644, Data: md5sums(files)},
	}
	for _, name := range debScripts {
		if s, ok := d.Scripts[name]; ok {
			control = append(control, Entry{Path: name, Mode: 0o755, Data: []byte(s)})
		}
	}
	var c, data bytes.Buffer
	if err := writeTarGz(&c, control, "./", at); err != nil {
		return err
	}
	if err := writeTarGz(&data, files, "./", at); err != nil {
		return err
	}
	return writeAr(w, []member{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", c.Bytes()}, {"data.tar.gz", data.Bytes()}}, at)
}

func (d Deb) check() error {
	switch {
	case !debName.MatchString(d.Package):
		return fmt.Errorf("%w: %q is no package name", ErrBad, d.Package)
	case !debVersion.MatchString(d.Version):
		return fmt.Errorf("%w: %q is no Debian version", ErrBad, d.Version)
	case !debArch.MatchString(d.Arch):
		return fmt.Errorf("%w: %q is no architecture", ErrBad, d.Arch)
	case d.Maintainer == "" || d.Summary == "":
		return fmt.Errorf("%w: a package has a maintainer and a summary", ErrBad)
	}
	for _, line := range slices.Concat([]string{d.Maintainer, d.Section, d.Homepage, d.Summary}, d.Depends, d.Suggests, d.Description) {
		if strings.ContainsAny(line, "\n\r") {
			return fmt.Errorf("%w: %q has a line end", ErrBad, line)
		}
	}
	for name := range d.Scripts {
		if !slices.Contains(debScripts, name) {
			return fmt.Errorf("%w: dpkg runs no script %q", ErrBad, name)
		}
	}
	return nil
}

// control is the control file, deb-control(5).
func (d Deb) control(files Tree) string {
	var kib int64
	for _, e := range files {
		kib += (int64(len(e.Data)) + 1023) / 1024
	}
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	field("Package", d.Package)
	field("Version", d.Version)
	field("Architecture", d.Arch)
	field("Maintainer", d.Maintainer)
	field("Installed-Size", fmt.Sprint(kib))
	field("Depends", strings.Join(d.Depends, ", "))
	field("Suggests", strings.Join(d.Suggests, ", "))
	field("Section", d.Section)
	field("Priority", "optional")
	field("Homepage", d.Homepage)
	field("Description", d.Summary)
	for _, line := range d.Description {
		if line == "" {
			line = "."
		}
		fmt.Fprintf(&b, " %s\n", line)
	}
	return b.String()
}

// md5sums is what 'dpkg --verify' compares with; a guard against bad disks, not
// against people.
func md5sums(files Tree) []byte {
	var b bytes.Buffer
	for _, e := range files {
		if e.Mode&(fs.ModeDir|fs.ModeSymlink) == 0 {
			fmt.Fprintf(&b, "%x  %s\n", md5.Sum(e.Data), e.Path)
		}
	}
	return b.Bytes()
}
