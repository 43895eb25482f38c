package localui_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tramxa/localui"
)

// setupShots are the pages of the first start, each in a setup that has come that
// far; those of a form sent wrongly are answers to it.
func setupShots(t *testing.T) []shot {
	var out []shot
	add := func(name, after, path string, form url.Values, tune func(*localui.SetupOptions)) {
		f := newFirstStart(t, func(o *localui.SetupOptions) {
			o.Machine = machineFacts
			o.DiskTest = func(_ context.Context, say localui.Progress) error {
				say(localui.Text{Vi: "Ghi rồi đọc lại", En: "Writing and reading back"}, 45, 100)
				<-t.Context().Done()
				return nil
			}
			o.Take = func(context.Context, []byte) (localui.Taken, error) { return localui.Taken{}, nil }
			o.Sticks = func(context.Context) []localui.StickFile {
				return []localui.StickFile{{ID: "a", Label: localui.Text{Vi: "USB KINGSTON: seed.toml (trạm 135)"}}}
			}
			o.TakeFrom = func(context.Context, string) (localui.Taken, error) { return localui.Taken{}, nil }
			o.Backups = func(context.Context) ([]localui.BackupChoice, error) {
				return []localui.BackupChoice{
					{ID: "a", Label: localui.Text{Vi: "Xã Ia Grai, trạm 135, ngày 19/03/2027"}, Detail: localui.Text{Vi: "USB KINGSTON · 12 MB · đã kiểm tra"}, NeedsCode: true},
					{ID: "b", Label: localui.Text{Vi: "Xã Ia Grai, trạm 135, ngày 12/03/2027"}, Detail: localui.Text{Vi: "USB KINGSTON · 12 MB"}, NeedsCode: true},
				}, nil
			}
			o.Restore = func(context.Context, string, string, localui.Progress) error { return nil }
			if tune != nil {
				tune(o)
			}
		})
		if after != "" {
			f.through(after)
		}
		srv := httptest.NewServer(asSent(f, path, form))
		t.Cleanup(srv.Close)
		out = append(out, shot{"setup-" + name, srv.URL + "/shot"})
	}
	add("language", "", "/cai-dat/ngon-ngu", nil, nil)
	add("unit", "ngon-ngu", "/cai-dat/don-vi", nil, nil)
	add("unit-list", "ngon-ngu", "/cai-dat/don-vi?q=tan+an", nil, nil)
	add("unit-one", "ngon-ngu", "/cai-dat/don-vi?q=ia+grai", nil, nil)
	add("unit-typed", "ngon-ngu", "/cai-dat/don-vi", url.Values{"unit": {"2376"}, "unit_name": {""}, "place": {""}}, nil)
	add("clock", "don-vi", "/cai-dat/dong-ho", nil, func(o *localui.SetupOptions) {
		o.Clock = func() (time.Time, bool) { return start.AddDate(-9, 0, 0), false }
	})
	add("clock-off", "don-vi", "/cai-dat/dong-ho", url.Values{"date": {"20/03/2037"}, "time": {"09:30"}}, nil)
	add("machine", "dong-ho", "/cai-dat/may", nil, nil)
	add("machine-test", "dong-ho", "/cai-dat/may/thu", url.Values{"": {""}}, nil)
	add("hub", "may", "/cai-dat/noi-tinh", nil, nil)
	add("hub-wrong", "may", "/cai-dat/noi-tinh", url.Values{"station": {"x"}, "hub": {"hub1"}, "pin": {"zzz"}}, nil)
	add("head", "noi-tinh", "/cai-dat/truong-tram", nil, nil)
	add("head-wrong", "noi-tinh", "/cai-dat/truong-tram", url.Values{"name": {"Nguyễn Thị Hương"}, "password": {"12345678"}, "again": {"12345678"}}, nil)
	add("sheet", "truong-tram", "/cai-dat/phieu", nil, nil)
	add("sheet-wrong", "truong-tram", "/cai-dat/phieu", url.Values{"group1": {"AAAAAA"}, "group2": {""}}, nil)
	add("data", "phieu", "/cai-dat/du-lieu", nil, nil)
	add("done", "du-lieu", "/cai-dat/xong", nil, nil)
	add("restore", "", "/cai-dat/khoi-phuc", nil, nil)
	add("code", "", "far", nil, nil)
	return out
}

// asSent answers /shot with a page, or with what a form sent gives.
func asSent(f *firstStart, path string, form url.Values) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/shot" {
			host := r.Host
			method, body := http.MethodGet, ""
			if form != nil {
				method, body = http.MethodPost, form.Encode()
			}
			if path == "far" {
				r = httptest.NewRequest(http.MethodGet, "https://tram.lan/", nil)
				r.Host, r.RemoteAddr = "tram.lan", "192.168.1.20:1"
			} else {
				r = httptest.NewRequest(method, path, strings.NewReader(body))
				r.Host, r.RemoteAddr = host, "127.0.0.1:1"
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
		}
		f.w.pages.ServeHTTP(w, r)
	})
}
