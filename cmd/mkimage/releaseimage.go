package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"tramxa/images"
	"tramxa/images/pack"
	"tramxa/service/update"
)

// imageDir is the folder of a release that holds its bootable image and the
// parts of its root: later releases make patches from them.
const imageDir = "image"

// imageTarget is what images are built for.
var imageTarget = pack.Target{OS: "linux", Arch: "amd64"}

// image builds the bootable image with the program of the release. The raw image
// does not stay: its compressed form is what goes onto sticks.
func (r *release) image(ctx context.Context) error {
	if r.plan == "" {
		return nil
	}
	p, err := images.ReadPlanOfRelease(r.plan, images.OfRelease{
		Version: r.version.String(), At: r.at, Sequence: r.sequence, Program: r.program(imageTarget)})
	if err != nil {
		return err
	}
	if err := os.Mkdir(r.in(imageDir), 0o755); err != nil {
		return err
	}
	log, err := os.CreateTemp("", "mkimage-*.log")
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	if _, err := images.BuildDisk(ctx, p, images.Options{Out: r.in(imageDir), Log: log}); err != nil {
		return err
	}
	for _, name := range []string{p.Name + ".img", pack.SumsFile} {
		if err := os.Remove(r.in(imageDir, name)); err != nil {
			return err
		}
	}
	return errors.Join(r.made(filepath.Join(imageDir, p.Name+".img.zst")), r.made(filepath.Join(imageDir, images.RootFile)))
}

// rootFiles are the parts of the image's root in the update bundle.
func (r *release) rootFiles() []update.DraftFile {
	if r.plan == "" {
		return nil
	}
	var list []update.DraftFile
	for _, f := range []struct{ kind, name string }{
		{update.KindRoot, images.RootFile}, {update.KindKernel, images.KernelFile}, {update.KindInitrd, images.RamdiskFile},
	} {
		d := update.DraftFile{System: "image/" + imageTarget.Arch, Kind: f.kind, Path: r.in(imageDir, f.name)}
		for _, dir := range r.older {
			old := filepath.Join(dir, imageDir, f.name)
			if _, err := os.Stat(old); f.kind == update.KindRoot && err == nil { // an older release may have had no image
				d.Older = append(d.Older, old)
			}
		}
		list = append(list, d)
	}
	return list
}
