package rescue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// ErrNoRoom means that the target has too little room. Nothing was changed.
var ErrNoRoom = errors.New("not enough room")

// unfinished ends the name of a folder that is being filled.
const unfinished = ".unfinished"

// TakeOffOptions of TakeOff.
type TakeOffOptions struct {
	To       string     // folder that gets a new one inside
	WithKey  bool       // copy the key file along: who has the stick then has the book
	FS       journal.FS // nil: journal.OS
	Now      func() time.Time
	Progress func(done, total int64) // bytes; nil: nobody
	Log      *Log
}

// Taken is what TakeOff made: version 1 of takeoff.json in it.
type Taken struct {
	Version int     `json:"version"`
	Folder  string  `json:"folder"` // holds station/, takeoff.json, perhaps keys/
	Station uint32  `json:"station"`
	From    string  `json:"from"`
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`
	Bad     []Range `json:"unreadable,omitempty"`
}

// TakeOff copies a station from a disk, which it only reads, to a folder of its
// own. What the disk does not give back is asked for again in small pieces, at the
// end; what is missing still is zeros in the copy and named. The copy is found by
// Find and can be moved and healed.
func TakeOff(ctx context.Context, f Found, o TakeOffOptions) (t Taken, err error) {
	if o.FS == nil {
		o.FS = journal.OS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	defer func() {
		if err != nil {
			o.Log.say(sayFailed, err)
		}
	}()
	if f.What != Station {
		return t, errors.New("only a station is taken off a disk; a backup is copied as it is")
	}
	t = Taken{Version: 1, Station: uint32(f.Genesis.Origin.Station), From: f.Path}
	t.Folder = filepath.Join(o.To, fmt.Sprintf("tramxa-station-%d-%s", t.Station, o.Now().UTC().Format("20060102T150405")))
	if _, err := o.FS.ReadDir(t.Folder); !errors.Is(err, fs.ErrNotExist) {
		return t, fmt.Errorf("%s is there already: %w", t.Folder, fs.ErrExist)
	}
	o.Log.say(sayTakeOff, f.Path, t.Folder)
	if err := room(o.FS, o.To, f.Bytes); err != nil {
		return t, err
	}
	temp := t.Folder + unfinished
	list, bad := stationFiles(f.Path, nil)
	c := copier{ctx: ctx, fs: o.FS, from: f.Path, to: filepath.Join(temp, "station"), progress: o.Progress, bad: bad}
	if err := c.run(list); err != nil {
		return t, err
	}
	t.Files, t.Bytes, t.Bad = c.files, c.done, c.bad
	o.Log.say(sayCopied, t.Files, t.Bytes)
	for _, r := range t.Bad {
		o.Log.say(sayUnread, r.File, r.Offset, r.Offset+r.Length)
	}
	if o.WithKey && f.KeyFile != "" {
		k, err := store.ReadKeys(o.FS, f.KeyFile)
		if err != nil {
			return t, err
		}
		if err := store.PutKeys(o.FS, filepath.Join(temp, "keys", "station.key"), k); err != nil {
			return t, err
		}
		o.Log.say(sayKeyCopied)
	}
	b, err := store.Seal(t)
	if err != nil {
		return t, err
	}
	if err := journal.WriteFileAtomic(o.FS, filepath.Join(temp, "takeoff.json"), b, 0o600); err != nil {
		return t, err
	}
	if err := o.FS.Rename(temp, t.Folder); err != nil {
		return t, err
	}
	o.Log.say(sayInPlace, t.Station, t.Folder)
	return t, o.FS.SyncDir(o.To)
}
