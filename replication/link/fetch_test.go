package link

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sampleReading() []Message {
	return []Message{
		{Type: TypeFetch, Epoch: 2, Seq: 301, Size: 16384},
		{Type: TypeFetch, Stream: 1, Epoch: 2, Seq: 301, Offset: 70000, Size: 131072},
		{Type: TypePiece, Seq: 301, Size: 70004, Offset: 70000, Data: []byte("last")},
		{Type: TypePiece, Stream: 1, Seq: 302},
	}
}

// TestReadingMessagesGolden: like TestMessagesGolden, for messages 5 and 6.
func TestReadingMessagesGolden(t *testing.T) {
	var got strings.Builder
	for _, m := range sampleReading() {
		fmt.Fprintf(&got, "%d: %x\n", m.Type, m.Marshal())
		back, err := ParseMessage(m.Marshal())
		if err != nil || back.Epoch != m.Epoch || back.Seq != m.Seq || !bytes.Equal(back.Marshal(), m.Marshal()) {
			t.Errorf("%+v comes back as %+v, %v", m, back, err)
		}
	}
	golden := filepath.Join("testdata", "reading-v1.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Fatalf("messages have changed:\n%s", got.String())
	}
}

func TestBadReadingMessagesAreRefused(t *testing.T) {
	for _, m := range []Message{
		{Type: TypeFetch, Epoch: 2, Seq: 301},
		{Type: TypeFetch, Seq: 301, Size: 1},
		{Type: TypeFetch, Epoch: 2, Size: 1},
		{Type: TypeFetch, Epoch: 2, Seq: 301, Size: maxWindow + 1},
		{Type: TypePiece, Seq: 301, Size: 3, Offset: 1, Data: []byte("abc")},
		{Type: TypePiece, Seq: 301, Size: 3},
		{Type: TypePiece, Size: 3, Data: []byte("abc")},
	} {
		if got, err := ParseMessage(m.Marshal()); !errors.Is(err, ErrMalformed) {
			t.Errorf("%+v was taken as %+v", m, got)
		}
	}
}

// shelf is a line between a Reader and a Lender over which batches come back.
type shelf struct {
	t      *testing.T
	reader *Reader
	lender *Lender
	held   []byte // the batch at the hub
	rtt    time.Duration
	now    time.Duration
	most   int // bytes under way
	looks  int
	cut    int // pieces that arrive before the line is cut; -1: all
}

// run fetches; ok is false when the line was cut.
func (s *shelf) run(p Place, got []byte) (b []byte, ok bool) {
	s.t.Helper()
	effects := s.reader.Step(ReadEvent{Want: &p, Got: got})
	for len(effects) > 0 {
		e := effects[0]
		if e.Err != nil {
			s.t.Fatal(e.Err)
		}
		if e.Ended {
			return e.Batch, true
		}
		s.now += s.rtt
		flying := 0
		effects = nil
		for _, l := range s.lend(e.Send) {
			if s.cut == 0 {
				return nil, false
			}
			s.cut--
			flying += len(l)
			effects = append(effects, s.reader.Step(ReadEvent{At: s.now, Message: l})...)
		}
		s.most = max(s.most, flying)
	}
	s.t.Fatal("the line fell silent")
	return nil, false
}

func (s *shelf) lend(b []byte) (out [][]byte) {
	effects := s.lender.Step(LendEvent{Message: b})
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		switch {
		case e.Err != nil:
			s.t.Fatal(e.Err)
		case e.Look != nil:
			s.looks++
			effects = append(effects, s.lender.Step(LendEvent{Found: true, Batch: s.held})...)
		default:
			out = append(out, e.Send)
		}
	}
	return out
}

func TestBatchesComeBackAtThePaceOfTheLine(t *testing.T) {
	held := testBatch(t, 7, 150_000).Batch
	for name, tc := range map[string]struct {
		rtt        time.Duration
		least, top int // bytes under way
	}{
		"slow":  {3 * time.Second, 1, FirstSlice + 256},
		"quick": {5 * time.Millisecond, 2 * FirstSlice, maxWindow + 1024},
	} {
		s := &shelf{t: t, reader: NewReader(Welcome{Window: maxWindow}), lender: new(Lender), held: held, rtt: tc.rtt, cut: -1}
		b, _ := s.run(Place{Epoch: 1, Seq: 1}, nil)
		if !bytes.Equal(b, held) || s.looks != 1 {
			t.Fatalf("%s: %d of %d bytes came back, the archive was asked %d times", name, len(b), len(held), s.looks)
		}
		if s.most < tc.least || s.most > tc.top {
			t.Errorf("%s: %d bytes under way", name, s.most)
		}
	}
}

func TestReadingGoesOnAtTheByte(t *testing.T) {
	held := testBatch(t, 7, 60_000).Batch
	for cut := range 8 {
		first := &shelf{t: t, reader: NewReader(Welcome{}), lender: new(Lender), held: held, cut: cut}
		if _, ok := first.run(Place{Epoch: 1, Seq: 1}, nil); ok {
			t.Fatalf("cut after %d pieces and yet there", cut)
		}
		got := first.reader.Got()
		if len(got) != cut*smallSlice {
			t.Fatalf("%d bytes kept of %d pieces", len(got), cut)
		}
		second := &shelf{t: t, reader: NewReader(Welcome{}), lender: new(Lender), held: held, cut: -1}
		if b, _ := second.run(Place{Epoch: 1, Seq: 1}, got); !bytes.Equal(b, held) {
			t.Fatalf("cut after %d pieces: another batch came", cut)
		}
	}
}

func TestWhatTheHubDoesNotHold(t *testing.T) {
	s := &shelf{t: t, reader: NewReader(Welcome{}), lender: new(Lender), cut: -1}
	if b, ok := s.run(Place{Epoch: 1, Seq: 9}, nil); !ok || len(b) != 0 {
		t.Fatalf("%x, %v", b, ok)
	}
}

// TestReadingLinksTakeNothing: neither end lets the other say what does not
// belong on a reading link.
func TestReadingLinksTakeNothing(t *testing.T) {
	refusedBy := func(b []byte) bool {
		effects := new(Lender).Step(LendEvent{Message: b})
		return len(effects) == 1 && errors.Is(effects[0].Err, ErrProtocol)
	}
	if !refusedBy((Message{Type: TypeOffer, Size: 3, Data: []byte("abc")}).Marshal()) {
		t.Error("an offer was taken")
	}
	server := NewServer(7, Kept{}).Step(ServerEvent{Message: sampleReading()[0].Marshal()})
	if len(server) != 1 || !errors.Is(server[0].Err, ErrProtocol) {
		t.Error("a sending link gave something back")
	}
	lender := &Lender{place: Place{Epoch: 1, Seq: 1}, batch: []byte("abc")}
	if e := lender.Step(LendEvent{Message: (Message{Type: TypeFetch, Epoch: 1, Seq: 1, Offset: 3, Size: 1}).Marshal()}); !errors.Is(e[0].Err, ErrProtocol) {
		t.Error("bytes behind a batch were given")
	}
	reader := func(m Message) bool {
		r := NewReader(Welcome{})
		r.Step(ReadEvent{Want: &Place{Epoch: 1, Seq: 5}})
		return errors.Is(r.Step(ReadEvent{Message: m.Marshal()})[0].Err, ErrProtocol)
	}
	for name, m := range map[string]Message{
		"of another record":  {Type: TypePiece, Seq: 6, Size: 3, Data: []byte("abc")},
		"of another lane":    {Type: TypePiece, Stream: 1, Seq: 5, Size: 3, Data: []byte("abc")},
		"with a hole before": {Type: TypePiece, Seq: 5, Size: 9, Offset: 1, Data: []byte("abc")},
		"a verdict":          {Type: TypeVerdict, Verdict: Verdict{Kind: VerdictAccepted}},
	} {
		if !reader(m) {
			t.Errorf("a piece %s was taken", name)
		}
	}
	if e := NewReader(Welcome{}).Step(ReadEvent{Message: sampleReading()[2].Marshal()}); !errors.Is(e[0].Err, ErrProtocol) {
		t.Error("an answer to nothing was taken")
	}
}
