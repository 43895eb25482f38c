package replicationtest

import "time"

// meanwhile is how many batches the hub acknowledges without a node that was struck
// before Outlast ends: the node is some way behind when it comes back.
const meanwhile = 20

// Outlast waits, under load, until the last Strike has had its effect: two nodes of
// three serve again without the struck one, and one that is cut off has noticed. They
// must come to that by themselves: the test fails when they do not within so long,
// which only ends a hang. Where all nodes were killed there is nothing to wait for.
func (w *World) Outlast(within time.Duration) {
	w.T.Helper()
	struck := w.hit.killed
	if struck == nil {
		struck = w.hit.cut
	}
	if struck == nil {
		return
	}
	from, state := -1, "nobody else leads"
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		acked, _ := w.Oracle.Acknowledged()
		if from < 0 && w.leadsBeside(struck) {
			from, state = acked, "the others have a leader"
		}
		// Each station may still be told of one batch that the old leader had taken.
		if from >= 0 && acked > from+len(w.Stations)+meanwhile && (w.hit.cut == nil || alone(w.hit.cut)) {
			return
		}
	}
	acked, _ := w.Oracle.Acknowledged()
	w.T.Fatalf("without %s the hub does not serve after %v: %s, %d batches acknowledged in all", struck.ID, within, state, acked)
}

// leadsBeside says whether a node that was not struck leads.
func (w *World) leadsBeside(struck *Node) bool {
	for _, n := range w.Nodes {
		if h := n.Hub(); n != struck && h != nil && h.Leads() {
			return true
		}
	}
	return false
}

// alone says whether a node that is cut off knows that nobody leads it.
func alone(n *Node) bool {
	h := n.Hub()
	if h == nil {
		return false
	}
	_, led := h.Leader()
	return !led
}
