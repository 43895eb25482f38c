package population

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"tramxa/appliance/tuple"
)

// TestLongestNameComesBack: a name of the full 320 bytes is read again, in one
// word and in several.
func TestLongestNameComesBack(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("a", maxName), strings.Repeat("a", maxName/2) + " " + strings.Repeat("b", maxName/2-1),
		strings.Repeat("𐍂", MaxNameRunes), // a name CleanName takes
	} {
		e := Marriage{A: NewID(testMint, 1), OtherName: name}
		kind, version, body, err := EncodeBody(testMint, e)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeBody(testMint, kind, version, body); err != nil || !reflect.DeepEqual(back, Entry(e)) {
			t.Errorf("%d bytes: %v", len(name), err)
		}
	}
}

// TestInsuranceHasOneForm: fifteen characters are cut after the fifth and nowhere
// else.
func TestInsuranceHasOneForm(t *testing.T) {
	person := func(head, tail uint64, prefix string) []byte {
		var w tuple.Writer
		w.Uint(0) // household
		w.Uint(0) // date
		w.Begin()
		for range 11 { // up to the insurance number
			w.Uint(0)
		}
		w.List(3)
		w.Uint(head)
		w.Uint(tail)
		w.String(prefix)
		w.End()
		return w.Tuple()
	}
	const insurance = "AB1345678901234"
	e, err := DecodeBody(testMint, KindPersonRegistered, 1, person(5678, 901234, insurance[:5]))
	if p, ok := e.(PersonRegistered); err != nil || !ok || p.Member.Insurance != insurance {
		t.Fatalf("%#v, %v", e, err)
	}
	if e, err := DecodeBody(testMint, KindPersonRegistered, 1, person(insuranceLong+345678, 901234, insurance[:3])); !errors.Is(err, ErrMalformed) {
		t.Errorf("a second form is read: %#v, %v", e, err)
	}
}

// TestNestedAmendmentsAreCheap: an amendment by an amendment by … is refused at
// the first, not after thousands, each repeating the error of the one inside.
func TestNestedAmendmentsAreCheap(t *testing.T) {
	_, _, body, err := EncodeBody(testMint, Death{Person: NewID(testMint, 1)})
	if err != nil {
		t.Fatal(err)
	}
	for kind := KindDeath; len(body) < MaxBody-20; kind = KindAmendment {
		var w tuple.Writer
		w.Uint(1)
		w.Uint(uint64(kind))
		w.Uint(Version)
		w.Bytes(body)
		body = w.Tuple()
	}
	_, err = DecodeBody(testMint, KindAmendment, Version, body)
	if !errors.Is(err, ErrMalformed) || len(err.Error()) > 200 {
		t.Fatalf("an error of %d bytes: %.200v", len(err.Error()), err)
	}
}

// TestNoIDAfterTheLast: the id after the last of a mint is none, and is not
// written as "the next".
func TestNoIDAfterTheLast(t *testing.T) {
	last := NewID(testMint, 1<<32-1)
	_, _, body, err := EncodeBody(testMint, HouseholdOpened{ID: last, Members: []Member{{ID: last + 1}}})
	if !errors.Is(err, ErrInvalid) {
		t.Fatalf("written as %x, %v", body, err)
	}
}

// TestTidyTextsStayAsTheyAre: a text that was read from JSON once is read again
// the same, also where composing makes it longer and where a character without
// width stood between a letter and its mark.
func TestTidyTextsStayAsTheyAre(t *testing.T) {
	for _, hamlet := range []string{"Lang e\u200b\u0301", "\u200b \u0301a", strings.Repeat("\u0958", maxHamlet/6), " a\u2000\u0301 "} {
		for _, field := range []string{"hamlet", "note"} {
			quoted, err := json.Marshal(hamlet)
			if err != nil {
				t.Fatal(err)
			}
			e, err := UnmarshalEntry([]byte(`{"kind":"area_defined","` + field + `":` + string(quoted) + `}`))
			if err != nil {
				t.Fatal(err)
			}
			text, err := MarshalEntry(e)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := UnmarshalEntry(text); err != nil || !reflect.DeepEqual(e, again) {
				t.Errorf("%s: %+q came back as %+q, %v", field, e, again, err)
			}
		}
	}
	long := `{"kind":"area_defined","hamlet":"` + strings.Repeat("\u0958", maxHamlet/3) + `"}` // 120 bytes, composed 240
	if e, err := UnmarshalEntry([]byte(long)); !errors.Is(err, ErrMalformed) {
		t.Errorf("longer than allowed once it is tidied: %+q, %v", e, err)
	}
	if name, err := CleanName("Le\u200b\u0301"); err != nil || name != "L\u00e9" {
		t.Errorf("%+q, %v", name, err)
	}
}

// TestLargestFormIsReadAgain: the JSON of the largest household that can be read
// is not too large to be read.
func TestLargestFormIsReadAgain(t *testing.T) {
	id := NewID(1<<32-1, 1<<32-1)
	for _, sign := range []string{`<`, `\"`, `\\`, "\u2028"} {
		unquoted := strings.TrimPrefix(sign, `\`)
		n := maxNumber / len(unquoted)
		m := `{"id":"` + id.String() + `","relation":255,"name":"\"` + strings.Repeat(sign, (2*maxName-1)/len(unquoted)) +
			`","sex":"female","born":"2000-12-31","ethnicity":255,"number":"` + strings.Repeat(sign, n) + `","education":255,"marital":255,` +
			`"residence":255,"insurance":"` + strings.Repeat(sign, n) + `","spouse":"` + id.String() + `","mother":"` + id.String() + `","father":"` + id.String() + `"}`
		c := `{"rule":"` + strings.Repeat(sign, maxRule/len(unquoted)) + `","reason":"` + strings.Repeat(sign, maxReason/len(unquoted)) + `"}`
		e, err := UnmarshalEntry([]byte(`{"kind":"household_opened","address":"` + strings.Repeat(sign, maxAddress/len(unquoted)) + `","note":"` + strings.Repeat(sign, maxNote/len(unquoted)) +
			`","members":[` + m + strings.Repeat(","+m, MaxEntities-1) + `],"confirmed":[` + c + strings.Repeat(","+c, maxConfirmed-1) + `]}`))
		if err != nil {
			t.Fatalf("%q: %v", sign, err)
		}
		text, err := MarshalEntry(Amendment{Target: maxSeq, By: e})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := UnmarshalEntry(text); err != nil {
			t.Errorf("%q: %d bytes: %v", sign, len(text), err)
		}
	}
}
