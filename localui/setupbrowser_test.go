package localui_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/localui"
	"tramxa/localui/browsertest"
)

// TestFromStickToFirstBirth goes through the setup with keys alone, in a real
// browser, with what a stick knows beforehand; then a real station takes its
// place and the first birth is recorded. It prints what had to be done. On the
// booted image package boottest goes the same way.
func TestFromStickToFirstBirth(t *testing.T) {
	if os.Getenv("TRAMXA_LONG") != "1" {
		t.Skip("skipped: TRAMXA_LONG is not 1")
	}
	var w *world
	var serving atomic.Value // of handlers
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Prefill = localui.SetupPrefill{Language: "vi", Station: 7, Unit: "23764", Hub: []string{"hub1.example:8470"}, HubPin: "hub-0123456789abcdef"}
		o.Machine = machineFacts
		o.Finish = func(ctx context.Context, a localui.Answers) error {
			w = newWorld(t)
			w.must(0, population.UserCreated{Login: a.HeadLogin, Name: a.HeadName, Role: population.RoleHead})
			return w.auth.Add(ctx, 1, a.HeadLogin, a.HeadPassword)
		}
		o.Opened = func() { serving.Store(&w.pages) }
	})
	serving.Store(&f.w.pages)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*serving.Load().(*http.Handler)).ServeHTTP(rw, r) }))
	defer srv.Close()
	h := browsertest.Start(t, browsertest.Options{}).Open(srv.URL)
	groups := strings.Split(recoveryCode, "-")
	h.FromStickToFirstBirth(browsertest.Way{
		Groups: func(first, second int) [2]string {
			return [2]string{strings.ToLower(groups[first-1]), groups[second-1]}
		},
		Born: "5/3/2027", Shots: os.Getenv("TRAMXA_SHOTS"),
	})
	h.Log()
	if sum := h.Total(); sum.Keys+sum.Clicks > browsertest.MostPressed {
		t.Errorf("%d clicks and keys, at most %d are wanted", sum.Keys+sum.Clicks, browsertest.MostPressed)
	}
	births := 0
	w.view(func(v *register.View) {
		_ = v.Households(func(home *population.Household) bool {
			for _, id := range v.Members(home.ID) {
				if v.Person(id).Name == browsertest.Child {
					births++
				}
			}
			return true
		})
	})
	if births != 1 {
		t.Errorf("the book has %d births", births)
	}
}
