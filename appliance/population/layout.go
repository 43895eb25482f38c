package population

// The layouts of version 1, frozen. Each visit method states the fields of a
// kind in the order of their positions; FORMAT.md shows the same for readers.

var (
	sexWords       = []string{"", "male", "female"}
	householdWords = []string{"", "family", "collective"}
	scopeWords     = []string{"", "missed", "double", "out"}
	roleWords      = []string{"", "collaborator", "officer", "head", "technician", "auditor"}
	fieldWords     = []string{"", "name", "sex", "born", "ethnicity", "number", "insurance", "education",
		"marital", "residence", "mother", "father", "spouse", "relation"}
)

func visitCode(v visitor, name string, c Code) Code {
	return Code(v.num(name, uint64(c), 255))
}

func visitUint32(v visitor, name string, n uint32) uint32 {
	return uint32(v.num(name, uint64(n), 1<<32-1))
}

func (c *Common) visit(v visitor) {
	c.Note = v.lines("note", c.Note, maxNote)
	n := v.list("confirmed", len(c.Confirmed), maxConfirmed)
	c.Confirmed = sized(c.Confirmed, n)
	for i := range c.Confirmed {
		v.item(i)
		v.object("")
		c.Confirmed[i].Rule = v.text("rule", c.Confirmed[i].Rule, maxRule)
		c.Confirmed[i].Reason = v.lines("reason", c.Confirmed[i].Reason, maxReason)
		v.end()
	}
	v.end()
}

// visit goes through the facts of a person of the household base.
func (f *Facts) visit(v visitor, base ID) {
	f.Name = v.name("name", f.Name)
	f.Sex = Sex(v.word("sex", uint8(f.Sex), sexWords))
	f.Born = v.date("born", f.Born)
	f.Ethnicity = visitCode(v, "ethnicity", f.Ethnicity)
	f.Number = v.number("number", f.Number, f.Sex, f.Born)
	f.Education = visitCode(v, "education", f.Education)
	f.Marital = visitCode(v, "marital", f.Marital)
	f.Residence = visitCode(v, "residence", f.Residence)
	f.Insurance = v.insurance("insurance", f.Insurance, f.Number)
	f.Spouse = v.idNear("spouse", f.Spouse, base)
	f.Mother = v.idNear("mother", f.Mother, base)
	f.Father = v.idNear("father", f.Father, base)
}

// visit goes through a member of the household base, minted after prev (0 when
// that is not to be expected).
func (m *Member) visit(v visitor, name string, base, prev ID) {
	v.object(name)
	m.ID = v.idNext("id", m.ID, prev)
	m.Relation = visitCode(v, "relation", m.Relation)
	m.Facts.visit(v, base)
	v.end()
}

func visitPlaced(v visitor, name string, ps []Placed, base ID) []Placed {
	ps = sized(ps, v.list(name, len(ps), MaxEntities))
	for i := range ps {
		v.item(i)
		v.object("")
		ps[i].Person = v.idNear("person", ps[i].Person, base)
		ps[i].Relation = visitCode(v, "relation", ps[i].Relation)
		v.end()
	}
	v.end()
	return ps
}

func visitIDs(v visitor, name string, ids []ID, base ID, max int) []ID {
	ids = sized(ids, v.list(name, len(ids), max))
	for i := range ids {
		v.item(i)
		ids[i] = v.idNear("", ids[i], base)
	}
	v.end()
	return ids
}

func (e *HouseholdOpened) visit(v visitor) {
	e.ID = v.id("id", e.ID)
	e.Area = v.id("area", e.Area)
	e.Number = v.household("number", e.Number)
	e.Type = HouseholdKind(v.word("type", uint8(e.Type), householdWords))
	e.Date = v.date("date", e.Date)
	e.Period = v.period("period", e.Period, e.Date)
	e.Address = v.text("address", e.Address, maxAddress)
	e.Members = sized(e.Members, v.list("members", len(e.Members), MaxEntities))
	prev := e.ID
	for i := range e.Members {
		v.item(i)
		e.Members[i].visit(v, "", e.ID, prev)
		prev = e.Members[i].ID
	}
	v.end()
	e.Common.visit(v)
}

func (e *PersonRegistered) visit(v visitor) {
	e.Household = v.id("household", e.Household)
	e.Date = v.date("date", e.Date)
	e.Member.visit(v, "member", e.Household, 0)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *Birth) visit(v visitor) {
	e.Household = v.id("household", e.Household)
	e.Child.visit(v, "child", e.Household, 0)
	e.Order = uint8(v.num("order", uint64(e.Order), 255))
	e.Place = visitCode(v, "place", e.Place)
	e.Weight = uint16(v.num("weight", uint64(e.Weight), 1<<16-1))
	e.Period = v.period("period", e.Period, e.Child.Born)
	e.MotherName = v.name("mother_name", e.MotherName)
	e.Common.visit(v)
}

func (e *Death) visit(v visitor) {
	e.Person = v.id("person", e.Person)
	e.Date = v.date("date", e.Date)
	e.Place = visitCode(v, "place", e.Place)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *Arrival) visit(v visitor) {
	e.Household = v.id("household", e.Household)
	e.Date = v.date("date", e.Date)
	e.Member.visit(v, "member", e.Household, 0)
	e.FromUnit = visitUint32(v, "from_unit", e.FromUnit)
	e.Reason = visitCode(v, "reason", e.Reason)
	e.Period = v.period("period", e.Period, e.Date)
	e.From = v.text("from", e.From, maxPlace)
	e.Common.visit(v)
}

func (e *Departure) visit(v visitor) {
	e.Household = v.id("household", e.Household)
	e.Persons = visitIDs(v, "persons", e.Persons, e.Household, MaxEntities)
	e.Date = v.date("date", e.Date)
	e.Whole = v.flag("whole", e.Whole)
	e.ToUnit = visitUint32(v, "to_unit", e.ToUnit)
	e.Reason = visitCode(v, "reason", e.Reason)
	e.Period = v.period("period", e.Period, e.Date)
	e.To = v.text("to", e.To, maxPlace)
	e.Common.visit(v)
}

func (e *MoveInside) visit(v visitor) {
	e.From = v.id("from", e.From)
	e.Into = v.id("into", e.Into)
	e.Persons = visitPlaced(v, "persons", e.Persons, e.From)
	e.Date = v.date("date", e.Date)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *Marriage) visit(v visitor) {
	e.A = v.id("a", e.A)
	e.B = v.idNear("b", e.B, e.A)
	e.Date = v.date("date", e.Date)
	e.Kin = v.flag("kin", e.Kin)
	e.Counselled = v.flag("counselled", e.Counselled)
	e.Period = v.period("period", e.Period, e.Date)
	e.OtherName = v.name("other_name", e.OtherName)
	e.Common.visit(v)
}

func (e *Divorce) visit(v visitor) {
	e.A = v.id("a", e.A)
	e.B = v.idNear("b", e.B, e.A)
	e.Date = v.date("date", e.Date)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *InformationChanged) visit(v visitor) {
	e.Person = v.id("person", e.Person)
	e.Changed = v.fields("changed", e.Changed)
	e.Date = v.date("date", e.Date)
	e.Relation = visitCode(v, "relation", e.Relation)
	v.object("to")
	e.To.visit(v, e.Person)
	v.end()
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *HouseholdChanged) visit(v visitor) {
	e.Household = v.id("household", e.Household)
	e.Date = v.date("date", e.Date)
	e.Area = v.id("area", e.Area)
	e.Number = v.household("number", e.Number)
	e.Type = HouseholdKind(v.word("type", uint8(e.Type), householdWords))
	e.Closed = v.flag("closed", e.Closed)
	e.Period = v.period("period", e.Period, e.Date)
	e.Address = v.text("address", e.Address, maxAddress)
	e.Common.visit(v)
}

func (e *HeadChanged) visit(v visitor) {
	e.Household = v.id("household", e.Household)
	e.Head = v.idNear("head", e.Head, e.Household)
	e.Date = v.date("date", e.Date)
	e.Relations = visitPlaced(v, "relations", e.Relations, e.Household)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *HouseholdSplit) visit(v visitor) {
	e.From = v.id("from", e.From)
	e.New = v.id("new", e.New)
	e.Area = v.id("area", e.Area)
	e.Number = v.household("number", e.Number)
	e.Type = HouseholdKind(v.word("type", uint8(e.Type), householdWords))
	e.Date = v.date("date", e.Date)
	e.Persons = visitPlaced(v, "persons", e.Persons, e.From)
	e.Period = v.period("period", e.Period, e.Date)
	e.Address = v.text("address", e.Address, maxAddress)
	e.Common.visit(v)
}

func (e *HouseholdJoined) visit(v visitor) {
	e.From = v.id("from", e.From)
	e.Into = v.id("into", e.Into)
	e.Persons = visitPlaced(v, "persons", e.Persons, e.From)
	e.Date = v.date("date", e.Date)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *ScopeCorrection) visit(v visitor) {
	e.Scope = Scope(v.word("scope", uint8(e.Scope), scopeWords))
	e.Person = v.id("person", e.Person)
	e.Canonical = v.id("canonical", e.Canonical)
	e.Household = v.id("household", e.Household)
	e.Date = v.date("date", e.Date)
	e.Member.visit(v, "member", e.Household, 0)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *Amendment) visit(v visitor) {
	e.Target = v.num("target", e.Target, maxSeq)
	e.By = v.entry("by", e.By)
	e.Common.visit(v)
}

func (e *Annulment) visit(v visitor) {
	e.First = v.num("first", e.First, maxSeq)
	e.Last = v.num("last", e.Last, maxSeq)
	e.Common.visit(v)
}

func (e *SamePerson) visit(v visitor) {
	e.Canonical = v.id("canonical", e.Canonical)
	e.Other = v.id("other", e.Other)
	e.Date = v.date("date", e.Date)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *SamePersonUndone) visit(v visitor) {
	e.Canonical = v.id("canonical", e.Canonical)
	e.Other = v.id("other", e.Other)
	e.Date = v.date("date", e.Date)
	e.Period = v.period("period", e.Period, e.Date)
	e.Common.visit(v)
}

func (e *AreaDefined) visit(v visitor) {
	e.ID = v.id("id", e.ID)
	e.Number = visitUint32(v, "number", e.Number)
	e.Unit = visitUint32(v, "unit", e.Unit)
	e.Hamlet = v.text("hamlet", e.Hamlet, maxHamlet)
	e.Collaborator = visitUint32(v, "collaborator", e.Collaborator)
	e.Date = v.date("date", e.Date)
	e.Closed = v.flag("closed", e.Closed)
	e.Common.visit(v)
}

func (e *UserCreated) visit(v visitor) {
	e.Number = visitUint32(v, "number", e.Number)
	e.Login = v.text("login", e.Login, maxLogin)
	e.Name = v.name("name", e.Name)
	e.Role = Role(v.word("role", uint8(e.Role), roleWords))
	e.Areas = visitIDs(v, "areas", e.Areas, 0, maxAreas)
	e.Common.visit(v)
}

func (e *UserChanged) visit(v visitor) {
	e.Number = visitUint32(v, "number", e.Number)
	e.Name = v.name("name", e.Name)
	e.Role = Role(v.word("role", uint8(e.Role), roleWords))
	e.Areas = visitIDs(v, "areas", e.Areas, 0, maxAreas)
	e.Disabled = v.flag("disabled", e.Disabled)
	e.Common.visit(v)
}

func (e *OperationBegun) visit(v visitor) {
	e.What = v.text("what", e.What, maxWhat)
	e.Source = v.text("source", e.Source, maxSource)
	e.Digest = v.hash("digest", e.Digest)
	e.Rows = visitUint32(v, "rows", e.Rows)
	e.Undoes = v.num("undoes", e.Undoes, maxSeq)
	e.Common.visit(v)
}

func (e *OperationEnded) visit(v visitor) {
	e.Operation = v.num("operation", e.Operation, maxSeq)
	e.Taken = visitUint32(v, "taken", e.Taken)
	e.Refused = visitUint32(v, "refused", e.Refused)
	e.Broken = v.flag("broken", e.Broken)
	e.Common.visit(v)
}

func (e *PeriodClosed) visit(v visitor) {
	e.Period = v.period("period", e.Period, Date{})
	e.Common.visit(v)
}
