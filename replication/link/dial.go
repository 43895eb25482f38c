package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// Names of the upgrade.
const (
	path         = "/link"
	helloHeader  = "Tx-Hello"
	headerAnswer = "Tx-Welcome"
)

// Refused is the error of Dial when the hub answers the hello with something
// other than a welcome.
type Refused struct{ Welcome Welcome }

func (r *Refused) Error() string { return "the hub refuses the link: " + r.Welcome.Status.String() }

// ErrNotKnown means that the hub ended the handshake: it does not know this
// station by this key, or this hub is not a tramxa hub.
var ErrNotKnown = errors.New("the hub does not accept this station's key")

// Dialer opens links to a hub.
type Dialer struct {
	TLS     *tls.Config                                                       // identity.ClientTLS
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error) // nil: net.Dialer
	// HandshakeTimeout bounds connecting, TLS and hello together. 0: 30 s.
	HandshakeTimeout time.Duration
	// Patience is how long a batch may be under way without a byte from the
	// hub. 0: 90 s.
	Patience time.Duration
}

func (d *Dialer) timeout() time.Duration {
	if d.HandshakeTimeout > 0 {
		return d.HandshakeTimeout
	}
	return 30 * time.Second
}

func (d *Dialer) patience() time.Duration {
	if d.Patience > 0 {
		return d.Patience
	}
	return 90 * time.Second
}

// Dial connects to addr ("host:port") and says hello. *Refused: the hub
// answered, and not with a welcome. A hello with CapFetch opens a reading link,
// for Fetch alone; its welcome's status may then also be rewound or forked.
func (d *Dialer) Dial(ctx context.Context, addr string, h Hello) (*Conn, error) {
	if d.TLS == nil {
		return nil, errors.New("link: TLS settings are missing")
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout())
	defer cancel()
	ws := websocket.Dialer{
		NetDialTLSContext: d.DialTLS, ReadBufferSize: maxMessage, WriteBufferSize: maxMessage + 256,
	}
	// Each header left out is paid on no contact: the name of the host says
	// nothing, the certificate says who it is.
	headers := http.Header{"Host": {"h"}, "User-Agent": {""}, helloHeader: {header(h.Marshal())}}
	conn, resp, err := ws.DialContext(ctx, "wss://"+addr+path, headers)
	if err != nil && resp == nil {
		return nil, HandshakeError(err)
	}
	raw, herr := fromHeader(resp.Header.Get(headerAnswer), maxWelcome)
	var w Welcome
	if herr == nil {
		w, herr = ParseWelcome(raw)
	}
	reading := slices.Contains(h.Capabilities, CapFetch) && slices.Contains(w.Capabilities, CapFetch)
	if herr == nil && err == nil && (w.Status == StatusWelcome || reading) {
		return newConn(conn, w, d.patience()), nil
	}
	if conn != nil {
		conn.Close()
	}
	switch {
	case herr != nil:
		return nil, fmt.Errorf("%w: no welcome (http status %d)", ErrProtocol, resp.StatusCode)
	case w.Status == StatusWelcome:
		return nil, fmt.Errorf("%w: welcome without upgrade", ErrProtocol)
	}
	return nil, &Refused{w}
}

// DialTLS connects to a node and proves both ends, as Dial does before the hello.
func (d *Dialer) DialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := d.NetDial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	raw, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, d.TLS)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// HandshakeError tells a refused key, which TLS 1.3 reports on the first read, from
// a line that is down: ErrNotKnown is joined to the first.
func HandshakeError(err error) error {
	var alert tls.AlertError
	var op *net.OpError
	if errors.As(err, &alert) || (errors.As(err, &op) && op.Op == "remote error") {
		return fmt.Errorf("%w: %w", ErrNotKnown, err)
	}
	return err
}
