package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

var deviceName = regexp.MustCompile(`^[a-z]+[a-z0-9]{1,30}$`)

// MountStick mounts the stick on device name (sdb1) for the station to read and
// write. The disk this system runs from is left alone: nil, nothing done.
func MountStick(name string) error {
	if !deviceName.MatchString(name) {
		return fmt.Errorf("%q is no name of a device", name)
	}
	s, err := ReadState()
	if err != nil {
		return err
	}
	dev := "/dev/" + name
	if strings.HasPrefix(dev, s.Disk) {
		return nil
	}
	dir := filepath.Join(Sticks, name)
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	kind := udevProperty(name, "ID_FS_TYPE")
	owned := fmt.Sprintf("uid=%d,gid=%d,umask=077", user, user)
	switch kind {
	case "vfat":
		// flush: what was copied is on the stick soon, though nobody ejects it.
		return mount(dev, dir, kind, flags, owned+",flush,shortname=mixed,utf8=1")
	case "exfat":
		return mount(dev, dir, kind, flags|unix.MS_DIRSYNC, owned)
	case "ntfs":
		if err := mount(dev, dir, "ntfs3", flags, owned); err == nil {
			return nil
		}
		// A Windows that sleeps holds its disks: reading is still right.
		return mount(dev, dir, "ntfs3", flags|unix.MS_RDONLY, owned)
	case "ext4":
		if err := mount(dev, dir, kind, flags|unix.MS_NOATIME, ""); err != nil {
			return err
		}
		// A folder of the station's own: the rest belongs to others.
		mine := filepath.Join(dir, "tramxa")
		if err := os.Mkdir(mine, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		return os.Chown(mine, user, user)
	}
	return fmt.Errorf("%s has no file system for sticks, but %q", dev, kind)
}
