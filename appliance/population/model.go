package population

// Sex as the A0 book has it (column 5).
type Sex uint8

// The sexes; the numbers are part of the format.
const (
	SexUnknown Sex = 0
	Male       Sex = 1
	Female     Sex = 2
)

// Code is a number of a dated code list (package codelist says which list and
// what it means on a day). 0 means unknown: "không biết thì không điền".
type Code uint8

// Codes this package and the rules must know by name. The lists are
// provisional where the signed appendix is not in hand (codelist marks them).
const (
	RelHead    Code = 1 // chủ hộ
	RelSpouse  Code = 2 // vợ/chồng
	RelChild   Code = 3 // con đẻ
	RelInLaw   Code = 4 // con nuôi/dâu/rể
	RelParent  Code = 5 // bố/mẹ
	RelGrandch Code = 6 // cháu
	RelSibling Code = 7 // anh/chị/em
	RelOther   Code = 8 // khác

	NeverMarried Code = 1
	Married      Code = 2
	Divorced     Code = 3
	Widowed      Code = 4
	Separated    Code = 5

	ResPresent   Code = 1 // thường trú có mặt
	ResAway      Code = 2 // thường trú tạm vắng, counted at home
	ResTemporary Code = 3 // tạm trú, not counted
)

// HouseholdKind is the kind of a household.
type HouseholdKind uint8

// The kinds of household; the numbers are part of the format.
const (
	KindFamily     HouseholdKind = 1 // hộ gia đình
	KindCollective HouseholdKind = 2 // hộ tập thể
)

// HouseholdNumber is the hộ số, unique inside its area, with the continuation
// sheet of the A0 book (100.1 is number 100, sheet 1; sheet 0 is the first).
type HouseholdNumber struct {
	Number uint32
	Sheet  uint8
}

// Facts are the columns of mục I of the A0 book for one person. Every field may
// be unknown (zero), the name alone is always there.
type Facts struct {
	Name      string // NFC as written (see CleanName); "Trai"/"Gái" for a newborn without a name
	Sex       Sex
	Born      Date
	Ethnicity Code   // 1–54, 55 foreigner, 99 unknown; QĐ 121-TCTK/PPCĐ
	Number    string // số định danh cá nhân: 12 digits; CMND of 9 accepted; "" when none yet
	Insurance string // BHYT: 15 characters, 10 digits or 12 digits; "" none
	Education Code
	Marital   Code
	Residence Code
	Mother    ID // when she is, or was, in the register
	Father    ID
	Spouse    ID
}

// Member is a person being put into a household.
type Member struct {
	ID       ID
	Relation Code
	Facts
}

// Placed is a person already registered, with a new place in a household.
type Placed struct {
	Person   ID
	Relation Code
}

// Role of a user.
type Role uint8

// The roles; the numbers are part of the format.
const (
	RoleCollaborator Role = 1 // CTV, own areas
	RoleOfficer      Role = 2 // viên chức dân số xã
	RoleHead         Role = 3 // trưởng trạm
	RoleTechnician   Role = 4 // no personal data
	RoleAuditor      Role = 5 // reads
)
