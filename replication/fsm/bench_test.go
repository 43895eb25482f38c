package fsm_test

import (
	"testing"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
)

// BenchmarkApplyBatch takes full batches of invented records: decide, archive,
// fold, one synced transaction or more a batch.
func BenchmarkApplyBatch(b *testing.B) {
	for _, n := range []int{10, 500} {
		b.Run(map[int]string{10: "10records", 500: "500records"}[n], func(b *testing.B) {
			m := open(b, b.TempDir())
			s := grown(b, 7, n)
			m.register(s)
			records := 0
			for b.Loop() {
				b.StopTimer()
				head, _ := s.Head(0)
				first := journal.Seq(records + 1)
				if first > head {
					if err := s.Grow(n); err != nil {
						b.Fatal(err)
					}
				}
				l := m.entry(fsm.TakeBatch{At: 1, Batch: cut(b, s, 0, first, n)})
				m.log = m.log[:0]
				b.StartTimer()
				if v, ok := m.Apply(l).(fsm.Verdict); !ok || v.Outcome != fsm.Accepted {
					b.Fatal(v)
				}
				records += n
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
