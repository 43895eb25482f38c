package replicationtest

import (
	"testing"
	"time"

	"tramxa/replication/hub"
)

// TestStationsOverRealLinks: real spokes over TLS and websocket, nodes killed
// and cut off under them; everything written arrives, once and in order, without
// a hand. The lease is the product's, half a heartbeat: a busy machine may lose the
// leader for nothing, which spokes outlast as they do any other loss.
func TestStationsOverRealLinks(t *testing.T) {
	w := New(t, Options{Stations: 3, Seed: 6, Links: true,
		Times: hub.Times{Heartbeat: 2 * time.Second, Commit: 10 * time.Millisecond}})
	stop := w.LinkLoad()
	w.WaitProgress(Patience)
	for i := range 3 {
		what := w.Strike()
		w.Outlast(Patience)
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
