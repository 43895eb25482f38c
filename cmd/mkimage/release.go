package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tramxa/images/pack"
	"tramxa/service/update"
)

// releaseOptions is a release as it was asked for.
type releaseOptions struct {
	version           pack.Version
	out               string
	keys, passphrases string   // directory made by 'keys make'; who may sign
	chain             string   // file: trusted, signed later
	cert, certKey     string   // Authenticode
	plan              string   // of the bootable image; "": none
	older             []string // directories of earlier releases
	channel           string
	sequence, minFrom uint64
	maintainer, home  string
	all, dirty        bool
	out1              io.Writer // progress, one line a file
}

func releaseCommand() command {
	return command{name: "release",
		args:  "--version V --out DIR [--keys DIR --passphrases FILE | --chain FILE] [--plan PLAN.toml] [--sequence N] [--older DIR]… [--channel NAME] [--min-from N] [--cert FILE --cert-key FILE] [--maintainer TEXT] [--homepage URL] [--all] [--dirty]",
		about: "build every package of a release, its list of contents, checksums and update bundle, and with a plan the bootable image; the same commit gives the same bytes",
		run:   runRelease}
}

func runRelease(ctx context.Context, args []string, out io.Writer) error {
	o, err := parseRelease(args)
	if err != nil {
		return err
	}
	o.out1 = out
	src, err := readSource(ctx, o.dirty)
	if err != nil {
		return err
	}
	return makeRelease(ctx, o, src)
}

// list is a flag that may be repeated.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func parseRelease(args []string) (releaseOptions, error) {
	var o releaseOptions
	var older list
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	version := f.String("version", "", "")
	f.StringVar(&o.out, "out", "", "")
	f.StringVar(&o.keys, "keys", "", "")
	f.StringVar(&o.passphrases, "passphrases", "", "")
	f.StringVar(&o.chain, "chain", "", "")
	f.StringVar(&o.cert, "cert", "", "")
	f.StringVar(&o.certKey, "cert-key", "", "")
	f.StringVar(&o.plan, "plan", "", "")
	f.Var(&older, "older", "")
	f.StringVar(&o.channel, "channel", "stable", "")
	f.Uint64Var(&o.sequence, "sequence", 0, "")
	f.Uint64Var(&o.minFrom, "min-from", 0, "")
	f.StringVar(&o.maintainer, "maintainer", "tramxa maintainers <maintainers@tramxa.example>", "")
	f.StringVar(&o.home, "homepage", "", "")
	f.BoolVar(&o.all, "all", false, "")
	f.BoolVar(&o.dirty, "dirty", false, "")
	if _, err := words(f, args, 0); err != nil {
		return o, err
	}
	o.older = older
	switch {
	case *version == "" || o.out == "":
		return o, fmt.Errorf("%w: --version and --out are needed", errUsage)
	case o.keys != "" && o.chain != "":
		return o, fmt.Errorf("%w: --keys signs here, --chain leaves it to others; not both", errUsage)
	case o.keys != "" && o.passphrases == "":
		return o, fmt.Errorf("%w: --keys needs --passphrases, a file with one line for each key (- reads the standard input)", errUsage)
	case (o.cert == "") != (o.certKey == ""):
		return o, fmt.Errorf("%w: --cert and --cert-key go together", errUsage)
	}
	var err error
	if o.version, err = pack.ParseVersion(*version); err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return o, err
	}
	return o, nil
}

// makeRelease fills o.out, which must not be there yet: a release is made whole,
// in a directory beside it, or not at all.
func makeRelease(ctx context.Context, o releaseOptions, src source) error {
	if _, err := os.Lstat(o.out); err == nil {
		return fmt.Errorf("%s is there already; remove it or name another directory", o.out)
	}
	s, err := readSigners(o)
	if err != nil {
		return err
	}
	if o.sequence == 0 {
		if o.sequence = src.count; o.sequence == 0 {
			return fmt.Errorf("%w: a shallow clone does not know its commits; give --sequence, larger than that of the last release", errSource)
		}
	}
	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(o.out), ".release-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := release{releaseOptions: o, source: src, dir: dir, signers: s}
	for _, step := range []func(context.Context) error{r.programs, r.linux, r.windows, r.image, r.bundle, r.sums} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Rename(dir, o.out)); err != nil {
		return err
	}
	return r.say("release %s, sequence %d, commit %s: %s", o.version, o.sequence, src.commit, o.out)
}

// release is one being made in dir.
type release struct {
	releaseOptions
	source
	dir     string
	signers signers
}

func (r *release) say(format string, a ...any) error {
	_, err := fmt.Fprintf(r.out1, format+"\n", a...)
	return err
}

// in is a path inside the release.
func (r *release) in(name ...string) string {
	return filepath.Join(append([]string{r.dir}, name...)...)
}

// program is where the program for t lies: later releases make patches from it.
func (r *release) program(t pack.Target) string { return r.in("programs", t.Dash(), t.Program()) }

func (r *release) sbomName(t pack.Target) string {
	return "tramxa-" + r.version.String() + "-" + t.Dash() + ".cdx.json"
}

// programs builds the program for every system and lists what is inside.
func (r *release) programs(ctx context.Context) error {
	set := map[string]string{"main.version": r.version.String(), "main.commit": r.commit, "tramxa/service/update.releaseSequence": fmt.Sprint(r.sequence)}
	if len(r.signers.chain) > 0 {
		set["tramxa/service/update.releaseKeys"] = r.signers.chain.Last().Embedded()
	}
	for _, t := range pack.Targets {
		if err := os.MkdirAll(filepath.Dir(r.program(t)), 0o755); err != nil {
			return err
		}
		if err := (pack.Build{Root: r.root, Set: set}).Program(ctx, t, r.program(t)); err != nil {
			return err
		}
		if sign := r.authenticode(); sign != nil && t.OS == "windows" {
			if err := sign.Sign(ctx, r.program(t)); err != nil {
				return err
			}
		}
		list, err := pack.SBOM(r.program(t), r.version, t, r.at)
		if err != nil {
			return err
		}
		if err := r.write(r.sbomName(t), func(w io.Writer) error { _, err := w.Write(list); return err }); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) authenticode() *pack.Authenticode {
	if r.cert == "" {
		return nil
	}
	return &pack.Authenticode{Cert: r.cert, Key: r.certKey, At: r.at}
}

// write makes one file of the release and says its size.
func (r *release) write(name string, fill func(io.Writer) error) error {
	f, err := os.Create(r.in(name))
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return r.made(name)
}

func (r *release) made(name string) error {
	info, err := os.Stat(r.in(name))
	if err != nil {
		return err
	}
	return r.say("%9d  %s", info.Size(), name)
}

// sums writes the checksums, signed where there are keys.
func (r *release) sums(context.Context) error {
	sums, err := pack.Sums(r.dir, unlisted)
	if err != nil {
		return err
	}
	if err := r.write(pack.SumsFile, func(w io.Writer) error { _, err := w.Write(sums); return err }); err != nil || len(r.signers.keys) == 0 {
		return err
	}
	var sigs []update.Signature
	for _, k := range r.signers.keys {
		sigs = append(sigs, k.SignSums(sums))
	}
	b, err := update.NewSignatures(r.signers.chain, sigs...).Bytes()
	if err != nil {
		return err
	}
	return r.write(sumsSignature, func(w io.Writer) error { _, err := w.Write(b); return err })
}

// sumsSignature is the file with the signatures on the checksums.
const sumsSignature = pack.SumsFile + ".sig"
