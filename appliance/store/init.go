package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
)

// InitOptions name a new station.
type InitOptions struct {
	Dir     string
	KeyFile string // outside Dir; made, unless an interrupted Init has left it
	FS      journal.FS
	Station journal.Station
	Epoch   journal.Epoch // 0: 1
	Mint    uint32        // granted by the hub with the epoch
	Unit    string        // administrative unit code, five digits
	Now     time.Time     // evidence only
	Rand    io.Reader     // nil: crypto/rand
}

// Init makes a station's directory with an empty journal, and its key file. A
// directory that has a station is fs.ErrExist. Interrupted at any point it can
// be called again with the same options.
func Init(o InitOptions) (journal.Genesis, error) {
	if o.FS == nil {
		o.FS = journal.OS
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	o.Epoch = max(o.Epoch, 1)
	if o.Dir == "" || o.KeyFile == "" || o.Station == 0 || o.Mint == 0 {
		return journal.Genesis{}, errors.New("a station needs a directory, a key file, its number and its mint number")
	}
	if rel, err := filepath.Rel(o.Dir, o.KeyFile); err == nil && filepath.IsLocal(rel) {
		return journal.Genesis{}, fmt.Errorf("key file %s lies inside the data directory: a thief or a copy of the one would have the other; hint: choose a place outside %s", o.KeyFile, o.Dir)
	}
	switch _, err := journal.ReadGenesis(o.FS, laneDir(o.Dir, o.Epoch, journal.LaneRegister)); {
	case err == nil:
		return journal.Genesis{}, fmt.Errorf("a station is already in %s: %w", o.Dir, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return journal.Genesis{}, err
	}
	keys, err := o.keys()
	if err != nil {
		return journal.Genesis{}, err
	}
	return o.journals(keys)
}

// keys makes the key file, or takes the one an interrupted Init has left.
func (o InitOptions) keys() (Keys, error) {
	k, err := ReadKeys(o.FS, o.KeyFile)
	switch {
	case err == nil && k.Station == o.Station && k.Epoch == o.Epoch:
		return k, nil
	case err == nil:
		return Keys{}, fmt.Errorf("key file %s is station %d's: %w; hint: choose another place for the new one", o.KeyFile, k.Station, fs.ErrExist)
	case !errors.Is(err, ErrNoKeys):
		return Keys{}, err
	}
	if k, err = NewKeys(o.Station, o.Epoch, o.Rand); err != nil {
		return Keys{}, err
	}
	return k, writeKeys(o.FS, o.KeyFile, k)
}

// journals makes the lanes, lane 0 last: it stands for the whole.
func (o InitOptions) journals(keys Keys) (journal.Genesis, error) {
	access := laneDir(o.Dir, o.Epoch, journal.LaneAccess)
	g, err := journal.ReadGenesis(o.FS, access)
	if errors.Is(err, fs.ErrNotExist) {
		g = journal.Genesis{
			Origin:  journal.Origin{Station: o.Station, Epoch: o.Epoch, Mint: o.Mint},
			Unit:    o.Unit,
			Created: o.Now.Unix(),
		}
		g.Sign(keys.Signer)
		err = journal.Create(journal.Options{FS: o.FS, Dir: access, Lane: journal.LaneAccess, Genesis: g})
	}
	if err != nil {
		return g, err
	}
	return g, journal.Create(journal.Options{FS: o.FS, Dir: laneDir(o.Dir, o.Epoch, journal.LaneRegister), Genesis: g})
}
