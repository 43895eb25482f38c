package machine

import (
	"bytes"
	"io"
	"strings"
)

// probeFS tells the file system of a device by the marks its makers put there,
// and its label where that lies in the first blocks. "" is anything else.
func probeFS(r io.ReaderAt) (kind, label string) {
	head := make([]byte, 8<<10)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", ""
	}
	head = head[:n]
	at := func(off, size int) []byte {
		if off+size > len(head) {
			return nil
		}
		return head[off : off+size]
	}
	is := func(off int, mark string) bool { return bytes.Equal(at(off, len(mark)), []byte(mark)) }
	switch {
	case is(0, "hsqs"):
		return "squashfs", ""
	case is(0, "LUKS\xba\xbe"):
		return "crypto_LUKS", ""
	case is(3, "NTFS    "):
		return "ntfs", ""
	case is(3, "EXFAT   "):
		return "exfat", ""
	case is(82, "FAT32   "):
		return "vfat", plain(at(71, 11))
	case is(54, "FAT16   "), is(54, "FAT12   "):
		return "vfat", plain(at(43, 11))
	case is(1024+56, "\x53\xef"):
		return extKind(at(1024+92, 12)), plain(at(1024+120, 16))
	case is(4086, "SWAPSPACE2"):
		return "swap", plain(at(1024+28, 16))
	case is(0, "XFSB"):
		return "xfs", plain(at(108, 12))
	}
	return "", ""
}

// extKind tells ext2, ext3 and ext4 apart by their features: the journal, and
// those only ext4 has (extents, 64bit, flex_bg).
func extKind(features []byte) string {
	switch {
	case len(features) < 12:
		return "ext2"
	case features[4]&0x40 != 0, features[4]&0x80 != 0, features[5]&0x02 != 0:
		return "ext4"
	case features[0]&0x04 != 0:
		return "ext3"
	}
	return "ext2"
}

// plain is a label without padding; bytes that are no text are left out.
func plain(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	s := strings.TrimSpace(strings.ToValidUTF8(string(b), ""))
	if s == "NO NAME" { // FAT's word for none
		return ""
	}
	return s
}
