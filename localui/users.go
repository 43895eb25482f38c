package localui

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/auth"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
)

// usersBody is who may use the station.
type usersBody struct {
	Users []userLine
	Roles []optionView
	Areas []optionView
	Error string
	Done  string
	New   userLine
	Key   string
	Min   int
}

type userLine struct {
	Number   uint32
	Login    string
	Name     string
	Role     string
	RoleCode string
	Roles    []optionView
	Areas    []optionView
	Disabled bool
	Account  bool
	Self     bool
}

// roleNames are the roles as forms send them.
var roleNames = map[string]population.Role{"1": population.RoleCollaborator, "2": population.RoleOfficer,
	"3": population.RoleHead, "4": population.RoleTechnician, "5": population.RoleAuditor}

func (s *station) users(w http.ResponseWriter, r *http.Request, v *visit) error {
	b := usersBody{}
	if q := r.URL.Query().Get("xong"); q != "" {
		b.Done = v.text("users.done")
	}
	return s.usersShow(w, r, v, http.StatusOK, b)
}

func (s *station) usersShow(w http.ResponseWriter, r *http.Request, v *visit, status int, b usersBody) error {
	if b.New.RoleCode == "" {
		b.New.RoleCode = "2"
	}
	device, seq, err := s.auth.NextForm(v.token)
	if err != nil {
		return err
	}
	b.Key, b.Min = registrar.Key{Device: device, Seq: seq}.String(), auth.MinPassword
	b.Roles = v.roleOptions(b.New.RoleCode)
	accounts := s.auth.Logins()
	err = s.view(r.Context(), func(book *register.View) error {
		areas := book.Areas()
		b.Areas = v.areaOptions(areas, nil)
		for _, u := range book.Users() {
			_, has := accounts[strings.ToLower(u.Login)]
			code := strconv.Itoa(int(u.Role))
			b.Users = append(b.Users, userLine{Number: u.Number, Login: u.Login, Name: u.Name, Role: v.role(u.Role), RoleCode: code,
				Roles: v.roleOptions(code), Areas: v.areaOptions(areas, u.Areas), Disabled: u.Disabled, Account: has, Self: u.Number == v.user.Number})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.show(w, v, status, "users", v.text("users.title"), b)
}

func (w words) roleOptions(on string) []optionView {
	var out []optionView
	for _, code := range []string{"2", "1", "3", "5", "4"} {
		out = append(out, optionView{code, w.role(roleNames[code]), code == on})
	}
	return out
}

func (w words) areaOptions(areas []*population.Area, on []population.ID) []optionView {
	var out []optionView
	for _, a := range areas {
		if !a.Closed || slices.Contains(on, a.ID) {
			out = append(out, optionView{a.ID.String(), w.areaName(a), slices.Contains(on, a.ID)})
		}
	}
	return out
}

func (w words) passwordFault(password string) string {
	if auth.CheckPassword(password) != nil {
		return w.text("first.weak", "min", auth.MinPassword)
	}
	return ""
}

func readAreas(r *http.Request, role population.Role) []population.ID {
	var out []population.ID
	if role != population.RoleCollaborator {
		return nil
	}
	for _, raw := range r.PostForm["areas"] {
		if id, err := population.ParseID(raw); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// userAdd writes a user into the book and gives the first password. When only
// the first of the two succeeded, setting a password does the second.
func (s *station) userAdd(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := r.PostForm
	b := usersBody{New: userLine{Login: strings.ToLower(strings.TrimSpace(f.Get("login"))), Name: strings.TrimSpace(f.Get("name")), RoleCode: f.Get("role")}}
	role, ok := roleNames[b.New.RoleCode]
	if !ok {
		return errBadInput
	}
	b.Error = v.passwordFault(f.Get("password"))
	if b.Error != "" {
		return s.usersShow(w, r, v, http.StatusUnprocessableEntity, b)
	}
	a, err := s.record(r, v, population.UserCreated{Login: b.New.Login, Name: b.New.Name, Role: role, Areas: readAreas(r, role)})
	if err != nil {
		return err
	}
	if a.Status != registrar.StatusRecorded {
		b.Error = findingsText(a.Findings, v.lang)
		return s.usersShow(w, r, v, http.StatusUnprocessableEntity, b)
	}
	var number uint32
	err = s.view(r.Context(), func(book *register.View) error {
		number = book.UserByLogin(b.New.Login)
		return nil
	})
	if _, has := s.auth.Logins()[b.New.Login]; err == nil && !(has && a.Repeat) {
		// An account that is there already is left from a user whom the book does
		// not know any more; its password must not open this one.
		err = s.auth.Set(r.Context(), number, b.New.Login, f.Get("password"))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/nguoi-dung?xong=1", http.StatusSeeOther)
	return nil
}

// record writes one entry under the key of the form.
func (s *station) record(r *http.Request, v *visit, e population.Entry) (registrar.Answer, error) {
	key, err := registrar.ParseKey(r.PostForm.Get("key"))
	if err != nil {
		return registrar.Answer{}, errBadInput
	}
	a, err := s.o.Registrar.Record(r.Context(), v.user.Number, registrar.Command{Key: key, Entries: []population.Entry{population.Tidy(e)}})
	switch {
	case errors.Is(err, registrar.ErrForbidden):
		return a, errForbidden
	case errors.Is(err, registrar.ErrBadCommand):
		return a, errBadInput
	}
	return a, err
}

// userChange gives name, role, areas and state anew, and ends the user's logins
// so that the change holds at once.
func (s *station) userChange(w http.ResponseWriter, r *http.Request, v *visit) error {
	number, err := strconv.ParseUint(r.PathValue("so"), 10, 32)
	role, ok := roleNames[r.PostForm.Get("role")]
	if err != nil || !ok {
		return errBadInput
	}
	a, err := s.record(r, v, population.UserChanged{Number: uint32(number), Name: r.PostForm.Get("name"), Role: role,
		Areas: readAreas(r, role), Disabled: r.PostForm.Get("disabled") != ""})
	if err != nil {
		return err
	}
	if a.Status != registrar.StatusRecorded {
		return s.usersShow(w, r, v, http.StatusUnprocessableEntity, usersBody{Error: findingsText(a.Findings, v.lang)})
	}
	if uint32(number) != v.user.Number {
		s.auth.EndSessions(uint32(number))
	}
	http.Redirect(w, r, "/nguoi-dung?xong=1", http.StatusSeeOther)
	return nil
}

// userPassword sets a new password, or the first one of a user of the book who
// has none here (after a restore).
func (s *station) userPassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	number, err := strconv.ParseUint(r.PathValue("so"), 10, 32)
	if err != nil {
		return errBadInput
	}
	if fault := v.passwordFault(r.PostForm.Get("password")); fault != "" {
		return s.usersShow(w, r, v, http.StatusUnprocessableEntity, usersBody{Error: fault})
	}
	var login string
	err = s.view(r.Context(), func(book *register.View) error {
		if u := book.User(uint32(number)); u != nil {
			login = u.Login
		}
		return nil
	})
	if err != nil {
		return err
	}
	if login == "" {
		return errNotFound
	}
	if err := s.auth.Set(r.Context(), uint32(number), login, r.PostForm.Get("password")); err != nil {
		return err
	}
	if uint32(number) == v.user.Number { // her own logins have ended with it
		http.Redirect(w, r, "/dang-nhap", http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/nguoi-dung?xong=1", http.StatusSeeOther)
	return nil
}

func sortUsers(list []userLine) {
	slices.SortFunc(list, func(a, b userLine) int { return int(a.Number) - int(b.Number) })
}
