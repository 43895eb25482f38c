package localui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/auth"
	"tramxa/appliance/population"
	"tramxa/appliance/report"
)

// hubPages is the pages of a hub node. They show no person: what the province
// sees here is counts.
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
	h.handle("GET /tong-hop", nil, h.rollUp)
	h.handle("GET /tong-hop.csv", nil, h.rollUpCSV)
	h.handle("GET /trang-thai", nil, h.cluster)
	if o.Releases != nil {
		h.handle("GET /phat-hanh", nil, h.releases)
		h.handle("POST /phat-hanh", nil, h.releaseSet)
	}
	h.handle("GET /nguoi-dung", nil, h.operators)
	h.handle("POST /nguoi-dung", nil, h.operatorSet)
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
	item := func(href, key string) menuItem { return menuItem{Href: href, Label: v.text(key), Tab: true} }
	menu := []menuItem{item("/", "menu.board"), item("/tong-hop", "menu.rollup"), item("/trang-thai", "menu.cluster")}
	if h.o.Releases != nil {
		menu = append(menu, item("/phat-hanh", "menu.releases"))
	}
	menu = append(menu, menuItem{Href: "/nguoi-dung", Label: v.text("menu.operators")})
	return frame{Menu: menu, Pill: v.hubPill(h.o.Board.Status())}
}

func (w words) hubPill(s HubStatus) pill {
	switch {
	case len(s.Problems) > 0 || s.State == "stopped":
		return pill{"bad", "⚠", w.text("pill.act")}
	case s.Leader == "":
		return pill{"wait", "●", w.text("hub.no_leader")}
	}
	return pill{"good", "✓", w.text("hub.works")}
}

// rollBody is the roll-up, or the report of one station.
type rollBody struct {
	monthBody
	Station string
	Parts   []partLine
	Empty   bool
}

type partLine struct {
	Title, Href string
	Unit        string
	Homes       int
	Start, End  int
	Change      int
}

func (h *hubPages) options(q url.Values) (uint32, report.Options, error) {
	o := report.Options{From: population.PeriodOf(population.DateOf(h.o.Now()))}
	if ky := q.Get("ky"); ky != "" {
		p, err := population.ParsePeriod(ky)
		if err != nil {
			return 0, o, errNotFound
		}
		o.From = p
	}
	if q.Get("tram") == "" {
		return 0, o, nil
	}
	n, err := strconv.ParseUint(q.Get("tram"), 10, 32)
	if err != nil || n == 0 {
		return 0, o, errNotFound
	}
	return uint32(n), o, nil
}

func (h *hubPages) rollUp(w http.ResponseWriter, r *http.Request, v *visit) error {
	station, o, err := h.options(r.URL.Query())
	if err != nil {
		return err
	}
	list, err := h.o.Board.Stations(r.Context())
	if err != nil {
		return err
	}
	b := rollBody{Empty: len(list) == 0}
	b.Ky, b.Period = o.From.String(), v.period(o.From)
	q := url.Values{}
	if station != 0 {
		b.Station = strconv.FormatUint(uint64(station), 10)
		q.Set("tram", b.Station)
	}
	at := func(path string, p population.Period) string {
		q.Set("ky", p.String())
		return path + "?" + q.Encode()
	}
	b.Prev, b.Next, b.CSV = at("/tong-hop", o.From.Prev()), at("/tong-hop", o.From.Next()), at("/tong-hop.csv", o.From)
	names := make(map[uint32]string)
	for _, s := range list {
		names[s.Station] = v.boardLine(s, h.o.Now()).Title
		n := strconv.FormatUint(uint64(s.Station), 10)
		b.Areas = append(b.Areas, optionView{n, names[s.Station], n == b.Station})
	}
	if !b.Empty {
		rep, err := h.o.Board.Report(r.Context(), station, o)
		if err != nil {
			return err
		}
		b.fill(v.words, rep, "")
		if station != 0 {
			b.Scope = names[station]
		}
		for _, p := range rep.Parts {
			b.Parts = append(b.Parts, partLine{Title: names[uint32(p.Station)], Href: "/tong-hop?ky=" + b.Ky + "&tram=" + strconv.FormatUint(uint64(p.Station), 10),
				Unit: p.Unit, Homes: p.Households, Start: p.Start.Total, End: p.End.Total, Change: p.End.Total - p.Start.Total})
		}
	}
	return h.show(w, v, http.StatusOK, "rollup", v.text("rollup.title", "period", b.Period), b)
}

func (h *hubPages) rollUpCSV(w http.ResponseWriter, r *http.Request, _ *visit) error {
	station, o, err := h.options(r.URL.Query())
	if err != nil {
		return err
	}
	rep, err := h.o.Board.Report(r.Context(), station, o)
	if err != nil {
		return err
	}
	return sendCSV(w, rep, "01-DSX-"+o.From.String()+".csv")
}

func (h *hubPages) cluster(w http.ResponseWriter, _ *http.Request, v *visit) error {
	return h.show(w, v, http.StatusOK, "cluster", v.text("cluster.title"), h.o.Board.Status())
}

// operatorsBody is who may use this node's pages.
type operatorsBody struct {
	Logins []userLine
	Login  string
	Error  string
	Done   bool
	Min    int
}

func (h *hubPages) operators(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.operatorsShow(w, v, http.StatusOK, operatorsBody{Done: r.URL.Query().Get("xong") != ""})
}

func (h *hubPages) operatorsShow(w http.ResponseWriter, v *visit, status int, b operatorsBody) error {
	b.Min = auth.MinPassword
	for login, n := range h.auth.Logins() {
		b.Logins = append(b.Logins, userLine{Number: n, Login: login, Self: n == v.user.Number})
	}
	sortUsers(b.Logins)
	return h.show(w, v, status, "operators", v.text("menu.operators"), b)
}

// operatorSet makes an operator, or gives one a new password.
func (h *hubPages) operatorSet(w http.ResponseWriter, r *http.Request, v *visit) error {
	b := operatorsBody{Login: strings.ToLower(strings.TrimSpace(r.PostForm.Get("login")))}
	password := r.PostForm.Get("password")
	b.Error = v.passwordFault(password)
	if b.Error == "" && !plainLogin(b.Login) {
		b.Error = v.text("operators.login_bad")
	}
	if b.Error != "" {
		return h.operatorsShow(w, v, http.StatusUnprocessableEntity, b)
	}
	number := uint32(1)
	for _, n := range h.auth.Logins() {
		number = max(number, n+1)
	}
	err := h.auth.Add(r.Context(), number, b.Login, password)
	if errors.Is(err, auth.ErrTaken) {
		err = h.auth.SetPassword(r.Context(), b.Login, password)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/nguoi-dung?xong=1", http.StatusSeeOther)
	return nil
}

// plainLogin: what the book of a station asks of a login, asked here too.
func plainLogin(login string) bool {
	for _, r := range login {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' {
			return false
		}
	}
	return login != "" && len(login) <= 40
}
