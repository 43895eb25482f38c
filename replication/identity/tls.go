package identity

import (
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
)

// Errors of a handshake.
var (
	ErrNotTheHub      = errors.New("certificate is not signed by the hub this station knows")
	ErrUnknownStation = errors.New("station is not known to this hub by this key")
)

// Known says whether a station may show this key. It is asked in every
// handshake, resumed ones too, and must answer without waiting.
type Known func(station journal.Station, key ed25519.PublicKey) bool

// ServerTLS returns the settings of a hub node for links. Sessions resume by
// small tickets whose content stays in this process.
func ServerTLS(node *Node, known Known) *tls.Config {
	sessions := newTickets(maxTickets)
	return &tls.Config{
		MinVersion:    tls.VersionTLS13,
		Certificates:  []tls.Certificate{node.Cert},
		ClientAuth:    tls.RequireAnyClientCert,
		WrapSession:   sessions.wrap,
		UnwrapSession: sessions.unwrap,
		VerifyConnection: func(cs tls.ConnectionState) error {
			station, key, err := Peer(cs)
			if err != nil {
				return err
			}
			if !known(station, key) {
				return fmt.Errorf("%w: station %d", ErrUnknownStation, station)
			}
			return nil
		},
	}
}

// Peer returns the station at the other end of a handshaken connection and the
// key it has proved.
func Peer(cs tls.ConnectionState) (journal.Station, ed25519.PublicKey, error) {
	if len(cs.PeerCertificates) != 1 {
		return 0, nil, fmt.Errorf("%w: one certificate expected", ErrFormat)
	}
	return stationOf(cs.PeerCertificates[0])
}

// ClientOptions are what a station's end needs.
type ClientOptions struct {
	Station journal.Station
	Key     ed25519.PrivateKey
	Pin     Pin
	Clock   Clock
	// Metered leaves the post-quantum key share out: 2.5 kB less on every
	// connection. What is sent today could then be read by whoever keeps it
	// until a quantum computer exists.
	Metered bool
}

// ClientTLS returns the settings of a station for links. The server is known by
// its authority, not by a name: no name is asked for or sent.
func ClientTLS(o ClientOptions) (*tls.Config, error) {
	leaf, err := StationLeaf(o.Station, o.Key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{
		MinVersion:         tls.VersionTLS13,
		Certificates:       []tls.Certificate{leaf},
		InsecureSkipVerify: true, // names and roots are not used; VerifyConnection checks the pinned authority
		VerifyConnection: func(cs tls.ConnectionState) error {
			_, err := o.Pin.verify(cs, o.Clock)
			return err
		},
		ClientSessionCache: tls.NewLRUClientSessionCache(4),
	}
	if o.Metered {
		c.CurvePreferences = []tls.CurveID{tls.X25519}
	}
	return c, nil
}

// PeerTLS returns the settings between the nodes of one hub, for both roles.
// allowed says whether the node id at the other end belongs here (nil: every
// node of the authority).
func PeerTLS(node *Node, clock Clock, allowed func(id string) bool) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{node.Cert},
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // VerifyConnection checks the authority
		SessionTicketsDisabled: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			id, err := node.Pin.verify(cs, clock)
			if err == nil && allowed != nil && !allowed(id) {
				err = fmt.Errorf("%w: node %s", ErrNotTheHub, id)
			}
			return err
		},
	}
}

// verify checks the certificate of a node at the other end.
func (p Pin) verify(cs tls.ConnectionState, clock Clock) (string, error) {
	if len(cs.PeerCertificates) != 1 {
		return "", fmt.Errorf("%w: one certificate expected", ErrFormat)
	}
	leaf := cs.PeerCertificates[0]
	id, err := p.node(leaf)
	if err != nil {
		return "", err
	}
	return id, clock.check(leaf)
}

// NodeOf returns the id of the node at the other end of a handshaken
// connection made with PeerTLS or ClientTLS.
func NodeOf(cs tls.ConnectionState) (string, error) {
	if len(cs.PeerCertificates) == 1 {
		return nodeOf(cs.PeerCertificates[0])
	}
	return "", fmt.Errorf("%w: one certificate expected", ErrFormat)
}
