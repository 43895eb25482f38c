package rules

import "tramxa/appliance/population"

// View is the state of the book a rule may look at: the register inside one
// transaction. Absent things are nil, 0 or empty. What it returns is not
// changed by rules and need stay valid only until the next entry is folded.
// Errors of the storage stick inside the implementation; the caller of this
// package asks for them afterwards.
type View interface {
	Person(id population.ID) *population.Person
	Household(id population.ID) *population.Household
	Area(id population.ID) *population.Area
	User(number uint32) *population.User // numbers run 1, 2, 3 …
	// Members are the persons whose current household it is, in A0 order.
	Members(household population.ID) []population.ID
	// Children are the persons whose mother she is.
	Children(mother population.ID) []population.ID
	// ByNumber finds persons by số định danh as NormNumber gives it, whether
	// still in the book or not.
	ByNumber(norm string) []population.ID
	// ByInsurance finds persons by the core of the insurance number
	// (population.InsuranceCore), whether still in the book or not.
	ByInsurance(core string) []population.ID
	// Born finds persons by date of birth, whether still in the book or not.
	Born(day population.Date) []population.ID
	// HouseholdAt is the open household with that number in an area.
	HouseholdAt(area population.ID, n population.HouseholdNumber) population.ID
	// HouseholdsOf are the open households of an area.
	HouseholdsOf(area population.ID) []*population.Household
	AreaByNumber(n uint32) population.ID
	// Entry returns what was written at seq, amendments in place, and whether
	// it is live (not annulled); nil when seq is not in the journal.
	Entry(seq uint64) (e population.Entry, live bool)
	// Live returns the live entries that touch an entity, amendments in
	// place, in any order: what the entity's state is the fold of.
	Live(ref population.Ref) []population.Located
	PeriodClosed(p population.Period) bool
	LastClosed() population.Period
}
