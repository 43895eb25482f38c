package register_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The rows of fold version 1 do not change: checkpoints hold them, and station
// and hub compare their hashes. A change of this file needs a new FoldVersion.
func TestRowsOfFoldVersion1(t *testing.T) {
	if register.FoldVersion != 1 {
		t.Fatal("a new fold version needs golden rows of its own")
	}
	s := newScribe(t)
	s.enter(village()...)
	s.write(
		population.UserCreated{Number: 3, Login: "lan", Name: "Nguyễn Thị Lan", Role: population.RoleCollaborator, Areas: []population.ID{id(1)}},
		population.OperationBegun{What: "import", Source: "so-a0.csv", Digest: make([]byte, 32), Rows: 2},
		population.Birth{Household: id(10), Child: numbered(member(14, population.RelChild, "Gái", population.Female, "2026-02-10"), "064326000123", "TE1646412345678"), Order: 2, Period: month("2026-02")},
		population.MoveInside{From: id(30), Into: id(10), Persons: []population.Placed{{Person: id(32), Relation: population.RelOther}}, Date: day("2026-02-03"), Period: month("2026-02")},
		population.Death{Person: id(31), Date: day("2026-02-11"), Period: month("2026-02")},
		population.Amendment{Target: 10, By: population.Death{Person: id(31), Date: day("2026-02-12"), Period: month("2026-02")}},
		population.Annulment{First: 9, Last: 9},
		population.HouseholdChanged{Household: id(20), Area: id(2), Date: day("2026-02-20"), Period: month("2026-02")},
		population.PeriodClosed{Period: month("2026-02")},
		population.Unknown{Of: 900, Version: 1, Body: []byte("later")},
	)
	for i, o := range s.apply() {
		if (o.Reason == register.Folded) != (i < 9) {
			t.Fatalf("record %d: %s", i, o.Reason)
		}
	}
	path := filepath.Join("testdata", "rows.v1.txt")
	got := s.dump()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error(firstDifference(got, string(want)))
	}
}
