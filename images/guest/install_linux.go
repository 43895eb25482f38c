package guest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"tramxa/images/disk"
)

// FindTargets lists the disks of this machine with what is on them, judged for
// an installation from the disk the system runs from.
func FindTargets(ctx context.Context, s State) ([]Target, error) {
	disks, err := Disks()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.Disk)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	first := make([]byte, disk.Sector)
	if _, err := f.ReadAt(first, 0); err != nil {
		return nil, err
	}
	source, err := disk.Parse(first)
	if err != nil {
		return nil, err
	}
	var list []Target
	for _, d := range disks {
		if d.Size == 0 {
			continue // a card reader without a card
		}
		if serial := udevProperty(d.Name, "ID_SERIAL_SHORT"); serial != "" {
			d.Serial = serial
		}
		t := Target{Disk: d, Holds: holds(ctx, d.Device())}
		if r, err := os.Open(d.Device()); err == nil {
			t.Station = holdsTramxa(r)
			_ = r.Close()
		}
		list = append(list, t)
	}
	return Judge(list, s.Disk, source), nil
}

// holds says what is on a disk, in a technician's words.
func holds(ctx context.Context, dev string) []string {
	out, err := exec.CommandContext(ctx, "lsblk", "-J", "-b", "-o", "NAME,FSTYPE,LABEL,SIZE", dev).Output()
	if err != nil {
		return nil
	}
	return parseBlocks(out)
}

type block struct {
	Name     string  `json:"name"`
	Kind     string  `json:"fstype"`
	Label    string  `json:"label"`
	Size     int64   `json:"size"`
	Children []block `json:"children"`
}

func parseBlocks(b []byte) []string {
	var all struct {
		Devices []block `json:"blockdevices"`
	}
	if json.Unmarshal(b, &all) != nil {
		return nil
	}
	var list []string
	for _, d := range all.Devices {
		for _, p := range d.Children {
			what := p.Kind
			if p.Kind == "ntfs" || p.Kind == "BitLocker" {
				what += " (Windows)"
			}
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s  %6.1f GB  %s %s", p.Name, float64(p.Size)/1e9, what, p.Label)))
		}
	}
	return list
}

// NewJob prepares the installation of the running system to t.
func NewJob(s State, t Target) (Job, error) {
	var id [4]byte
	if _, err := rand.Read(id[:]); err != nil {
		return Job{}, err
	}
	return Job{Source: s.Disk, Target: t.Device(), Boot: BootDir, ID: binary.LittleEndian.Uint32(id[:]) | 1, Size: t.Size}, nil
}

// HasStation says whether the running stick holds a station.
func HasStation() bool {
	_, err := os.Stat("/var/lib/tramxa/station/tramxa.toml")
	return err == nil
}

// TakeStation copies the station of the running stick into the new data
// partition, for Job.Fill.
func TakeStation(target string) func(ctx context.Context, offset, size int64) error {
	return func(ctx context.Context, offset, size int64) (err error) {
		dir, err := os.MkdirTemp(Run, "new")
		if err != nil {
			return err
		}
		opt := fmt.Sprintf("loop,offset=%d,sizelimit=%d", offset, size)
		if out, err := exec.CommandContext(ctx, "mount", "-o", opt, target, dir).CombinedOutput(); err != nil {
			return fmt.Errorf("mount: %w: %s", err, strings.TrimSpace(string(out)))
		}
		defer func() {
			unix.Sync()
			err = errors.Join(err, unix.Unmount(dir, 0), os.Remove(dir))
		}()
		for _, name := range []string{"tramxa", "tramxa-keys", "machine-id", "ssh"} {
			from := filepath.Join(Data, name)
			if _, err := os.Stat(from); err != nil {
				continue
			}
			if out, err := exec.CommandContext(ctx, "cp", "-a", from, dir+"/").CombinedOutput(); err != nil {
				return fmt.Errorf("cp: %w: %s", err, strings.TrimSpace(string(out)))
			}
		}
		return nil
	}
}

// LeaveStation sets aside the station on the stick after it was taken over: two
// machines with one station's keys would be refused by the hub. Nothing is
// deleted.
func LeaveStation() error {
	return errors.Join(
		os.Rename("/data/tramxa/station", "/data/tramxa/station.moved"),
		os.Rename("/data/tramxa-keys/station.key", "/data/tramxa-keys/station.moved.key"))
}
