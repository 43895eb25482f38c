package register

import (
	"encoding/binary"
	"slices"
	"strings"

	"tramxa/appliance/population"
)

// candidate is a person that an index gave.
type candidate struct {
	id    population.ID
	rank  Rank
	whole bool // all of the name was asked for; they come before others found by name
}

// find asks the indexes; cut tells that there were more than maxSeen.
func (v *View) find(t text) (found []candidate, cut bool, err error) {
	seen := make(map[population.ID]bool)
	whole := false
	add := func(rank Rank, ids ...population.ID) {
		for _, id := range ids {
			if len(found) >= maxSeen {
				cut = true
				return
			}
			if !seen[id] {
				seen[id] = true
				found = append(found, candidate{id, rank, whole})
			}
		}
	}
	if t.number != "" {
		if n, ok := population.NormNumber(t.number); ok {
			add(RankNumber, v.ByNumber(n)...)
		}
		if n, ok := population.NormInsurance(t.number); ok {
			add(RankNumber, v.ByInsurance(population.InsuranceCore(n))...)
		}
	}
	if t.sheet.Number != 0 {
		ids, err := v.sheets(t.area, t.sheet)
		if err != nil {
			return nil, false, err
		}
		for _, id := range ids {
			add(RankHousehold, v.Members(id)...)
		}
	}
	if len(t.words) > 0 {
		ids, err := v.named(t)
		if err != nil {
			return nil, false, err
		}
		if t.born.Year != 0 {
			born, err := v.bornIn(t.born, 0)
			if err != nil {
				return nil, false, err
			}
			slices.Sort(born)
			ids = intersect(ids, born)
		}
		if t.born.Year == 0 {
			whole = true
			add(RankFolded, v.Similar(strings.Join(t.words, " "))...)
			whole = false
		}
		add(RankFolded, ids...)
	} else if t.born.Year != 0 {
		ids, err := v.bornIn(t.born, maxSeen)
		if err != nil {
			return nil, false, err
		}
		add(RankBirth, ids...)
	}
	return found, cut, v.err
}

// sheets lists the households with a number, in the area with number area or,
// when it is 0, in all areas; the sheet 0 stands for every sheet.
func (v *View) sheets(area uint32, n population.HouseholdNumber) ([]population.ID, error) {
	var ids []population.ID
	for _, a := range v.Areas() {
		if area != 0 && a.Number != area {
			continue
		}
		prefix := binary.BigEndian.AppendUint32(v.book.num(tabSheet, uint64(a.ID)), n.Number)
		if n.Sheet != 0 {
			prefix = append(prefix, n.Sheet)
		}
		err := v.book.scan(prefix, true, func(r row) (bool, error) {
			list, err := parseList(r.val)
			for _, id := range list {
				ids = append(ids, population.ID(id))
			}
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// bornIn lists persons by birth date; a year or month finds everybody in it.
// Of more than limit (0: no limit) the later born are left out.
func (v *View) bornIn(d population.Date, limit int) ([]population.ID, error) {
	prefix := v.book.year(d.Year)
	if d.Month != 0 {
		prefix = append(prefix, d.Month)
		if d.Day != 0 {
			prefix = append(prefix, d.Day)
		}
	}
	var ids []population.ID
	err := v.book.scan(prefix, true, func(r row) (bool, error) {
		list, err := parseList(r.val)
		for _, id := range list {
			ids = append(ids, population.ID(id))
		}
		return limit == 0 || len(ids) <= limit, err
	})
	return ids, err
}

// named lists the persons whose folded name has a word beginning with each
// word of the text, in either folding.
func (v *View) named(t text) ([]population.ID, error) {
	ids, err := v.withWords(t.words)
	if err != nil || slices.Equal(t.words, t.variant) || len(t.variant) == 0 {
		return ids, err
	}
	more, err := v.withWords(t.variant)
	if err != nil {
		return nil, err
	}
	ids = append(ids, more...)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// withWords intersects the persons of each word. A word with few persons spares
// reading the others in full: what it gives is checked by name afterwards.
func (v *View) withWords(words []string) ([]population.ID, error) {
	const few = 200
	if len(words) == 1 {
		ids, _, err := v.withPrefix(words[0], maxWord)
		return ids, err
	}
	var sets [][]population.ID
	for _, limit := range [...]int{few, 0} {
		sets = sets[:0]
		for _, w := range words {
			ids, whole, err := v.withPrefix(w, limit)
			if err != nil {
				return nil, err
			}
			if whole && limit != 0 {
				return ids, nil
			}
			sets = append(sets, ids)
		}
	}
	out := sets[0]
	for _, s := range sets[1:] {
		out = intersect(out, s)
	}
	return out, nil
}

// withPrefix lists the persons with a word that begins with prefix, by id;
// whole is false when there were more than limit (0: no limit).
func (v *View) withPrefix(prefix string, limit int) (ids []population.ID, whole bool, err error) {
	whole = true
	err = v.book.keys(v.book.text(tabToken, prefix), func(key []byte) (bool, error) {
		if len(key) < 14 {
			return false, ErrRow
		}
		if limit > 0 && len(ids) == limit {
			whole = false
			return false, nil
		}
		ids = append(ids, population.ID(binary.BigEndian.Uint64(key[len(key)-8:])))
		return true, nil
	})
	if !slices.IsSorted(ids) {
		slices.Sort(ids)
	}
	return slices.Compact(ids), whole, err
}

// intersect returns what two sorted lists have in common.
func intersect(a, b []population.ID) []population.ID {
	out := a[:0]
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			out = append(out, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// hasPrefixes reports whether every word begins some word of name.
func hasPrefixes(name, words []string) bool {
	for _, w := range words {
		if !slices.ContainsFunc(name, func(n string) bool { return strings.HasPrefix(n, w) }) {
			return false
		}
	}
	return true
}
