package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tramxa/appliance/rescue"
)

// TestARescuedDiskIsMountedReadOnly mounts a real ext4 file system with a station
// on it, finds the station, and sees that nothing can be written there.
func TestARescuedDiskIsMountedReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root mounts")
	}
	dir := t.TempDir()
	if _, err := initStation(filepath.Join(dir, "root", "tramxa", "station"), stationConfig{Listen: defaultPage, Key: filepath.Join(dir, "root", "tramxa-keys", "station.key")}, 7, 0, "23764"); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "disk.img")
	if out, err := exec.Command("mke2fs", "-q", "-t", "ext4", "-d", filepath.Join(dir, "root"), image, "16M").CombinedOutput(); err != nil {
		t.Skipf("skipped: no ext4 can be made here: %v %s", err, out)
	}
	out, err := exec.Command("losetup", "--find", "--show", image).Output()
	if err != nil {
		t.Skipf("skipped: no loop device here: %v", err)
	}
	dev := strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.Command("losetup", "--detach", dev).Run() })
	at := filepath.Join(dir, "at")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	if !mountReadOnly(dev, at, "ext4") {
		t.Skip("skipped: this system does not mount")
	}
	t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	list, err := rescue.Find(t.Context(), rescue.FindOptions{Roots: []string{at}})
	if err != nil || len(list) != 1 || list[0].KeyFile == "" || list[0].Genesis.Origin.Station != 7 {
		t.Fatalf("%+v, %v", list, err)
	}
	if c := rescue.Check(t.Context(), list[0], rescue.CheckOptions{}); !c.Whole {
		t.Errorf("%+v", c)
	}
	if err := os.WriteFile(filepath.Join(at, "x"), nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("written: %v", err)
	}
	for _, kind := range []string{"swap", "crypto_LUKS"} {
		if mountReadOnly(dev, at, kind) {
			t.Errorf("%s is mounted", kind)
		}
	}
}
