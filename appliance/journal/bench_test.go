package journal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tramxa/appliance/journal"
)

// BenchmarkAppend is a group of 1 and of 8 records on the real disk;
// BenchmarkBareAppendSync, in the same run, a plain write and sync of as many
// bytes to a preallocated file. Their difference is what a record costs beside
// the disk.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run(fmt.Sprintf("group=%d", n), func(b *testing.B) {
			o := options(nil, filepath.Join(b.TempDir(), "j"))
			create(b, o)
			j, _ := open(b, o)
			fill(b, j, 1)
			group := make([]journal.Draft, n)
			for i := range group {
				group[i] = benchDraft()
			}
			b.ResetTimer()
			b.SetBytes(int64(frameSize(group)))
			for b.Loop() {
				if _, err := j.Append(group); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/record")
			closeJournal(b, j)
		})
	}
}

func BenchmarkBareAppendSync(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run(fmt.Sprintf("group=%d", n), func(b *testing.B) {
			group := make([]journal.Draft, n)
			for i := range group {
				group[i] = benchDraft()
			}
			data := make([]byte, frameSize(group))
			f, err := journal.OS.OpenFile(filepath.Join(b.TempDir(), "bare"), os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			off, end := int64(0), int64(0)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if off+int64(len(data)) > end {
					if err := f.Allocate(end, journal.AllocStep); err != nil {
						b.Fatal(err)
					}
					end += journal.AllocStep
				}
				if _, err := f.WriteAt(data, off); err != nil {
					b.Fatal(err)
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
				off += int64(len(data))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/record")
		})
	}
}

// benchDraft is of the size of an ordinary change.
func benchDraft() journal.Draft {
	d := draft(1)
	d.Body = make([]byte, 60)
	return d
}

// frameSize is what Append writes for a group.
func frameSize(group []journal.Draft) int {
	n := 22 + 16 + 4
	for _, d := range group {
		n += len(journal.AppendRecord(nil, journal.Record{Head: d.Envelope.Append(nil), Body: d.Body}))
	}
	return n
}

// BenchmarkRead, BenchmarkOpen and BenchmarkVerify work on 500,000 records in
// groups of 8 without a disk's delay in between.
func BenchmarkRead(b *testing.B) {
	o, j := half(b)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			n := 0
			if err := j.Read(context.Background(), 1, func(journal.Record) error { n++; return nil }); err != nil || n != 500_000 {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("hashat", func(b *testing.B) {
		for b.Loop() {
			if _, err := j.HashAt(250_000); err != nil {
				b.Fatal(err)
			}
		}
	})
	closeJournal(b, j)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			k, _ := open(b, o)
			closeJournal(b, k)
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if r, err := journal.Verify(context.Background(), o, nil); err != nil || r.Records != 500_000 {
				b.Fatal(r, err)
			}
		}
	})
}

// unsynced is the real file system without waiting for the disk.
type unsynced struct{ journal.FS }

type unsyncedFile struct{ journal.File }

func (u unsynced) OpenFile(name string, flag int, perm os.FileMode) (journal.File, error) {
	f, err := u.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}

func (unsyncedFile) Sync() error { return nil }

func half(b *testing.B) (journal.Options, *journal.Journal) {
	b.Helper()
	o := options(unsynced{journal.OS}, filepath.Join(b.TempDir(), "j"))
	create(b, o)
	j, _ := open(b, o)
	group := make([]journal.Draft, 8)
	for i := range group {
		group[i] = benchDraft()
	}
	for range 500_000 / len(group) {
		if _, err := j.Append(group); err != nil {
			b.Fatal(err)
		}
	}
	return o, j
}
