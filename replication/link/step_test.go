package link

import (
	"bytes"
	"crypto/ed25519"
	"math/rand/v2"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// testBatch is a real batch of about size bytes that do not pack.
func testBatch(t *testing.T, station journal.Station, size int) Outgoing {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(size), 1))
	var recs []journal.Record
	for seq := journal.Seq(1); size > 0; seq++ {
		body := make([]byte, min(size, journal.MaxBody))
		for i := range body {
			body[i] = byte(rng.Uint32())
		}
		size -= len(body)
		recs = append(recs, journal.Record{Seq: seq, Head: []byte{0x10}, Body: body})
	}
	b, err := batch.Encode(batch.Source{Origin: journal.Origin{Station: station, Epoch: 1, Mint: 1}, Records: recs},
		ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOutgoing(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// line carries messages between two step functions and keeps the rules of the
// flow under watch.
type line struct {
	t       *testing.T
	client  *Client
	server  *Server
	kept    Kept
	flying  int // bytes under way
	most    int
	carried int
	cut     int // messages to carry before the line is cut; -1: all
	rtt     time.Duration
	now     time.Duration
}

func (l *line) run(o Outgoing, verdict Verdict) (got *Verdict) {
	l.t.Helper()
	up := l.client.Step(ClientEvent{Offer: &o})
	for len(up) > 0 {
		l.now += l.rtt
		l.flying = 0
		var down [][]byte
		for _, e := range up {
			switch {
			case e.Err != nil:
				l.t.Fatal(e.Err)
			case e.Verdict != nil:
				return e.Verdict
			}
			m, err := ParseMessage(e.Send)
			if err != nil {
				l.t.Fatal(err)
			}
			l.flying += len(m.Data)
			l.most = max(l.most, l.flying)
			if l.cut == 0 {
				return nil
			}
			l.cut--
			l.carried += len(m.Data)
			down = append(down, l.up(e.Send, verdict)...)
		}
		up = nil
		for _, b := range down {
			up = append(up, l.client.Step(ClientEvent{At: l.now, Message: b})...)
		}
	}
	l.t.Fatal("the line fell silent")
	return nil
}

func (l *line) up(b []byte, verdict Verdict) (down [][]byte) {
	effects := l.server.Step(ServerEvent{Message: b})
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		switch {
		case e.Err != nil:
			l.t.Fatal(e.Err)
		case e.Keep != nil:
			l.kept = *e.Keep
		case e.Take != nil:
			effects = append(effects, l.server.Step(ServerEvent{Verdict: &verdict})...)
		default:
			down = append(down, e.Send)
		}
	}
	return down
}

func accepted(o Outgoing) Verdict {
	return Verdict{Kind: VerdictAccepted, Seq: o.Last, Hash: o.PostHash}
}

func TestSlowLineHasLittleUnderWay(t *testing.T) {
	o := testBatch(t, 7, 150_000)
	l := &line{t: t, client: NewClient(Welcome{Window: maxWindow}), server: NewServer(7, Kept{}), cut: -1, rtt: 3 * time.Second}
	if v := l.run(o, accepted(o)); v.Hash != o.PostHash || v.Seq != o.Last {
		t.Fatalf("%+v", v)
	}
	if l.most > FirstSlice || l.carried != len(o.Batch) {
		t.Fatalf("%d bytes under way, %d carried for %d", l.most, l.carried, len(o.Batch))
	}
	if l.kept.Size != 0 {
		t.Fatal("an accepted batch is still kept")
	}
}

func TestQuickLineOpensItsWindow(t *testing.T) {
	o := testBatch(t, 7, 250_000)
	l := &line{t: t, client: NewClient(Welcome{Window: maxWindow}), server: NewServer(7, Kept{}), cut: -1, rtt: 5 * time.Millisecond}
	l.run(o, accepted(o))
	if l.most <= 2*FirstSlice {
		t.Fatalf("only %d bytes under way on a quick line", l.most)
	}
}

// TestResumeAtTheByte cuts after every message; the next link carries only what
// is missing.
func TestResumeAtTheByte(t *testing.T) {
	o := testBatch(t, 7, 100_000)
	for cut := range 30 {
		first := &line{t: t, client: NewClient(Welcome{}), server: NewServer(7, Kept{}), cut: cut, rtt: time.Second}
		if v := first.run(o, accepted(o)); v != nil {
			continue
		}
		w := Welcome{}
		if first.kept.Size > 0 {
			w.Have = &Partial{ID: first.kept.ID, Offset: uint32(len(first.kept.Data))}
		}
		second := &line{t: t, client: NewClient(w), server: NewServer(7, first.kept), cut: -1, rtt: time.Second}
		if v := second.run(o, accepted(o)); v.Hash != o.PostHash {
			t.Fatalf("cut after %d messages: %+v", cut, v)
		}
		if first.carried+second.carried != len(o.Batch) {
			t.Fatalf("cut after %d messages: %d and %d bytes carried for %d", cut, first.carried, second.carried, len(o.Batch))
		}
	}
}

// TestUnknownOutcomeCostsNoBytesAgain: the hub kept the batch it could not
// decide about.
func TestUnknownOutcomeCostsNoBytesAgain(t *testing.T) {
	o := testBatch(t, 7, 5000)
	l := &line{t: t, client: NewClient(Welcome{}), server: NewServer(7, Kept{}), cut: -1}
	if v := l.run(o, Verdict{Kind: VerdictUnknown}); v.Kind != VerdictUnknown {
		t.Fatalf("%+v", v)
	}
	w := Welcome{Have: &Partial{ID: l.kept.ID, Offset: uint32(len(l.kept.Data))}}
	again := &line{t: t, client: NewClient(w), server: NewServer(7, l.kept), cut: -1}
	if v := again.run(o, accepted(o)); v.Kind != VerdictAccepted || again.carried != 0 {
		t.Fatalf("%+v after %d bytes", v, again.carried)
	}
}

func TestForeignBatchesAndAnswersEndTheLink(t *testing.T) {
	foreign := testBatch(t, 8, 100)
	offer := Message{Type: TypeOffer, Size: uint32(len(foreign.Batch)), ID: foreign.id, Data: foreign.Batch}
	wrongID := offer
	wrongID.ID[0] ^= 1
	for name, msgs := range map[string][]Message{
		"another station's batch": {offer},
		"not what was offered":    {wrongID},
		"a slice of nothing":      {{Type: TypeSlice, Data: []byte{1}}},
		"a hole":                  {{Type: TypeOffer, Size: 100, Data: []byte{1}}, {Type: TypeSlice, Offset: 2, Data: []byte{1}}},
		"too much":                {{Type: TypeOffer, Size: 2, Data: []byte{1}}, {Type: TypeSlice, Offset: 1, Data: []byte{1, 2}}},
		"a hub's message":         {{Type: TypeHave}},
		"another lane":            {{Type: TypeOffer, Size: 9, Data: []byte{1}}, {Type: TypeSlice, Stream: 1, Offset: 1, Data: []byte{1}}},
	} {
		s := NewServer(7, Kept{})
		var err error
		for _, m := range msgs {
			for _, e := range s.Step(ServerEvent{Message: m.Marshal()}) {
				if e.Take != nil {
					t.Errorf("%s: reached the intake", name)
				}
				if e.Err != nil {
					err = e.Err
				}
			}
		}
		if err == nil {
			t.Errorf("%s: the link goes on", name)
		}
	}
	o := testBatch(t, 7, 100)
	for name, m := range map[string]Message{
		"an answer about other records": {Type: TypeVerdict, Brief: true, Verdict: Verdict{Kind: VerdictAccepted, Seq: o.Last, Hash: journal.Hash{1}}},
		"more than there is":            {Type: TypeHave, Offset: uint32(len(o.Batch)) + 1},
		"another lane":                  {Type: TypeVerdict, Stream: 1, Verdict: accepted(o)},
		"a station's message":           {Type: TypeSlice, Data: []byte{1}},
	} {
		c := NewClient(Welcome{})
		c.Step(ClientEvent{Offer: &o})
		effects := c.Step(ClientEvent{Message: m.Marshal()})
		if len(effects) != 1 || effects[0].Err == nil {
			t.Errorf("%s: the link goes on", name)
		}
	}
}

func TestPartialsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	p := newPartials(1000, time.Hour)
	for s := journal.Station(1); s <= 10; s++ {
		p.put(s, Kept{ID: [16]byte{byte(s)}, Size: 500, Data: bytes.Repeat([]byte{byte(s)}, 300)}, now.Add(time.Duration(s)*time.Second))
	}
	if p.total > 1000 || len(p.byST) != 3 {
		t.Fatalf("%d bytes of %d stations kept", p.total, len(p.byST))
	}
	if k := p.get(10, now.Add(time.Minute)); len(k.Data) != 300 || k.Data[0] != 10 {
		t.Fatalf("%+v", k)
	}
	if k := p.get(10, now.Add(2*time.Hour)); k.Size != 0 {
		t.Fatal("an old half batch is still there")
	}
	if p.total != 600 {
		t.Fatalf("%d bytes counted", p.total)
	}
}
