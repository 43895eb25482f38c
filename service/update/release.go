package update

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// releaseSequence is this program's place among the releases, set by the release
// build: -ldflags "-X tramxa/service/update.releaseSequence=12".
var releaseSequence = ""

// ThisFormats are the data-format levels of this source. Raising Writes takes the
// three steps of the package comment, the hub's first, so that the program to go
// back to always reads the data.
var ThisFormats = Formats{Reads: [2]int{1, 1}, Writes: 1}

// Build is what a program knows of itself.
type Build struct {
	Version  string  `json:"version"`
	Sequence uint64  `json:"sequence"` // 0: a development build
	System   string  `json:"system"`
	SHA256   Hash    `json:"sha256"` // of the executable file
	Size     int64   `json:"size"`
	Formats  Formats `json:"formats"`
	Path     string  `json:"path"`
}

// Released says whether this is a release build: with keys and a sequence.
func Released() bool { return releaseKeys != "" && Sequence() > 0 }

// Sequence is this program's place among the releases; 0 for a development
// build.
func Sequence() uint64 {
	n, err := strconv.ParseUint(releaseSequence, 10, 64)
	if err != nil || n > maxSequence {
		return 0
	}
	return n
}

// System is what programs of this machine are built for.
func System() string { return runtime.GOOS + "/" + runtime.GOARCH }

var ownHash = sync.OnceValues(func() (Build, error) {
	name, err := os.Executable()
	if err != nil {
		return Build{}, fmt.Errorf("find this program's file: %w", err)
	}
	sum, size, err := HashFile(name)
	if err != nil {
		return Build{}, fmt.Errorf("read this program's file: %w", err)
	}
	return Build{Sequence: Sequence(), System: System(), SHA256: sum, Size: size, Formats: ThisFormats, Path: name}, nil
})

// Self describes the running program; the file is hashed once. version is for
// people.
func Self(version string) (Build, error) {
	b, err := ownHash()
	b.Version = version
	return b, err
}
