package codelist

import "tramxa/appliance/population"

// Province is one of the 34 of Nghị quyết 202/2025/QH15.
type Province struct {
	Code     string // two digits
	Name     string // without "tỉnh" and "thành phố"
	From, To population.Date
}

// Provinces returns the provinces by code.
func Provinces() []Province { return append([]Province(nil), tables().provinces...) }

// NumberPrefix is the first three digits of a số định danh: the province where
// the birth was registered, by the names and borders before 1/7/2025. It never
// changes in a person's life (Thông tư 59/2021/TT-BCA).
type NumberPrefix struct {
	Prefix   string // three digits
	Name     string // the old province
	Province string // code of the province that has taken it over
}

// NumberPrefixes returns the prefixes of the 63 old provinces in order. Numbers
// from 100 on (born abroad) are not in the list.
func NumberPrefixes() []NumberPrefix { return append([]NumberPrefix(nil), tables().prefixes...) }

// NumberPrefixOf returns the entry of a three-digit prefix.
func NumberPrefixOf(prefix string) (NumberPrefix, bool) {
	for _, p := range tables().prefixes {
		if p.Prefix == prefix {
			return p, true
		}
	}
	return NumberPrefix{}, false
}

func readProvinces() ([]Province, error) {
	rows, err := readRows("provinces", []string{"code", "name", "from", "to"})
	if err != nil {
		return nil, err
	}
	var out []Province
	for _, r := range rows {
		p := Province{Code: r[0], Name: r[1]}
		if p.From, err = parseDay(r[2]); err != nil {
			return nil, err
		}
		if p.To, err = parseDay(r[3]); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func readPrefixes() ([]NumberPrefix, error) {
	rows, err := readRows("prefixes", []string{"prefix", "name", "province"})
	if err != nil {
		return nil, err
	}
	var out []NumberPrefix
	for _, r := range rows {
		out = append(out, NumberPrefix{Prefix: r[0], Name: r[1], Province: r[2]})
	}
	return out, nil
}
