package appliance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/store"
)

var begun = time.Date(2027, 3, 5, 2, 0, 0, 0, time.UTC)

func options(t *testing.T, now func() time.Time) appliance.Options {
	t.Helper()
	root := t.TempDir()
	o := appliance.Options{
		Dir: filepath.Join(root, "station"), KeyFile: filepath.Join(root, "key"), Now: now, Reserve: 1, Ballast: -1,
	}
	_, err := appliance.Init(store.InitOptions{Dir: o.Dir, KeyFile: o.KeyFile, Station: 7, Mint: 12, Unit: "23764", Now: now()})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func open(t *testing.T, o appliance.Options) *appliance.Station {
	t.Helper()
	s, err := appliance.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func at(when time.Time) func() time.Time { return func() time.Time { return when } }

// firstUser records the user with whom every station begins.
func firstUser(t *testing.T, s *appliance.Station, actor uint32) registrar.Answer {
	t.Helper()
	a, err := s.Registrar().Record(context.Background(), actor, registrar.Command{
		Key: registrar.Key{Device: 1, Seq: 1},
		Entries: []population.Entry{population.UserCreated{
			Number: 1, Login: "tram", Name: "Phạm Thị Hoa", Role: population.RoleHead,
		}},
	})
	if err != nil || a.Status != registrar.StatusRecorded {
		t.Fatalf("first user: %+v, %v", a, err)
	}
	return a
}

func TestAStationRecordsStopsAndKnows(t *testing.T) {
	o := options(t, at(begun))
	s := open(t, o)
	changed := s.Changed()
	firstUser(t, s, 0)
	select {
	case <-changed:
	default:
		t.Error("a record is no change")
	}
	if a := firstUser(t, s, 1); !a.Repeat {
		t.Errorf("the same command again: %+v", a)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	err := s.View(context.Background(), func(v *register.View) error {
		if u := v.User(1); u == nil || u.Login != "tram" {
			return fmt.Errorf("user %+v", u)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if st := s.Status(); st.Head != 1 || st.Waiting != 1 || st.Unit != "23764" || !st.Trusted || !st.View.Trusted {
		t.Errorf("status %+v", st)
	}
}

// TestAWrongClockIsSeenAndStopsNobody starts the station with its clock in 1970
// and in 2080, after records made at the right time.
func TestAWrongClockIsSeenAndStopsNobody(t *testing.T) {
	o := options(t, at(begun))
	s := open(t, o)
	firstUser(t, s, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, wall := range []time.Time{time.Unix(20, 0), time.Date(2080, 1, 1, 0, 0, 0, 0, time.UTC)} {
		o.Now = at(wall)
		s := open(t, o)
		day, trusted := s.Clock().Today()
		if trusted || day != (population.Date{Year: 2027, Month: 3, Day: 5}) {
			t.Errorf("clock at %v: today %v, trusted %v", wall, day, trusted)
		}
		a, err := s.Registrar().Record(context.Background(), 1, registrar.Command{
			Key: registrar.Key{Device: 1, Seq: uint64(i) + 2},
			Entries: []population.Entry{population.AreaDefined{
				Number: uint32(i) + 1, Unit: 23764, Hamlet: "Thôn Một", Date: population.Date{Year: 2027, Month: 3, Day: 1},
			}},
		})
		if err != nil || a.Status != registrar.StatusRecorded {
			t.Fatalf("clock at %v: %+v, %v", wall, a, err)
		}
		err = s.Outbox().Read(context.Background(), journal.Seq(i)+2, func(r journal.Record) error {
			e, err := r.Envelope()
			if err == nil && (e.Trusted || e.At != wall.Unix()) {
				err = fmt.Errorf("record says %d, trusted %v", e.At, e.Trusted)
			}
			return err
		})
		if err != nil {
			t.Errorf("clock at %v: %v", wall, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	o.Now = at(begun.Add(time.Hour))
	if s := open(t, o); !s.Status().Trusted || s.Status().Head != 3 {
		t.Errorf("with the right time again: %+v", s.Status())
	}
}

func TestTheHubsAcknowledgementMovesCursorAndClock(t *testing.T) {
	o := options(t, at(time.Unix(20, 0)))
	s := open(t, o)
	firstUser(t, s, 0)
	out := s.Outbox()
	head, hash := out.Head()
	hub := time.Date(2027, 5, 6, 7, 8, 9, 0, time.UTC)
	if err := out.SetAcked(context.Background(), head, hash, hub); err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.Waiting != 0 || !st.Trusted || !st.Acked.At.Equal(hub) || st.Today != (population.Date{Year: 2027, Month: 5, Day: 6}) {
		t.Errorf("status %+v", st)
	}
	err := out.SetAcked(context.Background(), head, journal.Hash{1}, hub)
	if !errors.Is(err, store.ErrCursor) {
		t.Errorf("another record at the hub: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o) // the clock is still in 1970, but the day of the acknowledgement has passed
	if day, trusted := s.Clock().Today(); trusted || day != (population.Date{Year: 2027, Month: 5, Day: 6}) || s.Outbox().Acked() != head {
		t.Errorf("after a restart: today %v, trusted %v, acknowledged %d", day, trusted, s.Outbox().Acked())
	}
}

func TestTheNightProvesTheStation(t *testing.T) {
	o := options(t, at(begun))
	s := open(t, o)
	firstUser(t, s, 0)
	if err := s.Night(context.Background()); err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.Checkpoint != 1 {
		t.Errorf("status %+v", st)
	}
	// A bit flipped in a checkpoint is found the same night.
	names, err := filepath.Glob(filepath.Join(o.Dir, "checkpoints", "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 4
	if err := os.WriteFile(names[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Night(context.Background()); !errors.Is(err, store.ErrBadCheckpoint) {
		t.Errorf("the night says %v", err)
	}
	if err := s.Night(context.Background()); err != nil {
		t.Errorf("the night after: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := open(t, options(t, at(begun)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("run returned %v", err)
	}
}

func TestTheNightComesAtTwo(t *testing.T) {
	for _, c := range []struct{ now, wait string }{
		{"2027-03-05T18:59:00Z", "1m"}, // 01:59 in the country
		{"2027-03-05T19:00:00Z", "24h"},
		{"2027-03-05T19:00:01Z", "23h59m59s"},
		{"1960-01-01T00:00:00Z", "19h"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := appliance.UntilNight(now); got.String() != mustDuration(t, c.wait).String() {
			t.Errorf("at %s the night is %v away, want %s", c.now, got, c.wait)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(appliance.UntilNight(time.Now()))
		if h := time.Now().UTC().Add(7 * time.Hour).Hour(); h != 2 {
			t.Errorf("it is %d o'clock", h)
		}
	})
}

func textLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func mustDuration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNoNameGetsIntoTheLog(t *testing.T) {
	var log strings.Builder
	o := options(t, at(begun))
	o.Log = textLog(&log)
	s := open(t, o)
	firstUser(t, s, 0)
	if err := s.Night(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(o.Dir, "clean.json")); err != nil {
		t.Fatal(err)
	}
	if err := open(t, o).Close(); err != nil { // nobody writes to the log any more
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "view is made again") {
		t.Errorf("the log does not tell what happened:\n%s", log.String())
	}
	for _, secret := range []string{"Hoa", "Phạm", "tram\""} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, log.String())
		}
	}
}
