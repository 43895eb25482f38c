package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"tramxa/service/update"
)

// version and commit are set by the release build (-ldflags "-X main.version=…
// -X main.commit=…"), which does not ask the repository: a clean clone, a
// worktree and an unpacked archive give the same program.
var (
	version = "dev"
	commit  = ""
)

// versionInfo says which program this is.
type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from sources that differ from the commit
	Release  uint64 `json:"release,omitempty"`  // place among the releases; none: a development build
	Build    string `json:"build,omitempty"`    // SHA-256 of the executable; see readBuild
	Go       string `json:"go"`
	System   string `json:"system"`
}

// readVersion is what is known without reading the executable.
func readVersion() versionInfo {
	v := versionInfo{Version: version, Commit: commit, Release: update.Sequence(), Go: runtime.Version(), System: update.System()}
	info, ok := debug.ReadBuildInfo()
	if !ok || commit != "" {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// readBuild is readVersion with the hash of the running executable, which is read
// once in the life of the process: a moment on a disk that has it in memory, a
// second on one that has not.
func readBuild() (versionInfo, error) {
	v := readVersion()
	sum, err := ownSum()
	v.Build = sum
	return v, err
}

var ownSum = sync.OnceValues(func() (string, error) {
	// On Linux by the process, not by the path: a package or an update may have put
	// another program there meanwhile.
	file := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if file, err = os.Executable(); err != nil {
			return "", fmt.Errorf("find this program: %w", err)
		}
	}
	sum, _, err := update.HashFile(file)
	if err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	return sum.String(), nil
})

func versionVerb() verb {
	return verb{name: "version", args: "[--is SHA256] [--json]", about: "say which program this is; with --is, whether its bytes have that hash", run: runVersion}
}

func runVersion(_ context.Context, args []string, io stdio) error {
	f := newFlags("version", io)
	asJSON := f.Bool("json", false, "answer as JSON")
	is := f.String("is", "", "refuse unless the SHA-256 of this program is `HASH`")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	v, err := readBuild()
	if err != nil && *is != "" {
		return err
	}
	// A chroot without /proc does not show a program its own bytes; the rest is
	// known all the same.
	if err != nil {
		fmt.Fprintf(io.err, "tramxa: %v\n", err)
	}
	if *is != "" && !strings.EqualFold(*is, v.Build) {
		return refusedf("this program has the hash %s, not %s", v.Build, *is)
	}
	if *asJSON {
		return writeJSON(io.out, v)
	}
	words := []string{"tramxa", v.Version, v.Commit, v.Go, v.System, v.Build}
	_, err = fmt.Fprintln(io.out, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
	return err
}

// writeJSON writes one JSON object and a line end.
func writeJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
