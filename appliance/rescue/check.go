package rescue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// Checked is what Check found.
type Checked struct {
	Whole  bool // every byte verified
	NoKey  bool // no key file: the content cannot be read
	Lanes  []Lane
	Damage []*journal.Damage // of both lanes
	Err    error             // why something could not be examined
}

// Lane is one journal.
type Lane struct {
	Lane    journal.Lane
	Records uint64
	Head    journal.Seq
}

// CheckOptions of Check.
type CheckOptions struct {
	KeyFile  string // "": Found's own
	Progress func(store.Progress)
	Log      *Log
}

// Check verifies a station's journals, or a backup, byte by byte, without writing.
func Check(ctx context.Context, f Found, o CheckOptions) Checked {
	if o.KeyFile == "" {
		o.KeyFile = f.KeyFile
	}
	o.Log.say(sayCheck, f.Path)
	c := examine(ctx, f, o)
	for _, l := range c.Lanes {
		o.Log.say(sayLane, l.Lane, l.Records, l.Head)
	}
	for _, d := range c.Damage {
		o.Log.say(sayDamage, d.Segment, d.Offset, d.Offset+d.Length, d.From, d.To)
	}
	switch {
	case c.NoKey:
		o.Log.say(sayNoKey)
	case c.Whole:
		o.Log.say(sayWhole)
	case c.Err != nil:
		o.Log.say(sayCannot, c.Err)
	}
	return c
}

func examine(ctx context.Context, f Found, o CheckOptions) (c Checked) {
	if f.What == Backup && f.Backup.Folder == "" { // copies of a newer program, or what is left of some
		return Checked{Err: f.Err}
	}
	if err := f.Unread(); err != nil {
		return Checked{Err: err}
	}
	if o.KeyFile == "" {
		return Checked{NoKey: true}
	}
	if f.What == Backup {
		keys, err := store.ReadKeys(journal.OS, o.KeyFile)
		if err != nil {
			return Checked{Err: err}
		}
		src, dir := f.Backup.FS()
		m, err := store.VerifyBackup(ctx, src, dir, keys)
		if err != nil {
			return Checked{Err: err}
		}
		return Checked{Whole: true, Lanes: []Lane{{journal.LaneRegister, uint64(m.Seq), m.Seq}, {journal.LaneAccess, uint64(m.Access), m.Access}}}
	}
	c.Whole = true
	so := store.Options{Dir: f.Path, KeyFile: o.KeyFile, FS: readOnly{journal.OS}}
	for _, lane := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		r, err := store.VerifyLane(ctx, so, lane, o.Progress)
		c.Lanes = append(c.Lanes, Lane{lane, r.Records, r.Head})
		c.Damage = append(c.Damage, r.Damage...)
		if err != nil {
			c.Whole = false
			if len(r.Damage) == 0 {
				c.Err = errors.Join(c.Err, fmt.Errorf("lane %d: %w", lane, err))
			}
		}
	}
	return c
}

// errReadOnly answers every change.
var errReadOnly = errors.New("what is rescued is only read")

// readOnly is a file system that changes nothing.
type readOnly struct{ journal.FS }

func (r readOnly) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	if flag != os.O_RDONLY {
		return nil, errReadOnly
	}
	return r.FS.OpenFile(name, flag, perm)
}
func (readOnly) Rename(string, string) error        { return errReadOnly }
func (readOnly) Remove(string) error                { return errReadOnly }
func (readOnly) MkdirAll(string, fs.FileMode) error { return errReadOnly }
func (readOnly) SyncDir(string) error               { return errReadOnly }
