package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// small writes a commune of two hamlets and a February in which each row of
// the form has something to count.
func small(b *book) {
	family := func(h, area, n uint32, members ...population.Member) population.HouseholdOpened {
		return population.HouseholdOpened{ID: id(h), Type: population.KindFamily, Area: id(area), Number: population.HouseholdNumber{Number: n},
			Date: day("2026-01-05"), Period: month("2026-01"), Members: members}
	}
	feb := month("2026-02")
	newborn := member(14, population.RelChild, "Gái", population.Female, "2026-02-10")
	newborn.Mother = id(12)
	b.write(
		population.AreaDefined{ID: id(1), Number: 1, Unit: 23764, Hamlet: "Làng Ring", Collaborator: 3},
		population.AreaDefined{ID: id(2), Number: 2, Unit: 23764, Hamlet: "=Thôn 2", Collaborator: 4},
		family(10, 1, 1,
			member(11, population.RelHead, "Rơ Châm Thin", population.Male, "2000-05-05"),
			member(12, population.RelSpouse, "Siu H'Nga", population.Female, "2007-03-01"),
			member(13, population.RelChild, "Siu Y Lan", population.Female, "2024-06-01")),
		family(20, 2, 1,
			member(21, population.RelHead, "Nguyễn Văn Bảy", population.Male, "1944"),
			member(22, population.RelChild, "Nguyễn Văn Tám", population.Male, "2007-12-31"),
			member(23, population.RelChild, "Nguyễn Thị Chín", population.Female, "1990-01-01")),
		population.Birth{Household: id(10), Child: newborn, Order: 2, Period: feb},
		population.Birth{Household: id(20), Child: member(24, population.RelGrandch, "Trai", population.Male, "2025-12-30"), Order: 3, MotherName: "Lò Thị Mỵ", Period: feb},
		population.Death{Person: id(21), Date: day("2026-02-11"), Period: feb},
		population.HeadChanged{Household: id(20), Head: id(22), Date: day("2026-02-11"), Period: feb},
		population.Marriage{A: id(22), OtherName: "Lò Thị Mỵ", Kin: true, Counselled: true, Date: day("2026-02-20"), Period: feb},
		population.Divorce{A: id(11), B: id(12), Date: day("2026-02-21"), Period: feb},
		population.MoveInside{From: id(10), Into: id(20), Persons: []population.Placed{{Person: id(13), Relation: population.RelOther}}, Date: day("2026-02-22"), Period: feb},
		population.Arrival{Household: id(10), Member: member(15, population.RelOther, "Bùi Thị Mười", population.Female, "1985-04"), Date: day("2026-02-23"), Period: feb},
		population.Departure{Persons: []population.ID{id(11)}, Household: id(10), Date: day("2026-02-24"), Period: feb},
		population.ScopeCorrection{Scope: population.ScopeOut, Person: id(23), Date: day("2026-02-25"), Period: feb},
		population.ScopeCorrection{Scope: population.ScopeMissed, Household: id(10), Member: member(16, population.RelOther, "Ksor Un", population.Male, ""), Date: day("2026-02-25"), Period: feb},
	)
}

// The report of a month worked out by hand, in its three forms.
func TestReportOfAMonthByHand(t *testing.T) {
	b := newBook(t, 7)
	small(b)
	forms := make(map[string]*bytes.Buffer)
	b.view(func(v *register.View) {
		r := compute(t, v, report.Options{From: month("2026-02")})
		want := map[string]int{"1": 2, "1.1": 1, "1.2": 1, "1.3": 1, "1.4": 1, "1.5": 1, "2": 1, "3": 1, "3.1": 1, "3.2": 1, "4": 1, "5": 2, "6": 1, "7": 1}
		for _, row := range r.Rows {
			if row.Value != want[row.Code] {
				t.Errorf("row %s (%s) is %d, want %d", row.Code, row.En, row.Value, want[row.Code])
			}
			delete(want, row.Code)
		}
		if len(want) > 0 {
			t.Errorf("rows missing: %v", want)
		}
		if r.Unit != "23764" || r.Station != 7 || r.Households != 2 || r.Families != 2 {
			t.Errorf("unit %q station %d, %d households, %d families", r.Unit, r.Station, r.Households, r.Families)
		}
		h := compute(t, v, report.Options{From: month("2026-02"), Scope: report.Scope{Hamlet: "Làng Ring"}})
		if value(h, "moved_out") != 1 || value(h, "births") != 1 || value(h, "start") != 3 || value(h, "end") != 4 {
			t.Errorf("hamlet: %s", summary(h))
		}
		for name, write := range map[string]func(*report.Report, *bytes.Buffer) error{
			"month.json": func(r *report.Report, w *bytes.Buffer) error { return r.WriteJSON(w) },
			"month.csv":  func(r *report.Report, w *bytes.Buffer) error { return r.WriteCSV(w) },
			"month.txt":  func(r *report.Report, w *bytes.Buffer) error { return r.WriteText(w) },
		} {
			forms[name] = &bytes.Buffer{}
			if err := write(r, forms[name]); err != nil {
				t.Fatal(err)
			}
		}
	})
	for name, got := range forms {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s differs from its golden file:\n%s", name, got)
		}
	}
	var back report.Report
	if err := json.Unmarshal(forms["month.json"].Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if err := back.Check(); err != nil {
		t.Errorf("the report read back: %v", err)
	}
	back.Balance[1].Total++
	if err := back.Check(); !errors.Is(err, report.ErrBalance) {
		t.Errorf("a report changed by hand passes: %v", err)
	}
	cells, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(forms["month.csv"].String(), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range cells {
		if strings.HasPrefix(row[2], "=") {
			t.Errorf("a spreadsheet takes %q for a formula", row[2])
		}
	}
}

// The reports of stations add up, and only what belongs together is added.
func TestRollUpAddsStations(t *testing.T) {
	var list []*report.Report
	for _, st := range []journal.Station{9, 7, 8} {
		b := newBook(t, st)
		if st != 8 {
			small(b)
		}
		b.view(func(v *register.View) { list = append(list, compute(t, v, report.Options{From: month("2026-02")})) })
	}
	sum, err := report.RollUp(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := sum.Check(); err != nil {
		t.Error(err)
	}
	for i, row := range sum.Rows {
		if row.Value != 2*list[0].Rows[i].Value {
			t.Errorf("row %s: %d", row.Code, row.Value)
		}
	}
	if len(sum.Parts) != 3 || sum.Parts[0].Station != 7 || sum.Parts[1].End.Total != 0 || sum.Households != 4 || sum.Station != 0 {
		t.Errorf("parts %+v", sum.Parts)
	}
	if list[0].Station != 9 || list[0].Rows[0].Value != 2 {
		t.Error("the reports themselves were changed")
	}
	again, err := report.RollUp([]*report.Report{list[1], list[2], list[0]})
	if err != nil || !reflect.DeepEqual(again, sum) {
		t.Errorf("another order gives another sum: %v", err)
	}
	other := *list[0]
	other.From, other.To = month("2026-01"), month("2026-01")
	part := *list[0]
	part.Scope = report.Scope{Hamlet: "Làng Ring"}
	for name, bad := range map[string][]*report.Report{
		"none": nil, "twice": {list[0], list[0]}, "other months": {list[1], &other}, "a hamlet": {list[1], &part}, "a roll-up": {list[1], sum},
	} {
		if _, err := report.RollUp(bad); !errors.Is(err, report.ErrRollUp) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	b := newBook(t, 7)
	b.view(func(v *register.View) {
		for name, o := range map[string]report.Options{
			"no month": {}, "backwards": {From: month("2026-02"), To: month("2026-01")},
			"too long": {From: month("2001-01"), To: month("2026-01")},
		} {
			if _, err := report.Compute(v, o); !errors.Is(err, report.ErrOptions) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := report.Compute(v, report.Options{From: month("2026-01"), Layout: "77-X"}); !errors.Is(err, report.ErrLayout) {
			t.Errorf("a form that does not exist: %v", err)
		}
		if _, err := report.Compute(v, report.Options{From: month("2019-01")}); !errors.Is(err, report.ErrLayout) {
			t.Errorf("a form not yet in force: %v", err)
		}
		if r, err := report.Compute(v, report.Options{From: month("2026-01")}); err != nil || r.Check() != nil {
			t.Errorf("an empty register: %v", err)
		}
	})
}

// Nothing stands behind a layout, not even a bracket too many.
func TestLayoutEndsWhereItEnds(t *testing.T) {
	const layout = `{"form":"x","id":"y","from":"2026-01","rows":[{"code":"1","formula":"births"}]}`
	if _, err := report.ParseLayout([]byte(layout + "\n")); err != nil {
		t.Fatal(err)
	}
	for _, behind := range []string{"}", "]", "{}", "x", "} {}"} {
		if _, err := report.ParseLayout([]byte(layout + behind)); !errors.Is(err, report.ErrLayout) {
			t.Errorf("followed by %s: %v", behind, err)
		}
	}
}

// A layout is read strictly, and every one built in is sound.
func FuzzParseLayout(f *testing.F) {
	names, err := filepath.Glob("layouts/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no layouts")
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := report.ParseLayout(data); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"form":"x","id":"y","from":"2026-01","rows":[{"code":"1","formula":"births"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := report.ParseLayout(data)
		if err != nil && !errors.Is(err, report.ErrLayout) {
			t.Fatal(err)
		}
		if err == nil && len(l.Rows) == 0 {
			t.Fatal("a layout without rows")
		}
	})
}
