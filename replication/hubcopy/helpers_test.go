package hubcopy_test

import (
	"crypto/ed25519"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/appliance/backups"
	"tramxa/replication/fsm"
	"tramxa/replication/hubcopy"
	"tramxa/replication/identity"
	"tramxa/replication/replicationtest"
)

// seeded is randomness that is the same each time.
type seeded struct{ *rand.ChaCha8 }

func newSeeded(n byte) seeded { return seeded{rand.NewChaCha8([32]byte{n})} }

// authority is the invented hub's.
func authority() (ed25519.PrivateKey, identity.Pin) {
	key := ed25519.NewKeyFromSeed([]byte("a hub of a province nobody has.."))
	return key, identity.Pin(key.Public().(ed25519.PublicKey))
}

// testKeys are cheap to open, and the code that opens them.
func testKeys(t testing.TB, with ed25519.PrivateKey) (hubcopy.Keys, backups.RecoveryCode) {
	t.Helper()
	code, err := backups.NewRecoveryCode(newSeeded(1))
	if err != nil {
		t.Fatal(err)
	}
	_, pin := authority()
	k, err := hubcopy.CheapKeys(pin, code, with, newSeeded(2))
	if err != nil {
		t.Fatal(err)
	}
	return k, code
}

// state is a state machine with one station and so many of its records.
func state(t testing.TB, records int) (*fsm.FSM, *replicationtest.Station) {
	t.Helper()
	f, err := fsm.Open(fsm.Options{Dir: filepath.Join(t.TempDir(), "state"), BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	s := replicationtest.NewStation(1, 7)
	if err := s.Grow(records); err != nil {
		t.Fatal(err)
	}
	commands := []fsm.Command{fsm.Found{At: 1, Incarnation: [8]byte{1, 2, 3}},
		fsm.RegisterStation{At: 5, Name: "Trạm mẫu", Secret: s.Secret, Genesis: s.Genesis.Marshal()}}
	raw, _, err := s.Batch(0, 1, records)
	if err != nil {
		t.Fatal(err)
	}
	commands = append(commands, fsm.TakeBatch{At: 9, Batch: raw})
	for i, c := range commands {
		b, err := fsm.EncodeCommand(c)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := f.Apply(&raft.Log{Index: uint64(i + 2), Term: 3, Type: raft.LogCommand, Data: b}).(fsm.Verdict)
		if !ok || v.Outcome != fsm.Done && v.Outcome != fsm.Accepted {
			t.Fatalf("command %d: %+v", i, v)
		}
	}
	return f, s
}

// options to copy f into a place of the test.
func options(t testing.TB, f hubcopy.Source, k hubcopy.Keys) hubcopy.TakeOptions {
	t.Helper()
	return hubcopy.TakeOptions{Hub: f, Keys: k, Place: filepath.Join(t.TempDir(), "disk"), Work: t.TempDir(), Node: "n1", Program: "1.0.0", Reserve: 1,
		Peers: []hubcopy.Peer{{ID: "n1", Raft: "10.0.0.1:8491", Link: "hub.example:8492"}}, Accounts: []byte(`{"version":1}`), Now: time.Unix(1_790_000_000, 0)}
}

func take(t testing.TB, o hubcopy.TakeOptions) *hubcopy.Copy {
	t.Helper()
	c, err := hubcopy.Take(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
