package register

import (
	"encoding/binary"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
)

// View reads the register of one station in one badger transaction. Absent
// things are nil, 0 or empty. Methods without an error result keep the first
// error they meet for Err: who reads several things asks once, at the end. What
// they return is the caller's own, but for entries, which are shared and must not
// be changed. One goroutine uses it, while the transaction is open.
type View struct {
	book *book
	err  error
}

// NewView reads the register of a station in txn, which may be read-only.
func NewView(txn *badger.Txn, station journal.Station) *View {
	return &View{book: &book{rows: newRows(txn, station)}}
}

// Err returns the first error that a method without an error result met.
func (v *View) Err() error { return v.err }

func (v *View) stick(err error) {
	if v.err == nil {
		v.err = err
	}
}

// Station returns whose register it is.
func (v *View) Station() journal.Station { return v.book.station }

// Hash returns the hash of all rows of the station; see the function Hash.
func (v *View) Hash() (journal.Hash, error) {
	h, _, err := Hash(v.book.txn, v.book.station)
	return h, err
}

// Applied returns the sequence of the newest record applied, 0 when none.
func (v *View) Applied() journal.Seq {
	n, err := v.book.applied()
	v.stick(err)
	return journal.Seq(n)
}

// Person returns the state of a person, in the book or not any more.
func (v *View) Person(id population.ID) *population.Person {
	p, err := state(v.book.rows, tabPerson, id, parsePerson)
	v.stick(err)
	return p
}

// Household returns the state of a household.
func (v *View) Household(id population.ID) *population.Household {
	h, err := state(v.book.rows, tabHousehold, id, parseHousehold)
	v.stick(err)
	return h
}

// Area returns the state of an area.
func (v *View) Area(id population.ID) *population.Area {
	a, err := state(v.book.rows, tabArea, id, parseArea)
	v.stick(err)
	return a
}

// User returns the state of a user.
func (v *View) User(number uint32) *population.User {
	u, err := state(v.book.rows, tabUser, population.ID(number), parseUser)
	v.stick(err)
	return u
}

// UserByLogin returns the number of the user with that login, 0 when none.
func (v *View) UserByLogin(login string) uint32 {
	return uint32(first(v.ids(v.book.text(tabLogin, login))))
}

// Operation returns the state of the operation that began at seq.
func (v *View) Operation(seq uint64) *population.Operation {
	o, err := state(v.book.rows, tabOperation, population.ID(seq), parseOperation)
	v.stick(err)
	return o
}

// Members lists the persons whose current household it is, in the order of the
// A0 sheet.
func (v *View) Members(household population.ID) []population.ID {
	list, err := v.book.places(household)
	v.stick(err)
	var ids []population.ID
	for _, p := range list {
		ids = append(ids, p.id)
	}
	return ids
}

// Children lists the persons whose mother she is, by id.
func (v *View) Children(mother population.ID) []population.ID {
	return v.ids(v.book.num(tabChildren, uint64(mother)))
}

// ByNumber lists the persons with that number, as population.NormNumber gives
// it, in the book or not.
func (v *View) ByNumber(norm string) []population.ID {
	return v.ids(v.book.text(tabNumber, norm))
}

// ByInsurance lists the persons with that insurance number, given its core
// (population.InsuranceCore), in the book or not.
func (v *View) ByInsurance(core string) []population.ID {
	return v.ids(v.book.text(tabInsurance, core))
}

// Similar lists the persons whose folded name (population.Key2) is key2.
func (v *View) Similar(key2 string) []population.ID {
	return v.ids(v.book.text(tabName, key2))
}

// Born lists the persons with exactly that date of birth as it is known: a year
// alone finds those of whom the year alone is known.
func (v *View) Born(d population.Date) []population.ID {
	return v.ids(v.book.born(d))
}

// HouseholdAt returns the open household with that number in an area.
func (v *View) HouseholdAt(area population.ID, n population.HouseholdNumber) population.ID {
	for _, id := range v.ids(v.book.sheet(area, n)) {
		if h := v.Household(id); h != nil && !h.Closed {
			return id
		}
	}
	return 0
}

// AreaByNumber returns the area with that number; the one still open before
// one closed.
func (v *View) AreaByNumber(n uint32) population.ID {
	ids := v.ids(v.book.num(tabAreaNo, uint64(n)))
	for _, id := range ids {
		if a := v.Area(id); a != nil && !a.Closed {
			return id
		}
	}
	return first(ids)
}

func (v *View) ids(key []byte) []population.ID {
	list, err := v.book.list(key)
	v.stick(err)
	var ids []population.ID
	for _, n := range list {
		ids = append(ids, population.ID(n))
	}
	return ids
}

func first(ids []population.ID) population.ID {
	if len(ids) == 0 {
		return 0
	}
	return ids[0]
}

// Entry returns what seq says, amendments in place, and whether it is in force
// (not annulled). It is nil for a sequence not applied or quarantined; what is
// pending comes as population.Unknown.
func (v *View) Entry(seq uint64) (e population.Entry, live bool) {
	s, err := v.book.standing(seq, everything)
	v.stick(err)
	return s.entry, s.live()
}

// Live lists the entries in force about an entity, amendments in place, by
// sequence: what the state of the entity is the fold of.
func (v *View) Live(ref population.Ref) []population.Located {
	list, err := v.book.located(ref, everything)
	v.stick(err)
	return list
}

// Meta returns what is kept of the record seq beside its body; ok is false for
// a sequence not applied.
func (v *View) Meta(seq uint64) (m Meta, ok bool) {
	rec, ok, err := v.book.record(seq)
	v.stick(err)
	return rec.Meta, ok
}

// Repeat tells which entries a command key was answered with; ok is false for a
// key never seen.
func (v *View) Repeat(device uint32, seq uint64) (seqs []uint64, ok bool) {
	seqs, err := v.book.list(v.book.command(device, seq))
	v.stick(err)
	return seqs, len(seqs) > 0
}

// LastClosed returns the latest closed period, 0 when none is.
func (v *View) LastClosed() population.Period {
	list, err := v.book.list(v.book.of(tabClosed, 0))
	v.stick(err)
	if len(list) == 0 {
		return 0
	}
	return population.Period(list[len(list)-1] >> 48)
}

// PeriodClosed reports whether nothing more may count in p. Closing a period
// closes those before it: else a late entry in one of them would change the
// balance of a report that has been sent.
func (v *View) PeriodClosed(p population.Period) bool { return p != 0 && p <= v.LastClosed() }

// Quarantined counts the records kept as making no sense, and those pending for
// a newer program.
func (v *View) Quarantined() (quarantined, pending int) {
	err := v.Outside(func(_ uint64, why Reason) bool {
		if why.Pending() {
			pending++
		} else {
			quarantined++
		}
		return true
	})
	v.stick(err)
	return quarantined, pending
}

// Outside visits the records that were kept without being folded, by sequence,
// until fn returns false.
func (v *View) Outside(fn func(seq uint64, why Reason) bool) error {
	return v.book.scan(v.book.of(tabOutside, 0), true, func(r row) (bool, error) {
		if len(r.key) != 13 || len(r.val) != 1 {
			return false, ErrRow
		}
		return fn(binary.BigEndian.Uint64(r.key[5:]), Reason(r.val[0])), nil
	})
}
