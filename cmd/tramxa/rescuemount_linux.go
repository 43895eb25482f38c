package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"tramxa/service/machine"
)

// mountedForRescue is where disks are mounted, read-only, to be looked at.
const mountedForRescue = "/run/tramxa/rescue"

// mountForRescue mounts every partition that is not mounted, when the program may.
// A file system that was cut off is brought in order by the kernel first, because
// without that the newest records may not show; where that fails (a dying disk) it
// is mounted as it lies.
func mountForRescue(ctx context.Context) {
	if os.Geteuid() != 0 {
		return
	}
	disks, err := machine.Disks(ctx)
	if err != nil {
		return // what is mounted is looked at all the same
	}
	for _, d := range disks {
		for _, p := range d.Partitions {
			if len(p.Mounts) > 0 || d.Boot {
				continue
			}
			dir := filepath.Join(mountedForRescue, filepath.Base(p.Device))
			if os.MkdirAll(dir, 0o700) != nil || !mountReadOnly(p.Device, dir, p.FS) {
				_ = os.Remove(dir) // empty
			}
		}
	}
}

func mountReadOnly(dev, dir, kind string) bool {
	asLies := map[string]string{"ext4": "noload", "xfs": "norecovery"}
	kinds := []string{kind}
	switch kind {
	case "":
		kinds = []string{"ext4", "vfat", "ntfs3", "exfat", "xfs", "btrfs"}
	case "ntfs":
		kinds = []string{"ntfs3"}
	case "ext2", "ext3":
		kinds = []string{"ext4"}
	case "swap", "squashfs", "crypto_LUKS", "LVM2_member", "linux_raid_member":
		return false
	}
	const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	for _, k := range kinds {
		if unix.Mount(dev, dir, k, flags, "") == nil {
			return true
		}
		if o, ok := asLies[k]; ok && unix.Mount(dev, dir, k, flags, o) == nil {
			return true
		}
	}
	return false
}

// unmountRescued takes away what mountForRescue has mounted.
func unmountRescued() {
	entries, err := os.ReadDir(mountedForRescue)
	if err != nil {
		return
	}
	for _, e := range entries {
		dir := filepath.Join(mountedForRescue, e.Name())
		if unix.Unmount(dir, unix.MNT_DETACH) == nil {
			_ = os.Remove(dir)
		}
	}
}

// rescueMode says whether the stick was started only to rescue.
func rescueMode() bool {
	b, err := os.ReadFile("/proc/cmdline")
	return err == nil && strings.Contains(" "+strings.TrimSpace(string(b))+" ", " tramxa.mode=rescue ")
}

// switchOff ends the rescue on a stick: reboot or poweroff.
func switchOff(ctx context.Context, how string) error { return restartMachine(ctx, how) }

// ownLike gives files to whom the folder belongs: the service must be able to read
// what was put there by root.
func ownLike(folder string, names ...string) error {
	var st unix.Stat_t
	if os.Geteuid() != 0 || unix.Stat(folder, &st) != nil {
		return nil
	}
	for _, name := range names {
		err := filepath.WalkDir(name, func(at string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(at, int(st.Uid), int(st.Gid))
		})
		if err != nil {
			return err
		}
	}
	return nil
}
