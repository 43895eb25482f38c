package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tramxa/images"
)

func sheetCommand() command {
	return command{name: "sheet", args: "PLAN.toml SHEET.csv --out DIR [--image DIR]",
		about: "from a built image (made first when it is not there), an image a commune of the sheet", run: runSheet}
}

func runSheet(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("sheet", flag.ContinueOnError)
	dir := f.String("out", "", "directory for the images of the communes")
	built := f.String("image", "", "directory of the built image; empty: --out")
	w, err := words(f, args, 2)
	if err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: --out is missing", errUsage)
	}
	if *built == "" {
		*built = *dir
	}
	p, err := images.ReadPlan(w[0])
	if err != nil {
		return err
	}
	sheet, err := os.Open(w[1])
	if err != nil {
		return err
	}
	defer sheet.Close()
	seeds, err := images.ReadSheet(sheet, p.Seed)
	if err != nil {
		return err
	}
	manifest := filepath.Join(*built, p.Name+".manifest.json")
	if _, err := os.Stat(manifest); os.IsNotExist(err) {
		if err := diskCommand().run(ctx, []string{w[0], "--out", *built}, out); err != nil {
			return err
		}
	}
	m, err := images.ReadManifest(manifest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	for _, s := range seeds {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := filepath.Join(*dir, images.StickName(s))
		if err := images.WriteStick(*built, m, s, name); err != nil {
			return err
		}
		fmt.Fprintln(out, name)
	}
	return nil
}
