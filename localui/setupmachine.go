package localui

import (
	"net/http"
)

// machineView is the page about this PC.
type machineView struct {
	Sections []sectionView
	CanTest  bool
	Test     taskView
	Bad      bool // something is bad: said at the top
}

type sectionView struct {
	Title string
	Rows  []rowView
}

type rowView struct{ Label, Value, State, Sign, Hint string }

// rowSigns stand beside a judgement, so that it is not told by colour alone.
var rowSigns = map[string]string{"good": "✓", "warn": "⚠", "bad": "✕"}

func (w words) sections(list []Section) (out []sectionView, bad bool) {
	for _, s := range list {
		sv := sectionView{Title: s.Title.In(w.lang)}
		for _, r := range s.Rows {
			bad = bad || r.State == "bad"
			sv.Rows = append(sv.Rows, rowView{r.Label.In(w.lang), r.Value.In(w.lang), r.State, rowSigns[r.State], r.Hint.In(w.lang)})
		}
		out = append(out, sv)
	}
	return out, bad
}

func (s *setup) machine() []Section {
	if s.o.Machine == nil {
		return nil
	}
	return s.o.Machine()
}

func viewMachine(s *setup, v *setupVisit) (any, error) {
	b := machineView{CanTest: s.o.DiskTest != nil, Test: s.test.view(v.words)}
	b.Sections, b.Bad = v.sections(s.machine())
	if b.Test.Running {
		v.w.Header().Set("Refresh", "2; url=/cai-dat/may")
	}
	return b, nil
}

func postMachine(s *setup, _ *setupVisit) error {
	s.state.Machine = true
	return nil
}

// testPost begins the disk test; pressed again while it runs it does nothing.
func (s *setup) testPost(v *setupVisit) error {
	if s.o.DiskTest == nil {
		return errNotFound
	}
	s.test.start(s.o.DiskTest, func(err error) {
		if err != nil {
			s.o.Log.Warn("localui: disk test failed", "error", err)
		}
	})
	v.goTo("may")
	return nil
}

// machinePDF is the health sheet.
func (s *setup) machinePDF(v *setupVisit) error {
	b, err := HealthSheet(HealthFacts{Place: s.state.Place, Date: s.today(), Version: s.o.Version, Sections: s.machine()})
	if err != nil {
		return err
	}
	servePDF(v.w, "suc-khoe-may.pdf", b)
	return nil
}

// servePDF sends a PDF that the browser shows; it is not kept in its cache.
func servePDF(w http.ResponseWriter, name string, b []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	_, _ = w.Write(b)
}
