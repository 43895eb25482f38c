package report

import (
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// The ages of marriage of Luật Hôn nhân và Gia đình 2014, Điều 8.
const (
	marriageAgeMale   = 20
	marriageAgeFemale = 18
)

// couples counts the marriages and divorces that count in the span: each
// registered person where he is counted, each couple where its first one is.
func (t *tally) couples(v *register.View, e extent, s span, homes map[population.ID]home) error {
	var life []step
	here := func(id population.ID, at place) *population.Person {
		if id == 0 {
			return nil
		}
		p := v.Person(id)
		if p == nil {
			return nil
		}
		if life = steps(life, p, homes); !e.holds(locate(life, at)) {
			return nil
		}
		return p
	}
	for per := s.from; per <= s.to; per++ {
		err := v.EntriesOfPeriod(per, func(l population.Located) bool {
			at := place{per, l.Seq}
			switch x := l.Entry.(type) {
			case population.Marriage:
				t.marriage(x, s, here(x.A, at), here(x.B, at))
			case population.Divorce:
				for _, id := range [...]population.ID{x.A, x.B} {
					if p := here(id, at); p != nil {
						t.count(termDivorced, p, ageGroup(p.Born, s.endDay))
					}
				}
			}
			return v.Err() == nil
		}, population.KindMarriage, population.KindDivorce)
		if err != nil {
			return err
		}
	}
	return v.Err()
}

// marriage counts one marriage; a and b are its persons inside the scope.
func (t *tally) marriage(m population.Marriage, s span, a, b *population.Person) {
	for _, p := range [...]*population.Person{a, b} {
		if p == nil {
			continue
		}
		group := ageGroup(p.Born, s.endDay)
		t.count(termMarried, p, group)
		if underMarriageAge(p, m.Date) {
			t.count(termMarriedUnderAge, p, group)
		}
		if m.Kin {
			t.count(termMarriedKin, p, group)
		}
	}
	first := a
	if m.A == 0 {
		first = b
	}
	if m.Counselled && first != nil {
		t.count(termCouplesCounselled, first, ageGroup(first.Born, s.endDay))
	}
}

func underMarriageAge(p *population.Person, day population.Date) bool {
	switch p.Sex {
	case population.Male:
		return surelyUnder(marriageAgeMale, p.Born, day)
	case population.Female:
		return surelyUnder(marriageAgeFemale, p.Born, day)
	}
	return false
}
