package localui

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
)

// setup is the pages of the first start, before there is a station.
type setup struct {
	*renderer
	o      SetupOptions
	mux    *http.ServeMux
	door   setupDoor
	test   task // of the disk
	back   task // restore of a backup
	opened sync.Once

	mu       sync.Mutex // over all below, and while Finish runs
	state    setupState
	password string // of the head, until Finish; never kept on disk
	done     bool
	restored bool // a backup took the place of a new station
	differs  bool // from what the backup states, see ErrDiffers
	left     bool // the last page was left for the home page
}

// setupVisit is one request for a page of the setup.
type setupVisit struct {
	words
	w          http.ResponseWriter
	r          *http.Request
	faults     map[string]string // field → what is wrong with it
	firstFault string            // the field that gets the focus
	status     int               // 0: 200, or 422 with faults
}

// fault notes what is wrong with a field; the first word on it counts.
func (v *setupVisit) fault(field, key string, args ...any) { v.faultSaid(field, v.text(key, args...)) }

func (v *setupVisit) faultSaid(field, text string) {
	if v.faults == nil {
		v.faults, v.firstFault = make(map[string]string), field
	}
	if v.faults[field] == "" {
		v.faults[field] = text
	}
}

// typed is what stands in a field: what was sent just now, else was.
func (v *setupVisit) typed(field, was string) string {
	if v.r.PostForm.Has(field) {
		return v.r.PostForm.Get(field)
	}
	return was
}

func (v *setupVisit) sent(field string) string { return strings.TrimSpace(v.r.PostForm.Get(field)) }

// NewSetup returns the pages of the first start, at /cai-dat/STEP:
//
//	ngon-ngu     POST language
//	don-vi       GET tinh, q, ma · POST unit, unit_name (not in the list), place
//	dong-ho      POST date (dd/mm/yyyy), time (hh:mm), shown (as the page gave it)
//	may          POST; /cai-dat/may/thu POST begins the disk test
//	noi-tinh     POST station, mint, hub (commas between), pin, later; /cai-dat/noi-tinh/tep POST file (multipart), /cai-dat/noi-tinh/usb POST id
//	truong-tram  POST name, login, password, again
//	phieu        POST group1, group2; the sheet is /cai-dat/phieu.pdf
//	du-lieu      POST data (empty, practice, import): calls Finish
//	xong         POST /cai-dat/mo leaves for the station's home page
//	khoi-phuc    POST id, code: a backup instead of a new station
//
// A step that is taken is answered with 303 to the next, one that is not with
// 422 and sentences beside the fields. From another machine /cai-dat/ma takes
// POST code first.
func NewSetup(o SetupOptions) (http.Handler, error) {
	if o.Load == nil || o.Save == nil || o.Finish == nil || o.Recovery == nil {
		return nil, errors.New("localui: Load, Save, Finish and Recovery are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = func() (time.Time, bool) { return time.Now(), false }
	}
	r, err := newRenderer()
	if err != nil {
		return nil, err
	}
	s := &setup{renderer: r, o: o, mux: http.NewServeMux(), door: setupDoor{code: o.SetupCode}}
	if err := s.load(); err != nil {
		return nil, err
	}
	s.routes()
	return guard(lower(o.Hosts), http.HandlerFunc(s.serve)), nil
}

// load reads the kept state. One that is not understood is passed over: a setup
// that cannot go on would be worse than typing a few fields again.
func (s *setup) load() error {
	b, err := s.o.Load()
	if err != nil {
		return err
	}
	if s.state, err = parseSetup(b); err != nil {
		s.o.Log.Warn("localui: kept setup is not understood, beginning anew", "error", err)
		s.state = setupState{Version: setupVersion}
	}
	if len(b) == 0 || err != nil {
		s.state.Known.merge(s.o.Prefill)
	}
	return nil
}

// keep saves the state as it is now.
func (s *setup) keep() error {
	b, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	return s.o.Save(b)
}

func (s *setup) routes() {
	s.mux.Handle("GET /static/", s.assets)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("setup\n")) })
	s.handle("GET /{$}", s.toOpenStep)
	s.handle("GET /cai-dat", s.toOpenStep)
	s.handle("GET /cai-dat/{$}", s.toOpenStep)
	s.handle("GET /cai-dat/{buoc}", s.stepPage)
	s.handle("POST /cai-dat/{buoc}", s.stepPost)
	s.handle("POST /cai-dat/may/thu", s.testPost)
	s.handle("GET /cai-dat/may.pdf", s.machinePDF)
	s.handle("POST /cai-dat/noi-tinh/tep", s.filePost)
	s.handle("POST /cai-dat/noi-tinh/usb", s.stickPost)
	s.handle("GET /cai-dat/phieu.pdf", s.sheetPDF)
	s.handle("GET /cai-dat/ap-phich.pdf", s.posterPDF)
	s.handle("GET /cai-dat/khoi-phuc", s.restorePage)
	s.handle("POST /cai-dat/khoi-phuc", s.restorePost)
	s.handle("POST /cai-dat/mo", s.openPost)
	s.handle("/", func(*setupVisit) error { return errNotFound })
}

// handle puts a page under the lock of the setup: one request at a time, so that
// of two presses of a button the second finds what the first has done.
func (s *setup) handle(pattern string, h func(v *setupVisit) error) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		err := parseSetupForm(r) // before the lock: a slow line must not hold up others
		s.mu.Lock()
		defer s.mu.Unlock()
		v := &setupVisit{w: w, r: r, words: s.wordsFor(w, r)}
		if err == nil {
			err = h(v)
		}
		if err != nil {
			s.problem(v, err)
		}
	})
}

// parseSetupForm reads the fields of a form, also of one that carries a file.
func parseSetupForm(r *http.Request) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return parseForm(r)
	}
	err := r.ParseMultipartForm(maxBody)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return errBadInput
	}
	return nil
}

// wordsFor: the language chosen in this browser, else the one of the setup.
func (s *setup) wordsFor(w http.ResponseWriter, r *http.Request) words {
	lang := language(w, r)
	if _, err := r.Cookie(langCookie); err != nil && known(r.URL.Query().Get("lang")) == "" {
		lang = first(first(s.state.Language, s.state.Known.Language), lang)
	}
	return words{s.locales[lang], lang}
}

// serve lets in who is at this machine or has given the code.
func (s *setup) serve(w http.ResponseWriter, r *http.Request) {
	open := r.URL.Path == "/healthz" || strings.HasPrefix(r.URL.Path, "/static/")
	if open || fromHere(r) || s.door.knows(r) {
		s.mux.ServeHTTP(w, r)
		return
	}
	s.mu.Lock()
	v := &setupVisit{w: w, r: r, words: s.wordsFor(w, r)}
	s.mu.Unlock()
	if err := s.codePage(v); err != nil {
		s.problem(v, err)
	}
}

// toOpenStep leads to where the setup stands.
func (s *setup) toOpenStep(v *setupVisit) error {
	if s.left {
		return s.opening(v)
	}
	v.goTo(s.openStep(v.r.Context()))
	return nil
}

// goTo leads to a step.
func (v *setupVisit) goTo(slug string) {
	http.Redirect(v.w, v.r, "/cai-dat/"+slug, http.StatusSeeOther)
}

// now is the PC's clock with what the officer said of it, in the time of the
// country.
func (s *setup) now() time.Time {
	now, _ := s.o.Clock()
	at, ok := s.state.Clock.agreed(now)
	if !ok {
		at = now
	}
	return at.In(clock.Country)
}

func (s *setup) today() population.Date { return population.DateOf(s.now()) }

// show writes a page of the setup.
func (s *setup) show(v *setupVisit, name, title string, b setupBody) error {
	b.Faults, b.FirstFault = v.faults, v.firstFault
	b.fill(v)
	status := v.status
	if status == 0 {
		status = http.StatusOK
		if len(v.faults) > 0 {
			status = http.StatusUnprocessableEntity
		}
	}
	return s.write(v.w, status, name, s.page(v, title, b))
}

// page is the frame: nobody is logged in, so there is no menu.
func (s *setup) page(v *setupVisit, title string, body any) page {
	other := languages[0]
	if v.lang == other {
		other = languages[1]
	}
	href := "/cai-dat/?lang=" + other
	if v.r.Method == http.MethodGet {
		q := v.r.URL.Query()
		q.Set("lang", other)
		href = v.r.URL.Path + "?" + q.Encode()
	}
	return page{Lang: v.lang, OtherLang: other, LangHref: href, Title: title, Place: first(s.state.Place, v.text("setup.title")), Body: body}
}

// problem answers what no field can be blamed for.
func (s *setup) problem(v *setupVisit, err error) {
	status, title, hint := http.StatusInternalServerError, "setup.failed", "setup.failed.hint"
	switch {
	case errors.Is(err, errNotFound):
		status, title, hint = http.StatusNotFound, "problem.not_found", "setup.not_found.hint"
	case errors.Is(err, errTooLarge):
		status, title, hint = http.StatusRequestEntityTooLarge, "problem.too_large", "problem.too_large.hint"
	case errors.Is(err, errBadInput):
		status, title, hint = http.StatusBadRequest, "problem.bad_input", "problem.bad_input.hint"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		status, title, hint = http.StatusServiceUnavailable, "problem.busy", "problem.busy.hint"
	default:
		s.o.Log.Error("localui: setup page failed", "method", v.r.Method, "page", v.r.Pattern, "error", err)
	}
	body := problemBody{Title: v.text(title), Hint: v.text(hint)}
	if err := s.write(v.w, status, "problem", s.page(v, body.Title, body)); err != nil {
		http.Error(v.w, body.Title, status)
	}
}
