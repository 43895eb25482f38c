package rules

import "tramxa/appliance/population"

// Bounds of users.
const (
	maxUsers = 10000
	maxLogin = 32
)

// ruleUser (U01–U04): users are numbered 1, 2, 3 …, logins are unique, a head
// of station stays, and only a collaborator has areas.
func ruleUser(x *Examination) {
	switch e := x.e.(type) {
	case population.UserCreated:
		x.newUser(e)
		x.role(e.Role, e.Areas)
	case population.UserChanged:
		if x.v.User(e.Number) == nil {
			x.add("G02", "number", nil)
			return
		}
		x.role(e.Role, e.Areas)
		if (e.Disabled || e.Role != population.RoleHead) && !x.otherHead(e.Number) {
			x.add("U03", "role", nil)
		}
	}
}

func (x *Examination) newUser(e population.UserCreated) {
	if !loginFormed(e.Login) {
		x.add("U02", "login", nil)
	}
	next := uint32(1)
	for ; next <= maxUsers; next++ {
		u := x.v.User(next)
		if u == nil {
			break
		}
		if u.Login == e.Login {
			x.add("U02", "login", nil)
		}
	}
	if e.Number != next {
		x.add("U01", "number", nil)
	}
	if next == 1 && e.Role != population.RoleHead {
		x.add("U03", "role", nil)
	}
}

func (x *Examination) role(r population.Role, areas []population.ID) {
	if r < population.RoleCollaborator || r > population.RoleAuditor {
		x.add("G01", "role", nil)
	}
	if r != population.RoleCollaborator && len(areas) > 0 {
		x.add("U04", "areas", nil)
	}
	for i, id := range areas {
		if x.v.Area(id) == nil {
			x.add("G02", "areas["+itoa(i)+"]", nil)
		}
	}
}

// otherHead reports an enabled head of station beside user n.
func (x *Examination) otherHead(n uint32) bool {
	for i := uint32(1); i <= maxUsers; i++ {
		u := x.v.User(i)
		if u == nil {
			return false
		}
		if i != n && u.Role == population.RoleHead && !u.Disabled {
			return true
		}
	}
	return false
}

// loginFormed: 1–32 of a–z, 0–9, dot, hyphen; a letter first.
func loginFormed(s string) bool {
	if s == "" || len(s) > maxLogin || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
