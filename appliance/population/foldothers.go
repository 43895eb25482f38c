package population

import "slices"

// FoldArea returns the state of an area: its last live definition.
func FoldArea(id ID, live []Located) Area {
	a := Area{ID: id}
	for _, l := range inOrder(live) {
		if e, ok := l.Entry.(AreaDefined); ok {
			a.Number, a.Unit, a.Hamlet = e.Number, e.Unit, e.Hamlet
			a.Collaborator, a.Closed = e.Collaborator, e.Closed
		}
		a.Last = max(a.Last, l.Seq)
	}
	return a
}

// FoldUser returns the state of a user; the number is the one of the Ref.
func FoldUser(number uint32, live []Located) User {
	u := User{Number: number}
	for _, l := range inOrder(live) {
		switch e := l.Entry.(type) {
		case UserCreated:
			u.Login, u.Name, u.Role, u.Areas = e.Login, e.Name, e.Role, slices.Clone(e.Areas)
		case UserChanged:
			u.Name, u.Role, u.Areas, u.Disabled = e.Name, e.Role, slices.Clone(e.Areas), e.Disabled
		}
		u.Last = max(u.Last, l.Seq)
	}
	return u
}

// FoldOperation returns the state of an operation: of the live entries that
// refer to it, OperationBegun at the sequence id, OperationEnded, and the
// beginning of an operation that undoes it.
func FoldOperation(id uint64, live []Located) Operation {
	o := Operation{ID: id}
	for _, l := range inOrder(live) {
		switch e := l.Entry.(type) {
		case OperationBegun:
			switch id {
			case l.Seq:
				o.What, o.Source, o.Digest, o.Rows = e.What, e.Source, slices.Clone(e.Digest), e.Rows
			case e.Undoes:
				o.Undone = true
			}
		case OperationEnded:
			o.Taken, o.Refused, o.Ended, o.Broken = e.Taken, e.Refused, true, e.Broken
		}
	}
	return o
}
