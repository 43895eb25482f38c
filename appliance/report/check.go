package report

import (
	"errors"
	"fmt"
)

// ErrBalance says that a report does not add up: somebody changed it, or the
// program that made it is wrong.
var ErrBalance = errors.New("the balance does not hold")

// Check proves the balance from the numbers in the report alone: in all, by sex
// and by age, and that the ages add up to the lines. A receiver of reports
// checks them with it.
func (r *Report) Check() error {
	if len(r.Balance) != int(balanceTerms) || len(r.Ages) != ageGroups {
		return fmt.Errorf("%w: lines are missing", ErrBalance)
	}
	end := r.Balance[termStart].Count
	var in, out Count
	for _, l := range r.Balance {
		end = end.plus(l.Count, l.Sign)
		switch l.Sign {
		case 1:
			in = in.plus(l.Count, 1)
		case -1:
			out = out.plus(l.Count, 1)
		}
		if l.Total != l.Male+l.Female+l.Unknown {
			return fmt.Errorf("%w: %s by sex", ErrBalance, l.Term)
		}
	}
	if end != r.Balance[termEnd].Count {
		return fmt.Errorf("%w: %d expected at the end, %d counted", ErrBalance, end.Total, r.Balance[termEnd].Total)
	}
	var sum Age
	for _, a := range r.Ages {
		if a.Start.plus(a.In, 1).plus(a.Out, -1).plus(a.Ageing, 1) != a.End {
			return fmt.Errorf("%w: ages %s", ErrBalance, a.Label())
		}
		sum.Start, sum.In, sum.Out = sum.Start.plus(a.Start, 1), sum.In.plus(a.In, 1), sum.Out.plus(a.Out, 1)
		sum.Ageing, sum.End = sum.Ageing.plus(a.Ageing, 1), sum.End.plus(a.End, 1)
	}
	if sum.Start != r.Balance[termStart].Count || sum.In != in || sum.Out != out || sum.Ageing != (Count{}) ||
		sum.End != r.Balance[termEnd].Count {
		return fmt.Errorf("%w: ages do not add up", ErrBalance)
	}
	return nil
}
