package main

import (
	"context"
	"crypto/ed25519"
	"net"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/link/linktest"
)

// hubEnd is the hub's side of links with an intake in memory, on loopback.
type hubEnd struct {
	addr   string
	node   *identity.Node
	secret journal.Secret
	key    ed25519.PrivateKey
	base   journal.Hash
	stop   func()
}

// origin is the measured station, with numbers of usual size.
var origin = journal.Origin{Station: 135, Epoch: 1, Mint: 1}

func newHubEnd(dir string) (*hubEnd, error) {
	ca, err := identity.CreateCA(filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, err
	}
	node, err := ca.CreateNode(dir, "a", time.Now())
	if err != nil {
		return nil, err
	}
	key, err := identity.CreateKey(filepath.Join(dir, "station.key"))
	if err != nil {
		return nil, err
	}
	g := journal.Genesis{Origin: origin, Unit: "23764", Created: time.Now().Unix()}
	g.Sign(key)
	h := &hubEnd{node: node, key: key, secret: journal.Secret{1}, base: journal.Base(g, journal.LaneRegister)}
	reg, err := identity.NewRegistration(g, h.secret)
	if err != nil {
		return nil, err
	}
	intake := new(linktest.Intake)
	if err := intake.Register(reg); err != nil {
		return nil, err
	}
	hub, err := link.NewHub(link.HubOptions{TLS: identity.ServerTLS(node, intake.Known), Intake: intake})
	if err != nil {
		return nil, err
	}
	ln, err := listen()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- hub.Serve(ctx, ln) }()
	h.addr, h.stop = ln.Addr().String(), func() { cancel(); <-served }
	return h, nil
}

// sender is the station's side: it cuts and sends like a spoke, on links whose
// bytes are counted.
type sender struct {
	hub  *hubEnd
	pre  journal.Hash
	dial *link.Dialer
	tap  *tap
}

func (h *hubEnd) newSender() (*sender, error) {
	s := &sender{hub: h, pre: h.base}
	return s, s.forget()
}

// forget drops the sessions that could be resumed.
func (s *sender) forget() error {
	conf, err := identity.ClientTLS(identity.ClientOptions{Station: origin.Station, Key: s.hub.key, Pin: s.hub.node.Pin, Metered: true})
	if err != nil {
		return err
	}
	s.dial = &link.Dialer{TLS: conf, NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		t, err := dialTap(ctx, network, addr)
		s.tap = t
		return t, err
	}}
	return nil
}

func (s *sender) connect(ctx context.Context, head journal.Seq) (*link.Conn, error) {
	return s.dial.Dial(ctx, s.hub.addr, link.Hello{
		ProtocolMin: link.ProtocolMin, ProtocolMax: link.ProtocolMax, Station: origin.Station, Epoch: origin.Epoch,
		Install: [16]byte{1}, Boot: [8]byte{1}, Metered: true, Clock: time.Now().Unix(), App: "1.0.0",
		Heads: []link.Head{{Lane: journal.LaneRegister, Seq: head, Hash: link.Prefix(s.pre)}},
	})
}

// send carries the records over and returns when the last is acknowledged.
func (s *sender) send(ctx context.Context, conn *link.Conn, recs []journal.Record) error {
	for len(recs) > 0 {
		src := batch.Source{Origin: origin, Secret: s.hub.secret, PreHash: s.pre, Records: recs}
		b, n, err := batch.Cut(src, s.hub.key, batch.Limits{})
		if err != nil {
			return err
		}
		out, err := link.NewOutgoing(b)
		if err != nil {
			return err
		}
		v, err := conn.Send(ctx, out)
		if err != nil {
			return err
		}
		if v.Kind != link.VerdictAccepted {
			return &verdictError{v}
		}
		s.pre, recs = v.Hash, recs[n:]
	}
	return nil
}

type verdictError struct{ v link.Verdict }

func (e *verdictError) Error() string { return "the hub says " + e.v.Kind.String() }

// tempDir makes a directory for the keys of one measurement.
func tempDir() (string, func(), error) {
	dir, err := os.MkdirTemp("", "fieldsim")
	return dir, func() { os.RemoveAll(dir) }, err
}
