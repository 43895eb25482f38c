package machine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// What Windows answers in bytes is taken apart here, on every system, so that it
// is tested on every system. The layouts are those of the Windows SDK
// (winioctl.h).

// deviceDescriptor reads STORAGE_DEVICE_DESCRIPTOR into a disk.
func deviceDescriptor(b []byte) Disk {
	var d Disk
	if len(b) < 32 {
		return d
	}
	text := func(at int) string {
		off := binary.LittleEndian.Uint32(b[at:])
		if off == 0 || off >= uint32(len(b)) {
			return ""
		}
		s, _, _ := strings.Cut(string(b[off:]), "\x00")
		return strings.TrimSpace(strings.ToValidUTF8(s, ""))
	}
	vendor, product := text(12), text(16)
	d.Model = strings.TrimSpace(vendor + " " + product)
	d.Firmware, d.Serial = text(20), storageSerial(text(24))
	d.Removable = b[10] != 0
	switch bus := binary.LittleEndian.Uint32(b[28:]); {
	case bus == 14 || bus == 15 || contains(strings.ToUpper(d.Model), "QEMU", "VBOX", "VMWARE", "VIRTUAL"):
		d.Bus = BusVirtual
	case bus == 3 || bus == 11:
		d.Bus = BusATA
	case bus == 7:
		d.Bus = BusUSB
	case bus == 17:
		d.Bus = BusNVMe
	case bus == 12:
		d.Bus = BusSD
	case bus == 13:
		d.Bus = BusMMC
	case bus == 8 || bus == 16:
		d.Bus = BusRAID
	case bus == 1 || bus == 9 || bus == 10:
		d.Bus = BusSCSI
	}
	return d
}

// storageSerial undoes what old drivers do: the serial number in hexadecimal,
// with the bytes of each word exchanged, as ATA delivers them.
func storageSerial(s string) string {
	if len(s) != 40 {
		return s
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return s
	}
	for i := 0; i+1 < len(raw); i += 2 {
		raw[i], raw[i+1] = raw[i+1], raw[i]
	}
	for _, c := range raw {
		if c < ' ' || c > '~' {
			return s
		}
	}
	return strings.TrimSpace(string(raw))
}

// seekPenalty reads DEVICE_SEEK_PENALTY_DESCRIPTOR.
func seekPenalty(b []byte) Kind {
	switch {
	case len(b) < 9:
		return KindUnknown
	case b[8] != 0:
		return KindRotating
	}
	return KindSolid
}

// writeCache reads STORAGE_WRITE_CACHE_PROPERTY.
func writeCache(b []byte) string {
	if len(b) < 16 {
		return ""
	}
	kind, enabled := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	switch {
	case enabled == 1 || kind == 1 || kind == 3:
		return "write through"
	case kind == 2:
		return "write back"
	}
	return ""
}

// firstExtent reads VOLUME_DISK_EXTENTS: the number of the disk that a volume
// begins on, and whether it spans several.
func firstExtent(b []byte) (disk uint32, spans, ok bool) {
	if len(b) < 12 {
		return 0, false, false
	}
	n := binary.LittleEndian.Uint32(b)
	return binary.LittleEndian.Uint32(b[8:]), n > 1, n > 0
}

// diskLength reads the size out of DISK_GEOMETRY_EX.
func diskLength(b []byte) uint64 {
	if len(b) < 32 {
		return 0
	}
	return uint64(max(int64(binary.LittleEndian.Uint64(b[24:])), 0))
}

// windowsName is what people call a version of Windows for PCs.
func windowsName(major, minor, build uint32, server bool) string {
	if server {
		return fmt.Sprintf("Windows Server (%d.%d.%d)", major, minor, build)
	}
	switch {
	case major == 10 && build >= 22000:
		return "Windows 11"
	case major == 10:
		return "Windows 10"
	case major == 6 && minor == 3:
		return "Windows 8.1"
	case major == 6 && minor == 2:
		return "Windows 8"
	case major == 6 && minor == 1:
		return "Windows 7"
	}
	return fmt.Sprintf("Windows %d.%d", major, minor)
}
