package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tramxa/images"
)

func diskCommand() command {
	return command{name: "disk", args: "PLAN.toml --out DIR", about: "build a bootable image for PCs, its manifest, list of contents and checksums",
		run: func(ctx context.Context, args []string, out io.Writer) error {
			p, o, err := planned("disk", args, out)
			if err != nil {
				return err
			}
			defer o.Log.(io.Closer).Close()
			m, err := images.BuildDisk(ctx, p, o)
			if err != nil {
				return err
			}
			for _, f := range m.Files {
				fmt.Fprintf(out, "%s  %10d  %s\n", f.SHA256, f.Size, f.Name)
			}
			return nil
		}}
}

func updateCommand() command {
	return command{name: "update", args: "PLAN.toml --out DIR", about: "build the files of a root update: root.squashfs, vmlinuz, initrd.img",
		run: func(ctx context.Context, args []string, out io.Writer) error {
			p, o, err := planned("update", args, out)
			if err != nil {
				return err
			}
			defer o.Log.(io.Closer).Close()
			parts, err := images.BuildRoot(ctx, p, o)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n%s\n%s\n", parts.Squash, parts.Kernel, parts.Ramdisk)
			return nil
		}}
}

// planned reads the plan and opens the log of the tools beside the results.
func planned(name string, args []string, out io.Writer) (images.Plan, images.Options, error) {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	dir := f.String("out", "", "directory for the results")
	w, err := words(f, args, 1)
	if err != nil {
		return images.Plan{}, images.Options{}, err
	}
	if *dir == "" {
		return images.Plan{}, images.Options{}, fmt.Errorf("%w: --out is missing", errUsage)
	}
	p, err := images.ReadPlan(w[0])
	if err != nil {
		return p, images.Options{}, err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return p, images.Options{}, err
	}
	log, err := os.Create(filepath.Join(*dir, "build.log"))
	if err != nil {
		return p, images.Options{}, err
	}
	began := time.Now()
	say := func(step string) { fmt.Fprintf(out, "%4.0f s  %s\n", time.Since(began).Seconds(), step) }
	return p, images.Options{Out: *dir, Log: log, Say: say}, nil
}
