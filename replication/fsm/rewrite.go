package fsm

import (
	"bytes"
	"fmt"
	"io"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Rewritten says what Rewrite read and wrote.
type Rewritten struct {
	Header Header
	Was    journal.Hash // state hash of the rows read, as View.Hash
	Is     journal.Hash // of the rows written
}

// Rewrite copies a snapshot stream and gives its state another incarnation: the
// state goes on as another hub. What was written is only to be believed when it
// returned nil. ErrSnapshot, ErrNewer.
func Rewrite(from io.Reader, to io.Writer, incarnation [8]byte) (r Rewritten, err error) {
	head, from, err := PeekHeader(from)
	if err != nil {
		return r, err
	}
	if head.Fold > register.FoldVersion {
		return r, fmt.Errorf("%w: snapshot of fold version %d", ErrNewer, head.Fold)
	}
	w, err := newSnapshotWriter(to, head)
	if err != nil {
		return r, err
	}
	was, is := newRowHash(), newRowHash()
	put := func(key, value []byte) error {
		if err := w.row(key, value); err != nil {
			return err
		}
		return is.row(key, value)
	}
	c := changeMeta{incarnation: incarnation, put: put}
	r.Header, err = readSnapshot(from, func(key, value []byte) error {
		if err := was.row(key, value); err != nil {
			return err
		}
		return c.row(key, value)
	})
	if err == nil {
		err = c.end()
	}
	if err == nil {
		err = w.end()
	}
	r.Was, r.Is = was.hash(), is.hash()
	return r, err
}

// changeMeta hands rows on in order and puts the incarnation into the row about
// the cluster, which a hub that was never founded lacks.
type changeMeta struct {
	incarnation [8]byte
	put         func(key, value []byte) error
	met         bool
}

func (c *changeMeta) row(key, value []byte) error {
	meta := stateKey(tableMeta)
	switch order := bytes.Compare(key, meta); {
	case order < 0 || c.met:
	case order == 0:
		c.met = true
		m, err := decodeMeta(value)
		if err != nil {
			return err
		}
		m.Incarnation = c.incarnation
		return c.put(meta, m.encode())
	default:
		if err := c.end(); err != nil {
			return err
		}
	}
	return c.put(key, value)
}

// end puts the row where there was none.
func (c *changeMeta) end() error {
	if c.met {
		return nil
	}
	c.met = true
	return c.put(stateKey(tableMeta), metaRow{Fold: 1, Incarnation: c.incarnation}.encode())
}

// SnapshotHash reads a snapshot to its end and returns the state hash of its
// rows, which is View.Hash of the state it restores to.
func SnapshotHash(from io.Reader) (Header, journal.Hash, error) {
	sum := newRowHash()
	h, err := readSnapshot(from, sum.row)
	return h, sum.hash(), err
}

// VerifyTables reads the checksums of all tables. A block that cannot be read
// looks like the end of its table to whoever walks over the rows; so whoever has
// copied them asks afterwards.
func (f *FSM) VerifyTables() (err error) {
	p, err := f.pin()
	if err != nil {
		return err
	}
	defer p.release()
	defer func() {
		if r := recover(); r != nil { // badger on a table it cannot read
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	if err := p.db.VerifyChecksum(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
