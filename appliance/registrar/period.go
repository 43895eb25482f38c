package registrar

import (
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// periodOf decides in which month's report an entry counts: the month it
// happened in, but never one that is closed nor one before the book was opened;
// then the first one open. What is known only by the year counts as late as it
// may have happened; what has no date counts today.
func (r *Registrar) periodOf(v *register.View, e population.Entry, today population.Date) population.Period {
	if !counts(e) {
		return 0
	}
	now := population.PeriodOf(today)
	p := now
	if w := e.When(); !w.IsZero() {
		if p = population.PeriodOf(w.Last()); w.Month == 0 && p > now {
			p = now
		}
	}
	return max(p, r.firstOpen(v))
}

// firstOpen is the first period in which something may still count.
func (r *Registrar) firstOpen(v *register.View) population.Period {
	if last := v.LastClosed(); last != 0 {
		return last.Next()
	}
	return r.opened(v)
}

// opened is the period in which the book was opened: that of its first entry
// that counts; 0 while there is none. It is kept once that entry is durable.
func (r *Registrar) opened(v *register.View) population.Period {
	if p := r.begin.Load(); p != 0 {
		return population.Period(p)
	}
	durable, _ := r.store.Head()
	for seq := uint64(1); seq <= uint64(v.Applied()); seq++ {
		if e, live := v.Entry(seq); e != nil && live && e.Counted() != 0 {
			if seq <= uint64(durable) {
				r.begin.Store(uint32(e.Counted()))
			}
			return e.Counted()
		}
	}
	return 0
}
