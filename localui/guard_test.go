package localui_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/localui"
)

// request asks the handler directly, so that Host, address and headers are as a
// stranger could make them.
func (w *world) request(method, target string, body string, set func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8480", "127.0.0.1:50000"
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if set != nil {
		set(r)
	}
	rec := httptest.NewRecorder()
	w.pages.ServeHTTP(rec, r)
	return rec
}

func TestOnlyKnownHostsAreAnswered(t *testing.T) {
	w := newWorld(t).withUsers()
	for host, want := range map[string]int{
		"127.0.0.1:8480": http.StatusOK, "localhost": http.StatusOK, "[::1]:8480": http.StatusOK, "tram.lan:8443": http.StatusOK, "TRAM.LAN": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "127.0.0.1.evil.example": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
		"192.168.1.10": http.StatusMisdirectedRequest, "tram.lan.evil.example:8443": http.StatusMisdirectedRequest, "\x00": http.StatusMisdirectedRequest,
	} {
		rec := w.request(http.MethodGet, "/dang-nhap", "", func(r *http.Request) { r.Host = host })
		if rec.Code != want {
			t.Errorf("Host %q: %d, want %d", host, rec.Code, want)
		}
	}
}

func TestInTheClearOnlyThisMachineIsAnswered(t *testing.T) {
	w := newWorld(t).withUsers()
	if rec := w.request(http.MethodGet, "/dang-nhap", "", func(r *http.Request) { r.RemoteAddr = "192.168.1.20:4000" }); rec.Code != http.StatusForbidden {
		t.Fatalf("in the clear from the LAN: %d", rec.Code)
	}
	rec := w.request(http.MethodPost, "https://tram.lan/dang-nhap", "_login=huong&_password="+url.QueryEscape(password), func(r *http.Request) {
		r.Host, r.RemoteAddr = "tram.lan", "192.168.1.20:4000"
	})
	c := rec.Result().Cookies()
	if rec.Code != http.StatusSeeOther || len(c) != 1 || c[0].Name != "__Host-tramxa" || !c[0].Secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode || c[0].Path != "/" {
		t.Fatalf("over TLS: %d, %v", rec.Code, c)
	}
	rec = w.request(http.MethodPost, "/dang-nhap", "_login=huong&_password="+url.QueryEscape(password), nil)
	if c = rec.Result().Cookies(); len(c) != 1 || !strings.HasPrefix(c[0].Name, "tramxa") || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("on this machine: %v", c)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t).withUsers()
	for _, h := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}} {
		rec := w.request(http.MethodPost, "/dang-nhap", "_login=huong&_password=x", func(r *http.Request) {
			for k, v := range h {
				r.Header[k] = v
			}
		})
		if rec.Code != http.StatusForbidden {
			t.Errorf("%v: %d", h, rec.Code)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t).withUsers()
	ids := w.family()
	b := w.as("nam")
	f := url.Values{"ho": {ids[0].String()}, "note": {strings.Repeat("a", 70<<10)}}
	head := w.head()
	b.post("/ghi/sinh", f).is(http.StatusRequestEntityTooLarge).has("quá lớn")
	w.browser().post("/dang-nhap", f).is(http.StatusRequestEntityTooLarge)
	if w.head() != head {
		t.Fatal("recorded")
	}
}

// TestEveryPage asks for every page in both languages: it is there, small, and
// carries the headers.
func TestEveryPage(t *testing.T) {
	w := newWorld(t).withUsers()
	ids := w.family()
	b := w.as("huong")
	_, f := openForm(b, "/ghi/chuyen-di?ho="+ids[0].String(), map[string]string{"date": "02/03/2027", "persons": ids[3].String(), "to": "Huế"})
	b.post("/ghi/chuyen-di", f).is(http.StatusOK)
	ho, nguoi := ids[0].String(), ids[2].String()
	var area population.ID
	w.view(func(v *register.View) { area = v.AreaByNumber(1) })
	pages := []string{"/", "/them", "/tim?q=nguyen", "/tim?q=nguyen&viec=chet", "/tim?q=12&viec=sinh", "/tim?q=chi&tat-ca=1", "/tim", "/ho/" + ho, "/nguoi/" + nguoi, "/nguoi/" + ids[3].String(),
		"/dia-ban", "/dia-ban?mo=" + area.String(), "/bien-dong", "/bien-dong?ky=2027-03&loai=departure", "/thang", "/thang?ky=2027-03&so=7", "/thang?ky=2027-03&so=balance.departures&diaban=" + area.String(),
		"/ghi", "/nguoi-dung", "/trang-thai", "/da-luu/7", "/dinh-chinh/6", "/huy/6", "/ghi/dia-ban?diaban=" + area.String()}
	for _, slug := range []string{"sinh", "chuyen-den", "chuyen-di", "chuyen-trong-xa", "tach-ho", "nhap-ho", "doi-chu-ho", "them-nguoi", "sua-ho", "bo-sot"} {
		pages = append(pages, "/ghi/"+slug, "/ghi/"+slug+"?ho="+ho)
	}
	for _, slug := range []string{"chet", "doi-thong-tin", "ket-hon", "ly-hon", "ghi-trung", "ngoai-pham-vi", "cung-nguoi"} {
		pages = append(pages, "/ghi/"+slug, "/ghi/"+slug+"?nguoi="+nguoi)
	}
	pages = append(pages, "/ghi/mo-ho", "/ghi/ho-den", "/ghi/dia-ban")
	for _, lang := range []string{"vi", "en"} {
		for _, path := range pages {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			page := b.get(path + sep + "lang=" + lang).is(http.StatusOK)
			checkPage(t, page, lang)
		}
	}
	for _, path := range []string{"/khong-co", "/ho/12-1-A", "/ho/x", "/nguoi/" + ho, "/ghi/khong-co", "/thang?ky=2027", "/da-luu/999", "/dinh-chinh/1", "/huy/abc", "/thang?so=99"} {
		page := b.get(path).is(http.StatusNotFound)
		checkPage(t, page, "en")
	}
	if csv := b.get("/thang.csv?ky=2027-03").is(http.StatusOK); !bytes.HasPrefix([]byte(csv.body), []byte("\xef\xbb\xbf")) || !strings.Contains(csv.header.Get("Content-Disposition"), "01-DSX-2027-03.csv") {
		t.Fatalf("%s", csv.header)
	}
	looks := strings.Join(w.looks, "\n")
	for _, want := range []string{"household " + ho, "person " + nguoi, "list ", "export "} {
		if !strings.Contains(looks, want) {
			t.Errorf("the access log has no %q", want)
		}
	}
}

// maxPage is what a first page may have in all: page, style sheet and script.
const maxPage = 60 << 10

func checkPage(t *testing.T, page answer, lang string) {
	t.Helper()
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store"} {
		if !strings.Contains(page.header.Get(name), want) {
			t.Errorf("%s: %s is %q", page.path, name, page.header.Get(name))
		}
	}
	if !strings.Contains(page.body, `<html lang="`+lang+`">`) {
		t.Errorf("%s is not in %q", page.path, lang)
	}
	if len(page.body) > maxPage/2 {
		t.Errorf("%s has %d bytes", page.path, len(page.body))
	}
	for _, bad := range []string{"<no value>", "ZgotmplZ", " style=", "onclick=", "%!"} {
		if strings.Contains(page.body, bad) {
			t.Errorf("%s contains %q", page.path, bad)
		}
	}
}

func TestFirstPageIsSmall(t *testing.T) {
	w := newWorld(t).withUsers()
	b := w.as("huong")
	page := b.get("/").is(http.StatusOK)
	sum := len(page.body)
	for _, part := range strings.Split(page.body, `"`) {
		if strings.HasPrefix(part, "/static/") {
			asset := b.get(part).is(http.StatusOK)
			if !strings.Contains(asset.header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %s", part, asset.header.Get("Cache-Control"))
			}
			sum += len(asset.body)
		}
	}
	t.Logf("first page in all: %d bytes, uncompressed", sum)
	if sum > maxPage {
		t.Fatalf("first page in all: %d bytes, more than %d", sum, maxPage)
	}
}

func TestHelpPageHasNothingElse(t *testing.T) {
	h, err := localui.NewHelp(localui.HelpOptions{Place: "Xã Ia Grai", Addresses: []string{"https://192.168.1.10:8443"}, Fingerprint: "AB12 CD34", Hosts: []string{"192.168.1.10"}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	res, err := http.Get(srv.URL + "/?lang=en")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || len(res.Cookies()) > 0 {
		t.Fatalf("%d, %v", res.StatusCode, res.Cookies())
	}
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	for _, want := range []string{"AB12 CD34", "https://192.168.1.10:8443"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(b.String(), "<form") {
		t.Error("the help page has a form")
	}
	for _, path := range []string{"/dang-nhap", "/ho/1", "/bat-dau"} {
		if res, err := http.Get(srv.URL + path); err != nil || res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v %v", path, res.StatusCode, err)
		}
	}
}
