package machine

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// golden compares with a file of testdata; TRAMXA_UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if os.Getenv("TRAMXA_UPDATE") == "1" {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what this program writes (%v)", name, err)
	}
}

// structure is one of SMBIOS, with its texts.
func structure(kind byte, fixed []byte, texts ...string) []byte {
	b := append([]byte{kind, byte(4 + len(fixed)), 0, 0}, fixed...)
	for _, s := range texts {
		b = append(append(b, s...), 0)
	}
	if len(texts) == 0 {
		b = append(b, 0)
	}
	return append(b, 0)
}

func firmwareTable() []byte {
	uuid := []byte{0x44, 0x45, 0x4c, 0x4c, 0x42, 0x00, 0x10, 0x30, 0x80, 0x52, 0xb4, 0xc0, 0x4f, 0x4e, 0x4a, 0x31}
	system := append([]byte{1, 2, 0, 3}, uuid...)
	var b []byte
	b = append(b, structure(0, []byte{1, 2, 0, 0xe0, 3}, "Example BIOS", "P1.30", "03/07/2014")...)
	b = append(b, structure(1, system, "Example PC Co", "Desk 200", "System Serial Number")...)
	b = append(b, structure(2, []byte{1, 2, 0, 3}, "Example Boards", "H81M-X", "EB0001")...)
	b = append(b, structure(2, []byte{1, 0, 0, 0}, "a second board")...)
	return append(b, structure(127, nil)...)
}

func TestSMBIOS(t *testing.T) {
	want := Board{Vendor: "Example PC Co", Product: "Desk 200", Name: "Example Boards H81M-X", BIOS: "P1.30 03/07/2014",
		UUID: "4c4c4544-0042-3010-8052-b4c04f4e4a31", BoardSerial: "EB0001"}
	if got := parseSMBIOS(firmwareTable()); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for n := range firmwareTable() { // cut off anywhere
		parseSMBIOS(firmwareTable()[:n])
	}
}

func FuzzSMBIOS(f *testing.F) {
	f.Add(firmwareTable())
	f.Fuzz(func(_ *testing.T, b []byte) { parseSMBIOS(b) })
}

func descriptor(bus uint32, removable byte, texts [4]string) []byte {
	b := make([]byte, 40)
	b[10] = removable
	binary.LittleEndian.PutUint32(b[28:], bus)
	for i, s := range texts {
		if s != "" {
			binary.LittleEndian.PutUint32(b[12+4*i:], uint32(len(b)))
			b = append(append(b, s...), 0)
		}
	}
	return b
}

func TestWhatWindowsAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		bytes []byte
		want  Disk
	}{
		"SATA":           {descriptor(11, 0, [4]string{"", "EXAMPLE HDD500", "KC48", "            Z9T0ABCD"}), Disk{Model: "EXAMPLE HDD500", Firmware: "KC48", Serial: "Z9T0ABCD", Bus: BusATA}},
		"an old driver":  {descriptor(3, 0, [4]string{"", "EXAMPLE HDD500", "", "2020202020202020202020205a395430424144432020"[4:]}), Disk{Model: "EXAMPLE HDD500", Serial: "9Z0TABCD", Bus: BusATA}},
		"a stick":        {descriptor(7, 1, [4]string{"Example", "Stick", "1.0", ""}), Disk{Model: "Example Stick", Firmware: "1.0", Bus: BusUSB, Removable: true}},
		"NVMe":           {descriptor(17, 0, [4]string{"", "Example NV256", "", "NV0001_1122"}), Disk{Model: "Example NV256", Serial: "NV0001_1122", Bus: BusNVMe}},
		"virtual":        {descriptor(10, 0, [4]string{"VMware", "Virtual disk", "", ""}), Disk{Model: "VMware Virtual disk", Bus: BusVirtual}},
		"too short":      {make([]byte, 31), Disk{}},
		"offsets beyond": {append(make([]byte, 12), bytes.Repeat([]byte{0xff}, 28)...), Disk{}},
	} {
		if got := deviceDescriptor(c.bytes); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
	if seekPenalty([]byte{8: 1}) != KindRotating || seekPenalty(make([]byte, 9)) != KindSolid || seekPenalty(nil) != KindUnknown {
		t.Error("seek penalty")
	}
	cache := func(kind, enabled uint32) string {
		b := make([]byte, 28)
		binary.LittleEndian.PutUint32(b[8:], kind)
		binary.LittleEndian.PutUint32(b[12:], enabled)
		return writeCache(b)
	}
	if cache(2, 2) != "write back" || cache(2, 1) != "write through" || cache(3, 2) != "write through" || cache(0, 0) != "" || writeCache(nil) != "" {
		t.Error("write cache")
	}
	extents := make([]byte, 32)
	extents[0], extents[8] = 1, 3
	if n, spans, ok := firstExtent(extents); n != 3 || spans || !ok {
		t.Error("one extent")
	}
	extents[0] = 2
	if _, spans, _ := firstExtent(extents); !spans {
		t.Error("two extents")
	}
	if _, _, ok := firstExtent(make([]byte, 32)); ok {
		t.Error("no extent")
	}
	if _, _, ok := firstExtent(nil); ok {
		t.Error("nothing")
	}
	geometry := make([]byte, 40)
	binary.LittleEndian.PutUint64(geometry[24:], 500107862016)
	if diskLength(geometry) != 500107862016 || diskLength(nil) != 0 {
		t.Error("length of a disk")
	}
	for _, c := range []struct {
		major, minor, build uint32
		server              bool
		want                string
	}{
		{10, 0, 22631, false, "Windows 11"}, {10, 0, 19045, false, "Windows 10"}, {6, 1, 7601, false, "Windows 7"},
		{6, 3, 9600, false, "Windows 8.1"}, {10, 0, 17763, true, "Windows Server (10.0.17763)"}, {5, 1, 2600, false, "Windows 5.1"},
	} {
		if got := windowsName(c.major, c.minor, c.build, c.server); got != c.want {
			t.Errorf("%d.%d.%d is called %s, want %s", c.major, c.minor, c.build, got, c.want)
		}
	}
}

func FuzzDeviceDescriptor(f *testing.F) {
	f.Add(descriptor(11, 0, [4]string{"a", "b", "c", "d"}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		deviceDescriptor(b)
		writeCache(b)
		firstExtent(b)
		diskLength(b)
	})
}

// TestProbeFS looks into file systems made by the real tools.
func TestProbeFS(t *testing.T) {
	for _, c := range []struct {
		kind, label, tool string
		args              []string
	}{
		{"ext4", "TRAMDATA", "mkfs.ext4", []string{"-q", "-F", "-L", "TRAMDATA"}},
		{"ext2", "CU", "mkfs.ext2", []string{"-q", "-F", "-L", "CU"}},
		{"ext3", "", "mkfs.ext3", []string{"-q", "-F"}},
		{"vfat", "TRAMBOOT", "mkfs.fat", []string{"-F", "32", "-n", "TRAMBOOT"}},
		{"vfat", "SAO LUU", "mkfs.fat", []string{"-F", "16", "-n", "SAO LUU"}},
		{"vfat", "", "mkfs.fat", []string{"-F", "32"}},
		{"swap", "doi", "mkswap", []string{"-q", "-L", "doi"}},
	} {
		t.Run(c.tool+" "+c.label, func(t *testing.T) {
			tool, err := exec.LookPath(c.tool)
			if err != nil {
				if tool, err = exec.LookPath("/usr/sbin/" + c.tool); err != nil {
					t.Skipf("skipped: %s is not installed", c.tool)
				}
			}
			name := filepath.Join(t.TempDir(), "disk")
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(name, 64<<20); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, append(c.args, name)...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", c.tool, err, out)
			}
			if kind, label := probeDeviceFile(t, name); kind != c.kind || label != c.label {
				t.Errorf("%s: %q %q, want %q %q", c.tool, kind, label, c.kind, c.label)
			}
		})
	}
	for mark, kind := range map[string]string{"hsqs": "squashfs", "LUKS\xba\xbe": "crypto_LUKS", "\xeb\x52\x90NTFS    ": "ntfs", "\xeb\x76\x90EXFAT   ": "exfat", "XFSB": "xfs", "": ""} {
		if got, _ := probeFS(bytes.NewReader(append([]byte(mark), make([]byte, 4096)...))); got != kind {
			t.Errorf("%q is %q, want %q", mark, got, kind)
		}
	}
}

func probeDeviceFile(t *testing.T, name string) (kind, label string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return probeFS(f)
}

func FuzzProbeFS(f *testing.F) {
	f.Add([]byte("\xeb\x52\x90NTFS    "))
	f.Add(append(make([]byte, 1080), 0x53, 0xef))
	f.Fuzz(func(_ *testing.T, b []byte) { probeFS(bytes.NewReader(b)) })
}
