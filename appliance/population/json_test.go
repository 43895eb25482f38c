package population

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestJSONRoundTrip: every entry comes back from its JSON form, tidied.
func TestJSONRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	entries := samples()
	for _, k := range Kinds() {
		for range 60 {
			entries = append(entries, randomEntry(rnd, k))
		}
	}
	for _, e := range entries {
		b, err := MarshalEntry(e)
		if err != nil {
			t.Fatalf("%#v: %v", e, err)
		}
		if !json.Valid(b) {
			t.Fatalf("%s is not JSON", b)
		}
		if a, ok := e.(Amendment); ok && !a.By.Kind().Known() || strings.Contains(string(b), `"kind":"unknown"`) {
			continue
		}
		back, err := UnmarshalEntry(b)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if want := Tidy(e); !reflect.DeepEqual(want, back) {
			t.Fatalf("%s:\n%#v came back as\n%#v", b, want, back)
		}
	}
}

// TestJSONForm shows the names and texts that scripts and forms rely on.
func TestJSONForm(t *testing.T) {
	b, err := MarshalEntry(HouseholdOpened{ID: own(100), Type: KindFamily, Area: own(3), Number: HouseholdNumber{100, 1},
		Date: Date{Year: 2026, Month: 3}, Period: MonthPeriod(2026, 3), Members: []Member{{own(101), RelHead, Facts{Name: `Đinh "Út"`, Sex: Male}}, {}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"household_opened","id":"12-100-S","area":"12-3-Y","number":"100.1","type":"family","date":"2026-03","period":"2026-03",` +
		`"members":[{"id":"12-101-T","relation":1,"name":"Đinh \"Út\"","sex":"male"},{}]}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	b, err = MarshalEntry(Unknown{Of: 4000, Version: 3, Body: []byte{1, 255}})
	if err != nil || string(b) != `{"kind":"unknown","of":4000,"version":3,"body":"01ff"}` {
		t.Errorf("got %s, %v", b, err)
	}
	if _, err := MarshalEntry(nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("nothing: %v", err)
	}
}

// TestUnmarshalRefuses: the error names the field and never repeats the value.
func TestUnmarshalRefuses(t *testing.T) {
	tests := []struct{ field, text string }{
		{"", ``},
		{"", `secret`},
		{"", `[]`},
		{"", `{"kind":"death"} {}`},
		{"", `{"kind":"death","note":"` + "\xFF" + `"}`},
		{"", `{"kind":"death","kind":"death"}`},
		{"", `{"kind":"death","x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`},
		{"kind", `{}`},
		{"kind", `{"kind":3}`},
		{"kind", `{"kind":"secret"}`},
		{"kind", `{"kind":"unknown"}`},
		{"Date", `{"kind":"death","Date":"2026"}`},
		{"place_of", `{"kind":"death","place_of":1}`},
		{"child.surname", `{"kind":"birth","child":{"surname":"secret"}}`},
		{"members[1].x", `{"kind":"household_opened","members":[{},{"x":1}]}`},
		{"members[1]", `{"kind":"household_opened","members":[{},3]}`},
		{"members", `{"kind":"household_opened","members":{}}`},
		{"members[0].sex", `{"kind":"household_opened","members":[{"sex":"secret"}]}`},
		{"members[0].number", `{"kind":"household_opened","members":[{"number":64185012345}]}`},
		{"person", `{"kind":"death","person":"12-100-T"}`},
		{"person", `{"kind":"death","person":null}`},
		{"date", `{"kind":"death","date":"secret"}`},
		{"date", `{"kind":"death","date":"2026-02-30"}`},
		{"period", `{"kind":"death","period":"2026-13"}`},
		{"place", `{"kind":"death","place":256}`},
		{"place", `{"kind":"death","place":-1}`},
		{"place", `{"kind":"death","place":1.0}`},
		{"place", `{"kind":"death","place":"1"}`},
		{"whole", `{"kind":"departure","whole":1}`},
		{"persons[1]", `{"kind":"departure","persons":["12-100-S",5]}`},
		{"number", `{"kind":"household_opened","number":"100.0"}`},
		{"changed[0]", `{"kind":"information_changed","changed":["secret"]}`},
		{"changed[0]", `{"kind":"information_changed","changed":[""]}`},
		{"to", `{"kind":"information_changed","to":"secret"}`},
		{"by", `{"kind":"amendment","target":3}`},
		{"by.kind", `{"kind":"amendment","target":3,"by":{"kind":"secret"}}`},
		{"by.date", `{"kind":"amendment","target":3,"by":{"kind":"death","date":"secret"}}`},
		{"digest", `{"kind":"operation_begun","digest":"zz"}`},
		{"note", `{"kind":"death","note":"` + strings.Repeat("x", 501) + `"}`},
		{"note", `{"kind":"death","note":"secret\u0000"}`},
		{"confirmed[0].rule", `{"kind":"death","confirmed":[{"rule":["secret"]}]}`},
		{"?", `{"kind":"death","` + strings.Repeat("secret", 20) + `":1}`},
	}
	for _, test := range tests {
		e, err := UnmarshalEntry([]byte(test.text))
		var f *FieldError
		if !errors.Is(err, ErrMalformed) || !errors.As(err, &f) {
			t.Errorf("%s: %#v, %v", test.text, e, err)
			continue
		}
		if f.Field != test.field {
			t.Errorf("%.200s: blames %q, want %q (%v)", test.text, f.Field, test.field, err)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats the value: %v", err)
		}
	}
	if _, err := UnmarshalEntry([]byte(strings.Repeat(" ", MaxJSON+1))); !errors.Is(err, ErrMalformed) {
		t.Errorf("too large: %v", err)
	}
}

// TestTidy: what comes from forms and files is brought into form once.
func TestTidy(t *testing.T) {
	typed := Birth{
		Common: Common{Note: "  dòng một\r\ndòng hai "},
		Child: Member{Facts: Facts{
			Name: " Nguye\u0302\u0303n  Văn\u00A0An\u200B ", Number: "0642 2600-0017", Insurance: "hn 2 64 0123456789",
		}},
		MotherName: "không tên 1",
	}
	got := Tidy(typed).(Birth)
	if got.Child.Name != "Nguyễn Văn An" || got.Child.Number != "064226000017" || got.Child.Insurance != "HN2640123456789" {
		t.Errorf("got %#v", got.Child.Facts)
	}
	if got.Note != "dòng một\ndòng hai" || got.MotherName != "không tên 1" {
		t.Errorf("got %q, %q", got.Note, got.MotherName)
	}
	change := InformationChanged{Changed: []Field{FieldSex, FieldName, FieldSex}, To: Facts{Name: "A", Sex: Male, Number: "1"}, Relation: 4}
	want := InformationChanged{Changed: []Field{FieldName, FieldSex}, To: Facts{Name: "A", Sex: Male}}
	if got := Tidy(change); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
	if change.Changed[0] != FieldSex {
		t.Error("Tidy changed its argument")
	}
	by := Tidy(Amendment{Target: 3, By: Death{Common: Common{Note: " x "}}}).(Amendment)
	if by.By.Extra().Note != "x" {
		t.Errorf("got %#v", by)
	}
	for _, e := range samples() {
		if once := Tidy(e); !reflect.DeepEqual(once, Tidy(once)) {
			t.Errorf("%#v: not idempotent", e)
		}
	}
}

// FuzzUnmarshalEntry: nothing panics; what is read can be shown and read again,
// and is either refused by the codec or comes back from its body.
func FuzzUnmarshalEntry(f *testing.F) {
	for _, e := range samples() {
		b, err := MarshalEntry(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := UnmarshalEntry(b)
		if err != nil {
			var field *FieldError
			if !errors.As(err, &field) {
				t.Fatal(err)
			}
			return
		}
		text, err := MarshalEntry(e)
		if err != nil {
			t.Fatalf("%#v: %v", e, err)
		}
		again, err := UnmarshalEntry(text)
		if err != nil || !reflect.DeepEqual(e, again) {
			t.Fatalf("%s:\n%#v came back as\n%#v, %v", text, e, again, err)
		}
		kind, version, body, err := EncodeBody(testMint, e)
		if err != nil {
			return
		}
		back, err := DecodeBody(testMint, kind, version, body)
		if err != nil || !reflect.DeepEqual(e, back) {
			t.Fatalf("%s: %#v came back as %#v, %v", text, e, back, err)
		}
	})
}
