package replicationtest

import (
	"testing"
	"time"
)

// TestStationsOverRealLinks: real spokes over TLS and websocket, nodes killed
// and cut off under them; everything written arrives, once and in order, without
// a hand.
func TestStationsOverRealLinks(t *testing.T) {
	w := New(t, Options{Stations: 3, Seed: 6, Links: true})
	stop := w.LinkLoad()
	w.WaitProgress(Patience)
	for i := range 3 {
		what := w.Strike()
		time.Sleep(1500 * time.Millisecond)
		w.Heal()
		w.WaitProgress(Patience)
		n, records := w.Oracle.Acknowledged()
		t.Logf("round %d: %s; %d acknowledgements, %d records", i+1, what, n, records)
	}
	stop()
	w.Check()
	for _, s := range w.Stations {
		head, _ := s.Head(0)
		if acked := w.Oracle.acked[s.Origin.Station]; acked != head {
			t.Errorf("station %d: %d of %d records acknowledged", s.Origin.Station, acked, head)
		}
	}
}
