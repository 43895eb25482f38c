package rescue_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
)

var ctx = context.Background()

var day = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

// tempDir is in memory where the system has that.
func tempDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "tramxa-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// disk makes a volume with an installed station on it that has so many households,
// and a stick with a copy of it.
type disk struct {
	volume, stick string
	o             store.Options
	keys          store.Keys
	seq           journal.Seq
	state         store.State
}

func newDisk(t *testing.T, households int) *disk {
	t.Helper()
	root := tempDir(t)
	d := &disk{volume: filepath.Join(root, "volume"), stick: filepath.Join(root, "stick")}
	base := filepath.Join(d.volume, "data", "tramxa")
	d.o = store.Options{Dir: filepath.Join(base, "station"), KeyFile: filepath.Join(base+"-keys", "station.key"), Reserve: 1, Ballast: -1, SegmentSize: 32 << 10}
	if _, err := store.Init(store.InitOptions{Dir: d.o.Dir, KeyFile: d.o.KeyFile, Station: 7, Mint: 12, Unit: "23764", Now: day}); err != nil {
		t.Fatal(err)
	}
	d.record(t, 1, households)
	for _, name := range []string{"Windows/System32", "Users/lan", "data/tramxa/app"} {
		if err := os.MkdirAll(filepath.Join(d.volume, filepath.FromSlash(name)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// record opens the station, records households and closes it again, twice, so that
// there are several segments.
func (d *disk) record(t *testing.T, from, to int) {
	t.Helper()
	for _, part := range [][2]int{{from, (from + to) / 2}, {(from+to)/2 + 1, to}} {
		s, err := store.Open(ctx, d.o)
		if err != nil {
			t.Fatal(err)
		}
		for n := part[0]; n <= part[1]; n++ {
			if _, err := s.Update(ctx, func(tx *store.Tx) error { return household(tx, uint64(n)) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Access(ctx, journal.Draft{Envelope: journal.Envelope{Kind: 1, Version: 1}, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		d.keys = s.Keys()
		if d.seq, d.state, err = s.State(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func household(tx *store.Tx, n uint64) error {
	id := func(plus uint32) population.ID { return population.NewID(tx.Mint(), tx.NextSerial()+plus) }
	add := func(e population.Entry) error {
		kind, version, body, err := population.EncodeBody(tx.Mint(), e)
		if err != nil {
			return err
		}
		_, err = tx.Add(journal.Draft{Envelope: journal.Envelope{Kind: uint16(kind), Version: version, At: day.Unix(), Trusted: true,
			Actor: 1, Device: 1, DeviceSeq: n}, Body: body})
		return err
	}
	area := tx.View().AreaByNumber(1)
	if area == 0 {
		area = id(0)
		if err := add(population.AreaDefined{ID: area, Number: 1, Unit: 23764, Hamlet: "Làng Dút"}); err != nil {
			return err
		}
	}
	return add(population.HouseholdOpened{ID: id(0), Type: population.KindFamily, Area: area, Number: population.HouseholdNumber{Number: uint32(n)},
		Date: population.Date{Year: 2026, Month: 3, Day: 1}, Period: population.MonthPeriod(2026, 3),
		Members: []population.Member{{ID: id(1), Relation: population.RelHead, Facts: population.Facts{
			Name: fmt.Sprintf("Puih Thưn %d", n), Sex: population.Male, Born: population.Date{Year: 1980, Month: 5}, Ethnicity: 10, Residence: population.ResPresent}}}})
}

// backup puts a copy on the stick, with sealed keys.
func (d *disk) backup(t *testing.T) backups.RecoveryCode {
	t.Helper()
	code, err := backups.NewRecoveryCode(strings.NewReader("tramxa recovery code"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := backups.SealKeys(d.keys, code, strings.NewReader(strings.Repeat("s", 28)))
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(d.stick, backups.StickFolder)
	for name, b := range map[string][]byte{filepath.Join(d.o.Dir, backups.SealedName): sealed, filepath.Join(place, "README.TXT"): []byte("x")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(ctx, d.o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n, err := backups.New(backups.Options{Station: s, KeyFile: d.o.KeyFile, Sealed: filepath.Join(d.o.Dir, backups.SealedName), Home: filepath.Join(d.stick, "home"),
		Targets: func() []backups.Target { return []backups.Target{{Dir: place, Kind: backups.Stick}} },
		Info:    func() backups.Info { return backups.Info{Name: "Xã Ia Grai"} }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Once(ctx); err != nil {
		t.Fatal(err)
	}
	return code
}

func find(t *testing.T, roots ...string) []rescue.Found {
	t.Helper()
	list, err := rescue.Find(ctx, rescue.FindOptions{Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// target is an empty place on another PC, whose clock stands: what is set aside twice
// is so in one second, and its names sort by their order.
func target(t *testing.T) (rescue.Target, *rescue.Log) {
	root := tempDir(t)
	log := &rescue.Log{}
	return rescue.Target{Dir: filepath.Join(root, "base", "station"), KeyFile: filepath.Join(root, "base-keys", "station.key"), Reserve: 1, Log: log,
		Now: func() time.Time { return day }}, log
}

// sums is what every file below a folder holds, to see that nothing changed.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		all[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "journal", "e1", "lane0", "*.txj"))
	if err != nil || len(list) < 2 {
		t.Fatalf("segments %v, %v", list, err)
	}
	return list
}

func flip(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 8
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatLiesOnADiskIsFoundWithItsKeys(t *testing.T) {
	d := newDisk(t, 20)
	d.backup(t)
	before := sums(t, d.volume)
	list := find(t, d.volume, d.stick, filepath.Join(d.volume, "data")) // the last as a bind mount shows it
	if len(list) != 2 || list[0].What != rescue.Station || list[1].What != rescue.Backup {
		t.Fatalf("%+v", list)
	}
	st, b := list[0], list[1]
	if st.Path != d.o.Dir || st.KeyFile != d.o.KeyFile || st.Genesis.Origin.Station != 7 || st.Genesis.Unit != "23764" || st.Bytes == 0 || st.Problem != "" ||
		st.Sealed != filepath.Join(d.o.Dir, backups.SealedName) {
		t.Errorf("station %+v", st)
	}
	if b.KeyFile != d.o.KeyFile || b.Backup.Number != 1 || filepath.Dir(b.Sealed) != b.Path || b.Genesis.Origin.Mint != 12 {
		t.Errorf("backup %+v", b)
	}
	for _, f := range list {
		c := rescue.Check(ctx, f, rescue.CheckOptions{})
		if !c.Whole || c.Err != nil || c.Lanes[0].Head != d.seq || c.Lanes[1].Head != 2 {
			t.Errorf("check %s: %+v", f.What, c)
		}
	}
	if !reflect.DeepEqual(sums(t, d.volume), before) {
		t.Error("finding and checking changed the disk")
	}
	if list := find(t, filepath.Join(d.volume, "Users")); len(list) != 0 {
		t.Errorf("found where nothing is: %v", list)
	}
}

func TestDamageIsNamedAndAMissingKeySaid(t *testing.T) {
	d := newDisk(t, 40)
	flip(t, segments(t, d.o.Dir)[0])
	log := &rescue.Log{}
	c := rescue.Check(ctx, find(t, d.volume)[0], rescue.CheckOptions{Log: log})
	if c.Whole || len(c.Damage) == 0 || !strings.Contains(log.Text(), "HỎNG") || !strings.Contains(log.Text(), "DAMAGED") {
		t.Errorf("%+v\n%s", c, log.Text())
	}
	if err := os.Remove(d.o.KeyFile); err != nil {
		t.Fatal(err)
	}
	if c := rescue.Check(ctx, find(t, d.volume)[0], rescue.CheckOptions{}); !c.NoKey || c.Whole {
		t.Errorf("without a key: %+v", c)
	}
}

// scratched is a disk that does not give back some bytes: those in ranges never,
// others at the third try.
type scratched struct {
	journal.FS
	name   string
	from   int64
	to     int64
	moody  int64 // below that offset the first read of every block fails
	failed map[int64]int
}

func (s *scratched) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	f, err := s.FS.OpenFile(name, flag, perm)
	if err == nil && name == s.name {
		return scratchedFile{f, s}, nil
	}
	return f, err
}

type scratchedFile struct {
	journal.File
	s *scratched
}

func (f scratchedFile) ReadAt(p []byte, off int64) (int, error) {
	if off < f.s.to && off+int64(len(p)) > f.s.from {
		return 0, syscall.EIO
	}
	if off < f.s.moody && f.s.failed[off] < 2 {
		f.s.failed[off]++
		return 0, syscall.EIO
	}
	return f.File.ReadAt(p, off)
}

func TestAStationIsTakenOffADyingDisk(t *testing.T) {
	d := newDisk(t, 400)
	d.backup(t)
	bad := segments(t, d.o.Dir)[1]
	size, err := journal.OS.Stat(bad)
	if err != nil || size < 8192 {
		t.Fatalf("%d bytes, %v", size, err)
	}
	disk := &scratched{FS: journal.OS, name: bad, from: 4096, to: 4096 + 100, moody: 4096, failed: map[int64]int{}}
	before := sums(t, d.volume)
	log := &rescue.Log{}
	out := tempDir(t)
	taken, err := rescue.TakeOff(ctx, find(t, d.volume)[0], rescue.TakeOffOptions{To: out, WithKey: true, FS: disk, Log: log, Now: func() time.Time { return day }})
	if err != nil {
		t.Fatal(err)
	}
	want := []rescue.Range{{File: "journal/e1/lane0/" + filepath.Base(bad), Offset: 4096, Length: 4096}}
	if !reflect.DeepEqual(taken.Bad, want) || filepath.Base(taken.Folder) != "tramxa-station-7-20260302T200000" {
		t.Errorf("%+v", taken)
	}
	if !reflect.DeepEqual(sums(t, d.volume), before) {
		t.Error("the dying disk was written to")
	}
	if !strings.Contains(log.Text(), "không đọc được: tệp journal/e1/lane0/"+filepath.Base(bad)) {
		t.Errorf("log:\n%s", log.Text())
	}

	// what was taken off is found, is damaged where it must be, and is whole again
	// with a backup
	f := find(t, out)[0]
	if f.KeyFile == "" || f.Genesis.Origin.Station != 7 {
		t.Fatalf("%+v", f)
	}
	if c := rescue.Check(ctx, f, rescue.CheckOptions{}); c.Whole || len(c.Damage) == 0 {
		t.Errorf("check: %+v", c)
	}
	tg, log := target(t)
	if _, err := rescue.Move(ctx, f, d.keys, tg); !errors.Is(err, store.ErrLost) {
		t.Fatalf("moved although records are missing: %v", err)
	}
	if _, err := os.Stat(tg.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was put in place")
	}
	src, from := find(t, d.stick)[0].Backup.FS()
	source, err := store.OpenBackupFrom(src, from, store.Options{Dir: f.Path, KeyFile: f.KeyFile})
	if err != nil {
		t.Fatal(err)
	}
	tg.Sources = []store.Source{source}
	s, err := rescue.Move(ctx, f, d.keys, tg)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.Text())
	}
	if s.Seq != d.seq || s.State != d.state || len(s.Healed) != 1 {
		t.Errorf("moved: %+v, want %d %+v", s, d.seq, d.state)
	}
}

func TestAMovedStationIsTheStation(t *testing.T) {
	d := newDisk(t, 30)
	if err := os.WriteFile(filepath.Join(d.o.Dir, "install.id"), []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.o.Dir, "accounts.json"), []byte("accounts"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := sums(t, d.volume)
	tg, log := target(t)
	tg.Omit = []string{"install.id"}
	tg.Finish = func(dir string) error { return os.WriteFile(filepath.Join(dir, "finished"), nil, 0o600) }
	s, err := rescue.Move(ctx, find(t, d.volume)[0], d.keys, tg)
	if err != nil {
		t.Fatal(err)
	}
	if s.Seq != d.seq || s.State != d.state || len(s.Bad)+len(s.Aside)+len(s.Healed) > 0 {
		t.Errorf("%+v", s)
	}
	for name, want := range map[string]bool{"install.id": false, "accounts.json": true, "finished": true, "clean.json": true} {
		if _, err := os.Stat(filepath.Join(tg.Dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !reflect.DeepEqual(sums(t, d.volume), before) {
		t.Error("the old place was changed")
	}
	for _, want := range []string{"chuyển trạm 7", "tỉnh sẽ nhận ra", "moving station 7", "the province recognises"} {
		if !strings.Contains(log.Text(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.Text())
		}
	}

	// a second time it is refused, and set aside only when that is wanted
	if _, err := rescue.Move(ctx, find(t, d.volume)[0], d.keys, tg); !errors.Is(err, rescue.ErrOccupied) {
		t.Errorf("over a station: %v", err)
	}
	st, err := store.Open(ctx, store.Options{Dir: tg.Dir, KeyFile: tg.KeyFile, Reserve: 1, Ballast: -1})
	if err != nil {
		t.Fatal(err)
	}
	tg.SetAside = true
	if _, err := rescue.Move(ctx, find(t, d.volume)[0], d.keys, tg); !errors.Is(err, store.ErrLocked) {
		t.Errorf("over a running station: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	old := sums(t, tg.Dir)
	s, err = rescue.Move(ctx, find(t, d.volume)[0], d.keys, tg)
	if err != nil || len(s.Aside) != 1 {
		t.Fatalf("set aside: %+v, %v", s, err)
	}
	if kept := sums(t, s.Aside[0]); len(kept) != len(old) {
		t.Errorf("of %d files %d are kept", len(old), len(kept))
	}
}

func TestARestoreWithTheSheetAlone(t *testing.T) {
	d := newDisk(t, 30)
	code := d.backup(t)
	stick := find(t, d.stick)
	if len(stick) != 1 || stick[0].KeyFile != "" || stick[0].Sealed == "" {
		t.Fatalf("%+v", stick)
	}
	b, err := os.ReadFile(stick[0].Sealed)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := backups.OpenKeys(b, code)
	if err != nil {
		t.Fatal(err)
	}
	tg, _ := target(t)
	s, err := rescue.Restore(ctx, stick[0], keys, tg)
	if err != nil || s.Seq != d.seq || s.State != d.state {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(tg.Dir, backups.SealedName)); err != nil {
		t.Error("the next copies carry no sealed keys")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(tg.Dir), "*.unfinished")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}

	// another station's key file is not overwritten
	other, err := store.NewKeys(8, 1, strings.NewReader(strings.Repeat("k", 96)))
	if err != nil {
		t.Fatal(err)
	}
	tg2, _ := target(t)
	if err := store.PutKeys(nil, tg2.KeyFile, other); err != nil {
		t.Fatal(err)
	}
	if _, err := rescue.Restore(ctx, stick[0], keys, tg2); !errors.Is(err, rescue.ErrOccupied) {
		t.Errorf("over other keys: %v", err)
	}
	tg2.SetAside = true
	if s, err := rescue.Restore(ctx, stick[0], keys, tg2); err != nil || len(s.Aside) != 1 {
		t.Errorf("%+v, %v", s, err)
	} else if k, err := store.ReadKeys(journal.OS, s.Aside[0]); err != nil || k.Station != 8 {
		t.Errorf("the other keys: %v, %v", k, err)
	}
	if _, err := rescue.Restore(ctx, stick[0], other, tg); !errors.Is(err, journal.ErrWrongKey) {
		t.Errorf("with another's keys: %v", err)
	}

	// a damaged copy puts nothing in place and moves nothing away
	pool, _ := filepath.Glob(filepath.Join(stick[0].Path, "pool", "*", "*"))
	flip(t, pool[0])
	before := sums(t, filepath.Dir(tg.Dir))
	tg.SetAside = true
	if _, err := rescue.Restore(ctx, stick[0], keys, tg); !errors.Is(err, store.ErrBadBackup) {
		t.Errorf("a damaged one: %v", err)
	}
	if !reflect.DeepEqual(sums(t, filepath.Dir(tg.Dir)), before) {
		t.Error("a failed restore changed what was there")
	}
}

func TestFromRecordsAlone(t *testing.T) {
	d := newDisk(t, 30)
	d.backup(t)
	f := find(t, d.stick)[0]
	info, err := f.Backup.Info()
	if err != nil {
		t.Fatal(err)
	}
	g, err := journal.ParseGenesis(info.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	src, from := f.Backup.FS()
	records, err := store.OpenBackupFrom(src, from, store.Options{Dir: d.o.Dir, KeyFile: d.o.KeyFile})
	if err != nil {
		t.Fatal(err)
	}
	tg, _ := target(t)
	s, err := rescue.FromHub(ctx, g, d.keys, records, tg)
	if err != nil || s.Seq != d.seq || s.State != d.state || s.Taken != uint64(d.seq)+2 {
		t.Fatalf("%+v, %v", s, err)
	}
}

func TestARegisterIsMadeAgain(t *testing.T) {
	d := newDisk(t, 30)
	ckpts, _ := filepath.Glob(filepath.Join(d.o.Dir, "checkpoints", "*.txc"))
	for _, name := range ckpts {
		flip(t, name)
	}
	state, err := rescue.Rebuild(ctx, find(t, d.volume)[0], d.o.KeyFile, nil, &rescue.Log{})
	if err != nil || state != d.state {
		t.Fatalf("%+v, %v", state, err)
	}
	flip(t, segments(t, d.o.Dir)[0])
	before := sums(t, filepath.Join(d.o.Dir, "journal"))
	if _, err := rescue.Rebuild(ctx, find(t, d.volume)[0], d.o.KeyFile, nil, nil); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("from a damaged journal: %v", err)
	}
	if !reflect.DeepEqual(sums(t, filepath.Join(d.o.Dir, "journal")), before) {
		t.Error("a damaged journal was changed")
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	verbs := regexp.MustCompile(`%[a-z]`)
	for i, s := range rescue.Sentences {
		vi, en := verbs.FindAllString(s[0], -1), verbs.FindAllString(s[1], -1)
		if s[0] == "" || s[1] == "" || !reflect.DeepEqual(vi, en) {
			t.Errorf("sentence %d: %v and %v", i, vi, en)
		}
	}
}
