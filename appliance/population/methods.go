package population

// Extra returns the Common part of an entry.
func (c Common) Extra() Common { return c }

// Extra returns nothing: what an unknown entry carries is not understood.
func (Unknown) Extra() Common { return Common{} }

// Kind implements Entry.

func (HouseholdOpened) Kind() Kind    { return KindHouseholdOpened }
func (PersonRegistered) Kind() Kind   { return KindPersonRegistered }
func (Birth) Kind() Kind              { return KindBirth }
func (Death) Kind() Kind              { return KindDeath }
func (Arrival) Kind() Kind            { return KindArrival }
func (Departure) Kind() Kind          { return KindDeparture }
func (MoveInside) Kind() Kind         { return KindMoveInside }
func (Marriage) Kind() Kind           { return KindMarriage }
func (Divorce) Kind() Kind            { return KindDivorce }
func (InformationChanged) Kind() Kind { return KindInformationChanged }
func (HouseholdChanged) Kind() Kind   { return KindHouseholdChanged }
func (HeadChanged) Kind() Kind        { return KindHeadChanged }
func (HouseholdSplit) Kind() Kind     { return KindHouseholdSplit }
func (HouseholdJoined) Kind() Kind    { return KindHouseholdJoined }
func (ScopeCorrection) Kind() Kind    { return KindScopeCorrection }
func (Amendment) Kind() Kind          { return KindAmendment }
func (Annulment) Kind() Kind          { return KindAnnulment }
func (SamePerson) Kind() Kind         { return KindSamePerson }
func (SamePersonUndone) Kind() Kind   { return KindSamePersonUndone }
func (AreaDefined) Kind() Kind        { return KindAreaDefined }
func (UserCreated) Kind() Kind        { return KindUserCreated }
func (UserChanged) Kind() Kind        { return KindUserChanged }
func (OperationBegun) Kind() Kind     { return KindOperationBegun }
func (OperationEnded) Kind() Kind     { return KindOperationEnded }
func (PeriodClosed) Kind() Kind       { return KindPeriodClosed }
func (e Unknown) Kind() Kind          { return e.Of }

// When implements Entry.

func (e HouseholdOpened) When() Date    { return e.Date }
func (e PersonRegistered) When() Date   { return e.Date }
func (e Birth) When() Date              { return e.Child.Born }
func (e Death) When() Date              { return e.Date }
func (e Arrival) When() Date            { return e.Date }
func (e Departure) When() Date          { return e.Date }
func (e MoveInside) When() Date         { return e.Date }
func (e Marriage) When() Date           { return e.Date }
func (e Divorce) When() Date            { return e.Date }
func (e InformationChanged) When() Date { return e.Date }
func (e HouseholdChanged) When() Date   { return e.Date }
func (e HeadChanged) When() Date        { return e.Date }
func (e HouseholdSplit) When() Date     { return e.Date }
func (e HouseholdJoined) When() Date    { return e.Date }
func (e ScopeCorrection) When() Date    { return e.Date }
func (Amendment) When() Date            { return Date{} }
func (Annulment) When() Date            { return Date{} }
func (e SamePerson) When() Date         { return e.Date }
func (e SamePersonUndone) When() Date   { return e.Date }
func (e AreaDefined) When() Date        { return e.Date }
func (UserCreated) When() Date          { return Date{} }
func (UserChanged) When() Date          { return Date{} }
func (OperationBegun) When() Date       { return Date{} }
func (OperationEnded) When() Date       { return Date{} }
func (PeriodClosed) When() Date         { return Date{} }
func (Unknown) When() Date              { return Date{} }

// Counted implements Entry. A closed period counts in none.

func (e HouseholdOpened) Counted() Period    { return e.Period }
func (e PersonRegistered) Counted() Period   { return e.Period }
func (e Birth) Counted() Period              { return e.Period }
func (e Death) Counted() Period              { return e.Period }
func (e Arrival) Counted() Period            { return e.Period }
func (e Departure) Counted() Period          { return e.Period }
func (e MoveInside) Counted() Period         { return e.Period }
func (e Marriage) Counted() Period           { return e.Period }
func (e Divorce) Counted() Period            { return e.Period }
func (e InformationChanged) Counted() Period { return e.Period }
func (e HouseholdChanged) Counted() Period   { return e.Period }
func (e HeadChanged) Counted() Period        { return e.Period }
func (e HouseholdSplit) Counted() Period     { return e.Period }
func (e HouseholdJoined) Counted() Period    { return e.Period }
func (e ScopeCorrection) Counted() Period    { return e.Period }
func (Amendment) Counted() Period            { return 0 }
func (Annulment) Counted() Period            { return 0 }
func (e SamePerson) Counted() Period         { return e.Period }
func (e SamePersonUndone) Counted() Period   { return e.Period }
func (AreaDefined) Counted() Period          { return 0 }
func (UserCreated) Counted() Period          { return 0 }
func (UserChanged) Counted() Period          { return 0 }
func (OperationBegun) Counted() Period       { return 0 }
func (OperationEnded) Counted() Period       { return 0 }
func (PeriodClosed) Counted() Period         { return 0 }
func (Unknown) Counted() Period              { return 0 }
