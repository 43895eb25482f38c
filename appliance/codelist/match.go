package codelist

import (
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/population"
)

// maxText bounds what Match looks at; no spelling is longer.
const maxText = 200

// Match returns the items a written text may stand for: by the name as shown,
// then by another spelling, then by either without tones and diacritics. The
// first of these that gives anything decides. One item is an answer; several
// must be asked, never picked. The numbers of a list count as its spellings
// only when they are official: another program's "3" may mean anything.
//
// A name as shown stands for its own item even where one other item has it as
// an alias (Hoa), but not where several have (Thổ).
func Match(list List, text string) []Item {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxText {
		return nil
	}
	t := tables()
	w, ok := t.words[list]
	if !ok {
		return nil
	}
	if n, err := strconv.ParseUint(text, 10, 8); err == nil {
		if it, ok := Lookup(list, population.Code(n)); ok && !it.Provisional {
			return []Item{it}
		}
	}
	exact := exactKey(text)
	codes := w.main[exact]
	alias := w.alias[exact]
	if len(codes) == 0 || len(alias) > 1 {
		codes = append(slices.Clone(codes), alias...)
	}
	if len(codes) == 0 {
		codes = w.loose[looseKey(text)]
	}
	return pick(list, codes)
}

func pick(list List, codes []population.Code) []Item {
	codes = slices.Clone(codes)
	slices.Sort(codes)
	var out []Item
	for _, c := range slices.Compact(codes) {
		if it, ok := Lookup(list, c); ok {
			out = append(out, it)
		}
	}
	return out
}

// words are the spellings of a list by key.
type words struct {
	main, alias, loose map[string][]population.Code
}

func newWords(items []Item) words {
	w := words{
		main:  make(map[string][]population.Code),
		alias: make(map[string][]population.Code),
		loose: make(map[string][]population.Code),
	}
	for _, it := range items {
		add(w.main, exactKey(it.Vi), it.Code)
		add(w.main, exactKey(it.En), it.Code)
		add(w.loose, looseKey(it.Vi), it.Code)
		for _, a := range it.Aliases {
			add(w.alias, exactKey(a), it.Code)
			add(w.loose, looseKey(a), it.Code)
		}
	}
	return w
}

func add(m map[string][]population.Code, key string, c population.Code) {
	if !slices.Contains(m[key], c) {
		m[key] = append(m[key], c)
	}
}
