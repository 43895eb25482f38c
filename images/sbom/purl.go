package sbom

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Purl is the canonical package URL (ECMA-427,
// https://github.com/package-url/purl-spec) of a kind of package such as deb or
// golang. The slashes of name part its namespace; a qualifier without a value is
// left out.
func Purl(kind, name, version string, qualifiers map[string]string) string {
	var b strings.Builder
	b.WriteString("pkg:" + kind)
	for _, segment := range strings.Split(name, "/") {
		b.WriteString("/" + encoded(segment))
	}
	if version != "" {
		b.WriteString("@" + encoded(version))
	}
	sign := "?"
	for _, key := range slices.Sorted(maps.Keys(qualifiers)) {
		if qualifiers[key] != "" {
			b.WriteString(sign + key + "=" + encoded(qualifiers[key]))
			sign = "&"
		}
	}
	return b.String()
}

// Debian is the package URL of a binary package of Debian's suite.
func Debian(name, version, arch, suite string) string {
	return Purl("deb", "debian/"+name, version, map[string]string{"arch": arch, "distro": suite})
}

// encoded is s with every byte percent-encoded but letters, digits, -._~ and the
// colon, which the standard never encodes: Debian's epoch stays 1:2.34.
func encoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~:", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
