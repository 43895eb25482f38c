package machine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/windows"
)

// Control codes of winioctl.h, which need no rights on the device.
const (
	ioctlStorageQuery  = 0x002d1400 // IOCTL_STORAGE_QUERY_PROPERTY
	ioctlVolumeExtents = 0x00560000 // IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS
	ioctlDiskGeometry  = 0x000700a0 // IOCTL_DISK_GET_DRIVE_GEOMETRY_EX

	propertyDevice      = 0
	propertyWriteCache  = 4
	propertySeekPenalty = 7
)

// openDevice opens a disk or volume for questions only.
func openDevice(name string) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(p, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
}

func control(h windows.Handle, code uint32, in []byte) ([]byte, error) {
	out := make([]byte, 4096)
	var n uint32
	var p *byte
	if len(in) > 0 {
		p = &in[0]
	}
	if err := windows.DeviceIoControl(h, code, p, uint32(len(in)), &out[0], uint32(len(out)), &n, nil); err != nil && !errors.Is(err, windows.ERROR_MORE_DATA) {
		return nil, err
	}
	return out[:n], nil
}

func property(h windows.Handle, id uint32) []byte {
	in := make([]byte, 12)
	binary.LittleEndian.PutUint32(in, id)
	out, err := control(h, ioctlStorageQuery, in)
	if err != nil {
		return nil // a driver need not answer
	}
	return out
}

// diskOf is the number of the disk that a volume begins on.
func diskOf(root string) (number uint32, spans bool, err error) {
	h, err := openDevice(`\\.\` + strings.TrimSuffix(root, `\`))
	if err != nil {
		return 0, false, fmt.Errorf("open the volume: %w", err)
	}
	defer windows.CloseHandle(h)
	out, err := control(h, ioctlVolumeExtents, nil)
	if err != nil {
		return 0, false, fmt.Errorf("ask the volume for its disk: %w", err)
	}
	number, spans, ok := firstExtent(out)
	if !ok {
		return 0, false, fmt.Errorf("%w holds the volume", errNoDisk)
	}
	return number, spans, nil
}

// physical asks disk number n what it is.
func physical(n uint32) (Disk, error) {
	name := `\\.\PhysicalDrive` + strconv.FormatUint(uint64(n), 10)
	h, err := openDevice(name)
	if err != nil {
		return Disk{}, fmt.Errorf("open disk %d: %w", n, err)
	}
	defer windows.CloseHandle(h)
	d := deviceDescriptor(property(h, propertyDevice))
	d.Device = name
	d.Cache = writeCache(property(h, propertyWriteCache))
	if d.Bus != BusUSB && d.Bus != BusVirtual { // those say it without knowing
		d.Kind = seekPenalty(property(h, propertySeekPenalty))
	}
	if out, err := control(h, ioctlDiskGeometry, nil); err == nil {
		d.Size = diskLength(out)
	}
	return d, nil
}

const mostDisks = 32

func disks(context.Context) ([]Device, error) {
	system, _, systemErr := diskOf(windowsRoot())
	var list []Device
	for n := uint32(0); n < mostDisks; n++ {
		d, err := physical(n)
		if err != nil || d.Size == 0 {
			continue // no such disk, or a reader without a card
		}
		list = append(list, Device{Disk: d, Boot: systemErr == nil && n == system})
	}
	letters, err := drives()
	if err != nil {
		return nil, err
	}
	for _, root := range letters {
		number, _, err := diskOf(root)
		if err != nil {
			continue // a network drive, an optical one
		}
		name := `\\.\PhysicalDrive` + strconv.FormatUint(uint64(number), 10)
		label, kind, _, _ := volumeInfo(root) // "" when there is no file system
		_, total, _ := space(root)
		for i := range list {
			if list[i].Device == name {
				list[i].Partitions = append(list[i].Partitions, Partition{Device: strings.TrimSuffix(root, `\`), Number: len(list[i].Partitions) + 1,
					Size: total, FS: strings.ToLower(kind), Label: label, Mounts: []string{root}})
			}
		}
	}
	return list, nil
}

// windowsRoot is the drive that Windows runs from.
func windowsRoot() string {
	dir, err := windows.GetSystemWindowsDirectory()
	if err != nil || len(dir) < 3 {
		return `C:\`
	}
	return dir[:3]
}

// drives are the roots of all drive letters.
func drives() ([]string, error) {
	mask, err := windows.GetLogicalDrives()
	if err != nil {
		return nil, fmt.Errorf("GetLogicalDrives: %w", err)
	}
	var roots []string
	for i := range 26 {
		if mask&(1<<i) != 0 {
			roots = append(roots, string(rune('A'+i))+`:\`)
		}
	}
	return roots, nil
}

func removable(context.Context) ([]Volume, error) {
	letters, err := drives()
	if err != nil {
		return nil, err
	}
	system, _, systemErr := diskOf(windowsRoot())
	var list []Volume
	for _, root := range letters {
		p, err := windows.UTF16PtrFromString(root)
		if err != nil {
			return nil, err
		}
		kind := windows.GetDriveType(p)
		if kind != windows.DRIVE_REMOVABLE && kind != windows.DRIVE_FIXED {
			continue
		}
		number, _, err := diskOf(root)
		var d Disk
		if err == nil {
			d, _ = physical(number) // unknown then
		} else if root[0] < 'C' {
			continue // a floppy drive, which would turn on
		}
		if kind != windows.DRIVE_REMOVABLE && !carried(d) {
			continue
		}
		label, fsName, flags, err := volumeInfo(root)
		if err != nil {
			continue // no stick in it
		}
		v := Volume{Dir: root, Device: strings.TrimSuffix(root, `\`), Label: label, FS: strings.ToLower(fsName), Bus: d.Bus,
			ReadOnly: flags&windows.FILE_READ_ONLY_VOLUME != 0, Boot: systemErr == nil && d.Device != "" && number == system}
		if v.Free, v.Size, err = space(root); err != nil {
			continue
		}
		list = append(list, v)
	}
	return list, nil
}
