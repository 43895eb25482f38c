package guest

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Disk is one whole disk as the kernel sees it.
type Disk struct {
	Name      string // sda, nvme0n1
	Model     string
	Serial    string
	Size      int64 // bytes
	Sector    int   // logical sector in bytes
	Removable bool  // a stick, a card, anything on USB
	ReadOnly  bool
	Parts     map[int]string // number → sda1
}

// Device is the path of the disk.
func (d Disk) Device() string { return "/dev/" + d.Name }

// Part is the path of partition n (1 to 4); "" when there is none.
func (d Disk) Part(n int) string {
	if p := d.Parts[n]; p != "" {
		return "/dev/" + p
	}
	return ""
}

// sysTree is /sys, or a copy of some of it in a test.
type sysTree string

// Disks lists the disks of this machine, without memory disks, loops and
// optical drives.
func Disks() ([]Disk, error) { return sysTree("/sys").disks() }

func (s sysTree) disks() ([]Disk, error) {
	names, err := filepath.Glob(filepath.Join(string(s), "class/block/*"))
	if err != nil {
		return nil, err
	}
	var list []Disk
	for _, dir := range names {
		name := filepath.Base(dir)
		if _, err := os.Stat(filepath.Join(dir, "device")); err != nil || strings.HasPrefix(name, "sr") || strings.HasPrefix(name, "fd") {
			continue // partitions, loops, zram, drives with media
		}
		list = append(list, s.disk(name))
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

func (s sysTree) disk(name string) Disk {
	dir := filepath.Join(string(s), "class/block", name)
	read := func(file string) string {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(b))
	}
	num := func(file string) int64 { n, _ := strconv.ParseInt(read(file), 10, 64); return n }
	d := Disk{
		Name: name, Model: read("device/model"), Serial: read("device/serial"), Size: num("size") * 512,
		Sector: int(num("queue/logical_block_size")), ReadOnly: num("ro") == 1, Parts: map[int]string{},
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		real = dir
	}
	d.Removable = num("removable") == 1 || strings.Contains(real, "/usb")
	kids, _ := os.ReadDir(real)
	for _, k := range kids {
		b, err := os.ReadFile(filepath.Join(real, k.Name(), "partition"))
		if err != nil {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			d.Parts[n] = k.Name()
		}
	}
	return d
}

// udevProperty reads one property of a device from udev's database: the serial
// number of a SATA disk stands only there.
func udevProperty(name, property string) string {
	number, err := os.ReadFile("/sys/class/block/" + name + "/dev")
	if err != nil {
		return ""
	}
	f, err := os.Open("/run/udev/data/b" + strings.TrimSpace(string(number)))
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "E:"+property+"="); ok {
			return v
		}
	}
	return ""
}

// rootDisk finds the disk and partition number a mount point lies on, from the
// text of /proc/self/mountinfo.
func (s sysTree) rootDisk(mountinfo, point string) (Disk, int, error) {
	for _, line := range strings.Split(mountinfo, "\n") {
		w := strings.Fields(line)
		if len(w) < 5 || w[4] != point {
			continue
		}
		dir, err := filepath.EvalSymlinks(filepath.Join(string(s), "dev/block", w[2]))
		if err != nil {
			return Disk{}, 0, err
		}
		b, err := fs.ReadFile(os.DirFS(dir), "partition")
		if err != nil {
			return Disk{}, 0, fmt.Errorf("the root %s is no partition of a disk", path.Base(dir))
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(b)))
		return s.disk(filepath.Base(filepath.Dir(dir))), n, err
	}
	return Disk{}, 0, ErrNoImage
}
