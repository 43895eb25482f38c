package registrar_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/registrar"
)

// BenchmarkRecord is a save as a form makes it: key, role, rules, fold, fsync.
// The commands per fsync grow with the writers.
func BenchmarkRecord(b *testing.B) {
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := newStation(b).withOfficer()
			var n atomic.Uint32
			b.SetParallelism(writers)
			b.ResetTimer()
			if writers == 1 {
				for b.Loop() {
					save(b, s, n.Add(1))
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					save(b, s, n.Add(1))
				}
			})
		})
	}
}

func save(b *testing.B, s *station, i uint32) {
	e := family(population.NewID(mint, 1), i)
	for j := range e.Members {
		// As many namesakes and birthdays as a commune has.
		e.Members[j].Name += " " + string(rune('a'+i%26)) + string(rune('a'+i/26%26))
		e.Members[j].Born = population.DateOfDays(e.Members[j].Born.Days() - int(i)%3000)
	}
	a, err := s.Record(context.Background(), 2, registrar.Command{Key: registrar.Key{Device: 1, Seq: uint64(i)}, Entries: []population.Entry{e}})
	if err != nil || a.Status != registrar.StatusRecorded {
		b.Fatalf("%+v %v", a, err)
	}
}
