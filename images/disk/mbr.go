package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sector is the unit of the partition table in bytes. Disks with larger logical
// sectors cannot carry this layout.
const Sector = 512

// MB is 2^20 bytes; every partition begins on a multiple of it.
const MB = 1 << 20

// Types of partitions in the table.
const (
	TypeBoot  = 0xef // EFI system partition, FAT32; BIOSes take it as any other
	TypeLinux = 0x83
)

// ErrTable is wrapped by every error about a partition table.
var ErrTable = errors.New("partition table is not that of a tramxa disk")

// Part is one primary partition.
type Part struct {
	Type  byte
	First uint32 // sector
	Count uint32 // sectors; 0: unused
}

// Start and Size are the place of a partition in bytes.
func (p Part) Start() int64 { return int64(p.First) * Sector }

// Size is the length of the partition in bytes.
func (p Part) Size() int64 { return int64(p.Count) * Sector }

// Table is an MBR with four primary partitions, the first one active.
type Table struct {
	ID    uint32 // disk id; PARTUUIDs are made of it
	Parts [4]Part
}

// Indexes of the partitions.
const (
	Boot = iota // FAT32, TRAMBOOT
	RootA
	RootB
	Data // ext4, TRAMDATA, to the end of the disk
)

// Sizes are the lengths of the partitions in MB; see Layout.
type Sizes struct {
	Boot, Root, Data int
}

// Layout places the partitions of a disk one after the other, from 1 MB on. The
// data partition is sizes.Data long.
func Layout(id uint32, s Sizes) (Table, error) {
	if s.Boot < 130 || s.Root < 32 || s.Data < 16 || s.Boot > 1024 || s.Root > 4096 || s.Data > maxSectors/(MB/Sector) {
		return Table{}, fmt.Errorf("%w: boot of 130 to 1024 MB, root of 32 to 4096 MB and data of 16 MB to less than 2 TiB are wanted, not %d, %d and %d",
			ErrTable, s.Boot, s.Root, s.Data)
	}
	t := Table{ID: id}
	at := uint64(1)
	for i, mb := range []int{s.Boot, s.Root, s.Root, s.Data} {
		kind := byte(TypeLinux)
		if i == Boot {
			kind = TypeBoot
		}
		first, count := at*MB/Sector, uint64(mb)*MB/Sector
		if first+count > 1<<32-1 {
			return Table{}, fmt.Errorf("%w: it ends beyond 2 TiB", ErrTable)
		}
		t.Parts[i] = Part{Type: kind, First: uint32(first), Count: uint32(count)}
		at += uint64(mb)
	}
	return t, nil
}

// maxSectors is the largest disk this table can describe: 2 TiB; what lies
// beyond stays unused.
const maxSectors = 1<<32 - 1

// Grow gives the data partition the rest of a disk of size bytes.
func (t Table) Grow(size int64) (Table, error) {
	sectors := min(size/Sector, maxSectors)
	last := sectors * Sector / MB * MB / Sector
	p := &t.Parts[Data]
	if last <= int64(p.First)+16*MB/Sector {
		return Table{}, fmt.Errorf("%w: %d MB are too few for this layout", ErrTable, size/MB)
	}
	p.Count = uint32(last - int64(p.First))
	return t, nil
}

// End is the first byte after the last partition.
func (t Table) End() int64 {
	var end int64
	for _, p := range t.Parts {
		end = max(end, p.Start()+p.Size())
	}
	return end
}

// PartUUID is how the kernel calls partition i (0 to 3).
func (t Table) PartUUID(i int) string { return fmt.Sprintf("%08x-%02x", t.ID, i+1) }

// bootCode is the length of the program before the disk id.
const bootCode = 440

// Marshal writes the first sector; code is the boot program, of which the first
// 440 bytes are taken. No code: the table of a disk that does not start yet.
func (t Table) Marshal(code []byte) [Sector]byte {
	var b [Sector]byte
	copy(b[:bootCode], code)
	binary.LittleEndian.PutUint32(b[bootCode:], t.ID)
	for i, p := range t.Parts {
		e := b[446+16*i : 462+16*i]
		if p.Count == 0 {
			continue
		}
		if i == Boot {
			e[0] = 0x80 // some BIOSes start only from a disk with an active partition
		}
		putCHS(e[1:4], p.First)
		e[4] = p.Type
		putCHS(e[5:8], p.First+p.Count-1)
		binary.LittleEndian.PutUint32(e[8:], p.First)
		binary.LittleEndian.PutUint32(e[12:], p.Count)
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

// putCHS writes the old address of a sector for 255 heads of 63 sectors, or the
// mark for what it cannot reach.
func putCHS(e []byte, lba uint32) {
	c := lba / (255 * 63)
	if c > 1023 {
		e[0], e[1], e[2] = 0xfe, 0xff, 0xff
		return
	}
	e[0] = byte(lba / 63 % 255)
	e[1] = byte(lba%63+1) | byte(c>>2&0xc0)
	e[2] = byte(c)
}

// Parse reads a first sector and refuses every table but one of this layout;
// ErrTable.
func Parse(b []byte) (Table, error) {
	if len(b) < Sector || b[510] != 0x55 || b[511] != 0xaa {
		return Table{}, fmt.Errorf("%w: no signature", ErrTable)
	}
	t := Table{ID: binary.LittleEndian.Uint32(b[bootCode:])}
	next := uint64(MB / Sector)
	for i := range t.Parts {
		e := b[446+16*i : 462+16*i]
		p := Part{Type: e[4], First: binary.LittleEndian.Uint32(e[8:]), Count: binary.LittleEndian.Uint32(e[12:])}
		want := byte(TypeLinux)
		if i == Boot {
			want = TypeBoot
		}
		if p.Type != want || uint64(p.First) != next || p.Count == 0 {
			return Table{}, fmt.Errorf("%w: partition %d", ErrTable, i+1)
		}
		next += uint64(p.Count)
		t.Parts[i] = p
	}
	if next > maxSectors {
		return Table{}, fmt.Errorf("%w: it ends beyond 2 TiB", ErrTable)
	}
	return t, nil
}
