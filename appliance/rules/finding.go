package rules

import "tramxa/appliance/population"

// Finding is what a rule says about an entry.
type Finding struct {
	Rule  string            `json:"rule"`            // id, e.g. "B03"
	Hard  bool              `json:"hard"`            // refuses; otherwise it asks
	Field string            `json:"field,omitempty"` // JSON path in the entry, e.g. "child.born"; "" the entry as a whole
	Args  map[string]string `json:"args,omitempty"`  // for the text: {name} is replaced by the value; no names of persons
	About []population.ID   `json:"about,omitempty"` // the persons or households it speaks of besides the form itself
}

// Hard reports whether any finding refuses.
func Hard(fs []Finding) bool {
	for _, f := range fs {
		if f.Hard {
			return true
		}
	}
	return false
}

// Open returns the soft findings not answered by confirmed: those whose rule
// has no confirmation with a reason.
func Open(fs []Finding, confirmed []population.Confirmation) []Finding {
	var open []Finding
	for _, f := range fs {
		if !f.Hard && !answered(f.Rule, confirmed) {
			open = append(open, f)
		}
	}
	return open
}

func answered(rule string, confirmed []population.Confirmation) bool {
	for _, c := range confirmed {
		if c.Rule == rule && c.Reason != "" {
			return true
		}
	}
	return false
}
