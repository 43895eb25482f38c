package spoke

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/link"
	"tramxa/replication/link/linktest"
)

// TestLinkCutAnywhere cuts the first connections of a month's exchange after
// every n-th byte; each record must take effect once and in order.
func TestLinkCutAnywhere(t *testing.T) {
	node := newNode(t)
	run := func(t *testing.T, cut func(int) int, fault func(int) error) (bytes int) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, node)
			defer w.stop()
			w.net.cut, w.intake.Fault = cut, fault
			out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
			defer out.Close()
			out.write(t, 50, "first")
			o := w.options(t, out, 1, 1)
			o.Limits = batch.Limits{Records: 30}
			_, stop := start(t, o)
			defer stop()
			until(t, time.Hour, "first records", func() bool { return out.Acked() == 50 })
			out.write(t, 14, "then")
			until(t, time.Hour, "all records", func() bool { return out.Acked() == 64 })
			sameRecords(t, w.intake, out)
			_, bytes = w.net.used()
		})
		return bytes
	}
	whole := run(t, nil, nil)
	step := 101
	if os.Getenv("TRAMXA_LONG") == "1" {
		step = 1
	}
	for at := 0; at < whole; at += step {
		// The first connection is cut at the byte, the second a little later.
		run(t, func(dial int) int {
			switch dial {
			case 1:
				return at
			case 2:
				return at + step/2
			}
			return -1
		}, nil)
		if t.Failed() {
			t.Fatalf("cut after byte %d of %d", at, whole)
		}
	}
	t.Run("answers lost", func(t *testing.T) {
		run(t, nil, func(taken int) error {
			if taken%2 == 1 {
				return linktest.ErrLost
			}
			return nil
		})
	})
}

// TestBatchLargerThanAnyConnection sends a batch over connections that each die
// before it could pass whole: the hub goes on at the byte.
func TestBatchLargerThanAnyConnection(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
		defer out.Close()
		noise := make([]byte, journal.MaxBody)
		for i := range noise {
			noise[i] = byte(i * i >> 3 * 167)
		}
		for i := range 3 {
			for j := range noise {
				noise[j] = noise[j]*31 + byte(i+j)*noise[(j*7)%len(noise)]
			}
			if _, err := out.Append([]journal.Draft{{Envelope: journal.Envelope{Kind: 9, Version: 1}, Body: noise}}); err != nil {
				t.Fatal(err)
			}
		}
		const each = 30_000
		w.net.cut = func(int) int { return each }
		_, stop := start(t, w.options(t, out, 1, 1))
		defer stop()
		until(t, 24*time.Hour, "three large records", func() bool { return out.Acked() == 3 })
		sameRecords(t, w.intake, out)
		effects := w.intake.Effects(7, journal.LaneRegister)
		raw := 0
		for _, r := range effects {
			raw += len(r.Body)
		}
		dials, bytes := w.net.used()
		t.Logf("%d bytes raw in %d connections of at most %d bytes, %d bytes in all", raw, dials, each, bytes)
		if dials < 2 {
			t.Fatal("one connection was enough: this test shows nothing")
		}
	})
}

// TestHubRestoredFromOldBackupGetsRecordsAgain is case 5: the watermark goes
// back and the station sends again.
func TestHubRestoredFromOldBackupGetsRecordsAgain(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
		defer out.Close()
		out.write(t, 40, "x")
		_, stop := start(t, w.options(t, out, 1, 1))
		until(t, time.Minute, "40 records", func() bool { return out.Acked() == 40 })
		stop()
		w.intake.Forget(7, journal.LaneRegister, 12)
		_, stop = start(t, w.options(t, out, 1, 1))
		defer stop()
		until(t, time.Minute, "all again", func() bool { return len(w.intake.Effects(7, journal.LaneRegister)) == 40 })
		sameRecords(t, w.intake, out)
	})
}

// TestMeteredLineClosesWhenIdle: and opens again by itself when something is
// written.
func TestMeteredLineClosesWhenIdle(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
		defer out.Close()
		o := w.options(t, out, 1, 1)
		o.Metered = true
		s, stop := start(t, o)
		defer stop()
		until(t, time.Minute, "first contact", func() bool { return s.Status().Connected })
		time.Sleep(61 * time.Second)
		if s.Status().Connected {
			t.Fatal("a metered line is open after a minute of silence")
		}
		time.Sleep(time.Hour)
		if dials, _ := w.net.used(); dials != 1 {
			t.Fatalf("%d connections for nothing", dials)
		}
		out.write(t, 1, "x")
		until(t, 10*time.Second, "the record", func() bool { return out.Acked() == 1 })
	})
}

// TestQuietLinkStaysOpen: pings keep an unmetered link, and a day of silence
// costs what the budget allows.
func TestQuietLinkStaysOpen(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		defer w.stop()
		out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
		defer out.Close()
		s, stop := start(t, w.options(t, out, 1, 1))
		defer stop()
		until(t, time.Minute, "connected", func() bool { return s.Status().Connected })
		_, before := w.net.used()
		time.Sleep(24 * time.Hour)
		dials, after := w.net.used()
		if dials != 1 || !s.Status().Connected {
			t.Fatalf("%d connections in a quiet day", dials)
		}
		// A ping, its pong and the pong's acknowledgement are three packets a minute.
		day := after - before + 3*24*60*52
		t.Logf("a quiet day: %d bytes with packet heads", day)
		if day > 300_000 {
			t.Fatalf("a quiet day costs %d bytes", day)
		}
	})
}

// TestHubAwayAndBack: the spoke backs off and finds the hub again.
func TestHubAwayAndBack(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, node)
		out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
		defer out.Close()
		out.write(t, 5, "x")
		s, stop := start(t, w.options(t, out, 1, 1))
		defer stop()
		until(t, time.Minute, "5 records", func() bool { return out.Acked() == 5 })
		w.stop()
		out.write(t, 5, "y")
		time.Sleep(6 * time.Hour)
		if st := s.Status(); st.Stage != StageWaiting && st.Stage != StageConnecting || st.LastError == nil {
			t.Fatalf("status %+v", st)
		}
		if dials, _ := w.net.used(); dials > 250 {
			t.Fatalf("%d attempts in six hours", dials)
		}
		w.serve(t)
		defer w.stop()
		until(t, 10*time.Minute, "the rest", func() bool { return out.Acked() == 10 })
	})
}

// follower answers every hello with the address of the leader.
type follower struct {
	link.Intake
	leader string
}

func (f follower) Hello(context.Context, link.Hello) (link.Welcome, error) {
	return link.Welcome{Status: link.StatusNotLeader, Leader: f.leader}, nil
}

// TestSpokeFollowsToTheLeader: a follower names the leader, and the next
// connection goes there.
func TestSpokeFollowsToTheLeader(t *testing.T) {
	node := newNode(t)
	synctest.Test(t, func(t *testing.T) {
		leader := newWorld(t, node)
		defer leader.stop()
		other := newWorldOf(t, node, func(in link.Intake) link.Intake { return follower{in, "leader:1"} })
		defer other.stop()
		out := newOutbox(t, filepath.Join(t.TempDir(), "j"))
		defer out.Close()
		out.write(t, 5, "x")
		o := leader.options(t, out, 1, 1)
		o.Addresses = []string{"other:1"}
		o.Dialer.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == "leader:1" {
				return leader.net.dial(ctx, network, addr)
			}
			return other.net.dial(ctx, network, addr)
		}
		s, stop := start(t, o)
		defer stop()
		until(t, time.Second, "5 records", func() bool { return out.Acked() == 5 })
		if st := s.Status(); st.Hub != "leader:1" || st.LastAck.IsZero() {
			t.Fatalf("status %+v", st)
		}
	})
}
