// Package sbom writes lists of contents as CycloneDX 1.5 in JSON, with package
// URLs, for whoever knows what is inside a thing: a program's maker the modules,
// an image's maker the packages of Debian.
//
// It owns the form of the list and of the package URLs. It refuses to know what
// is listed, to read a clock and to draw numbers: the same list gives the same
// bytes. It writes only; nothing here reads a list back.
package sbom
