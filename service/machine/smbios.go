package machine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// parseSMBIOS reads the firmware's table of structures, as the DMTF's standard
// DSP0134 lays it out: type, length, handle, fixed part, then texts ended by
// zeros. Only types 0 (BIOS), 1 (system) and 2 (board) are used, of each the
// first. A table that is cut off gives what came before.
func parseSMBIOS(table []byte) Board {
	var b Board
	seen := map[byte]bool{}
	for len(table) >= 4 {
		kind, size := table[0], int(table[1])
		if size < 4 || size > len(table) {
			break
		}
		fixed, rest := table[:size], table[size:]
		end := bytes.Index(rest, []byte{0, 0})
		if end < 0 {
			break
		}
		texts := strings.Split(string(rest[:end]), "\x00")
		table = rest[end+2:]
		if kind == 127 {
			break
		}
		if !seen[kind] {
			seen[kind] = true
			b.take(kind, fixed, texts)
		}
	}
	return b
}

func (b *Board) take(kind byte, fixed []byte, texts []string) {
	text := func(at int) string {
		if at >= len(fixed) || fixed[at] == 0 || int(fixed[at]) > len(texts) {
			return ""
		}
		return known(strings.ToValidUTF8(texts[fixed[at]-1], ""))
	}
	switch kind {
	case 0:
		b.BIOS = strings.TrimSpace(text(0x05) + " " + text(0x08))
	case 1:
		b.Vendor, b.Product, b.ProductSerial = text(0x04), text(0x05), text(0x07)
		if len(fixed) >= 0x18 {
			b.UUID = known(smbiosUUID(fixed[0x08:0x18]))
		}
	case 2:
		b.Name, b.BoardSerial = strings.TrimSpace(text(0x04)+" "+text(0x05)), text(0x07)
	}
}

// smbiosUUID writes a UUID as Linux does: the first three fields are little
// endian since version 2.6 of the standard, which is of 2006.
func smbiosUUID(b []byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}
