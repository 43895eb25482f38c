package register

import (
	"errors"
	"testing"

	"tramxa/appliance/population"
)

// decoders reads a row with every decoder; what cannot be read is ErrRow.
func decoders(b []byte) []error {
	id := population.NewID(3, 7)
	_, person := parsePerson(id, b)
	_, household := parseHousehold(id, b)
	_, area := parseArea(id, b)
	_, user := parseUser(id, b)
	_, operation := parseOperation(id, b)
	_, rec := parseRecord(1, b)
	_, list := parseList(b)
	r := reader{b: b}
	r.uint()
	r.numbers()
	r.numbers()
	return []error{person, household, area, user, operation, rec, list, r.close("links")}
}

// A row that a disk changed is an error, never a panic or a large allocation.
func FuzzRows(f *testing.F) {
	p := population.Person{ID: population.NewID(3, 7), Facts: population.Facts{Name: "Lê Thị Xuân", Sex: population.Female},
		Stays: []population.Stay{{Household: population.NewID(3, 1), In: population.CauseBirth, FromPer: 24300, FromSeq: 9}}}
	h := population.Household{ID: population.NewID(3, 1), Area: population.NewID(4, 1), Moves: []population.AreaStay{{Area: population.NewID(4, 1)}}}
	f.Add(encodePerson(&p))
	f.Add(encodeHousehold(&h))
	f.Add(encodeArea(&population.Area{Hamlet: "Làng Ring"}))
	f.Add(encodeUser(&population.User{Login: "lan", Areas: []population.ID{h.Area}}))
	f.Add(encodeOperation(&population.Operation{What: "import", Digest: []byte{1}}))
	f.Add(appendList([]uint64{1, 5, 9}))
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, err := range decoders(b) {
			if err != nil && !errors.Is(err, ErrRow) {
				t.Fatal(err)
			}
		}
	})
}

// What is cut off anywhere is noticed.
func TestCutRowsAreNoticed(t *testing.T) {
	p := population.Person{ID: population.NewID(3, 7), Facts: population.Facts{Name: "Lê Thị Xuân", Mother: population.NewID(5, 2)},
		Stays: []population.Stay{{Household: population.NewID(3, 1), In: population.CauseBirth, Out: population.CauseDeath, ToPer: 9}}, Last: 700}
	row := encodePerson(&p)
	for n := range row {
		if _, err := parsePerson(p.ID, row[:n]); !errors.Is(err, ErrRow) {
			t.Fatalf("a person cut to %d of %d bytes: %v", n, len(row), err)
		}
	}
	if _, err := parsePerson(p.ID, append(row, 0)); !errors.Is(err, ErrRow) {
		t.Errorf("bytes after a person: %v", err)
	}
}
