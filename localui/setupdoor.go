package localui

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// setupDoor lets other machines use the setup: by the code on this machine's
// screen, then by a cookie. Wrong codes make an address wait, and all addresses
// together have a budget an hour, so that many of them guess no faster.
type setupDoor struct {
	code string

	mu     sync.Mutex
	tokens map[[32]byte]bool
	wrong  map[string]wrongCodes
	hour   wrongCodes // of all addresses together
}

// wrongCodes counts wrong codes and says until when no more are heard.
type wrongCodes struct {
	n     int
	until time.Time
}

const (
	codeTries    = 5  // of an address, before it waits
	codeBudget   = 60 // of all, an hour
	codeWait     = time.Minute
	codeMaxWait  = 15 * time.Minute
	maxTokens    = 100
	maxAddresses = 1000
	doorCookie   = "__Host-tramxa-setup"
)

// knows reports whether the request's browser has given the code.
func (d *setupDoor) knows(r *http.Request) bool {
	c, err := r.Cookie(doorCookie)
	if err != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tokens[sha256.Sum256([]byte(c.Value))]
}

// try hears a code from an address at a moment. It returns a token for the
// cookie, or how long to wait before the next try; both zero: wrong.
func (d *setupDoor) try(code, from string, now time.Time) (token string, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tokens == nil {
		d.tokens, d.wrong = make(map[[32]byte]bool), make(map[string]wrongCodes)
	}
	w := d.wrong[from]
	if d.hour.n >= codeBudget && now.Before(d.hour.until) {
		return "", d.hour.until.Sub(now)
	}
	if now.Before(w.until) {
		return "", w.until.Sub(now)
	}
	if d.code != "" && subtle.ConstantTimeCompare([]byte(plainCode(code)), []byte(plainCode(d.code))) == 1 && len(d.tokens) < maxTokens {
		delete(d.wrong, from)
		token = rand.Text()
		d.tokens[sha256.Sum256([]byte(token))] = true
		return token, 0
	}
	d.count(from, w, now)
	return "", 0
}

func (d *setupDoor) count(from string, w wrongCodes, now time.Time) {
	if w.n++; w.n >= codeTries {
		w.until = now.Add(min(codeWait<<min(w.n-codeTries, 10), codeMaxWait))
	}
	if len(d.wrong) >= maxAddresses { // they are forgotten; the budget of all holds
		clear(d.wrong)
	}
	d.wrong[from] = w
	if now.After(d.hour.until) {
		d.hour = wrongCodes{until: now.Add(time.Hour)}
	}
	d.hour.n++
}

// plainCode is a code without what people add or leave out when they type it.
func plainCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(code)))
}

// from is the address that wrong codes count for: of IPv6 the network, because a
// machine has as many addresses there as it likes.
func from(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return hex.EncodeToString(ip[:8])
	}
	return host
}

// codePage answers another machine until it has given the code.
func (s *setup) codePage(v *setupVisit) error {
	if s.o.SetupCode == "" {
		v.status = http.StatusForbidden
		return s.show(v, "setup-code", v.text("setup.code.title"), setupBody{Data: codeView{HereOnly: true}})
	}
	if v.r.Method == http.MethodPost && v.r.URL.Path == "/cai-dat/ma" {
		if err := parseForm(v.r); err != nil {
			return err
		}
		token, wait := s.door.try(v.sent("code"), from(v.r), time.Now())
		switch {
		case token != "":
			http.SetCookie(v.w, &http.Cookie{Name: doorCookie, Value: token, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode})
			http.Redirect(v.w, v.r, "/cai-dat/", http.StatusSeeOther)
			return nil
		case wait > 0:
			v.status = http.StatusTooManyRequests
			v.fault("code", "setup.code.wait", "minutes", v.num(int(wait.Minutes())+1))
		default:
			v.fault("code", "setup.code.wrong")
		}
	} else {
		v.status = http.StatusUnauthorized
	}
	return s.show(v, "setup-code", v.text("setup.code.title"), setupBody{Data: codeView{}})
}

type codeView struct{ HereOnly bool }
