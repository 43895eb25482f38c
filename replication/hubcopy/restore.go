package hubcopy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
)

// Lineage of the hub that these peers are when they are restored from the copy:
// the same for each of them, and for no other peers and no other copy.
func (c *Copy) Lineage(peers []hub.Peer) (l hub.Lineage) {
	peers = slices.SortedFunc(slices.Values(peers), func(a, b hub.Peer) int { return strings.Compare(a.ID, b.ID) })
	state := c.Manifest.StateHash()
	b := append(append([]byte("tramxa hub planted v1"), state[:]...), c.Header.salt[:]...)
	for _, p := range peers {
		for _, s := range []string{p.ID, p.Raft} {
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
		}
	}
	sum := sha256.Sum256(b)
	copy(l[:], sum[:])
	return l
}

// Restore makes the data directory of one node of a new hub from the copy. Every
// node of the new hub is made from the same copy with the same peers. The whole
// copy is verified; after an error dir must be thrown away. ErrDiffers, ErrDamaged,
// ErrNoRoom, hub.ErrPlanted.
func (c *Copy) Restore(dir string, peers []hub.Peer, log *slog.Logger) (fsm.Rewritten, error) {
	if err := journal.OS.MkdirAll(dir, 0o700); err != nil {
		return fsm.Rewritten{}, err
	}
	if err := roomFor(dir, c.size, journal.OS.Free); err != nil {
		return fsm.Rewritten{}, err
	}
	from, err := c.snapshot()
	if err != nil {
		return fsm.Rewritten{}, err
	}
	defer from.Close()
	r, err := hub.Plant(hub.PlantOptions{Dir: dir, Peers: peers, Lineage: c.Lineage(peers), Log: log}, from)
	if err != nil {
		return r, err
	}
	if r.Was != c.Manifest.StateHash() || r.Header.Index != c.Manifest.Index || r.Header.Term != c.Manifest.Term {
		return r, fmt.Errorf("%w: the copy states %s", ErrDiffers, c.Manifest.State[:16])
	}
	return r, nil
}
