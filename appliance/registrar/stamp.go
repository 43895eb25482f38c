package registrar

import "tramxa/appliance/population"

// stamp returns e with the registrar's parts put in: the common part and the
// period in which it counts, for kinds that have them.
func stamp(e population.Entry, c population.Common, p population.Period) population.Entry {
	switch e := e.(type) {
	case population.HouseholdOpened:
		e.Common, e.Period = c, p
		return e
	case population.PersonRegistered:
		e.Common, e.Period = c, p
		return e
	case population.Birth:
		e.Common, e.Period = c, p
		return e
	case population.Death:
		e.Common, e.Period = c, p
		return e
	case population.Arrival:
		e.Common, e.Period = c, p
		return e
	case population.Departure:
		e.Common, e.Period = c, p
		return e
	case population.MoveInside:
		e.Common, e.Period = c, p
		return e
	case population.Marriage:
		e.Common, e.Period = c, p
		return e
	case population.Divorce:
		e.Common, e.Period = c, p
		return e
	case population.InformationChanged:
		e.Common, e.Period = c, p
		return e
	case population.HouseholdChanged:
		e.Common, e.Period = c, p
		return e
	case population.HeadChanged:
		e.Common, e.Period = c, p
		return e
	case population.HouseholdSplit:
		e.Common, e.Period = c, p
		return e
	case population.HouseholdJoined:
		e.Common, e.Period = c, p
		return e
	case population.ScopeCorrection:
		e.Common, e.Period = c, p
		return e
	}
	return stampOther(e, c, p)
}

// stampOther is stamp for the kinds about links, corrections and the station.
func stampOther(e population.Entry, c population.Common, p population.Period) population.Entry {
	switch e := e.(type) {
	case population.SamePerson:
		e.Common, e.Period = c, p
		return e
	case population.SamePersonUndone:
		e.Common, e.Period = c, p
		return e
	case population.Amendment:
		e.Common = c
		return e
	case population.Annulment:
		e.Common = c
		return e
	case population.AreaDefined:
		e.Common = c
		return e
	case population.UserCreated:
		e.Common = c
		return e
	case population.UserChanged:
		e.Common = c
		return e
	case population.OperationBegun:
		e.Common = c
		return e
	case population.OperationEnded:
		e.Common = c
		return e
	case population.PeriodClosed:
		e.Common = c
		return e
	}
	return e
}

// counts reports whether entries of this kind have a period set by the
// registrar.
func counts(e population.Entry) bool {
	switch e.(type) {
	case population.Amendment, population.Annulment, population.AreaDefined, population.UserCreated, population.UserChanged,
		population.OperationBegun, population.OperationEnded, population.PeriodClosed, population.Unknown:
		return false
	}
	return true
}
