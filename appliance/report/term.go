package report

import "tramxa/appliance/population"

// term is one thing counted.
type term uint8

// The terms of the balance come first, in its order; those below are rows of
// forms only.
const (
	termStart term = iota
	termBirths
	termDeaths
	termArrivals
	termDepartures
	termRegistered
	termMissed
	termDouble
	termOut
	termMovedIn
	termMovedOut
	termEnd

	termBirthsMale
	termBirthsFemale
	termBirthsOrder2
	termBirthsOrder3
	termBirthsMotherUnder20
	termMarried
	termMarriedUnderAge
	termMarriedKin
	termCouplesCounselled
	termDivorced

	termsDefined
)

// balanceTerms is the number of terms of the balance.
const balanceTerms = termEnd + 1

// about says what a term is called and how it counts in the balance.
type about struct {
	name   string
	vi, en string
	sign   int // of the balance: +1, −1; 0 for start, end and rows of forms
}

func (t term) about() about {
	return [termsDefined]about{
		termStart:               {"start", "Dân số đầu kỳ", "at the start", 0},
		termBirths:              {"births", "Sinh", "births", 1},
		termDeaths:              {"deaths", "Chết", "deaths", -1},
		termArrivals:            {"arrivals", "Chuyển đến từ xã khác", "arrivals", 1},
		termDepartures:          {"departures", "Chuyển đi khỏi xã", "departures", -1},
		termRegistered:          {"registered", "Đăng ký ban đầu", "registered", 1},
		termMissed:              {"missed", "Rà soát: bỏ sót", "corrections: missed", 1},
		termDouble:              {"double", "Rà soát: trùng", "corrections: double", -1},
		termOut:                 {"out_of_scope", "Rà soát: không thuộc diện", "corrections: out of scope", -1},
		termMovedIn:             {"moved_in", "Chuyển đến trong xã", "moved in, inside the commune", 1},
		termMovedOut:            {"moved_out", "Chuyển đi trong xã", "moved out, inside the commune", -1},
		termEnd:                 {"end", "Dân số cuối kỳ", "at the end", 0},
		termBirthsMale:          {name: "births_male"},
		termBirthsFemale:        {name: "births_female"},
		termBirthsOrder2:        {name: "births_order_2"},
		termBirthsOrder3:        {name: "births_order_3"},
		termBirthsMotherUnder20: {name: "births_mother_under_20"},
		termMarried:             {name: "married"},
		termMarriedUnderAge:     {name: "married_under_age"},
		termMarriedKin:          {name: "married_kin"},
		termCouplesCounselled:   {name: "couples_counselled"},
		termDivorced:            {name: "divorced"},
	}[t]
}

func termByName(name string) (term, bool) {
	for t := range termsDefined {
		if t.about().name == name {
			return t, true
		}
	}
	return 0, false
}

// termIn is the term of a step into the scope, by its cause; from another area
// of the commune it is always a move.
func termIn(c population.Cause) term {
	switch c {
	case population.CauseBirth:
		return termBirths
	case population.CauseArrival:
		return termArrivals
	case population.CauseMissed:
		return termMissed
	case population.CauseMoved:
		return termMovedIn
	}
	return termRegistered
}

// termOutOf is the term of a step out of the scope. A same-person link takes off
// a double.
func termOutOf(c population.Cause) term {
	switch c {
	case population.CauseDeath:
		return termDeaths
	case population.CauseDeparture:
		return termDepartures
	case population.CauseDouble, population.CauseSame:
		return termDouble
	case population.CauseMoved:
		return termMovedOut
	}
	return termOut
}
