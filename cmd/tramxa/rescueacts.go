package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
	"tramxa/replication/spoke"
)

// mend is the second choice: a station's damaged journal made anew, and its
// register.
func (m *rescueMenu) mend(ctx context.Context) error {
	list, err := m.found(ctx, "", rtNothing)
	if err != nil {
		return err
	}
	f, err := m.choose(only(list, rescue.Station))
	if err != nil {
		return err
	}
	if store.InUse(f.Path) {
		m.say(rtInUse)
		return errBack
	}
	if f, err = m.knowingly(f, false); err != nil {
		return err
	}
	keys, err := m.askKeys(f)
	if err != nil {
		return err
	}
	m.say(rtMend, f.Path)
	if err := m.confirm("CHUA"); err != nil {
		return err
	}
	file, forget, err := keyOnDisk(f, keys)
	if err != nil {
		return err
	}
	defer forget()
	if err := m.healInPlace(ctx, f, keys, file, m.sources(list, f, keys)); err != nil {
		return err
	}
	if _, err := rescue.Rebuild(ctx, f, file, nil, m.log); err != nil {
		return err
	}
	m.say(rtDone)
	return ownLike(filepath.Dir(f.Path), f.Path)
}

func only(list []rescue.Found, what rescue.What) (out []rescue.Found) {
	for _, f := range list {
		if f.What == what {
			out = append(out, f)
		}
	}
	return out
}

// keyOnDisk is a file with the keys: the one near the station, or a temporary one
// in memory's folder for as long as it is needed.
func keyOnDisk(f rescue.Found, keys store.Keys) (file string, forget func(), err error) {
	if f.KeyFile != "" {
		return f.KeyFile, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "tramxa-rescue-")
	if err != nil {
		return "", nil, err
	}
	file = filepath.Join(dir, "station.key")
	if err := store.PutKeys(journal.OS, file, keys); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return file, func() { _ = os.RemoveAll(dir) }, nil
}

// sources are the copies of the same station, and the province when the station
// knows one.
func (m *rescueMenu) sources(list []rescue.Found, f rescue.Found, keys store.Keys) (src []store.Source) {
	for _, b := range only(list, rescue.Backup) {
		if len(f.Genesis.Key) > 0 && b.Problem == "" && bytes.Equal(b.Genesis.Key, f.Genesis.Key) {
			src = append(src, lateSource{b, keys})
		}
	}
	c, err := readConfig(f.Path)
	if err != nil || c.Station == nil || len(c.Station.Hub) == 0 {
		return src
	}
	id, err := readIfThere(filepath.Join(f.Path, installFile), 16)
	if err != nil || id == nil {
		return src
	}
	if h, err := hubRecords(*c.Station, keys, id, newLogger(m.std.err, 0).with("fetch", f.Path)); err == nil {
		src = append(src, lenient{h, m.log})
	}
	return src
}

// lenient is the province when it may not answer: then the copies must have what
// is missing, and the log says so. A province that answers and refuses is an error.
type lenient struct {
	store.Source
	log *rescue.Log
}

// Records is store.Source.
func (l lenient) Records(ctx context.Context, s journal.Stretch, fn func(journal.Record) error) error {
	var ours error // of fn, to be passed on
	err := l.Source.Records(ctx, s, func(r journal.Record) error {
		ours = fn(r)
		return ours
	})
	if err == nil || ours != nil || ctx.Err() != nil {
		return err
	}
	for _, refused := range []error{spoke.ErrFenced, spoke.ErrUnregistered, spoke.ErrRejected, journal.ErrForked} {
		if errors.Is(err, refused) {
			return err
		}
	}
	l.log.Add(fmt.Sprintf("máy chủ tỉnh không trả lời: %v", err), fmt.Sprintf("the province does not answer: %v", err))
	return nil
}

// healInPlace brings back damaged records. Where only a person can say whether the
// journal ends, it asks.
func (m *rescueMenu) healInPlace(ctx context.Context, f rescue.Found, keys store.Keys, file string, src []store.Source) error {
	o := store.HealOptions{Options: store.Options{Dir: f.Path, KeyFile: file, Ballast: -1}, Sources: src}
	healed, err := store.HealJournal(ctx, o)
	var lost *store.LostError
	if errors.As(err, &lost) {
		m.say(rtLost, err)
		if lost.To != 0 {
			return err
		}
		m.say(rtEnd)
		if cerr := m.confirm("CHAP NHAN"); cerr != nil {
			return cerr
		}
		o.AcceptEnd = true
		healed, err = store.HealJournal(ctx, o)
	}
	for _, h := range healed {
		m.log.Add(fmt.Sprintf("quyển %d được làm lại: lấy về %d bản ghi, tới số %d; cái hỏng được giữ ở %s", h.Lane, h.Fetched, h.Head, h.Aside),
			fmt.Sprintf("lane %d made anew: %d records brought back, up to %d; the damaged one is kept in %s", h.Lane, h.Fetched, h.Head, h.Aside))
	}
	return err
}

// moving is the third choice.
func (m *rescueMenu) moving(ctx context.Context) error {
	list, err := m.found(ctx, "", rtNothing)
	if err != nil {
		return err
	}
	stations := only(list, rescue.Station)
	if len(stations) == 0 {
		m.say(rtNoStation)
		return errBack
	}
	f, err := m.choose(stations)
	if err != nil {
		return err
	}
	m.say(rtTo)
	m.say(rtBack)
	n, err := m.number(2)
	if err != nil {
		return err
	}
	if n == 2 {
		return m.toStick(ctx, f)
	}
	if f, err = m.knowingly(f, false); err != nil {
		return err
	}
	keys, err := m.askKeys(f)
	if err != nil {
		return err
	}
	t, err := m.target(f.Genesis.Origin.Station, "CHUYEN")
	if err != nil {
		return err
	}
	t.Sources = m.sources(list, f, keys)
	_, err = moveHere(ctx, f, keys, t, true)
	var lost *store.LostError
	if errors.As(err, &lost) && lost.To == 0 {
		m.say(rtLost, err)
		m.say(rtEnd)
		if err := m.confirm("CHAP NHAN"); err != nil {
			return err
		}
		t.AcceptEnd = true
		_, err = moveHere(ctx, f, keys, t, true)
	}
	return m.settled(err)
}

// target says what will be put where on this PC and wants the word.
func (m *rescueMenu) target(station journal.Station, word string) (rescue.Target, error) {
	t := rescue.Target{Dir: m.base.Station(), KeyFile: m.base.StationKey(), SetAside: true, Log: m.log}
	if store.InUse(t.Dir) {
		m.say(rtInUse)
		return t, errBack
	}
	m.say(rtHere, station, t.Dir)
	if names, err := os.ReadDir(t.Dir); err == nil && len(names) > 0 {
		m.say(rtHereFull)
	}
	m.say(rtKnown)
	return t, m.confirm(word)
}

// settled ends what put a station on this PC.
func (m *rescueMenu) settled(err error) error {
	if err != nil {
		return err
	}
	if err := ownLike(string(m.base), m.base.Station(), m.base.Keys()); err != nil {
		return err
	}
	m.say(rtDone)
	m.say(rtStart)
	return nil
}

// stick asks on which one.
func (m *rescueMenu) stick(ctx context.Context) (volume, error) {
	list := m.volume(ctx)
	if len(list) == 0 {
		m.say(rtNoStick)
		return volume{}, errBack
	}
	m.say(rtWhich)
	for i, v := range list {
		fmt.Fprintf(m.out, "%3d  %s\n", i+1, m.textf(rtVolume, v.dir, v.label, v.free>>20))
	}
	m.say(rtBack)
	n, err := m.number(len(list))
	if err != nil {
		return volume{}, err
	}
	return list[n-1], nil
}

func (m *rescueMenu) toStick(ctx context.Context, f rescue.Found) error {
	v, err := m.stick(ctx)
	if err != nil {
		return err
	}
	o := rescue.TakeOffOptions{To: v.dir, Log: m.log}
	if f.KeyFile != "" {
		m.say(rtWithKey)
		n, err := m.number(2)
		if err != nil {
			return err
		}
		o.WithKey = n == 2
	}
	m.say(rtTake, f.Genesis.Origin.Station, f.Path, v.dir)
	if err := m.confirm("CHEP"); err != nil {
		return err
	}
	if _, err = rescue.TakeOff(ctx, f, o); err == nil {
		m.say(rtDone)
	}
	return err
}

// restoring is the fourth choice.
func (m *rescueMenu) restoring(ctx context.Context) error {
	m.say(rtSource)
	m.say(rtBack)
	n, err := m.number(2)
	if err != nil {
		return err
	}
	list, err := m.found(ctx, "", rtNothing)
	if err != nil {
		return err
	}
	if n == 1 {
		if list = only(list, rescue.Backup); len(list) == 0 {
			m.say(rtNoBackup)
			return errBack
		}
	}
	f, err := m.choose(list)
	if err != nil {
		return err
	}
	if f, err = m.knowingly(f, n == 1); err != nil {
		return err
	}
	keys, err := m.askKeys(f)
	if err != nil {
		return err
	}
	c := m.configOf(f)
	if n == 2 {
		if err := m.askHub(&c); err != nil {
			return err
		}
	}
	t, err := m.target(f.Genesis.Origin.Station, "KHOI PHUC")
	if err != nil {
		return err
	}
	if n == 2 {
		err = m.fromHub(ctx, f, c, keys, t)
	} else {
		t.Finish = furnisher(c, keys, nil)
		_, err = rescue.Restore(ctx, f, keys, t)
		err = explainCopy(err, f.Backup)
	}
	if err != nil {
		return err
	}
	if err := m.newPassword(ctx); err != nil && !errors.Is(err, errBack) {
		return err
	}
	return m.settled(nil)
}

// knowingly refuses what a newer program made. An older copy beside it is taken
// by who types that she wants it; for what is no copy, and for the province's
// records (copy false), any that names the station will do.
func (m *rescueMenu) knowingly(f rescue.Found, copy bool) (rescue.Found, error) {
	err := f.Newer()
	if err == nil || !copy && len(f.Genesis.Key) > 0 {
		return f, nil
	}
	if f.Unread() != nil {
		return f, explainCopy(err, f.Backup)
	}
	m.say(rtOlder, explainCopy(err, f.Backup), f.Backup.Manifest.Seq)
	f.Err = nil
	return f, m.confirm("BAN CU")
}

// configOf is how the restored station will run: as the copy or the station says.
func (m *rescueMenu) configOf(f rescue.Found) stationConfig {
	c := stationConfig{}
	if f.What == rescue.Backup {
		if info, err := f.Backup.Info(); err == nil {
			c = configFrom(info, "")
		}
	} else if old, err := readConfig(f.Path); err == nil && old.Station != nil {
		c = *old.Station
	}
	c.Key, c.Listen, c.LAN, c.LANHelp, c.Backup = m.base.StationKey(), defaultPage, defaultLAN, defaultLANHelp, nil
	return c
}

func (m *rescueMenu) askHub(c *stationConfig) error {
	s, err := m.ask(rtHub, strings.Join(c.Hub, ","))
	if err != nil {
		return err
	}
	if s != "" {
		c.Hub = strings.Split(s, ",")
	}
	if s, err = m.ask(rtPin, c.HubPin); err == nil && s != "" {
		c.HubPin = s
	}
	return err
}

func (m *rescueMenu) fromHub(ctx context.Context, f rescue.Found, c stationConfig, keys store.Keys, t rescue.Target) error {
	id, err := keptInstall(t.Dir + ".install")
	if err != nil {
		return err
	}
	hub, err := hubRecords(c, keys, id, newLogger(m.std.err, 0).with("fetch", t.Dir))
	if err != nil {
		return err
	}
	t.Finish = furnisher(c, keys, id)
	if _, err := rescue.FromHub(ctx, f.Genesis, keys, hub, t); err != nil {
		return err
	}
	return os.Remove(t.Dir + ".install")
}

// newPassword gives somebody a password, because none is in a backup.
func (m *rescueMenu) newPassword(ctx context.Context) error {
	n, err := openStation(ctx, m.base.Station(), newLogger(m.std.err, 8), nil)
	if err != nil {
		return err
	}
	defer n.Close()
	users, err := n.users(ctx)
	if err != nil || len(users) == 0 {
		return err
	}
	m.say(rtPassword)
	for i, u := range users {
		fmt.Fprintf(m.out, "%3d  %s (%s)\n", i+1, u.Login, u.Role)
	}
	m.say(rtBack)
	at, err := m.number(len(users))
	if err != nil {
		return err
	}
	for {
		once, err := m.ask(rtNew)
		if err != nil {
			return err
		}
		again, err := m.ask(rtAgain)
		if err != nil {
			return err
		}
		if once != again {
			m.say(rtDiffer)
			continue
		}
		if err := n.setPassword(ctx, userRequest{Login: users[at-1].Login, Password: once}); err != nil {
			m.say(rtFailed, err)
			continue
		}
		return nil
	}
}
