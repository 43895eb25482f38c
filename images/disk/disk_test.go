package disk_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/images/disk"
)

var when = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func layout(t *testing.T) disk.Table {
	t.Helper()
	tab, err := disk.Layout(0x7a3c0001, disk.Sizes{Boot: 160, Root: 288, Data: 64})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestTableIsReadBack(t *testing.T) {
	tab := layout(t)
	sector := tab.Marshal([]byte("code"))
	got, err := disk.Parse(sector[:])
	if err != nil || got != tab {
		t.Fatalf("got %+v, %v", got, err)
	}
	if u := got.PartUUID(disk.RootB); u != "7a3c0001-03" {
		t.Error(u)
	}
	if got.End() != (1+160+288+288+64)*disk.MB {
		t.Error(got.End())
	}
	sum := sha256.Sum256(sector[:])
	if g := hex.EncodeToString(sum[:8]); g != goldenMBR {
		t.Errorf("bytes changed: %s", g)
	}
}

func TestTableAgreesWithSfdisk(t *testing.T) {
	if _, err := exec.LookPath("sfdisk"); err != nil {
		t.Skip("skipped: no sfdisk here")
	}
	tab := layout(t)
	name := filepath.Join(t.TempDir(), "disk")
	sector := tab.Marshal(nil)
	if err := errors.Join(os.WriteFile(name, sector[:], 0o600), os.Truncate(name, tab.End())); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sfdisk", "-d", name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"label-id: 0x7a3c0001", "start=        2048, size=      327680, type=ef, bootable", "size=      131072, type=83"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("sfdisk does not see %q:\n%s", want, out)
		}
	}
}

func TestDataTakesTheRestOfTheDisk(t *testing.T) {
	tab := layout(t)
	for _, size := range []int64{1 << 30, 500107862016, 4 << 40} {
		g, err := tab.Grow(size)
		if err != nil {
			t.Fatal(err)
		}
		if g.End() > size || (size < 2<<40 && size-g.End() > disk.MB) || (size > 2<<40 && g.End() < 2<<40-2*disk.MB) {
			t.Errorf("%d bytes: ends at %d", size, g.End())
		}
		sector := g.Marshal(nil)
		if _, err := disk.Parse(sector[:]); err != nil {
			t.Error(err)
		}
	}
	if _, err := tab.Grow(740 * disk.MB); !errors.Is(err, disk.ErrTable) {
		t.Error("a disk that is too small was taken")
	}
}

// TestLayoutIsWhatWasAskedFor: sizes that the table cannot say are refused, and
// do not come round as small ones.
func TestLayoutIsWhatWasAskedFor(t *testing.T) {
	for _, data := range []int{15, 2 << 20, math.MaxInt/2 + 1, math.MaxInt} {
		if tab, err := disk.Layout(1, disk.Sizes{Boot: 160, Root: 288, Data: data}); !errors.Is(err, disk.ErrTable) {
			t.Errorf("%d MB: %+v, %v", data, tab, err)
		}
	}
	const largest = 2<<20 - 1 - 160 - 2*288 - 1
	tab, err := disk.Layout(1, disk.Sizes{Boot: 160, Root: 288, Data: largest})
	if err != nil || tab.Parts[disk.Data].Size() != largest*disk.MB {
		t.Errorf("%+v, %v", tab, err)
	}
	for b := range uint(64) {
		data := int(uint64(1)<<b + 16)
		tab, err := disk.Layout(1, disk.Sizes{Boot: 160, Root: 288, Data: data})
		if err == nil && tab.Parts[disk.Data].Size()/disk.MB != int64(data) {
			t.Errorf("%d MB became %+v", data, tab.Parts[disk.Data])
		}
	}
}

func FuzzParse(f *testing.F) {
	tab, err := disk.Layout(1, disk.Sizes{Boot: 160, Root: 288, Data: 64})
	if err != nil {
		f.Fatal(err)
	}
	s := tab.Marshal(nil)
	f.Add(s[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := disk.Parse(b)
		if err != nil {
			return
		}
		s := tab.Marshal(b)
		if again, err := disk.Parse(s[:]); err != nil || again != tab {
			t.Errorf("%+v became %+v, %v", tab, again, err)
		}
	})
}

func fat(files ...disk.File) disk.FAT {
	return disk.FAT{Size: 160 * disk.MB, Hidden: 2048, ID: 0x7a3c0001, Label: "TRAMBOOT", Time: when, Files: files}
}

func writeFAT(t *testing.T, f disk.FAT) (string, map[string]int64) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fat")
	w, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Truncate(f.Size); err != nil {
		t.Fatal(err)
	}
	at, err := f.Write(w, 0)
	if err != nil {
		t.Fatal(err)
	}
	return name, at
}

func sample() disk.FAT {
	return fat(
		disk.File{Path: "EFI/BOOT/BOOTX64.EFI", Data: bytes.Repeat([]byte("efi"), 70000)},
		disk.File{Path: "A/vmlinuz", Data: bytes.Repeat([]byte("k"), 4096)},
		disk.File{Path: "A/initrd.img", Data: bytes.Repeat([]byte("i"), 4097)},
		disk.File{Path: "grub/grubenv", Data: make([]byte, 1024)},
		disk.File{Path: "grub/a-name-longer-than-13-letters.config", Data: []byte("long")},
		disk.File{Path: "grub/a-name-longer-than-another.config", Data: []byte("long 2")},
		disk.File{Path: "B/empty"},
	)
}

func TestFATHoldsItsFilesInOnePiece(t *testing.T) {
	f := sample()
	name, at := writeFAT(t, f)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range f.Files {
		if len(file.Data) > 0 && !bytes.Equal(b[at[file.Path]:at[file.Path]+int64(len(file.Data))], file.Data) {
			t.Errorf("%s is not where it is said to be", file.Path)
		}
	}
	sum := sha256.Sum256(b)
	if g := hex.EncodeToString(sum[:8]); g != goldenFAT {
		t.Errorf("bytes changed: %s", g)
	}
}

func TestFATPleasesOtherReaders(t *testing.T) {
	for _, tool := range []string{"fsck.fat", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("skipped: no " + tool + " here")
		}
	}
	f := sample()
	name, _ := writeFAT(t, f)
	if out, err := exec.Command("fsck.fat", "-n", "-v", name).CombinedOutput(); err != nil || strings.Contains(string(out), "differ") {
		t.Fatalf("fsck.fat: %v\n%s", err, out)
	}
	for _, file := range f.Files {
		out, err := exec.Command("mtype", "-i", name, "::"+file.Path).Output()
		if err != nil || !bytes.Equal(out, file.Data) {
			t.Errorf("%s: %d bytes read, %v", file.Path, len(out), err)
		}
	}
}

func TestFATRefuses(t *testing.T) {
	for name, f := range map[string]disk.FAT{
		"name":     fat(disk.File{Path: "a:b"}),
		"unicode":  fat(disk.File{Path: "xã"}),
		"absolute": fat(disk.File{Path: "/a"}),
		"upwards":  fat(disk.File{Path: "../a"}),
		"twice":    fat(disk.File{Path: "a"}, disk.File{Path: "A"}),
		"below":    fat(disk.File{Path: "a"}, disk.File{Path: "a/b"}),
		"full":     fat(disk.File{Path: "a", Data: make([]byte, 161*disk.MB)}),
		"small":    {Size: 100 * disk.MB, Label: "X", Time: when},
		"label":    {Size: 160 * disk.MB, Label: "small", Time: when},
	} {
		w, err := os.Create(filepath.Join(t.TempDir(), "fat"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(w, 0); !errors.Is(err, disk.ErrFAT) {
			t.Errorf("%s: %v", name, err)
		}
		w.Close()
	}
}

const (
	goldenMBR = "303ec0abfd285252"
	goldenFAT = "4d592ca70f99c8b9"
)
