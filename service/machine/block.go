package machine

import (
	"io/fs"
	"path"
	"strings"
)

// block is a disk of /sys/block with its partitions.
type block struct {
	name   string // sda
	dev    string // 8:0
	parts  []slice
	slaves []string // devices below it: sda2
}

// slice is a partition.
type slice struct {
	name   string // sda1
	dev    string
	number int
	start  uint64 // bytes
	size   uint64
}

const sector = 512 // of every size in /sys/block, whatever the disk's own is

// blocks lists what is in /sys/block.
func (t tree) blocks() []block {
	var list []block
	for _, name := range t.names("sys/block") {
		dir := path.Join("sys/block", name)
		b := block{name: name, dev: t.word(dir, "dev"), slaves: t.names(dir + "/slaves")}
		for _, part := range t.names(dir) {
			n, ok := t.number(dir, part, "partition")
			if !ok {
				continue
			}
			start, _ := t.number(dir, part, "start")
			size, _ := t.number(dir, part, "size")
			b.parts = append(b.parts, slice{name: part, dev: t.word(dir, part, "dev"), number: int(n),
				start: uint64(max(start, 0)) * sector, size: uint64(max(size, 0)) * sector})
		}
		list = append(list, b)
	}
	return list
}

// holder finds the disk with the device or partition dev ("8:1"), or else name
// ("sda1"; btrfs shows numbers of its own). Through LUKS, LVM and RAID it goes
// down to the first disk and says mapped.
func holder(list []block, dev, name string) (b block, mapped, ok bool) {
	for depth := 0; depth < 8; depth++ {
		found := false
		for _, c := range list {
			if c.has(dev, name) {
				b, found = c, true
				break
			}
		}
		if !found {
			return block{}, mapped, false
		}
		if len(b.slaves) == 0 {
			return b, mapped, true
		}
		mapped, dev, name = true, "", b.slaves[0]
	}
	return block{}, mapped, false
}

func (b block) has(dev, name string) bool {
	if (dev != "" && b.dev == dev) || (name != "" && b.name == name) {
		return true
	}
	for _, p := range b.parts {
		if (dev != "" && p.dev == dev) || (name != "" && p.name == name) {
			return true
		}
	}
	return false
}

// disk reads what is known of a disk.
func (t tree) disk(b block) Disk {
	dir := path.Join("sys/block", b.name)
	udev := t.udev(b.dev)
	size, _ := t.number(dir, "size")
	removable, _ := t.number(dir, "removable")
	d := Disk{
		Device: "/dev/" + b.name, Size: uint64(max(size, 0)) * sector, Removable: removable == 1,
		Model:    first(t.word(dir, "device/model"), t.word(dir, "device/name"), strings.ReplaceAll(udev["ID_MODEL"], "_", " ")),
		Firmware: first(t.word(dir, "device/firmware_rev"), t.word(dir, "device/rev")),
		Serial:   first(t.word(dir, "serial"), t.word(dir, "device/serial"), udev["ID_SERIAL_SHORT"], t.vpdSerial(dir)),
		Cache:    t.word(dir, "queue/write_cache"),
	}
	d.Bus = t.bus(b.name, t.word(dir, "device/vendor"), d.Model)
	if ro, _ := t.number(dir, "ro"); ro == 1 {
		d.ReadOnly = true
	}
	switch spins, ok := t.number(dir, "queue/rotational"); {
	case !ok:
	case spins == 0:
		d.Kind = KindSolid
	case d.Bus == BusATA || d.Bus == BusSCSI || d.Bus == BusRAID: // the others say 1 without knowing
		d.Kind = KindRotating
	}
	return d
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// vpdSerial is the unit's serial number as SCSI page 0x80 gives it, which SATA
// disks answer through the kernel's translation.
func (t tree) vpdSerial(dir string) string {
	b, err := t.bytes(dir + "/device/vpd_pg80")
	if err != nil || len(b) <= 4 || b[1] != 0x80 {
		return ""
	}
	return strings.Trim(string(b[4:]), " \t\x00")
}

// bus tells how a disk is attached from where it hangs in the tree of devices.
func (t tree) bus(name, vendor, model string) Bus {
	link, _ := fs.ReadLink(t.FS, "sys/block/"+name)
	what := strings.ToUpper(vendor + " " + model)
	switch {
	case strings.Contains(link, "/usb"):
		return BusUSB
	case contains(what, "QEMU", "VBOX", "VMWARE", "VIRTUAL", "MSFT"):
		return BusVirtual
	case strings.HasPrefix(name, "vd"), strings.HasPrefix(name, "xvd"), strings.Contains(link, "/virtio"):
		return BusVirtual
	case strings.HasPrefix(name, "nvme"):
		return BusNVMe
	case strings.HasPrefix(name, "mmcblk"):
		if t.word("sys/block", name, "device/type") == "SD" {
			return BusSD
		}
		return BusMMC
	case strings.HasPrefix(name, "md"), contains(what, "PERC", "MEGARAID", "SERVERAID", "LOGICAL VOLUME", "LSI", "ADAPTEC"):
		return BusRAID
	case strings.Contains(link, "/ata"):
		return BusATA
	case strings.HasPrefix(name, "sd"):
		return BusSCSI
	}
	return BusUnknown
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// udev is what the device manager has written down of a device; empty where it
// does not run.
func (t tree) udev(dev string) map[string]string {
	facts := map[string]string{}
	_ = t.lines("run/udev/data/b"+dev, func(line string) { // none: nothing known
		if k, v, ok := strings.Cut(strings.TrimPrefix(line, "E:"), "="); ok && strings.HasPrefix(line, "E:") {
			facts[k] = hexUnescape(v)
		}
	})
	return facts
}

// hexUnescape undoes udev's \x20 for a space. What is no such escape stays.
func hexUnescape(s string) string {
	before, after, found := strings.Cut(s, `\x`)
	if !found {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; found; before, after, found = strings.Cut(after, `\x`) {
		b.WriteString(before)
		if len(after) < 2 || unhex(after[0]) < 0 || unhex(after[1]) < 0 {
			b.WriteString(`\x`)
			continue
		}
		b.WriteByte(byte(unhex(after[0])<<4 | unhex(after[1])))
		after = after[2:]
	}
	b.WriteString(before)
	return b.String()
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
