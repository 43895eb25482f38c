package register_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
)

// book writes the journal of a commune from its first registration through the
// months given.
func book(t testing.TB, c *populationtest.Commune, months int) []journal.Record {
	t.Helper()
	var records []journal.Record
	write := func(e population.Entry) {
		seq := uint64(len(records) + 1)
		records = append(records, record(t, seq, journal.Envelope{At: 1767225600 + int64(seq), Trusted: true, Actor: 2, Device: 1, DeviceSeq: seq}, e))
	}
	for _, e := range c.Areas {
		write(e)
	}
	for _, e := range c.Users {
		write(e)
	}
	for _, e := range c.Households {
		write(e)
	}
	for p := month("2026-01"); p < month("2026-01")+population.Period(months); p++ {
		for _, e := range c.Month(p) {
			write(e.Entry)
		}
	}
	return records
}

// A synthetic commune's year gives the same rows whatever the groups, and
// everybody stands where the generator's own account has them.
func TestAGeneratedYearFolds(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 4, Persons: 800, Mint: mint, Errors: populationtest.Published()})
	whole, groups := newScribe(t), newScribe(t)
	whole.records = book(t, c, 12)
	for i, o := range whole.apply() {
		if o.Reason != register.Folded {
			t.Fatalf("record %d: %s", i+1, o.Reason)
		}
	}
	rnd := rand.New(rand.NewPCG(9, 9))
	for len(groups.records) < len(whole.records) {
		n := len(groups.records)
		groups.records = whole.records[:min(n+1+rnd.IntN(64), len(whole.records))]
		groups.apply()
	}
	if got, want := groups.dump(), whole.dump(); got != want {
		t.Fatal("groups give other rows:\n" + firstDifference(got, want))
	}
	whole.view(func(v *register.View) {
		want := make(map[population.ID]populationtest.Line)
		for l := range c.People() {
			want[l.ID] = l
		}
		err := v.Persons(func(p *population.Person) bool {
			l, in := want[p.ID]
			delete(want, p.ID)
			switch {
			case in != p.Active():
				t.Fatalf("%v: in the book %v, by the generator %v", p.ID, p.Active(), in)
			case in && (p.Household() != l.Household || p.Relation != l.Relation || !reflect.DeepEqual(p.Facts, l.Facts)):
				t.Fatalf("%v differs from the generator's account\n got %v %v %+v\nwant %v %v %+v",
					p.ID, p.Household(), p.Relation, p.Facts, l.Household, l.Relation, l.Facts)
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(want) != 0 {
			t.Fatalf("%d persons are missing", len(want))
		}
	})
	t.Logf("%d records, %d persons at the end", len(whole.records), c.Persons())
}

// load applies records in transactions of bounded size.
func load(t testing.TB, s *scribe, records []journal.Record) {
	t.Helper()
	for len(records) > 0 {
		s.update(func(tx *register.Tx) {
			for len(records) > 0 {
				if _, err := tx.Apply(mint, records[0]); err != nil {
					t.Fatal(err)
				}
				records = records[1:]
				if rows, bytes := tx.Size(); int64(rows) > s.db.MaxBatchCount()/4 || int64(bytes) > s.db.MaxBatchSize()/4 {
					return
				}
			}
		})
	}
}

// Refold of 10,000 persons and a year, as a start without a checkpoint does it.
func BenchmarkRefold(b *testing.B) {
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: 10_000, Mint: mint})
	records := book(b, c, 12)
	b.ResetTimer()
	for range b.N {
		s := newScribe(b)
		load(b, s, records)
	}
	b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// Search, household page and walk at 60,000 persons.
func BenchmarkView(b *testing.B) {
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: 60_000, Mint: mint})
	records := book(b, c, 1)
	s := newScribe(b)
	load(b, s, records)
	b.Run("state row bytes", func(b *testing.B) {
		txn := s.db.NewTransactionAt(^uint64(0)>>1, false)
		defer txn.Discard()
		var rows, bytes int
		for range b.N {
			rows, bytes = 0, 0
			err := register.Rows(txn, station, func(key, val []byte) error {
				rows++
				bytes += len(key) + len(val)
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows), "rows")
		b.ReportMetric(float64(bytes)/60_000, "bytes/person")
	})
	for _, text := range []string{"nguyen van", "Nguyễn Thị Hoa", "hoa 1985", "tran", "12", "1985", "h bia", "a"} {
		b.Run(fmt.Sprintf("search %q", text), func(b *testing.B) {
			n := 0
			for range b.N {
				s.view(func(v *register.View) {
					hits, _, err := v.Search(register.Query{Text: text})
					if err != nil {
						b.Fatal(err)
					}
					n = len(hits)
				})
			}
			b.ReportMetric(float64(n), "hits")
		})
	}
	b.Run("household page", func(b *testing.B) {
		for i := range b.N {
			s.view(func(v *register.View) {
				h := c.Households[i%len(c.Households)].ID
				v.Household(h)
				for _, m := range v.Members(h) {
					v.Person(m)
				}
				if _, err := v.History(population.Ref{Type: population.TypeHousehold, ID: h}); err != nil {
					b.Fatal(err)
				}
			})
		}
	})
	b.Run("lives", func(b *testing.B) {
		for range b.N {
			s.view(func(v *register.View) {
				if err := v.Lives(func(*population.Person) bool { return true }); err != nil {
					b.Fatal(err)
				}
			})
		}
	})
}
