package guest

import (
	"errors"
	"fmt"
	"strings"

	"tramxa/images/disk"
)

// ErrRefused is wrapped when a disk is not taken for an installation.
var ErrRefused = errors.New("this disk is not taken")

// Target is an internal disk with what is known about it.
type Target struct {
	Disk
	Holds   []string // what is on it, a line a partition
	Station bool     // it holds a tramxa already
	Refused string   // why it cannot be taken; "": it can
}

// MinMemory is the memory a station needs, in KiB: 1 GB less what the firmware
// keeps for itself.
const MinMemory = 900 << 10

// minData is the least room for data on an installed disk, in bytes.
const minData = 2 << 30

// Judge says which disks can be taken; running is the device of the disk this
// system runs from, source its table.
func Judge(list []Target, running string, source disk.Table) []Target {
	need := source.Parts[disk.Data].Start() + minData
	for i := range list {
		t := &list[i]
		switch {
		case t.Device() == running:
			t.Refused = "hệ thống đang chạy từ đây / this system runs from it"
		case t.ReadOnly:
			t.Refused = "chỉ đọc được / read-only"
		case t.Removable:
			t.Refused = "ổ cắm ngoài / not an internal disk"
		case t.Sector != 0 && t.Sector != disk.Sector:
			t.Refused = fmt.Sprintf("cung từ %d byte / sectors of %d bytes", t.Sector, t.Sector)
		case t.Size < need:
			t.Refused = fmt.Sprintf("quá nhỏ, cần %d GB / too small", (need+1<<30-1)>>30)
		}
	}
	return list
}

// Confirmation is what must be typed before t is erased: XOA and the last four
// characters of its serial number (of its size in MB where it has none).
func (t Target) Confirmation() string {
	mark := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(t.Serial))
	if len(mark) < 4 {
		mark = fmt.Sprintf("%04d", t.Size>>20)
	}
	return "XOA" + mark[len(mark)-4:]
}

// Confirmed says whether what was typed confirms; case and blanks do not count.
func (t Target) Confirmed(typed string) bool {
	return strings.ToUpper(strings.Join(strings.Fields(typed), "")) == t.Confirmation()
}

// Choose finds the disk that a seed names: "only" for the only one there is, or
// a serial number. A disk that holds a tramxa is never taken without being asked
// for by a person; ErrRefused.
func Choose(list []Target, erase string) (Target, error) {
	var fit []Target
	for _, t := range list {
		if t.Refused == "" && (erase == "only" || strings.EqualFold(strings.TrimSpace(t.Serial), strings.TrimSpace(erase))) {
			fit = append(fit, t)
		}
	}
	switch {
	case len(fit) == 0:
		return Target{}, fmt.Errorf("%w: no internal disk fits %q", ErrRefused, erase)
	case len(fit) > 1:
		return Target{}, fmt.Errorf("%w: %d internal disks, the seed must give a serial number", ErrRefused, len(fit))
	case fit[0].Station:
		return Target{}, fmt.Errorf("%w: %s holds a tramxa already", ErrRefused, fit[0].Device())
	}
	return fit[0], nil
}
