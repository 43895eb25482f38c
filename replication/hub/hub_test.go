package hub_test

import (
	"os"
	"testing"

	"tramxa/replication/replicationtest"
)

// TestAckedMeansCommitted: nodes are killed and cut off under load, again and
// again; whatever was acknowledged is in every node at the end, without holes,
// and all nodes and the stations' own folds agree. The hub must serve again by
// itself, without the node that was struck and with it.
func TestAckedMeansCommitted(t *testing.T) {
	rounds := 8
	if os.Getenv("TRAMXA_LONG") == "1" {
		rounds = 100
	} else if testing.Short() {
		rounds = 3
	}
	// With this seed the first eight harms are of every kind: the leader is cut off
	// twice and killed twice.
	w := replicationtest.New(t, replicationtest.Options{Stations: 4, Seed: 19})
	stop := w.Load()
	w.WaitProgress(replicationtest.Patience)
	for i := range rounds {
		before, _ := w.Oracle.Acknowledged()
		what := w.Strike()
		w.Outlast(replicationtest.Patience)
		during, _ := w.Oracle.Acknowledged()
		w.Heal()
		w.WaitProgress(replicationtest.Patience)
		n, records := w.Oracle.Acknowledged()
		t.Logf("round %d: %s; %d batches acknowledged before, %d during, %d after; %d records in all", i+1, what, before, during-before, n-during, records)
	}
	stop()
	w.Check()
}
