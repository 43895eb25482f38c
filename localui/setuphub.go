package localui

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxStation is the largest number a hub grants.
const maxStation = 1 << 31

// maxHubs bounds the servers of a hub.
const maxHubs = 9

// hubView is the page of the province's hub and the station's key.
type hubView struct {
	Station, Mint, Hub, Pin string
	PinShort                string // of the key that is known
	Later                   bool
	KeyFile                 bool
	CanBack                 bool
	CanUpload               bool
	Sticks                  []stickLine
	Taken                   string // what a file just gave
}

type stickLine struct{ ID, Label string }

func viewHub(s *setup, v *setupVisit) (any, error) {
	st, k := &s.state, &s.state.Known
	b := hubView{CanUpload: s.o.Take != nil, KeyFile: st.KeyFile, CanBack: s.o.Restore != nil}
	station, mint, hub, pin := st.Station, st.Mint, st.Hub, st.HubPin
	if station == 0 {
		station, mint, hub, pin = k.Station, k.Mint, k.Hub, k.HubPin
	}
	b.Station, b.Mint = v.typed("station", number(station)), v.typed("mint", number(mint))
	b.Hub, b.Pin = v.typed("hub", strings.Join(hub, ", ")), v.typed("pin", pin)
	b.PinShort = shortPin(b.Pin)
	b.Later = v.typed("later", map[bool]string{true: "1"}[st.Station != 0 && len(st.Hub) == 0]) != ""
	if s.o.Sticks != nil && s.o.TakeFrom != nil {
		for _, f := range s.o.Sticks(v.r.Context()) {
			b.Sticks = append(b.Sticks, stickLine{f.ID, f.Label.In(v.lang)})
		}
	}
	switch v.r.URL.Query().Get("tep") {
	case "khoa":
		b.Taken = v.text("setup.hub.took_key")
	case "seed":
		b.Taken = v.text("setup.hub.took_seed")
	}
	return b, nil
}

func number(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

// shortPin is the beginning and end of a key, enough to compare by eye.
func shortPin(pin string) string {
	pin = strings.Join(strings.Fields(pin), "")
	if len(pin) < 16 {
		return ""
	}
	return pin[:6] + "…" + pin[len(pin)-6:]
}

func postHub(s *setup, v *setupVisit) error {
	station, ok := readNumber(v.sent("station"))
	switch {
	case !ok:
		v.fault("station", "setup.hub.number_wrong")
	case station == 0:
		v.fault("station", "setup.hub.number_missing")
	}
	mint, ok := readNumber(v.sent("mint"))
	if !ok {
		v.fault("mint", "setup.hub.number_wrong")
	}
	hub, pin := splitHubs(v.sent("hub")), strings.Join(strings.Fields(v.sent("pin")), "")
	if v.sent("later") != "" {
		hub, pin = nil, ""
	} else {
		s.checkHub(v, hub, pin)
	}
	if len(v.faults) == 0 {
		s.state.Station, s.state.Mint, s.state.Hub, s.state.HubPin = station, mint, hub, pin
	}
	return nil
}

// checkHub notes what is wrong with the servers and their key.
func (s *setup) checkHub(v *setupVisit, hub []string, pin string) {
	if len(hub) == 0 {
		v.fault("hub", "setup.hub.missing")
	}
	if len(hub) > maxHubs {
		v.fault("hub", "setup.hub.too_many", "max", maxHubs)
	}
	for _, h := range hub {
		host, port, err := net.SplitHostPort(h)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || !isHostName(host) {
			v.fault("hub", "setup.hub.address_wrong")
		}
	}
	switch {
	case pin == "":
		v.fault("pin", "setup.hub.pin_missing")
	case len(pin) > 4*maxPlace || s.o.CheckPin != nil && s.o.CheckPin(pin) != nil:
		v.fault("pin", "setup.hub.pin_wrong")
	}
}

// readNumber reads a number the hub grants; "" is 0.
func readNumber(s string) (uint32, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n <= maxStation && isDigits(s)
}

func splitHubs(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
}

// isHostName reports whether s is an address or a name made of letters, digits,
// hyphens and dots.
func isHostName(s string) bool {
	if net.ParseIP(s) != nil {
		return true
	}
	return s != "" && len(s) <= 253 && !strings.HasPrefix(s, "-") && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// filePost takes the file the technician has chosen.
func (s *setup) filePost(v *setupVisit) error {
	if s.o.Take == nil {
		return errNotFound
	}
	f, _, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		v.fault("file", "setup.hub.file_missing")
		return s.hubAgain(v)
	}
	if err != nil {
		return errBadInput
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBody))
	if err != nil {
		return errBadInput
	}
	taken, err := s.o.Take(v.r.Context(), b)
	return s.took(v, taken, err)
}

// stickPost takes a file found on a stick.
func (s *setup) stickPost(v *setupVisit) error {
	if s.o.Sticks == nil || s.o.TakeFrom == nil {
		return errNotFound
	}
	id := v.r.PostForm.Get("id")
	if !slices.ContainsFunc(s.o.Sticks(v.r.Context()), func(f StickFile) bool { return f.ID == id }) {
		v.fault("file", "setup.hub.stick_gone")
		return s.hubAgain(v)
	}
	taken, err := s.o.TakeFrom(v.r.Context(), id)
	return s.took(v, taken, err)
}

// took puts what a file said into the fields of the page. A file of another
// commune is not this station's.
func (s *setup) took(v *setupVisit, t Taken, err error) error {
	switch {
	case err != nil:
		v.faultSaid("file", v.failure(err))
	case t.Prefill.Unit != "" && s.state.Unit != "" && t.Prefill.Unit != s.state.Unit:
		v.fault("file", "setup.hub.other_unit", "unit", t.Prefill.Unit, "chosen", s.state.Unit)
	}
	if len(v.faults) > 0 {
		return s.hubAgain(v)
	}
	what := "seed"
	if t.KeyFile {
		what, s.state.KeyFile = "khoa", true
	}
	st := &s.state // the page offers what was agreed to before, and the file's own words over it
	st.Known.merge(SetupPrefill{Station: st.Station, Mint: st.Mint, Hub: st.Hub, HubPin: st.HubPin})
	st.Known.merge(t.Prefill)
	st.Station, st.Mint, st.Hub, st.HubPin = 0, 0, nil, ""
	if err := s.keep(); err != nil {
		return err
	}
	v.goTo("noi-tinh?tep=" + what)
	return nil
}

func (s *setup) hubAgain(v *setupVisit) error {
	v.r.PostForm = nil
	err := s.shownAgain(v, "noi-tinh")
	if errors.Is(err, errShown) {
		return nil
	}
	return err
}

// failure words an error of a work of the caller's.
func (w words) failure(err error) string {
	var r Refusal
	if errors.As(err, &r) {
		return r.In(w.lang)
	}
	return w.text("setup.error", "error", err.Error())
}
