package localui

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tramxa/appliance/auth"
)

// cookieName: over TLS the browser itself keeps the cookie to this host and to
// TLS by the prefix; on 127.0.0.1 in the clear there is none of that. Cookies do
// not know of ports, so the name tells a station from a hub on the same machine:
// a login to one must not end that to the other.
func cookieName(r *http.Request, practice bool) string {
	name := "tramxa"
	if r.TLS != nil {
		name = "__Host-tramxa"
	} else if _, port, err := net.SplitHostPort(r.Host); err == nil && port != "" {
		name += "-" + port
	}
	if practice { // has a login of its own
		name += "-tap"
	}
	return name
}

// cookieName is that of this site's logins.
func (s *site) cookieName(r *http.Request) string { return cookieName(r, s.entered) }

func setSession(w http.ResponseWriter, r *http.Request, practice bool, token string) {
	c := &http.Cookie{Name: cookieName(r, practice), Value: token, Path: "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// session returns the login session of a request and counts as a sign of life.
func (s *site) session(r *http.Request) (string, auth.Session, error) {
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return "", auth.Session{}, auth.ErrEnded
	}
	sess, err := s.auth.Session(c.Value)
	return c.Value, sess, err
}

// firstLogin carries the head's login from the setup to the login page of the
// same browser, for the few minutes that lie between.
const firstLogin = "tramxa-truong-tram"

func setFirstLogin(w http.ResponseWriter, r *http.Request, login string) {
	http.SetCookie(w, &http.Cookie{Name: firstLogin, Value: login, Path: "/dang-nhap", MaxAge: 600, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
}

// forgetFirstLogin ends what setFirstLogin set: who has logged in once needs it no
// more, and it tells whoever uses the browser next a login.
func forgetFirstLogin(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie(firstLogin); err != nil {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: firstLogin, Path: "/dang-nhap", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
}

// knownLogin is what the login page fills in: "" but after a setup.
func knownLogin(r *http.Request) string {
	if c, err := r.Cookie(firstLogin); err == nil && loginFormed(c.Value) {
		return c.Value
	}
	return ""
}

// tryLogin checks the login fields of a form and sets the cookie.
func (s *site) tryLogin(w http.ResponseWriter, r *http.Request) (string, auth.Session, error) {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	token, sess, err := s.auth.Login(r.Context(), r.PostForm.Get("_login"), r.PostForm.Get("_password"), from)
	if err != nil {
		return "", auth.Session{}, err
	}
	setSession(w, r, s.entered, token)
	forgetFirstLogin(w, r)
	return token, sess, nil
}

// doorBody is the login page. Kept are the fields of a form sent after the
// login session had ended; they go along with the login and the form is then
// handled as if nothing had happened.
type doorBody struct {
	Action string
	Login  string
	Error  string
	Next   string
	Kept   []keptField
	Ended  bool
}

type keptField struct{ Name, Value string }

func (s *site) loginPage(w http.ResponseWriter, r *http.Request) {
	lang := language(w, r)
	if _, _, err := s.session(r); err == nil {
		http.Redirect(w, r, localPath(r.URL.Query().Get("next")), http.StatusSeeOther)
		return
	}
	body := doorBody{Action: "/dang-nhap", Login: knownLogin(r), Next: localPath(r.URL.Query().Get("next"))}
	if err := s.write(w, http.StatusOK, "login", s.bare(r, lang, s.locales[lang].text("login.title"), body)); err != nil {
		s.problem(w, r, nil, lang, err)
	}
}

func (s *site) loginPost(w http.ResponseWriter, r *http.Request) {
	lang := language(w, r)
	if err := parseForm(r); err != nil {
		s.problem(w, r, nil, lang, err)
		return
	}
	if _, _, err := s.tryLogin(w, r); err != nil {
		if err := s.door(w, r, lang, err, nil); err != nil {
			s.problem(w, r, nil, lang, err)
		}
		return
	}
	http.Redirect(w, r, localPath(r.PostForm.Get("next")), http.StatusSeeOther)
}

// door writes the login page after a failure, or in answer to a form sent
// without a login; kept are that form's fields.
func (s *site) door(w http.ResponseWriter, r *http.Request, lang string, cause error, kept url.Values) error {
	l := words{s.locales[lang], lang}
	status := http.StatusUnauthorized
	body := doorBody{Action: "/dang-nhap", Login: r.PostForm.Get("_login"), Next: localPath(r.PostForm.Get("next"))}
	if kept != nil && keepable(r.URL.Path) {
		body.Action, body.Ended, body.Next = r.URL.RequestURI(), true, ""
		body.Kept = keptFields(kept)
	}
	var locked *auth.LockedError
	switch {
	case errors.As(cause, &locked):
		status = http.StatusTooManyRequests
		body.Error = l.text("login.locked", "minutes", l.num(int(locked.Wait.Minutes())+1))
	case errors.Is(cause, auth.ErrWrong):
		body.Error = l.text("login.wrong")
	case cause != nil:
		return cause
	}
	return s.write(w, status, "login", s.bare(r, lang, l.text("login.title"), body))
}

// keepable: only what is written into the book is kept; forms with passwords in
// them are filled in again.
func keepable(path string) bool {
	return strings.HasPrefix(path, "/ghi/") || strings.HasPrefix(path, "/dinh-chinh/") || strings.HasPrefix(path, "/huy/")
}

// keptFields lists the fields of a form but for the login's own.
func keptFields(form url.Values) []keptField {
	var out []keptField
	for name, values := range form {
		if name == "_login" || name == "_password" {
			continue
		}
		for _, value := range values {
			out = append(out, keptField{name, value})
		}
	}
	slices.SortStableFunc(out, func(a, b keptField) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookieName(r)); err == nil {
		s.auth.Logout(c.Value)
	}
	setSession(w, r, s.entered, "")
	if s.entered { // and out of the real book: who logs out is gone from both
		http.Redirect(w, r, "/dang-xuat", http.StatusTemporaryRedirect)
		return
	}
	http.Redirect(w, r, "/dang-nhap", http.StatusSeeOther)
}

// localPath returns where to go after the login: a path of this site, never
// another address.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(next, "//") ||
		strings.Contains(next, `\`) || strings.HasPrefix(u.Path, "/dang-") {
		return "/"
	}
	return next
}

// firstAccount is what the page of the first start asks for.
type firstAccount struct{ Name, Login, Password string }

type firstBody struct {
	firstAccount
	Far   bool // from another machine: the code on the station's screen is asked
	Error string
	Min   int
}

func (s *site) firstPage(w http.ResponseWriter, r *http.Request) { s.firstShow(w, r, firstBody{}) }

func (s *site) firstShow(w http.ResponseWriter, r *http.Request, body firstBody) {
	lang := language(w, r)
	if !s.auth.Empty() {
		http.Redirect(w, r, "/dang-nhap", http.StatusSeeOther)
		return
	}
	body.Far, body.Min, body.Password = !fromHere(r), auth.MinPassword, ""
	status := http.StatusOK
	switch {
	case body.Far && s.code == "":
		status = http.StatusForbidden
	case body.Error != "":
		status = http.StatusUnprocessableEntity
	}
	if err := s.write(w, status, "first", s.bare(r, lang, s.locales[lang].text("first.title"), body)); err != nil {
		s.problem(w, r, nil, lang, err)
	}
}

func (s *site) firstPost(w http.ResponseWriter, r *http.Request) {
	lang := language(w, r)
	l := s.locales[lang]
	if err := parseForm(r); err != nil {
		s.problem(w, r, nil, lang, err)
		return
	}
	if !s.auth.Empty() {
		http.Redirect(w, r, "/dang-nhap", http.StatusSeeOther)
		return
	}
	f := r.PostForm
	body := firstBody{firstAccount: firstAccount{strings.TrimSpace(f.Get("name")), strings.ToLower(strings.TrimSpace(f.Get("login"))), f.Get("password")}}
	switch {
	case !s.mayFound(r):
		body.Error = l.text("first.code_wrong")
	case body.Name == "" || body.Login == "":
		body.Error = l.text("first.missing")
	case auth.CheckPassword(body.Password) != nil:
		body.Error = l.text("first.weak", "min", auth.MinPassword)
	case body.Password != f.Get("again"):
		body.Error = l.text("first.differ")
	}
	if body.Error == "" {
		var said *sayError
		switch err := s.foundOnce(r.Context(), body.firstAccount); {
		case errors.As(err, &said):
			body.Error = said.in(words{l, lang})
		case err != nil:
			s.problem(w, r, nil, lang, err)
			return
		}
	}
	if body.Error != "" {
		s.firstShow(w, r, body)
		return
	}
	f.Set("_login", body.Login)
	f.Set("_password", body.Password)
	if _, _, err := s.tryLogin(w, r); err != nil {
		http.Redirect(w, r, "/dang-nhap", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// foundOnce makes the first account, one request at a time: of two sent at once
// (a button pressed twice) the second finds it made, and goes on to the login.
func (s *site) foundOnce(ctx context.Context, f firstAccount) error {
	s.founding.Lock()
	defer s.founding.Unlock()
	if !s.auth.Empty() {
		return nil
	}
	return s.found(ctx, f)
}

// mayFound: the first account is made by somebody at this machine, or who reads
// the code from its screen.
func (s *site) mayFound(r *http.Request) bool {
	if fromHere(r) {
		return true
	}
	given := strings.TrimSpace(r.PostForm.Get("code"))
	return s.code != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.code)) == 1
}

// sayError is an error that is said to the user in her language.
type sayError struct{ in func(words) string }

func (*sayError) Error() string { return "refused" }
