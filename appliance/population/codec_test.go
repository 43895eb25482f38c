package population

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"tramxa/appliance/tuple"
)

// TestRandomEntriesRoundTrip: decode(encode(e)) == e and, under another mint, the
// same entry still; encode(decode(b)) == b.
func TestRandomEntriesRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, k := range Kinds() {
		for range 150 {
			e := randomEntry(rnd, k)
			for _, m := range []Mint{testMint, 99} {
				checkRoundTrip(t, m, e)
			}
		}
	}
	for _, e := range samples() {
		checkRoundTrip(t, testMint, e)
	}
}

func checkRoundTrip(t *testing.T, m Mint, e Entry) {
	t.Helper()
	kind, version, body, err := EncodeBody(m, e)
	if err != nil {
		t.Fatalf("%#v: %v", e, err)
	}
	back, err := DecodeBody(m, kind, version, body)
	if err != nil {
		t.Fatalf("%#v: %x: %v", e, body, err)
	}
	if !reflect.DeepEqual(e, back) {
		t.Fatalf("%x:\n%#v came back as\n%#v", body, e, back)
	}
	_, _, again, err := EncodeBody(m, back)
	if err != nil || !bytes.Equal(again, body) {
		t.Fatalf("%#v: %x then %x, %v", e, body, again, err)
	}
}

// TestUnknownIsCarried: what a newer program wrote passes through this one.
func TestUnknownIsCarried(t *testing.T) {
	body := []byte("whatever it is, not even a tuple")
	for _, u := range []Unknown{{Of: 4000, Version: 1, Body: body}, {Of: KindBirth, Version: 2, Body: body}} {
		e, err := DecodeBody(testMint, u.Of, u.Version, body)
		if err != nil || !reflect.DeepEqual(e, u) {
			t.Fatalf("got %#v, %v", e, err)
		}
		kind, version, again, err := EncodeBody(testMint, e)
		if err != nil || kind != u.Of || version != u.Version || !bytes.Equal(again, body) {
			t.Errorf("came out as %d, %d, %q, %v", kind, version, again, err)
		}
		if len(e.Refs()) != 0 || e.Counted() != 0 || !e.When().IsZero() || e.Extra().Note != "" {
			t.Error("an unknown entry says something")
		}
	}
}

// TestBodiesShareNothing: an entry outlives the buffer it was read from, and a
// body the entry.
func TestBodiesShareNothing(t *testing.T) {
	for _, e := range samples() {
		kind, version, body, err := EncodeBody(testMint, e)
		if err != nil {
			t.Fatal(err)
		}
		buffer := bytes.Clone(body)
		back, err := DecodeBody(testMint, kind, version, buffer)
		if err != nil {
			t.Fatal(err)
		}
		for i := range buffer {
			buffer[i] = 0xFF
		}
		if !reflect.DeepEqual(back, e) {
			t.Errorf("%s changed with its buffer", kind)
		}
	}
}

// TestEncodeRefuses: what cannot be read back is not written, and the error names
// the field but never the value.
func TestEncodeRefuses(t *testing.T) {
	long := strings.Repeat("x", 600)
	many := make([]ID, MaxEntities+1)
	for i := range many {
		many[i] = own(uint32(i + 1))
	}
	tests := []struct {
		field string
		entry Entry
	}{
		{"", nil},
		{"", Unknown{Of: 4000}},
		{"", Unknown{Of: KindBirth, Version: 1}},
		{"note", Death{Common: Common{Note: long}}},
		{"note", Death{Common: Common{Note: "a\x00secret"}}},
		{"confirmed[1].rule", Death{Common: Common{Confirmed: []Confirmation{{}, {Rule: long}}}}},
		{"confirmed[0].reason", Death{Common: Common{Confirmed: []Confirmation{{Reason: "\xFFsecret"}}}}},
		{"confirmed", Death{Common: Common{Confirmed: make([]Confirmation, 40)}}},
		{"members[1].name", HouseholdOpened{Members: []Member{{}, {Facts: Facts{Name: " secret"}}}}},
		{"members[0].name", HouseholdOpened{Members: []Member{{Facts: Facts{Name: "secret  secret"}}}}},
		{"members[0].name", HouseholdOpened{Members: []Member{{Facts: Facts{Name: strings.Repeat("a ", 50) + "a"}}}}},
		{"members[0].sex", HouseholdOpened{Members: []Member{{Facts: Facts{Sex: 3}}}}},
		{"address", HouseholdOpened{Address: "two\nlines"}},
		{"number", HouseholdOpened{Number: HouseholdNumber{0, 1}}},
		{"type", HouseholdOpened{Type: 9}},
		{"id", HouseholdOpened{ID: 5}},
		{"child.born", Birth{Child: Member{Facts: Facts{Born: day(2026, 2, 30)}}}},
		{"child.number", Birth{Child: Member{Facts: Facts{Number: long}}}},
		{"child.insurance", Birth{Child: Member{Facts: Facts{Insurance: long}}}},
		{"date", Death{Date: Date{Year: 1700}}},
		{"date", Death{Date: Date{Year: 2026, Day: 3}}},
		{"period", Death{Period: 3}},
		{"persons", Departure{Persons: many}},
		{"", HouseholdJoined{From: own(600), Into: own(601), Persons: make500()}},
		{"changed", InformationChanged{Changed: []Field{FieldSex, FieldName}}},
		{"changed", InformationChanged{Changed: []Field{0}}},
		{"changed", InformationChanged{Changed: []Field{20}}},
		{"to", InformationChanged{To: Facts{Name: "secret"}}},
		{"to", InformationChanged{Changed: []Field{FieldName}, Relation: 3}},
		{"target", Amendment{Target: 1 << 60, By: Death{}}},
		{"by", Amendment{}},
		{"by", Amendment{By: Annulment{First: 1}}},
		{"by", Amendment{By: Death{Common: Common{Note: "secret\x00"}}}},
		{"digest", OperationBegun{Digest: []byte("secret")}},
		{"role", UserCreated{Role: 77}},
	}
	for _, test := range tests {
		_, _, _, err := EncodeBody(testMint, test.entry)
		var f *FieldError
		switch {
		case !errors.Is(err, ErrInvalid):
			t.Errorf("%#v: %v", test.entry, err)
		case strings.Contains(err.Error(), "secret"):
			t.Errorf("the error repeats the value: %v", err)
		case errors.As(err, &f) && f.Field != test.field:
			t.Errorf("%#v: blames %q, want %q", test.entry, f.Field, test.field)
		case test.field != "" && f == nil:
			t.Errorf("%v names no field", err)
		}
	}
	if _, _, _, err := EncodeBody(0, Death{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a mint: %v", err)
	}
}

func make500() []Placed {
	ps := make([]Placed, MaxEntities-1)
	for i := range ps {
		ps[i].Person = own(uint32(i + 1))
	}
	return ps
}

// TestLargestEntries: 500 entities fit; a body above 64 KiB is refused.
func TestLargestEntries(t *testing.T) {
	checkRoundTrip(t, testMint, HouseholdJoined{Into: own(600), Persons: make500()})
	big := HouseholdOpened{ID: own(1000)}
	for i := range MaxEntities - 1 {
		big.Members = append(big.Members, Member{own(uint32(1001 + i)), RelOther, sampleHead})
	}
	checkRoundTrip(t, testMint, big)
	for i := range big.Members {
		big.Members[i].Name = strings.Repeat("ẫ", 100)
	}
	if _, _, _, err := EncodeBody(testMint, big); !errors.Is(err, ErrInvalid) {
		t.Errorf("larger than 64 KiB: %v", err)
	}
	if _, err := DecodeBody(testMint, KindBirth, 1, make([]byte, MaxBody+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("larger than 64 KiB: %v", err)
	}
}

// TestDecodeRefuses what EncodeBody would not have written, be it only longer.
func TestDecodeRefuses(t *testing.T) {
	body := func(write func(*tuple.Writer)) []byte {
		var w tuple.Writer
		write(&w)
		return w.Tuple()
	}
	pair := func(w *tuple.Writer, a, b uint64) { w.List(2); w.Uint(a); w.Uint(b) }
	member := func(write func(*tuple.Writer)) func(*tuple.Writer) {
		return func(w *tuple.Writer) { // the child of a birth in household 100
			w.Uint(100)
			w.Begin()
			write(w)
			w.End()
		}
	}
	zeros := func(w *tuple.Writer, n int) {
		for range n {
			w.Uint(0)
		}
	}
	tests := []struct {
		name string
		kind Kind
		body []byte
	}{
		{"own id as a pair", KindDeath, body(func(w *tuple.Writer) { pair(w, uint64(testMint), 5) })},
		{"pair of zero", KindDeath, body(func(w *tuple.Writer) { pair(w, 5, 0) })},
		{"pair too long", KindDeath, body(func(w *tuple.Writer) { w.List(3); w.Uint(7); w.Uint(5); w.Uint(5) })},
		{"serial too large", KindDeath, body(func(w *tuple.Writer) { w.Uint(1 << 32) })},
		{"date out of the calendar", KindDeath, body(func(w *tuple.Writer) { w.Uint(0); w.Uint(70000) })},
		{"partial date out of the calendar", KindDeath, body(func(w *tuple.Writer) { w.Uint(0); w.Uint(datePartial + 5200) })},
		{"month out of the calendar", KindDeath, body(func(w *tuple.Writer) { zeros(w, 3); w.Uint(5) })},
		{"month far away", KindDeath, body(func(w *tuple.Writer) { zeros(w, 3); w.Int(-1 << 40) })},
		{"fields too many", KindDeath, body(func(w *tuple.Writer) { zeros(w, 6); w.Uint(5) })},
		{"sheet of no number", KindHouseholdOpened, body(func(w *tuple.Writer) { zeros(w, 2); pair(w, 0, 1) })},
		{"sheet 0 as a pair", KindHouseholdOpened, body(func(w *tuple.Writer) { zeros(w, 2); pair(w, 4, 0) })},
		{"near id as a pair", KindMarriage, body(func(w *tuple.Writer) { w.Uint(5); pair(w, uint64(testMint), 6) })},
		{"near id below 1", KindMarriage, body(func(w *tuple.Writer) { w.Uint(5); w.Int(-5) })},
		{"next id written out", KindHouseholdOpened, body(func(w *tuple.Writer) {
			w.Uint(5)
			zeros(w, 6)
			w.List(1)
			w.Begin()
			w.Uint(6)
			w.End()
		})},
		{"next id after the last", KindHouseholdOpened, body(func(w *tuple.Writer) {
			w.Uint(1<<32 - 1)
			zeros(w, 6)
			w.List(1)
			w.Begin()
			w.Uint(0)
			w.Uint(1)
			w.End()
		})},
		{"name with an empty word", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 2); w.List(2); w.String("A"); w.Uint(0) }))},
		{"name with a space in a word", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 2); w.List(1); w.String("A B") }))},
		{"name too long", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 2); w.List(1); w.String(strings.Repeat("a", 400)) }))},
		{"name not UTF-8", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 2); w.List(1); w.String("\xFF") }))},
		{"sex 3", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 3); w.Uint(3) }))},
		{"number written long", KindBirth, body(member(func(w *tuple.Writer) {
			zeros(w, 3)
			w.Uint(uint64(Male))
			w.Int(packDate(Date{Year: 2026}))
			w.Uint(0)
			w.Uint(numberLong + 64226)
			w.Uint(5)
		}))},
		{"number without sex written short", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 6); w.Uint(numberShort + 64); w.Uint(5) }))},
		{"number of twelve digits as text", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 6); w.String("064226000017") }))},
		{"text number with a tail", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 6); w.String("1"); w.Uint(1) }))},
		{"insurance the same as none", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 11); w.Uint(insuranceSame) }))},
		{"insurance of ten digits as text", KindBirth, body(member(func(w *tuple.Writer) { zeros(w, 11); w.String("0123456789") }))},
		{"insurance with a bad prefix", KindBirth, body(member(func(w *tuple.Writer) {
			zeros(w, 11)
			w.List(3)
			w.Uint(1)
			w.Uint(1)
			w.String("hn264")
		}))},
		{"insurance equal to the number", KindBirth, body(member(func(w *tuple.Writer) {
			zeros(w, 6)
			w.Uint(numberLong)
			w.Uint(0)
			zeros(w, 3)
			pair(w, insuranceLong, 0)
		}))},
		{"record with a zero at its end", KindBirth, []byte{0, 0x07, 0x00}},
		{"list of persons with one too many", KindDeparture, body(func(w *tuple.Writer) {
			w.Uint(0)
			w.List(MaxEntities + 1)
			zeros(w, MaxEntities+1)
		})},
		{"unknown field changed", KindInformationChanged, body(func(w *tuple.Writer) { w.Uint(0); w.Uint(1 << 13) })},
		{"relation not listed", KindInformationChanged, body(func(w *tuple.Writer) { zeros(w, 3); w.Uint(3) })},
		{"amendment by nothing", KindAmendment, body(func(w *tuple.Writer) { w.Uint(4) })},
		{"amendment by an annulment", KindAmendment, body(func(w *tuple.Writer) { w.Uint(4); w.Uint(uint64(KindAnnulment)); w.Uint(1); w.Bytes([]byte{4}) })},
		{"amendment by a bad body", KindAmendment, body(func(w *tuple.Writer) { w.Uint(4); w.Uint(uint64(KindDeath)); w.Uint(1); w.Bytes([]byte{4, 0}) })},
		{"digest of 3 bytes", KindOperationBegun, body(func(w *tuple.Writer) { zeros(w, 2); w.Bytes([]byte("abc")) })},
		{"control character", KindOperationBegun, body(func(w *tuple.Writer) { w.String("a\x01") })},
		{"not a tuple", KindDeath, []byte{4, 0}},
		{"version 0", KindDeath, nil},
	}
	for _, test := range tests {
		version := uint8(1)
		if test.name == "version 0" {
			version = 0
		}
		if e, err := DecodeBody(testMint, test.kind, version, test.body); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %x read as %#v, %v", test.name, test.body, e, err)
		}
	}
	if _, err := DecodeBody(0, KindDeath, 1, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("without a mint: %v", err)
	}
}

// FuzzDecodeBody: nothing panics, and what is accepted is written back byte for
// byte, and passes through JSON unharmed.
func FuzzDecodeBody(f *testing.F) {
	for _, e := range samples() {
		kind, version, body, err := EncodeBody(testMint, e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint16(kind), version, body)
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, k := range Kinds() {
		kind, version, body, err := EncodeBody(testMint, randomEntry(rnd, k))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint16(kind), version, body)
	}
	f.Fuzz(func(t *testing.T, kind uint16, version uint8, body []byte) {
		e, err := DecodeBody(testMint, Kind(kind), version, body)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		k, v, again, err := EncodeBody(testMint, e)
		if err != nil || k != Kind(kind) || v != version || !bytes.Equal(again, body) {
			t.Fatalf("%#v: %s came back as %s, %v", e, hex.EncodeToString(body), hex.EncodeToString(again), err)
		}
		e.Refs()
		e.When()
		if _, err := MarshalEntry(e); err != nil {
			t.Fatalf("%#v: %v", e, err)
		}
	})
}
