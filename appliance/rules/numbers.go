package rules

import (
	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// ruleNumbersFormed (N01, N03): the forms of số định danh and of the insurance
// number. The number is optional: a newborn has none yet.
func ruleNumbersFormed(x *Examination) {
	for _, m := range membersOf(x.e) {
		x.numbers(m.path+".", m.Facts)
	}
	if c, ok := x.e.(population.InformationChanged); ok {
		x.numbers("to.", c.To)
	}
}

func (x *Examination) numbers(path string, f population.Facts) {
	if f.Number != "" {
		if norm, ok := population.NormNumber(f.Number); !ok || norm != f.Number {
			x.add("N01", path+"number", nil)
		}
	}
	if f.Insurance != "" {
		if norm, ok := population.NormInsurance(f.Insurance); !ok || norm != f.Insurance {
			x.add("N03", path+"insurance", nil)
		}
	}
}

// ruleNumberUnique (N02, N05): one number, one person.
func ruleNumberUnique(x *Examination, p *population.Person) []trouble {
	if p.Number == "" {
		return nil
	}
	return x.unique(p, x.v.ByNumber(p.Number), "number", p.Number, "N02")
}

// ruleInsuranceUnique (N04, N05): the 15-character and the 10-digit form of one
// insurance number are the same number.
func ruleInsuranceUnique(x *Examination, p *population.Person) []trouble {
	if p.Insurance == "" {
		return nil
	}
	core := population.InsuranceCore(p.Insurance)
	return x.unique(p, x.v.ByInsurance(core), "insurance", core, "N04")
}

func (x *Examination) unique(p *population.Person, ids []population.ID, field, value, rule string) []trouble {
	var out []trouble
	for _, id := range ids {
		if id == p.ID {
			continue
		}
		q := x.v.Person(id)
		switch {
		case q == nil || q.Same == p.ID:
		case q.Active():
			out = append(out, personal(rule, p, field, value, nil, id))
		default:
			out = append(out, personal("N05", p, field, value, nil, id))
		}
	}
	return out
}

// ruleNumberAgrees (N06, N07, N08): a số định danh holds sex, year of birth and
// the province of birth registration. Soft: the officer cannot change a card
// that was issued wrongly (NĐ 137/2015, Luật Căn cước 26/2023 Điều 12).
func ruleNumberAgrees(_ *Examination, p *population.Person) []trouble {
	m, ok := population.NumberFacts(p.Number)
	if !ok {
		return nil
	}
	var out []trouble
	if _, known := codelist.NumberPrefixOf(p.Number[:3]); !known && m.Place < abroad {
		out = append(out, personal("N08", p, "number", p.Number, nil))
	}
	if p.Sex != population.SexUnknown && p.Sex != m.Sex {
		out = append(out, personal("N06", p, "number", p.Number, nil))
	}
	if !p.Born.IsZero() && int(p.Born.Year) != m.Year {
		out = append(out, personal("N07", p, "number", p.Number, nil))
	}
	return out
}

// abroad is the first of the codes for births registered in other countries,
// of which no list is known.
const abroad = 100
