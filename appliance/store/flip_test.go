package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

const flipCommands = 120

// template is a station with several segments, two checkpoints, an access log
// and a cursor, stopped cleanly, kept in memory where possible.
func template(t *testing.T) (root string, hash [32]byte) {
	t.Helper()
	root = quickDir(t)
	o := inRoot(root)
	initStation(t, o)
	for life := range uint64(4) {
		s := open(t, o)
		mustSave(t, s, 1, life*flipCommands/4+1, (life+1)*flipCommands/4)
		if err := s.Access(context.Background(), journal.Draft{Envelope: journal.Envelope{Kind: 1000, Version: 1}, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		head, chain := s.Head()
		if err := s.SetAcked(store.Cursor{Seq: head - 5, Hash: hashAt(t, s, head-5), At: epochStart}); err != nil {
			t.Fatal(err, chain)
		}
		hash = hashOf(t, s)
		closeStore(t, s)
	}
	return root, hash
}

func hashAt(t *testing.T, s *store.Store, seq journal.Seq) journal.Hash {
	t.Helper()
	h, err := s.Journal(journal.LaneRegister).HashAt(seq)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func inRoot(root string) store.Options {
	return store.Options{
		Dir: filepath.Join(root, "station"), KeyFile: filepath.Join(root, "keys", "station.key"),
		Reserve: 1, Ballast: -1, Now: fixedNow, SegmentSize: 8 << 10,
	}
}

// TestEveryFlippedBitIsFoundAndTheViewHealsItself flips one random bit in a
// random file of a stopped station: journal damage is named with its range, all
// else heals by itself, and no answer is ever wrong.
func TestEveryFlippedBitIsFoundAndTheViewHealsItself(t *testing.T) {
	flips := 50
	if long() {
		flips = 500
	} else {
		t.Logf("%d flips; TRAMXA_LONG=1 makes 500", flips)
	}
	from, want := template(t)
	rng := rand.New(rand.NewPCG(11, 12))
	places := []string{"station/journal", "station/view", "station/checkpoints", "station", "keys"}
	count := map[string]int{}
	for i := range flips {
		root := quickDir(t)
		if err := os.CopyFS(root, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		name, err := flipBit(rng, filepath.Join(root, places[i%len(places)]))
		if err != nil || name == "" {
			t.Fatal(name, err)
		}
		count[afterFlip(t, inRoot(root), strings.TrimPrefix(name, root+string(filepath.Separator)), want)]++
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d flips: %v", flips, count)
}

// afterFlip opens a station with one flipped bit in the file name and says how
// it was met.
func afterFlip(t *testing.T, o store.Options, name string, want [32]byte) string {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if strings.HasPrefix(name, "keys") {
		wantError(t, err, store.ErrBadKeys)
		return "key file: refused"
	}
	inJournal := strings.Contains(filepath.ToSlash(name), "/journal/")
	if err != nil {
		if !inJournal {
			t.Fatalf("%s: %v", name, err)
		}
		return namedDamage(t, name, err)
	}
	defer closeStore(t, s)
	if n, err := missing(s, 1, flipCommands); n != 0 || err != nil {
		t.Fatalf("%s: command %d is not there, %v", name, n, err)
	}
	if hashOf(t, s) != want {
		t.Fatalf("%s: the register is not what it was", name)
	}
	_, err = s.Verify(context.Background(), nil)
	switch {
	case inJournal && err == nil:
		t.Fatalf("%s: flipped bit in the journal not found", name)
	case inJournal:
		return namedDamage(t, name, err)
	case strings.Contains(name, "checkpoints") && errors.Is(err, store.ErrBadCheckpoint):
		return "checkpoint: found"
	case err != nil:
		t.Fatalf("%s: %v", name, err)
	case s.Status().View.Trusted && strings.Contains(filepath.ToSlash(name), "/view/"):
		t.Fatalf("%s: flipped bit in the view not found", name)
	case s.Status().View.Trusted:
		return "small file: taken as lost"
	}
	return "view: made again"
}

func namedDamage(t *testing.T, name string, err error) string {
	t.Helper()
	var d *journal.Damage
	switch {
	case errors.As(err, &d):
		if d.Segment == "" || d.To < d.From {
			t.Fatalf("%s: damage without its place: %+v", name, d)
		}
		return "journal: range named"
	case strings.HasSuffix(name, "genesis.txg"):
		return "genesis: refused"
	case errors.Is(err, journal.ErrFormat), errors.Is(err, journal.ErrWrongKey):
		return "journal header: refused"
	}
	t.Fatalf("%s: %v", name, err)
	return ""
}

// TestAViewThatGoesBadWhileItIsReadIsMadeAgain damages table files under an open
// store.
func TestAViewThatGoesBadWhileItIsReadIsMadeAgain(t *testing.T) {
	root, want := template(t)
	o := inRoot(root)
	s := open(t, o)
	destroy(t, o)
	if _, err := s.Verify(context.Background(), nil); err == nil {
		t.Fatal("a destroyed view is proven whole")
	}
	mustSave(t, s, 1, flipCommands+1, flipCommands+1)
	waitHealed(t, s)
	if n, err := missing(s, 1, flipCommands+1); n != 0 || err != nil {
		t.Errorf("command %d is not there, %v", n, err)
	}
	if hashOf(t, s) == want {
		t.Error("the command after the damage is not in the register")
	}
	if _, err := s.Verify(context.Background(), nil); err != nil {
		t.Errorf("after healing: %v", err)
	}
	if st := s.Status(); st.Heals == 0 || st.View.SetAside == "" {
		t.Errorf("status after healing: %+v", st)
	}
}

// destroy overwrites a piece of every table of an open view.
func destroy(t *testing.T, o store.Options) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(o.Dir, "view", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables, %v", err)
	}
	for _, name := range tables {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(make([]byte, 2000), 0); err != nil { // the mapping shows it at once
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoCommandIsDecidedOnAViewKnownToBeBad holds the writer until a command and
// the word of a reader who found the view damaged wait together: the view is made
// again first.
func TestNoCommandIsDecidedOnAViewKnownToBeBad(t *testing.T) {
	from, _ := template(t)
	for n := range 6 { // which of the two comes first would be chance
		if heals := decidedOnBad(t, from); heals == 0 {
			t.Errorf("station %d: a command is decided on a view that was found damaged", n)
		}
	}
}

// decidedOnBad destroys the view of a copy of the station in from while the writer is
// held, and returns how often it was made again before the command that waited.
func decidedOnBad(t *testing.T, from string) (heals int) {
	t.Helper()
	root := quickDir(t)
	if err := os.CopyFS(root, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	o := inRoot(root)
	s := open(t, o)
	ctx := bounded(t)
	release := holdWriter(t, ctx, s)
	destroy(t, o)
	if _, err := s.Verify(ctx, nil); err == nil {
		t.Error("a destroyed view is proven whole")
	}
	decided := make(chan error, 1)
	go func() {
		_, err := s.Update(ctx, func(tx *store.Tx) error {
			heals = int(s.Status().Heals)
			return content(tx, 1, flipCommands+1)
		})
		decided <- err
	}()
	waitQueued(t, ctx, s, 1, decided)
	release()
	if err := <-decided; err != nil {
		t.Error(err)
	}
	closeStore(t, s)
	return heals
}

func waitHealed(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := bounded(t)
	for {
		changed := s.Changed()
		if st := s.Status(); st.Heals > 0 && !st.Rebuilding {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatal("the view is not made again")
		}
	}
}

// TestATailThatIsKnownToHaveBeenLongerIsDamage cuts the last records off a
// cleanly stopped journal as a whole, which no checksum can show.
func TestATailThatIsKnownToHaveBeenLongerIsDamage(t *testing.T) {
	root, _ := template(t)
	o := inRoot(root)
	segments, err := filepath.Glob(filepath.Join(o.Dir, "journal", "e1", "lane0", "*.txj"))
	if err != nil || len(segments) < 2 {
		t.Fatal(segments, err)
	}
	if err := os.Remove(segments[len(segments)-1]); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(context.Background(), o)
	var d *journal.Damage
	if !errors.As(err, &d) || d.From == 0 || d.To < d.From {
		t.Fatalf("the newest segment is gone: %v", err)
	}
	if r, err := store.VerifyLane(context.Background(), o, journal.LaneRegister, nil); !errors.Is(err, journal.ErrDamaged) || len(r.Damage) != 1 {
		t.Errorf("verified without opening: %+v, %v", r, err)
	}
	// Without marker and checkpoints the hub's acknowledgement still tells.
	for _, name := range []string{"clean.json", "checkpoints", "view"} {
		if err := os.RemoveAll(filepath.Join(o.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = store.Open(context.Background(), o)
	wantError(t, err, journal.ErrDamaged)
}
