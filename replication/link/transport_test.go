package link_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/link/linktest"
)

var (
	stationKey  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	strangerKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	secret      = journal.Secret{4}
)

type hub struct {
	addr     string
	end      *link.Hub
	node     *identity.Node
	intake   *linktest.Intake
	releases *linktest.Releases
	base     journal.Hash
}

// newHub serves real TLS on loopback until the test ends. wrap may stand
// between the links and the intake.
func newHub(t *testing.T, wrap func(link.Intake) link.Intake) *hub {
	t.Helper()
	dir := t.TempDir()
	ca, err := identity.CreateCA(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := ca.CreateNode(dir, "a", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := journal.Genesis{Origin: journal.Origin{Station: 7, Epoch: 1, Mint: 12}, Unit: "23764", Created: 1}
	g.Sign(stationKey)
	reg, err := identity.NewRegistration(g, secret)
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{node: node, intake: new(linktest.Intake), releases: new(linktest.Releases), base: journal.Base(g, 0)}
	if err := h.intake.Register(reg); err != nil {
		t.Fatal(err)
	}
	var intake link.Intake = h.intake
	if wrap != nil {
		intake = wrap(intake)
	}
	end, err := link.NewHub(link.HubOptions{TLS: identity.ServerTLS(node, h.intake.Known), Intake: intake, Archive: h.intake, Releases: h.releases})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr, h.end = ln.Addr().String(), end
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- end.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("hub: %v", err)
		}
	})
	return h
}

func (h *hub) tls(t *testing.T, station journal.Station, key ed25519.PrivateKey) *tls.Config {
	t.Helper()
	conf, err := identity.ClientTLS(identity.ClientOptions{Station: station, Key: key, Pin: h.node.Pin, Metered: true})
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func hello(station journal.Station) link.Hello {
	return link.Hello{ProtocolMin: 1, ProtocolMax: 1, Station: station, Epoch: 1, Boot: [8]byte{1}, App: "test"}
}

func TestHelloMustAgreeWithTheKey(t *testing.T) {
	h := newHub(t, nil)
	ctx := context.Background()
	for name, tc := range map[string]struct {
		station journal.Station
		key     ed25519.PrivateKey
		hello   link.Hello
		want    error
	}{
		"a stranger's key":          {7, strangerKey, hello(7), link.ErrNotKnown},
		"a station not known":       {9, stationKey, hello(9), link.ErrNotKnown},
		"hello for another station": {7, stationKey, hello(9), link.ErrProtocol},
	} {
		d := &link.Dialer{TLS: h.tls(t, tc.station, tc.key)}
		if conn, err := d.Dial(ctx, h.addr, tc.hello); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, %v", name, conn, err)
		}
	}
	newer := hello(7)
	newer.ProtocolMin, newer.ProtocolMax = 2, 3
	later := hello(7)
	later.Epoch = 2
	d := &link.Dialer{TLS: h.tls(t, 7, stationKey)}
	for want, say := range map[link.Status]link.Hello{link.StatusUpgrade: newer, link.StatusUnregistered: later} {
		var refused *link.Refused
		if _, err := d.Dial(ctx, h.addr, say); !errors.As(err, &refused) || refused.Welcome.Status != want {
			t.Errorf("want %v: %v", want, err)
		}
	}
}

func TestABrowserHasNoBusinessHere(t *testing.T) {
	h := newHub(t, nil)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: h.tls(t, 7, stationKey)}}
	for _, path := range []string{"/", "/link", "/link?x"} {
		resp, err := client.Get("https://" + h.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	client.CloseIdleConnections()
}

// chain makes n batches of one record each.
func chain(t *testing.T, h *hub, n int) (all []link.Outgoing) {
	t.Helper()
	pre := h.base
	for i := range n {
		env := journal.Envelope{Kind: 1, Version: 1, At: int64(i)}
		rec := journal.Record{Seq: journal.Seq(i + 1), Head: env.Append(nil), Body: []byte{4, 8}}
		b, err := batch.Encode(batch.Source{Origin: journal.Origin{Station: 7, Epoch: 1, Mint: 12}, Secret: secret, PreHash: pre,
			Records: []journal.Record{rec}}, stationKey)
		if err != nil {
			t.Fatal(err)
		}
		o, err := link.NewOutgoing(b)
		if err != nil {
			t.Fatal(err)
		}
		pre = o.PostHash
		all = append(all, o)
	}
	return all
}

func TestTableOfAcceptanceOverTheWire(t *testing.T) {
	h := newHub(t, nil)
	batches := chain(t, h, 3)
	d := &link.Dialer{TLS: h.tls(t, 7, stationKey)}
	conn, err := d.Dial(context.Background(), h.addr, hello(7))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, step := range []struct {
		batch int
		kind  link.VerdictKind
		seq   journal.Seq
		want  journal.Seq
	}{
		{1, link.VerdictGap, 0, 1}, {0, link.VerdictAccepted, 1, 0}, {0, link.VerdictDuplicate, 1, 0},
		{2, link.VerdictGap, 1, 2}, {1, link.VerdictAccepted, 2, 0}, {2, link.VerdictAccepted, 3, 0}, {1, link.VerdictDuplicate, 3, 0},
	} {
		v, err := conn.Send(context.Background(), batches[step.batch])
		if err != nil {
			t.Fatal(err)
		}
		if v.Kind != step.kind || v.Seq != step.seq || v.Want != step.want {
			t.Fatalf("step %d: %+v, want %+v", i, v, step)
		}
		if step.kind == link.VerdictAccepted && v.Hash != batches[step.batch].PostHash {
			t.Fatalf("step %d: hash differs", i)
		}
	}
}

// TestNewConnectionOfTheSameProcessTakesOver: a line that died unnoticed must
// not lock its station out.
func TestNewConnectionOfTheSameProcessTakesOver(t *testing.T) {
	h := newHub(t, nil)
	d := &link.Dialer{TLS: h.tls(t, 7, stationKey)}
	var conns []*link.Conn
	for i := range 4 {
		conn, err := d.Dial(context.Background(), h.addr, hello(7))
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		conns = append(conns, conn)
		if i > 0 {
			select {
			case <-conns[i-1].Done():
			case <-time.After(2 * time.Minute):
				t.Fatalf("connection %d is still open", i-1)
			}
		}
	}
}

// silent never answers a batch.
type silent struct{ link.Intake }

func (s silent) Take(ctx context.Context, _ []byte) (link.Verdict, error) {
	<-ctx.Done()
	return link.Verdict{}, fmt.Errorf("the hub is closing: %w", ctx.Err())
}

func TestHubThatDoesNotAnswerIsGivenUp(t *testing.T) {
	h := newHub(t, func(in link.Intake) link.Intake { return silent{in} })
	d := &link.Dialer{TLS: h.tls(t, 7, stationKey), Patience: 50 * time.Millisecond}
	conn, err := d.Dial(context.Background(), h.addr, hello(7))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if v, err := conn.Send(context.Background(), chain(t, h, 1)[0]); !errors.Is(err, link.ErrStalled) {
		t.Fatalf("%+v, %v", v, err)
	}
}
