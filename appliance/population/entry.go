package population

// Common is what every entry carries beside its own fields.
type Common struct {
	Note      string         // free text, at most 500 bytes
	Confirmed []Confirmation // soft findings answered by the user, with the reason
}

// Confirmation keeps the answer to a soft finding (rule id and reason).
type Confirmation struct {
	Rule   string
	Reason string
}

// Entry is one thing written in the book. The concrete types are below, and
// Unknown. An Entry is a plain value: no method changes it.
type Entry interface {
	Kind() Kind
	// Refs lists the entities whose state the entry changes, without
	// duplicates, in a fixed order; at most MaxEntities. Amendment and
	// Annulment list none: the register adds those of their targets.
	// OperationBegun lists the operation it undoes, if any, but not its own,
	// whose id is the sequence it gets: the register adds that.
	Refs() []Ref
	// When is the day the entry says it happened (event date), possibly
	// partial; the zero Date for kinds without one.
	When() Date
	// Counted is the period in whose report the entry counts; 0 for kinds
	// that count in none. Set by the registrar, never by the user: a late
	// event keeps its true date and counts in the first period still open.
	Counted() Period
	// Extra returns the Common part.
	Extra() Common
}

// MaxEntities bounds the entities of one entry.
const MaxEntities = 500

// HouseholdOpened puts a household and its first members in the book at first
// registration (đăng ký ban đầu, đổi sổ, import).
type HouseholdOpened struct {
	Common
	ID      ID
	Type    HouseholdKind
	Area    ID
	Number  HouseholdNumber
	Address string
	Date    Date
	Period  Period
	Members []Member // the head first
}

// PersonRegistered adds one person to a household at first registration.
type PersonRegistered struct {
	Common
	Household ID
	Member    Member
	Date      Date
	Period    Period
}

// Birth is table 1 of P0/CTV. The day is Child.Born.
type Birth struct {
	Common
	Household  ID
	Child      Member // Mother and Father inside
	MotherName string // when she is not in the register
	Order      uint8  // con thứ mấy: live births of this mother, this one included; 0 unknown
	Place      Code   // nơi đẻ
	Weight     uint16 // grams; 0 unknown
	Period     Period
}

// Death is table 3 of P0/CTV.
type Death struct {
	Common
	Person ID
	Date   Date
	Place  Code
	Period Period
}

// Arrival is table 4 of P0/CTV: from another commune.
type Arrival struct {
	Common
	Household ID
	Member    Member
	FromUnit  uint32 // unit code as a number, 0 unknown or abroad
	From      string // place as written
	Reason    Code
	Date      Date
	Period    Period
}

// Departure is table 5 of P0/CTV: out of the commune. Several persons of one
// household may leave in one entry.
type Departure struct {
	Common
	Persons   []ID
	Household ID     // the one they leave
	Whole     bool   // the whole household leaves and is closed
	ToUnit    uint32 // unit code as a number, 0 unknown or abroad
	To        string
	Reason    Code
	Date      Date
	Period    Period
}

// MoveInside moves persons to another household of the commune; it is not
// counted as departure and arrival.
type MoveInside struct {
	Common
	From    ID
	Into    ID
	Persons []Placed
	Date    Date
	Period  Period
}

// Marriage of one or two registered persons.
type Marriage struct {
	Common
	A, B       ID     // B is 0 when the spouse is not in the register
	OtherName  string // then: the spouse's name as told
	Kin        bool   // cận huyết thống as told (Luật HN&GĐ 2014, Điều 3.18)
	Counselled bool   // tư vấn, khám sức khỏe trước khi kết hôn
	Date       Date
	Period     Period
}

// Divorce of one or two registered persons.
type Divorce struct {
	Common
	A, B   ID
	Date   Date
	Period Period
}

// Field names a column of Facts or of a person's place that InformationChanged
// may change. Numbers are part of the format.
type Field uint8

// The fields.
const (
	FieldName      Field = 1
	FieldSex       Field = 2
	FieldBorn      Field = 3
	FieldEthnicity Field = 4
	FieldNumber    Field = 5
	FieldInsurance Field = 6
	FieldEducation Field = 7
	FieldMarital   Field = 8
	FieldResidence Field = 9
	FieldMother    Field = 10
	FieldFather    Field = 11
	FieldSpouse    Field = 12
	FieldRelation  Field = 13
)

// InformationChanged is table 6 of P0/CTV: the fields listed in Changed take
// their values from To (and Relation).
type InformationChanged struct {
	Common
	Person   ID
	Changed  []Field // ascending, no duplicates
	To       Facts   // only the listed fields are meant; the others are zero
	Relation Code
	Date     Date
	Period   Period
}

// HouseholdChanged changes a household's area, number, kind or address.
type HouseholdChanged struct {
	Common
	Household ID
	Area      ID              // 0: unchanged
	Number    HouseholdNumber // zero: unchanged
	Type      HouseholdKind   // 0: unchanged
	Address   string          // "": unchanged
	Closed    bool            // the empty household is closed
	Date      Date
	Period    Period
}

// HeadChanged names a new head and the members' relations to the new head.
type HeadChanged struct {
	Common
	Household ID
	Head      ID
	Relations []Placed // every other member whose relation changes
	Date      Date
	Period    Period
}

// HouseholdSplit (tách hộ) opens a household with members of another.
type HouseholdSplit struct {
	Common
	From    ID
	New     ID
	Type    HouseholdKind
	Area    ID
	Number  HouseholdNumber
	Address string
	Persons []Placed // the new head first
	Date    Date
	Period  Period
}

// HouseholdJoined (nhập hộ) puts all members of From into Into and closes From.
type HouseholdJoined struct {
	Common
	From    ID
	Into    ID
	Persons []Placed
	Date    Date
	Period  Period
}

// Scope says what a scope correction found.
type Scope uint8

// The scopes; the numbers are part of the format.
const (
	ScopeMissed Scope = 1 // a person living here was not in the book (+1)
	ScopeDouble Scope = 2 // written twice (−1)
	ScopeOut    Scope = 3 // not to be counted here (−1)
)

// ScopeCorrection is a review's finding (without a kind of its own
// the balance silently breaks).
type ScopeCorrection struct {
	Common
	Scope     Scope
	Person    ID     // Double, Out: the person taken off
	Canonical ID     // Double: the entry of the same person that stays
	Household ID     // Missed: where the person is put; Double, Out: the one left, if given
	Member    Member // Missed: the person
	Date      Date   // when found
	Period    Period
}

// Amendment (đính chính) puts another body in the place of an earlier entry of
// the same kind; the earlier keeps its place in the order.
type Amendment struct {
	Common
	Target uint64 // sequence of the entry amended
	By     Entry  // same kind as the target
}

// Annulment (hủy) takes back the entries First…Last of this journal that are
// not annulled yet. Annulling an annulment brings its targets back.
type Annulment struct {
	Common
	First, Last uint64
}

// SamePerson says that Other is the person Canonical, the older id. From then on
// Other is not counted (CauseSame).
type SamePerson struct {
	Common
	Canonical, Other ID
	Date             Date // when found
	Period           Period
}

// SamePersonUndone takes such a link back, as if it had never been.
type SamePersonUndone struct {
	Common
	Canonical, Other ID
	Date             Date
	Period           Period
}

// AreaDefined opens or changes an area (địa bàn) of a collaborator.
type AreaDefined struct {
	Common
	ID           ID
	Number       uint32 // địa bàn số, unique in the station
	Unit         uint32 // commune code as a number (five digits)
	Hamlet       string // thôn, làng, buôn, tổ dân phố
	Collaborator uint32 // user number, 0 none yet
	Closed       bool
	Date         Date
}

// UserCreated names a user; never a secret. Number is 1, 2, 3 … in the station.
type UserCreated struct {
	Common
	Number uint32
	Login  string
	Name   string
	Role   Role
	Areas  []ID // a collaborator's
}

// UserChanged gives a user's name, role, areas and state anew, all of them.
type UserChanged struct {
	Common
	Number   uint32
	Name     string
	Role     Role
	Areas    []ID
	Disabled bool
}

// OperationBegun opens a numbered series of entries (import, its undoing). Its
// own sequence is the operation's id; the envelopes of the series carry it.
type OperationBegun struct {
	Common
	What   string // "import", "undo" …
	Source string // file name without its folder, or the like
	Digest []byte // SHA-256 of the source, so that it is recognised when resumed
	Rows   uint32 // expected
	Undoes uint64 // the operation this one undoes, when What is "undo"; else 0
}

// OperationEnded closes it.
type OperationEnded struct {
	Common
	Operation uint64
	Taken     uint32
	Refused   uint32
	Broken    bool // given up
}

// PeriodClosed (khóa sổ) closes a period: what happened in it and is written
// later counts in the next one open.
type PeriodClosed struct {
	Common
	Period Period
}

// Unknown is an entry of a kind or version this program does not know. It is
// kept and carried as it is.
type Unknown struct {
	Of      Kind
	Version uint8
	Body    []byte
}
