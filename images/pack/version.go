package pack

import (
	"fmt"
	"regexp"
	"strings"
)

// Version is the name of a release: three numbers and, for one that is not
// final, a word such as rc.1.
type Version struct {
	numbers, pre string
}

var versionForm = regexp.MustCompile(`^((?:0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3})){2})(?:-([0-9a-z]+(?:\.[0-9a-z]+)*))?$`)

// ParseVersion reads 1.2.3 or 1.2.3-rc.1; ErrBad.
func ParseVersion(s string) (Version, error) {
	m := versionForm.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("%w: %q is no version, write 1.2.3 or 1.2.3-rc.1", ErrBad, s)
	}
	return Version{numbers: m[1], pre: m[2]}, nil
}

func (v Version) String() string {
	if v.pre == "" {
		return v.numbers
	}
	return v.numbers + "-" + v.pre
}

// Debian is the version as dpkg orders it: 1.2.3~rc.1 comes before 1.2.3.
func (v Version) Debian() string { return strings.Replace(v.String(), "-", "~", 1) }

// Windows is the four numbers of a version resource.
func (v Version) Windows() string { return v.numbers + ".0" }
