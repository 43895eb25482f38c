package guest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tramxa/images/disk"
	"tramxa/images/grubenv"
	"tramxa/service/seed"
)

// tree makes a copy of some of /sys.
func tree(t *testing.T, files map[string]string, links map[string]string) sysTree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range links {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(dir, to), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return sysTree(dir)
}

func pc(t *testing.T) sysTree {
	ata, usb := "devices/pci0/ata1/block/sda", "devices/pci0/usb2/block/sdb"
	return tree(t, map[string]string{
		ata + "/size": "976773168", ata + "/device/model": "ST500DM002", ata + "/device/serial": "Z3T1ABCD", ata + "/removable": "0",
		ata + "/queue/logical_block_size": "512", ata + "/ro": "0", ata + "/sda1/partition": "1",
		usb + "/size": "30310400", usb + "/device/model": "USB DISK", usb + "/removable": "1", usb + "/ro": "0", usb + "/queue/logical_block_size": "512",
		usb + "/sdb1/partition": "1", usb + "/sdb2/partition": "2", usb + "/sdb3/partition": "3", usb + "/sdb4/partition": "4",
		"devices/virtual/block/zram0/size": "1000", "devices/virtual/block/loop0/size": "0",
	}, map[string]string{
		"class/block/sda": ata, "class/block/sdb": usb, "class/block/sda1": ata + "/sda1", "class/block/zram0": "devices/virtual/block/zram0",
		"class/block/loop0": "devices/virtual/block/loop0", "dev/block/8:18": usb + "/sdb2",
	})
}

func TestDisksOfAPC(t *testing.T) {
	list, err := pc(t).disks()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Name != "sda" || list[0].Removable || list[0].Size != 976773168*512 || list[0].Serial != "Z3T1ABCD" || !list[1].Removable {
		t.Fatalf("got %+v", list)
	}
	if list[1].Part(4) != "/dev/sdb4" || list[0].Part(4) != "" {
		t.Errorf("partitions: %q %q", list[1].Part(4), list[0].Part(4))
	}
}

func TestRootIsFoundOnItsDisk(t *testing.T) {
	info := "22 1 0:20 / / rw - overlay tramxa-root rw\n30 22 8:18 / /run/tramxa/ro ro - squashfs /dev/sdb2 ro\n"
	d, n, err := pc(t).rootDisk(info, "/run/tramxa/ro")
	if err != nil || d.Name != "sdb" || n != 2 {
		t.Errorf("%+v, %d, %v", d, n, err)
	}
	if _, _, err := pc(t).rootDisk("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "/run/tramxa/ro"); !errors.Is(err, ErrNoImage) {
		t.Errorf("another system: %v", err)
	}
}

func source(t *testing.T) disk.Table {
	t.Helper()
	tab, err := disk.Layout(9, disk.Sizes{Boot: 160, Root: 288, Data: 64})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func judged(t *testing.T, list ...Target) []Target { return Judge(list, "/dev/sdz", source(t)) }

func TestDisksThatAreNeverTaken(t *testing.T) {
	big := int64(500) << 30
	for name, d := range map[string]Disk{
		"running": {Name: "sdz", Size: big}, "stick": {Name: "sdb", Size: big, Removable: true}, "read-only": {Name: "sdb", Size: big, ReadOnly: true},
		"4k sectors": {Name: "sdb", Size: big, Sector: 4096}, "small": {Name: "sdb", Size: 2 << 30},
	} {
		if got := judged(t, Target{Disk: d}); got[0].Refused == "" {
			t.Errorf("%s was taken", name)
		}
	}
	if got := judged(t, Target{Disk: Disk{Name: "sda", Size: 32 << 30, Sector: 512}}); got[0].Refused != "" {
		t.Errorf("a plain disk was refused: %s", got[0].Refused)
	}
}

func TestUnattendedTakesOnlyWhatIsNamed(t *testing.T) {
	a := Target{Disk: Disk{Name: "sda", Serial: "AAA1", Size: 32 << 30}}
	b := Target{Disk: Disk{Name: "sdb", Serial: "BBB2", Size: 32 << 30}}
	old := Target{Disk: Disk{Name: "sda", Serial: "AAA1", Size: 32 << 30}, Station: true}
	for _, c := range []struct {
		list  []Target
		erase string
		want  string
	}{
		{[]Target{a}, "only", "sda"}, {[]Target{a, b}, "only", ""}, {[]Target{a, b}, "bbb2", "sdb"}, {[]Target{a, b}, "CCC3", ""},
		{[]Target{old}, "only", ""}, {[]Target{old}, "AAA1", ""}, {nil, "only", ""}, {[]Target{a}, "", ""},
	} {
		got, err := Choose(c.list, c.erase)
		if got.Name != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%q among %d: %q, %v", c.erase, len(c.list), got.Name, err)
		}
	}
}

func TestConfirmationIsTyped(t *testing.T) {
	d := Target{Disk: Disk{Serial: "WD-WCC2E7x19"}}
	for typed, want := range map[string]bool{"XOA7X19": true, "xoa 7x19": true, " XOA  7x19 ": true, "XOA": false, "": false, "7X19": false, "XOA 7X18": false} {
		if d.Confirmed(typed) != want {
			t.Errorf("%q: %v", typed, !want)
		}
	}
	if c := (Target{Disk: Disk{Size: 500 << 30}}).Confirmation(); c != "XOA2000" {
		t.Errorf("without a serial number: %s", c)
	}
}

// answers runs the dialog with typed lines and says what was installed.
func answers(t *testing.T, station bool, lines ...string) (installed string, take bool, said string) {
	t.Helper()
	var out bytes.Buffer
	d := Dialog{
		In: bufio.NewReader(strings.NewReader(strings.Join(lines, "\n") + "\n")), Out: &out, Memory: 2 << 20, Station: station,
		Targets: func(context.Context) ([]Target, error) {
			return judged(t,
				Target{Disk: Disk{Name: "sda", Model: "ST500DM002", Serial: "Z3T1ABCD", Size: 500 << 30}, Holds: []string{"sda1  100.0 GB  ntfs (Windows)"}},
				Target{Disk: Disk{Name: "sdz", Model: "USB", Size: 16 << 30}}), nil
		},
		Install: func(_ context.Context, t Target, s bool) error { installed, take = t.Name, s; return nil },
	}
	if err := d.Run(t.Context()); err != nil && !errors.Is(err, ErrQuit) {
		t.Fatal(err)
	}
	return installed, take, out.String()
}

func TestDialogErasesOnlyWhatWasConfirmed(t *testing.T) {
	for _, c := range []struct {
		station bool
		lines   []string
		want    string
		take    bool
	}{
		{false, []string{"1", "XOA ABCD"}, "sda", false},
		{false, []string{"0"}, "", false},
		{false, []string{"1", "", "", "0"}, "", false},
		{false, []string{"1", "XOA WXYZ", "", "0"}, "", false},
		{false, []string{"2", "", "0"}, "", false}, // the stick itself
		{false, []string{"9", "", "0"}, "", false},
		{false, []string{}, "", false}, // the keyboard is gone
		{true, []string{"1", "1", "XOA ABCD"}, "sda", true},
		{true, []string{"1", "2", "XOA ABCD"}, "sda", false},
		{true, []string{"1", "0", "0"}, "", false},
	} {
		got, take, said := answers(t, c.station, c.lines...)
		if got != c.want || take != c.take {
			t.Errorf("%q: %q, %v", c.lines, got, take)
		}
		if !strings.Contains(said, "Windows") && len(c.lines) > 0 {
			t.Errorf("what is on the disk was not shown:\n%s", said)
		}
	}
}

// stick makes a small image by our own writers and a folder with the files of
// its boot partition.
func stick(t *testing.T) (img, boot string, tab disk.Table) {
	t.Helper()
	tab, err := disk.Layout(0x11, disk.Sizes{Boot: 130, Root: 32, Data: 16})
	if err != nil {
		t.Fatal(err)
	}
	boot = t.TempDir()
	order := "version = 1\nunit = \"23764\"\nunattended = true\nerase_disk = \"only\"\n"
	for name, b := range map[string][]byte{
		"EFI/BOOT/BOOTX64.EFI": []byte("efi"), "A/vmlinuz": []byte("kernel"), "grub/grubenv": grubenv.New().Trial(7).Marshal(), "tramxa/seed.toml": []byte(order),
		"holiday.jpg": []byte("of the technician"), "System Volume Information/x": []byte("of Windows"),
	} {
		if err := os.MkdirAll(filepath.Join(boot, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(boot, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img = filepath.Join(t.TempDir(), "stick.img")
	f, err := os.Create(img)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	code := bytes.Repeat([]byte{0xeb}, disk.MB)
	first := tab.Marshal(code)
	copy(code, first[:])
	if _, err := f.WriteAt(code, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte("root"), 1000), tab.Parts[disk.RootA].Start()); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(tab.End()); err != nil {
		t.Fatal(err)
	}
	return img, boot, tab
}

// dirty makes a disk that was used before.
func dirty(t *testing.T, size int64) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "disk.img")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	junk := bytes.Repeat([]byte{0xa5}, disk.MB)
	for at := int64(0); at < min(size, 210*disk.MB); at += disk.MB {
		if _, err := f.WriteAt(junk, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return name
}

func needs(t *testing.T, names ...string) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			t.Skip("skipped: no " + n + " here")
		}
	}
}

func TestInstalledDiskIsWhole(t *testing.T) {
	needs(t, "mke2fs", "e2fsck", "fsck.fat", "mtype")
	img, boot, _ := stick(t)
	const size = int64(5)<<30 + 12345*512
	target := dirty(t, size)
	j := Job{Source: img, Target: target, Boot: boot, ID: 0x22, Size: size, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	if err := j.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !holdsTramxa(f) {
		t.Error("the disk is not recognised")
	}
	first := make([]byte, 2*disk.Sector)
	if _, err := f.ReadAt(first, 0); err != nil {
		t.Fatal(err)
	}
	tab, err := disk.Parse(first)
	if err != nil || tab.ID != 0x22 || first[0] != 0xeb || first[disk.Sector] != 0xeb || tab.End() < size-disk.MB {
		t.Fatalf("table %+v, %v", tab, err)
	}
	fat := filepath.Join(t.TempDir(), "fat")
	b := make([]byte, tab.Parts[disk.Boot].Size())
	if _, err := f.ReadAt(b, tab.Parts[disk.Boot].Start()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fat, b, 0o600); err != nil {
		t.Fatal(err)
	}
	data := target + "?offset=" + strconv.FormatInt(tab.Parts[disk.Data].Start(), 10)
	for _, check := range [][]string{{"fsck.fat", "-n", fat}, {"e2fsck", "-fn", data}} {
		if out, err := exec.Command(check[0], check[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", check, err, out)
		}
	}
	read := func(name string) string {
		out, err := exec.Command("mtype", "-i", fat, "::"+name).Output()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return string(out)
	}
	if s, err := seed.Parse([]byte(read("tramxa/seed.toml"))); err != nil || s.Unattended || s.EraseDisk != "" || s.Unit != "23764" {
		t.Errorf("the installed seed still erases: %+v, %v", s, err)
	}
	if e, err := grubenv.Parse([]byte(read("grub/grubenv"))); err != nil || !e.Good {
		t.Errorf("boot state %+v, %v", e, err)
	}
	if out, _ := exec.Command("mdir", "-b", "-i", fat, "::").Output(); strings.Contains(string(out), "holiday") {
		t.Error("a stranger's file was copied")
	}
}

// A power cut at any step leaves a disk that nothing starts from, and that the
// next try takes again.
func TestInstallCutAnywhereStartsOver(t *testing.T) {
	needs(t, "mke2fs")
	img, boot, _ := stick(t)
	const size = int64(3) << 30
	target := dirty(t, size)
	for _, cut := range []int{0, 2} {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		j := Job{Source: img, Target: target, Boot: boot, ID: 0x22, Size: size, Now: time.Now(),
			Say:  func(string, int64, int64) { n++; stopAt(n, cut, cancel) },
			Fill: func(context.Context, int64, int64) error { n++; stopAt(n, cut, cancel); return nil }}
		err := j.Install(ctx)
		cancel()
		f, oerr := os.Open(target)
		if oerr != nil {
			t.Fatal(oerr)
		}
		first := make([]byte, disk.Sector)
		if _, err := f.ReadAt(first, 0); err != nil {
			t.Fatal(err)
		}
		if err != nil && (holdsTramxa(f) || first[0] != 0 || first[510] != 0) {
			t.Errorf("cut %d: the disk looks finished", cut)
		}
		_ = f.Close()
	}
	j := Job{Source: img, Target: target, Boot: boot, ID: 0x23, Size: size, Now: time.Now()}
	if err := j.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stopAt(n, cut int, cancel func()) {
	if n > cut {
		cancel()
	}
}

func TestSeedIsHandedOver(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "seed.toml")
	if err := os.WriteFile(file, []byte("# tramxa\n\n\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, has, err := readSeed(file); has || err != nil {
		t.Errorf("an empty seed: %v, %v", has, err)
	}
	if _, has, err := readSeed(filepath.Join(dir, "none")); has || err != nil {
		t.Errorf("no seed: %v, %v", has, err)
	}
	if err := os.WriteFile(file, []byte("version = 1\nunit = \"x\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, has, err := readSeed(file); has || !errors.Is(err, seed.ErrBad) {
		t.Errorf("a bad seed: %v, %v", has, err)
	}
	s := seed.Seed{Version: 1, Unit: "23764", SSHKey: "ssh-ed25519 A", Unattended: true, EraseDisk: "only"}
	base := filepath.Join(dir, "base")
	if err := os.MkdirAll(filepath.Join(base, "station"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := giveSeed(base, s); err != nil {
		t.Fatal(err)
	}
	got, _, err := readSeed(filepath.Join(base, "seed.toml"))
	if err != nil || got.Unit != "23764" || got.Unattended || got.SSHKey != "" {
		t.Errorf("given: %+v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(base, "station", "tramxa.toml"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.Unit = "23767"
	if err := giveSeed(base, s); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := readSeed(filepath.Join(base, "seed.toml")); got.Unit != "23764" {
		t.Error("a station that is there was given another seed")
	}
}

func TestNetworkAndKeys(t *testing.T) {
	text := networkFile(seed.Network{Address: "192.168.1.10/24", Gateway: "192.168.1.1", DNS: []string{"192.168.1.1"}})
	for _, want := range []string{"Address=192.168.1.10/24\n", "Gateway=192.168.1.1\n", "DNS=192.168.1.1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("# mine\n\nssh-ed25519 B\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := sshKeys(seed.Seed{SSHKey: "ssh-ed25519 A"}, file, file+".none"); got != "ssh-ed25519 A\nssh-ed25519 B\n" {
		t.Errorf("%q", got)
	}
	if got := sshKeys(seed.Seed{}); got != "" {
		t.Errorf("SSH is on without a key: %q", got)
	}
}

func TestClockIsSetToATimeAndNothingElse(t *testing.T) {
	at := time.Date(2026, 12, 24, 3, 30, 0, 0, time.UTC)
	if got, err := parseClockRequest(ClockRequest(at)); err != nil || !got.Equal(at) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "\n", "1798083000", "01798083000\n", "+1798083000\n", "1798083000\n\n", "0\n", "99999999999\n", "2026-12-24\n"} {
		if got, err := parseClockRequest([]byte(bad)); err == nil {
			t.Errorf("%q was taken for %v", bad, got)
		}
	}
}

func TestScreenFitsAndSays(t *testing.T) {
	v := View{Release: "1.0", State: State{Slot: "A", Removable: true, Seed: strings.Repeat("sai ", 100)}, LAN: []string{"192.168.1.10", "10.0.0.1"}}
	for name, c := range map[string]struct {
		change func(*View)
		want   []string
	}{
		"starting": {func(*View) {}, []string{"ĐANG MỞ TRẠM"}},
		"setup": {func(v *View) {
			v.Station = Station{Stage: "setup", Code: "ABCDE-12345", Mark: strings.Repeat("2DA8 ", 16)}
		}, []string{"ABCDE-12345", "https://192.168.1.10", "2DA8"}},
		"running": {func(v *View) { v.Station = Station{Stage: "running", Place: "Xã Ia Grai"} }, []string{"Xã Ia Grai", "ĐANG CHẠY"}},
		"no lan":  {func(v *View) { v.Station.Stage, v.LAN = "running", nil }, []string{"cắm dây mạng"}},
		"stuck":   {func(v *View) { v.Waiting = time.Hour }, []string{"CHƯA TRẢ LỜI", "Cứu hộ"}},
		"no data": {func(v *View) { v.State.Data = strings.Repeat("e2fsck: lỗi ", 60) }, []string{"KHÔNG MỞ ĐƯỢC Ổ DỮ LIỆU", "Cứu hộ", "e2fsck"}},
	} {
		v := v
		c.change(&v)
		text := v.Text()
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		lines := strings.Split(text, "\n")
		if len(lines) > 25 {
			t.Errorf("%s: %d lines", name, len(lines))
		}
		for _, l := range lines {
			if len([]rune(l)) > 79 {
				t.Errorf("%s: %d letters: %s", name, len([]rune(l)), l)
			}
		}
	}
	if !double("bochs-drmdrmfb 1280,800") || double("efifb 1024,768") || double("") {
		t.Error("size of the letters")
	}
}

func TestStateIsReadBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run", "machine.json")
	want := State{Version: 1, Slot: "B", Disk: "/dev/sda", Parts: []string{"/dev/sda1", "/dev/sda2", "/dev/sda3", "/dev/sda4"}, Memory: 1 << 20}
	if err := want.write(name); err != nil {
		t.Fatal(err)
	}
	got, err := readState(name)
	if err != nil || got.Slot != "B" || len(got.Parts) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := readState(name + ".none"); !errors.Is(err, ErrNoImage) {
		t.Error(err)
	}
}
