package link

import (
	"errors"
	"fmt"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// ErrProtocol means that the other end does what no version of the protocol
// allows; the link is of no use any more.
var ErrProtocol = errors.New("the other end breaks the link protocol")

// Pace of the window. A line that answers within quick may have more under way,
// one that takes longer than slow less.
const (
	quick      = 500 * time.Millisecond
	slow       = 2 * time.Second
	smallSlice = 4 << 10
)

// Outgoing is a batch to be sent.
type Outgoing struct {
	Lane     journal.Lane
	Last     journal.Seq
	PostHash journal.Hash
	Batch    []byte
	id       [16]byte
}

// NewOutgoing prepares an encoded batch for sending.
func NewOutgoing(b []byte) (Outgoing, error) {
	h, err := batch.Peek(b)
	if err != nil {
		return Outgoing{}, err
	}
	return Outgoing{Lane: h.Origin.Lane, Last: h.Last, PostHash: h.PostHash, Batch: b, id: batch.ID(b)}, nil
}

// Client is the station's end of one link as a pure step function: an event goes
// in, effects come out. One batch at a time is under way. Not for concurrent use.
type Client struct {
	have   *Partial
	limit  int // of the window, by the welcome
	window int
	out    *Outgoing
	sent   int // bytes of out sent, or known to be there
	there  int // bytes of out the hub said it holds
	marks  []mark
}

// mark remembers when the bytes up to an offset were sent.
type mark struct {
	offset int
	at     time.Duration
}

// NewClient begins after a welcome.
func NewClient(w Welcome) *Client {
	limit := int(w.Window)
	if limit == 0 || limit > maxWindow {
		limit = FirstSlice
	}
	return &Client{have: w.Have, limit: limit, window: min(FirstSlice, limit)}
}

// ClientEvent is either a batch offered or a message received. At is the time
// since the link began; it sets the pace and nothing else.
type ClientEvent struct {
	At      time.Duration
	Offer   *Outgoing
	Message []byte
}

// ClientEffect is exactly one of: a message to send, a verdict about the batch
// under way, an error that ends the link.
type ClientEffect struct {
	Send    []byte
	Verdict *Verdict
	Err     error
}

// Step takes one event.
func (c *Client) Step(ev ClientEvent) []ClientEffect {
	if ev.Offer != nil {
		return c.offer(ev.Offer, ev.At)
	}
	m, err := ParseMessage(ev.Message)
	switch {
	case err != nil:
		return failed(err)
	case c.out == nil || m.Stream != c.out.Lane:
		return failed(fmt.Errorf("%w: an answer to nothing", ErrProtocol))
	case m.Type == TypeHave:
		return c.more(int(m.Offset), ev.At)
	case m.Type == TypeVerdict:
		return c.verdict(m)
	}
	return failed(fmt.Errorf("%w: message type %d from a hub", ErrProtocol, m.Type))
}

func failed(err error) []ClientEffect { return []ClientEffect{{Err: err}} }

func (c *Client) offer(o *Outgoing, at time.Duration) []ClientEffect {
	if c.out != nil {
		return failed(errors.New("link: internal error: a batch is under way already"))
	}
	c.out, c.sent, c.there, c.marks = o, 0, 0, nil
	m := Message{Type: TypeOffer, Stream: o.Lane, Size: uint32(len(o.Batch)), ID: o.id}
	if c.have != nil && c.have.ID == o.id && int(c.have.Offset) <= len(o.Batch) {
		c.sent = int(c.have.Offset)
		c.there = c.sent
	} else {
		m.Data = o.Batch[:min(len(o.Batch), c.slice(), c.window)]
		c.sent = len(m.Data)
		c.marks = append(c.marks, mark{c.sent, at})
	}
	c.have = nil
	return append([]ClientEffect{{Send: m.Marshal()}}, c.slices(at)...)
}

// slice is how many bytes go in one message: what a cut in the middle of one
// loses is small on a slow line.
func (c *Client) slice() int {
	if c.window <= FirstSlice {
		return smallSlice
	}
	return maxSlice
}

// slices sends what the window allows.
func (c *Client) slices(at time.Duration) (effects []ClientEffect) {
	for c.sent < len(c.out.Batch) && c.sent < c.there+c.window {
		n := min(c.slice(), len(c.out.Batch)-c.sent, c.there+c.window-c.sent)
		m := Message{Type: TypeSlice, Stream: c.out.Lane, Offset: uint32(c.sent), Data: c.out.Batch[c.sent : c.sent+n]}
		c.sent += n
		c.marks = append(c.marks, mark{c.sent, at})
		effects = append(effects, ClientEffect{Send: m.Marshal()})
	}
	return effects
}

func (c *Client) more(have int, at time.Duration) []ClientEffect {
	if have < c.there || have > len(c.out.Batch) {
		return failed(fmt.Errorf("%w: the hub holds %d of %d bytes", ErrProtocol, have, len(c.out.Batch)))
	}
	c.there = have
	c.sent = max(c.sent, have) // it may hold more than this link has sent
	for len(c.marks) > 0 && c.marks[0].offset <= have {
		switch took := at - c.marks[0].at; {
		case took <= quick:
			c.window = min(c.window*2, c.limit)
		case took > slow:
			c.window = max(c.window/2, min(FirstSlice, c.limit))
		}
		c.marks = c.marks[1:]
	}
	return c.slices(at)
}

func (c *Client) verdict(m Message) []ClientEffect {
	v := m.Verdict
	if m.Brief {
		if v.Seq != c.out.Last || Prefix(v.Hash) != Prefix(c.out.PostHash) {
			return failed(fmt.Errorf("%w: an acknowledgement of other records", ErrProtocol))
		}
		v.Hash = c.out.PostHash
	}
	c.out = nil
	return []ClientEffect{{Verdict: &v}}
}
