package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/service"
	"tramxa/service/place"
)

// waitingStation is a real station with a user, the way other verbs reach it in
// this process, and the restarts it came to.
func waitingStation(t *testing.T) (*stationNode, *control, *[]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "station")
	if _, err := initStation(dir, stationConfig{Listen: "127.0.0.1:0", Reserve: 1}, 7, 7, "23764"); err != nil {
		t.Fatal(err)
	}
	n, err := openStation(t.Context(), dir, newLogger(io.Discard, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := n.addUser(t.Context(), userRequest{Login: "lan", Name: "Trần Thị Lan", Password: "mot-mat-khau"}, population.RoleHead); err != nil {
		t.Fatal(err)
	}
	restarts := new([]string)
	n.launcher, n.restart = new(service.Reporter), func(why string) { *restarts = append(*restarts, why) }
	return n, &control{client: &http.Client{Transport: handlerTransport{stationHandler(n)}}, base: "http://in.process"}, restarts
}

// TestRestartWaitsForImportAndUndo: an import is cut off by no restart, be its
// file read or its persons recorded, nor is its undoing; the restart comes when
// they have ended. What runs is held where it is while the restart is asked for.
func TestRestartWaitsForImportAndUndo(t *testing.T) {
	n, c, restarts := waitingStation(t)
	ask := func(why string, want restartAnswer) {
		t.Helper()
		var b bytes.Buffer
		var got restartAnswer
		if err := c.call(t.Context(), http.MethodPost, "/v1/restart", url.Values{"why": {why}}, nil, &b); err != nil {
			t.Error(err)
		} else if err := json.Unmarshal(b.Bytes(), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s, not %+v", why, b.Bytes(), want)
		}
	}
	held := func(why, work string) {
		t.Helper()
		ask(why, restartAnswer{WaitsFor: []string{work}})
		if len(*restarts) > 0 || !n.works.waiting() {
			t.Errorf("%s: restarted while %s runs: %q", why, work, *restarts)
		}
	}
	came := func(why string) {
		t.Helper()
		if !slices.Equal(*restarts, []string{why}) || n.works.waiting() {
			t.Errorf("restarts after the end: %q, not %q", *restarts, why)
		}
		*restarts, n.works = nil, longWorks{} // as the station has them that starts then
	}

	var book bytes.Buffer
	rows, _, err := populationtest.New(populationtest.Options{Seed: 1, Persons: 200, Unit: 23764}).WriteCSV(&book, populationtest.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	file, typing := io.Pipe()
	go func() {
		half := book.Next(book.Len() / 2)
		if _, err := typing.Write(half); err != nil { // it returns when the import has read all of it
			t.Error(err)
		}
		held("while it reads", "import")
		_, err := typing.Write(book.Bytes())
		_ = typing.CloseWithError(err)
	}()
	// follow does one long work and asks in its midst.
	follow := func(path string, q url.Values, body io.Reader, why, work string) (last importLine) {
		t.Helper()
		asked := false
		var lines lineSplitter
		if err := c.call(t.Context(), http.MethodPost, path, q, body, writerFunc(func(b []byte) {
			lines.add(b, func(line []byte) {
				last = importLine{}
				if err := json.Unmarshal(line, &last); err != nil {
					t.Error(err)
				}
				if last.Stage != "" && !asked { // nobody reads on meanwhile, so that it cannot tell its outcome
					asked = true
					held(why, work)
				}
			})
		})); err != nil {
			t.Fatal(err)
		}
		if !asked {
			t.Errorf("%s told no progress", path)
		}
		return last
	}
	in := follow("/v1/import", url.Values{"source": {"book.csv"}, "date": {"2026-01-01"}}, file, "while it records", "import")
	if in.Outcome == nil || in.Outcome.Taken != rows {
		t.Fatalf("of %d lines: %+v %s", rows, in.Outcome, in.Problem)
	}
	came("while it records")

	undo := func(op uint64, why string) uint64 {
		t.Helper()
		u := follow("/v1/undo", url.Values{"op": {fmt.Sprint(op)}}, nil, why, "undo")
		if u.Undone == nil || len(u.Undone.Findings) > 0 {
			t.Fatalf("%s: %+v %s", why, u.Undone, u.Problem)
		}
		came(why)
		return u.Undone.Operation
	}
	undo(undo(in.Outcome.Operation, "while it is undone"), "while it is redone")

	ask("when nothing runs", restartAnswer{Restarting: true})
	if err := c.call(t.Context(), http.MethodPost, "/v1/import", nil, bytes.NewReader(nil), io.Discard); err == nil || hint(err) == "" {
		t.Errorf("an import began while the station starts again: %v", err)
	}
	came("when nothing runs")
}

// TestNothingIsDecidedWhileARestartWaits: the commands for another version refuse,
// as the page does.
func TestNothingIsDecidedWhileARestartWaits(t *testing.T) {
	n, _, _ := waitingStation(t)
	base := place.Base(t.TempDir())
	if err := os.Mkdir(base.Station(), 0o700); err != nil {
		t.Fatal(err)
	}
	stop, err := serveControl(base.Station(), stationHandler(n))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	c := newUpdateCall("rollback", stdio{out: io.Discard, err: io.Discard})
	*c.base = string(base)
	if err := c.settled(t.Context()); err != nil {
		t.Errorf("nothing waits: %v", err)
	}
	end, err := n.works.begin("import")
	if err != nil {
		t.Fatal(err)
	}
	n.restartWhenIdle("update")
	if err := c.settled(t.Context()); err == nil || exitCode(err) != exitRefused {
		t.Errorf("while the restart waits: %v", err)
	}
	end()
	if err := c.settled(t.Context()); err != nil {
		t.Errorf("when it has begun: %v", err)
	}
}

// TestRestartWaitsForACopy: a copy is made and proven before the station starts
// again.
func TestRestartWaitsForACopy(t *testing.T) {
	n, _, restarts := waitingStation(t)
	to, asked := t.TempDir(), 0
	b, err := backups.New(backups.Options{Station: n.Store(), KeyFile: n.config.Key, Home: t.TempDir(), Reserve: 1, Running: n.copying(),
		Targets: func() []backups.Target { // asked for as the run begins
			asked++
			if waits := n.restartWhenIdle("update"); !slices.Equal(waits, []string{"backup"}) || len(*restarts) > 0 {
				t.Errorf("waits for %q, restarted: %q", waits, *restarts)
			}
			return []backups.Target{{Dir: to, Kind: backups.Local}}
		}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := b.Once(t.Context())
	if err != nil || len(st.Places) != 1 || st.Places[0].Proven != backups.Restored {
		t.Fatalf("%+v, %v", st, err)
	}
	if asked == 0 || !slices.Equal(*restarts, []string{"update"}) {
		t.Errorf("asked %d times, restarts after the copy: %q", asked, *restarts)
	}
}

// TestRestartWaitsForNothingLongerThanItsPatience: by a clock that stands still
// unless it is told.
func TestRestartWaitsForNothingLongerThanItsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l longWorks
		var calls [][]string
		restart := func(left []string) { calls = append(calls, left) }
		begin := func(name string) func() {
			t.Helper()
			end, err := l.begin(name)
			if err != nil {
				t.Fatal(err)
			}
			return end
		}
		hangs := begin("import")
		if waits := l.whenIdle(restart); !slices.Equal(waits, []string{"import"}) {
			t.Errorf("waits for %q", waits)
		}
		time.Sleep(workPatience - time.Nanosecond)
		begin("backup")() // a short one in between lets the restart not come earlier
		synctest.Wait()
		if len(calls) > 0 || !l.waiting() {
			t.Fatalf("too early: %q", calls)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !reflect.DeepEqual(calls, [][]string{{"import"}}) || l.waiting() {
			t.Fatalf("when the import has run for %v: %q", workPatience, calls)
		}
		if _, err := l.begin("undo"); err == nil || hint(err) == "" {
			t.Errorf("a work began while the station starts again: %v", err)
		}
		hangs()
		if waits := l.whenIdle(restart); len(waits) > 0 || len(calls) != 1 {
			t.Errorf("waits for %q, called %q", waits, calls)
		}

		// a younger work is waited for, and the older one then no longer
		l, calls = longWorks{}, nil
		hangs = begin("import")
		time.Sleep(workPatience / 2)
		younger := begin("undo")
		if waits := l.whenIdle(restart); !slices.Equal(waits, []string{"import", "undo"}) {
			t.Errorf("waits for %q", waits)
		}
		time.Sleep(workPatience * 3 / 4)
		synctest.Wait()
		if len(calls) > 0 {
			t.Fatalf("while the younger one runs: %q", calls)
		}
		younger()
		if !reflect.DeepEqual(calls, [][]string{{"import"}}) {
			t.Errorf("after the younger one: %q", calls)
		}
		hangs()

		// works that begin one after the other put it off no longer than one does
		l, calls = longWorks{}, nil
		hangs = begin("import")
		if waits := l.whenIdle(restart); !slices.Equal(waits, []string{"import"}) {
			t.Errorf("waits for %q", waits)
		}
		time.Sleep(workPatience / 2)
		younger = begin("undo")
		hangs()
		l.whenIdle(restart) // asked again
		time.Sleep(workPatience / 2)
		synctest.Wait()
		if !reflect.DeepEqual(calls, [][]string{{"undo"}}) {
			t.Errorf("when the restart has waited for %v: %q", workPatience, calls)
		}
		younger()

		// what has run for too long is not waited for, and not named as if it were
		l, calls = longWorks{}, nil
		hangs = begin("import")
		time.Sleep(workPatience)
		answer := begin("")
		if waits := l.whenIdle(restart); len(waits) > 0 || len(calls) > 0 {
			t.Errorf("waits for %q, called %q", waits, calls)
		}
		answer()
		if !reflect.DeepEqual(calls, [][]string{{"import"}}) {
			t.Errorf("after the answer: %q", calls)
		}
		hangs()

		// and nothing is waited for where nothing runs
		l, calls = longWorks{}, nil
		if waits := l.whenIdle(restart); len(waits) > 0 || len(calls) != 1 || len(calls[0]) > 0 {
			t.Errorf("waits for %q, called %q", waits, calls)
		}
	})
}
