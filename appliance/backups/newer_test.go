package backups_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
)

// newerCopy puts a copy of a newer program beside the others in a place, with a
// file of the pool that only it needs.
func newerCopy(t *testing.T, folder string, number string) {
	t.Helper()
	b, err := store.Seal(map[string]any{"version": 2, "number": 9, "pieces": []string{"ffee"}})
	if err != nil {
		t.Fatal(err)
	}
	pool := filepath.Join(folder, "pool", "ff")
	err = errors.Join(os.WriteFile(filepath.Join(folder, "copies", number+".json"), b, 0o600), os.MkdirAll(pool, 0o700),
		os.WriteFile(filepath.Join(pool, "ff"+strings.Repeat("e", 62)), []byte("of the newer one"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

// listing is every file below dir and when it was written.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(name string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			b.WriteString(name + " " + i.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAPlaceOfANewerProgramIsLeftAlone: nobody here knows which files its copies
// need, so nothing is written there, and nothing is cleared away.
func TestAPlaceOfANewerProgramIsLeftAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 20)
	w.once(t)
	newerCopy(t, w.folder(w.stick), "000009")
	before := listing(t, w.stick)
	w.record(t, 20)
	w.now = w.now.Add(24 * time.Hour)
	st, err := w.night.Once(context.Background())
	if !errors.Is(err, journal.ErrNewer) || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("the night says %v", err)
	}
	if local, stick := st.Places[0], st.Places[1]; local.Copies != 2 || local.Problem != backups.Fine || stick.Problem != backups.Failed || stick.Error == "" {
		t.Errorf("%+v", st)
	}
	if err := w.night.Carry(context.Background(), w.targets[1:]); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("carried: %v", err)
	}
	if after := listing(t, w.stick); after != before {
		t.Errorf("the stick was changed:\n%s\nit was\n%s", after, before)
	}
	list, err := backups.Look(nil, w.stick)
	if !errors.Is(err, journal.ErrNewer) || len(list) != 1 || list[0].Number != 1 {
		t.Errorf("looked: %d copies, %v", len(list), err)
	}
}

// TestALaterManifestInACopyIsNotDamage: its files stay in the pool.
func TestALaterManifestInACopyIsNotDamage(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 20)
	w.once(t)
	folder := w.folder(w.stick)
	newerCopy(t, folder, "000009") // its file of the pool
	b, err := store.Seal(map[string]any{"version": 1, "number": 9, "fold": 1, "rows": 3, "state": strings.Repeat("ab", 32),
		"manifest": map[string]any{"version": 2, "pieces": []string{"ffee"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "copies", "000009.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backups.ParseCopy(b); !errors.Is(err, journal.ErrNewer) || errors.Is(err, store.ErrBadBackup) {
		t.Errorf("parsed: %v", err)
	}
	before := listing(t, w.stick)
	w.record(t, 20)
	w.now = w.now.Add(24 * time.Hour)
	if _, err := w.night.Once(context.Background()); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("the night says %v", err)
	}
	if after := listing(t, w.stick); after != before {
		t.Errorf("the stick was changed:\n%s\nit was\n%s", after, before)
	}
	flipped := bytes.Replace(b, []byte(`"version": 2`), []byte(`"version": 3`), 1)
	if _, err := backups.ParseCopy(flipped); errors.Is(err, journal.ErrNewer) || !errors.Is(err, store.ErrBadBackup) {
		t.Errorf("a flipped bit is no newer version: %v", err)
	}
}

func TestLaterParticularsAndKeysAreNamed(t *testing.T) {
	b, err := store.Seal(map[string]any{"version": 2, "station": 7, "colour": "red"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backups.ParseInfo(b); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("particulars: %v", err)
	}
	sealed, err := os.ReadFile("testdata/keys1.sealed")
	if err != nil {
		t.Fatal(err)
	}
	sealed[4] = 2
	if _, err := backups.ReadSealed(summed(sealed)); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("keys: %v", err)
	}
}

// TestARestoreIsComparedWithWhatIsStated: of files that all fit their hashes and yet
// give another register than stated, as a fault of the program would make them, the
// journal is the truth: the station is put in place, and told that it differs.
func TestARestoreIsComparedWithWhatIsStated(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 20)
	w.once(t)
	c := w.copies(t, w.stick)[0]
	restore := func(c backups.Copy, pc string) (rescue.Settled, string) {
		t.Helper()
		log := &rescue.Log{}
		s, err := rescue.Restore(context.Background(), rescue.FoundCopy(c), w.s.Keys(), rescue.Target{Dir: filepath.Join(w.root, pc, "station"),
			KeyFile: filepath.Join(w.root, pc+"-keys", "station.key"), Reserve: 1, Log: log})
		if err != nil || s.State != w.copies(t, w.stick)[0].State {
			t.Fatalf("%s: %+v, %v", pc, s, err)
		}
		if left, _ := filepath.Glob(filepath.Join(w.root, pc+"*", "*.unfinished")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		return s, log.Text()
	}
	bad := c
	bad.State.Hash[3] ^= 1
	s, said := restore(bad, "pc1")
	if s.Agrees || !errors.Is(s.Differs, backups.ErrDiffers) || !strings.Contains(said, "CHÚ Ý") || !strings.Contains(said, "ATTENTION") ||
		!strings.Contains(said, "dựng lại sổ từ nhật ký") {
		t.Errorf("%+v\n%s", s, said)
	}
	o := store.Options{Dir: s.Dir, KeyFile: filepath.Join(w.root, "pc1-keys", "station.key"), Reserve: 1, Ballast: -1}
	again, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, state, err := again.State(context.Background()); err != nil || state != c.State {
		t.Errorf("opened again: %+v, %v", state, err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if s, said := restore(c, "pc2"); !s.Agrees || s.Differs != nil || strings.Contains(said, "ATTENTION") {
		t.Errorf("%+v\n%s", s, said)
	}
}

// TestACopyDependsOnNoSystem: what lies in a copy names files with slashes and in
// small letters, and no path of the PC that made it; a name with another separator
// is refused.
func TestACopyDependsOnNoSystem(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 20)
	w.once(t)
	c := w.copies(t, w.stick)[0]
	for _, f := range c.Manifest.Files {
		if f.Name != strings.ToLower(f.Name) || strings.ContainsAny(f.Name, `\:`) || filepath.IsAbs(f.Name) || !strings.Contains(f.Name, "/") {
			t.Errorf("a copy names its file %q", f.Name)
		}
	}
	for _, name := range []string{"station.json", filepath.Join("copies", "000001.json")} {
		b, err := os.ReadFile(filepath.Join(c.Folder, name))
		if err != nil || bytes.Contains(b, []byte(w.root)) {
			t.Errorf("%s holds a path of this machine (%v)", name, err)
		}
	}
	for _, name := range []string{`journal\e1\lane0\genesis.txg`, `C:/journal/e1`, `..\..\station.key`, "/etc/passwd"} {
		evil := c
		evil.Manifest.Files = append([]store.ManifestFile{{Name: name}}, c.Manifest.Files...)
		b, err := evil.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backups.ParseCopy(b); !errors.Is(err, store.ErrBadBackup) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
