package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tramxa/images/pack"
	"tramxa/service"
	"tramxa/service/place"
	"tramxa/service/update"
)

// units are the unit files of the .deb, for the places of a package.
func units() (map[string]string, error) {
	installed := service.Config{Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"}
	out, err := service.SmartUnits(installed)
	if err != nil {
		return nil, err
	}
	for name, hub := range map[string]bool{place.StationService: false, place.HubService: true} {
		installed.Hub = hub
		text, err := service.Unit(installed)
		if err != nil {
			return nil, err
		}
		out[name+".service"] = text
	}
	return out, nil
}

// linux writes the .deb and the archive of each Linux.
func (r *release) linux(context.Context) error {
	units, err := units()
	if err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(r.root, "LICENSE"))
	if err != nil {
		return err
	}
	for _, t := range pack.Targets {
		if t.OS != "linux" {
			continue
		}
		l := pack.Linux{Version: r.version, Arch: t.Arch, Maintainer: r.maintainer, Homepage: r.home, License: license, Units: units, Sysusers: service.Sysusers()}
		if l.Program, err = os.ReadFile(r.program(t)); err != nil {
			return err
		}
		if l.SBOM, err = os.ReadFile(r.in(r.sbomName(t))); err != nil {
			return err
		}
		if err := r.write("tramxa_"+r.version.Debian()+"_"+t.Arch+".deb", func(w io.Writer) error { return l.Deb(w, r.at) }); err != nil {
			return err
		}
		if err := r.write("tramxa-"+r.version.String()+"-"+t.Dash()+".tar.gz", func(w io.Writer) error { return l.TarGz(w, r.at) }); err != nil {
			return err
		}
	}
	return nil
}

// windows writes the archive and the installer. Without makensis the installer
// is left out and said so, unless everything was asked for.
func (r *release) windows(ctx context.Context) error {
	t := pack.Target{OS: "windows", Arch: "amd64"}
	x := pack.Windows{Version: r.version}
	var errs [3]error
	x.Program, errs[0] = os.ReadFile(r.program(t))
	x.SBOM, errs[1] = os.ReadFile(r.in(r.sbomName(t)))
	x.License, errs[2] = os.ReadFile(filepath.Join(r.root, "LICENSE"))
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if err := r.write("tramxa-"+r.version.String()+"-"+t.Dash()+".zip", func(w io.Writer) error { return x.Zip(w, r.at) }); err != nil {
		return err
	}
	name := "tramxa-" + r.version.String() + "-setup.exe"
	err := x.Setup(ctx, r.in(name), r.authenticode(), r.at)
	if errors.Is(err, pack.ErrNoTool) && !r.all {
		return r.say("  skipped  %s: %v", name, err)
	}
	if err != nil {
		return err
	}
	return r.made(name)
}

// bundle packs the programs of all systems for updates. With keys it is signed;
// with a chain alone the manifest waits for those who hold the keys.
func (r *release) bundle(ctx context.Context) error {
	if len(r.signers.chain) == 0 {
		return r.say("  skipped  update bundle: no --keys and no --chain; these programs take no updates")
	}
	d := update.Draft{Channel: r.channel, Sequence: r.sequence, Version: r.version.String(), Commit: r.signedCommit(),
		Released: r.at, Expires: r.at.AddDate(3, 0, 0), MinFrom: r.minFrom, Formats: update.ThisFormats,
		Requires: update.Requires{FreeDisk: 64 << 20, RAM: 900 << 20, OSMin: []update.OSMin{{System: "linux", Version: "3.2"}, {System: "windows", Version: "10.0.10240"}}}}
	for _, t := range pack.Targets {
		f := update.DraftFile{System: t.String(), Kind: update.KindProgram, Path: r.program(t)}
		for _, dir := range r.older {
			old := filepath.Join(dir, "programs", t.Dash(), t.Program())
			if _, err := os.Stat(old); err != nil {
				return fmt.Errorf("older release: %w; name a directory that 'mkimage release' has made", err)
			}
			f.Older = append(f.Older, old)
		}
		d.Files = append(d.Files, f)
	}
	d.Files = append(d.Files, r.rootFiles()...)
	if err := os.Mkdir(r.in(partsDir), 0o755); err != nil {
		return err
	}
	p, err := update.Pack(ctx, d, r.in(partsDir))
	if err != nil {
		return err
	}
	for _, part := range p.Manifest.Parts() {
		if err := r.say("%9d  %s of %s for %s", part.Size, part.Encoding, part.Kind, part.System); err != nil {
			return err
		}
	}
	if err := r.write(manifestFile, func(w io.Writer) error { _, err := w.Write(p.Bytes); return err }); err != nil || len(r.signers.keys) == 0 {
		return err
	}
	s, err := p.Sign(r.signers.chain, r.signers.keys...)
	if err != nil {
		return err
	}
	name := bundleName(r.version.String())
	if err := p.WriteFile(r.in(name), s); err != nil {
		return err
	}
	if err := os.RemoveAll(r.in(partsDir)); err != nil { // the bundle has them all
		return err
	}
	return r.made(name)
}

// signedCommit is the commit as a manifest can say it; a trial says none.
func (r *release) signedCommit() string {
	if r.dirty {
		return ""
	}
	return r.commit
}

// Names inside a release.
const (
	manifestFile = "manifest.json"
	partsDir     = "parts" // by hash, as the hub keeps them
)

func bundleName(version string) string { return "tramxa-" + version + ".tramup" }
