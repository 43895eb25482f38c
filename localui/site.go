package localui

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"tramxa/appliance/auth"
	"tramxa/appliance/population"
	"tramxa/appliance/registrar"
)

// Errors handlers answer with; problem turns them into pages.
var (
	errNotFound  = errors.New("no such page")
	errForbidden = errors.New("not for this role")
	errTooLarge  = errors.New("body is too large")
	errBadInput  = errors.New("input is not understood")
	// ErrNoStation is returned by a Board that does not know the station.
	ErrNoStation = errors.New("no such station")
)

// site is what the station's and the hub's pages have in common: looks,
// languages, logins.
type site struct {
	*renderer
	auth     *auth.Auth
	hosts    []string
	place    string
	code     string
	practice bool
	entered  bool // the practice commune of a station, entered from its real book
	log      *slog.Logger
	mux      *http.ServeMux
	founding sync.Mutex // one first account

	user  func(ctx context.Context, number uint32, login string) (population.User, error) // who it is now; errForbidden when disabled
	found func(ctx context.Context, f firstAccount) error                                 // makes the first account's user and account
	frame func(v *visit) frame                                                            // menu, pill
}

// frame is what a site puts around its pages.
type frame struct {
	Menu   []menuItem
	Search bool
	Pill   pill
	Live   bool
}

// visit is one request of somebody who is logged in.
type visit struct {
	words
	r       *http.Request
	token   string
	session auth.Session
	user    population.User
}

type handler func(w http.ResponseWriter, r *http.Request, v *visit) error

func newSite(a *auth.Auth, hosts []string, place, code string, practice bool, log *slog.Logger) (*site, error) {
	if a == nil {
		return nil, errors.New("localui: Auth is required")
	}
	r, err := newRenderer()
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &site{renderer: r, auth: a, place: place, code: code, practice: practice, log: log, mux: http.NewServeMux()}
	for _, h := range hosts {
		s.hosts = append(s.hosts, strings.ToLower(h))
	}
	s.mux.Handle("GET /static/", s.assets)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	s.mux.HandleFunc("GET /dang-nhap", s.loginPage)
	s.mux.HandleFunc("POST /dang-nhap", s.loginPost)
	s.mux.HandleFunc("POST /dang-xuat", s.logout)
	s.mux.HandleFunc("GET /bat-dau", s.firstPage)
	s.mux.HandleFunc("POST /bat-dau", s.firstPost)
	s.handle("GET /them", nil, s.more)
	s.handle("/", nil, func(http.ResponseWriter, *http.Request, *visit) error { return errNotFound })
	return s, nil
}

// handler returns the site as it is served.
func (s *site) handler() http.Handler {
	return guard(s.hosts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.auth.Empty() && !openWithoutAccount(r.URL.Path) {
			http.Redirect(w, r, "/bat-dau", http.StatusSeeOther)
			return
		}
		s.mux.ServeHTTP(w, r)
	}))
}

func openWithoutAccount(path string) bool {
	return path == "/bat-dau" || path == "/healthz" || strings.HasPrefix(path, "/static/")
}

// handle puts a page behind the login and, when roles are given, behind them.
func (s *site) handle(pattern string, roles []population.Role, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		lang := language(w, r)
		if err := parseForm(r); err != nil {
			s.problem(w, r, nil, lang, err)
			return
		}
		if !s.ownForm(r) {
			s.problem(w, r, nil, lang, errOtherBook)
			return
		}
		v, err := s.enter(w, r, lang)
		if v == nil {
			if err != nil {
				s.problem(w, r, nil, lang, err)
			}
			return
		}
		if err == nil && roles != nil && !slices.Contains(roles, v.user.Role) {
			err = errForbidden
		}
		if err == nil {
			err = h(w, r, v)
		}
		if err != nil {
			s.problem(w, r, v, lang, err)
		}
	})
}

// parseForm reads the fields, telling a body too large from a wrong one.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return errBadInput
	}
	return nil
}

// enter finds the login session of a request. Without one the request is
// answered here (nil, nil): a page asked for sends to the login, a form sent
// gets a login page that keeps its fields, so that nothing typed is lost.
func (s *site) enter(w http.ResponseWriter, r *http.Request, lang string) (*visit, error) {
	l := s.locales[lang]
	v := &visit{words: words{l, lang}, r: r}
	token, sess, err := s.session(r)
	if err != nil && s.entered { // there is no login here: back to the real book
		setSession(w, r, true, "")
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil, nil
	}
	if err != nil && r.Method == http.MethodPost && r.PostForm.Has("_login") {
		token, sess, err = s.tryLogin(w, r)
		if err != nil {
			return nil, s.door(w, r, lang, err, r.PostForm)
		}
	}
	if err != nil {
		if r.Method == http.MethodPost {
			return nil, s.door(w, r, lang, nil, r.PostForm)
		}
		http.Redirect(w, r, "/dang-nhap?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return nil, nil
	}
	v.token, v.session = token, sess
	v.user, err = s.user(r.Context(), sess.User, sess.Login)
	if errors.Is(err, errForbidden) {
		s.auth.Logout(token)
		return nil, s.door(w, r, lang, auth.ErrWrong, nil)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// show writes a page in the frame of the site.
func (s *site) show(w http.ResponseWriter, v *visit, status int, name, title string, body any) error {
	return s.write(w, status, name, s.page(v, title, body))
}

func (s *site) page(v *visit, title string, body any) page {
	p := s.bare(v.r, v.lang, title, body)
	p.User = userView{Number: v.user.Number, Login: v.user.Login, Name: v.user.Name}
	f := s.frame(v)
	p.Menu, p.Search, p.Pill, p.Live = f.Menu, f.Search, f.Pill, f.Live
	for i := range p.Menu {
		p.Menu[i].Here = hereIn(v.r.URL.Path, p.Menu[i].Href)
		p.More = p.More || !p.Menu[i].Tab
	}
	return p
}

func hereIn(path, href string) bool {
	return path == href || href != "/" && strings.HasPrefix(path, href+"/")
}

// bare is a page for somebody who is not logged in.
func (s *site) bare(r *http.Request, lang, title string, body any) page {
	other := languages[0]
	if lang == other {
		other = languages[1]
	}
	q := r.URL.Query()
	q.Set("lang", other)
	href := r.URL.Path + "?" + q.Encode()
	if r.Method != http.MethodGet {
		href = "/?lang=" + other
	}
	return page{Lang: lang, OtherLang: other, LangHref: href, Title: title, Place: s.place, Practice: s.practice, Entered: s.entered, Body: body}
}

// problem answers an error with a page that says what to do.
func (s *site) problem(w http.ResponseWriter, r *http.Request, v *visit, lang string, err error) {
	status, key := http.StatusInternalServerError, "internal"
	switch {
	case errors.Is(err, errNotFound), errors.Is(err, ErrNoStation):
		status, key = http.StatusNotFound, "not_found"
	case errors.Is(err, errForbidden):
		status, key = http.StatusForbidden, "forbidden"
	case errors.Is(err, errTooLarge):
		status, key = http.StatusRequestEntityTooLarge, "too_large"
	case errors.Is(err, errOtherUser):
		status, key = http.StatusConflict, "other_user"
	case errors.Is(err, errOtherBook):
		status, key = http.StatusConflict, "other_book"
	case errors.Is(err, errBadInput):
		status, key = http.StatusBadRequest, "bad_input"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		status, key = http.StatusServiceUnavailable, "busy"
	default:
		// The error may come from deep below; it is told to the log, which never
		// has personal data in it, and not to the page.
		s.log.Error("localui: page failed", "method", r.Method, "page", r.Pattern, "error", err)
	}
	l := s.locales[lang]
	body := problemBody{Title: l.text("problem." + key), Hint: l.text("problem." + key + ".hint")}
	p := s.bare(r, lang, body.Title, body)
	if v != nil {
		p = s.page(v, body.Title, body)
	}
	if err := s.write(w, status, "problem", p); err != nil {
		http.Error(w, body.Title, status)
	}
}

type problemBody struct{ Title, Hint string }

// errOtherUser: a form opened by one user was sent by another.
var errOtherUser = errors.New("the form was opened by another user")

// errOtherBook: a form of the practice commune was sent to the real book, or the
// other way.
var errOtherBook = errors.New("the form is of the other book")

func isForbidden(err error) bool { return errors.Is(err, registrar.ErrForbidden) }

// more is the menu of a phone, where the bottom has room for four tabs.
func (s *site) more(w http.ResponseWriter, _ *http.Request, v *visit) error {
	return s.show(w, v, http.StatusOK, "more", v.text("menu.all"), nil)
}
