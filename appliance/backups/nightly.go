package backups

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// Station is what is copied: a *store.Store.
type Station interface {
	BackupTo(ctx context.Context, to store.Sink) (store.Manifest, store.State, error)
	BackupSize() (int64, error)
	Genesis() journal.Genesis
}

// Target is a folder that copies go to. It must be there: a stick is one only with
// the folder StickFolder on it.
type Target struct {
	Dir   string
	Kind  Kind
	Label string // what people call it
}

// Options of New. Station, KeyFile, Targets and Home are required.
type Options struct {
	Station Station
	KeyFile string          // copies are proven with it
	Sealed  string          // file with the sealed keys, copied along; "" or not there yet: none
	Info    func() Info     // copied along, number, unit and genesis filled in; nil: none
	Targets func() []Target // places there are now, the preferred first; sticks come last whatever their place
	Home    string          // keeps status.json and, while it runs, the folder of the proof; place.Backups()

	Keep    Policy                   // zero: DefaultPolicy
	Reserve uint64                   // bytes that stay free on places of kind Local; 0: 1 GiB
	Now     func() (time.Time, bool) // wall clock, and whether it is to be trusted; nil: time.Now, true
	Settle  time.Duration            // after the start of Run nothing heavy is done for so long; 0: 10 minutes
	FS      journal.FS               // of the places; nil: journal.OS
	Running func(bool)               // told when a run begins and when it ends, one after the other; nil: nobody
	Log     *slog.Logger
}

// StatusName is the file in Options.Home.
const StatusName = "status.json"

const (
	localReserve  = 1 << 30
	mediumReserve = 4 << 20
	settle        = 10 * time.Minute
)

// Nightly keeps a station's copies. Its methods may be called from any goroutine.
type Nightly struct {
	o Options

	turn sync.Mutex // one run at a time

	mu      sync.Mutex
	status  Status
	running bool
}

// New reads the state that the last process left.
func New(o Options) (*Nightly, error) {
	if o.Station == nil || o.KeyFile == "" || o.Targets == nil || o.Home == "" {
		return nil, errors.New("backups need a station, its key file, places and a folder of their own")
	}
	if o.Keep == (Policy{}) {
		o.Keep = DefaultPolicy
	}
	if o.Reserve == 0 {
		o.Reserve = localReserve
	}
	if o.Now == nil {
		o.Now = func() (time.Time, bool) { return time.Now(), true }
	}
	if o.Settle == 0 {
		o.Settle = settle
	}
	if o.FS == nil {
		o.FS = journal.OS
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Home, 0o700); err != nil {
		return nil, err
	}
	st, err := ReadStatus(journal.OS, filepath.Join(o.Home, StatusName))
	return &Nightly{o: o, status: st}, err
}

// Status is what is known of the copies, without looking at the media.
func (n *Nightly) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	st := n.status
	st.Places = append([]PlaceStatus(nil), st.Places...)
	st.Running = n.running
	return st
}

func (n *Nightly) setRunning(b bool) {
	n.mu.Lock()
	n.running = b
	n.mu.Unlock()
	if n.o.Running != nil {
		n.o.Running(b)
	}
}

// save keeps the state of places that were looked at; the others stay as known.
func (n *Nightly) save(now time.Time, looked []PlaceStatus) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status.Version, n.status.Station = statusVersion, uint32(n.o.Station.Genesis().Origin.Station)
	if len(looked) > 0 {
		n.status.Tried = now.UTC().Truncate(time.Second)
	}
	n.status.Places = merge(n.status.Places, looked)
	b, err := store.Seal(n.status)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(journal.OS, filepath.Join(n.o.Home, StatusName), b, 0o600)
}

// mostPlaces bounds how many places are remembered.
const mostPlaces = 16

func merge(old, looked []PlaceStatus) []PlaceStatus {
	list := append([]PlaceStatus(nil), looked...)
	for _, p := range old {
		there := false
		for _, l := range looked {
			there = there || l.Dir == p.Dir
		}
		if p.There = false; !there && len(list) < mostPlaces {
			list = append(list, p)
		}
	}
	return list
}
