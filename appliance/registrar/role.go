package registrar

import (
	"fmt"

	"tramxa/appliance/population"
	"tramxa/appliance/rules"
)

// authorise checks that actor may write all entries of cmd. While a station has
// no user, nobody (actor 0) may write one thing: the first user.
func authorise(v rules.View, actor uint32, cmd Command) error {
	if actor == 0 {
		if _, first := cmd.Entries[0].(population.UserCreated); first && len(cmd.Entries) == 1 && v.User(1) == nil {
			return nil
		}
		return fmt.Errorf("%w: nobody is logged in", ErrForbidden)
	}
	u := v.User(actor)
	if u == nil || u.Disabled {
		return fmt.Errorf("%w: user %d is unknown or disabled", ErrForbidden, actor)
	}
	for _, e := range cmd.Entries {
		if !may(u.Role, e) {
			return fmt.Errorf("%w: %s is not for this role", ErrForbidden, e.Kind())
		}
	}
	return nil
}

// may says which role writes what. A collaborator's month comes as a slip that
// an officer approves; a collaborator writes nothing directly.
func may(role population.Role, e population.Entry) bool {
	switch e.(type) {
	case population.UserCreated, population.UserChanged:
		return role == population.RoleHead
	}
	return role == population.RoleHead || role == population.RoleOfficer
}
