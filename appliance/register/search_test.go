package register_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// A person is found by any spelling, by birth, by household and by number. Each
// case lists who is found, best first.
func TestSearchFindsByAnySpelling(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	s.enter(
		population.PersonRegistered{Household: id(20), Date: day("2026-01-02"), Period: month("2026-01"), Member: numbered(
			member(22, population.RelChild, "Rơ Châm Y Thương", population.Male, "2015-01-01"), "064215000123", "TE1646412345678")},
		population.Death{Person: id(31), Date: day("2026-02-01"), Period: month("2026-02")},
	)
	cases := []struct {
		query register.Query
		want  []uint32
	}{
		{register.Query{Text: "Nguyễn Văn Hòa"}, []uint32{11}},
		{register.Query{Text: "nguyen van hoa"}, []uint32{11}},
		{register.Query{Text: "Nguyễn Văn Hoà"}, []uint32{11}}, // the tone on the other vowel
		{register.Query{Text: "hoa"}, []uint32{32, 11}},        // by given name, then the whole name
		{register.Query{Text: "hoà nguyễn"}, []uint32{11}},     // in any order
		{register.Query{Text: "thao"}, []uint32{13, 12}},       // who has no tone in the name first
		{register.Query{Text: "Thảo"}, []uint32{12, 13}},       // the tone asked for first
		{register.Query{Text: "ngu"}, []uint32{11, 13, 31}},    // beginnings; who left the book last
		{register.Query{Text: "ngu", Active: true}, []uint32{11, 13}},
		{register.Query{Text: "bia"}, []uint32{21}}, // without H'
		{register.Query{Text: "hbia"}, []uint32{21}},
		{register.Query{Text: "H’Bia"}, []uint32{21}}, // another apostrophe
		{register.Query{Text: "rcham"}, []uint32{21, 22}},
		{register.Query{Text: "R'Châm"}, []uint32{21, 22}},
		{register.Query{Text: "ro cham"}, []uint32{21, 22}},
		{register.Query{Text: "Lí"}, []uint32{31}}, // i for y
		{register.Query{Text: "dang"}, []uint32{32}},
		{register.Query{Text: "hoa 1980"}, []uint32{32, 11}},
		{register.Query{Text: "05/03/1980"}, []uint32{32, 11}},
		{register.Query{Text: "1980"}, []uint32{21, 32, 11}},
		{register.Query{Text: "07/1980"}, []uint32{21}},
		{register.Query{Text: "07-1980"}, []uint32{21}},
		{register.Query{Text: "5.3.1980"}, []uint32{32, 11}},
		{register.Query{Text: "1980-03-05"}, []uint32{32, 11}},
		{register.Query{Text: "1999"}, nil},
		{register.Query{Text: "12"}, []uint32{11, 12, 13, 32}}, // household 12 of both areas, as on the sheets
		{register.Query{Text: "5-12"}, []uint32{11, 12, 13}},
		{register.Query{Text: "100.1"}, []uint32{21, 22}},
		{register.Query{Text: "100"}, []uint32{21, 22}},
		{register.Query{Text: "100.2"}, nil},
		{register.Query{Text: "12 thao"}, []uint32{12, 13}},
		{register.Query{Text: "064215000123"}, []uint32{22}},
		{register.Query{Text: "064 215 000 123"}, []uint32{22}},
		{register.Query{Text: "TE1646412345678"}, []uint32{22}},
		{register.Query{Text: "6412345678"}, []uint32{22}}, // the ten digits of the same card
		{register.Query{Text: "6412345679"}, nil},
		{register.Query{Text: "hoa", Area: id(2)}, []uint32{32}},
		{register.Query{Text: "ngu", Limit: 1}, []uint32{11}},
		{register.Query{Text: "ngu", Offset: 1, Limit: 5}, []uint32{13, 31}},
		{register.Query{Text: "xyz"}, nil},
		{register.Query{Text: ""}, nil},
		{register.Query{Text: "\xff\x00 %'"}, nil},
		{register.Query{Text: strings.Repeat("a ", 500)}, nil},
	}
	s.view(func(v *register.View) {
		for _, c := range cases {
			hits, _, err := v.Search(c.query)
			if err != nil {
				t.Fatalf("%+v: %v", c.query, err)
			}
			var got []uint32
			for _, h := range hits {
				got = append(got, h.Person.ID.Serial())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q finds %v, want %v", fmt.Sprint(c.query), got, c.want)
			}
		}
		if _, more, err := v.Search(register.Query{Text: "ngu", Limit: 1}); err != nil || !more {
			t.Errorf("a cut list does not say so: %v %v", more, err)
		}
	})
}

// Who gets another name is found by the new one and no more by the old.
func TestSearchFollowsChanges(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	s.enter(population.InformationChanged{Person: id(13), Changed: []population.Field{population.FieldName},
		To: population.Facts{Name: "Nguyễn Văn Quân"}, Date: day("2026-02-01"), Period: month("2026-02")})
	count := func(text string) (n int) {
		s.view(func(v *register.View) {
			hits, _, err := v.Search(register.Query{Text: text})
			if err != nil {
				t.Fatal(err)
			}
			n = len(hits)
		})
		return n
	}
	if count("quan") != 1 || count("van thao") != 0 {
		t.Errorf("after the change: %d by the new name, %d by the old", count("quan"), count("van thao"))
	}
	s.enter(population.Annulment{First: uint64(len(s.records)), Last: uint64(len(s.records))})
	if count("quan") != 0 || count("van thao") != 1 {
		t.Errorf("after the annulment: %d by the new name, %d by the old", count("quan"), count("van thao"))
	}
}

// Who has exactly the name asked for is first, however many names begin like it.
func TestSearchFindsTheExactNameAmongThousands(t *testing.T) {
	s := newScribe(t)
	s.enter(village()...)
	for n := range uint32(8) {
		e := population.HouseholdOpened{ID: id(1000 * (n + 1)), Type: population.KindCollective, Area: id(1), Number: population.HouseholdNumber{Number: 200 + n}}
		for m := range uint32(80) {
			e.Members = append(e.Members, member(1000*(n+1)+1+m, population.RelOther, "Nguyễn Văn Ảnh", population.Male, "1990"))
		}
		s.enter(e)
	}
	s.enter(population.PersonRegistered{Household: id(10), Member: member(9999, population.RelOther, "Nguyễn Văn Anh", population.Male, "1990")},
		population.PersonRegistered{Household: id(10), Member: member(9998, population.RelOther, "Nguyễn Văn An", population.Male, "1990")})
	s.view(func(v *register.View) {
		for text, want := range map[string]uint32{"Nguyễn Văn Anh": 9999, "nguyen van an": 9998} {
			hits, more, err := v.Search(register.Query{Text: text, Limit: 5})
			if err != nil || len(hits) != 5 || !more || hits[0].Person.ID != id(want) {
				t.Errorf("%q: %d hits, more %v, %v", text, len(hits), more, err)
			}
		}
	})
}
