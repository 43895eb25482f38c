package fsm_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
)

// streamOf writes the state of m as a snapshot and returns its hash.
func streamOf(t *testing.T, m *machine) (b []byte, hash journal.Hash) {
	t.Helper()
	var out bytes.Buffer
	err := m.View(func(v *fsm.View) (err error) {
		if hash, err = v.Hash(); err != nil {
			return err
		}
		return v.WriteSnapshot(&out)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), hash
}

// TestRewriteChangesTheIncarnationAlone: a state with one and a state without one
// become the same but for it, and the hashes are those of the states before and
// after.
func TestRewriteChangesTheIncarnationAlone(t *testing.T) {
	for name, founded := range map[string]bool{"founded": true, "never founded": false} {
		t.Run(name, func(t *testing.T) {
			m := open(t, filepath.Join(t.TempDir(), "a"))
			if founded {
				m.do(fsm.Found{At: 1, Incarnation: [8]byte{1, 1}})
			}
			s := grown(t, 3, 20)
			m.register(s)
			m.take(s, 1, 20)
			from, was := streamOf(t, m)
			var to bytes.Buffer
			r, err := fsm.Rewrite(bytes.NewReader(from), &to, [8]byte{7})
			if err != nil || r.Was != was || r.Header.Index != m.Applied().Index {
				t.Fatalf("%+v, %v", r, err)
			}
			if _, hash, err := fsm.SnapshotHash(bytes.NewReader(from)); err != nil || hash != was {
				t.Errorf("%x, %v", hash, err)
			}
			n := open(t, filepath.Join(t.TempDir(), "b"))
			if err := n.Restore(io.NopCloser(bytes.NewReader(to.Bytes()))); err != nil {
				t.Fatal(err)
			}
			_, is := streamOf(t, n)
			err = n.View(func(v *fsm.View) error {
				i, err := v.Incarnation()
				if i != [8]byte{7} || is != r.Is || is == was {
					t.Errorf("incarnation %x, hash %x, written %x", i, is, r.Is)
				}
				a, err2 := v.RegisterHash(3)
				var b journal.Hash
				err3 := m.View(func(v *fsm.View) (err error) { b, err = v.RegisterHash(3); return err })
				if a != b {
					t.Error("the register is another one")
				}
				return errors.Join(err, err2, err3)
			})
			if err != nil {
				t.Error(err)
			}
			// Back to what it was, and it is what it was.
			if founded {
				var back bytes.Buffer
				if r, err := fsm.Rewrite(&to, &back, [8]byte{1, 1}); err != nil || r.Is != was || !bytes.Equal(back.Bytes(), from) {
					t.Errorf("not the stream it was: %x, %v", r.Is, err)
				}
			}
		})
	}
}

// TestRewriteOfDamage: a flipped bit is an error, whatever was written before it.
func TestRewriteOfDamage(t *testing.T) {
	m := open(t, t.TempDir())
	m.do(fsm.Found{At: 1, Incarnation: [8]byte{1, 1}})
	from, _ := streamOf(t, m)
	for at := range from {
		b := bytes.Clone(from)
		b[at] ^= 1
		if _, err := fsm.Rewrite(bytes.NewReader(b), io.Discard, [8]byte{7}); err == nil {
			t.Errorf("byte %d", at)
		}
		if _, err := fsm.Rewrite(bytes.NewReader(from[:at]), io.Discard, [8]byte{7}); !errors.Is(err, fsm.ErrSnapshot) {
			t.Errorf("cut at %d: %v", at, err)
		}
	}
	if err := m.VerifyTables(); err != nil {
		t.Error(err)
	}
}
