package update

// Status is what the pages and 'tramxa update status' show. It is JSON.
type Status struct {
	Development bool       `json:"development,omitempty"` // takes no updates
	Channel     string     `json:"channel"`
	Level       int        `json:"level"`
	Current     Installed  `json:"current"`
	Slot        Slot       `json:"slot"`
	Previous    *Installed `json:"previous,omitempty"`
	CanGoBack   bool       `json:"can_go_back"`
	Trial       *Installed `json:"trial,omitempty"`
	Tries       int        `json:"tries,omitempty"`
	Left        []Mark     `json:"left,omitempty"`    // versions that were left again
	Untold      []Report   `json:"reports,omitempty"` // that the province does not have yet
}

// Status reads the state and sums it up.
func (s *Store) Status() (Status, error) {
	st, err := s.State()
	if err != nil {
		return Status{}, err
	}
	_, untrusted := s.trust()
	out := Status{
		Development: untrusted != nil, Channel: s.o.Channel, Level: st.Level,
		Current: *st.In(st.Current), Slot: st.Current, Left: st.Marks, Untold: st.Reports,
	}
	if p := st.In(st.Previous); p != nil {
		out.Previous, out.CanGoBack = p, p.Formats.Covers(st.Level)
	}
	if st.Trial != nil {
		out.Trial, out.Tries = st.In(st.Trial.Slot), st.Trial.Tries
	}
	return out, nil
}
