package spoke

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

func (w *world) fetcher(t *testing.T) *Fetcher {
	return &Fetcher{Dialer: w.dialer(t), Addresses: []string{"hub:1"}, Origin: genesis().Origin, Install: [16]byte{1}, Boot: [8]byte{9}, App: "test"}
}

func wanted(from, to journal.Seq) Wanted {
	return Wanted{Epoch: 1, From: from, To: to, Key: stationKey.Public().(ed25519.PublicKey), Secret: epochSecret}
}

// fetched returns the records of [from, to] that came, and the error.
func fetched(f *Fetcher, w Wanted) (recs []journal.Record, err error) {
	err = f.Fetch(context.Background(), w, func(b *batch.Batch) error {
		for _, r := range b.Records {
			if r.Seq >= w.From && (w.To == 0 || r.Seq <= w.To) {
				recs = append(recs, r)
			}
		}
		return nil
	})
	return recs, err
}

func own(t *testing.T, out *outbox, from, to journal.Seq) (recs []journal.Record) {
	t.Helper()
	err := out.Read(context.Background(), from, func(r journal.Record) error {
		if r.Seq <= to {
			recs = append(recs, journal.Record{Seq: r.Seq, Head: bytes.Clone(r.Head), Body: bytes.Clone(r.Body)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return recs
}

// sent is a world in which a station has sent n records, in batches of 20.
func sent(t *testing.T, w *world, n int) *outbox {
	t.Helper()
	out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
	rng := rand.New(rand.NewPCG(1, 2))
	for left := n; left > 0; left -= 5 {
		out.write(t, min(left, 5), fmt.Sprintf("%x", [4]uint64{rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64()}))
	}
	o := w.options(t, out, 1, 1)
	o.Limits = batch.Limits{Records: 20}
	_, stop := start(t, o)
	until(t, time.Minute, "records sent", func() bool { return out.Acked() == journal.Seq(n) })
	stop()
	return out
}

// TestOwnRecordsComeBack: any range, over lines that are cut every few hundred
// bytes, byte for byte.
func TestOwnRecordsComeBack(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := sent(t, w, 130)
		defer out.Close()
		for _, r := range [][2]journal.Seq{{1, 130}, {1, 1}, {41, 60}, {55, 85}, {130, 130}} {
			got, err := fetched(w.fetcher(t), wanted(r[0], r[1]))
			if want := own(t, out, r[0], r[1]); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%v: %d records, %v", r, len(got), err)
			}
		}
		if got, err := fetched(w.fetcher(t), wanted(100, 0)); err != nil || len(got) != 31 {
			t.Fatalf("to the end: %d records, %v", len(got), err)
		}
		if _, err := fetched(w.fetcher(t), wanted(100, 131)); !errors.Is(err, ErrNotHeld) {
			t.Fatalf("one more than there are: %v", err)
		}
		dials, _ := w.net.used()
		w.net.cut = func(dial int) int { return 3200 + 40*(dial%5) }
		got, err := fetched(w.fetcher(t), wanted(1, 130))
		if want := own(t, out, 1, 130); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("over cut lines: %d records, %v", len(got), err)
		}
		if after, _ := w.net.used(); after-dials < 3 {
			t.Fatalf("only %d links were needed: nothing was cut", after-dials)
		}
	})
}

// TestWhatIsFetchedIsVerified: neither a batch of another key or secret nor one
// that was not asked for is handed over.
func TestWhatIsFetchedIsVerified(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := sent(t, w, 40)
		defer out.Close()
		other := wanted(1, 40)
		other.Key = ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
		if got, err := fetched(w.fetcher(t), other); !errors.Is(err, batch.ErrSignature) || len(got) > 0 {
			t.Errorf("another key: %d records, %v", len(got), err)
		}
		other = wanted(1, 40)
		other.Secret = journal.Secret{6}
		if got, err := fetched(w.fetcher(t), other); !errors.Is(err, batch.ErrChain) || len(got) > 0 {
			t.Errorf("another secret: %d records, %v", len(got), err)
		}
		other = wanted(1, 40)
		other.Epoch = 2
		if got, err := fetched(w.fetcher(t), other); !errors.Is(err, ErrNotHeld) || len(got) > 0 {
			t.Errorf("another epoch: %d records, %v", len(got), err)
		}
		no := errors.New("no")
		if err := w.fetcher(t).Fetch(context.Background(), wanted(1, 40), func(*batch.Batch) error { return no }); !errors.Is(err, no) {
			t.Errorf("the caller's error became %v", err)
		}
	})
}

// TestReadingBesideSending: a station that is behind may read and not send, one
// that sends is not disturbed, and a fenced copy gets nothing.
func TestReadingBesideSending(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := sent(t, w, 60)
		defer out.Close()
		s, stop := start(t, w.options(t, out, 1, 1))
		until(t, time.Minute, "link", func() bool { return s.Status().Connected })
		if got, err := fetched(w.fetcher(t), wanted(1, 60)); err != nil || len(got) != 60 {
			t.Fatalf("%d records, %v", len(got), err)
		}
		out.write(t, 5, "sent meanwhile")
		until(t, time.Minute, "sent meanwhile", func() bool { return out.Acked() == 65 })
		if st := s.Status(); !st.Connected || st.LastError != nil {
			t.Fatalf("the sending link suffered: %+v", st)
		}
		stop()
		f := w.fetcher(t)
		f.Install = [16]byte{2}
		if got, err := fetched(f, wanted(1, 60)); !errors.Is(err, ErrFenced) || len(got) > 0 {
			t.Fatalf("a fenced copy got %d records, %v", len(got), err)
		}
	})
}

// TestHubWithoutArchive: it says so, and nobody tries again for ever.
func TestHubWithoutArchive(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		out := sent(t, w, 20)
		defer out.Close()
		w.stop()
		w.archive = nil
		w.serve(t)
		defer w.stop()
		if got, err := fetched(w.fetcher(t), wanted(1, 20)); !errors.Is(err, ErrRejected) || len(got) > 0 {
			t.Fatalf("%d records, %v", len(got), err)
		}
	})
}

// TestRecordsOfAStretch: exactly those asked for, as many as there are, and none
// that follow on another history.
func TestRecordsOfAStretch(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := sent(t, w, 60)
		defer out.Close()
		h := &HubRecords{Fetcher: w.fetcher(t), Epoch: 1, Key: stationKey.Public().(ed25519.PublicKey), Secret: epochSecret}
		for _, r := range [][3]journal.Seq{{25, 47, 47}, {1, 20, 20}, {55, 0, 60}, {50, 90, 60}, {61, 0, 60}} {
			pre, err := out.HashAt(r[0] - 1)
			if err != nil {
				t.Fatal(err)
			}
			s := journal.Stretch{Epoch: 1, From: r[0], To: r[1], Pre: pre}
			var got []journal.Record
			take := func(rec journal.Record) error { got = append(got, rec); return nil }
			if err := h.Records(context.Background(), s, take); err != nil {
				t.Fatal(r, err)
			}
			if want := own(t, out, r[0], r[2]); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%v: %d records", r, len(got))
			}
			got = nil
			if s.Pre = (journal.Hash{1}); r[0] <= 60 {
				if err := h.Records(context.Background(), s, take); !errors.Is(err, journal.ErrForked) || len(got) > 0 {
					t.Fatalf("%v on another history: %d records, %v", r, len(got), err)
				}
			}
		}
	})
}
