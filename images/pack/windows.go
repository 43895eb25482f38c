package pack

import (
	"io"
	"time"
)

// Windows is what the Windows packages are made of.
type Windows struct {
	Version Version
	Program []byte // tramxa.exe, signed where there is a certificate
	License []byte
	SBOM    []byte
}

// Zip writes the archive for technicians.
func (x Windows) Zip(w io.Writer, at time.Time) error {
	v := x.Version.String()
	return Zip(w, "tramxa-"+v, Tree{
		{Path: "tramxa.exe", Mode: 0o755, Data: x.Program},
		{Path: "LICENSE.txt", Mode: 0o644, Data: crlf(string(x.License))},
		{Path: "README.txt", Mode: 0o644, Data: crlf(text("windows/README.txt", v))},
		{Path: "tramxa.cdx.json", Mode: 0o644, Data: x.SBOM},
	}, at)
}
