package machine

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// recorded loads a tree of testdata. A file "-> target" is a symbolic link.
func recorded(t *testing.T, name string) tree {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "trees", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	m := fstest.MapFS{}
	for _, f := range a.Files {
		if target, ok := strings.CutPrefix(string(f.Data), "-> "); ok {
			m[f.Name] = &fstest.MapFile{Data: []byte(strings.TrimSpace(target)), Mode: fs.ModeSymlink | 0o777}
			continue
		}
		m[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
	}
	return tree{m}
}

var lookedAt = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestLookAtAnOldPC(t *testing.T) {
	var f Facts
	recorded(t, "commune2014").look(&f, "/var/lib/tramxa/station", lookedAt)
	want := Facts{
		System:  System{Name: "Debian GNU/Linux 13 (trixie)", Version: "6.12.48+deb13-amd64"},
		Board:   Board{Name: "Example Boards Ltd. H81M-X", BIOS: "P1.30 03/07/2014", BoardSerial: "EB140307112233"},
		CPU:     CPU{Model: "Intel(R) Pentium(R) CPU G3220 @ 3.00GHz"},
		Memory:  Memory{Total: 1891204 << 10, Available: 1412000 << 10},
		Disk:    Disk{Device: "/dev/sda", Model: "EXAMPLE HDD500", Serial: "Z9T0ABCD", Firmware: "KC48", Size: 500107862016, Kind: KindRotating, Bus: BusATA, Cache: "write back", FileSystem: "ext4", Mount: "/var/lib/tramxa", NoBarrier: true},
		Boot:    Boot{ID: "3f0c8a3e-5b0e-4a64-9c55-0d3a5d5a0001", Uptime: 412070 * time.Millisecond},
		Clock:   RTC{Now: lookedAt, RTC: time.Unix(1009843200, 0).UTC(), Drift: lookedAt.Sub(time.Unix(1009843200, 0))},
		Heat:    64,
		Unknown: nil,
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("got  %+v\nwant %+v", f, want)
	}
}

func TestLookAtANotebook(t *testing.T) {
	var f Facts
	recorded(t, "laptop").look(&f, "/srv/tramxa", lookedAt)
	if d := f.Disk; d.Device != "/dev/nvme0n1" || !d.Mapper || d.Kind != KindSolid || d.Bus != BusNVMe || d.Serial != "NV0001122" || d.Firmware != "1.0" {
		t.Errorf("disk below LUKS and LVM: %+v", d)
	}
	if f.Power != (Power{Battery: true, Percent: 71}) {
		t.Errorf("power %+v", f.Power)
	}
	if f.Virtual != "virtualbox" || f.Clock.Drift != 0 || f.Clock.Missing {
		t.Errorf("virtual %q, clock %+v", f.Virtual, f.Clock)
	}
}

func TestLookAtNothing(t *testing.T) {
	var f Facts
	tree{fstest.MapFS{}}.look(&f, "/data", lookedAt)
	if len(f.Unknown) != 2 || f.Unknown[0].What != "memory" || f.Unknown[1].What != "disk" || !f.Clock.Missing {
		t.Errorf("an empty tree: %+v", f)
	}
}

func TestRemovableVolumes(t *testing.T) {
	room := func(dir string) (uint64, uint64, error) {
		if strings.HasPrefix(dir, "/mnt/gone") {
			return 0, 0, errors.New("gone")
		}
		return 5, 10, nil
	}
	for name, want := range map[string][]Volume{
		"commune2014": {
			{Dir: "/media/can bo/SAO LUU", Device: "/dev/sdb1", Label: "SAO LUU", FS: "vfat", Size: 10, Free: 5, Bus: BusUSB},
			{Dir: "/mnt/cu", Device: "/dev/sdc", FS: "exfat", Size: 10, Free: 5, ReadOnly: true, Bus: BusUSB},
		},
		"image": {{Dir: "/run/tramxa/sticks/sdb1", Device: "/dev/sdb1", FS: "vfat", Size: 10, Free: 5, Bus: BusUSB}},
		"laptop": {
			{Dir: "/media/boot", Device: "/dev/sda1", FS: "vfat", Size: 10, Free: 5, Bus: BusUSB, Boot: true},
			{Dir: "/media/card", Device: "/dev/mmcblk0p1", FS: "exfat", Size: 10, Free: 5, Bus: BusSD},
		},
	} {
		got, err := recorded(t, name).removable(room)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got, want)
		}
	}
}

func TestDisksOfAPC(t *testing.T) {
	probed := []string{}
	got, err := recorded(t, "commune2014").disks(func(d string) (string, string) {
		probed = append(probed, d)
		return "ntfs", "Windows"
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range got {
		names = append(names, d.Device)
	}
	if !reflect.DeepEqual(names, []string{"/dev/sda", "/dev/sdb", "/dev/sdc"}) {
		t.Fatalf("disks %v; an optical drive and an empty card reader are none", names)
	}
	want := []Partition{
		{Device: "/dev/sda1", Number: 1, Start: 2048 * 512, Size: 204800 * 512, FS: "ntfs", Label: "Windows", Mounts: []string{"/"}},
		{Device: "/dev/sda3", Number: 3, Start: 206848 * 512, Size: 409600 * 512, FS: "ext4", Label: "TRAMDATA",
			UUID: "c0ffee00-0000-4000-8000-000000000001", PartUUID: "1a2b3c4d-03", Mounts: []string{"/var/lib/tramxa"}},
	}
	if !got[0].Boot || got[1].Boot || got[2].Boot || !reflect.DeepEqual(got[0].Partitions, want) {
		t.Errorf("first disk %+v", got[0])
	}
	if p := got[2].Partitions; len(p) != 1 || p[0].Number != 0 || p[0].Device != "/dev/sdc" {
		t.Errorf("a stick without a table: %+v", p)
	}
	if !reflect.DeepEqual(probed, []string{"/dev/sda1", "/dev/sdc"}) {
		t.Errorf("looked into %v", probed)
	}
}

func TestImageKnowsItsDisk(t *testing.T) {
	got, err := recorded(t, "image").disks(nil)
	if err != nil || len(got) != 2 || !got[0].Boot || got[1].Boot {
		t.Errorf("%v: %+v", err, got)
	}
}

// TestUdevEscapes: a byte each, in one go however many there are.
func TestUdevEscapes(t *testing.T) {
	for in, want := range map[string]string{
		``: "", `a b`: "a b", `Data\x20Traveler\x203.0`: "Data Traveler 3.0", `\x41`: "A", `\x5cx41`: `\x41`,
		`\x4`: `\x4`, `a\x`: `a\x`, `\xg1\x41`: `\xg1A`, `\x\x41`: `\xA`, `\\x2d`: `\-`,
	} {
		if got := hexUnescape(in); got != want {
			t.Errorf("%s is read as %q, want %q", in, got, want)
		}
	}
	long := strings.Repeat(`\x41`, 4<<10)
	if n := testing.AllocsPerRun(20, func() { hexUnescape(long) }); n > 8 {
		t.Errorf("%.0f copies of a text with many escapes", n)
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add("51 28 8:17 / /media/can\\040bo rw,nosuid shared:3 - vfat /dev/sdb1 rw,uid=1000")
	f.Add("1 2 3 4 5 6 - 7 8")
	f.Add(`\04 - \400 \x`)
	f.Fuzz(func(t *testing.T, line string) {
		m, ok := parseMount(line)
		if ok && (m.dev == "" || m.fstype == "") {
			t.Errorf("%q gives %+v", line, m)
		}
		_ = hexUnescape(line)
	})
}
