package localui

import (
	"context"
	"html/template"
	"net/http"
	"time"
)

var setupData = []string{DataEmpty, DataPractice, DataImport}

// dataView is the page of what to begin with; it ends the setup.
type dataView struct {
	Choices []choiceView
	CanBack bool
	Unit    string
	Place   string
	Station uint32
	Head    string
}

type choiceView struct {
	Value, Label, About string
	On                  bool
}

func viewData(s *setup, v *setupVisit) (any, error) {
	on := v.typed("data", first(s.state.Data, DataEmpty))
	return dataView{
		Choices: []choiceView{
			{DataEmpty, v.text("setup.data.empty"), v.text("setup.data.empty.about"), on == DataEmpty},
			{DataPractice, v.text("setup.data.practice"), v.text("setup.data.practice.about"), on == DataPractice},
			{DataImport, v.text("setup.data.import"), v.text("setup.data.import.about"), on == DataImport},
		},
		CanBack: s.o.Restore != nil, Unit: s.state.UnitName + " (" + s.state.Unit + ")", Place: s.state.Place, Station: s.state.Station,
		Head: s.state.Name + " (" + s.state.Login + ")",
	}, nil
}

// postData takes the choice and makes the station. The password is forgotten
// whatever comes of it.
func postData(s *setup, v *setupVisit) error {
	switch d := v.sent("data"); d {
	case DataEmpty, DataPractice, DataImport:
		s.state.Data = d
	default:
		v.fault("data", "setup.data.pick")
		return nil
	}
	if err := s.keep(); err != nil {
		return err
	}
	if slug, _ := s.open(v.r.Context()); slug != "du-lieu" {
		v.goTo(slug)
		return errShown
	}
	if s.back.view(v.words).Running {
		v.goTo("khoi-phuc")
		return errShown
	}
	err := s.o.Finish(context.WithoutCancel(v.r.Context()), s.answers())
	s.password = ""
	if err != nil {
		s.o.Log.Error("localui: setup did not finish", "error", err)
		v.faultSaid("data", v.failure(err)+" "+v.text("setup.data.again"))
		return nil
	}
	s.end(openAfter)
	v.goTo("xong")
	return errShown
}

func (s *setup) answers() Answers {
	st := &s.state
	return Answers{Language: st.Language, Unit: st.Unit, UnitName: st.UnitName, Province: st.Province, Place: st.Place,
		Clock:   ClockAnswer{Confirmed: s.now(), Off: time.Duration(st.Clock.Off) * time.Second, Battery: st.Clock.Battery},
		Station: st.Station, Mint: st.Mint, Hub: st.Hub, HubPin: st.HubPin,
		HeadName: st.Name, HeadLogin: st.Login, HeadPassword: s.password, Data: st.Data}
}

// doneView is the last page.
type doneView struct {
	Place       string
	Login       string
	Data        string
	Addresses   []addressView
	Fingerprint string
	Restored    bool
	Differs     bool // see ErrDiffers
}

type addressView struct {
	URL string
	QR  template.HTML
}

func viewDone(s *setup, v *setupVisit) (any, error) {
	b := doneView{Place: s.state.Place, Login: s.state.Login, Data: s.state.Data, Restored: s.restored, Differs: s.differs}
	b.Addresses = addressesOf(s.o.Addresses, 2)
	if s.o.Fingerprint != nil && len(b.Addresses) > 0 {
		b.Fingerprint = s.o.Fingerprint()
	}
	return b, nil
}

// addressesOf are the first addresses with their QR codes; one that does not fit
// into a code is shown without.
func addressesOf(list func() []string, most int) (out []addressView) {
	if list == nil {
		return nil
	}
	for _, a := range list() {
		if len(out) == most {
			break
		}
		svg, err := qrSVG(a)
		if err != nil {
			svg = ""
		}
		out = append(out, addressView{a, svg})
	}
	return out
}

// posterPDF is the sheet for the wall.
func (s *setup) posterPDF(v *setupVisit) error {
	if s.o.Addresses == nil || len(s.o.Addresses()) == 0 {
		return errNotFound
	}
	f := PosterFacts{Place: s.state.Place, Address: s.o.Addresses()[0]}
	if s.o.Fingerprint != nil {
		f.Fingerprint = s.o.Fingerprint()
	}
	b, err := Poster(f)
	if err != nil {
		return err
	}
	servePDF(v.w, "dia-chi-tram.pdf", b)
	return nil
}

// openAfter is how long the last page stands: a station that is made shall work,
// also when nobody presses the last button.
const openAfter = 10 * time.Minute

// end notes that there is a station now; the caller has the lock.
func (s *setup) end(wait time.Duration) {
	s.done = true
	time.AfterFunc(wait, s.openOnce)
}

// openOnce lets the caller put the station in place of the setup.
func (s *setup) openOnce() {
	s.opened.Do(func() {
		if s.o.Opened != nil {
			go s.o.Opened()
		}
	})
}

// openPost leaves the setup for the station's home page.
func (s *setup) openPost(v *setupVisit) error {
	if !s.done {
		v.goTo(s.openStep(v.r.Context()))
		return nil
	}
	s.left = true
	if s.state.Login != "" {
		setFirstLogin(v.w, v.r, s.state.Login)
	}
	s.openOnce()
	return s.opening(v)
}

// opening asks for the home page again and again until the station answers
// there.
func (s *setup) opening(v *setupVisit) error {
	v.w.Header().Set("Refresh", "2; url=/")
	return s.write(v.w, http.StatusOK, "setup-opening", s.page(v, v.text("setup.opening.title"), nil))
}
