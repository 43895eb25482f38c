package importer

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/rules"
)

// households records all households, many at once.
func (r *run) households(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := make(chan Household)
	var wg sync.WaitGroup
	for range inFlight {
		wg.Go(func() {
			for h := range work {
				if err := r.household(ctx, h); err != nil {
					r.fail(err)
					cancel()
				}
			}
		})
	}
	total := r.book.Persons()
feed:
	for _, h := range r.book.Households {
		if r.areas[h.Area] == 0 {
			continue
		}
		select {
		case work <- h:
			r.mu.Lock()
			done := r.done
			r.mu.Unlock()
			r.o.Progress(StageHouseholds, done, total)
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	r.o.Progress(StageHouseholds, r.done, total)
	if r.failed != nil {
		return r.failed
	}
	return ctx.Err()
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
}

// household records one household, without the lines that rules refuse.
func (r *run) household(ctx context.Context, h Household) error {
	lines := len(h.Lines)
	defer func() {
		r.mu.Lock()
		r.done += lines
		r.mu.Unlock()
	}()
	key := registrar.SeriesKey(r.op, uint64(h.Lines[0]))
	if r.res.Resumed {
		if in, err := r.already(ctx, key, h); in || err != nil {
			return err
		}
	}
	for len(h.Members) > 0 {
		ans, err := r.o.Registrar.Record(ctx, r.o.Actor, registrar.Command{
			Key: key, Op: r.op, ConfirmAll: reason, Entries: []population.Entry{r.opening(h)},
		})
		switch {
		case errors.Is(err, registrar.ErrDecided):
			continue
		case errors.Is(err, registrar.ErrBadCommand):
			r.refuse(h.Lines, Refusal{Reason: NotUnderstood})
			return nil
		case err != nil:
			return err
		case ans.Status == registrar.StatusRecorded:
			r.taken(h, ans.Findings)
			return nil
		}
		if h = r.without(h, ans.Findings); len(h.Members) > 0 && h.Members[0].Relation != population.RelHead {
			r.refuse(h.Lines, Refusal{Column: ColRelation, Reason: NoHead})
			return nil
		}
	}
	return nil
}

// opening is the entry of a household. The one spouse of the head is linked to
// the head: that is what the word says. Nothing else is concluded.
func (r *run) opening(h Household) population.HouseholdOpened {
	e := population.HouseholdOpened{
		Type: h.Type, Area: r.areas[h.Area], Number: h.Number, Address: h.Address, Date: r.book.Date,
		Members: slices.Clone(h.Members),
	}
	spouse, spouses := 0, 0
	for i, m := range e.Members {
		if m.Relation == population.RelSpouse {
			spouse = i
			spouses++
		}
	}
	if spouses == 1 && married(e.Members[0]) && married(e.Members[spouse]) {
		// The household's id is the first that the command mints.
		e.Members[0].Spouse, e.Members[spouse].Spouse = registrar.NewID(spouse+2), registrar.NewID(2)
	}
	return e
}

func married(m population.Member) bool { return m.Marital == 0 || m.Marital == population.Married }

func (r *run) taken(h Household, fs []rules.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.res.Taken += len(h.Members)
	r.res.Households++
	for _, f := range fs {
		r.res.Confirmed[f.Rule]++
	}
}

// without refuses the lines that hard findings point at and returns the rest; a
// finding about the household refuses all.
func (r *run) without(h Household, fs []rules.Finding) Household {
	bad := make(map[int]*rules.Finding)
	for _, f := range fs {
		if !f.Hard {
			continue
		}
		i, column, ok := memberOf(f.Field)
		if !ok || i >= len(h.Members) {
			r.refuse(h.Lines, Refusal{Column: householdColumn(f.Field), Reason: RuleRefused, Finding: &f})
			return Household{}
		}
		if bad[i] == nil {
			bad[i] = &f
			r.refuse(h.Lines[i:i+1], Refusal{Column: column, Reason: RuleRefused, Finding: &f})
		}
	}
	rest := h
	rest.Members, rest.Lines = nil, nil
	for i := range h.Members {
		if bad[i] == nil {
			rest.Members = append(rest.Members, h.Members[i])
			rest.Lines = append(rest.Lines, h.Lines[i])
		}
	}
	if len(bad) == 0 { // refused without a hard finding cannot be
		r.refuse(h.Lines, Refusal{Reason: NotUnderstood})
		return Household{}
	}
	return rest
}

// memberOf reads "members[3].number".
func memberOf(field string) (i int, c Column, ok bool) {
	rest, ok := strings.CutPrefix(field, "members[")
	if !ok {
		return 0, "", false
	}
	num, column, ok := strings.Cut(rest, "]")
	i, err := strconv.Atoi(num)
	if !ok || err != nil || i < 0 {
		return 0, "", false
	}
	c = Column(strings.TrimPrefix(column, "."))
	if c == "number" {
		c = ColID
	}
	if _, known := synonyms[c]; !known {
		c = ""
	}
	return i, c, true
}

func householdColumn(field string) Column {
	switch field {
	case "number", "area", "address", "type":
		return Column(field)
	}
	return ""
}

// already reports that the household was recorded before the import was broken
// off, and counts its lines.
func (r *run) already(ctx context.Context, key registrar.Key, h Household) (bool, error) {
	var was population.Entry
	err := r.o.Store.View(ctx, func(v *register.View) error {
		if seqs, seen := v.Repeat(key.Device, key.Seq); seen {
			was = v.Written(seqs[0])
		}
		return nil
	})
	o, in := was.(population.HouseholdOpened)
	if err != nil || !in {
		return false, err
	}
	kept := Household{}
	for i, m := range h.Members {
		same := func(x population.Member) bool {
			return x.Name == m.Name && x.Born == m.Born && x.Sex == m.Sex && x.Number == m.Number && x.Relation == m.Relation
		}
		if j := slices.IndexFunc(o.Members, same); j >= 0 {
			o.Members = slices.Delete(slices.Clone(o.Members), j, j+1)
			kept.Members = append(kept.Members, m)
			continue
		}
		r.refuse(h.Lines[i:i+1], Refusal{Reason: RefusedEarlier})
	}
	r.taken(kept, nil)
	return true, nil
}
