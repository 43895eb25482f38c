package localui_test

import (
	"net/http"
	"net/url"
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
