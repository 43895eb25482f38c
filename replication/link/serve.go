package link

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// HubOptions are what the hub's end of links needs.
type HubOptions struct {
	TLS    *tls.Config // required: identity.ServerTLS
	Intake Intake      // required
	// Archive gives stations their own batches back. Nil: they cannot have them.
	Archive Archive
	// Releases gives stations updates of the program. Nil: there are none.
	Releases Releases
	Log      *slog.Logger // nil: discarded
	// PartialBytes bounds what all stations' half batches may take in memory.
	// 0: 64 MiB.
	PartialBytes int
	// PartialLife is how long a half batch is kept. 0: 24 h.
	PartialLife time.Duration
	// Window is the most bytes under way unacknowledged that this hub allows a
	// station on a quick line. 0: 256 KiB.
	Window int
}

// Hub is the hub's end of all links of one node.
type Hub struct {
	o        HubOptions
	upgrader websocket.Upgrader
	partials *partials
	sessions sessions
	updates  updates
}

// NewHub makes the hub's end. Serve lets stations in.
func NewHub(o HubOptions) (*Hub, error) {
	if o.TLS == nil || o.Intake == nil {
		return nil, errors.New("link: a hub needs TLS settings and an intake")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.PartialBytes <= 0 {
		o.PartialBytes = 64 << 20
	}
	if o.PartialLife <= 0 {
		o.PartialLife = 24 * time.Hour
	}
	if o.Window <= 0 || o.Window > maxWindow {
		o.Window = maxWindow
	}
	return &Hub{
		o: o, partials: newPartials(o.PartialBytes, o.PartialLife),
		upgrader: websocket.Upgrader{
			HandshakeTimeout: 20 * time.Second, ReadBufferSize: maxMessage, WriteBufferSize: 512,
			CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "" }, // no browser has business here
		},
	}, nil
}

// Serve takes links from ln until ctx ends, then closes them all and waits.
func (h *Hub) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: h, TLSConfig: h.o.TLS, MaxHeaderBytes: 8 << 10,
		ReadHeaderTimeout: 20 * time.Second, IdleTimeout: 20 * time.Second,
		ErrorLog:     log.New(quiet{h.o.Log}, "", 0),
		BaseContext:  func(net.Listener) context.Context { return ctx },
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // websocket lives on HTTP/1.1
	}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err := srv.Serve(tls.NewListener(ln, h.o.TLS))
	srv.Close()
	h.sessions.closeAll()
	h.updates.closeAll()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// quiet logs what net/http says about broken handshakes, at debug level.
type quiet struct{ log *slog.Logger }

func (q quiet) Write(b []byte) (int, error) {
	q.log.Debug("link server", "said", string(b))
	return len(b), nil
}
