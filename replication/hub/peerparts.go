package hub

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Parts between the nodes of a hub, version 1, on the raft port after the purpose
// byte 2. The asking node sends questions one after the other:
//
//	version u8 (1) · hash 32 · offset u64, big-endian
//
// and gets for each
//
//	answer u8 (1 here it is, 2 not held) · size u64 · the bytes from offset on
//
// A hash of zeros asks nothing but whether the node knows parts at all: answer 2.
// What arrives is believed only when the whole has its hash.
const (
	peerVersion  = 1
	peerQuestion = 1 + 32 + 8
	peerAnswer   = 1 + 8
	peerHere     = 1
	peerNotHeld  = 2
	peerPatience = 30 * time.Second // without a byte
)

var errNotHeld = errors.New("the peer does not hold this part")

// serveParts answers a peer's questions until it hangs up or the node stops.
func (h *Hub) serveParts(c net.Conn) {
	defer c.Close()
	for {
		if err := h.answerPeer(c); err != nil {
			h.o.Log.Debug("a peer's questions for parts ended", "error", err)
			return
		}
	}
}

func (h *Hub) answerPeer(c net.Conn) error {
	var q [peerQuestion]byte
	if err := c.SetDeadline(time.Now().Add(peerPatience)); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, q[:]); err != nil {
		return err
	}
	if q[0] != peerVersion {
		return fmt.Errorf("questions of version %d", q[0])
	}
	file, size, err := h.parts.open(hash(q[1:33]))
	offset := binary.BigEndian.Uint64(q[33:])
	if err != nil || offset > uint64(size) {
		if err == nil {
			_ = file.Close()
		}
		_, err = c.Write(append([]byte{peerNotHeld}, make([]byte, 8)...))
		return err
	}
	defer file.Close()
	if _, err := c.Write(binary.BigEndian.AppendUint64([]byte{peerHere}, uint64(size))); err != nil {
		return err
	}
	_, err = io.Copy(patientWriter{c}, io.NewSectionReader(file, int64(offset), size-int64(offset)))
	return err
}

// patientWriter gives each piece a while to leave.
type patientWriter struct{ net.Conn }

func (w patientWriter) Write(b []byte) (int, error) {
	if err := w.SetDeadline(time.Now().Add(peerPatience)); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}

// asker is a line to a peer for parts.
type asker struct{ net.Conn }

func (h *Hub) ask(ctx context.Context, p Peer) (*asker, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	c, err := h.stream.dial(ctx, p.Raft, purposeParts)
	if err != nil {
		return nil, err
	}
	return &asker{c}, nil
}

// question asks for a part from an offset and returns its size; errNotHeld.
func (a *asker) question(x hash, offset int64) (int64, error) {
	if err := a.SetDeadline(time.Now().Add(peerPatience)); err != nil {
		return 0, err
	}
	q := binary.BigEndian.AppendUint64(append([]byte{peerVersion}, x[:]...), uint64(offset))
	if _, err := a.Conn.Write(q); err != nil {
		return 0, err
	}
	var b [peerAnswer]byte
	if _, err := io.ReadFull(a.Conn, b[:]); err != nil {
		return 0, err
	}
	switch b[0] {
	case peerHere:
		return int64(binary.BigEndian.Uint64(b[1:])), nil
	case peerNotHeld:
		return 0, errNotHeld
	}
	return 0, fmt.Errorf("a peer's answer of kind %d", b[0])
}

// bring copies the rest of a part from a peer to the end of f.
func (a *asker) bring(x hash, size, have int64, f *os.File) error {
	n, err := a.question(x, have)
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%w: the peer's has %d bytes", ErrAltered, n)
	}
	for have < size {
		if err := a.SetDeadline(time.Now().Add(peerPatience)); err != nil {
			return err
		}
		k, err := io.CopyN(f, a.Conn, min(size-have, 64<<10))
		have += k
		if err != nil {
			return err
		}
	}
	return nil
}

// knowsParts asks a peer whether its program knows releases.
func (h *Hub) knowsParts(ctx context.Context, p Peer) error {
	a, err := h.ask(ctx, p)
	if err != nil {
		return err
	}
	defer a.Close()
	if _, err = a.question(hash{}, 0); errors.Is(err, errNotHeld) {
		return nil
	}
	return err
}
