package population

// Kind is what an entry says. Numbers are part of the format and never reused.
type Kind uint16

// The kinds of version 1.
const (
	KindHouseholdOpened    Kind = 1
	KindPersonRegistered   Kind = 2
	KindBirth              Kind = 3
	KindDeath              Kind = 4
	KindArrival            Kind = 5
	KindDeparture          Kind = 6
	KindMoveInside         Kind = 7
	KindMarriage           Kind = 8
	KindDivorce            Kind = 9
	KindInformationChanged Kind = 10
	KindHouseholdChanged   Kind = 11
	KindHeadChanged        Kind = 12
	KindHouseholdSplit     Kind = 13
	KindHouseholdJoined    Kind = 14
	KindScopeCorrection    Kind = 15
	KindAmendment          Kind = 16
	KindAnnulment          Kind = 17
	KindSamePerson         Kind = 18
	KindSamePersonUndone   Kind = 19
	KindAreaDefined        Kind = 20
	KindUserCreated        Kind = 21
	KindUserChanged        Kind = 22 // renamed, role, disabled, enabled
	KindOperationBegun     Kind = 23
	KindOperationEnded     Kind = 24
	KindPeriodClosed       Kind = 25
)

// kinds gives every kind its name, and the zero value from which a decoder
// starts. The index is the kind.
var kinds = [...]struct {
	name  string
	blank Entry
}{
	KindHouseholdOpened:    {"household_opened", HouseholdOpened{}},
	KindPersonRegistered:   {"person_registered", PersonRegistered{}},
	KindBirth:              {"birth", Birth{}},
	KindDeath:              {"death", Death{}},
	KindArrival:            {"arrival", Arrival{}},
	KindDeparture:          {"departure", Departure{}},
	KindMoveInside:         {"move_inside", MoveInside{}},
	KindMarriage:           {"marriage", Marriage{}},
	KindDivorce:            {"divorce", Divorce{}},
	KindInformationChanged: {"information_changed", InformationChanged{}},
	KindHouseholdChanged:   {"household_changed", HouseholdChanged{}},
	KindHeadChanged:        {"head_changed", HeadChanged{}},
	KindHouseholdSplit:     {"household_split", HouseholdSplit{}},
	KindHouseholdJoined:    {"household_joined", HouseholdJoined{}},
	KindScopeCorrection:    {"scope_correction", ScopeCorrection{}},
	KindAmendment:          {"amendment", Amendment{}},
	KindAnnulment:          {"annulment", Annulment{}},
	KindSamePerson:         {"same_person", SamePerson{}},
	KindSamePersonUndone:   {"same_person_undone", SamePersonUndone{}},
	KindAreaDefined:        {"area_defined", AreaDefined{}},
	KindUserCreated:        {"user_created", UserCreated{}},
	KindUserChanged:        {"user_changed", UserChanged{}},
	KindOperationBegun:     {"operation_begun", OperationBegun{}},
	KindOperationEnded:     {"operation_ended", OperationEnded{}},
	KindPeriodClosed:       {"period_closed", PeriodClosed{}},
}

// Kinds returns every kind of this program, ascending.
func Kinds() []Kind {
	ks := make([]Kind, 0, len(kinds)-1)
	for k := range kinds[1:] {
		ks = append(ks, Kind(k+1))
	}
	return ks
}

// Known reports whether the program understands entries of the kind.
func (k Kind) Known() bool { return k > 0 && int(k) < len(kinds) }

// String returns the name of the kind as JSON has it (birth); "unknown" when
// the program does not know it.
func (k Kind) String() string {
	if !k.Known() {
		return "unknown"
	}
	return kinds[k].name
}

// ParseKind is the inverse of String.
func ParseKind(name string) (Kind, bool) {
	for k := range kinds {
		if k > 0 && kinds[k].name == name {
			return Kind(k), true
		}
	}
	return 0, false
}

// ClassOf returns the data class of an entry, as carriers see it: 0 ordinary for
// every kind of version 1, which has nothing on contraception, pregnancy or
// screening.
func ClassOf(Entry) uint8 { return 0 }
