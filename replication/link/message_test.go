package link

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
)

var update = flag.Bool("update", false, "rewrite golden files")

func sampleHello() Hello {
	return Hello{
		ProtocolMin: 1, ProtocolMax: 1, Station: 7, Epoch: 2, Install: [16]byte{1, 2}, Boot: [8]byte{3}, Metered: true,
		ClockTrusted: true, Clock: 1_772_000_000, App: "1.0.0", Capabilities: []string{"x"},
		Heads: []Head{{Lane: 0, Seq: 300, Hash: HashPrefix{9}}, {Lane: 1, Seq: 2, Hash: HashPrefix{8}}},
	}
}

func sampleWelcome() Welcome {
	return Welcome{
		Status: StatusWelcome, Protocol: 1, Epoch: 2, Incarnation: [8]byte{5}, HubTime: 1_772_000_001, Window: 65536,
		RetryAfter: time.Second, Leader: "10.0.0.2:7443", Marks: []Mark{{Lane: 0, Seq: 290, Hash: journal.Hash{7}}},
		Have: &Partial{ID: [16]byte{4}, Offset: 4096}, Capabilities: []string{"y"},
	}
}

func sampleMessages() map[string]Message {
	return map[string]Message{
		"offer":         {Type: TypeOffer, Size: 300, ID: [16]byte{1, 2, 3}, Data: []byte("the first bytes")},
		"offer resumed": {Type: TypeOffer, Stream: 1, Size: 70000, ID: [16]byte{1, 2, 3}},
		"slice":         {Type: TypeSlice, Stream: 1, Offset: 4096, Data: []byte("more bytes")},
		"have":          {Type: TypeHave, Offset: 8192},
		"accepted":      {Type: TypeVerdict, Brief: true, Verdict: Verdict{Kind: VerdictAccepted, Seq: 310, Hash: journal.Hash{1, 2, 3, 4, 5, 6, 7, 8}}},
		"gap":           {Type: TypeVerdict, Verdict: Verdict{Kind: VerdictGap, Seq: 290, Want: 291, Hash: journal.Hash{31: 9}}},
		"not leader":    {Type: TypeVerdict, Verdict: Verdict{Kind: VerdictNotLeader, Leader: "10.0.0.2:7443", RetryAfter: 1500 * time.Millisecond}},
	}
}

// TestMessagesGolden: the bytes of the protocol do not change by accident.
func TestMessagesGolden(t *testing.T) {
	lines := []string{
		"hello: " + hex.EncodeToString(sampleHello().Marshal()),
		"welcome: " + hex.EncodeToString(sampleWelcome().Marshal()),
	}
	for _, name := range []string{"offer", "offer resumed", "slice", "have", "accepted", "gap", "not leader"} {
		lines = append(lines, fmt.Sprintf("%s: %x", name, sampleMessages()[name].Marshal()))
	}
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "messages-v1.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Fatalf("messages have changed:\n%s", got)
	}
}

func TestMessagesComeBack(t *testing.T) {
	if h, err := ParseHello(sampleHello().Marshal()); err != nil || !reflect.DeepEqual(h, sampleHello()) {
		t.Fatalf("%+v, %v", h, err)
	}
	if w, err := ParseWelcome(sampleWelcome().Marshal()); err != nil || !reflect.DeepEqual(w, sampleWelcome()) {
		t.Fatalf("%+v, %v", w, err)
	}
	for name, m := range sampleMessages() {
		got, err := ParseMessage(m.Marshal())
		if err != nil || !reflect.DeepEqual(got.Verdict, m.Verdict) || !bytes.Equal(got.Marshal(), m.Marshal()) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestCutOrLongMessagesAreRefused(t *testing.T) {
	hello, welcome := sampleHello().Marshal(), sampleWelcome().Marshal()
	for n := range hello {
		if _, err := ParseHello(hello[:n]); err == nil {
			t.Errorf("hello cut at %d was taken", n)
		}
	}
	for n := range welcome {
		if _, err := ParseWelcome(welcome[:n]); err == nil {
			t.Errorf("welcome cut at %d was taken", n)
		}
	}
	if _, err := ParseHello(append(hello, 0)); err == nil {
		t.Error("a byte behind a hello was taken")
	}
	if _, err := ParseWelcome(append(welcome, 0)); err == nil {
		t.Error("a byte behind a welcome was taken")
	}
	for _, bad := range [][]byte{nil, {0, 0}, {9, 0, 1}, {byte(TypeSlice), 0, 5}, {byte(TypeHave), 0}, {byte(TypeHave), 0, 0x80, 0}, make([]byte, maxMessage+1)} {
		if _, err := ParseMessage(bad); err == nil {
			t.Errorf("%x was taken", bad)
		}
	}
}

func FuzzMessage(f *testing.F) {
	for _, m := range sampleMessages() {
		f.Add(m.Marshal())
	}
	for _, s := range sampleReading() {
		f.Add(s.Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMessage(b)
		if err == nil && !bytes.Equal(m.Marshal(), b) {
			t.Fatalf("%x was taken and is not what %+v is written as", b, m)
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(sampleHello().Marshal(), false)
	f.Add(sampleWelcome().Marshal(), true)
	f.Fuzz(func(t *testing.T, b []byte, welcome bool) {
		if welcome {
			if w, err := ParseWelcome(b); err == nil && !bytes.Equal(w.Marshal(), b) {
				t.Fatalf("%x was taken and is not what %+v is written as", b, w)
			}
			return
		}
		if h, err := ParseHello(b); err == nil && !bytes.Equal(h.Marshal(), b) {
			t.Fatalf("%x was taken and is not what %+v is written as", b, h)
		}
	})
}
