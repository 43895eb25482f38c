package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
	"tramxa/service/place"
)

func rescueVerb() verb {
	return verb{name: "rescue", args: "[find|check PATH|takeoff PATH TO|rebuild PATH|move PATH --dir D] [--roots A,B] [--lang vi|en] [--json]",
		about: "find stations and copies on all disks, check them, save them, move them here; without a word: a dialog on the screen", run: runRescue}
}

// rescueCall is what the verb was asked for.
type rescueCall struct {
	base   place.Base
	roots  []string
	lang   string
	json   bool
	dir    string // move: where to
	aside  bool
	from   string // move: a copy that has the records a damaged journal lacks
	keys   keysWanted
	keyTo  string
	with   bool // takeoff: the key file too
	std    stdio
	log    *rescue.Log
	now    func() time.Time
	volume func(context.Context) []volume // sticks and disks to write to
}

func runRescue(ctx context.Context, args []string, std stdio) error {
	f := newFlags("rescue", std)
	c := rescueCall{std: std, log: &rescue.Log{}, now: time.Now, keys: keysWanted{in: std.in}, volume: removableVolumes}
	base := f.String("base", string(place.Default()), "directory of the installed tramxa on this PC")
	roots := f.String("roots", "", "folders to look in, with commas between; empty: all disks")
	f.StringVar(&c.lang, "lang", "vi", "vi or en")
	f.BoolVar(&c.json, "json", false, "answer as JSON")
	f.StringVar(&c.dir, "dir", "", "with move: directory of the station to be made")
	f.BoolVar(&c.aside, "set-aside", false, "with move: rename the station that is in --dir; nothing is deleted")
	f.StringVar(&c.from, "from", "", "with move: a copy that has the records a damaged journal lacks")
	f.StringVar(&c.keys.file, "key", "", "the station's key file; empty: the one found near it")
	f.BoolVar(&c.keys.code, "code", false, "the recovery code opens the sealed keys; it is read from the standard input")
	f.StringVar(&c.keyTo, "key-to", "", "with move: where the key file is put; empty: beside --dir")
	to := f.String("to", "", "folder for what is taken off and for the log, instead of a stick")
	f.BoolVar(&c.with, "with-key", false, "with takeoff: copy the key file too; who has the copy can then read the book")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	if c.lang != "vi" && c.lang != "en" {
		return usagef("--lang is vi or en")
	}
	abs, err := filepath.Abs(*base)
	if err != nil {
		return err
	}
	c.base = place.Base(abs)
	if *to != "" {
		c.volume = func(context.Context) []volume { return []volume{{dir: *to}} }
	}
	if *roots != "" {
		c.roots = strings.Split(*roots, ",")
	}
	if len(words) == 0 {
		return c.menu(ctx)
	}
	return c.scripted(ctx, words)
}

// scripted does one act and answers.
func (c *rescueCall) scripted(ctx context.Context, words []string) error {
	want := map[string]int{"find": 1, "check": 2, "takeoff": 3, "rebuild": 2, "move": 2}
	n, known := want[words[0]]
	if !known || len(words) != n {
		return usagef("rescue takes: find, check PATH, takeoff PATH TO, rebuild PATH, move PATH --dir D, or nothing for the dialog")
	}
	if words[0] == "find" {
		return c.find(ctx)
	}
	found, err := c.at(ctx, words[1])
	if err != nil {
		return err
	}
	switch words[0] {
	case "check":
		return c.check(ctx, found)
	case "takeoff":
		return c.takeOff(ctx, found, words[2])
	case "rebuild":
		return c.rebuild(ctx, found)
	}
	return c.move(ctx, found)
}

// foundLine is one line of 'rescue find'.
type foundLine struct {
	What    rescue.What     `json:"what"`
	Path    string          `json:"path"`
	Station journal.Station `json:"station"`
	Epoch   journal.Epoch   `json:"epoch"`
	Unit    string          `json:"unit"`
	Copy    int             `json:"copy,omitempty"`
	Changed time.Time       `json:"changed,omitzero"`
	Bytes   int64           `json:"bytes"`
	Key     string          `json:"key,omitempty"`
	Sealed  string          `json:"sealed_keys,omitempty"`
	Problem string          `json:"problem,omitempty"`
}

func lineOfFound(f rescue.Found) foundLine {
	return foundLine{What: f.What, Path: f.Path, Station: f.Genesis.Origin.Station, Epoch: f.Genesis.Origin.Epoch, Unit: f.Genesis.Unit,
		Copy: f.Backup.Number, Changed: f.Changed, Bytes: f.Bytes, Key: f.KeyFile, Sealed: f.Sealed, Problem: f.Problem}
}

func (c *rescueCall) search(ctx context.Context) ([]rescue.Found, error) {
	roots := c.roots
	if roots == nil {
		roots = rescueRoots(ctx, c.base)
	}
	return rescue.Find(ctx, rescue.FindOptions{Roots: roots})
}

func (c *rescueCall) find(ctx context.Context) error {
	list, err := c.search(ctx)
	if err != nil {
		return err
	}
	lines := make([]foundLine, 0, len(list))
	for _, f := range list {
		lines = append(lines, lineOfFound(f))
	}
	if c.json {
		return writeJSON(c.std.out, lines)
	}
	for _, l := range lines {
		fmt.Fprintf(c.std.out, "%s %d, unit %s: %s", l.What, l.Station, l.Unit, l.Path)
		if l.Copy > 0 {
			fmt.Fprintf(c.std.out, " (copy %d)", l.Copy)
		}
		fmt.Fprintf(c.std.out, ", %d MB, %s\n", l.Bytes>>20, l.Changed.Local().Format("2006-01-02 15:04"))
	}
	if len(lines) == 0 {
		fmt.Fprintln(c.std.out, "no station and no copy found")
	}
	return nil
}

// at is what lies at a path: a station, or the newest copy.
func (c *rescueCall) at(ctx context.Context, path string) (rescue.Found, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return rescue.Found{}, err
	}
	// keys lie beside: in the folder above, or in a folder with the name of that and "-keys"
	up := filepath.Dir(path)
	list, err := rescue.Find(ctx, rescue.FindOptions{Roots: []string{path, up, up + "-keys", filepath.Dir(up)}, Depth: 2})
	if err != nil {
		return rescue.Found{}, err
	}
	for _, f := range list {
		if f.Path == path || strings.HasPrefix(f.Path, path+string(filepath.Separator)) {
			return f, nil
		}
	}
	return rescue.Found{}, withHint(fmt.Errorf("there is no station and no copy at %s", path), "'tramxa rescue find' lists what there is")
}

// said prints the log of what was done, or the answer as JSON.
func (c *rescueCall) said(v any) error {
	if c.json {
		return writeJSON(c.std.out, v)
	}
	_, err := c.log.WriteTo(c.std.out)
	return err
}

func (c *rescueCall) check(ctx context.Context, f rescue.Found) error {
	r := rescue.Check(ctx, f, rescue.CheckOptions{KeyFile: c.keys.file, Log: c.log, Progress: showStore(&progressPrinter{w: c.std.err})})
	d := diagnosis{Whole: r.Whole}
	for _, l := range r.Lanes {
		d.Records += l.Records
		d.Lanes = append(d.Lanes, laneDiagnosis{Lane: l.Lane, Records: l.Records})
	}
	for _, bad := range r.Damage {
		d.Damage = append(d.Damage, damagedRange{Segment: bad.Segment, From: bad.From, To: bad.To, Offset: bad.Offset, Length: bad.Length})
	}
	if err := c.said(d); err != nil {
		return err
	}
	switch {
	case r.NoKey:
		return withHint(errors.New("there is no key file"), "give --key FILE")
	case r.Err != nil:
		return explainCopy(r.Err, f.Backup)
	case !r.Whole:
		return withHint(errors.New("it is damaged"), "nothing was changed; 'tramxa rescue move' with --from COPY makes a whole one elsewhere")
	}
	return nil
}

func (c *rescueCall) takeOff(ctx context.Context, f rescue.Found, to string) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	t, err := rescue.TakeOff(ctx, f, rescue.TakeOffOptions{To: to, WithKey: c.with, Log: c.log})
	if err != nil {
		return err
	}
	return c.said(t)
}

func (c *rescueCall) rebuild(ctx context.Context, f rescue.Found) error {
	if f.What != rescue.Station {
		return usagef("only a station has a register to be made again")
	}
	key := c.keys.file
	if key == "" {
		key = f.KeyFile
	}
	state, err := rescue.Rebuild(ctx, f, key, showStore(&progressPrinter{w: c.std.err}), c.log)
	if err != nil {
		return explainMending(err)
	}
	return c.said(map[string]any{"rows": state.Rows, "state": fmt.Sprintf("%x", state.Hash[:])})
}

func (c *rescueCall) move(ctx context.Context, f rescue.Found) error {
	if c.dir == "" {
		return usagef("--dir says where the station goes")
	}
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return err
	}
	keys, err := c.keysOf(f)
	if err != nil {
		return err
	}
	if c.keyTo == "" {
		c.keyTo = dir + ".key"
	}
	keyTo, err := filepath.Abs(c.keyTo)
	if err != nil {
		return err
	}
	t := rescue.Target{Dir: dir, KeyFile: keyTo, SetAside: c.aside, Log: c.log, Progress: showStore(&progressPrinter{w: c.std.err})}
	if c.from != "" {
		b, err := findCopy(c.from, 0)
		if err != nil {
			return err
		}
		t.Sources = append(t.Sources, lateSource{b, keys})
	}
	s, err := moveHere(ctx, f, keys, t, false)
	if err != nil {
		return explainMending(err)
	}
	return c.said(map[string]any{"sequence": s.Seq, "rows": s.State.Rows, "state": fmt.Sprintf("%x", s.State.Hash[:]), "aside": s.Aside, "unreadable": s.Bad})
}

// keysOf are a station's keys: named, by code, or found near it. None fits what cannot be
// read.
func (c *rescueCall) keysOf(f rescue.Found) (store.Keys, error) {
	if err := f.Unread(); err != nil {
		return store.Keys{}, explainCopy(err, f.Backup)
	}
	k := c.keys
	if k.file == "" && !k.code {
		if k.file = f.KeyFile; k.file == "" {
			return store.Keys{}, withHint(errors.New("no key file lies near the station"), "give --key FILE, or --code and the code from the recovery sheet")
		}
	}
	return k.open(f)
}

// moveHere moves a station and furnishes it: its configuration comes along, but
// for the place of its keys. installed: it becomes this PC's station.
func moveHere(ctx context.Context, f rescue.Found, keys store.Keys, t rescue.Target, installed bool) (rescue.Settled, error) {
	c := stationConfig{Listen: defaultPage}
	if old, err := readConfig(f.Path); err == nil && old.Station != nil {
		c = *old.Station
	}
	c.Key, c.Backup = t.KeyFile, nil // folders of another PC
	if installed {
		c.Listen, c.LAN, c.LANHelp = defaultPage, defaultLAN, defaultLANHelp
	}
	t.Omit = append(t.Omit, configFile, installFile, registrationFile, practiceDir)
	t.Finish = furnisher(c, keys, nil)
	return rescue.Move(ctx, f, keys, t)
}

// lateSource is a copy as a source of records, opened when it is asked.
type lateSource struct {
	f    rescue.Found
	keys store.Keys
}

// Records is store.Source.
func (l lateSource) Records(ctx context.Context, s journal.Stretch, fn func(journal.Record) error) error {
	src, dir := l.f.Backup.FS()
	b, err := store.OpenBackupWith(src, dir, l.keys)
	if err != nil {
		return err
	}
	return b.Records(ctx, s, fn)
}

func (c *rescueCall) menu(ctx context.Context) error {
	m := rescueMenu{rescueCall: c, in: bufio.NewReader(c.std.in), out: c.std.out}
	return m.run(ctx)
}
