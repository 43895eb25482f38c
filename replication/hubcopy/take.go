package hubcopy

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
)

// Source is a node's state: a running hub, or the state of a stopped one.
type Source interface {
	View(fn func(*fsm.View) error) error
	VerifyTables() error
}

// TakeOptions of Take. Hub, Keys, Place, Node, Peers and Work are required.
type TakeOptions struct {
	Hub      Source
	Keys     Keys
	Place    string // folder on another disk; made when missing
	Work     string // a folder in which the copy is restored to prove it
	Node     string // that makes the copy
	Peers    []Peer
	Program  string // version of tramxa
	Accounts []byte // file of the accounts of the pages; nil: none
	CutOff   bool   // the node knows of no leader: what it has applied may be old
	Keep     int    // finished copies of this node kept in the place; 0: 7
	Reserve  uint64 // bytes of the place that stay free; 0: 256 MiB
	FS       journal.FS
	Now      time.Time // zero: now
	Log      *slog.Logger
}

func (o TakeOptions) withDefaults() TakeOptions {
	if o.Keep <= 0 {
		o.Keep = 7
	}
	if o.Reserve == 0 {
		o.Reserve = 256 << 20
	}
	if o.FS == nil {
		o.FS = journal.OS
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Take makes a copy and returns it, finished and proven. A cut of power or an
// error at any instant leaves the earlier copies as they are; so does the end of
// ctx. One call at a time for a node. ErrNoRoom, ErrDiffers, fsm.ErrDamaged.
func Take(ctx context.Context, o TakeOptions) (c *Copy, err error) {
	o = o.withDefaults()
	folder := filepath.Join(o.Place, folderName(o.Keys.Pin, o.Node))
	if err := o.FS.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := sweep(o.FS, folder); err != nil {
		return nil, err
	}
	all, err := numbers(o.FS, folder)
	if err != nil {
		return nil, err
	}
	h := Header{Pin: o.Keys.Pin, Number: 1, Made: o.Now.UTC().Truncate(time.Second), sealed: o.Keys.sealed, keyID: o.Keys.id()}
	if len(all) > 0 {
		h.Number = all[len(all)-1] + 1
	}
	_, _ = rand.Read(h.salt[:]) // never fails
	name := filepath.Join(folder, copyName(h.Number))
	part := name + partExt
	defer func() {
		if err != nil {
			_ = o.FS.Remove(part) // else swept by the next one
		}
	}()
	if err := o.write(ctx, part, h); err != nil {
		return nil, err
	}
	// What the tables hold was copied as it was read; a table that cannot be read
	// any more ends before its rows do.
	if err := o.Hub.VerifyTables(); err != nil {
		return nil, fmt.Errorf("the state on this node: %w", err)
	}
	if c, err = openCopy(o.FS, part, o.Keys); err == nil {
		err = c.Prove(ctx, o.Work, o.Log)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the copy back: %w", err)
	}
	if err := errors.Join(o.FS.Rename(part, name), o.FS.SyncDir(folder)); err != nil {
		return nil, err
	}
	c.path = name
	return c, prune(o.FS, folder, o.Keep)
}

func (o TakeOptions) write(ctx context.Context, part string, h Header) error {
	f, err := o.FS.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	head := h.encode()
	box, err := o.Keys.chunks(head, h.salt)
	if err == nil {
		to := &roomy{ctx: ctx, to: f, o: o, dir: filepath.Dir(part)}
		if _, err = to.Write(head); err == nil {
			err = o.Hub.View(func(v *fsm.View) error { return o.fill(ctx, &sealer{to: to, box: box}, h, v) })
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// fill writes manifest and state.
func (o TakeOptions) fill(ctx context.Context, s *sealer, h Header, v *fsm.View) error {
	m, err := o.manifest(ctx, h, v)
	if err != nil {
		return err
	}
	b, err := m.marshal()
	if err != nil {
		return err
	}
	if _, err := s.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)); err != nil {
		return err
	}
	if err := v.WriteSnapshot(s); err != nil {
		return err
	}
	return s.Close()
}

func (o TakeOptions) manifest(ctx context.Context, h Header, v *fsm.View) (m Manifest, err error) {
	at := v.Applied()
	if at.Index == 0 {
		return m, errors.New("this node has no state yet; hint: is the hub running, and does this node reach the others?")
	}
	fold, err1 := v.Fold()
	incarnation, err2 := v.Incarnation()
	state, err3 := v.HashWhile(ctx.Err)
	m = Manifest{Version: version, Made: h.Made.Format(time.RFC3339), Node: o.Node, Pin: h.Pin.String(), Peers: o.Peers, Program: o.Program,
		Index: at.Index, Term: at.Term, Fold: fold, Incarnation: hex.EncodeToString(incarnation[:]), State: hex.EncodeToString(state[:]),
		CutOff: o.CutOff, Accounts: o.Accounts}
	err4 := v.Stations(func(s fsm.StationRow) error {
		m.Stations++
		m.Records += uint64(s.Lane[0].Seq)
		return nil
	})
	return m, errors.Join(err1, err2, err3, err4)
}

// roomy stops writing while there is still room left, for a full disk stops more
// than a copy; and when ctx ends.
type roomy struct {
	ctx  context.Context
	to   io.Writer
	o    TakeOptions
	dir  string
	left int // bytes until the next look
}

const lookEvery = 4 << 20

func (r *roomy) Write(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left -= len(p); r.left < 0 {
		free, err := r.o.FS.Free(r.dir)
		if err != nil {
			return 0, fmt.Errorf("ask for free space: %w", err)
		}
		if free < r.o.Reserve+lookEvery {
			return 0, fmt.Errorf("%w: %d MiB are free in %s, %d MiB stay free; hint: take another disk, or remove old copies", ErrNoRoom, free>>20, r.dir, r.o.Reserve>>20)
		}
		r.left = lookEvery - len(p)
	}
	return r.to.Write(p)
}
