package guest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tramxa/images/disk"
	"tramxa/images/grubenv"
	"tramxa/service/seed"
)

// Job is one installation. Source and target may be disks or files.
type Job struct {
	Source string // the disk this system runs from
	Target string // the disk to erase
	Boot   string // folder with the files of the boot partition
	ID     uint32 // number of the new disk, drawn anew for each
	Size   int64  // of the target in bytes
	Now    time.Time

	Say func(step string, done, all int64) // progress in bytes
	// Fill is called with the offset and length of the new, empty data partition
	// before the disk becomes one that starts; nil: it stays empty.
	Fill func(ctx context.Context, offset, size int64) error
}

// bootFolders are what is copied of the boot partition; people put other things
// on sticks too.
var bootFolders = []string{"EFI", "grub", "A", "B", "tramxa"}

// Install erases the target and makes it a disk that starts. The boot sector of
// the boot partition and then the first sector of the disk are written last: a
// power cut before them leaves a disk that starts nothing, and the stick as it
// was.
func (j Job) Install(ctx context.Context) error {
	src, err := os.Open(j.Source)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(j.Target, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer dst.Close()
	first := make([]byte, disk.MB)
	if _, err := src.ReadAt(first, 0); err != nil {
		return err
	}
	from, err := disk.Parse(first)
	if err != nil {
		return err
	}
	to, err := from.Grow(j.Size)
	if err != nil {
		return err
	}
	to.ID = j.ID
	boot, err := j.bootFiles(to)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return wipe(dst, j.Size, to) },
		func() error { return j.copyRoots(ctx, dst, src, from) },
		func() error { return j.makeData(ctx, to.Parts[disk.Data]) },
		func() error { _, err := boot.Write(dst, to.Parts[disk.Boot].Start()); return err },
		dst.Sync,
		func() error { _, err := dst.WriteAt(first[disk.Sector:], disk.Sector); return err },
		dst.Sync,
		func() error { sector := to.Marshal(first); _, err := dst.WriteAt(sector[:], 0); return err },
		dst.Sync,
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return fmt.Errorf("install to %s: %w", j.Target, err)
		}
	}
	return dst.Close()
}

// wipe takes away what makes the disk start or be taken for another: its first
// and last megabyte, and the beginnings of the partitions to come.
func wipe(dst *os.File, size int64, t disk.Table) error {
	zero := make([]byte, disk.MB)
	at := []int64{0, size - disk.MB}
	for _, p := range t.Parts {
		at = append(at, p.Start())
	}
	for _, o := range at {
		if _, err := dst.WriteAt(zero, o); err != nil {
			return err
		}
	}
	return dst.Sync()
}

// copyRoots copies both slots; an empty one is left out.
func (j Job) copyRoots(ctx context.Context, dst, src *os.File, t disk.Table) error {
	buf, zero := make([]byte, 4*disk.MB), make([]byte, 4*disk.MB)
	all := t.Parts[disk.RootA].Size() + t.Parts[disk.RootB].Size()
	done := int64(0)
	for _, p := range []disk.Part{t.Parts[disk.RootA], t.Parts[disk.RootB]} {
		for at := int64(0); at < p.Size(); {
			n, err := src.ReadAt(buf[:min(int64(len(buf)), p.Size()-at)], p.Start()+at)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if at == 0 && bytes.Equal(buf[:n], zero[:n]) {
				done += p.Size()
				break
			}
			if _, err := dst.WriteAt(buf[:n], p.Start()+at); err != nil {
				return err
			}
			at, done = at+int64(n), done+int64(n)
			j.say("chép hệ thống / copying the system", done, all)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return dst.Sync()
}

func (j Job) say(step string, done, all int64) {
	if j.Say != nil {
		j.Say(step, done, all)
	}
}

// makeData makes the file system for the data, with numbers of its own.
func (j Job) makeData(ctx context.Context, p disk.Part) error {
	j.say("tạo phân vùng dữ liệu / making the data partition", 0, 1)
	c := exec.CommandContext(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "TRAMDATA", "-m", "1", "-b", "4096",
		"-O", "metadata_csum,64bit,^orphan_file,^metadata_csum_seed",
		"-E", fmt.Sprintf("offset=%d,root_owner=0:0", p.Start()), j.Target, fmt.Sprintf("%dk", p.Size()>>10))
	c.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("mke2fs: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if j.Fill == nil {
		return nil
	}
	j.say("chép dữ liệu của trạm / copying the station", 0, 1)
	return j.Fill(ctx, p.Start(), p.Size())
}

// bootFiles is the new boot partition: that of the stick, with a boot state that
// begins anew and a seed that erases nothing.
func (j Job) bootFiles(t disk.Table) (disk.FAT, error) {
	p := t.Parts[disk.Boot]
	f := disk.FAT{Size: p.Size(), Hidden: p.First, ID: j.ID ^ 0x54524158, Label: "TRAMBOOT", Time: j.Now}
	for _, folder := range bootFolders {
		err := filepath.WalkDir(filepath.Join(j.Boot, folder), func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(j.Boot, name)
			if err != nil {
				return err
			}
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if b, err = installed(filepath.ToSlash(rel), b); err != nil {
				return err
			}
			f.Files = append(f.Files, disk.File{Path: filepath.ToSlash(rel), Data: b})
			return nil
		})
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// installed is a file of the boot partition as it stands on an installed disk.
func installed(name string, b []byte) ([]byte, error) {
	switch strings.ToLower(name) {
	case "grub/grubenv":
		e, err := grubenv.Parse(b)
		if err != nil {
			return grubenv.New().Marshal(), nil
		}
		return e.Confirm().Marshal(), nil
	case "tramxa/seed.toml":
		if blank(b) {
			return b, nil
		}
		s, err := seed.Parse(b)
		if err != nil {
			return b, nil // the setup says that it is not understood
		}
		s.Unattended, s.EraseDisk = false, ""
		return s.Marshal()
	}
	return b, nil
}

// holdsTramxa says whether the first bytes of a disk are those of an installation
// that was finished.
func holdsTramxa(r io.ReaderAt) bool {
	first := make([]byte, disk.Sector)
	if _, err := r.ReadAt(first, 0); err != nil {
		return false
	}
	t, err := disk.Parse(first)
	if err != nil {
		return false
	}
	boot := make([]byte, disk.Sector)
	if _, err := r.ReadAt(boot, t.Parts[disk.Boot].Start()); err != nil {
		return false
	}
	return bytes.Equal(boot[71:79], []byte("TRAMBOOT")) && binary.LittleEndian.Uint16(boot[510:]) == 0xaa55
}
