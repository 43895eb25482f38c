package localui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tramxa/appliance/population"
)

// hubPages is the pages of a hub node.
type hubPages struct {
	*site
	o HubOptions
}

// NewHub returns the pages of a hub node; see HubOptions. Its operators have
// accounts with this node alone.
func NewHub(o HubOptions) (http.Handler, error) {
	if o.Board == nil {
		return nil, errors.New("localui: Board is required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	base, err := newSite(o.Auth, o.Hosts, o.Place, o.SetupCode, o.Practice, o.Log)
	if err != nil {
		return nil, err
	}
	h := &hubPages{site: base, o: o}
	base.user, base.found, base.frame = h.operator, h.foundOperator, h.frameOf
	h.handle("GET /{$}", nil, h.board)
	return base.handler(), nil
}

// operator is who a login of the hub is: a login with an account, no more.
func (h *hubPages) operator(_ context.Context, number uint32, login string) (population.User, error) {
	return population.User{Number: number, Login: login, Name: login, Role: population.RoleHead}, nil
}

func (h *hubPages) foundOperator(ctx context.Context, f firstAccount) error {
	return h.auth.Add(ctx, 1, f.Login, f.Password)
}

func (h *hubPages) frameOf(v *visit) frame {
	return frame{Menu: []menuItem{{Href: "/", Label: v.text("menu.board"), Tab: true}}}
}

func (h *hubPages) board(w http.ResponseWriter, _ *http.Request, v *visit) error {
	return h.show(w, v, http.StatusOK, "board", v.text("board.title"), nil)
}
