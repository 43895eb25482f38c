package population

// visit sends v through the fields of e and returns e with the values that v
// read. An Unknown entry, and a nil one, has no fields and comes back as it is.
func visit(v visitor, e Entry) Entry {
	switch e := e.(type) {
	case HouseholdOpened:
		e.visit(v)
		return e
	case PersonRegistered:
		e.visit(v)
		return e
	case Birth:
		e.visit(v)
		return e
	case Death:
		e.visit(v)
		return e
	case Arrival:
		e.visit(v)
		return e
	case Departure:
		e.visit(v)
		return e
	case MoveInside:
		e.visit(v)
		return e
	case Marriage:
		e.visit(v)
		return e
	case Divorce:
		e.visit(v)
		return e
	case InformationChanged:
		e.visit(v)
		return e
	case HouseholdChanged:
		e.visit(v)
		return e
	case HeadChanged:
		e.visit(v)
		return e
	case HouseholdSplit:
		e.visit(v)
		return e
	case HouseholdJoined:
		e.visit(v)
		return e
	case ScopeCorrection:
		e.visit(v)
		return e
	case Amendment:
		e.visit(v)
		return e
	case Annulment:
		e.visit(v)
		return e
	case SamePerson:
		e.visit(v)
		return e
	case SamePersonUndone:
		e.visit(v)
		return e
	case AreaDefined:
		e.visit(v)
		return e
	case UserCreated:
		e.visit(v)
		return e
	case UserChanged:
		e.visit(v)
		return e
	case OperationBegun:
		e.visit(v)
		return e
	case OperationEnded:
		e.visit(v)
		return e
	case PeriodClosed:
		e.visit(v)
		return e
	}
	return e
}
