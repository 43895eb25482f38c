package rescue_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
)

// newerCopy puts a copy that a newer program made into the folder of a place.
func newerCopy(t *testing.T, folder, number string) {
	t.Helper()
	b, err := store.Seal(map[string]any{"version": 2, "number": 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "copies", number+".json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestACopyBesideNewerOnesIsNotTakenUnasked: it is older than what the station had.
func TestACopyBesideNewerOnesIsNotTakenUnasked(t *testing.T) {
	d := newDisk(t, 20)
	d.backup(t)
	folder := find(t, d.stick)[0].Path
	newerCopy(t, folder, "000002")
	list := find(t, d.stick)
	if len(list) != 1 || list[0].Backup.Number != 1 || list[0].Newer() == nil || list[0].Problem != "" {
		t.Fatalf("%+v", list)
	}
	tg, _ := target(t)
	if _, err := rescue.Restore(ctx, list[0], d.keys, tg); !errors.Is(err, journal.ErrNewer) || !strings.Contains(err.Error(), "copy 2") {
		t.Errorf("restored unasked: %v", err)
	}
	if full, err := filepath.Glob(tg.Dir + "*"); err != nil || len(full) > 0 {
		t.Errorf("something was put in place: %v, %v", full, err)
	}
	known := list[0]
	known.Err = nil
	if s, err := rescue.Restore(ctx, known, d.keys, tg); err != nil || s.State != d.state {
		t.Errorf("knowingly: %+v, %v", s, err)
	}

	// newer ones alone are named so, and are no damage
	if err := os.Remove(filepath.Join(folder, "copies", "000001.json")); err != nil {
		t.Fatal(err)
	}
	list = find(t, d.stick)
	if len(list) != 1 || list[0].Path != folder || list[0].Newer() == nil {
		t.Fatalf("%+v", list)
	}
	if c := rescue.Check(ctx, list[0], rescue.CheckOptions{KeyFile: d.o.KeyFile}); c.Whole || c.NoKey || !errors.Is(c.Err, journal.ErrNewer) {
		t.Errorf("checked: %+v", c)
	}
	tg, _ = target(t)
	tg.SetAside = true
	if _, err := rescue.Restore(ctx, list[0], d.keys, tg); !errors.Is(err, journal.ErrNewer) || errors.Is(err, store.ErrBadBackup) {
		t.Errorf("restored: %v", err)
	}
	if _, err := rescue.FromHub(ctx, list[0].Genesis, d.keys, nil, tg); err == nil || errors.Is(err, journal.ErrNewer) {
		t.Errorf("from nothing: %v", err)
	}
}

// TestWhatWasCopiedOffADiskIsKept: a station of a newer program cannot be put in
// place, but its disk may not give it a second time.
func TestWhatWasCopiedOffADiskIsKept(t *testing.T) {
	d := newDisk(t, 20)
	s, err := store.Open(ctx, d.o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Update(ctx, func(tx *store.Tx) error {
		kind, version, body, err := population.EncodeBody(tx.Mint(), population.Unknown{Of: population.KindBirth, Version: population.Version + 1, Body: []byte("later")})
		if err != nil {
			return err
		}
		_, err = tx.Add(journal.Draft{Envelope: journal.Envelope{Kind: uint16(kind), Version: version, At: day.Unix(), Trusted: true, Actor: 1, Device: 1, DeviceSeq: 99}, Body: body})
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	tg, log := target(t)
	f := find(t, d.volume)[0]
	for n := range 2 { // the second attempt does not take away what the first has kept
		if _, err = rescue.Move(ctx, f, d.keys, tg); !errors.Is(err, journal.ErrNewer) {
			t.Fatalf("moved: %v", err)
		}
		kept, gerr := filepath.Glob(tg.Dir + "*")
		if gerr != nil || len(kept) != n+1 {
			t.Fatalf("kept: %v, %v", kept, gerr)
		}
		if !strings.Contains(err.Error(), kept[n]) || !strings.Contains(log.Text(), kept[n]) {
			t.Errorf("%s is not named: %v\n%s", kept[n], err, log.Text())
		}
		if !reflect.DeepEqual(contents(t, filepath.Join(kept[n], "journal")), contents(t, filepath.Join(f.Path, "journal"))) {
			t.Error("the kept journal is not the station's")
		}
		if again := find(t, filepath.Dir(tg.Dir)); len(again) != n+1 || again[0].What != rescue.Station || !again[0].Genesis.Key.Equal(f.Genesis.Key) {
			t.Errorf("not found again: %+v", again)
		}
	}
	if keys, err := filepath.Glob(tg.KeyFile + "*"); err != nil || len(keys) > 0 {
		t.Errorf("keys are left: %v, %v", keys, err)
	}
}

// contents is sums by the names below dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, b := range sums(t, dir) {
		all[strings.TrimPrefix(name, dir)] = b
	}
	return all
}

// TestAGenesisOfANewerProgramIsNamed: of such a station nothing can be read, not
// even which keys are its own; that none is found for it is not what is wrong. It
// is found before its first record too.
func TestAGenesisOfANewerProgramIsNamed(t *testing.T) {
	for _, households := range []int{20, 0} {
		d := &disk{volume: tempDir(t)}
		if d.o.Dir, d.o.KeyFile = filepath.Join(d.volume, "station"), filepath.Join(d.volume, "station.key"); households > 0 {
			d = newDisk(t, households)
		} else if _, err := store.Init(store.InitOptions{Dir: d.o.Dir, KeyFile: d.o.KeyFile, Station: 7, Mint: 12, Unit: "23764", Now: day}); err != nil {
			t.Fatal(err)
		}
		all, err := filepath.Glob(filepath.Join(d.o.Dir, "journal", "e1", "lane*", "genesis.txg"))
		if err != nil || len(all) != 2 {
			t.Fatalf("%q, %v", all, err)
		}
		for _, name := range all {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b[4]++ // the version stands behind the four letters of the format
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		list := find(t, d.volume)
		if len(list) != 1 || list[0].What != rescue.Station || !errors.Is(list[0].Unread(), journal.ErrNewer) {
			t.Fatalf("%+v", list)
		}
		before := sums(t, d.volume)
		for _, key := range []string{"", d.o.KeyFile} {
			if c := rescue.Check(ctx, list[0], rescue.CheckOptions{KeyFile: key}); c.Whole || c.NoKey || len(c.Damage) > 0 || !errors.Is(c.Err, journal.ErrNewer) {
				t.Errorf("checked with the key file %q: %+v", key, c)
			}
			if _, err := rescue.Rebuild(ctx, list[0], key, nil, nil); !errors.Is(err, journal.ErrNewer) {
				t.Errorf("rebuilt with the key file %q: %v", key, err)
			}
		}
		if !reflect.DeepEqual(before, sums(t, d.volume)) {
			t.Error("something was changed")
		}
	}
}
