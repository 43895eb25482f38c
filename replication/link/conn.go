package link

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Timing of an open link.
const (
	pingEvery  = time.Minute       // hub to station, unless the line is metered
	deadAfter  = 150 * time.Second // without a byte from the other end
	writeLimit = time.Minute       // for one message to leave
)

// ErrStalled means that the hub has been silent for too long while a batch was
// under way.
var ErrStalled = errors.New("the hub does not answer")

// Conn is the station's end of an open link. Send is for one goroutine; Close
// and Done may be called from any.
type Conn struct {
	ws       *websocket.Conn
	welcome  Welcome
	client   *Client
	reader   *Reader // of a reading link, from the first Fetch on
	start    time.Time
	patience time.Duration
	in       chan []byte
	done     chan struct{} // closed when reading has ended
	err      error         // why; set before done is closed
	once     sync.Once
}

func newConn(ws *websocket.Conn, w Welcome, patience time.Duration) *Conn {
	c := &Conn{
		ws: ws, welcome: w, client: NewClient(w), start: time.Now(), patience: patience,
		in: make(chan []byte, 2*maxWindow/haveEvery), done: make(chan struct{}),
	}
	ws.SetReadLimit(maxMessage)
	ping := ws.PingHandler()
	ws.SetPingHandler(func(s string) error { c.alive(); return ping(s) })
	c.alive()
	go c.read()
	return c
}

func (c *Conn) alive() {
	// A line that is dead cannot be told so; the error shows in the next read.
	_ = c.ws.SetReadDeadline(time.Now().Add(deadAfter))
}

func (c *Conn) read() {
	defer close(c.done)
	for {
		kind, b, err := c.ws.ReadMessage()
		if err == nil && kind != websocket.BinaryMessage {
			err = fmt.Errorf("%w: a text message", ErrProtocol)
		}
		if err != nil {
			c.err = err
			c.ws.Close()
			return
		}
		c.alive()
		select {
		case c.in <- b:
		default:
			c.err = fmt.Errorf("%w: more answers than questions", ErrProtocol)
			c.ws.Close()
			return
		}
	}
}

// Welcome returns what the hub said to the hello.
func (c *Conn) Welcome() Welcome { return c.welcome }

// Done is closed when the link has died.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Send carries one batch over and returns what the hub says about it. After an
// error the outcome is unknown and the link is closed: send the same batch again
// over another.
func (c *Conn) Send(ctx context.Context, o Outgoing) (Verdict, error) {
	v, err := c.send(ctx, o)
	if err != nil {
		c.ws.Close()
	}
	return v, err
}

func (c *Conn) send(ctx context.Context, o Outgoing) (Verdict, error) {
	stalled := time.NewTimer(c.patience)
	defer stalled.Stop()
	stop := context.AfterFunc(ctx, func() { c.ws.Close() }) // ends a write under way
	defer stop()
	c.alive()
	effects := c.client.Step(ClientEvent{At: time.Since(c.start), Offer: &o})
	for {
		for _, e := range effects {
			switch {
			case e.Err != nil:
				return Verdict{}, e.Err
			case e.Verdict != nil:
				return *e.Verdict, nil
			}
			if err := c.write(e.Send); err != nil {
				return Verdict{}, cause(ctx, err)
			}
		}
		select {
		case b := <-c.in:
			stalled.Reset(c.patience)
			effects = c.client.Step(ClientEvent{At: time.Since(c.start), Message: b})
		case <-c.done:
			return Verdict{}, cause(ctx, c.err)
		case <-stalled.C:
			return Verdict{}, ErrStalled
		case <-ctx.Done():
			return Verdict{}, ctx.Err()
		}
	}
}

func (c *Conn) write(b []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.BinaryMessage, b)
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Close ends the link, in order when the line still carries, and waits for its
// reader.
func (c *Conn) Close() {
	c.once.Do(func() {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)) // courtesy only
		c.ws.Close()
	})
	<-c.done
}
