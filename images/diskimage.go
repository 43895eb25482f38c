package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"tramxa/images/disk"
	"tramxa/images/grubenv"
	"tramxa/service/seed"
	"tramxa/service/update"
)

// Places on the boot partition.
const (
	SeedPath    = "tramxa/seed.toml"
	KeysPath    = "tramxa/authorized_keys"
	GrubenvPath = "grub/grubenv"
)

// SeedRoom is the length of the seed's file on a fresh stick. It is always the
// same, filled up with empty lines, so that a stick of another commune differs
// in these bytes (and in the disk's number) only.
const SeedRoom = 8 << 10

// seedHead stands in an empty seed file.
const seedHead = "# tramxa seed, version 1. See docs: what the station should know before its first start.\n"

// paddedSeed is the seed's file; nil makes an empty one.
func paddedSeed(s *seed.Seed) ([]byte, error) {
	b := []byte(seedHead)
	if s != nil {
		text, err := s.Marshal()
		if err != nil {
			return nil, err
		}
		b = append(b, text...)
	}
	if len(b) > SeedRoom {
		return nil, fmt.Errorf("%w: seed has %d bytes, %d fit", ErrPlan, len(b), SeedRoom)
	}
	return append(b, bytes.Repeat([]byte{'\n'}, SeedRoom-len(b))...), nil
}

// diskID makes the disk's number from words; never 0.
func diskID(words ...string) uint32 {
	h := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return binary.BigEndian.Uint32(h[:]) | 1
}

// uuid makes a UUID from words, for a file system.
func uuid(words ...string) string {
	h := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// disk writes the image and says at which byte of it the seed's file begins.
func (b *builder) disk(ctx context.Context, img string, parts Parts, o outputs) (int64, error) {
	p := b.plan
	t, err := disk.Layout(diskID("disk", p.Name, p.Release), p.sizes())
	if err != nil {
		return 0, err
	}
	if err := os.RemoveAll(img); err != nil {
		return 0, err
	}
	f, err := os.Create(img)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.Truncate(t.End()); err != nil {
		return 0, err
	}
	if err := writeLoader(f, t, o); err != nil {
		return 0, err
	}
	seedAt, err := b.writeBoot(f, t, parts, o)
	if err != nil {
		return 0, err
	}
	if err := copyInto(f, parts.Squash, t.Parts[disk.RootA]); err != nil {
		return 0, err
	}
	if err := b.writeData(ctx, f, t.Parts[disk.Data]); err != nil {
		return 0, err
	}
	return seedAt, f.Close()
}

// writeLoader puts the boot code before the first partition.
func writeLoader(w io.WriterAt, t disk.Table, o outputs) error {
	core := o["core.img"]
	if len(core) > disk.MB-disk.Sector || len(o["boot.img"]) != disk.Sector {
		return errors.New("the boot loader does not fit before the first partition")
	}
	first := t.Marshal(o["boot.img"])
	_, err := w.WriteAt(first[:], 0)
	_, err2 := w.WriteAt(core, disk.Sector)
	return errors.Join(err, err2)
}

// bootState is what the loader and the first root update find: the slot that
// runs and, where the image is part of a release, which root lies in it.
func (b *builder) bootState(parts Parts) (env grubenv.Env, root []byte, err error) {
	env = grubenv.New()
	if b.plan.Sequence == 0 {
		return env, nil, nil
	}
	env.Seq = b.plan.Sequence
	text, size, err := sum(parts.Squash)
	if err != nil {
		return env, nil, err
	}
	var hash update.Hash
	if err := hash.UnmarshalText([]byte(text)); err != nil {
		return env, nil, err
	}
	root, err = update.NewRoot(b.plan.Sequence, hash, size).Bytes()
	return env, root, err
}

func (b *builder) writeBoot(w io.WriterAt, t disk.Table, parts Parts, o outputs) (int64, error) {
	p := b.plan
	s, err := paddedSeed(p.Seed)
	if err != nil {
		return 0, err
	}
	env, root, err := b.bootState(parts)
	if err != nil {
		return 0, err
	}
	part := t.Parts[disk.Boot]
	fat := disk.FAT{
		Size: part.Size(), Hidden: part.First, ID: diskID("fat", p.Name, p.Release), Label: "TRAMBOOT", Time: p.Time,
		Files: []disk.File{
			{Path: "EFI/BOOT/BOOTX64.EFI", Data: o["BOOTX64.EFI"]},
			{Path: "EFI/BOOT/BOOTIA32.EFI", Data: o["BOOTIA32.EFI"]},
			{Path: "grub/grub.cfg", Data: []byte(grubConfig(p))},
			{Path: GrubenvPath, Data: env.Marshal()},
			{Path: "grub/unicode.pf2", Data: o["unicode.pf2"]},
			{Path: "A/vmlinuz", Data: o["vmlinuz"]},
			{Path: "A/initrd.img", Data: o["initrd.img"]},
			{Path: "B/readme.txt", Data: []byte("Chỗ cho bản tiếp theo. / Room for the next version.\r\n")},
			{Path: SeedPath, Data: s},
		},
	}
	if root != nil {
		fat.Files = append(fat.Files, disk.File{Path: "A/" + update.RootName, Data: root})
	}
	at, err := fat.Write(w, part.Start())
	return part.Start() + at[SeedPath], err
}

// copyInto copies a file into a partition.
func copyInto(w io.WriterAt, name string, part disk.Part) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(io.NewOffsetWriter(w, part.Start()), f)
	if err == nil && n > part.Size() {
		err = fmt.Errorf("%s is larger than its partition", filepath.Base(name))
	}
	return err
}

// writeData makes the empty data partition. Its numbers come from the plan, so
// that the bytes are the same; the installer gives an installed disk new ones.
func (b *builder) writeData(ctx context.Context, w io.WriterAt, part disk.Part) error {
	name := filepath.Join(b.work, "data.ext4")
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(name, part.Size()); err != nil {
		return err
	}
	p := b.plan
	// Blocks of 4 KB and room in the tables: it grows to the end of any disk.
	err := b.run(ctx, nil, nil, nil, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "TRAMDATA", "-m", "1", "-b", "4096", "-J", "size=8",
		"-O", "metadata_csum,64bit,^orphan_file,^metadata_csum_seed", "-U", uuid("data", p.Name, p.Release),
		"-E", "hash_seed="+uuid("hash", p.Name, p.Release)+",root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,resize=268435456", name)
	if err != nil {
		return err
	}
	return copyInto(w, name, part)
}

// compress writes name as zstd to out; the same bytes give the same bytes.
func compress(name, out string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, in); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
