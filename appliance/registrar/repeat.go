package registrar

import (
	"bytes"
	"fmt"

	"tramxa/appliance/population"
)

// repeat answers a command whose key was seen before. It is the same command
// when its entries, completed with the ids, periods and confirmations that the
// first one got, have the bodies that were written; amendments and annulments
// since do not matter.
func (t *turn) repeat(seqs []uint64) error {
	v := t.tx.View()
	other := fmt.Errorf("%w: key %s was used for another command (entry %d)", ErrBadCommand, t.cmd.Key, seqs[0])
	if len(seqs) != len(t.cmd.Entries) {
		return other
	}
	m := &minter{view: v, mint: t.tx.Mint()}
	for i, seq := range seqs {
		was := v.Written(seq)
		if was == nil || was.Kind() != t.cmd.Entries[i].Kind() {
			return other
		}
		m.seq = seq
		is := echo(t.cmd.Entries[i], was, m)
		_, _, want, err := population.EncodeBody(m.mint, was)
		if err != nil {
			return err
		}
		_, _, got, err := population.EncodeBody(m.mint, is)
		if err != nil || m.err != nil || !bytes.Equal(want, got) {
			return other
		}
	}
	t.answer = Answer{Status: StatusRecorded, Seqs: seqs, IDs: m.minted, Repeat: true}
	return v.Err()
}

// echo completes e as the entry was that is written as was.
func echo(e, was population.Entry, m *minter) population.Entry {
	m.queue = newIDs(was)
	common := e.Extra()
	common.Confirmed = was.Extra().Confirmed
	a, ok := e.(population.Amendment)
	if !ok || a.By == nil {
		if u, ok := was.(population.UserCreated); ok {
			m.user = u.Number
		}
		return stamp(m.fill(e), common, was.Counted())
	}
	old := was.(population.Amendment).By
	if a.By.Kind() != old.Kind() {
		return e
	}
	m.queue = newIDs(old)
	by := m.fillAmendment(m.fillKnown(a.By), old)
	a.By = stamp(by, by.Extra(), old.Counted())
	return stamp(a, common, 0)
}

// newIDs lists the ids in the places where e may create something, in the order
// in which the minter fills them.
func newIDs(e population.Entry) []population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		ids := []population.ID{e.ID}
		for _, m := range e.Members {
			ids = append(ids, m.ID)
		}
		return ids
	case population.PersonRegistered:
		return []population.ID{e.Member.ID}
	case population.Birth:
		return []population.ID{e.Child.ID}
	case population.Arrival:
		return []population.ID{e.Member.ID}
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return []population.ID{e.Member.ID}
		}
	case population.HouseholdSplit:
		return []population.ID{e.New}
	case population.AreaDefined:
		return []population.ID{e.ID}
	}
	return nil
}
