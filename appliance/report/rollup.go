package report

import (
	"errors"
	"fmt"
	"slices"

	"tramxa/appliance/journal"
)

// ErrRollUp says that reports cannot be added up.
var ErrRollUp = errors.New("reports cannot be added up")

// Part is one station in a roll-up.
type Part struct {
	Station    journal.Station `json:"station"`
	Unit       string          `json:"unit"`
	AsOf       journal.Seq     `json:"as_of"`
	Households int             `json:"households"`
	Start      Count           `json:"start"`
	End        Count           `json:"end"`
}

// RollUp adds up the reports of several stations for the same months by the
// same layout, each of a whole station. Moves between communes stay arrivals
// and departures. The parts stand in order of the station numbers.
func RollUp(list []*Report) (*Report, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: none given", ErrRollUp)
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *Report) int { return int(int64(a.Station) - int64(b.Station)) })
	sum := *list[0]
	sum.Rows, sum.Balance, sum.Ages = slices.Clone(sum.Rows), slices.Clone(sum.Balance), slices.Clone(sum.Ages)
	sum.Parts, sum.Hamlets = nil, nil
	sum.Station, sum.AsOf = 0, 0
	for i, r := range list {
		if i > 0 {
			if err := sum.add(r, list[i-1]); err != nil {
				return nil, err
			}
		} else if err := whole(r); err != nil {
			return nil, err
		}
		sum.Parts = append(sum.Parts, Part{r.Station, r.Unit, r.AsOf, r.Households, r.Balance[termStart].Count, r.Balance[termEnd].Count})
	}
	return &sum, nil
}

func whole(r *Report) error {
	if !r.Scope.Whole() || len(r.Parts) > 0 || len(r.Balance) != int(balanceTerms) || len(r.Ages) != ageGroups {
		return fmt.Errorf("%w: station %d is not whole", ErrRollUp, r.Station)
	}
	return nil
}

func (sum *Report) add(r, before *Report) error {
	if err := whole(r); err != nil {
		return err
	}
	if r.Layout != sum.Layout || r.From != sum.From || r.To != sum.To || len(r.Rows) != len(sum.Rows) {
		return fmt.Errorf("%w: station %d reports other months or by another layout", ErrRollUp, r.Station)
	}
	if r.Station == before.Station {
		return fmt.Errorf("%w: station %d stands twice", ErrRollUp, r.Station)
	}
	if r.Unit != sum.Unit {
		sum.Unit = ""
	}
	for i := range r.Rows {
		sum.Rows[i].Value += r.Rows[i].Value
	}
	for i, l := range r.Balance {
		sum.Balance[i].Count = sum.Balance[i].plus(l.Count, 1)
	}
	for i, a := range r.Ages {
		s := &sum.Ages[i]
		s.Start, s.In, s.Out = s.Start.plus(a.Start, 1), s.In.plus(a.In, 1), s.Out.plus(a.Out, 1)
		s.Ageing, s.End = s.Ageing.plus(a.Ageing, 1), s.End.plus(a.End, 1)
	}
	sum.Households += r.Households
	sum.Families += r.Families
	return nil
}
