package register

import (
	"cmp"
	"slices"

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
