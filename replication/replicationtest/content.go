package replicationtest

import (
	"fmt"
	"slices"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
)

// made is what a station has written so far, as far as later entries need it.
type made struct {
	serial     uint32
	area       population.ID
	households []population.ID
	persons    []population.ID
}

func (m made) clone() made {
	m.households, m.persons = slices.Clone(m.households), slices.Clone(m.persons)
	return m
}

func (s *Station) mint() population.ID {
	s.made.serial++
	return population.NewID(population.Mint(s.Origin.Mint), s.made.serial)
}

// Grow appends n invented records to the register lane: households, births,
// deaths, changes, annulments, and now and then what the fold must live with: a
// kind of a later program, a body that means nothing, a person never registered.
func (s *Station) Grow(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		if err := s.grow(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Station) grow() error {
	if s.made.area == 0 {
		s.made.area = s.mint()
		return s.write(population.AreaDefined{ID: s.made.area, Number: 1, Unit: 23764, Hamlet: "Làng Mẫu", Date: day(2026, 1, 1)})
	}
	if len(s.made.households) == 0 {
		return s.write(s.household())
	}
	period := population.MonthPeriod(2026, 3)
	switch k := s.rng.IntN(100); {
	case k < 35:
		return s.write(s.household())
	case k < 60:
		id := s.mint()
		e := population.Birth{Household: pick(s, s.made.households), Order: 1, Period: period,
			Child: population.Member{ID: id, Relation: population.RelChild, Facts: s.facts(2026)}}
		s.made.persons = append(s.made.persons, id)
		return s.write(e)
	case k < 70:
		return s.write(population.Death{Person: pick(s, s.made.persons), Date: day(2026, 3, 1+s.rng.IntN(28)), Period: period})
	case k < 92:
		return s.write(population.InformationChanged{Person: pick(s, s.made.persons), Changed: []population.Field{population.FieldName},
			To: population.Facts{Name: s.name()}, Date: day(2026, 3, 2), Period: period})
	case k < 95:
		last := uint64(len(s.lanes[0].records))
		return s.write(population.Annulment{First: last, Last: last})
	case k < 96:
		s.append(journal.LaneRegister, journal.Envelope{At: 1, Kind: 900, Version: 1}, []byte{4})
	case k < 97:
		s.append(journal.LaneRegister, journal.Envelope{At: 1, Kind: uint16(population.KindDeath), Version: 1}, []byte("no tuple"))
	default:
		return s.write(population.Death{Person: population.NewID(population.Mint(s.Origin.Mint), 1_000_000+uint32(s.rng.IntN(9))), Date: day(2026, 3, 3), Period: period})
	}
	return nil
}

func (s *Station) household() population.HouseholdOpened {
	h := population.HouseholdOpened{ID: s.mint(), Type: population.KindFamily, Area: s.made.area,
		Number: population.HouseholdNumber{Number: uint32(len(s.made.households) + 1)}, Date: day(2026, 1, 1), Period: population.MonthPeriod(2026, 1)}
	for i := range 1 + s.rng.IntN(5) {
		m := population.Member{ID: s.mint(), Relation: population.RelOther, Facts: s.facts(1930 + s.rng.IntN(90))}
		if i == 0 {
			m.Relation = population.RelHead
		}
		h.Members = append(h.Members, m)
		s.made.persons = append(s.made.persons, m.ID)
	}
	s.made.households = append(s.made.households, h.ID)
	return h
}

func (s *Station) facts(year int) population.Facts {
	return population.Facts{Name: s.name(), Sex: population.Sex(1 + s.rng.IntN(2)), Born: day(year, 1+s.rng.IntN(12), 1+s.rng.IntN(28)),
		Ethnicity: 1, Marital: population.NeverMarried, Residence: population.ResPresent}
}

func (s *Station) name() string {
	return fmt.Sprintf("%s %s %s", pick(s, []string{"Nguyễn", "Trần", "Rơ Châm", "Siu", "Kpă"}),
		pick(s, []string{"Văn", "Thị", "Minh", "Thu"}), pick(s, []string{"An", "Bình", "H'Lan", "Dũng", "Hoa"}))
}

func pick[T any](s *Station, from []T) T { return from[s.rng.IntN(len(from))] }

func day(y, m, d int) population.Date {
	return population.Date{Year: uint16(y), Month: uint8(m), Day: uint8(d)}
}
