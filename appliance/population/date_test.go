package population

import (
	"encoding/json"
	"testing"
	"time"
)

// TestDaysOfAllDays walks the whole calendar beside package time.
func TestDaysOfAllDays(t *testing.T) {
	at := time.Date(MinYear, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := firstDay; n <= lastDay; n, at = n+1, at.AddDate(0, 0, 1) {
		d := DateOf(at)
		if d.Days() != n || DateOfDays(n) != d || !d.Valid() || int64(n) != at.Unix()/86400 {
			t.Fatalf("%v: day %d, back %v, time says %d", d, d.Days(), DateOfDays(n), at.Unix()/86400)
		}
		if back, ok := unpackDate(packDate(d)); !ok || back != d {
			t.Fatalf("%v packed as %d is %v", d, packDate(d), back)
		}
	}
	if at.Year() != MaxYear+1 {
		t.Errorf("ended at %v", at)
	}
	if d := DateOfDays(lastDay + 1); !d.IsZero() {
		t.Errorf("after the last day: %v", d)
	}
	if d := DateOf(time.Date(1799, 12, 31, 0, 0, 0, 0, time.UTC)); !d.IsZero() {
		t.Errorf("before the calendar: %v", d)
	}
	if dateOrigin != day(2030, 1, 1).Days() {
		t.Error("the origin of packed dates is not 2030-01-01")
	}
}

func TestDateTexts(t *testing.T) {
	for d, want := range map[Date][2]string{
		day(2026, 3, 5):         {"2026-03-05", "05/03/2026"},
		{Year: 2026, Month: 12}: {"2026-12", "12/2026"},
		{Year: 1800}:            {"1800", "1800"},
		{}:                      {"", ""},
	} {
		if d.String() != want[0] || d.Vi() != want[1] {
			t.Errorf("%#v: %q, %q", d, d.String(), d.Vi())
		}
		if back, err := ParseDate(want[0]); err != nil || back != d {
			t.Errorf("%q: %#v, %v", want[0], back, err)
		}
		if back, err := ParseViDate(want[1]); err != nil || back != d {
			t.Errorf("%q: %#v, %v", want[1], back, err)
		}
		b, err := json.Marshal(d)
		var back Date
		if err != nil || json.Unmarshal(b, &back) != nil || back != d {
			t.Errorf("%s: %#v, %v", b, back, err)
		}
		if p, ok := unpackDate(packDate(d)); !ok || p != d {
			t.Errorf("%v packed as %d is %v", d, packDate(d), p)
		}
	}
	for _, s := range []string{"26", "2026-3", "2026-03-5", "2026-13", "2026-00", "2026-02-29", "1799", "2200", "2026/03/05",
		"2026-03-05 ", "02026", "2026-", "2026-03-", "2026-03-00", "20260305", "२०२६"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("%q read as %v", s, d)
		}
	}
	var d Date
	if d.UnmarshalText([]byte("2026-02-30")) == nil {
		t.Error("30 February was read")
	}
}

func TestViDates(t *testing.T) {
	today := day(2026, 11, 20)
	for s, want := range map[string]string{
		"05/03/2026": "2026-03-05", "5/3/2026": "2026-03-05", "5.3.2026": "2026-03-05", "5-3-2026": "2026-03-05",
		"5 3 2026": "2026-03-05", " 5 / 3 / 2026 ": "2026-03-05", "05032026": "2026-03-05", "2026-03-05": "2026-03-05",
		"03/2026": "2026-03", "3/2026": "2026-03", "--/03/2026": "2026-03", "00/03/2026": "2026-03", "??/3/2026": "2026-03",
		"xx/xx/1950": "1950", "--/1950": "1950", "1950": "1950", "": "", "không rõ": "", "Không nhớ": "", "ko nhớ": "", "--": "", "--/--/--": "",
		"29/02/2024": "2024-02-29",
		"5/3/26":     "2026-03-05", "050326": "2026-03-05", "211126": "1926-11-21", "201126": "2026-11-20", "1/1/85": "1985-01-01",
	} {
		if d, err := ParseViDateNear(s, today); err != nil || d.String() != want {
			t.Errorf("%q: %q, %v; want %q", s, d, err, want)
		}
	}
	for _, s := range []string{"30/02/2026", "31/04/2026", "32/1/2026", "1/13/2026", "5/--/2026", "5/3/2026/1", "5/3/1799",
		"5/3/20a6", "a", "12", "123", "5//2026x", "99999999", "1/1/226", "trước 1950", "+5/3/2026"} {
		if d, err := ParseViDateNear(s, today); err == nil {
			t.Errorf("%q read as %v", s, d)
		}
	}
	for _, s := range []string{"5/3/26", "050326"} {
		if d, err := ParseViDate(s); err == nil {
			t.Errorf("without a day to go by, %q read as %v", s, d)
		}
	}
}

func TestDatesCompare(t *testing.T) {
	tests := []struct {
		a, b string
		want Tri
	}{
		{"2026-03-05", "2026-03-06", Yes}, {"2026-03-05", "2026-03-05", No}, {"2026-03-06", "2026-03-05", No},
		{"2026-03", "2026-04-01", Yes}, {"2026-03", "2026-03-31", Maybe}, {"2026-03", "2026-03-01", No},
		{"2026-03-01", "2026-03", Maybe}, {"2026-03-31", "2026-03", No}, {"2026", "2026", Maybe}, {"2025", "2026", Yes},
		{"2026", "2025", No}, {"", "2026", Maybe}, {"2026", "", Maybe}, {"", "", Maybe},
	}
	for _, test := range tests {
		a, b := mustDate(t, test.a), mustDate(t, test.b)
		if got := a.Before(b); got != test.want {
			t.Errorf("%q before %q: %d", test.a, test.b, got)
		}
		if got := b.After(a); got != test.want {
			t.Errorf("%q after %q: %d", test.b, test.a, got)
		}
	}
}

func mustDate(t *testing.T, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAge(t *testing.T) {
	tests := []struct {
		born, on string
		min, max int
	}{
		{"2000-03-05", "2026-03-04", 25, 25}, {"2000-03-05", "2026-03-05", 26, 26}, {"2000-02-29", "2026-02-28", 25, 25},
		{"2000-02-29", "2026-03-01", 26, 26}, {"1950", "2026-07-01", 75, 76}, {"1950-07", "2026-07-15", 75, 76},
		{"2026-03-05", "2026-03-05", 0, 0}, {"2026-03-06", "2026-03-05", -1, -1}, {"1950", "2026", 75, 76},
	}
	for _, test := range tests {
		if least, most := mustDate(t, test.born).AgeOn(mustDate(t, test.on)); least != test.min || most != test.max {
			t.Errorf("born %s, on %s: %d to %d", test.born, test.on, least, most)
		}
	}
	if least, most := (Date{}).AgeOn(day(2026, 1, 1)); least > -100 || most < 200 {
		t.Errorf("unknown birth: %d to %d", least, most)
	}
}

func TestValidDates(t *testing.T) {
	for _, d := range []Date{{Year: 1799}, {Year: 2200}, {Year: 2026, Month: 13}, {Year: 2026, Day: 1}, {Month: 1}, {2023, 2, 29}, {2100, 2, 29}} {
		if d.Valid() {
			t.Errorf("%#v is valid", d)
		}
	}
	for _, d := range []Date{{}, {Year: 1800}, {2000, 2, 29}, {2024, 2, 29}, {Year: 2026, Month: 4}} {
		if !d.Valid() {
			t.Errorf("%#v is not valid", d)
		}
	}
	if d, ok := NewDate(2026, 2, 29); ok {
		t.Errorf("made %v", d)
	}
	if d := day(2024, 2, 28).AddDays(2); d != day(2024, 3, 1) {
		t.Errorf("two days later: %v", d)
	}
	if (Date{Year: 2024, Month: 2}).Last() != day(2024, 2, 29) || (Date{Year: 2024}).First() != day(2024, 1, 1) {
		t.Error("first or last day")
	}
	if (Date{Year: 2024, Month: 2}).Exact() || !day(2024, 2, 1).Exact() {
		t.Error("exactness")
	}
}

func TestPeriods(t *testing.T) {
	p := MonthPeriod(2026, 12)
	if p.String() != "2026-12" || p.Vi() != "12/2026" || p.Next().String() != "2027-01" || p.Next().Prev() != p {
		t.Errorf("%v, %v, %v", p, p.Vi(), p.Next())
	}
	if p.Year() != 2026 || p.Month() != 12 || p.First() != day(2026, 12, 1) || p.Last() != day(2026, 12, 31) {
		t.Errorf("%d, %d, %v, %v", p.Year(), p.Month(), p.First(), p.Last())
	}
	if PeriodOf(day(2026, 12, 31)) != p || PeriodOf(Date{Year: 2026}) != 0 {
		t.Error("month of a date")
	}
	if Period(0).String() != "" || Period(0).Vi() != "" || !Period(0).First().IsZero() || !Period(0).Last().IsZero() || !Period(0).Valid() {
		t.Error("no month")
	}
	if Period(5).Valid() || MonthPeriod(2200, 1).Valid() || !MonthPeriod(2199, 12).Valid() || !MonthPeriod(1800, 1).Valid() {
		t.Error("bounds")
	}
	b, err := json.Marshal(p)
	var back Period
	if err != nil || json.Unmarshal(b, &back) != nil || back != p {
		t.Errorf("%s, %v", b, err)
	}
	for _, s := range []string{"2026", "2026-12-01", "12/2026", "2026-13"} {
		if p, err := ParsePeriod(s); err == nil {
			t.Errorf("%q read as %v", s, p)
		}
		if back.UnmarshalText([]byte(s)) == nil {
			t.Errorf("%q read", s)
		}
	}
	if p, err := ParsePeriod(""); err != nil || p != 0 {
		t.Errorf("no month: %v, %v", p, err)
	}
}
