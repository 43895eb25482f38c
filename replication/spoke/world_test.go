package spoke

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/link/linktest"
)

var stationKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

var epochSecret = journal.Secret{5, 5, 5}

// outbox is a real journal with its cursor in memory.
type outbox struct {
	*journal.Journal
	mu    sync.Mutex
	acked journal.Seq
	moves []journal.Seq
}

func (o *outbox) Acked() journal.Seq {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.acked
}

func (o *outbox) SetAcked(_ context.Context, seq journal.Seq, _ journal.Hash, _ time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.acked = seq
	o.moves = append(o.moves, seq)
	return nil
}

func genesis() journal.Genesis {
	g := journal.Genesis{Origin: journal.Origin{Station: 7, Epoch: 1, Mint: 12}, Unit: "23764", Created: 1}
	g.Sign(stationKey)
	return g
}

func journalOptions(dir string) journal.Options {
	return journal.Options{Dir: dir, Genesis: genesis(), Secret: epochSecret, Signer: stationKey, Key: journal.Key{ID: 1}}
}

func newOutbox(t *testing.T, dir string) *outbox {
	t.Helper()
	o := journalOptions(dir)
	if err := journal.Create(o); err != nil {
		t.Fatal(err)
	}
	return openOutbox(t, dir)
}

func openOutbox(t *testing.T, dir string) *outbox {
	t.Helper()
	j, _, err := journal.Open(context.Background(), journalOptions(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return &outbox{Journal: j}
}

// write appends n records whose bodies carry salt, so that two copies differ.
func (o *outbox) write(t *testing.T, n int, salt string) {
	t.Helper()
	for n > 0 {
		group := min(n, journal.MaxGroup)
		seq, _ := o.Head()
		drafts := make([]journal.Draft, group)
		for i := range drafts {
			e := journal.Envelope{At: 1_772_000_000 + int64(seq), Kind: 3, Version: 1, Actor: 1, Device: 1, DeviceSeq: uint64(seq) + uint64(i)}
			var w tuple.Writer
			w.String(salt)
			w.Uint(uint64(seq) + uint64(i))
			drafts[i] = journal.Draft{Envelope: e, Body: w.Tuple()}
		}
		if _, err := o.Append(drafts); err != nil {
			t.Fatal(err)
		}
		n -= group
	}
}

// world is one hub end with an honest intake, and the means to dial it.
type world struct {
	intake *linktest.Intake
	node   *identity.Node
	net    *network
	wrap   func(link.Intake) link.Intake // stands between links and intake; nil: nothing does
	stop   func()

	archive  link.Archive
	releases link.Releases
}

func newNode(t *testing.T) *identity.Node {
	t.Helper()
	dir := t.TempDir()
	ca, err := identity.CreateCA(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := ca.CreateNode(dir, "a", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// newWorld starts a hub end; inside a synctest bubble everything stays in it.
func newWorld(t *testing.T, node *identity.Node) *world {
	t.Helper()
	return newWorldOf(t, node, nil)
}

func newWorldOf(t *testing.T, node *identity.Node, wrap func(link.Intake) link.Intake) *world {
	t.Helper()
	reg, err := identity.NewRegistration(genesis(), epochSecret)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{intake: new(linktest.Intake), node: node, net: newNetwork(), wrap: wrap}
	w.archive = w.intake
	if err := w.intake.Register(reg); err != nil {
		t.Fatal(err)
	}
	w.serve(t)
	return w
}

// serve starts the hub end; w.stop ends it, and it may be started again.
func (w *world) serve(t *testing.T) {
	t.Helper()
	var intake link.Intake = w.intake
	if w.wrap != nil {
		intake = w.wrap(intake)
	}
	hub, err := link.NewHub(link.HubOptions{
		TLS: identity.ServerTLS(w.node, w.intake.Known), Intake: intake, Archive: w.archive, Releases: w.releases,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- hub.Serve(ctx, &listener{n: w.net, done: make(chan struct{})}) }()
	w.stop = func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("hub: %v", err)
		}
	}
}

func (w *world) dialer(t *testing.T) *link.Dialer {
	t.Helper()
	conf, err := identity.ClientTLS(identity.ClientOptions{Station: 7, Key: stationKey, Pin: w.node.Pin, Metered: true})
	if err != nil {
		t.Fatal(err)
	}
	return &link.Dialer{TLS: conf, NetDial: w.net.dial}
}

func (w *world) options(t *testing.T, out Outbox, install, boot byte) Options {
	return Options{
		Outbox: out, Origin: genesis().Origin, Secret: epochSecret, Signer: stationKey, Dialer: w.dialer(t),
		Addresses: []string{"hub:1"}, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Install: [16]byte{install}, Boot: [8]byte{boot}, App: "test",
	}
}

// start runs a spoke until the returned function is called.
func start(t *testing.T, o Options) (*Spoke, func()) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("spoke: %v", err)
		}
	}
}

// until waits, in the time of the bubble, for something to become true.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// sameRecords compares what took effect with what the journal holds.
func sameRecords(t *testing.T, in *linktest.Intake, out *outbox) {
	t.Helper()
	effects := in.Effects(7, journal.LaneRegister)
	i := 0
	err := out.Read(context.Background(), 1, func(r journal.Record) error {
		if i >= len(effects) || effects[i].Seq != r.Seq || !bytes.Equal(effects[i].Head, r.Head) || !bytes.Equal(effects[i].Body, r.Body) {
			return fmt.Errorf("record %d did not take effect once and in order", r.Seq)
		}
		i++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if i != len(effects) {
		t.Fatalf("%d records took effect, the journal has %d", len(effects), i)
	}
}
