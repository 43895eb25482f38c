package population

import "testing"

// fiveMembers is a household as it is usually opened.
func fiveMembers() HouseholdOpened {
	return HouseholdOpened{
		ID: own(100), Type: KindFamily, Area: own(3), Number: HouseholdNumber{17, 0}, Address: "Làng Ốp",
		Date: day(2026, 1, 1), Period: MonthPeriod(2026, 1),
		Members: []Member{{own(101), RelHead, sampleHead}, {own(102), RelSpouse, sampleHusband},
			{own(103), RelChild, sampleChild}, {own(104), RelChild, sampleChild}, {own(105), RelParent, sampleHead}},
	}
}

func BenchmarkEncodeHouseholdOfFive(b *testing.B) {
	b.ReportAllocs()
	var e Entry = fiveMembers()
	var body []byte
	for b.Loop() {
		_, _, body, _ = EncodeBody(testMint, e)
	}
	b.ReportMetric(float64(len(body)), "bytes/body")
}

func BenchmarkDecodeHouseholdOfFive(b *testing.B) {
	b.ReportAllocs()
	kind, version, body, err := EncodeBody(testMint, fiveMembers())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := DecodeBody(testMint, kind, version, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFoldPersonOfThreeEntries(b *testing.B) {
	b.ReportAllocs()
	live := []Located{
		{1, fiveMembers()},
		{20, Departure{Household: own(100), Persons: []ID{own(102)}, Date: day(2026, 3, 1), Period: MonthPeriod(2026, 3)}},
		{30, Arrival{Household: own(200), Member: Member{own(102), RelOther, sampleHusband}, Date: day(2026, 5, 1), Period: MonthPeriod(2026, 5)}},
	}
	for b.Loop() {
		if p := FoldPerson(own(102), live); !p.Active() {
			b.Fatal("not in the book")
		}
	}
}

func BenchmarkFoldHousehold(b *testing.B) {
	b.ReportAllocs()
	live := []Located{{1, fiveMembers()}, {20, Departure{Household: own(100), Persons: []ID{own(102)}, Date: day(2026, 3, 1), Period: MonthPeriod(2026, 3)}}}
	for b.Loop() {
		FoldHousehold(own(100), live)
	}
}

func BenchmarkUnmarshalHouseholdOfFive(b *testing.B) {
	b.ReportAllocs()
	text, err := MarshalEntry(fiveMembers())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := UnmarshalEntry(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNames(b *testing.B) {
	for name, f := range map[string]func(string) string{
		"clean": func(s string) string { c, _ := CleanName(s); return c }, "key1": Key1, "key2": Key2, "key3": Key3,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f("Nguyễn Thị Hồng Nhung")
			}
		})
	}
}

func BenchmarkRefs(b *testing.B) {
	b.ReportAllocs()
	var e Entry = fiveMembers()
	for b.Loop() {
		e.Refs()
	}
}
