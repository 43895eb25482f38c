package localui

import (
	"context"
	"net/http"

	"tramxa/appliance/population"
)

// Practice is the commune of invented persons beside the real book: a station of
// its own, with the same pages, where everybody may try everything.
type Practice interface {
	// Enter lets a user of the real book in, with the same role, and returns the
	// token of a login session there.
	Enter(ctx context.Context, u population.User) (token string, err error)
	// Reset makes the commune anew, as it was at the beginning; everybody's
	// session there ends.
	Reset(ctx context.Context) error
}

// WithPractice serves the real book, and the practice commune to browsers that
// have entered it. practice returns its pages, or nil while there are none.
func WithPractice(book http.Handler, practice func() http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(cookieName(r, true)); err == nil {
			if h := practice(); h != nil {
				h.ServeHTTP(w, r)
				return
			}
			setSession(w, r, true, "")
			if r.Method != http.MethodGet && r.URL.Path != "/dang-xuat" { // it was meant for the practice commune
				http.Redirect(w, r, "/", http.StatusSeeOther)
				return
			}
		}
		book.ServeHTTP(w, r)
	})
}

// tapField marks the forms of the practice commune: which book a browser is in is
// a matter of its cookies, which change for all its tabs at once, and a form
// opened before must not be written into the other book.
const tapField = "_tap"

// ownForm reports whether what is sent was opened in this book. Suggestions and
// checks write nothing.
func (s *site) ownForm(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path == "/goi-y" || r.URL.Path == "/kiem-tra" {
		return true
	}
	return r.PostForm.Has(tapField) == s.entered
}

// enterPractice leads from the real book into the practice commune.
func (s *station) enterPractice(w http.ResponseWriter, r *http.Request, v *visit) error {
	token, err := s.o.PracticeOf.Enter(r.Context(), v.user)
	if err != nil {
		return err
	}
	setSession(w, r, true, token)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// resetPractice makes the commune anew and leads into it again.
func (s *station) resetPractice(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.o.PracticeOf.Reset(r.Context()); err != nil {
		return err
	}
	return s.enterPractice(w, r, v)
}

// leavePractice leads back to the real book, where the login is still what it
// was.
func (s *station) leavePractice(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookieName(r)); err == nil {
		s.auth.Logout(c.Value)
	}
	setSession(w, r, true, "")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *station) practiceRoutes() {
	switch {
	case s.o.PracticeOf == nil:
	case s.practice:
		s.mux.HandleFunc("POST /tap-lam/ra", s.leavePractice)
		s.handle("POST /tap-lam/lam-lai", nil, s.resetPractice)
	default:
		s.handle("POST /tap-lam", rolesRead, s.enterPractice)
	}
}
