package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"

	"tramxa/appliance/auth"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
)

var roleNames = map[string]population.Role{
	"collaborator": population.RoleCollaborator, "officer": population.RoleOfficer, "head": population.RoleHead,
	"technician": population.RoleTechnician, "auditor": population.RoleAuditor,
}

func roleName(r population.Role) string {
	for name, role := range roleNames {
		if role == r {
			return name
		}
	}
	return fmt.Sprint(uint8(r))
}

type userLine struct {
	Number   uint32 `json:"number"`
	Login    string `json:"login"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Disabled bool   `json:"disabled,omitempty"`
	Account  bool   `json:"account"` // has a password here
}

func runStationUser(ctx context.Context, args []string, std stdio) error {
	f := newFlags("station user", std)
	dir := dirFlag(f, "station")
	name := f.String("name", "", "name of the user, as on paper")
	role := f.String("role", "officer", "head, officer, collaborator, technician or auditor")
	as := f.String("as", "", "login of the head who adds; nobody for the first")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		words = []string{"list"}
	}
	return stationVerbControl(ctx, *dir, std, func(c *control) error {
		switch {
		case words[0] == "list" && len(words) == 1:
			return printOrJSON(ctx, c, "/v1/users", *asJSON, std.out, showUsers)
		case words[0] == "add" && len(words) == 2, words[0] == "reset" && len(words) == 2:
			password, err := readSecret(std.in)
			if err != nil {
				return err
			}
			b, err := json.Marshal(userRequest{Login: words[1], Name: *name, Role: *role, Password: password, As: *as})
			if err != nil {
				return err
			}
			path := map[string]string{"add": "/v1/users", "reset": "/v1/password"}[words[0]]
			return c.call(ctx, http.MethodPost, path, url.Values{}, bytes.NewReader(b), std.out)
		}
		return usagef("station user takes: list, add LOGIN, or reset LOGIN")
	})
}

type userRequest struct{ Login, Name, Role, Password, As string }

func showUsers(w io.Writer, list []userLine) error {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "number\tlogin\trole\tstate")
	for _, u := range list {
		state := "may log in"
		switch {
		case u.Disabled:
			state = "disabled"
		case !u.Account:
			state = "no password here"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\n", u.Number, u.Login, u.Role, state)
	}
	return t.Flush()
}

func (n *stationNode) handleUsers(w http.ResponseWriter, r *http.Request) error {
	list, err := n.users(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, list)
}

// users are those of the book, and whether they may log in here.
func (n *stationNode) users(ctx context.Context) ([]userLine, error) {
	accounts := n.auth.Logins()
	list := []userLine{}
	err := n.View(ctx, func(v *register.View) error {
		for _, u := range v.Users() {
			_, has := accounts[u.Login]
			list = append(list, userLine{Number: u.Number, Login: u.Login, Name: u.Name, Role: roleName(u.Role), Disabled: u.Disabled, Account: has})
		}
		return nil
	})
	return list, err
}

func readUserRequest(r *http.Request) (userRequest, error) {
	var req userRequest
	dec := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	dec.DisallowUnknownFields()
	err := dec.Decode(&req)
	return req, err
}

func (n *stationNode) handleAddUser(w http.ResponseWriter, r *http.Request) error {
	req, err := readUserRequest(r)
	if err != nil {
		return err
	}
	role, ok := roleNames[req.Role]
	if !ok {
		return usagef("--role is head, officer, collaborator, technician or auditor")
	}
	if req.Name == "" {
		return usagef("--name says who the user is, as on paper")
	}
	number, err := n.addUser(r.Context(), req, role)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"number": number, "login": req.Login})
}

// addUser writes the user into the book, then gives the password. When the
// second step fails, 'station user reset' does it alone.
func (n *stationNode) addUser(ctx context.Context, req userRequest, role population.Role) (uint32, error) {
	if err := auth.CheckPassword(req.Password); err != nil {
		return 0, err // before the user is in the book
	}
	var actor uint32
	next := uint32(1)
	err := n.View(ctx, func(v *register.View) error {
		users := v.Users()
		next += uint32(len(users))
		if len(users) == 0 {
			return nil
		}
		if req.As != "" {
			actor = v.UserByLogin(req.As)
			return nil
		}
		for _, u := range users {
			if u.Role == population.RoleHead && !u.Disabled && actor == 0 {
				actor = u.Number
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	a, err := n.Registrar().Record(ctx, actor, registrar.Command{Entries: []population.Entry{
		population.UserCreated{Number: next, Login: req.Login, Name: req.Name, Role: role}}})
	if err != nil {
		return 0, err
	}
	if a.Status != registrar.StatusRecorded {
		var errs []error
		for _, f := range findingLines(a.Findings, "en") {
			errs = append(errs, errors.New(f.Text))
		}
		return 0, refusedf("%w", errors.Join(errs...))
	}
	if err := n.auth.Set(ctx, next, req.Login, req.Password); err != nil {
		return 0, withHint(err, "the user is in the book; give the password with 'tramxa station user reset "+req.Login+"'")
	}
	return next, nil
}

func (n *stationNode) handlePassword(w http.ResponseWriter, r *http.Request) error {
	req, err := readUserRequest(r)
	if err != nil {
		return err
	}
	if err := n.setPassword(r.Context(), req); err != nil {
		return err
	}
	return writeJSON(w, map[string]string{"login": req.Login})
}

// setPassword gives one to a user of the book, who may have none here, as after
// a restore.
func (n *stationNode) setPassword(ctx context.Context, req userRequest) error {
	var number uint32
	if err := n.View(ctx, func(v *register.View) error {
		number = v.UserByLogin(req.Login)
		return nil
	}); err != nil {
		return err
	}
	if number == 0 {
		return fmt.Errorf("no user %q in the book", req.Login)
	}
	return n.auth.Set(ctx, number, req.Login, req.Password)
}
