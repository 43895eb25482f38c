package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkSave is a save as clerks wait for it, on the real disk: rules aside,
// fold, journal, one sync a group. Beside it is what the disk alone takes for a
// record of that size; ratios count, not times.
func BenchmarkSave(b *testing.B) {
	b.Run("bare append and sync", func(b *testing.B) {
		f, err := os.OpenFile(filepath.Join(b.TempDir(), "f"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(make([]byte, 1<<20)); err != nil { // preallocated, as the journal's
			b.Fatal(err)
		}
		record := make([]byte, 160)
		for i := 0; b.Loop(); i++ {
			if _, err := f.WriteAt(record, int64(i*len(record))%(1<<20)); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "saves/s")
	})
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchmarkSave(b, writers) })
	}
}

func benchmarkSave(b *testing.B, writers int) {
	s := open(b, onDisk(b))
	mustSave(b, s, 100, 1, 10)
	before := s.Status()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for dev := range uint32(writers) {
		wg.Go(func() {
			for n := uint64(1); next.Add(1) <= int64(b.N); n++ {
				if _, err := save(s, dev+1, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	after := s.Status()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "saves/s")
	b.ReportMetric(float64(after.Groups-before.Groups)/float64(b.N), "syncs/save")
}
