package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/report"
)

// TestImportedBookReachesTheHub brings a commune's book in, undoes it, does it
// again, and compares what each node of the hub counts, by hamlet, sex and age,
// with a straight count of the spreadsheet's lines.
func TestImportedBookReachesTheHub(t *testing.T) {
	persons := 800
	if os.Getenv("TRAMXA_LONG") != "" {
		persons = 27_000
	}
	for _, unit := range []struct{ name, code string }{{"xa", "23764"}, {"phuong", "23575"}} {
		t.Run(unit.name, func(t *testing.T) { importAndCompare(t, unit.code, persons) })
	}
}

func importAndCompare(t *testing.T, unit string, persons int) {
	ctx := t.Context()
	d, err := startDemo(ctx, demoOptions{dir: t.TempDir(), page: "127.0.0.1:0", hubPage: "127.0.0.1:0", unit: unit}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := d.station.addUser(ctx, userRequest{Login: "lan", Name: "Trần Thị Lan", Password: "mot-mat-khau"}, population.RoleHead); err != nil {
		t.Fatal(err)
	}
	code, err := strconv.ParseUint(unit, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	commune := populationtest.New(populationtest.Options{Seed: int64(code), Persons: persons, Unit: uint32(code)})
	var book bytes.Buffer
	rows, broken, err := commune.WriteCSV(&book, populationtest.CSVOptions{BrokenShare: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	want := countLines(t, book.Bytes(), commune.Broken)

	c, err := dialControl(ctx, d.station.dir)
	if err != nil || c == nil {
		t.Fatalf("the running station is not reached: %v", err)
	}
	var got importLine
	post(t, c, "/v1/import", url.Values{"source": {"book.csv"}, "date": {"2026-01-01"}}, &book, &got)
	if got.Outcome == nil {
		t.Fatalf("no outcome: %s", got.Problem)
	}
	if got.Outcome.Taken != rows-broken || got.Outcome.Refused != broken {
		t.Fatalf("%d taken and %d refused of %d lines, %d of them broken", got.Outcome.Taken, got.Outcome.Refused, rows, broken)
	}
	t.Logf("unit %s: %d lines, taken %d, refused %d, %.1f s, peak %d MB (hub of three nodes in the same process)",
		unit, rows, got.Outcome.Taken, got.Outcome.Refused, got.Outcome.Seconds, got.Outcome.RSS)
	compareHub(t, d, want)

	var undone, redone importLine
	post(t, c, "/v1/undo", url.Values{"op": {fmt.Sprint(got.Outcome.Operation)}}, nil, &undone)
	if undone.Undone == nil || len(undone.Undone.Findings) > 0 {
		t.Fatalf("not undone: %s %+v", undone.Problem, undone.Undone)
	}
	compareHub(t, d, stock{})
	post(t, c, "/v1/undo", url.Values{"op": {fmt.Sprint(undone.Undone.Operation)}}, nil, &redone)
	if redone.Undone == nil || len(redone.Undone.Findings) > 0 {
		t.Fatalf("not redone: %s %+v", redone.Problem, redone.Undone)
	}
	compareHub(t, d, want)
	t.Logf("undone in %.1f s, redone in %.1f s", undone.Undone.Seconds, redone.Undone.Seconds)
}

// post sends body and decodes the last line of the answer.
func post(t *testing.T, c *control, path string, q url.Values, body io.Reader, last *importLine) {
	t.Helper()
	var lines lineSplitter
	err := c.call(t.Context(), http.MethodPost, path, q, body, writerFunc(func(b []byte) {
		lines.add(b, func(line []byte) {
			*last = importLine{}
			if err := json.Unmarshal(line, last); err != nil {
				t.Errorf("answer %q: %v", line, err)
			}
		})
	}))
	if err != nil {
		t.Fatal(err)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) { f(b); return len(b), nil }

// stock counts persons by hamlet, by sex and by age group and sex.
type stock map[string]int

// countLines counts the lines that are not broken, by the words on them alone.
// Ages are as of the report's last day, 2026-01-31.
func countLines(t *testing.T, book []byte, broken []populationtest.Broken) stock {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(book)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	bad := make(map[int]bool)
	for _, b := range broken {
		bad[b.Row] = true
	}
	at := make(map[string]int)
	for i, name := range lines[0] {
		at[name] = i
	}
	got := stock{}
	for i, line := range lines[1:] {
		if bad[i+1] {
			continue
		}
		sex := map[string]string{"Nam": "m", "Nữ": "f"}[line[at["Giới tính"]]]
		got["hamlet "+line[at["Thôn"]]+" "+sex]++
		got["age "+ageGroup(t, line[at["Ngày sinh"]])+" "+sex]++
		got["all "+sex]++
	}
	return got
}

// ageGroup reckons from dd/mm/yyyy, mm/yyyy or yyyy; what is not written is the
// first of its month or year.
func ageGroup(t *testing.T, born string) string {
	t.Helper()
	if born == "" {
		return "?"
	}
	parts := strings.Split(born, "/")
	year, err := strconv.Atoi(parts[len(parts)-1])
	if err != nil {
		t.Fatal(err)
	}
	age := 2026 - year
	if len(parts) > 1 {
		if month, _ := strconv.Atoi(parts[len(parts)-2]); month > 1 {
			age--
		}
	}
	if age >= 80 {
		return "80+"
	}
	return fmt.Sprintf("%d-%d", age/5*5, age/5*5+4)
}

// compareHub waits until every node has everything and compares what each
// counts.
func compareHub(t *testing.T, d *demo, want stock) {
	t.Helper()
	if _, err := d.everywhere(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range d.nodes {
		rep, err := n.Report(demoStation, report.Options{From: population.MonthPeriod(2026, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if err := rep.Check(); err != nil {
			t.Fatal(err)
		}
		got := stock{}
		put := func(key string, c report.Count) {
			for sex, n := range map[string]int{"m": c.Male, "f": c.Female, "": c.Unknown} {
				if n != 0 {
					got[key+" "+sex] = n
				}
			}
		}
		for _, h := range rep.Hamlets {
			put("hamlet "+h.Name, h.Count)
		}
		for _, a := range rep.Ages {
			put("age "+a.Label(), a.End)
		}
		put("all", rep.Balance[len(rep.Balance)-1].Count)
		for key := range want {
			if got[key] != want[key] {
				t.Errorf("node %s: %s: hub counts %d, the spreadsheet %d", n.config.ID, key, got[key], want[key])
			}
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				t.Errorf("node %s: %s: hub counts %d, the spreadsheet none", n.config.ID, key, got[key])
			}
		}
	}
}
