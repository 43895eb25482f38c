package machine

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"
)

// Volume is a mounted file system on something that can be carried away.
type Volume struct {
	Dir      string `json:"dir"`    // where its files are
	Device   string `json:"device"` // partition, or drive letter
	Label    string `json:"label,omitempty"`
	FS       string `json:"fs"`
	Size     uint64 `json:"size"`
	Free     uint64 `json:"free"`
	ReadOnly bool   `json:"read_only,omitempty"`
	Bus      Bus    `json:"bus,omitempty"`
	// Boot says that the system itself runs from this disk: a stick that is used
	// live. Updates may lie there; a backup there would not be a second copy.
	Boot bool `json:"boot,omitempty"`
}

// Device is a disk with what is on it.
type Device struct {
	Disk
	Boot       bool        `json:"boot"` // the system runs from it: never erase
	Partitions []Partition `json:"partitions,omitempty"`
}

// Partition is a part of a disk. FS and Label are known where the device manager
// runs, or the device may be read.
type Partition struct {
	Device   string   `json:"device"` // /dev/sda1
	Number   int      `json:"number"` // 0: the whole disk, which has no table
	Start    uint64   `json:"start"`  // bytes
	Size     uint64   `json:"size"`
	FS       string   `json:"fs,omitempty"` // ext4, vfat, ntfs, exfat, squashfs, swap, crypto_LUKS …
	Label    string   `json:"label,omitempty"`
	UUID     string   `json:"uuid,omitempty"`
	PartUUID string   `json:"part_uuid,omitempty"`
	Mounts   []string `json:"mounts,omitempty"`
}

// StickDir is where the image mounts sticks that are plugged in.
const StickDir = "/run/tramxa/sticks"

// Removable lists the mounted volumes that can be carried away: sticks, cards,
// USB disks, and what is below StickDir. None is not an error.
func Removable(ctx context.Context) ([]Volume, error) { return removable(ctx) }

// Disks lists the disks of this machine, the smallest name first, without optical
// drives, memory disks and card readers without a card.
func Disks(ctx context.Context) ([]Device, error) { return disks(ctx) }

// systemDirs are mounts whose disk the system runs from.
var systemDirs = []string{"/", "/boot", "/boot/efi", "/usr", "/etc", "/run/ro", "/data", "/var", "/var/lib", "/var/lib/tramxa"}

// running finds the names of the disks that the system runs from: those behind
// its directories, and the one that the kernel's command line names.
func (t tree) running(list []block, mounts []mount) map[string]bool {
	found := map[string]bool{}
	for _, m := range mounts {
		if !slices.Contains(systemDirs, m.dir) {
			continue
		}
		if b, _, ok := holder(list, m.dev, strings.TrimPrefix(m.source, "/dev/")); ok {
			found[b.name] = true
		}
	}
	line := t.word("proc/cmdline")
	for word := range strings.FieldsSeq(line) {
		root, ok := strings.CutPrefix(word, "root=")
		if !ok {
			continue
		}
		want, byID := strings.CutPrefix(root, "PARTUUID=")
		for _, b := range list {
			for _, p := range b.parts {
				if (byID && strings.EqualFold(t.udev(p.dev)["ID_PART_ENTRY_UUID"], want)) || root == "/dev/"+p.name {
					found[b.name] = true
				}
			}
		}
	}
	return found
}

// carried says whether a disk can be carried away.
func carried(d Disk) bool {
	return d.Bus == BusUSB || d.Bus == BusSD || (d.Removable && d.Bus != BusVirtual)
}

// removable lists from a tree; room asks for free and all bytes of a directory.
func (t tree) removable(room func(dir string) (free, total uint64, err error)) ([]Volume, error) {
	mounts, err := t.mounts()
	if err != nil {
		return nil, err
	}
	list := t.blocks()
	system := t.running(list, mounts)
	seen := map[string]bool{}
	var found []Volume
	for _, m := range mounts {
		b, _, ok := holder(list, m.dev, strings.TrimPrefix(m.source, "/dev/"))
		stick := strings.HasPrefix(m.dir, StickDir+"/")
		var d Disk
		if ok {
			d = t.disk(b)
		}
		if (!stick && (!ok || !carried(d))) || slices.Contains(systemDirs, m.dir) || m.fstype == "squashfs" || seen[m.dev] {
			continue
		}
		seen[m.dev] = true
		v := Volume{Dir: m.dir, Device: m.source, FS: m.fstype, Label: t.label(m.dev), ReadOnly: d.ReadOnly || m.option("ro"), Bus: d.Bus, Boot: system[b.name]}
		if v.Free, v.Size, err = room(m.dir); err != nil {
			continue // pulled out meanwhile
		}
		found = append(found, v)
	}
	slices.SortFunc(found, func(a, b Volume) int { return cmp.Compare(a.Dir, b.Dir) })
	return found, nil
}

func (t tree) label(dev string) string {
	u := t.udev(dev)
	return first(hexUnescape(u["ID_FS_LABEL_ENC"]), u["ID_FS_LABEL"])
}

// notDisks are names of /sys/block that hold no data of their own.
var notDisks = []string{"loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd", "mtdblock"}

// disks lists from a tree; probe looks into a device that the device manager
// says nothing about.
func (t tree) disks(probe func(device string) (fsKind, label string)) ([]Device, error) {
	mounts, err := t.mounts()
	if err != nil {
		return nil, err
	}
	list := t.blocks()
	system := t.running(list, mounts)
	var found []Device
	for _, b := range list {
		if slices.ContainsFunc(notDisks, func(p string) bool { return strings.HasPrefix(b.name, p) }) || contains(b.name, "boot", "rpmb") {
			continue
		}
		d := Device{Disk: t.disk(b), Boot: system[b.name]}
		if d.Size == 0 { // a card reader without a card
			continue
		}
		for _, p := range b.parts {
			d.Partitions = append(d.Partitions, t.partition(p, mounts, probe))
		}
		if len(b.parts) == 0 { // a stick without a table of partitions
			if whole := t.partition(slice{name: b.name, dev: b.dev, size: d.Size}, mounts, probe); whole.FS != "" || len(whole.Mounts) > 0 {
				d.Partitions = append(d.Partitions, whole)
			}
		}
		slices.SortFunc(d.Partitions, func(a, b Partition) int { return a.Number - b.Number })
		found = append(found, d)
	}
	slices.SortFunc(found, func(a, b Device) int { return cmp.Compare(a.Device, b.Device) })
	return found, nil
}

func (t tree) partition(s slice, mounts []mount, probe func(string) (string, string)) Partition {
	u := t.udev(s.dev)
	p := Partition{Device: path.Join("/dev", s.name), Number: s.number, Start: s.start, Size: s.size,
		FS: u["ID_FS_TYPE"], Label: t.label(s.dev), UUID: u["ID_FS_UUID"], PartUUID: u["ID_PART_ENTRY_UUID"]}
	if p.FS == "" && probe != nil {
		p.FS, p.Label = probe(p.Device)
	}
	for _, m := range mounts {
		if m.dev == s.dev || m.source == p.Device {
			p.Mounts = append(p.Mounts, m.dir)
		}
	}
	return p
}
