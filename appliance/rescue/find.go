package rescue

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// What of Found.
type What string

// The things that are found.
const (
	Station What = "station" // a station's data directory
	Backup  What = "backup"  // a copy of one
)

// Found is a station or a copy of one.
type Found struct {
	What    What
	Path    string // data directory; of a backup its folder
	Genesis journal.Genesis
	KeyFile string       // a key file that fits, found on the same search; "": none
	Sealed  string       // a file with sealed keys of this station; "": none
	Changed time.Time    // newest file of the journal, by the clock of that machine
	Bytes   int64        // of the journals, or of the copy
	Backup  backups.Copy // of a backup
	Problem string       // why it cannot be used as it is; "": nothing seen yet
	// Err is why it must not be taken unasked. It wraps journal.ErrNewer when a newer
	// program made it, and of a copy that can be read when newer ones of such a program
	// lie beside it: then it is older than what the station had. Who takes that one
	// knowingly clears it.
	Err error
}

// Newer is Err when it is because of a newer program; else nil.
func (f Found) Newer() error {
	if errors.Is(f.Err, journal.ErrNewer) {
		return f.Err
	}
	return nil
}

// Unread is Newer when not even whose it is can be read: then no key is known to
// fit, and none is missing.
func (f Found) Unread() error {
	if len(f.Genesis.Key) > 0 {
		return nil
	}
	return f.Newer()
}

// Label names it for a person.
func (f Found) Label() string {
	return "station " + strconv.FormatUint(uint64(f.Genesis.Origin.Station), 10) + ", unit " + f.Genesis.Unit
}

// FindOptions of Find. Roots is required.
type FindOptions struct {
	Roots    []string         // mounted volumes, or folders
	Depth    int              // folders below a root; 0: 5
	Most     int              // folders looked into in all; 0: 100,000
	Progress func(dir string) // told now and then; nil: nobody
}

// Find looks for stations, copies and keys below the roots, without writing. What
// cannot be read is passed over. Symbolic links are not followed. Stations come
// first, the newest changed first; then backups, the newest first.
func Find(ctx context.Context, o FindOptions) ([]Found, error) {
	w := walk{o: o}
	if w.o.Depth == 0 {
		w.o.Depth = 5
	}
	if w.o.Most == 0 {
		w.o.Most = 100_000
	}
	if w.o.Progress == nil {
		w.o.Progress = func(string) {}
	}
	for _, root := range o.Roots {
		w.next = append(w.next, folder{filepath.Clean(root), w.o.Depth})
	}
	for len(w.next) > 0 && w.looked < w.o.Most && ctx.Err() == nil { // the shallow ones of all roots first
		f := w.next[0]
		w.next = w.next[1:]
		w.dir(f.name, f.depth)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range w.found {
		w.match(&w.found[i])
	}
	slices.SortStableFunc(w.found, func(a, b Found) int {
		if a.What != b.What {
			return strings.Compare(string(b.What), string(a.What)) // stations first
		}
		return b.Changed.Compare(a.Changed)
	})
	return w.found, nil
}

// folder is one to be looked into.
type folder struct {
	name  string
	depth int // that may still be gone below it
}

// walk is one search.
type walk struct {
	next    []folder
	o       FindOptions
	looked  int
	seen    []fs.FileInfo // of what was found: a bind mount shows it twice
	found   []Found
	keys    []keyAt
	sealeds []sealedAt
}

type keyAt struct {
	name string
	keys store.Keys
}

type sealedAt struct {
	name string
	info backups.SealedInfo
}

// passed are folders that hold no station and much else.
var passed = map[string]bool{"proc": true, "sys": true, "dev": true, "windows": true, "winsxs": true, "$recycle.bin": true,
	"system volume information": true, "appdata": true, "program files": true, "program files (x86)": true, "usr": true, "node_modules": true, ".git": true, "lost+found": true, "snap": true}

func (w *walk) dir(dir string, depth int) {
	if w.looked++; w.looked%500 == 1 {
		w.o.Progress(dir)
	}
	entries, _ := os.ReadDir(dir) // what could be read of it
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
		if e.Type().IsRegular() {
			w.file(dir, e.Name())
		}
	}
	if w.take(dir, names) || depth == 0 {
		return
	}
	for _, e := range entries {
		if e.IsDir() && !passed[strings.ToLower(e.Name())] {
			w.next = append(w.next, folder{filepath.Join(dir, e.Name()), depth - 1})
		}
	}
}

// file notes keys.
func (w *walk) file(dir, base string) {
	name := filepath.Join(dir, base)
	switch {
	case base == backups.SealedName:
		if b, err := journal.ReadFile(journal.OS, name, backups.SealedSize); err == nil {
			if info, err := backups.ReadSealed(b); err == nil {
				w.sealeds = append(w.sealeds, sealedAt{name, info})
			}
		}
	case filepath.Ext(base) == ".key":
		if k, err := store.ReadKeys(journal.OS, name); err == nil {
			w.keys = append(w.keys, keyAt{name, k})
		}
	}
}

// take says whether dir is a station or holds copies, and notes it. Nothing is
// looked for inside.
func (w *walk) take(dir string, names map[string]bool) bool {
	isCopies := names["copies"] && names["pool"]
	isBackup := names[store.ManifestName] && names["journal"]
	if !isCopies && !isBackup && !names["journal"] {
		return false
	}
	if info, err := os.Stat(dir); err == nil {
		for _, s := range w.seen {
			if os.SameFile(s, info) {
				return true
			}
		}
		w.seen = append(w.seen, info)
	}
	if isCopies || isBackup {
		list, err := backups.Look(nil, dir)
		for _, c := range list {
			f := FoundCopy(c)
			if err != nil {
				f.Err = err
			}
			w.found = append(w.found, f)
		}
		if err != nil && len(list) == 0 {
			w.found = append(w.found, Found{What: Backup, Path: dir, Problem: err.Error(), Err: err})
		}
		return err != nil || len(list) > 0
	}
	f, ok := stationAt(dir)
	if ok {
		w.found = append(w.found, f)
	}
	return ok
}

// FoundCopy is a copy whose place is known.
func FoundCopy(c backups.Copy) Found {
	f := Found{What: Backup, Path: c.Folder, Backup: c, Changed: c.Made(), Bytes: c.Size()}
	src, dir := c.FS()
	var err error
	if f.Genesis, err = store.Genesis(src, dir, c.Manifest.Epoch); err != nil {
		f.Problem, f.Err = err.Error(), err
		f.Genesis.Origin = journal.Origin{Station: c.Manifest.Station, Epoch: c.Manifest.Epoch, Mint: c.Manifest.Mint}
		f.Genesis.Unit = c.Manifest.Unit
	}
	return f
}

// stationAt looks whether dir is a station's: a journal of some epoch with a
// genesis, be it a newer program's, or at least with segments.
func stationAt(dir string) (f Found, ok bool) {
	epochs, _ := filepath.Glob(filepath.Join(dir, "journal", "e*"))
	var newest journal.Epoch
	for _, e := range epochs {
		if n, err := strconv.ParseUint(filepath.Base(e)[1:], 10, 32); err == nil {
			newest = max(newest, journal.Epoch(n))
		}
	}
	if newest == 0 {
		return f, false
	}
	f = Found{What: Station, Path: dir}
	lanes, _ := filepath.Glob(filepath.Join(dir, "journal", "e"+strconv.FormatUint(uint64(newest), 10), "lane[01]", "*.txj"))
	for _, name := range lanes {
		if info, err := os.Stat(name); err == nil {
			f.Bytes += info.Size()
			if info.ModTime().After(f.Changed) {
				f.Changed = info.ModTime()
			}
		}
	}
	g, err := store.Genesis(nil, dir, newest)
	if err != nil {
		f.Problem, f.Err = err.Error(), err
		f.Genesis.Origin.Epoch = newest
		return f, len(lanes) > 0 || f.Newer() != nil
	}
	f.Genesis = g
	return f, true
}

// match gives what was found its keys.
func (w *walk) match(f *Found) {
	closeness := func(name string) int { return commonLen(name, f.Path) }
	best := -1
	for _, k := range w.keys {
		if n := closeness(k.name); f.Genesis.Key.Equal(k.keys.Signer.Public()) && n > best {
			f.KeyFile, best = k.name, n
		}
	}
	best = -1
	for _, s := range w.sealeds {
		if s.info.Station != f.Genesis.Origin.Station || s.info.Epoch != f.Genesis.Origin.Epoch {
			continue
		}
		if n := closeness(s.name); n > best {
			f.Sealed, best = s.name, n
		}
	}
}

func commonLen(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
