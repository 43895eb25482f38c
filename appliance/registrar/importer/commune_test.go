package importer_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar/importer"
)

// expected is what the importer says of each way the generator breaks a line.
var expected = map[populationtest.Reason]importer.Reason{
	populationtest.ReasonDate: importer.BadDate, populationtest.ReasonFuture: importer.Future, populationtest.ReasonSex: importer.UnknownWord,
	populationtest.ReasonNumber: importer.BadIDNumber, populationtest.ReasonDuplicateNumber: importer.SameNumber,
	populationtest.ReasonNoName: importer.NoName, populationtest.ReasonNoHead: importer.NoHead, populationtest.ReasonRelation: importer.UnknownWord,
	populationtest.ReasonEthnicity: importer.UnknownWord, populationtest.ReasonArea: importer.UnknownArea,
}

// TestCommuneBook imports an invented commune with 1% broken lines. Exactly
// those are refused, each for its reason, and the book equals a straight count
// of the file. TRAMXA_LONG=1 takes the ordinary case of 27,000 persons.
func TestCommuneBook(t *testing.T) {
	persons := 4000
	if os.Getenv("TRAMXA_LONG") == "1" {
		persons = 27000
	} else {
		t.Log("27,000 persons only with TRAMXA_LONG=1")
	}
	c := populationtest.New(populationtest.Options{Seed: 5, Persons: persons, Mint: mint, Start: population.Date{Year: 2026, Month: 12, Day: 31}})
	var file bytes.Buffer
	rows, broken, err := c.WriteCSV(&file, populationtest.CSVOptions{BrokenShare: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	text := file.String()
	s := newStation(t)
	began := time.Now()
	b := read(t, text)
	wasRead := time.Since(began)
	o := s.options()
	shown := 0
	o.Progress = func(string, int, int) { shown++ }
	res := s.run(b, o)
	took := time.Since(began)
	if res.Lines != rows || res.RefusedLines() != broken || shown == 0 {
		t.Errorf("%d lines, %d refused; the file has %d and %d", res.Lines, res.RefusedLines(), rows, broken)
	}
	got := make(map[int]importer.Reason)
	for _, r := range res.Refused {
		got[r.Line] = r.Reason
	}
	for _, w := range c.Broken {
		why := got[w.Row+1] // the header is line 1
		if w.Reason == populationtest.ReasonArea && why == importer.OtherHamlet {
			why = importer.UnknownArea // all of them bear one number, with several hamlets
		}
		if why != expected[w.Reason] {
			t.Errorf("line %d, broken by %q, is refused for %q", w.Row+1, w.Reason, why)
		}
		delete(got, w.Row+1)
	}
	if len(got) > 0 {
		t.Errorf("also refused: %v", got)
	}
	want := count(t, text, c.Broken)
	compare(t, want, s.count())
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	t.Logf("%d lines in %v (%v of it reading), %d refused, %d areas, confirmed %v, heap %d MiB, from the system %d MiB",
		rows, took.Round(time.Millisecond), wasRead.Round(time.Millisecond), res.RefusedLines(), res.Areas, res.Confirmed, mem.HeapAlloc>>20, mem.Sys>>20)

	began = time.Now()
	u, err := s.reg.Undo(t.Context(), 2, res.Op, nil)
	if err != nil || len(u.Findings) > 0 || s.members() != 0 {
		t.Fatalf("undo: %+v %v, %d left", u, err, s.members())
	}
	undone := time.Since(began)
	began = time.Now()
	r, err := s.reg.Undo(t.Context(), 2, u.Op, nil)
	if err != nil || len(r.Findings) > 0 {
		t.Fatalf("redo: %+v %v", r, err)
	}
	compare(t, want, s.count())
	t.Logf("undone in %v, redone in %v", undone.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
}

// count counts the good lines of the file by hamlet, sex and year of birth.
func count(t *testing.T, text string, broken []populationtest.Broken) map[string]int {
	t.Helper()
	bad := make(map[int]bool)
	for _, b := range broken {
		bad[b.Row] = true
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := make(map[string]int)
	for i, f := range rows {
		if i == 0 || bad[i] {
			continue
		}
		sex := map[string]population.Sex{"Nam": population.Male, "Nữ": population.Female}[f[8]]
		n[fmt.Sprintf("%s|%d|%s", f[1], sex, f[9][len(f[9])-4:])]++
	}
	return n
}

// count is the same count of the book.
func (s *station) count() map[string]int {
	n := make(map[string]int)
	s.view(func(v *register.View) {
		for _, a := range v.Areas() {
			for _, h := range v.HouseholdsOf(a.ID) {
				for _, id := range v.Members(h.ID) {
					p := v.Person(id)
					n[fmt.Sprintf("%s|%d|%04d", a.Hamlet, p.Sex, p.Born.Year)]++
				}
			}
		}
	})
	return n
}

func compare(t *testing.T, file, book map[string]int) {
	t.Helper()
	var keys []string
	for k := range file {
		keys = append(keys, k)
	}
	for k := range book {
		if _, ok := file[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if file[k] != book[k] {
			t.Errorf("%s: %d in the file, %d in the book", k, file[k], book[k])
		}
	}
}
