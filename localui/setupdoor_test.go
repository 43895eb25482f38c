package localui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tramxa/localui"
)

// TestSetupFromAnotherMachine: only over TLS, only with the code; wrong codes
// make the address wait and have a budget together.
func TestSetupFromAnotherMachine(t *testing.T) {
	f := newFirstStart(t, nil)
	far := func(method, path, body, from string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
		return f.w.request(method, "https://tram.lan"+path, body, func(r *http.Request) {
			r.Host, r.RemoteAddr = "tram.lan", from+":4000"
			for _, c := range cookies {
				r.AddCookie(c)
			}
		})
	}
	if rec := f.w.request(http.MethodGet, "/cai-dat/ngon-ngu", "", func(r *http.Request) { r.RemoteAddr = "192.168.1.20:4000" }); rec.Code != http.StatusForbidden {
		t.Fatalf("in the clear: %d", rec.Code)
	}
	for _, path := range []string{"/", "/cai-dat/phieu.pdf", "/cai-dat/ngon-ngu", "/cai-dat/may.pdf"} {
		if rec := far(http.MethodGet, path, "", "192.168.1.20"); rec.Code != http.StatusUnauthorized || !strings.Contains(rec.Body.String(), "Mã cài đặt") {
			t.Fatalf("%s without the code: %d", path, rec.Code)
		}
	}
	rec := far(http.MethodPost, "/cai-dat/ma", "code=abcde+23456", "192.168.1.20")
	cookies := rec.Result().Cookies()
	if rec.Code != http.StatusSeeOther || len(cookies) != 1 || !cookies[0].Secure || !cookies[0].HttpOnly {
		t.Fatalf("right code: %d %v", rec.Code, cookies)
	}
	if rec := far(http.MethodGet, "/cai-dat/ngon-ngu", "", "192.168.1.20", cookies[0]); rec.Code != http.StatusOK {
		t.Fatalf("with the cookie: %d", rec.Code)
	}
	if rec := far(http.MethodGet, "/cai-dat/ngon-ngu", "", "192.168.1.20", &http.Cookie{Name: cookies[0].Name, Value: "x"}); rec.Code != http.StatusUnauthorized {
		t.Fatalf("with a made up cookie: %d", rec.Code)
	}
	for i := range 6 {
		rec = far(http.MethodPost, "/cai-dat/ma", "code=wrong", "192.168.1.21")
		if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusUnprocessableEntity}[i >= 5]; rec.Code != want {
			t.Fatalf("wrong code %d: %d", i+1, rec.Code)
		}
	}
	if rec = far(http.MethodPost, "/cai-dat/ma", "code=ABCDE-23456", "192.168.1.21"); rec.Code != http.StatusTooManyRequests {
		t.Fatalf("the right code while it waits: %d", rec.Code)
	}
	if rec = far(http.MethodPost, "/cai-dat/ma", "code=ABCDE-23456", "192.168.1.22"); rec.Code != http.StatusSeeOther {
		t.Fatalf("another address: %d", rec.Code)
	}
	for i := range 80 {
		rec = far(http.MethodPost, "/cai-dat/ma", "code=wrong", "192.168.2."+string(rune('1'+i%9))+string(rune('0'+i/9)))
	}
	if rec.Code != http.StatusTooManyRequests {
		t.Fatalf("many addresses guess on: %d", rec.Code)
	}
	if rec = far(http.MethodGet, "/cai-dat/ngon-ngu", "", "192.168.1.20", cookies[0]); rec.Code != http.StatusOK {
		t.Fatalf("who is in is locked out: %d", rec.Code)
	}
}

func TestSetupWithoutACodeIsForThisMachine(t *testing.T) {
	f := newFirstStart(t, func(o *localui.SetupOptions) { o.SetupCode = "" })
	for _, body := range []string{"", "code="} {
		rec := f.w.request(http.MethodPost, "https://tram.lan/cai-dat/ma", body, func(r *http.Request) { r.Host, r.RemoteAddr = "tram.lan", "192.168.1.20:1" })
		if rec.Code != http.StatusForbidden {
			t.Fatalf("%d", rec.Code)
		}
	}
}
