package localui

import (
	"context"
	"errors"
	"net/http"
	"strings"

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
	month counted
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
	base.entered = o.Practice && o.PracticeOf != nil
	s.routes()
	s.practiceRoutes()
	s.careRoutes()
	return base.handler(), nil
}

func (s *station) routes() {
	s.mux.HandleFunc("GET /live", s.live)
	s.mux.Handle("GET /cai-dat/", http.RedirectHandler("/", http.StatusSeeOther)) // a tab left from the setup
	s.handle("GET /{$}", nil, s.home)
	s.handle("GET /tim", rolesRead, s.search)
	s.handle("POST /goi-y", rolesRead, s.suggest)
	s.handle("GET /ho/{id}", rolesRead, s.household)
	s.handle("GET /nguoi/{id}", rolesRead, s.person)
	s.handle("GET /dia-ban", rolesRead, s.areas)
	s.handle("GET /bien-dong", rolesAll, s.events)
	s.handle("GET /thang", rolesAll, s.monthPage)
	s.handle("GET /thang.csv", rolesAll, s.monthCSV)
	s.handle("GET /thang/khoa", rolesWrite, s.closePage)
	s.handle("POST /thang/khoa", rolesWrite, s.closePost)
	s.handle("GET /ghi", rolesWrite, s.formList)
	s.handle("GET /ghi/{phieu}", rolesWrite, s.formPage)
	s.handle("POST /ghi/{phieu}", rolesWrite, s.formPost)
	s.handle("POST /kiem-tra", rolesWrite, s.checkPost)
	s.handle("GET /da-luu/{so}", rolesAll, s.savedPage)
	s.handle("GET /dinh-chinh/{so}", rolesWrite, s.amendPage)
	s.handle("POST /dinh-chinh/{so}", rolesWrite, s.amendPost)
	s.handle("GET /huy/{so}", rolesWrite, s.annulPage)
	s.handle("POST /huy/{so}", rolesWrite, s.annulPost)
	s.handle("GET /nguoi-dung", rolesHead, s.users)
	s.handle("POST /nguoi-dung", rolesHead, s.userAdd)
	s.handle("POST /nguoi-dung/{so}", rolesHead, s.userChange)
	s.handle("POST /nguoi-dung/{so}/mat-khau", rolesHead, s.userPassword)
	s.handle("GET /trang-thai", nil, s.syncPage)
	s.handle("POST /trang-thai/gui", nil, s.syncNow)
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

// userNow is who a login is now: the book says, not the session. The number and
// the login must be of the same user: accounts outlive a book that is put back to
// an older state, and there the number may be given to somebody else.
func (s *station) userNow(ctx context.Context, number uint32, login string) (u population.User, err error) {
	err = s.view(ctx, func(v *register.View) error {
		p := v.User(number)
		if p == nil || p.Disabled || !strings.EqualFold(p.Login, login) {
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
		text += findingText(f, lang)
	}
	return text
}

func findingText(f rules.Finding, lang string) string { return rules.Text(viDates(f), lang) }

func (s *station) frameOf(v *visit) frame {
	f := frame{Pill: v.pill(s.o.Status()), Live: s.o.Changed != nil}
	add := func(href, key string, tab bool) {
		f.Menu = append(f.Menu, menuItem{Href: href, Label: v.text(key), Tab: tab})
	}
	if v.user.Role == population.RoleTechnician {
		add("/trang-thai", "menu.sync", true)
		add("/ky-thuat", "menu.care", true)
		return f
	}
	f.Search = true
	add("/", "menu.today", true)
	if mayWrite(v.user) {
		add("/ghi", "menu.write", true)
	}
	add("/dia-ban", "menu.areas", true)
	if v.user.Role != population.RoleCollaborator {
		add("/bien-dong", "menu.events", false)
		add("/thang", "menu.month", true)
	}
	add("/trang-thai", "menu.sync", false)
	if v.user.Role == population.RoleHead {
		add("/nguoi-dung", "menu.users", false)
		add("/ky-thuat", "menu.care", false)
	}
	return f
}
