package spoke

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/link/linktest"
)

const system = "linux/amd64"

func (w *world) updates(t *testing.T) *Updates {
	return &Updates{Dialer: w.dialer(t), Addresses: []string{"hub:1", "hub:2", "hub:3"}}
}

// updatesWorld is a world whose hub offers release 9 with the given parts.
func updatesWorld(t *testing.T, node *identity.Node, parts ...[]byte) (*world, *linktest.Releases, *link.Offer) {
	t.Helper()
	w := newWorld(t, node)
	w.stop()
	r := new(linktest.Releases)
	offer := r.Publish(9, system, parts...)
	w.releases = r
	w.serve(t)
	return w, r, offer
}

// end stops the hub and lets lines that hang in a close give up.
func (w *world) end() {
	w.stop()
	time.Sleep(time.Minute)
}

func noise(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func newFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "part"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestCheck: the question arrives as asked, and nothing newer is no error.
func TestCheck(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w, r, want := updatesWorld(t, node, noise(100))
		defer w.end()
		u := w.updates(t)
		a := link.Asking{App: "1.8.2", Sequence: 8, Systems: []string{system, "image/amd64/root"}, From: []link.Hash{{1}, {2}}}
		got, err := u.Check(context.Background(), a)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%+v, %v", got, err)
		}
		if asked := r.Asked(); len(asked) != 1 || fmt.Sprint(asked[0]) != fmt.Sprint(a) {
			t.Fatalf("%+v", asked)
		}
		a.Sequence = 9
		if got, err := u.Check(context.Background(), a); got != nil || err != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, bad := range []link.Asking{{Sequence: 1}, {Systems: []string{system}, App: string(make([]byte, 100))}, {Systems: make([]string, 9)}} {
			if _, err := u.Check(context.Background(), bad); !errors.Is(err, link.ErrProtocol) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// TestPartComesOverCutLines: whatever the length a line carries before it is cut,
// the part arrives whole, each byte once, as long as a line carries more than its
// own handshake.
func TestPartComesOverCutLines(t *testing.T) {
	node := newNode(t)
	part := noise(150_000)
	for _, every := range []int{6_000, 9_777, 20_000, 64_000} {
		synctest.Test(t, func(t *testing.T) {
			w, _, offer := updatesWorld(t, node, part)
			defer w.end()
			w.net.cut = func(int) int { return every }
			f := newFile(t)
			have, err := w.updates(t).Fetch(context.Background(), offer.Parts[0], f, 0)
			got, rerr := os.ReadFile(f.Name())
			if err != nil || rerr != nil || have != int64(len(part)) || !bytes.Equal(got, part) {
				t.Fatalf("cut every %d: %d bytes, %v, %v", every, have, err, rerr)
			}
			dials, used := w.net.used()
			t.Logf("cut every %d bytes: %d connections, %d bytes for a part of %d", every, dials, used, len(part))
		})
	}
}

// TestFetchGoesOnAfterARestart: what came before the program was stopped counts,
// and is verified with the rest.
func TestFetchGoesOnAfterARestart(t *testing.T) {
	node := newNode(t)
	part := noise(80_000)
	synctest.Test(t, func(t *testing.T) {
		w, r, offer := updatesWorld(t, node, part)
		defer w.end()
		f := newFile(t)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		w.net.cut = func(int) int { return 30_000 }
		u := w.updates(t)
		var seen atomic.Int64
		u.Busy = func() bool { // asked before each read; the second connection is the last of this life
			if dials, _ := w.net.used(); dials > 1 {
				stop()
			}
			seen.Add(1)
			return false
		}
		have, err := u.Fetch(ctx, offer.Parts[0], f, 0)
		if !errors.Is(err, context.Canceled) || have == 0 || have >= int64(len(part)) {
			t.Fatalf("%d bytes, %v", have, err)
		}
		w.net.cut = nil
		_, before := w.net.used()
		if got, err := w.updates(t).Fetch(context.Background(), offer.Parts[0], f, have); err != nil || got != int64(len(part)) {
			t.Fatalf("%d bytes, %v", got, err)
		}
		if _, after := w.net.used(); after-before > len(part)-int(have)+6_000 {
			t.Errorf("%d bytes for the last %d", after-before, len(part)-int(have))
		}
		// Other bytes in the beginning: found, although the rest came right.
		if _, err := f.WriteAt([]byte{^part[0]}, 0); err != nil {
			t.Fatal(err)
		}
		if got, err := w.updates(t).Fetch(context.Background(), offer.Parts[0], f, have); !errors.Is(err, ErrAltered) || got != 0 {
			t.Fatalf("%d, %v", got, err)
		}
		// The hub's own copy is another, of the same and of another size.
		for _, other := range [][]byte{append(bytes.Clone(part[:len(part)-1]), ^part[len(part)-1]), part[:len(part)-1], append(bytes.Clone(part), 1)} {
			r.Alter(offer.Parts[0].SHA256, other)
			if _, err := w.updates(t).Fetch(context.Background(), offer.Parts[0], newFile(t), 0); !errors.Is(err, ErrAltered) {
				t.Errorf("an altered part of %d bytes: %v", len(other), err)
			}
		}
	})
}

// TestUpdatesAreAnsweredByName: each answer of a hub that is none means one thing
// to do.
func TestUpdatesAreAnsweredByName(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w, r, offer := updatesWorld(t, node, noise(10))
		defer w.end()
		var say error
		r.Fault = func() error { return say }
		rep := link.Report{Sequence: 9, Stage: "confirmed", Running: 9, Version: "1.9.0", Reason: "đã chạy tốt"}
		for _, tc := range []struct{ say, want error }{
			{link.ErrFencedOut, link.ErrFencedOut}, {link.ErrNoPart, link.ErrNoPart}, {link.ErrNotYet, link.ErrNotYet},
			{link.ErrSenseless, link.ErrSenseless}, {errors.New("disk"), link.ErrNotYet},
		} {
			say = tc.say
			start := time.Now()
			_, err := w.updates(t).Fetch(context.Background(), offer.Parts[0], newFile(t), 0)
			if !errors.Is(err, tc.want) {
				t.Errorf("part: %v, want %v", err, tc.want)
			}
			if waited := time.Since(start); errors.Is(err, link.ErrNotYet) != (waited > time.Minute) {
				t.Errorf("%v: waited %v", tc.say, waited)
			}
			if err := w.updates(t).Report(context.Background(), rep); !errors.Is(err, tc.want) {
				t.Errorf("report: %v, want %v", err, tc.want)
			}
			if _, err := w.updates(t).Check(context.Background(), link.Asking{Systems: []string{system}}); !errors.Is(err, tc.want) {
				t.Errorf("check: %v, want %v", err, tc.want)
			}
		}
		asked := 0
		r.Fault = func() error { // two nodes that follow, then the one that leads
			if asked++; asked < 3 {
				return &link.Elsewhere{Leader: "hub:9"}
			}
			return nil
		}
		if err := w.updates(t).Report(context.Background(), rep); err != nil || asked != 3 {
			t.Fatalf("%v after %d", err, asked)
		}
		if got := r.Reports(); len(got) != 1 || got[0] != rep {
			t.Fatalf("%+v", got)
		}
	})
}

// TestReportsAreMadeToFit: a long or odd reason must not keep a report back.
func TestReportsAreMadeToFit(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w, r, _ := updatesWorld(t, node, noise(10))
		defer w.end()
		rep := link.Report{Sequence: 9, Stage: "failed", Version: strings.Repeat("v", 100), Reason: "dòng một\ndòng hai\xff" + strings.Repeat("ệ", 400)}
		if err := w.updates(t).Report(context.Background(), rep); err != nil {
			t.Fatal(err)
		}
		got := r.Reports()[0]
		if len(got.Version) != link.MaxVersion || len(got.Reason) > link.MaxReason || len(got.Reason) < link.MaxReason-3 ||
			!utf8.ValidString(got.Reason) || !strings.HasPrefix(got.Reason, "dòng một dòng hai?ệ") {
			t.Errorf("%+v", got)
		}
	})
}

// TestRecordsComeFirst: a fetch stands still while the line is wanted for
// records, and goes on afterwards.
func TestRecordsComeFirst(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w, _, offer := updatesWorld(t, node, noise(100_000))
		defer w.end()
		u := w.updates(t)
		begun, calls := time.Now(), 0
		u.Busy = func() bool { calls++; return calls > 3 && time.Since(begun) < time.Hour }
		have, err := u.Fetch(context.Background(), offer.Parts[0], newFile(t), 0)
		if err != nil || have != 100_000 || time.Since(begun) < time.Hour || time.Since(begun) > 61*time.Minute {
			t.Fatalf("%d bytes after %v: %v", have, time.Since(begun), err)
		}
	})
}

// TestStrangerGetsNoUpdates: a key the hub does not know ends the handshake.
func TestStrangerGetsNoUpdates(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w, _, offer := updatesWorld(t, node, noise(10))
		defer w.end()
		conf, err := identity.ClientTLS(identity.ClientOptions{Station: 8, Key: stationKey, Pin: node.Pin, Metered: true})
		if err != nil {
			t.Fatal(err)
		}
		u := w.updates(t)
		u.Dialer.TLS = conf
		if _, err := u.Check(context.Background(), link.Asking{Systems: []string{system}}); !errors.Is(err, link.ErrNotKnown) {
			t.Errorf("check: %v", err)
		}
		if _, err := u.Fetch(context.Background(), offer.Parts[0], newFile(t), 0); !errors.Is(err, link.ErrNotKnown) {
			t.Errorf("fetch: %v", err)
		}
		if err := u.Report(context.Background(), link.Report{Sequence: 1, Stage: "staged"}); !errors.Is(err, link.ErrNotKnown) {
			t.Errorf("report: %v", err)
		}
	})
}
