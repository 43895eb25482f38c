package register

import "tramxa/appliance/population"

// Written returns the entry seq as it was first written, whatever amended or
// annulled it since; nil for a sequence not applied or quarantined.
func (v *View) Written(seq uint64) population.Entry {
	e, err := v.book.written(seq)
	v.stick(err)
	return e
}

// Undone reports whether an operation stands undone: undone, and its undoing
// not undone in turn. The state's own Undone says only that it once was.
func (v *View) Undone(op uint64) bool {
	for _, o := range v.Operations() {
		b, ok := v.Written(o.ID).(population.OperationBegun)
		if ok && b.Undoes == op && o.ID > op && !v.Undone(o.ID) {
			return true
		}
	}
	return false
}
