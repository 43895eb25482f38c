package population_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

// TestCommuneRoundTrips: every entry of an invented commune and of a quarter of
// its life comes back from its body, and every person folded from them has a
// life without contradictions. The bytes a person costs are printed.
func TestCommuneRoundTrips(t *testing.T) {
	const mint = 12
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: 2000, Mint: mint, Start: population.Date{Year: 2026, Month: 1, Day: 1}})
	first := population.MonthPeriod(2026, 1)
	var entries []population.Entry
	for _, e := range c.Areas {
		entries = append(entries, e)
	}
	for _, e := range c.Households {
		entries = append(entries, e)
	}
	opening := len(entries)
	for p := first; p < first+3; p++ {
		for _, event := range c.Month(p) {
			entries = append(entries, event.Entry)
		}
	}
	bodies := encodeAll(t, mint, entries)
	persons, raw := 0, 0
	for i, e := range c.Households {
		persons += len(e.Members)
		raw += len(bodies[len(c.Areas)+i])
	}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := len(w.EncodeAll(slices.Concat(bodies[:opening]...), nil))
	t.Logf("%d persons: %.1f bytes each, %.1f in one zstd frame without columns; %d events of a quarter: %d bytes each",
		persons, float64(raw)/float64(persons), float64(packed)/float64(persons),
		len(entries)-opening, len(slices.Concat(bodies[opening:]...))/max(1, len(entries)-opening))
	foldAll(t, entries)
}

func encodeAll(t *testing.T, m population.Mint, entries []population.Entry) [][]byte {
	t.Helper()
	var bodies [][]byte
	for _, e := range entries {
		kind, version, body, err := population.EncodeBody(m, e)
		if err != nil {
			t.Fatalf("%s: %v", e.Kind(), err)
		}
		back, err := population.DecodeBody(m, kind, version, body)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%s came back differently: %v", kind, err)
		}
		if _, _, again, err := population.EncodeBody(m, back); err != nil || !bytes.Equal(again, body) {
			t.Fatalf("%s: another body the second time: %v", kind, err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// foldAll folds every person and checks that the stock at the end is what came
// in less what went out.
func foldAll(t *testing.T, entries []population.Entry) {
	t.Helper()
	byPerson := map[population.ID][]population.Located{}
	for i, e := range entries {
		for _, r := range e.Refs() {
			if r.Type == population.TypePerson {
				byPerson[r.ID] = append(byPerson[r.ID], population.Located{Seq: uint64(i + 1), Entry: e})
			}
		}
	}
	in, out, there, half := 0, 0, 0, 0
	for id, live := range byPerson {
		p := population.FoldPerson(id, live)
		if p.Active() {
			there++
		}
		for _, s := range p.Stays {
			switch s.In {
			case population.CauseMoved:
				half++
			default:
				in++
			}
			switch s.Out {
			case population.CauseNone:
			case population.CauseMoved:
				half--
			default:
				out++
			}
		}
	}
	if there != in-out || half != 0 || out == 0 || there < 1000 {
		t.Errorf("%d came, %d went, %d are there; %d halves of moves", in, out, there, half)
	}
	t.Logf("%d came, %d went, %d are there", in, out, there)
}
