package rules

import (
	"strconv"

	"tramxa/appliance/population"
)

// Examination is one entry being examined. Its order of use: Examine with the
// book before the entry; unless Stopped, fold the entry; After with the book
// that has it; take the entry back if anything hard is found. It is used by one
// goroutine and within one transaction.
type Examination struct {
	pack    *Pack
	today   population.Date
	trusted bool             // today is what the clock says, and the clock can be believed
	given   population.Entry // as it is written
	e       population.Entry // what it says: the body an amendment brings, else given
	seq     uint64           // where e stands in the order; 0 in Examine unless an amendment
	old     population.Entry // the body an amendment replaces
	path    string           // prefix of field paths: "by." for an amendment

	v       View // of the step under way
	persons []population.ID
	houses  []population.ID
	areas   []population.ID
	base    map[troubleKey]bool // what was wrong already
	missing []population.ID     // named in the entry, not in the book
	stopped bool
	after   bool // v has the entry
	past    bool // an amendment or annulment: entries written long ago may change
	out     []Finding
}

// Now is the day at the station. Half of the old PCs have a dead clock battery:
// while the clock cannot be trusted, Day is the latest day known to have come,
// and rules against the future only ask.
type Now struct {
	Day     population.Date
	Trusted bool
}

// Examine runs the rules that look at the book before the entry, and notes
// what is wrong there already so that the entry is not blamed for it.
// Ids of new persons, households and areas must be in the entry (the registrar
// mints them before).
func Examine(v View, now Now, e population.Entry) *Examination {
	x := &Examination{pack: PackOn(now.Day), today: now.Day, trusted: now.Trusted, given: e, e: e, v: v, base: make(map[troubleKey]bool)}
	switch e := e.(type) {
	case population.Amendment:
		x.past = true
		if x.stopped = !x.amendment(e); x.stopped {
			return x
		}
	case population.Annulment:
		x.past = true
		if x.stopped = !x.annulment(e); x.stopped {
			return x
		}
	default:
		x.touch(e)
	}
	for _, r := range beforeRules {
		r(x)
	}
	for _, t := range x.troubles() {
		x.base[t.key()] = true
	}
	return x
}

// Stopped reports that the entry cannot be folded to look further: an
// amendment or annulment without a proper target.
func (x *Examination) Stopped() bool { return x.stopped }

// Findings returns what has been found so far.
func (x *Examination) Findings() []Finding { return x.out }

// After runs the rules that look at the book with the entry in it, v, and
// returns all findings. seq is the entry's sequence.
func (x *Examination) After(v View, seq uint64) []Finding {
	x.v, x.after = v, true
	if x.seq == 0 {
		x.seq = seq
	}
	if _, ok := x.given.(population.Annulment); !ok {
		for _, r := range afterRules {
			r(x)
		}
	}
	for _, t := range x.troubles() {
		if !x.base[t.key()] {
			x.report(t)
		}
	}
	x.out = tidy(x.out)
	return x.out
}

// rule looks at one thing of the entry.
type rule func(x *Examination)

// beforeRules look at the entry and the book without it.
var beforeRules = []rule{
	ruleKindAllowed, ruleRefsExist, ruleDatesGiven, ruleDatesInCalendar, ruleNotInFuture,
	ruleNamesClean, ruleCodesListed, ruleNumbersFormed, ruleTextsShort, ruleNoPersonTwice,
	ruleHeadFirst, ruleHeadIsMember, ruleWholeHousehold, ruleHouseholdOpen, ruleHouseholdNumberFree, ruleHouseholdsDiffer,
	ruleSpousesDiffer, ruleSamePerson, ruleCanonicalStays,
	ruleAreaNumberFree, ruleAreaOpen, ruleUser, rulePeriodClosing, ruleBirthWeight,
}

// afterRules look at the book with the entry in it.
var afterRules = []rule{
	ruleLate, ruleMarriage, ruleDivorce, ruleHouseholdLeftEmpty,
	ruleMotherFemale, ruleMotherInBook, ruleMotherAge, ruleBirthGap, ruleBirthOrder, ruleMotherGiven, ruleMotherHousehold,
	ruleFather,
}

// add notes a finding of the pack's level; a rule the pack leaves out is off.
func (x *Examination) add(id, field string, args map[string]string, about ...population.ID) {
	r, ok := x.pack.byID[id]
	if !ok {
		return
	}
	x.note(r, r.Level == LevelHard, field, args, about)
}

// addFuture is add for rules that compare with today.
func (x *Examination) addFuture(id, field string, args map[string]string) {
	if r, ok := x.pack.byID[id]; ok {
		x.note(r, r.Level == LevelHard && x.trusted, field, args, nil)
	}
}

func (x *Examination) note(r *RuleText, hard bool, field string, args map[string]string, about []population.ID) {
	if field != "" {
		field = x.path + field
	}
	x.out = append(x.out, Finding{Rule: r.ID, Hard: hard, Field: field, Args: args, About: about})
}

// touch adds the entities an entry changes to those looked at, and the
// households of the persons among them: a death may take a household's head.
func (x *Examination) touch(e population.Entry) {
	for _, ref := range e.Refs() {
		switch ref.Type {
		case population.TypePerson:
			x.persons = appendNew(x.persons, ref.ID)
			x.homes(ref.ID)
		case population.TypeHousehold:
			x.houses = appendNew(x.houses, ref.ID)
		case population.TypeArea:
			x.areas = appendNew(x.areas, ref.ID)
		}
	}
}

// homes adds the household a person belongs to; all there ever were when the
// past is being changed.
func (x *Examination) homes(id population.ID) {
	p := x.v.Person(id)
	if p == nil {
		return
	}
	x.houses = appendNew(x.houses, p.Household())
	if x.past {
		for _, s := range p.Stays {
			x.houses = appendNew(x.houses, s.Household)
		}
	}
}

// amends reports whether the entry amends an earlier one.
func (x *Examination) amends() bool { return x.old != nil }

func appendNew(ids []population.ID, id population.ID) []population.ID {
	if id == 0 {
		return ids
	}
	for _, have := range ids {
		if have == id {
			return ids
		}
	}
	return append(ids, id)
}

// tidy drops repeated findings (same rule, same field) and puts hard ones
// first, otherwise in the order found.
func tidy(fs []Finding) []Finding {
	type key struct{ rule, field string }
	seen := make(map[key]bool, len(fs))
	var hard, soft []Finding
	for _, f := range fs {
		k := key{f.Rule, f.Field}
		if seen[k] {
			continue
		}
		seen[k] = true
		if f.Hard {
			hard = append(hard, f)
		} else {
			soft = append(soft, f)
		}
	}
	return append(hard, soft...)
}

func args(kv ...string) map[string]string {
	m := make(map[string]string, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

func itoa(n int) string { return strconv.Itoa(n) }

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }
