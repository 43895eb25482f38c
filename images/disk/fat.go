package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"time"
)

// File is one file of a FAT file system to write.
type File struct {
	Path string // "grub/grub.cfg": printable ASCII without blanks, slashes between
	Data []byte
}

// FAT is the content of a FAT32 file system to write.
type FAT struct {
	Size   int64  // bytes, a multiple of MB
	Hidden uint32 // sectors before the partition
	ID     uint32 // volume serial
	Label  string // 1 to 11 capital letters and digits
	Time   time.Time
	Files  []File
}

// ErrFAT is wrapped by every error about the content of a FAT.
var ErrFAT = errors.New("boot partition cannot be written")

const (
	fatReserved = 32 // sectors before the first table
	fatCluster  = 2048
	fatEnd      = 0x0fffffff
	fatRoot     = 2 // cluster of the root directory
)

// node is a file or directory with its place.
type node struct {
	name    string // long name; "" for the root
	file    *File
	kids    []*node
	cluster uint32
	count   uint32
}

// Write writes the file system to w at offset base and says where the first byte
// of every file came to lie, relative to base. All files are in one piece, so a
// file of unchanged length can be replaced in place. The tables and the ends of
// directories are written in full, so it does not matter what w held before; the
// boot sector comes last, and until then nothing takes w for a file system.
func (f FAT) Write(w io.WriterAt, base int64) (map[string]int64, error) {
	root, err := f.tree()
	if err != nil {
		return nil, err
	}
	g, err := f.geometry()
	if err != nil {
		return nil, err
	}
	table := []uint32{0x0ffffff8, fatEnd}
	root.place(&table)
	if len(table)-2 > int(g.clusters) {
		return nil, fmt.Errorf("%w: %d MB needed, %d MB there", ErrFAT, int64(len(table))*fatCluster/MB+1, f.Size/MB)
	}
	at := map[string]int64{}
	if err := f.writeNode(w, base, g, root, root, "", at); err != nil {
		return nil, err
	}
	return at, f.writeHead(w, base, g, table)
}

// geometry is where the parts of the file system lie.
type geometry struct {
	sectors  uint32
	fat      uint32 // sectors of one table
	clusters uint32
}

func (g geometry) offset(cluster uint32) int64 {
	return int64(fatReserved+2*g.fat)*Sector + int64(cluster-2)*fatCluster
}

func (f FAT) geometry() (geometry, error) {
	g := geometry{sectors: uint32(f.Size / Sector)}
	const per = fatCluster / Sector
	// each table sector holds 128 entries; two tables
	g.fat = (g.sectors - fatReserved + 128*per + 2 - 1) / (128*per + 2)
	g.clusters = (g.sectors - fatReserved - 2*g.fat) / per
	// Below this number of clusters readers take the tables for FAT16.
	if f.Size%MB != 0 || f.Size > 64<<30 || g.clusters < 65525 {
		return g, fmt.Errorf("%w: %d MB, at least 130 are needed for FAT32", ErrFAT, f.Size/MB)
	}
	return g, nil
}

// tree orders the files into directories and checks the names.
func (f FAT) tree() (*node, error) {
	if !shortName(f.Label, 11) || strings.ContainsRune(f.Label, '.') {
		return nil, fmt.Errorf("%w: label %q", ErrFAT, f.Label)
	}
	root := &node{}
	files := append([]File(nil), f.Files...)
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	for i := range files {
		at := root
		if path.Clean(files[i].Path) != files[i].Path || path.IsAbs(files[i].Path) {
			return nil, fmt.Errorf("%w: path %q", ErrFAT, files[i].Path)
		}
		words := strings.Split(files[i].Path, "/")
		for j, word := range words {
			if strings.Trim(word, ".") == "" || len(word) > 100 || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"*/:<>?\|`, r) }) {
				return nil, fmt.Errorf("%w: name %q", ErrFAT, word)
			}
			kid := at.kid(word)
			last := j == len(words)-1
			if kid != nil && (last || kid.file != nil) {
				return nil, fmt.Errorf("%w: %q is there twice", ErrFAT, files[i].Path)
			}
			if kid == nil {
				kid = &node{name: word}
				at.kids = append(at.kids, kid)
			}
			if last {
				kid.file = &files[i]
			}
			at = kid
		}
	}
	return root, nil
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if strings.EqualFold(k.name, name) {
			return k
		}
	}
	return nil
}

// place gives every node its clusters, one after the other.
func (n *node) place(table *[]uint32) {
	size := 0
	if n.file != nil {
		size = len(n.file.Data)
	} else {
		size = 32 * n.entries()
	}
	n.count = uint32((size + fatCluster - 1) / fatCluster)
	n.cluster = uint32(len(*table))
	for i := range n.count {
		next := uint32(fatEnd)
		if i+1 < n.count {
			next = n.cluster + i + 1
		}
		*table = append(*table, next)
	}
	if n.count == 0 {
		n.cluster = 0 // an empty file has no cluster
	}
	for _, k := range n.kids {
		k.place(table)
	}
}

// entries counts the 32-byte entries of a directory: the label or the two dots,
// and for every kid its long and its short name.
func (n *node) entries() int {
	c := 3
	for _, k := range n.kids {
		c += 1 + (len(k.name)+12)/13
	}
	return c
}

func (f FAT) writeNode(w io.WriterAt, base int64, g geometry, n, parent *node, at string, where map[string]int64) error {
	if n.file != nil {
		if len(n.file.Data) == 0 {
			return nil
		}
		where[n.file.Path] = g.offset(n.cluster)
		_, err := w.WriteAt(n.file.Data, base+g.offset(n.cluster))
		return err
	}
	if _, err := w.WriteAt(f.directory(n, parent), base+g.offset(n.cluster)); err != nil {
		return err
	}
	for _, k := range n.kids {
		if err := f.writeNode(w, base, g, k, n, path.Join(at, k.name), where); err != nil {
			return err
		}
	}
	return nil
}

// directory is the bytes of one directory.
func (f FAT) directory(n, parent *node) []byte {
	var b []byte
	if n.name == "" {
		b = append(b, f.entry(padded(f.Label), 0x08, 0, 0)...)
	} else {
		up := parent.cluster
		if parent.name == "" {
			up = 0 // as the standard wants for the root
		}
		b = append(b, f.entry(padded("."), 0x10, n.cluster, 0)...)
		b = append(b, f.entry(padded(".."), 0x10, up, 0)...)
	}
	used := map[string]bool{}
	for _, k := range n.kids {
		short := shorten(k.name, used)
		b = append(b, longName(k.name, short)...)
		if k.file != nil {
			b = append(b, f.entry(short, 0x20, k.cluster, uint32(len(k.file.Data)))...)
			continue
		}
		b = append(b, f.entry(short, 0x10, k.cluster, 0)...)
	}
	return append(b, make([]byte, int(n.count)*fatCluster-len(b))...)
}

func padded(s string) [11]byte {
	b := [11]byte{}
	for i := range b {
		b[i] = ' '
	}
	copy(b[:], s)
	return b
}

func shortName(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.'
	})
}

// shorten makes the old name of eight and three capital letters, with a number
// where it had to leave something out.
func shorten(name string, used map[string]bool) [11]byte {
	clean := func(s string, most int) string {
		s = strings.Map(func(r rune) rune {
			if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
				return '_'
			}
			return r
		}, strings.ToUpper(s))
		return s[:min(len(s), most)]
	}
	ext := strings.TrimPrefix(path.Ext(name), ".")
	stem := strings.TrimSuffix(name, path.Ext(name))
	for i := 0; ; i++ {
		s := clean(stem, 8)
		if i > 0 || len(stem) > 8 || len(ext) > 3 {
			tail := fmt.Sprintf("~%d", max(i, 1))
			s = clean(stem, 8-len(tail)) + tail
		}
		b := padded(s)
		copy(b[8:], clean(ext, 3))
		if !used[string(b[:])] {
			used[string(b[:])] = true
			return b
		}
	}
}

// longName is the entries before the short one that hold the name as given.
func longName(name string, short [11]byte) []byte {
	var sum byte
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	parts := (len(name) + 12) / 13
	var out []byte
	for i := parts - 1; i >= 0; i-- {
		e := make([]byte, 32)
		e[0] = byte(i + 1)
		if i == parts-1 {
			e[0] |= 0x40
		}
		e[11], e[13] = 0x0f, sum
		for j, off := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
			c := uint16(0xffff)
			switch k := 13*i + j; {
			case k < len(name):
				c = uint16(name[k])
			case k == len(name):
				c = 0
			}
			binary.LittleEndian.PutUint16(e[off:], c)
		}
		out = append(out, e...)
	}
	return out
}

func (f FAT) entry(name [11]byte, kind byte, cluster, size uint32) []byte {
	e := make([]byte, 32)
	copy(e, name[:])
	e[11] = kind
	t := f.Time.UTC()
	day := uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock := uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	le := binary.LittleEndian
	le.PutUint16(e[14:], clock)
	le.PutUint16(e[16:], day)
	le.PutUint16(e[18:], day)
	le.PutUint16(e[20:], uint16(cluster>>16))
	le.PutUint16(e[22:], clock)
	le.PutUint16(e[24:], day)
	le.PutUint16(e[26:], uint16(cluster))
	le.PutUint32(e[28:], size)
	return e
}

// writeHead writes boot sector, information sector, their copies and the tables.
func (f FAT) writeHead(w io.WriterAt, base int64, g geometry, table []uint32) error {
	le := binary.LittleEndian
	boot := make([]byte, 2*Sector)
	copy(boot, "\xeb\x58\x90TRAMXA  ")
	le.PutUint16(boot[11:], Sector)
	boot[13] = fatCluster / Sector
	le.PutUint16(boot[14:], fatReserved)
	boot[16], boot[21] = 2, 0xf8
	le.PutUint16(boot[24:], 63)
	le.PutUint16(boot[26:], 255)
	le.PutUint32(boot[28:], f.Hidden)
	le.PutUint32(boot[32:], g.sectors)
	le.PutUint32(boot[36:], g.fat)
	le.PutUint32(boot[44:], fatRoot)
	le.PutUint16(boot[48:], 1)
	le.PutUint16(boot[50:], 6)
	boot[64], boot[66] = 0x80, 0x29
	le.PutUint32(boot[67:], f.ID)
	label := padded(f.Label)
	copy(boot[71:], label[:])
	copy(boot[82:], "FAT32   ")
	copy(boot[90:], "\xf4\xeb\xfd") // halt: nothing starts from here
	boot[510], boot[511] = 0x55, 0xaa

	info := boot[Sector:]
	le.PutUint32(info, 0x41615252)
	le.PutUint32(info[484:], 0x61417272)
	le.PutUint32(info[488:], g.clusters-uint32(len(table)-2))
	le.PutUint32(info[492:], uint32(len(table)))
	le.PutUint32(info[508:], 0xaa550000)

	fat := make([]byte, int(g.fat)*Sector)
	for i, v := range table {
		le.PutUint32(fat[4*i:], v)
	}
	for _, part := range []struct {
		at int64
		b  []byte
	}{
		{fatReserved * Sector, fat}, {int64(fatReserved+g.fat) * Sector, fat},
		{6 * Sector, boot}, {0, boot},
	} {
		if _, err := w.WriteAt(part.b, base+part.at); err != nil {
			return err
		}
	}
	return nil
}
