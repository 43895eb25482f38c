package codelist

import (
	"cmp"
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tramxa/appliance/population"
)

//go:embed data/*.csv
var files embed.FS

// table is all embedded data, read once and never changed.
type table struct {
	lists     map[List][]Item
	words     map[List]words
	provinces []Province
	prefixes  []NumberPrefix
}

var tables = sync.OnceValue(func() *table {
	t := &table{lists: make(map[List][]Item), words: make(map[List]words)}
	for _, l := range Lists() {
		items, err := readItems(l)
		if err != nil {
			panic("codelist: internal error: " + err.Error())
		}
		t.lists[l] = items
		t.words[l] = newWords(items)
	}
	var err error
	if t.provinces, err = readProvinces(); err == nil {
		t.prefixes, err = readPrefixes()
	}
	if err != nil {
		panic("codelist: internal error: " + err.Error())
	}
	return t
})

// readItems returns the items of a list by code, the newest meaning of a code
// first.
func readItems(l List) ([]Item, error) {
	rows, err := readRows(string(l), []string{"code", "vi", "en", "aliases", "from", "to", "provisional"})
	if err != nil {
		return nil, err
	}
	var out []Item
	for _, r := range rows {
		code, err := strconv.ParseUint(r[0], 10, 8)
		if err != nil || code == 0 || r[1] == "" || r[2] == "" {
			return nil, fmt.Errorf("list %s: bad row %q", l, r)
		}
		it := Item{Code: population.Code(code), Vi: r[1], En: r[2], Provisional: r[6] == "yes"}
		if r[3] != "" {
			it.Aliases = strings.Split(r[3], ";")
		}
		if it.From, err = parseDay(r[4]); err != nil {
			return nil, fmt.Errorf("list %s: %w", l, err)
		}
		if it.To, err = parseDay(r[5]); err != nil {
			return nil, fmt.Errorf("list %s: %w", l, err)
		}
		out = append(out, it)
	}
	slices.SortStableFunc(out, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(number(b.From), number(a.From)))
	})
	return out, nil
}

func readRows(name string, header []string) ([][]string, error) {
	f, err := files.Open("data/" + name + ".csv")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], header) {
		return nil, fmt.Errorf("%s: header is not %v", name, header)
	}
	return rows[1:], nil
}
