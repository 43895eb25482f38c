package localui_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func TestFirstAccountIsMadeOnceHere(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/").is(http.StatusOK).has(`action="/bat-dau"`)
	form := url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {password}, "again": {"khac"}}
	b.post("/bat-dau", form).is(http.StatusUnprocessableEntity).has("Hai lần nhập mật khẩu khác nhau")
	form.Set("again", password)
	if res := b.post("/bat-dau", form).is(http.StatusOK); res.path != "/" {
		t.Fatalf("came to %s", res.path)
	}
	if res := w.browser().get("/bat-dau").is(http.StatusOK); res.path != "/dang-nhap" {
		t.Fatalf("the first start is open still: %s", res.path)
	}
	other := form
	other.Set("login", "khac")
	if res := w.browser().post("/bat-dau", other); res.path != "/dang-nhap" {
		t.Fatalf("a second first account: %s", res.path)
	}
}

// TestTheLoginOfTheSetupIsForgotten: the login page fills it in until it was used.
func TestTheLoginOfTheSetupIsForgotten(t *testing.T) {
	w := newWorld(t).withUsers()
	w.account("nam")
	b := w.browser()
	door, err := url.Parse(w.server.URL + "/dang-nhap")
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(door, []*http.Cookie{{Name: "tramxa-truong-tram", Value: "nam", Path: "/dang-nhap", MaxAge: 600}})
	b.get("/dang-nhap").is(http.StatusOK).has(`value="nam"`)
	b.post("/dang-nhap", url.Values{"_login": {"nam"}, "_password": {"nhầm rồi"}}).is(http.StatusUnauthorized)
	kept := func() (login string) {
		for _, c := range b.client.Jar.Cookies(door) {
			if c.Name == "tramxa-truong-tram" {
				login = c.Value
			}
		}
		return login
	}
	if kept() != "nam" {
		t.Fatal("forgotten before the login")
	}
	b.post("/dang-nhap", url.Values{"_login": {"nam"}, "_password": {password}}).is(http.StatusOK)
	if kept() != "" {
		t.Error("kept after the login")
	}
	b.post("/dang-xuat", nil)
	if page := b.get("/dang-nhap").is(http.StatusOK); strings.Contains(page.body, `value="nam"`) {
		t.Error("the next person sees the login")
	}
}

// TestFirstAccountPressedTwice: both answers lead in, and there is one account.
func TestFirstAccountPressedTwice(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {password}, "again": {password}}
	var both sync.WaitGroup
	answers := make([]answer, 4)
	for i := range answers {
		b := w.browser()
		both.Go(func() { answers[i] = b.post("/bat-dau", form) })
	}
	both.Wait()
	for _, a := range answers {
		if a.is(http.StatusOK).path != "/" && a.path != "/dang-nhap" {
			t.Errorf("came to %s", a.path)
		}
	}
	if n := len(w.auth.Logins()); n != 1 {
		t.Fatalf("%d accounts", n)
	}
}
