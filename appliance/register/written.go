package register

import "tramxa/appliance/population"

// Written returns the entry seq as it was first written, whatever amended or
// annulled it since; nil for a sequence not applied or quarantined.
func (v *View) Written(seq uint64) population.Entry {
	e, err := v.book.written(seq)
	v.stick(err)
	return e
}
