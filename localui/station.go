package localui

import (
	"context"
	"errors"
	"net/http"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/rules"
)

// station is the pages of a station.
type station struct {
	*site
	o     StationOptions
	forms map[string]*form
}

// Who may do what. The registrar decides about writing again.
var (
	rolesRead  = []population.Role{population.RoleHead, population.RoleOfficer, population.RoleAuditor, population.RoleCollaborator}
	rolesAll   = []population.Role{population.RoleHead, population.RoleOfficer, population.RoleAuditor}
	rolesWrite = []population.Role{population.RoleHead, population.RoleOfficer}
	rolesHead  = []population.Role{population.RoleHead}
)

// NewStation returns the pages of a station; see StationOptions.
func NewStation(o StationOptions) (http.Handler, error) {
	if o.Book == nil || o.Registrar == nil || o.Status == nil {
		return nil, errors.New("localui: Book, Registrar and Status are required")
	}
	base, err := newSite(o.Auth, o.Hosts, o.Place, o.SetupCode, o.Practice, o.Log)
	if err != nil {
		return nil, err
	}
	s := &station{site: base, o: o, forms: formsBySlug()}
	base.user, base.found, base.frame = s.userNow, s.foundHead, s.frameOf
	s.routes()
	return base.handler(), nil
}

func (s *station) routes() {
	s.handle("GET /{$}", nil, s.home)
}

// view reads the book and returns the first error it met.
func (s *station) view(ctx context.Context, fn func(v *register.View) error) error {
	return s.o.Book.View(ctx, func(v *register.View) error {
		if err := fn(v); err != nil {
			return err
		}
		return v.Err()
	})
}

// userNow is who a login is now: the book says, not the session.
func (s *station) userNow(ctx context.Context, number uint32, _ string) (u population.User, err error) {
	err = s.view(ctx, func(v *register.View) error {
		p := v.User(number)
		if p == nil || p.Disabled {
			return errForbidden
		}
		u = *p
		return nil
	})
	return u, err
}

// foundHead makes the first account: the head of the station. A book that has
// users already (restored, or its accounts were lost) gives a password to one of
// its heads instead.
func (s *station) foundHead(ctx context.Context, f firstAccount) error {
	var number uint32
	var known bool
	err := s.view(ctx, func(v *register.View) error {
		known = v.User(1) != nil
		if n := v.UserByLogin(f.Login); n != 0 {
			if u := v.User(n); u != nil && u.Role == population.RoleHead && !u.Disabled {
				number = n
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if known && number == 0 {
		return &sayError{func(w words) string { return w.text("first.known") }}
	}
	if number == 0 {
		a, err := s.o.Registrar.Record(ctx, 0, registrar.Command{Entries: []population.Entry{
			population.Tidy(population.UserCreated{Number: 1, Login: f.Login, Name: f.Name, Role: population.RoleHead})}})
		if err != nil {
			return err
		}
		if a.Status != registrar.StatusRecorded {
			return &sayError{func(w words) string { return findingsText(a.Findings, w.lang) }}
		}
		number = 1
	}
	return s.auth.Add(ctx, number, f.Login, f.Password)
}

// findingsText puts what rules say in one line.
func findingsText(list []rules.Finding, lang string) string {
	text := ""
	for _, f := range list {
		if text != "" {
			text += "; "
		}
		text += rules.Text(f, lang)
	}
	return text
}

func (s *station) frameOf(v *visit) frame {
	f := frame{Pill: v.pill(s.o.Status()), Live: s.o.Changed != nil}
	add := func(href, key string, tab bool) {
		f.Menu = append(f.Menu, menuItem{Href: href, Label: v.text(key), Tab: tab})
	}
	add("/", "menu.today", true)
	return f
}
