package population

// Located is a live entry in its place: what the fold takes. Body amendments
// are already in place (the amended entry stands at its first sequence).
type Located struct {
	Seq   uint64
	Entry Entry
}

// Cause says how a stay began or ended.
type Cause uint8

// The causes; the numbers are part of the register's rows.
const (
	CauseNone       Cause = 0
	CauseRegistered Cause = 1 // first registration
	CauseBirth      Cause = 2
	CauseArrival    Cause = 3
	CauseMissed     Cause = 4 // scope correction +
	CauseMoved      Cause = 5 // inside the commune, in or out
	CauseDeath      Cause = 6
	CauseDeparture  Cause = 7
	CauseDouble     Cause = 8  // scope correction −
	CauseOut        Cause = 9  // scope correction −
	CauseSame       Cause = 10 // same-person link: this id is no longer counted
)

// Stay is a time a person belonged to one household. Counting (balance, stock
// at the end of a period) goes by the periods, history by the dates.
type Stay struct {
	Household ID
	In        Cause
	From      Date
	FromPer   Period
	FromSeq   uint64
	Out       Cause // CauseNone: still there
	To        Date
	ToPer     Period
	ToSeq     uint64
}

// Person is the state of a person: the fold of the person's live entries.
type Person struct {
	ID       ID
	Facts           // as last known
	Relation Code   // to the head of the current household
	Order    uint64 // place in the A0 sheet: sequence of the entry that put the person in the household, then the place in it
	Stays    []Stay // oldest first; at most the last is open
	Died     Date
	Dead     bool
	Same     ID     // canonical id when this id is a double
	Last     uint64 // sequence of the newest entry folded
}

// Household returns the household the person belongs to now, 0 when none.
func (p *Person) Household() ID {
	if n := len(p.Stays); n > 0 && p.Stays[n-1].Out == CauseNone {
		return p.Stays[n-1].Household
	}
	return 0
}

// Active reports whether the person is in the book now.
func (p *Person) Active() bool { return p.Household() != 0 }

// Household is the state of a household. Its members are the persons whose
// current household it is; the register indexes them.
type Household struct {
	ID      ID
	Type    HouseholdKind
	Area    ID
	Number  HouseholdNumber
	Address string
	Head    ID
	Opened  Date
	Closed  bool
	Moves   []AreaStay // the areas it belonged to, oldest first
	Last    uint64
}

// AreaStay is a time a household belonged to an area.
type AreaStay struct {
	Area    ID
	FromPer Period
	FromSeq uint64
}

// Area is the state of a collaborator's area.
type Area struct {
	ID           ID
	Number       uint32
	Unit         uint32
	Hamlet       string
	Collaborator uint32
	Closed       bool
	Last         uint64
}

// User is a person who uses the station. Secrets are elsewhere (package auth).
type User struct {
	Number   uint32
	Login    string
	Name     string
	Role     Role
	Areas    []ID
	Disabled bool
	Last     uint64
}

// Operation is a series of entries.
type Operation struct {
	ID      uint64
	What    string
	Source  string
	Digest  []byte
	Rows    uint32
	Taken   uint32
	Refused uint32
	Ended   bool
	Broken  bool
	Undone  bool
}
