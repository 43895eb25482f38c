package journal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

// Key encrypts the bodies and heads at rest. ID is written into the segments, so
// that a later key can be told from this one.
type Key struct {
	ID    uint32
	Bytes [32]byte
}

// Options name a journal and what it is written with.
type Options struct {
	FS          FS      // nil: OS
	Dir         string  // of this lane alone
	Genesis     Genesis // for Create; Open and Verify take the zero value as "whatever the directory says"
	Lane        Lane
	Key         Key                // data key at rest
	Secret      Secret             // of the epoch, for the chain
	Signer      ed25519.PrivateKey // seals segments; its public half is Genesis.Key. Verify needs none
	SegmentSize int64              // bytes; 0 or more than SegmentSz: SegmentSz
	Log         *slog.Logger       // nil: discard

	salts io.Reader // of new segments; nil: crypto/rand. Tests make files repeatable with it
}

func (o Options) defaults() Options {
	if o.FS == nil {
		o.FS = OS
	}
	if o.SegmentSize <= 0 || o.SegmentSize > SegmentSz {
		o.SegmentSize = SegmentSz
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.salts == nil {
		o.salts = rand.Reader
	}
	return o
}

func (o Options) path(name string) string { return filepath.Join(o.Dir, name) }

// Create makes the directory of a journal that has no records yet: it holds the
// signed genesis. A directory that has one is fs.ErrExist.
func Create(o Options) error {
	o = o.defaults()
	if err := o.Genesis.Verify(); err != nil {
		return err
	}
	if err := o.FS.MkdirAll(o.Dir, dirPerm); err != nil {
		return err
	}
	names, err := o.FS.ReadDir(o.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := segmentNumber(name); ok || name == genesisName {
			return fmt.Errorf("a journal is already in %s: %w", o.Dir, os.ErrExist)
		}
	}
	return WriteFileAtomic(o.FS, o.path(genesisName), o.Genesis.Marshal(), filePerm)
}

// ReadGenesis returns the verified genesis of the journal in dir. fsys nil: OS.
func ReadGenesis(fsys FS, dir string) (Genesis, error) {
	if fsys == nil {
		fsys = OS
	}
	b, err := ReadFile(fsys, filepath.Join(dir, genesisName), MaxGenesis)
	if err != nil {
		return Genesis{}, fmt.Errorf("genesis: %w", err)
	}
	return ParseGenesis(b)
}

// genesis reads the directory's genesis and compares it with the one expected.
func (o Options) genesis() (Genesis, error) {
	g, err := ReadGenesis(o.FS, o.Dir)
	if err != nil {
		return Genesis{}, err
	}
	if o.Genesis.Key != nil && !bytes.Equal(o.Genesis.Marshal(), g.Marshal()) {
		return Genesis{}, fmt.Errorf("%w: %s begins with another genesis", ErrFormat, o.Dir)
	}
	return g, nil
}

// checkSigner makes sure that seals written now will verify.
func (o Options) checkSigner(g Genesis) error {
	if len(o.Signer) != ed25519.PrivateKeySize {
		return errors.New("journal needs the station's signing key to seal segments")
	}
	if !g.Key.Equal(o.Signer.Public()) {
		return fmt.Errorf("%w: the signing key is not the genesis' key", ErrWrongKey)
	}
	return nil
}
