package register

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"tramxa/appliance/population"
)

// Query is what is looked for. The zero fields leave everything in.
type Query struct {
	// Text is what a person typed: words of a name with or without tones, the
	// beginnings of words too; a date or year of birth (05/03/1980, 1980); a
	// household number (12, 12.1) or area and household number (3-12); a số định
	// danh or insurance number. Words and a year may stand together.
	Text   string
	Area   population.ID // only who lives in a household of that area
	Active bool          // only who is in the book now
	Limit  int           // hits at most; 0 is 50
	Offset int           // hits left out at the beginning
}

// Rank says how well a hit answers; lower is better.
type Rank uint8

// The ranks.
const (
	RankNumber    Rank = 0 // the number is the person's
	RankHousehold Rank = 1 // lives in the household with that number
	RankExact     Rank = 2 // the name as written, tones too
	RankTones     Rank = 3 // all words with their tones
	RankFolded    Rank = 4 // all words without tones
	RankVariant   Rank = 5 // after folding i/y and the prefixes of highland names
	RankBirth     Rank = 6 // the birth date alone
)

// Hit is one person found.
type Hit struct {
	Person    *population.Person
	Household *population.Household // the current one, nil when there is none
	Rank      Rank
}

// Limits of a search.
const (
	defaultHits = 50
	maxHits     = 300   // persons ranked; of more, those first in the index
	maxSeen     = 5000  // persons looked at for them
	maxWord     = 50000 // persons read of one word
	maxQuery    = 200   // bytes of text
	maxWords    = 8
)

// Search finds persons, best first: by rank, those in the book before others,
// then by given name, whole name and id; those of a household as on its sheet.
// more tells that there are hits beyond those returned. Who has just the words
// asked for is found however many have words beginning like them.
func (v *View) Search(q Query) (hits []Hit, more bool, err error) {
	t := parseText(q.Text)
	found, cut, err := v.find(t)
	if err != nil {
		return nil, false, err
	}
	for _, f := range found {
		h := Hit{Person: v.Person(f.id), Rank: f.rank}
		if h.Person == nil || !t.fits(&h) || q.Active && !h.Person.Active() || q.Area != 0 && !v.lives(&h, q.Area) {
			continue
		}
		if len(hits) >= maxHits && !f.whole {
			cut = true
			break
		}
		hits = append(hits, h)
	}
	hits, rest := page(rankHits(hits), q)
	for i := range hits {
		v.house(&hits[i])
	}
	return hits, cut || rest, v.err
}

// house fills in the household of a hit.
func (v *View) house(h *Hit) {
	if at := h.Person.Household(); at != 0 && h.Household == nil {
		h.Household = v.Household(at)
	}
}

// lives reports whether the person found lives in a household of the area.
func (v *View) lives(h *Hit, area population.ID) bool {
	v.house(h)
	return h.Household != nil && h.Household.Area == area
}

func rankHits(hits []Hit) []Hit {
	type keyed struct {
		hit              Hit
		out, at          int
		given, all, full string
	}
	list := make([]keyed, len(hits))
	for i, h := range hits {
		k := keyed{hit: h, given: population.Key2(population.GivenName(h.Person.Name)),
			all: population.Key2(h.Person.Name), full: population.Key1(h.Person.Name)}
		if !h.Person.Active() {
			k.out = 1
		}
		if h.Rank == RankHousehold {
			k.at = i + 1 // as on the sheet
		}
		list[i] = k
	}
	slices.SortFunc(list, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.hit.Rank, b.hit.Rank), cmp.Compare(a.out, b.out), cmp.Compare(a.at, b.at),
			cmp.Compare(a.given, b.given), cmp.Compare(a.all, b.all), cmp.Compare(a.full, b.full),
			cmp.Compare(a.hit.Person.ID, b.hit.Person.ID))
	})
	for i := range list {
		hits[i] = list[i].hit
	}
	return hits
}

func page(hits []Hit, q Query) (out []Hit, rest bool) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultHits
	}
	if q.Offset > 0 {
		hits = hits[min(q.Offset, len(hits)):]
	}
	if len(hits) > limit {
		return hits[:limit], true
	}
	return hits, false
}

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
