package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// Event is an entry with the day on which it becomes known at the station.
type Event struct {
	Day   population.Date
	Act   int  // entries with one number are one act: record them in one command, in order
	Late  bool // known a month or more after it happened
	Entry population.Entry
}

// Month draws the entries of a month in the order in which they become known,
// at the published rates. Months are asked for in ascending order;
// one before Start, or drawn already, is empty. An entry of the month counts
// in it (Period), also when it happened earlier: the months before are taken
// as closed.
func (c *Commune) Month(p population.Period) []Event {
	if p <= c.last || !p.Valid() {
		return nil
	}
	c.last = p
	d := newDice(c.opt.Seed, 1000+uint64(p))
	c.out, c.act = nil, 0
	for _, t := range c.schedule(d, p) {
		c.today = t.day
		t.do(d)
	}
	out := c.out
	c.out = nil
	return out
}

// task is something to happen on a day.
type task struct {
	day int
	do  func(dice)
}

// schedule draws how much of each kind happens, and on which days.
func (c *Commune) schedule(d dice, p population.Period) []task {
	from, to := max(p.First().Days(), c.start), p.Last().Days()
	r := ratesOf(c.opt.Flavour)
	part := float64(len(c.active)) / 1000 * float64(to-from+1) / 365.2425
	var tasks []task
	add := func(perYear float64, do func(dice)) {
		for range d.poisson(perYear * part) {
			tasks = append(tasks, task{d.between(from, to), do})
		}
	}
	add(r.births, c.birth)
	add(r.deaths, c.death)
	add(r.marriages/1.5, c.marriage) // half of them between two of the book
	add(r.divorces/2, c.divorce)
	add((r.arrivals-2)/1.75, c.arrival) // one to four persons each; about 2 come by marriage
	add(r.departures/1.7, c.departure)
	add(r.moves, c.move)
	add(r.splits, c.split)
	add(r.joins, c.join)
	add(r.houses, c.changeHouse)
	add(r.changes, c.change)
	for range min(len(c.pending), d.poisson(float64(len(c.pending))*0.02)) {
		tasks = append(tasks, task{d.between(from, to), c.review})
	}
	for range d.poisson(float64(len(c.unnamed)) * 0.6) {
		tasks = append(tasks, task{d.between(from, to), c.christen})
	}
	slices.SortStableFunc(tasks, func(a, b task) int { return a.day - b.day })
	return tasks
}

// when draws the day of an act: within the two weeks before it is known and in
// the same month, or for the late ones one to six months before. It is never
// earlier than the newest entry about any of the persons and households, so
// that the order of the entries by their dates is the order in which they were
// drawn.
func (c *Commune) when(d dice, people []*person, houses ...*house) int {
	floor := c.start
	for _, p := range people {
		floor = max(floor, p.since)
	}
	for _, h := range houses {
		floor = max(floor, h.since)
	}
	day := max(c.today-d.IntN(15), population.PeriodOf(population.DateOfDays(c.today)).First().Days())
	if d.chance(c.opt.Errors.Late) {
		day = c.today - 30 - d.IntN(longestDelay-30)
	}
	day = min(max(day, floor), c.today)
	for _, p := range people {
		p.since = day
	}
	for _, h := range houses {
		h.since = day
	}
	return day
}

// longestDelay is how many days after it an act may become known.
const longestDelay = 180

// put emits an entry of the act under way.
func (c *Commune) put(e population.Entry) {
	late := false
	if w := e.When(); !w.IsZero() {
		late = c.today-w.Days() >= 30
	}
	c.out = append(c.out, Event{Day: population.DateOfDays(c.today), Act: c.act, Late: late, Entry: e})
}

// begin starts an act; what is put until the next belongs to it.
func (c *Commune) begin() { c.act++ }

// period is the month in which what is emitted counts.
func (c *Commune) period() population.Period { return c.last }

// find draws persons of the book until one will do; nil when none of the many
// tries does. Lines planted twice live no life of their own.
func (c *Commune) find(d dice, ok func(*person) bool) *person {
	if len(c.active) == 0 {
		return nil
	}
	for range 6000 {
		if p := c.active[d.IntN(len(c.active))]; !p.extra && ok(p) {
			return p
		}
	}
	return nil
}

// findHouse draws open family households until one will do.
func (c *Commune) findHouse(d dice, ok func(*house) bool) *house {
	for range 400 {
		if h := c.houses[d.IntN(len(c.houses))]; !h.closed && len(h.members) > 0 && h.kind == population.KindFamily && ok(h) {
			return h
		}
	}
	return nil
}

// successor returns who becomes head when some leave: nobody when the head
// stays or all leave. It is false when only minors would be left behind.
func (c *Commune) successor(h *house, leaving ...*person) (*person, bool) {
	var best *person
	left, adults := 0, 0
	for _, m := range h.members {
		if slices.Contains(leaving, m) {
			continue
		}
		left++
		if m.age(c.today) < 18 {
			continue
		}
		adults++
		switch {
		case best == nil, married(m, h.head):
			best = m
		case married(best, h.head):
		case m.rel < best.rel || m.rel == best.rel && m.born < best.born:
			best = m
		}
	}
	switch {
	case left == 0:
		return nil, true
	case adults == 0:
		return nil, false
	case !slices.Contains(leaving, h.head):
		return nil, true
	}
	return best, true
}

// changeHead emits the new head and every relation that changes.
func (c *Commune) changeHead(h *house, head *person, day int) {
	e := population.HeadChanged{Household: h.id, Head: head.id, Date: population.DateOfDays(day), Period: c.period()}
	for _, m := range h.members {
		rel := relation(head, m)
		if h.kind == population.KindCollective && m != head {
			rel = population.RelOther
		}
		if m != head && rel != m.rel {
			e.Relations = append(e.Relations, population.Placed{Person: m.id, Relation: rel})
		}
		m.rel = rel
	}
	h.head = head
	c.put(e)
}

// closeIfEmpty emits the closing of a household nobody is left in.
func (c *Commune) closeIfEmpty(h *house, day int) {
	if len(h.members) > 0 || h.closed {
		return
	}
	h.closed, h.head = true, nil
	c.put(population.HouseholdChanged{Household: h.id, Closed: true, Date: population.DateOfDays(day), Period: c.period()})
}

// changeFacts emits a change of one column. to holds the new value alone.
func (c *Commune) changeFacts(p *person, f population.Field, to population.Facts, day int) {
	c.put(population.InformationChanged{
		Person: p.id, Changed: []population.Field{f}, To: to, Date: population.DateOfDays(day), Period: c.period(),
	})
}
