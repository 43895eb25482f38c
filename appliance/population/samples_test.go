package population

import "bytes"

// testMint is the mint of the journal that the samples stand in.
const testMint Mint = 12

// own returns an id under testMint.
func own(serial uint32) ID { return NewID(testMint, serial) }

// far is an id of another mint.
var far = NewID(7, 4242)

func day(y, m, d int) Date { return Date{uint16(y), uint8(m), uint8(d)} }

var (
	sampleExtra = Common{
		Note:      "theo lời kể\ncủa gia đình",
		Confirmed: []Confirmation{{"B07", "giấy chứng sinh ghi đúng"}, {"D02", "đã hỏi lại"}},
	}
	sampleHead = Facts{
		Name: "Rơ Châm H'Lan", Sex: Female, Born: day(1985, 3, 12), Ethnicity: 10,
		Number: "064185012345", Insurance: "064185012345", Education: 3, Marital: Married,
		Residence: ResPresent, Spouse: own(102),
	}
	sampleHusband = Facts{
		Name: "Ksor Y Blĭm", Sex: Male, Born: Date{Year: 1980}, Ethnicity: 10,
		Number: "231045678", Insurance: "HN2640123456789", Marital: Married, Residence: ResAway, Spouse: own(101),
	}
	sampleChild = Facts{
		Name: "Trai", Sex: Male, Born: day(2026, 3, 5), Ethnicity: 10, Insurance: "6412345678",
		Marital: NeverMarried, Residence: ResPresent, Mother: own(101), Father: far,
	}
	sampleOdd = Facts{ // nothing fits anything
		Name: "Nguyễn Văn Ðức", Sex: SexUnknown, Born: Date{Year: 1950, Month: 7}, Ethnicity: 99,
		Number: "64185", Insurance: "079201000001", Mother: own(100), Spouse: own(4000000000),
	}
)

// samples has entries of every kind: the least, the usual, and all fields.
func samples() []Entry {
	at, in := day(2026, 3, 20), MonthPeriod(2026, 3)
	placed := []Placed{{own(102), RelHead}, {far, RelChild}, {own(100), 0}}
	return append(householdSamples(at, in, placed), otherSamples(at, in)...)
}

func householdSamples(at Date, in Period, placed []Placed) []Entry {
	return []Entry{
		HouseholdOpened{},
		HouseholdOpened{
			ID: own(100), Type: KindFamily, Area: own(3), Number: HouseholdNumber{17, 0},
			Address: "Làng Ốp, tổ 3", Date: day(2026, 1, 1), Period: MonthPeriod(2026, 1),
			Members: []Member{{own(101), RelHead, sampleHead}, {own(102), RelSpouse, sampleHusband}, {own(103), RelChild, sampleChild}},
		},
		HouseholdOpened{
			Common: sampleExtra, ID: own(100), Type: KindCollective, Area: far, Number: HouseholdNumber{100, 1},
			Address: "Khu tập thể", Date: Date{Year: 2025}, Period: MonthPeriod(2026, 1),
			Members: []Member{{own(900), RelHead, sampleOdd}, {0, RelOther, Facts{}}, {own(50), RelOther, Facts{Name: "Y"}}, {far, 0, sampleHead}},
		},
		PersonRegistered{Household: own(100), Member: Member{own(104), RelParent, sampleOdd}, Date: at, Period: in},
		Birth{Household: own(100), Child: Member{own(5001), RelChild, sampleChild}, Order: 2, Place: 1, Weight: 3100, Period: in},
		Birth{Common: sampleExtra, Household: far, Child: Member{own(5002), RelGrandch, sampleChild},
			MotherName: "Siu H'Ngọc", Order: 1, Place: 3, Period: MonthPeriod(2026, 5)},
		Death{Person: own(102), Date: at, Place: 2, Period: in},
		Death{Common: Common{Note: "ngã"}, Person: far, Date: Date{Year: 2026, Month: 2}, Period: in},
		Arrival{Household: own(100), Member: Member{own(5003), RelInLaw, sampleHusband}, FromUnit: 23764,
			From: "xã Ia Dom", Reason: 2, Date: at, Period: in},
		Departure{Household: own(100), Persons: []ID{own(103)}, ToUnit: 26068, To: "Biên Hòa", Reason: 1, Date: at, Period: in},
		Departure{Household: far, Persons: []ID{far, own(101), own(102)}, Whole: true, Date: Date{}, Period: in},
		MoveInside{From: own(100), Into: own(200), Persons: placed, Date: at, Period: in},
		Marriage{A: own(101), B: own(102), Counselled: true, Date: at, Period: in},
		Marriage{A: own(101), OtherName: "Trần Văn Bình", Kin: true, Date: at, Period: MonthPeriod(2026, 4)},
		Divorce{A: own(101), B: far, Date: at, Period: in},
		InformationChanged{Person: own(103), Changed: []Field{FieldName}, To: Facts{Name: "Ksor Minh"}, Date: at, Period: in},
		InformationChanged{
			Person: own(103), Changed: []Field{FieldSex, FieldBorn, FieldNumber, FieldInsurance, FieldFather, FieldRelation},
			To: Facts{Sex: Male, Born: day(2026, 3, 6), Number: "064226000017", Father: own(102)}, Relation: RelChild, Date: at, Period: in,
		},
		HouseholdChanged{Household: own(100), Number: HouseholdNumber{18, 0}, Date: at, Period: in},
		HouseholdChanged{Common: sampleExtra, Household: own(100), Area: own(4), Number: HouseholdNumber{18, 2},
			Type: KindCollective, Address: "Đội 2", Closed: true, Date: at, Period: in},
		HeadChanged{Household: own(100), Head: own(102), Relations: []Placed{{own(101), RelSpouse}}, Date: at, Period: in},
		HouseholdSplit{From: own(100), New: own(5004), Type: KindFamily, Area: own(3), Number: HouseholdNumber{88, 0},
			Address: "Làng Ốp", Persons: placed, Date: at, Period: in},
		HouseholdJoined{From: own(5004), Into: own(100), Persons: placed, Date: at, Period: in},
	}
}

func otherSamples(at Date, in Period) []Entry {
	return []Entry{
		ScopeCorrection{Scope: ScopeMissed, Household: own(100), Member: Member{own(5005), RelSibling, sampleOdd}, Date: at, Period: in},
		ScopeCorrection{Scope: ScopeDouble, Person: own(5005), Canonical: own(102), Date: at, Period: in},
		Amendment{Target: 731, By: Death{Person: own(102), Date: day(2026, 3, 19), Place: 2, Period: in}},
		Amendment{Common: sampleExtra, Target: 1, By: Unknown{Of: KindBirth, Version: 2, Body: []byte{4, 8}}},
		Annulment{First: 731, Last: 731},
		Annulment{Common: sampleExtra, First: 1, Last: 500},
		SamePerson{Canonical: own(102), Other: own(5003), Date: at, Period: in},
		SamePersonUndone{Canonical: own(102), Other: far, Date: at, Period: in},
		AreaDefined{ID: own(3), Number: 105, Unit: 23764, Hamlet: "Làng Ốp", Collaborator: 4, Date: day(2026, 1, 1)},
		AreaDefined{ID: own(3), Number: 105, Unit: 4, Closed: true},
		UserCreated{Number: 1, Login: "lan", Name: "Nguyễn Thị Lan", Role: RoleHead},
		UserCreated{Number: 4, Login: "ctv4", Name: "Siu Blik", Role: RoleCollaborator, Areas: []ID{own(3), far}},
		UserChanged{Number: 4, Name: "Siu Blik", Role: RoleCollaborator, Areas: []ID{own(3)}, Disabled: true},
		OperationBegun{What: "import", Source: "so-a0.csv", Digest: bytes.Repeat([]byte{0xA5}, 32), Rows: 27000},
		OperationBegun{What: "undo", Undoes: 812},
		OperationEnded{Operation: 812, Taken: 26730, Refused: 270, Broken: true},
		PeriodClosed{Period: in},
	}
}
