package report

import (
	"slices"

	"tramxa/appliance/population"
)

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
	area   population.ID // when it has only ever had one
	moves  []population.AreaStay
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
	if len(h.Moves) == 1 {
		x.area = h.Moves[0].Area
	}
	if len(h.Moves) > 1 {
		x.moves = slices.Clone(h.Moves)
		slices.SortStableFunc(x.moves, func(a, b population.AreaStay) int {
			pa, pb := place{a.FromPer, a.FromSeq}, place{b.FromPer, b.FromSeq}
			switch {
			case pa.before(pb):
				return -1
			case pb.before(pa):
				return 1
			}
			return 0
		})
	}
	return x
}

// areaAt returns the area of the household from its last move not after at.
func (h home) areaAt(at place) population.ID {
	if len(h.moves) == 0 {
		return h.area
	}
	area := h.moves[0].Area
	for _, m := range h.moves[1:] {
		if at.before(place{m.FromPer, m.FromSeq}) {
			break
		}
		area = m.Area
	}
	return area
}

// steps writes the life of a person as changes of where he is counted, into
// buf. A move inside the commune is one step from area to area; so is a
// household's change of area while he belongs to it.
func steps(buf []step, p *population.Person, homes map[population.ID]home) []step {
	buf = buf[:0]
	for i, s := range p.Stays {
		h := homes[s.Household]
		begin := place{s.FromPer, s.FromSeq}
		at := where{true, h.areaAt(begin)}
		if i > 0 && joins(p.Stays[i-1], s) {
			// the step that ended the stay before leads here
			last := &buf[len(buf)-1]
			last.to = at
		} else {
			buf = append(buf, step{s.FromPer, s.FromSeq, s.In, where{}, at})
		}
		end := place{s.ToPer, s.ToSeq}
		for _, m := range h.moves {
			moved := place{m.FromPer, m.FromSeq}
			if begin.before(moved) && (s.Out == population.CauseNone || moved.before(end)) && m.Area != at.area {
				to := where{true, m.Area}
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
