package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

var (
	kernel32                = windows.NewLazySystemDLL("kernel32.dll")
	procGlobalMemoryStatus  = kernel32.NewProc("GlobalMemoryStatusEx")
	procPowerStatus         = kernel32.NewProc("GetSystemPowerStatus")
	procSystemFirmwareTable = kernel32.NewProc("GetSystemFirmwareTable")
)

func look(f *Facts, dir string) {
	v := windows.RtlGetVersion()
	f.System.Name = windowsName(v.MajorVersion, v.MinorVersion, v.BuildNumber, v.ProductType != 1)
	f.System.Version = fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
	f.System.Build = v.BuildNumber
	var err error
	f.Board, err = firmware()
	f.missing("board", err)
	f.CPU.Model = strings.Join(strings.Fields(registryText(`HARDWARE\DESCRIPTION\System\CentralProcessor\0`, "ProcessorNameString")), " ")
	f.Virtual = virtualBoard(f.Board)
	f.missing("memory", memory(&f.Memory))
	f.Boot = Boot{ID: bootID(), Uptime: windows.DurationSinceBoot()}
	f.Clock.Now = time.Now()
	f.Power = power()
	if dir != "" {
		f.missing("disk", diskBehind(&f.Disk, dir))
		f.Disk.Free, f.Disk.Total, err = space(dir)
		f.missing("space", err)
	}
}

// bootID counts the starts of Windows; it goes up with each. "" where the system
// does not keep it.
func bootID() string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters`, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer k.Close()
	n, _, err := k.GetIntegerValue("BootId")
	if err != nil {
		return ""
	}
	return "windows-" + strconv.FormatUint(n, 10)
}

func registryText(path, name string) string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer k.Close()
	s, _, err := k.GetStringValue(name)
	if err != nil {
		return ""
	}
	return s
}

// memory asks GlobalMemoryStatusEx: length, load, then seven sizes.
func memory(m *Memory) error {
	var status struct {
		length, load uint32
		sizes        [7]uint64
	}
	status.length = uint32(unsafe.Sizeof(status))
	if ok, _, err := procGlobalMemoryStatus.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return fmt.Errorf("GlobalMemoryStatusEx: %w", err)
	}
	m.Total, m.Available = status.sizes[0], status.sizes[1]
	return nil
}

// power asks GetSystemPowerStatus.
func power() Power {
	var status struct {
		line, flag, percent, saver byte
		life, full                 uint32
	}
	const noBattery, unknown = 128, 255
	ok, _, _ := procPowerStatus.Call(uintptr(unsafe.Pointer(&status)))
	if ok == 0 || status.flag == unknown || status.flag&noBattery != 0 {
		return Power{}
	}
	p := Power{Battery: true, OnLine: status.line == 1}
	if status.percent <= 100 {
		p.Percent = int(status.percent)
	}
	return p
}

// firmware reads the SMBIOS table, which needs no rights.
func firmware() (Board, error) {
	const provider = 'R'<<24 | 'S'<<16 | 'M'<<8 | 'B'
	n, _, err := procSystemFirmwareTable.Call(provider, 0, 0, 0)
	if n == 0 || n > 1<<20 {
		return Board{}, fmt.Errorf("GetSystemFirmwareTable: %w", err)
	}
	b := make([]byte, n)
	n, _, err = procSystemFirmwareTable.Call(provider, 0, uintptr(unsafe.Pointer(&b[0])), n)
	if n < 8 || int(n) > len(b) {
		return Board{}, fmt.Errorf("GetSystemFirmwareTable: %w", err)
	}
	table := b[8:n] // after the version and the length
	if size := binary.LittleEndian.Uint32(b[4:]); int64(size) < int64(len(table)) {
		table = table[:size]
	}
	return parseSMBIOS(table), nil
}

// diskBehind finds the disk that holds dir.
func diskBehind(d *Disk, dir string) error {
	root, err := volumeRoot(dir)
	if err != nil {
		return err
	}
	number, spans, err := diskOf(root)
	if err == nil {
		*d, err = physical(number)
	}
	d.Mapper, d.Mount = spans, root
	var flags uint32
	_, fsName, flags, verr := volumeInfo(root)
	d.FileSystem, d.ReadOnly = strings.ToLower(fsName), flags&windows.FILE_READ_ONLY_VOLUME != 0
	return errors.Join(err, verr)
}

// volumeRoot is where the volume of dir is mounted: "C:\".
func volumeRoot(dir string) (string, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return "", err
	}
	buf := make([]uint16, windows.MAX_PATH+1)
	if err := windows.GetVolumePathName(p, &buf[0], uint32(len(buf))); err != nil {
		return "", fmt.Errorf("GetVolumePathName: %w", err)
	}
	return windows.UTF16ToString(buf), nil
}

func volumeInfo(root string) (label, fsName string, flags uint32, err error) {
	p, err := windows.UTF16PtrFromString(root)
	if err != nil {
		return "", "", 0, err
	}
	name, kind := make([]uint16, windows.MAX_PATH+1), make([]uint16, windows.MAX_PATH+1)
	if err := windows.GetVolumeInformation(p, &name[0], uint32(len(name)), nil, nil, &flags, &kind[0], uint32(len(kind))); err != nil {
		return "", "", 0, fmt.Errorf("GetVolumeInformation: %w", err)
	}
	return windows.UTF16ToString(name), windows.UTF16ToString(kind), flags, nil
}

// space returns free and all bytes of the volume dir is on.
func space(dir string) (free, total uint64, err error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	if err := windows.GetDiskFreeSpaceEx(p, &free, &total, nil); err != nil {
		return 0, 0, fmt.Errorf("GetDiskFreeSpaceEx: %w", err)
	}
	return free, total, nil
}
