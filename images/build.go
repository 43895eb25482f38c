package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Options of a build.
type Options struct {
	Out string    // directory for the results, made when missing
	Log io.Writer // what the tools say; nil: nothing
	Say func(step string)
}

type builder struct {
	plan Plan
	out  string
	work string
	log  io.Writer
	say  func(string)
}

// tools are the programs of Debian a build needs, and the package they are in.
var tools = map[string]string{"mmdebstrap": "mmdebstrap", "sqfstar": "squashfs-tools", "mke2fs": "e2fsprogs"}

// Missing lists the Debian packages that a build on this machine lacks.
func Missing() []string {
	if runtime.GOOS != "linux" {
		return []string{"Debian or Ubuntu itself"}
	}
	var list []string
	for tool, pkg := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			if _, err := os.Stat("/usr/sbin/" + tool); err != nil {
				list = append(list, pkg)
			}
		}
	}
	return list
}

// ErrTools is wrapped when the machine lacks the tools of a build.
var ErrTools = errors.New("tools for building an image are missing")

func newBuilder(p Plan, o Options) (*builder, error) {
	if m := Missing(); len(m) > 0 {
		return nil, fmt.Errorf("%w: install %v", ErrTools, m)
	}
	info, err := os.Stat(p.path(p.Program))
	if err != nil {
		return nil, fmt.Errorf("program of the plan: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("program of the plan: %s is no file", p.path(p.Program))
	}
	b := &builder{plan: p, out: o.Out, work: filepath.Join(o.Out, "work"), log: o.Log, say: o.Say}
	if b.log == nil {
		b.log = io.Discard
	}
	if b.say == nil {
		b.say = func(string) {}
	}
	return b, os.MkdirAll(b.work, 0o755)
}

// Names of the parts in the directory of a build.
const (
	RootFile    = "root.squashfs"
	KernelFile  = "vmlinuz"
	RamdiskFile = "initrd.img"
)

// Parts are the files a root slot is made of; an update carries the same.
type Parts struct {
	Squash, Kernel, Ramdisk string
}

// BuildRoot makes root.squashfs, vmlinuz and initrd.img in o.Out: a root update
// for machines that run an image.
func BuildRoot(ctx context.Context, p Plan, o Options) (Parts, error) {
	b, err := newBuilder(p, o)
	if err != nil {
		return Parts{}, err
	}
	defer os.RemoveAll(b.work)
	parts, _, err := b.root(ctx)
	return parts, err
}

func (b *builder) root(ctx context.Context) (Parts, outputs, error) {
	base := filepath.Join(b.work, "base.tar")
	b.say("lấy gói của Debian, dựng hệ thống / packages of Debian")
	if err := b.baseTar(ctx, base); err != nil {
		return Parts{}, nil, err
	}
	o, err := readOutputs(base)
	if err != nil {
		return Parts{}, nil, err
	}
	parts := Parts{filepath.Join(b.out, RootFile), filepath.Join(b.out, KernelFile), filepath.Join(b.out, RamdiskFile)}
	b.say("nén hệ thống / packing the root")
	if err := b.squash(ctx, base, parts.Squash, o); err != nil {
		return Parts{}, nil, err
	}
	return parts, o, errors.Join(
		os.WriteFile(parts.Kernel, o["vmlinuz"], 0o644),
		os.WriteFile(parts.Ramdisk, o["initrd.img"], 0o644),
		os.WriteFile(filepath.Join(b.out, "packages.tsv"), o["packages.tsv"], 0o644))
}

// BuildDisk makes the whole image: NAME.img, NAME.img.zst, the parts of a root
// update, NAME.cdx.json (what is inside, CycloneDX), NAME.manifest.json with its
// signatures, and SHA256SUMS.
func BuildDisk(ctx context.Context, p Plan, o Options) (Manifest, error) {
	b, err := newBuilder(p, o)
	if err != nil {
		return Manifest{}, err
	}
	defer os.RemoveAll(b.work)
	parts, outs, err := b.root(ctx)
	if err != nil {
		return Manifest{}, err
	}
	b.say("ghép đĩa / putting the disk together")
	img := filepath.Join(b.out, p.Name+".img")
	seedAt, err := b.disk(ctx, img, parts, outs)
	if err != nil {
		return Manifest{}, err
	}
	b.say("nén ảnh đĩa / compressing the image")
	if err := compress(img, img+".zst"); err != nil {
		return Manifest{}, err
	}
	return b.manifest(parts, outs, seedAt)
}

// sum is the SHA-256 of a file and its length.
func sum(name string) (string, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), n, err
}

func bytesSum(name string, b []byte) Sum {
	return Sum{name, int64(len(b)), fmt.Sprintf("%x", sha256.Sum256(b))}
}
