package backups_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

// The places that earlier versions of the program wrote: journal, checkpoints,
// copies, particulars, sealed keys. They are frozen for ever, and so is what the
// book in them is: the file states has a line "fold hash" for each version of the
// fold there has been. A program with a new fold adds its line.
var frozen = []struct {
	dir  string
	seq  journal.Seq
	make func(t *testing.T, to string)
}{
	{"testdata/place1", 13, freezePlace},
	{"testdata/commune1", 206, freezeCommune}, // entries of every kind of version 1, accounts, an access log
}

func TestPlacesOfEarlierVersionsAreRestored(t *testing.T) {
	for _, f := range frozen {
		t.Run(filepath.Base(f.dir), func(t *testing.T) {
			if _, err := os.Stat(f.dir); *update && errors.Is(err, fs.ErrNotExist) {
				f.make(t, f.dir)
			}
			list, err := backups.Look(nil, f.dir)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			c := list[0]
			info, err := c.Info()
			if err != nil || info.Name != "Xã Ia Grai" {
				t.Errorf("particulars %+v, %v", info, err)
			}
			if g, err := journal.ParseGenesis(info.Genesis); err != nil || g.Origin.Station != 7 {
				t.Errorf("genesis: %v", err)
			}
			work := tempDir(t)
			p, err := backups.Prove(context.Background(), c, backups.ProofOptions{KeyFile: keyOf(t, c, work), Work: work})
			if err != nil || p.Seq != f.seq {
				t.Fatalf("%+v, %v", p, err)
			}
			if stated := c.State.Fold == register.FoldVersion; p.Compared != stated {
				t.Errorf("compared with what the copy states: %v", p.Compared)
			}
			want := frozenState(t, f.dir)
			if got := fmt.Sprintf("%d %x", p.State.Fold, p.State.Hash); got != want {
				t.Errorf("the book is %q, frozen is %q", got, want)
			}
		})
	}
}

// keyOf writes the keys that lie with a copy, opened with the frozen code, to a
// file.
func keyOf(t *testing.T, c backups.Copy, work string) (file string) {
	t.Helper()
	b, err := c.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := backups.OpenKeys(b, fixedCode(t))
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(work, "station.key")
	if err := store.PutKeys(nil, file, keys); err != nil {
		t.Fatal(err)
	}
	return file
}

// frozenState is the line of this program's fold beside a frozen place.
func frozenState(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(dir + ".states")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, fmt.Sprintf("%d ", register.FoldVersion)) {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("%s.states has no line for fold %d", dir, register.FoldVersion)
	return ""
}

func freezePlace(t *testing.T, to string) {
	t.Helper()
	w := newWorld(t, nil)
	w.record(t, 12)
	w.freeze(t, to)
}

// freezeCommune freezes a commune of 200 invented persons and its months, with every kind
// of entry.
func freezeCommune(t *testing.T, to string) {
	t.Helper()
	w := newWorldIn(t, tempDir(t), 8<<10, nil)
	c := populationtest.New(populationtest.Options{Seed: 11, Persons: 200, Mint: 12, Unit: 23764, Errors: populationtest.Published()})
	for _, e := range c.Areas {
		w.enter(t, e)
	}
	for _, e := range c.Users {
		w.enter(t, e)
	}
	for _, e := range c.Households {
		w.enter(t, e)
	}
	for p := population.MonthPeriod(2026, 1); p < population.MonthPeriod(2026, 1)+60; p++ {
		for _, e := range c.Month(p) {
			w.enter(t, e.Entry)
		}
	}
	w.rarer(t)
	for n := range 20 {
		d := journal.Draft{Envelope: journal.Envelope{Kind: 1, Version: 1, At: w.now.Unix(), Actor: 2, Class: journal.ClassSensitive}, Body: []byte{byte(n)}}
		if err := w.s.Access(context.Background(), d); err != nil {
			t.Fatal(err)
		}
	}
	if missing := w.kindsMissing(t); missing != "" {
		t.Fatalf("no entry of the kinds %s", missing)
	}
	w.freeze(t, to)
}

// rarer writes the kinds that a commune's months do not have.
func (w *world) rarer(t *testing.T) {
	t.Helper()
	day, period := population.Date{Year: 2031, Month: 2, Day: 3}, population.MonthPeriod(2031, 2)
	var house, other *population.Household
	view := func(fn func(v *register.View) error) {
		if err := w.s.View(context.Background(), fn); err != nil {
			t.Fatal(err)
		}
	}
	var first, second population.ID
	view(func(v *register.View) error {
		if err := v.Households(func(h *population.Household) bool {
			if len(v.Members(h.ID)) >= 2 {
				house, other = other, h
			}
			return house == nil
		}); err != nil {
			return err
		}
		m := v.Members(house.ID)
		first, second = m[0], m[1]
		return nil
	})
	begun := w.enter(t, population.OperationBegun{What: "import", Source: "so-a0.csv", Digest: make([]byte, 32), Rows: 1})
	changed := w.enter(t, population.InformationChanged{Person: first, Changed: []population.Field{population.FieldEducation}, To: population.Facts{Education: 3}, Date: day, Period: period})
	w.enter(t, population.OperationEnded{Operation: begun, Taken: 1})
	w.enter(t, population.Amendment{Target: changed, By: population.InformationChanged{Person: first, Changed: []population.Field{population.FieldEducation}, To: population.Facts{Education: 4}, Date: day, Period: period}})
	undone := w.enter(t, population.HouseholdChanged{Household: other.ID, Address: "Đường Hùng Vương", Date: day, Period: period})
	w.enter(t, population.Annulment{First: undone, Last: undone})
	w.enter(t, population.UserChanged{Number: 2, Name: "Trần Thị Lan", Role: population.RoleOfficer, Disabled: true})
	w.enter(t, population.SamePerson{Canonical: min(first, second), Other: max(first, second), Date: day, Period: period})
	w.enter(t, population.SamePersonUndone{Canonical: min(first, second), Other: max(first, second), Date: day, Period: period})
	next := w.serial(t)
	id := func(plus uint32) population.ID { return population.NewID(12, next+plus) }
	w.enter(t, population.PersonRegistered{Household: house.ID, Member: population.Member{ID: id(0), Relation: population.RelOther,
		Facts: population.Facts{Name: "Rơ Châm Chi", Sex: population.Female, Born: population.Date{Year: 2001}, Ethnicity: 10, Residence: population.ResPresent}}, Date: day, Period: period})
	w.enter(t, population.Divorce{A: first, B: second, Date: day, Period: period})
	w.enter(t, population.HouseholdSplit{From: house.ID, New: id(1), Type: population.KindFamily, Area: house.Area, Number: population.HouseholdNumber{Number: 900},
		Persons: []population.Placed{{Person: second, Relation: population.RelHead}}, Date: day, Period: period})
	w.enter(t, population.HouseholdJoined{From: id(1), Into: house.ID, Persons: []population.Placed{{Person: second, Relation: population.RelOther}}, Date: day, Period: period})
	w.enter(t, population.PeriodClosed{Period: period})
}

// serial is the next free one.
func (w *world) serial(t *testing.T) (next uint32) {
	t.Helper()
	stop := errors.New("nothing is written")
	_, err := w.s.Update(context.Background(), func(tx *store.Tx) error {
		next = tx.NextSerial()
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	return next
}

// enter writes an entry.
func (w *world) enter(t *testing.T, e population.Entry) (seq uint64) {
	t.Helper()
	w.n++
	_, err := w.s.Update(context.Background(), func(tx *store.Tx) error {
		kind, version, body, err := population.EncodeBody(tx.Mint(), e)
		if err != nil {
			return err
		}
		at, err := tx.Add(journal.Draft{Envelope: journal.Envelope{Kind: uint16(kind), Version: version, At: w.now.Unix() + int64(w.n), Trusted: w.n%7 != 0,
			Actor: 2, Device: 1, DeviceSeq: w.n, Offset: int32(w.n % 3)}, Body: body})
		seq = uint64(at)
		return err
	})
	if err != nil {
		t.Fatalf("%T: %v", e, err)
	}
	return seq
}

// kindsMissing lists the kinds of which the journal has no entry.
func (w *world) kindsMissing(t *testing.T) (missing string) {
	t.Helper()
	seen := map[population.Kind]bool{}
	err := w.s.Journal(journal.LaneRegister).Read(context.Background(), 1, func(r journal.Record) error {
		e, err := r.Envelope()
		seen[population.Kind(e.Kind)] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range population.Kinds() {
		if !seen[k] {
			missing += fmt.Sprintf(" %v", k)
		}
	}
	return missing
}

// freeze makes a copy on the stick and puts it, and what its book is, into
// testdata.
func (w *world) freeze(t *testing.T, to string) {
	t.Helper()
	sealed, err := backups.SealKeys(w.s.Keys(), fixedCode(t), rand32{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.o.Dir, backups.SealedName), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	w.once(t)
	_, state, err := w.s.State(context.Background())
	err = errors.Join(err, os.RemoveAll(to), os.CopyFS(to, os.DirFS(w.stick)),
		os.WriteFile(to+".states", fmt.Appendf(nil, "%d %x\n", state.Fold, state.Hash), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}
