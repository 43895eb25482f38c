package guest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tramxa/images/disk"
	"tramxa/service/seed"
)

// Prepare makes the machine ready for the station. It is run once at a start, as
// root, before everything that writes. It never gives up: what fails is noted in
// the state and shown on the screen.
func Prepare(ctx context.Context, log *slog.Logger) (State, error) {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return State{}, err
	}
	d, number, err := sysTree("/sys").rootDisk(string(info), Run+"/ro")
	if err != nil {
		return State{}, err
	}
	s := State{Slot: string("??AB"[number&3]), Disk: d.Device(), Removable: d.Removable, Memory: memory("MemTotal")}
	for n := range 4 {
		s.Parts = append(s.Parts, d.Part(n+1))
	}
	p := preparation{log: log, disk: d, state: &s}
	p.boot()
	p.swap(ctx)
	if err := p.data(ctx); err != nil {
		s.Data = err.Error()
		log.Error("data partition", "error", err)
	}
	p.settle()
	return s, s.write(machine)
}

type preparation struct {
	log   *slog.Logger
	disk  Disk
	state *State
	seed  seed.Seed
	has   bool // there is a seed
}

// boot mounts the boot partition and reads what stands on it.
func (p *preparation) boot() {
	if err := mount(p.state.Parts[disk.Boot], BootDir, "vfat", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		p.state.Seed = err.Error()
		p.log.Error("boot partition", "error", err)
		return
	}
	var err error
	if p.seed, p.has, err = readSeed(filepath.Join(BootDir, "tramxa/seed.toml")); err != nil {
		p.state.Seed = err.Error()
		p.log.Error("seed", "error", err)
	}
}

// data checks, mounts and grows the data partition and hangs its folders where
// they belong.
func (p *preparation) data(ctx context.Context) error {
	dev := p.state.Parts[disk.Data]
	if dev == "" {
		return errors.New("không có phân vùng dữ liệu / there is no data partition")
	}
	if err := p.growPartition(ctx); err != nil {
		p.log.Error("the data partition stays as it is", "error", err)
	}
	out, err := exec.CommandContext(ctx, "e2fsck", "-p", dev).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode()&^3 == 0 {
		p.log.Warn("data partition was mended", "says", strings.TrimSpace(string(out)))
		err = nil
	}
	if err != nil {
		return fmt.Errorf("phân vùng dữ liệu hỏng / the data partition is damaged: e2fsck: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := mount(dev, Data, "ext4", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOATIME, "errors=remount-ro"); err != nil {
		return fmt.Errorf("không gắn được phân vùng dữ liệu / the data partition cannot be mounted: %w", err)
	}
	if smaller(dev) {
		if out, err := exec.CommandContext(ctx, "resize2fs", dev).CombinedOutput(); err != nil {
			p.log.Error("the data partition keeps its size", "error", err, "says", strings.TrimSpace(string(out)))
		}
	}
	for _, f := range []struct {
		name, at string
		mode     os.FileMode
		owner    int
	}{
		{"tramxa", "/var/lib/tramxa", 0o700, user},
		{"tramxa-keys", "/var/lib/tramxa-keys", 0o700, user},
		{"timesync", "/var/lib/systemd/timesync", 0o755, -1},
		{"log", "/var/log/journal", 0o755, -1},
	} {
		from := filepath.Join(Data, f.name)
		if err := os.MkdirAll(from, f.mode); err != nil {
			return err
		}
		if f.owner >= 0 {
			if err := os.Chown(from, f.owner, f.owner); err != nil {
				return err
			}
		}
		if err := mount(from, f.at, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", f.at, err)
		}
	}
	return nil
}

// growPartition gives the data partition the rest of the disk: one sector is
// written, so a power cut leaves the old table or the new one.
func (p *preparation) growPartition(ctx context.Context) error {
	f, err := os.OpenFile(p.disk.Device(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	first := make([]byte, disk.Sector)
	if _, err := f.ReadAt(first, 0); err != nil {
		return err
	}
	old, err := disk.Parse(first)
	if err != nil {
		return err
	}
	t, err := old.Grow(p.disk.Size)
	if err != nil || t.Parts[disk.Data].Size() < old.Parts[disk.Data].Size()+32*disk.MB {
		return err
	}
	sector := t.Marshal(first)
	if _, err := f.WriteAt(sector[:], 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "partx", "--update", "--nr", "4", p.disk.Device()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("partx: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// smaller says whether an ext4 file system leaves room in its partition.
func smaller(dev string) bool {
	f, err := os.Open(dev)
	if err != nil {
		return false
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	b := make([]byte, 1024)
	if _, err2 := f.ReadAt(b, 1024); err != nil || err2 != nil {
		return false
	}
	blocks := int64(binary.LittleEndian.Uint32(b[4:])) | int64(binary.LittleEndian.Uint32(b[0x150:]))<<32
	return blocks<<(10+b[0x18]) < size-8*disk.MB
}

// settle hands over seed, network, keys and the machine's id.
func (p *preparation) settle() {
	note := func(what string, err error) {
		if err != nil {
			p.log.Error(what, "error", err)
		}
	}
	if p.has && p.seed.Network != nil {
		note("network", writeFile("/run/systemd/network/10-seed.network", networkFile(*p.seed.Network), 0o644))
	}
	if keys := sshKeys(p.seed, filepath.Join(BootDir, "tramxa/authorized_keys"), "/etc/tramxa/authorized_keys"); keys != "" && p.state.Data == "" {
		err := writeFile(Run+"/ssh/authorized_keys", keys, 0o600)
		note("ssh", err)
		p.state.SSH = err == nil
	}
	note("sticks", os.MkdirAll(Sticks, 0o755))
	if p.state.Data != "" {
		return
	}
	base := "/var/lib/tramxa"
	note("clock", os.RemoveAll(filepath.Join(base, ClockFile))) // of the life before: that time has passed
	if p.has {
		note("seed", errors.Join(giveSeed(base, p.seed), chown(filepath.Join(base, "seed.toml"))))
		if _, err := os.Stat(filepath.Join(base, "station", "tramxa.toml")); err != nil && p.seed.Unattended {
			p.state.Unattended = true
			note("unattended", writeFile(Run+"/unattended", "", 0o644))
		}
	}
	note("machine id", keepMachineID("/etc/machine-id", filepath.Join(Data, "machine-id")))
}

func chown(name string) error {
	if _, err := os.Stat(name); err != nil {
		return nil // a station is there: no seed was given
	}
	return os.Chown(name, user, user)
}

// keepMachineID saves the id that systemd has made at the first start; the
// initial ramdisk hands it out from then on.
func keepMachineID(now, kept string) error {
	if _, err := os.Stat(kept); err == nil {
		return nil
	}
	b, err := os.ReadFile(now)
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(b))) != 32 {
		return fmt.Errorf("%s holds no machine id", now)
	}
	if err := writeSynced(kept+".new", b, 0o444); err != nil {
		return err
	}
	return os.Rename(kept+".new", kept)
}

// swap makes compressed memory the only swap of small machines.
func (p *preparation) swap(ctx context.Context) {
	if p.state.Memory == 0 || p.state.Memory > 2500<<10 {
		return
	}
	for _, step := range [][]string{
		{"modprobe", "zram", "num_devices=1"},
		{"zramctl", "--algorithm", "zstd", "--size", fmt.Sprintf("%dK", p.state.Memory/2), "/dev/zram0"},
		{"mkswap", "-q", "/dev/zram0"},
		{"swapon", "--priority", "100", "/dev/zram0"},
	} {
		if out, err := exec.CommandContext(ctx, step[0], step[1:]...).CombinedOutput(); err != nil {
			p.log.Warn("no compressed swap", "step", step[0], "error", err, "says", strings.TrimSpace(string(out)))
			return
		}
	}
}

// memory reads one line of /proc/meminfo in KiB; 0 when it cannot.
func memory(name string) int64 {
	b, _ := os.ReadFile("/proc/meminfo")
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			var n int64
			_, _ = fmt.Sscan(v, &n)
			return n
		}
	}
	return 0
}

// Available is the memory that programs can still have, in KiB.
func Available() int64 { return memory("MemAvailable") }

// mount makes the mount point and mounts; the device may come a little later
// than its name.
func mount(dev, dir, kind string, flags uintptr, data string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var err error
	for range 20 {
		if err = unix.Mount(dev, dir, kind, flags, data); !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENXIO) {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if err != nil {
		return &os.PathError{Op: "mount", Path: dev, Err: err}
	}
	return nil
}

func writeFile(name, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), mode)
}

func writeSynced(name string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
