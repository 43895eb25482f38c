package hub

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"tramxa/replication/fsm"
)

// TestPlantedTwiceInOtherTerms: what two hubs planted from one copy write never has
// the same term, and a clock that is behind, even before 1970, leaves the copy's.
func TestPlantedTwiceInOtherTerms(t *testing.T) {
	const copied = 3
	stream := founded(t, copied)
	for _, c := range []struct {
		now  time.Time
		want uint64
	}{
		{time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), 1_795_330_800},
		{time.Date(2026, 11, 22, 7, 0, 1, 0, time.UTC), 1_795_330_801},
		{time.Unix(0, 0), copied},
		{time.Unix(2, 0), copied},
		{time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), copied},
	} {
		dir := t.TempDir()
		o := PlantOptions{Dir: dir, Peers: []Peer{{ID: "n1", Raft: "10.0.0.1:8491"}}, Lineage: Lineage{1}, Now: func() time.Time { return c.now }}
		r, err := Plant(o, bytes.NewReader(stream))
		if err != nil {
			t.Fatal(err)
		}
		if r.Header.Term != copied {
			t.Errorf("the snapshot is of term %d", r.Header.Term)
		}
		logs, err := openLog(filepath.Join(dir, "raft"), 1<<20, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := logs.GetUint64([]byte("CurrentTerm")); err != nil || got != c.want {
			t.Errorf("at %v: term %d in place of %d: %v", c.now, got, c.want, err)
		}
		if err := logs.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// founded is the snapshot stream of a hub that was founded in this term.
func founded(t *testing.T, term uint64) []byte {
	t.Helper()
	f, err := fsm.Open(fsm.Options{Dir: filepath.Join(t.TempDir(), "state"), BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := fsm.EncodeCommand(fsm.Found{At: 1, Incarnation: [8]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := f.Apply(&raft.Log{Index: 2, Term: term, Type: raft.LogCommand, Data: b}).(fsm.Verdict); !ok || v.Outcome != fsm.Done {
		t.Fatal(fmt.Sprint(v))
	}
	var stream bytes.Buffer
	if err := f.View(func(v *fsm.View) error { return v.WriteSnapshot(&stream) }); err != nil {
		t.Fatal(err)
	}
	return stream.Bytes()
}
