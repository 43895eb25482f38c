package hub_test

import (
	"os"
	"testing"
	"time"

	"tramxa/replication/replicationtest"
)

// TestAckedMeansCommitted: nodes are killed and cut off under load, again and
// again; whatever was acknowledged is in every node at the end, without holes,
// and all nodes and the stations' own folds agree. After each harm the hub must
// serve again by itself.
func TestAckedMeansCommitted(t *testing.T) {
	rounds := 8
	if os.Getenv("TRAMXA_LONG") == "1" {
		rounds = 100
	} else if testing.Short() {
		rounds = 3
	}
	w := replicationtest.New(t, replicationtest.Options{Stations: 4, Seed: 1})
	stop := w.Load()
	w.WaitProgress(replicationtest.Patience)
	for i := range rounds {
		before, _ := w.Oracle.Acknowledged()
		what := w.Strike()
		time.Sleep(2 * time.Second)
		during, _ := w.Oracle.Acknowledged()
		w.Heal()
		w.WaitProgress(replicationtest.Patience)
		n, records := w.Oracle.Acknowledged()
		t.Logf("round %d: %s; %d batches acknowledged before, %d during, %d after; %d records in all", i+1, what, before, during-before, n-during, records)
	}
	stop()
	w.Check()
}
