package rules_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/rules"
)

var today = rules.Now{Day: population.Date{Year: 2026, Month: 3, Day: 20}, Trusted: true}

func never([]rules.Finding) bool { return false }

// What the codec or the registrar keeps from happening is refused here too.
func TestGuards(t *testing.T) {
	b := newBook(t, newDB(t))
	fs := b.write(today, population.Unknown{Of: 999, Version: 1}, never)
	if len(fs) != 1 || show(fs[0]) != "G06 hard" {
		t.Errorf("an unknown kind: %v", fs)
	}
	fs = rules.Examine(b.tx.View(), today, population.Amendment{Target: 1}).Findings()
	if len(fs) != 1 || show(fs[0]) != "A01 hard target" {
		t.Errorf("an amendment of nothing by nothing: %v", fs)
	}
}

// One annulment takes back at most 500 persons and households.
func TestAnnulmentIsBounded(t *testing.T) {
	b := newBook(t, newDB(t))
	keep := func(fs []rules.Finding) bool { return !rules.Hard(fs) }
	area := population.NewID(mint, 1)
	b.write(today, population.AreaDefined{ID: area, Number: 1, Unit: 23764, Hamlet: "Thôn 1"}, keep)
	serial := uint32(2)
	next := func() population.ID { serial++; return population.NewID(mint, serial) }
	for i := range uint32(3) {
		e := population.HouseholdOpened{ID: next(), Type: population.KindCollective, Area: area, Number: population.HouseholdNumber{Number: i + 1}}
		for j := range 200 {
			m := population.Member{ID: next(), Relation: population.RelOther, Facts: population.Facts{Name: "Lê Văn An", Sex: population.Male}}
			if j == 0 {
				m.Relation = population.RelHead
			}
			e.Members = append(e.Members, m)
		}
		if fs := b.write(today, e, keep); rules.Hard(fs) {
			t.Fatal(fs)
		}
	}
	fs := b.write(today, population.Annulment{First: 2, Last: 4}, never)
	if len(fs) != 1 || show(fs[0]) != "A08 hard" {
		t.Errorf("602 entities: %v", fs)
	}
	if fs := b.write(today, population.Annulment{First: 3, Last: 4}, never); len(fs) != 0 {
		t.Errorf("402 entities: %v", fs)
	}
}

var argument = regexp.MustCompile(`\{[a-z]+\}`)

// Every rule has both texts, with the same arguments, lower case and without a
// full stop, as they stand beside fields.
func TestTexts(t *testing.T) {
	p := rules.PackOn(today.Day)
	for _, r := range p.Rules {
		vi, en := argument.FindAllString(r.Vi, -1), argument.FindAllString(r.En, -1)
		if fmt.Sprint(vi) != fmt.Sprint(en) {
			t.Errorf("%s: arguments %v in Vietnamese, %v in English", r.ID, vi, en)
		}
		if strings.ToLower(r.En[:1]) != r.En[:1] || strings.HasSuffix(r.En, ".") || strings.HasSuffix(r.Vi, ".") {
			t.Errorf("%s: %q", r.ID, r.En)
		}
	}
	for _, k := range population.Kinds() {
		if p.Kinds[k.String()] == "" {
			t.Errorf("kind %v has no Vietnamese name", k)
		}
	}
	f := rules.Finding{Rule: "L05", Args: map[string]string{"kind": "death", "date": "2026-03-01", "seq": "17"}}
	if got := rules.Text(f, "vi"); !strings.Contains(got, "chết ngày 2026-03-01 (bản ghi 17)") {
		t.Errorf("got %q", got)
	}
	if got := rules.Text(f, "en"); !strings.Contains(got, "death of 2026-03-01 (entry 17)") {
		t.Errorf("got %q", got)
	}
	if got := rules.Text(rules.Finding{Rule: "Z99"}, "vi"); got != "Z99" {
		t.Errorf("got %q", got)
	}
}

func TestOpen(t *testing.T) {
	fs := []rules.Finding{{Rule: "B03"}, {Rule: "B04"}, {Rule: "B01", Hard: true}}
	open := rules.Open(fs, []population.Confirmation{{Rule: "B03", Reason: "seen the papers"}, {Rule: "B04"}})
	if len(open) != 1 || open[0].Rule != "B04" {
		t.Errorf("got %v", open)
	}
}

// A station whose clock stands at 1970 still has rules.
func TestPackOnAnyDay(t *testing.T) {
	for _, y := range []uint16{1970, 2026, 2080} {
		if p := rules.PackOn(population.Date{Year: y, Month: 1, Day: 1}); p == nil || len(p.Rules) == 0 {
			t.Errorf("no rules in %d", y)
		}
	}
	if r, ok := rules.PackOn(today.Day).Rule("B03"); !ok || r.Level != rules.LevelSoft {
		t.Errorf("got %+v", r)
	}
}
