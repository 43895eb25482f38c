package pack

import (
	"embed"
	"strings"
)

//go:embed files
var files embed.FS

// text is an embedded file with @VERSION@ filled in. A name that is not there is
// a fault of this package, not of its caller.
func text(name, version string) string {
	b, err := files.ReadFile("files/" + name)
	if err != nil {
		panic("pack: internal error: " + err.Error())
	}
	return strings.ReplaceAll(string(b), "@VERSION@", version)
}

// crlf is text as Windows' own programs want it.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }
