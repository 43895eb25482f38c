package report

import "tramxa/appliance/population"

// where is a place a person is counted at. The area 0 is that of a household
// without one.
type where struct {
	present bool
	area    population.ID
}

// step is a change of where a person is counted. The steps of a person are in
// order of their periods.
type step struct {
	per      population.Period
	seq      uint64
	cause    population.Cause // of the stay's beginning or end; CauseMoved between areas
	from, to where
}

// home is what a report needs of a household.
type home struct {
	area   population.ID         // when it has only ever had one
	moves  []population.AreaStay // else; their periods never run backwards
	family bool
}

// place is a position in the order of counting: by period, then by sequence.
type place struct {
	per population.Period
	seq uint64
}

func (p place) before(o place) bool { return p.per < o.per || p.per == o.per && p.seq < o.seq }

func newHome(h *population.Household) home {
	x := home{area: h.Area, family: h.Type == population.KindFamily}
	if len(h.Moves) > 1 {
		x.moves = h.Moves
	}
	return x
}

// moveAt returns the index of the household's last move not after at; of the
// first one for what was before it.
func (h home) moveAt(at place) int {
	for i := len(h.moves) - 1; i > 0; i-- {
		if m := h.moves[i]; !at.before(place{m.FromPer, m.FromSeq}) {
			return i
		}
	}
	return 0
}

// steps writes the life of a person as changes of where he is counted, into
// buf. A move inside the commune is one step from area to area; so is a
// household's change of area while he belongs to it.
func steps(buf []step, p *population.Person, homes map[population.ID]home) []step {
	buf = buf[:0]
	for i, s := range p.Stays {
		h := homes[s.Household]
		at, later := where{true, h.area}, h.moves
		if len(h.moves) > 0 {
			first := h.moveAt(place{s.FromPer, s.FromSeq})
			at.area, later = h.moves[first].Area, h.moves[first+1:]
		}
		if i > 0 && joins(p.Stays[i-1], s) {
			// the step that ended the stay before leads here
			last := &buf[len(buf)-1]
			last.to = at
		} else {
			buf = append(buf, step{s.FromPer, s.FromSeq, s.In, where{}, at})
		}
		end := place{s.ToPer, s.ToSeq}
		for _, m := range later {
			in := s.Out == population.CauseNone || place{m.FromPer, m.FromSeq}.before(end)
			if to := (where{true, m.Area}); in && to != at {
				buf = append(buf, step{m.FromPer, m.FromSeq, population.CauseMoved, at, to})
				at = to
			}
		}
		if s.Out != population.CauseNone {
			buf = append(buf, step{s.ToPer, s.ToSeq, s.Out, at, where{}})
		}
	}
	return buf
}

// joins reports whether b begins where a ended by one and the same move.
func joins(a, b population.Stay) bool {
	return a.Out == population.CauseMoved && b.In == population.CauseMoved && a.ToPer == b.FromPer
}

// endOf returns where the person is counted at the end of a period.
func endOf(life []step, per population.Period) where {
	var at where
	for _, s := range life {
		if s.per > per {
			break
		}
		at = s.to
	}
	return at
}

// locate returns where an event of the person belongs that was counted at a
// place in the order: where he was counted then, else where he was counted
// last before, else where he is counted first.
func locate(life []step, at place) where {
	var last where
	for _, s := range life {
		if at.before(place{s.per, s.seq}) {
			break
		}
		if s.to.present {
			last = s.to
		}
	}
	if !last.present && len(life) > 0 {
		return life[0].to
	}
	return last
}
