package store

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"time"

	"tramxa/appliance/journal"
)

// Options of a store. Dir and KeyFile are required.
type Options struct {
	Dir     string
	KeyFile string     // outside Dir
	FS      journal.FS // nil: journal.OS. With another there is no lock and no ballast
	ViewDir string     // always on the real file system; "": Dir/view
	Log     *slog.Logger
	Now     func() time.Time // names what is set aside; nil: time.Now

	Reserve         uint64 // bytes of the disk that stay free; 0: max(512 MiB, min(5 %, 2 GiB))
	Ballast         int64  // bytes given up when the disk is full at a start; 0: 64 MiB, below 0: none
	CheckpointEvery int    // records after which a checkpoint is due; 0: 5,000 and a fifth of the register's size
	SegmentSize     int64  // see journal.Options

	View ViewOptions // sizes of the register in memory

	Progress func(Progress) // told during Open, and when the view is made again; nil: nobody
}

// Progress of a start.
type Progress struct {
	Stage string // StageJournal …
	Done  int64  // of Total; records, bytes or rows
	Total int64  // 0: not known
}

// The stages of a start, in their order.
const (
	StageJournal    = "journal"    // segments are verified
	StageView       = "view"       // files of a cleanly closed view are verified: bytes
	StageCheckpoint = "checkpoint" // a checkpoint is loaded: rows
	StageReplay     = "replay"     // records after it are folded again
	StageReady      = "ready"
)

// Errors of a store, beside those of package journal.
var (
	ErrNoStation  = errors.New("there is no station in this directory")
	ErrClosed     = errors.New("store is closed")
	ErrTooLarge   = errors.New("too much for one command")
	ErrRebuilding = errors.New("the register is being made again from the journal, this takes a moment")
	ErrNotFolded  = errors.New("entry makes no sense to the register")
	Err32Bit      = errors.New("this is a 32-bit program, and the database it uses corrupts its files on 32 bits; hint: install the 64-bit build")
	errBadView    = errors.New("the view is damaged")
	errNotTrusted = errors.New("the view is not vouched for by a clean stop")
)

func (o Options) defaults() (Options, error) {
	if strconv.IntSize < 64 {
		return o, Err32Bit
	}
	if o.Dir == "" || o.KeyFile == "" {
		return o, errors.New("store needs a directory and a key file")
	}
	if o.ViewDir == "" {
		o.ViewDir = filepath.Join(o.Dir, viewName)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var err error
	if o.View, err = o.View.defaults(); err != nil {
		return o, err
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	switch {
	case o.FS != nil || o.Ballast < 0:
		o.Ballast = 0
	case o.Ballast == 0:
		o.Ballast = defaultBallast
	}
	o.Reserve = reserve(o)
	if o.FS == nil {
		o.FS = journal.OS
	}
	return o, nil
}
