package register

import (
	"bytes"
	"encoding/binary"

	"tramxa/appliance/population"
)

// refold makes the states of entities anew from their live entries, and moves
// the indexes from what each state was to what it is.
func (b *book) refold(refs []population.Ref) error {
	for _, ref := range refs {
		var err error
		switch ref.Type {
		case population.TypePerson:
			err = refoldOne(b, ref, tabPerson, parsePerson, foldPerson, encodePerson, (*book).indexPerson)
		case population.TypeHousehold:
			err = refoldOne(b, ref, tabHousehold, parseHousehold, foldHousehold, encodeHousehold, (*book).indexHousehold)
		case population.TypeArea:
			err = refoldOne(b, ref, tabArea, parseArea, foldArea, encodeArea, (*book).indexArea)
		case population.TypeUser:
			err = refoldOne(b, ref, tabUser, parseUser, foldUser, encodeUser, (*book).indexUser)
		case population.TypeOperation:
			err = refoldOne(b, ref, tabOperation, parseOperation, foldOperation, encodeOperation, (*book).indexOperation)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refoldOne folds one entity. A fold gives nil for an entity that no live entry
// brought into being; then there is no state row.
func refoldOne[T any](b *book, ref population.Ref, t table,
	parse func(population.ID, []byte) (*T, error),
	fold func(population.ID, []population.Located) *T,
	encode func(*T) []byte,
	index func(b *book, id population.ID, was, is *T) error,
) error {
	at := b.num(t, uint64(ref.ID))
	old, err := b.get(at)
	if err != nil {
		return err
	}
	live, err := b.located(ref, everything)
	if err != nil {
		return err
	}
	is := fold(ref.ID, live)
	var val []byte
	if is != nil {
		val = encode(is)
	}
	if (old == nil) == (is == nil) && bytes.Equal(old, val) {
		return nil
	}
	var was *T
	if old != nil {
		if was, err = parse(ref.ID, old); err != nil {
			return err
		}
	}
	if is == nil {
		b.del(at)
	} else {
		b.set(at, val)
	}
	return index(b, ref.ID, was, is)
}

func foldPerson(id population.ID, live []population.Located) *population.Person {
	p := population.FoldPerson(id, live)
	if !p.Exists() {
		return nil
	}
	return &p
}

func foldHousehold(id population.ID, live []population.Located) *population.Household {
	h := population.FoldHousehold(id, live)
	if !h.Exists() {
		return nil
	}
	return &h
}

func foldArea(id population.ID, live []population.Located) *population.Area {
	if len(live) == 0 {
		return nil
	}
	a := population.FoldArea(id, live)
	return &a
}

func foldUser(id population.ID, live []population.Located) *population.User {
	u := population.FoldUser(uint32(id), live)
	if u.Login == "" {
		return nil
	}
	return &u
}

func foldOperation(id population.ID, live []population.Located) *population.Operation {
	if len(live) == 0 {
		return nil
	}
	o := population.FoldOperation(uint64(id), live)
	return &o
}

// markEntry moves the indexes over entries from what seq said to what it says;
// nil when it was or is not in force.
func (b *book) markEntry(seq uint64, was, is population.Entry) error {
	for side, e := range [...]population.Entry{was, is} {
		if e == nil {
			continue
		}
		put := func(t table, p population.Period) {
			switch {
			case p == 0:
			case side == 0:
				b.del(b.period(t, p, seq))
			default:
				b.set(b.period(t, p, seq), binary.BigEndian.AppendUint16(nil, uint16(e.Kind())))
			}
		}
		put(tabCounted, e.Counted())
		put(tabMonth, population.PeriodOf(e.When()))
		c, ok := e.(population.PeriodClosed)
		if !ok {
			continue
		}
		change := b.include
		if side == 0 {
			change = b.exclude
		}
		if err := change(b.of(tabClosed, 0), uint64(c.Period)<<48|seq); err != nil {
			return err
		}
	}
	return nil
}
