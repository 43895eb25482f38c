package localui

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// setupStep is one page of the way through the setup. post takes what was sent
// into the state; with faults noted in the visit nothing is taken.
type setupStep struct {
	slug string
	name string // key of its name in the row of steps
	done func(s *setup, ctx context.Context) bool
	view func(s *setup, v *setupVisit) (any, error)
	post func(s *setup, v *setupVisit) error
}

// setupSteps in their order.
func setupSteps() []setupStep {
	return []setupStep{
		{"ngon-ngu", "setup.step.language", func(s *setup, _ context.Context) bool { return s.state.Language != "" }, viewLanguage, postLanguage},
		{"don-vi", "setup.step.unit", func(s *setup, _ context.Context) bool { return s.state.Unit != "" }, viewUnit, postUnit},
		{"dong-ho", "setup.step.clock", clockDone, viewClock, postClock},
		{"may", "setup.step.machine", func(s *setup, _ context.Context) bool { return s.state.Machine }, viewMachine, postMachine},
		{"noi-tinh", "setup.step.hub", func(s *setup, _ context.Context) bool { return s.state.Station != 0 }, viewHub, postHub},
		{"truong-tram", "setup.step.head", func(s *setup, _ context.Context) bool { return s.state.Login != "" && s.password != "" }, viewHead, postHead},
		{"phieu", "setup.step.sheet", sheetDone, viewSheet, postSheet},
		{"du-lieu", "setup.step.data", func(s *setup, _ context.Context) bool { return s.done }, viewData, postData},
		{"xong", "setup.step.done", func(*setup, context.Context) bool { return false }, viewDone, nil},
	}
}

// openStep is the first step that is not done.
func (s *setup) openStep(ctx context.Context) string {
	slug, _ := s.open(ctx)
	return slug
}

func (s *setup) open(ctx context.Context) (string, int) {
	steps := setupSteps()
	for i, st := range steps {
		if s.done && st.post != nil {
			continue
		}
		if !st.done(s, ctx) {
			return st.slug, i
		}
	}
	return steps[len(steps)-1].slug, len(steps) - 1
}

// find returns the step asked for, or sends to the open one when it lies
// beyond; after the end there is only the last.
func (s *setup) find(v *setupVisit) (step setupStep, index int, ok bool) {
	slug, open := s.open(v.r.Context())
	for i, st := range setupSteps() {
		if st.slug != v.r.PathValue("buoc") {
			continue
		}
		if i > open || s.done && i < open {
			v.goTo(slug)
			return st, i, false
		}
		return st, i, true
	}
	return setupStep{}, 0, true
}

func (s *setup) stepPage(v *setupVisit) error {
	st, i, ok := s.find(v)
	if !ok {
		return nil
	}
	if st.slug == "" {
		return errNotFound
	}
	return s.showStep(v, st, i)
}

func (s *setup) showStep(v *setupVisit, st setupStep, i int) error {
	data, err := st.view(s, v)
	if err != nil {
		return err
	}
	return s.show(v, "setup-"+pageOf[st.slug], v.text(st.name), setupBody{At: i + 1, Data: data, Finished: s.done})
}

// pageOf names the template of a step.
var pageOf = map[string]string{"ngon-ngu": "language", "don-vi": "unit", "dong-ho": "clock", "may": "machine", "noi-tinh": "hub",
	"truong-tram": "head", "phieu": "sheet", "du-lieu": "data", "xong": "done"}

// stepPost takes a step and leads to the next; with faults the page comes again
// with what was typed.
func (s *setup) stepPost(v *setupVisit) error {
	st, i, ok := s.find(v)
	if !ok {
		return nil
	}
	if st.post == nil {
		return errNotFound
	}
	err := st.post(s, v)
	switch {
	case errors.Is(err, errShown):
		return nil
	case err != nil:
		return err
	case len(v.faults) > 0:
		return s.showStep(v, st, i)
	}
	if err := s.keep(); err != nil {
		return err
	}
	v.goTo(setupSteps()[i+1].slug)
	return nil
}

// errShown: the request was answered already.
var errShown = errors.New("answered already")

// setupBody is what every page of the setup gets; Data is the page's own.
type setupBody struct {
	Steps      []stepView
	At, Of     int // number of this step from 1, 0: beside the way
	Back       string
	Finished   bool
	Faults     map[string]string
	FirstFault string
	Data       any
}

type stepView struct {
	Number             int
	Slug, Name         string
	Here, Before, Open bool // Open: it can be gone back to
}

// fill adds the row of steps.
func (b *setupBody) fill(v *setupVisit) {
	steps := setupSteps()
	b.Of = len(steps)
	for i, st := range steps {
		b.Steps = append(b.Steps, stepView{Number: i + 1, Slug: st.slug, Name: v.text(st.name), Here: i+1 == b.At, Before: i+1 < b.At, Open: i+1 < b.At && !b.Finished})
	}
	if b.At > 1 && !b.Finished {
		b.Back = "/cai-dat/" + steps[b.At-2].slug
	}
}

// Fault is what is wrong with a field; templates call it.
func (b setupBody) Fault(field string) string { return b.Faults[field] }

// Auto reports whether a field has the focus when the page comes: the first that
// is wrong, else the one that is meant to have it.
func (b setupBody) Auto(field string, meant bool) bool {
	if len(b.Faults) > 0 {
		return field == b.FirstFault
	}
	return meant
}

func viewLanguage(s *setup, v *setupVisit) (any, error) {
	var out []optionView
	for _, lang := range languages {
		out = append(out, optionView{lang, s.locales[lang].text("setup.language.own"), lang == v.lang})
	}
	return languageView{out, s.o.Version, s.o.Backups != nil || s.o.Restore == nil}, nil
}

type languageView struct {
	Languages []optionView
	Version   string
	CanBack   bool
}

func postLanguage(s *setup, v *setupVisit) error {
	lang := known(v.sent("language"))
	if lang == "" {
		v.fault("language", "setup.language.pick")
		return nil
	}
	s.state.Language = lang
	http.SetCookie(v.w, &http.Cookie{Name: langCookie, Value: lang, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return nil
}
