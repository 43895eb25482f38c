package register

import (
	"fmt"

	"tramxa/appliance/population"
)

// Rows of states. What reports read of a person (sex, birth, stays) stands
// first, so that they need not read the rest.

func encodePerson(p *population.Person) []byte {
	own := p.ID.Mint()
	w := writer{b: make([]byte, 0, 96)}
	w.byte(uint8(p.Sex))
	w.date(p.Born)
	w.uint(uint64(len(p.Stays)))
	for _, s := range p.Stays {
		w.id(own, s.Household)
		w.byte(uint8(s.In)<<4 | uint8(s.Out)&15)
		w.date(s.From)
		w.uint(uint64(s.FromPer))
		w.uint(s.FromSeq)
		if s.Out != population.CauseNone {
			w.date(s.To)
			w.uint(uint64(s.ToPer))
			w.uint(s.ToSeq)
		}
	}
	w.string(p.Name)
	for _, c := range [...]population.Code{p.Relation, p.Ethnicity, p.Education, p.Marital, p.Residence} {
		w.byte(uint8(c))
	}
	w.string(p.Number)
	w.string(p.Insurance)
	w.id(own, p.Mother)
	w.id(own, p.Father)
	w.id(own, p.Spouse)
	w.uint(p.Order)
	w.bool(p.Dead)
	w.date(p.Died)
	w.id(own, p.Same)
	w.uint(p.Last)
	return w.b
}

// parseBrief reads sex, birth and stays into p and returns the reader at the
// rest.
func parseBrief(p *population.Person, b []byte) reader {
	own := p.ID.Mint()
	r := reader{b: b}
	p.Sex = population.Sex(r.byte())
	p.Born = r.date()
	n := r.count()
	p.Stays = p.Stays[:0]
	for range n {
		s := population.Stay{Household: r.id(own)}
		causes := r.byte()
		s.In, s.Out = population.Cause(causes>>4), population.Cause(causes&15)
		s.From, s.FromPer, s.FromSeq = r.date(), population.Period(r.uint()), r.uint()
		if s.Out != population.CauseNone {
			s.To, s.ToPer, s.ToSeq = r.date(), population.Period(r.uint()), r.uint()
		}
		p.Stays = append(p.Stays, s)
	}
	return r
}

func parsePerson(id population.ID, b []byte) (*population.Person, error) {
	own := id.Mint()
	p := &population.Person{ID: id}
	r := parseBrief(p, b)
	if len(p.Stays) == 0 {
		p.Stays = nil
	}
	p.Name = r.string()
	for _, c := range [...]*population.Code{&p.Relation, &p.Ethnicity, &p.Education, &p.Marital, &p.Residence} {
		*c = population.Code(r.byte())
	}
	p.Number, p.Insurance = r.string(), r.string()
	p.Mother, p.Father, p.Spouse = r.id(own), r.id(own), r.id(own)
	p.Order = r.uint()
	p.Dead, p.Died = r.bool(), r.date()
	p.Same = r.id(own)
	p.Last = r.uint()
	return p, r.close("person")
}

func encodeHousehold(h *population.Household) []byte {
	own := h.ID.Mint()
	w := writer{b: make([]byte, 0, 48)}
	w.byte(uint8(h.Type))
	w.id(own, h.Area)
	w.uint(uint64(h.Number.Number))
	w.byte(h.Number.Sheet)
	w.string(h.Address)
	w.id(own, h.Head)
	w.date(h.Opened)
	w.bool(h.Closed)
	w.uint(uint64(len(h.Moves)))
	for _, m := range h.Moves {
		w.id(own, m.Area)
		w.uint(uint64(m.FromPer))
		w.uint(m.FromSeq)
	}
	w.uint(h.Last)
	return w.b
}

func parseHousehold(id population.ID, b []byte) (*population.Household, error) {
	own := id.Mint()
	r := reader{b: b}
	h := &population.Household{ID: id, Type: population.HouseholdKind(r.byte()), Area: r.id(own)}
	h.Number = population.HouseholdNumber{Number: uint32(r.uint()), Sheet: r.byte()}
	h.Address, h.Head, h.Opened, h.Closed = r.string(), r.id(own), r.date(), r.bool()
	for range r.count() {
		h.Moves = append(h.Moves, population.AreaStay{Area: r.id(own), FromPer: population.Period(r.uint()), FromSeq: r.uint()})
	}
	h.Last = r.uint()
	return h, r.close("household")
}

func encodeArea(a *population.Area) []byte {
	w := writer{}
	w.uint(uint64(a.Number))
	w.uint(uint64(a.Unit))
	w.string(a.Hamlet)
	w.uint(uint64(a.Collaborator))
	w.bool(a.Closed)
	w.uint(a.Last)
	return w.b
}

func parseArea(id population.ID, b []byte) (*population.Area, error) {
	r := reader{b: b}
	a := &population.Area{ID: id, Number: uint32(r.uint()), Unit: uint32(r.uint()), Hamlet: r.string()}
	a.Collaborator, a.Closed, a.Last = uint32(r.uint()), r.bool(), r.uint()
	return a, r.close("area")
}

func encodeUser(u *population.User) []byte {
	w := writer{}
	w.string(u.Login)
	w.string(u.Name)
	w.byte(uint8(u.Role))
	w.uint(uint64(len(u.Areas)))
	for _, a := range u.Areas {
		w.id(0, a)
	}
	w.bool(u.Disabled)
	w.uint(u.Last)
	return w.b
}

func parseUser(id population.ID, b []byte) (*population.User, error) {
	r := reader{b: b}
	u := &population.User{Number: uint32(id), Login: r.string(), Name: r.string(), Role: population.Role(r.byte())}
	for range r.count() {
		u.Areas = append(u.Areas, r.id(0))
	}
	u.Disabled, u.Last = r.bool(), r.uint()
	return u, r.close("user")
}

func encodeOperation(o *population.Operation) []byte {
	w := writer{}
	w.string(o.What)
	w.string(o.Source)
	w.string(string(o.Digest))
	w.uint(uint64(o.Rows))
	w.uint(uint64(o.Taken))
	w.uint(uint64(o.Refused))
	w.bool(o.Ended)
	w.bool(o.Broken)
	w.bool(o.Undone)
	return w.b
}

func parseOperation(id population.ID, b []byte) (*population.Operation, error) {
	r := reader{b: b}
	o := &population.Operation{ID: uint64(id), What: r.string(), Source: r.string()}
	if d := r.bytes(); len(d) > 0 {
		o.Digest = append([]byte(nil), d...)
	}
	o.Rows, o.Taken, o.Refused = uint32(r.uint()), uint32(r.uint()), uint32(r.uint())
	o.Ended, o.Broken, o.Undone = r.bool(), r.bool(), r.bool()
	return o, r.close("operation")
}

// state reads and parses the state row of an entity; nil when there is none.
func state[T any](r *rows, t table, id population.ID, parse func(population.ID, []byte) (*T, error)) (*T, error) {
	b, err := r.get(r.num(t, uint64(id)))
	if err != nil || b == nil {
		return nil, err
	}
	v, err := parse(id, b)
	if err != nil {
		return nil, fmt.Errorf("%w in table %c", err, t)
	}
	return v, nil
}
