package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"tramxa/service/machine"
	"tramxa/service/place"
)

// volume is something a station can be taken off to, and a log written on.
type volume struct {
	dir, label string
	free       uint64
}

func removableVolumes(ctx context.Context) []volume {
	list, err := machine.Removable(ctx)
	if err != nil {
		return nil // the dialog says that there is none
	}
	var out []volume
	for _, v := range list {
		if !v.ReadOnly {
			out = append(out, volume{dir: v.Dir, label: v.Label, free: v.Free})
		}
	}
	return out
}

// fixedRoots are where stations lie on a system that runs: the base, beside it, and
// on other drives where the packages put them.
func fixedRoots(base place.Base) []string {
	roots := []string{string(base), base.Keys(), filepath.Dir(string(base))}
	if runtime.GOOS == "windows" {
		for drive := 'C'; drive <= 'Z'; drive++ {
			for _, name := range []string{`ProgramData\tramxa`, `ProgramData\tramxa-keys`, `tramxa`, `tramxa-backup`, `tramxa-data`} {
				roots = append(roots, string(drive)+`:\`+name)
			}
		}
		return there(roots)
	}
	return there(append(roots, "/data", "/mnt", "/media", "/run/media", machine.StickDir, mountedForRescue))
}

// there leaves out what is not there, and what lies below another.
func there(roots []string) []string {
	var out []string
	for _, r := range roots {
		if info, err := os.Stat(r); err == nil && info.IsDir() {
			out = append(out, r)
		}
	}
	return out
}

// rescueRoots are all places to look in: the fixed ones and every stick. Disks that
// are not mounted are so before, read-only, where the system lets us.
func rescueRoots(ctx context.Context, base place.Base) []string {
	mountForRescue(ctx)
	roots := fixedRoots(base)
	for _, v := range removableVolumes(ctx) {
		roots = append(roots, v.dir)
	}
	if list, err := machine.Removable(ctx); err == nil {
		for _, v := range list {
			if v.ReadOnly {
				roots = append(roots, v.Dir)
			}
		}
	}
	return roots
}
