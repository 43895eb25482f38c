package machine

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// The disk test writes two files, version 1, all numbers little endian.
//
// pattern: blocks of 4 KiB, each overwritten again and again. A block is eight
// sectors, each with its own description, so that a torn block shows where:
//
//	magic "TXDP" | version u8 | sector u8 | zero u16 | run u64 | sequence u64 | slot u32 | filler 480 | crc32c u32
//
// ledger: lines of 64 bytes, line n in the n-th place, written after the block
// with sequence n was synced:
//
//	magic "TXDL" | version u8 | zero 3 | run u64 | sequence u64 | uptime u64 ns | zero 28 | crc32c u32
//
// Sequence 0 is the first filling, without a line.
const (
	blockSize   = 4096
	sectorSize  = 512
	lineSize    = 64
	testVersion = 1

	patternMagic = "TXDP"
	ledgerMagic  = "TXDL"
	fillerAt     = 28
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errPattern = errors.New("not what the disk test wrote")

// putBlock fills b, of blockSize, for the write seq to a slot.
func putBlock(b []byte, run, seq uint64, slot uint32) {
	for s := 0; s < blockSize/sectorSize; s++ {
		p := b[s*sectorSize : (s+1)*sectorSize]
		copy(p, patternMagic)
		p[4], p[5], p[6], p[7] = testVersion, byte(s), 0, 0
		binary.LittleEndian.PutUint64(p[8:], run)
		binary.LittleEndian.PutUint64(p[16:], seq)
		binary.LittleEndian.PutUint32(p[24:], slot)
		fill(p[fillerAt:sectorSize-4], run^seq*0x9e3779b97f4a7c15^uint64(slot)<<32^uint64(s))
		binary.LittleEndian.PutUint32(p[sectorSize-4:], crc32.Checksum(p[:sectorSize-4], castagnoli))
	}
}

// fill writes bytes that look random, so that no disk can compress them
// (splitmix64, public domain).
func fill(p []byte, state uint64) {
	var word [8]byte
	for i := 0; i < len(p); i += 8 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(word[:], z^z>>31)
		copy(p[i:], word[:])
	}
}

// readSector returns the sequence of a sector that belongs there.
func readSector(p []byte, run uint64, slot uint32, s int) (seq uint64, err error) {
	if len(p) != sectorSize || string(p[:4]) != patternMagic || p[4] != testVersion || int(p[5]) != s ||
		binary.LittleEndian.Uint64(p[8:]) != run || binary.LittleEndian.Uint32(p[24:]) != slot ||
		binary.LittleEndian.Uint32(p[sectorSize-4:]) != crc32.Checksum(p[:sectorSize-4], castagnoli) {
		return 0, errPattern
	}
	return binary.LittleEndian.Uint64(p[16:]), nil
}

// blockState is what a block turned out to hold.
type blockState struct {
	low, high uint64 // the sequences of its sectors
	bad       int    // sectors that are nothing
}

func (b blockState) whole(seq uint64) bool { return b.bad == 0 && b.low == seq && b.high == seq }

func readBlock(b []byte, run uint64, slot uint32) blockState {
	var st blockState
	good := 0
	for s := 0; s < blockSize/sectorSize; s++ {
		seq, err := readSector(b[s*sectorSize:(s+1)*sectorSize], run, slot, s)
		if err != nil {
			st.bad++
			continue
		}
		if good == 0 {
			st.low, st.high = seq, seq
		}
		st.low, st.high = min(st.low, seq), max(st.high, seq)
		good++
	}
	return st
}

// line is a line of the ledger.
type line struct {
	run, seq, uptime uint64
}

func (l line) put(p []byte) {
	clear(p[:lineSize])
	copy(p, ledgerMagic)
	p[4] = testVersion
	binary.LittleEndian.PutUint64(p[8:], l.run)
	binary.LittleEndian.PutUint64(p[16:], l.seq)
	binary.LittleEndian.PutUint64(p[24:], l.uptime)
	binary.LittleEndian.PutUint32(p[lineSize-4:], crc32.Checksum(p[:lineSize-4], castagnoli))
}

// readLine decodes a line strictly.
func readLine(p []byte) (line, error) {
	if len(p) != lineSize || string(p[:4]) != ledgerMagic || p[4] != testVersion ||
		binary.LittleEndian.Uint32(p[lineSize-4:]) != crc32.Checksum(p[:lineSize-4], castagnoli) {
		return line{}, errPattern
	}
	for _, zero := range [][]byte{p[5:8], p[32 : lineSize-4]} {
		for _, b := range zero {
			if b != 0 {
				return line{}, errPattern
			}
		}
	}
	return line{run: binary.LittleEndian.Uint64(p[8:]), seq: binary.LittleEndian.Uint64(p[16:]), uptime: binary.LittleEndian.Uint64(p[24:])}, nil
}

// slotOf is the block that write seq goes to: far from the one before, so that a
// disk is tempted to put writes in another order.
func slotOf(seq, slots uint64) uint32 {
	return uint32(seq * 2654435761 % slots) // a prime: every slot has its turn
}
