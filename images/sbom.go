package images

import (
	"fmt"

	"tramxa/images/sbom"
)

// imageArch is what images are built for, in the words of Debian and of Go.
const imageArch = "amd64"

// programFile is where the program stands in the root.
const programFile = "usr/lib/tramxa/tramxa"

// contents is the list of what is in the image of the manifest, as CycloneDX
// 1.5: the packages of Debian and the program. It says nothing but what the
// manifest says, in words that tools which look for known faults understand.
func contents(m Manifest) ([]byte, error) {
	image, err := m.file(m.Name + ".img")
	if err != nil {
		return nil, err
	}
	program, err := m.file(programFile)
	if err != nil {
		return nil, err
	}
	parts := []sbom.Component{sbom.Program(m.Release, "linux", imageArch, program.SHA256)}
	for _, p := range m.Packages {
		c := sbom.Part("library", p.Name, p.Version, sbom.Debian(p.Name, p.Version, p.Architecture, m.Suite))
		// Debian names faults by source package.
		c.Properties = []sbom.Property{{Name: "deb:architecture", Value: p.Architecture}, {Name: "deb:source", Value: p.Source}, {Name: "deb:source-version", Value: p.SourceVersion}}
		parts = append(parts, c)
	}
	self := sbom.Component{Type: "operating-system", Ref: "image:" + m.Name + "@" + m.Release, Name: m.Name, Version: m.Release, Hashes: sbom.SHA256(image.SHA256)}
	return sbom.New(self, parts, m.Time).JSON()
}

func (m Manifest) file(name string) (Sum, error) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return Sum{}, fmt.Errorf("the manifest of %s has no %s", m.Name, name)
}
