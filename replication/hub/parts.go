package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"tramxa/appliance/journal"
)

// ErrNoRoom: the parts of a release do not fit beside what the node needs.
var ErrNoRoom = errors.New("too little room on the disk")

// hash is the SHA-256 of a part, and its name.
type hash = [32]byte

// partSuffix ends the name of a part that has not come whole yet.
const partSuffix = ".part"

const spoolPattern = "incoming-*"

// parts is the files of releases on this node: each under its hash, written
// beside, synced and renamed, and read through once before it is given to
// anybody. They are no state: what is lost or damaged comes back from a peer.
type parts struct {
	dir     string
	reserve uint64 // bytes that stay free on the disk

	mu   sync.Mutex
	held map[hash]int64 // whole and verified → size
	busy map[hash]bool  // being written
}

func openParts(dir string, reserve uint64) (*parts, error) {
	if err := journal.OS.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(dir, spoolPattern)) // of a publishing that was cut short
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return nil, err
	}
	return &parts{dir: dir, reserve: reserve, held: map[hash]int64{}, busy: map[hash]bool{}}, nil
}

func (p *parts) name(h hash) string { return filepath.Join(p.dir, hex.EncodeToString(h[:])) }

// holds returns the size of a part that is here whole.
func (p *parts) holds(h hash) (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, ok := p.held[h]
	return n, ok
}

// claim reserves the writing of a part; false when somebody else does it.
func (p *parts) claim(h hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy[h] {
		return false
	}
	p.busy[h] = true
	return true
}

func (p *parts) unclaim(h hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, h)
}

// look verifies a file that an earlier run left; one that is not what its name
// says is removed. It reports whether the part is here.
func (p *parts) look(h hash, size int64) (bool, error) {
	if n, ok := p.holds(h); ok {
		return n == size, nil
	}
	name := p.name(h)
	n, err := journal.OS.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && n == size {
		err = verify(name, h)
	} else if err == nil {
		err = ErrAltered
	}
	if errors.Is(err, ErrAltered) {
		return false, os.Remove(name)
	}
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[h] = size
	return true, nil
}

// ErrAltered: bytes that are not the part they should be.
var ErrAltered = errors.New("a part is not what the release names")

func verify(name string, h hash) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if hash(sum.Sum(nil)) != h {
		return ErrAltered
	}
	return nil
}

// begin opens the unfinished file of a claimed part for writing at its end, and
// returns how many bytes an earlier try has left. The disk must have room for the
// rest.
func (p *parts) begin(h hash, size int64) (*os.File, int64, error) {
	f, err := os.OpenFile(p.name(h)+partSuffix, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, 0, err
	}
	have, err := f.Seek(0, io.SeekEnd)
	if err == nil && have > size {
		have = 0
		err = errors.Join(f.Truncate(0), seek0(f))
	}
	if err == nil {
		err = p.room(size - have)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, have, nil
}

func seek0(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// room reports whether so many bytes more may be written.
func (p *parts) room(bytes int64) error {
	free, err := journal.OS.Free(p.dir)
	if err != nil {
		return err
	}
	if want := uint64(max(bytes, 0)) + p.reserve; free < want {
		return fmt.Errorf("%w: %d MB are free, %d MB are needed", ErrNoRoom, free>>20, want>>20)
	}
	return nil
}

// finish verifies an unfinished file that has come to its end and gives it its
// name. One that is not the part is removed.
func (p *parts) finish(f *os.File, h hash, size int64) error {
	name := f.Name()
	err := f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = verify(name, h)
	}
	if errors.Is(err, ErrAltered) {
		return errors.Join(err, os.Remove(name))
	}
	if err == nil {
		err = os.Rename(name, p.name(h))
	}
	if err == nil {
		err = journal.OS.SyncDir(p.dir)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[h] = size
	return nil
}

// spool writes a stream to a file that the caller closes and removes.
func (p *parts) spool(from io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp(p.dir, spoolPattern)
	if err != nil {
		return nil, 0, err
	}
	for size, step := int64(0), int64(16<<20); ; {
		err := p.room(step)
		if err == nil {
			var n int64
			n, err = io.CopyN(f, from, step)
			size += n
		}
		if errors.Is(err, io.EOF) {
			return f, size, nil
		}
		if err != nil {
			return nil, 0, errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}
}

// put writes a part from a reader, whole, unless it is here already.
func (p *parts) put(h hash, size int64, from io.Reader) error {
	if ok, err := p.look(h, size); ok || err != nil {
		return err
	}
	f, _, err := p.begin(h, size)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(0), seek0(f)); err != nil {
		return errors.Join(err, f.Close())
	}
	n, err := io.Copy(f, io.LimitReader(from, size+1))
	if err == nil && n != size {
		err = fmt.Errorf("%w: %d bytes in place of %d", ErrAltered, n, size)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return p.finish(f, h, size)
}

// open opens a part that is here whole.
func (p *parts) open(h hash) (*os.File, int64, error) {
	size, ok := p.holds(h)
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	f, err := os.Open(p.name(h))
	if errors.Is(err, fs.ErrNotExist) { // somebody took it away: it comes again
		p.mu.Lock()
		delete(p.held, h)
		p.mu.Unlock()
	}
	return f, size, err
}

// sweep removes every file that wanted does not ask for and nobody is writing.
func (p *parts) sweep(wanted map[hash]int64) error {
	names, err := journal.OS.ReadDir(p.dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		b, err := hex.DecodeString(strings.TrimSuffix(name, partSuffix))
		if err != nil || len(b) != len(hash{}) {
			continue // none of ours
		}
		h := hash(b)
		p.mu.Lock()
		if _, ok := wanted[h]; !ok && !p.busy[h] {
			delete(p.held, h)
			errs = append(errs, os.Remove(filepath.Join(p.dir, name)))
		}
		p.mu.Unlock()
	}
	return errors.Join(errs...)
}
