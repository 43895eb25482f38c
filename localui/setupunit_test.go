package localui_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tramxa/localui"
)

// TestUnitIsFoundAsPeopleType: without marks, by code, with the province, by
// province alone; one that is found alone stands there to be agreed to.
func TestUnitIsFoundAsPeopleType(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("ngon-ngu")
	for _, c := range []struct{ q, tinh, chosen, listed, not string }{
		{"ia grai", "", "23764", "", ""},
		{"Xã Ia Grai", "", "23764", "", ""},
		{"IA GRAI gia lai", "", "23764", "", ""},
		{"23764", "", "23764", "", ""},
		{"2376", "", "", "23767", "26005"},
		{"tan an", "", "", "26005", "23764"},
		{"tan an", "75", "26005", "", ""},
		{"tân an gia lai", "", "23650", "", "26005"},
		{"ia", "", "", "23764", "00004"},
		{"", "52", "", "23563", "00004"},
		{"ba đình", "", "00004", "", ""},
		{"ba dinh", "52", "", "", "00004"},
		{"khong co", "", "", "", "23764"},
		{"<script>", "", "", "", "<script>"},
	} {
		page := f.get("/cai-dat/don-vi?q=" + url.QueryEscape(c.q) + "&tinh=" + c.tinh).is(http.StatusOK)
		if agree := `name="unit" value="` + c.chosen + `"`; c.chosen != "" && !strings.Contains(page.body, agree) {
			t.Errorf("%q %s: %s is not offered:\n%s", c.q, c.tinh, c.chosen, page.text())
		}
		if c.chosen == "" && strings.Contains(page.body, `name="unit" value=`) {
			t.Errorf("%q %s: one is chosen", c.q, c.tinh)
		}
		if c.listed != "" && !strings.Contains(page.body, `?ma=`+c.listed) {
			t.Errorf("%q %s: %s is not listed", c.q, c.tinh, c.listed)
		}
		if c.not != "" && strings.Contains(page.body, c.not) {
			t.Errorf("%q %s: %s should not be there", c.q, c.tinh, c.not)
		}
	}
	f.get("/cai-dat/don-vi?ma=23767").is(http.StatusOK).has("Xã Ia O", "Trạm y tế xã Ia O")
	f.get("/cai-dat/don-vi?q=khong+co").has("Không có đơn vị nào")
}

// TestUnitNotInTheList: code and name are typed, with a list and without one.
func TestUnitNotInTheList(t *testing.T) {
	for name, tune := range map[string]func(*localui.SetupOptions){"list": nil, "no list": func(o *localui.SetupOptions) { o.Units = nil }} {
		f := newFirstStart(t, tune)
		f.through("ngon-ngu")
		f.get("/cai-dat/don-vi?tay=1").is(http.StatusOK).has(`name="unit_name"`)
		f.post("/cai-dat/don-vi", url.Values{"unit": {"99123"}, "unit_name": {"  Xã   Mới "}, "place": {""}}).is(http.StatusOK)
		if page := f.get("/cai-dat/don-vi").has(`value="Xã Mới"`, `value="99123"`); !strings.Contains(page.body, "Trạm y tế xã Mới") {
			t.Errorf("%s: %s", name, page.text())
		}
	}
}

// TestPrefillOnlyNeedsToBeAgreedTo: with a seed every step is one press.
func TestPrefillOnlyNeedsToBeAgreedTo(t *testing.T) {
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Prefill = localui.SetupPrefill{Language: "en", Station: 135, Mint: 7, Unit: "23764", Place: "Trạm Ia Grai", Hub: []string{"hub1.example:8470"}, HubPin: "hub-0123456789abcdef"}
	})
	if page := f.get("/").is(http.StatusOK); !strings.Contains(page.body, `<html lang="en">`) {
		t.Fatal("not in the seed's language")
	}
	f.post("/cai-dat/ngon-ngu", url.Values{"language": {"en"}})
	f.get("/cai-dat/don-vi").has(`name="unit" value="23764"`, `value="Trạm Ia Grai"`)
	f.post("/cai-dat/don-vi", url.Values{"unit": {"23764"}, "place": {"Trạm Ia Grai"}})
	f.post("/cai-dat/dong-ho", goodAnswers()[2].form)
	f.post("/cai-dat/may", nil)
	f.get("/cai-dat/noi-tinh").has(`value="135"`, `value="7"`, `value="hub1.example:8470"`, `value="hub-0123456789abcdef"`, "hub-01…abcdef")
	page := f.post("/cai-dat/noi-tinh", url.Values{"station": {"135"}, "mint": {"7"}, "hub": {"hub1.example:8470"}, "pin": {"hub-0123456789abcdef"}})
	if page.path != "/cai-dat/truong-tram" {
		t.Fatal(page.path)
	}
}

// TestUnitNameFromTheStick: a place as the stick names it tells the name of its
// unit, so that nothing is left to type.
func TestUnitNameFromTheStick(t *testing.T) {
	for place, c := range map[string]struct{ name, focus string }{
		"Trạm y tế xã Ia Grai":        {"Xã Ia Grai", `name="place"`},
		"Trạm y tế phường Diên Hồng":  {"Phường Diên Hồng", `name="place"`},
		"Trạm y tế  đặc khu Lý Sơn":   {"Đặc khu Lý Sơn", `name="place"`},
		"Trạm y tế Xã Ia Grai":        {"Xã Ia Grai", `name="place"`},
		"xã Ia Grai":                  {"Xã Ia Grai", `name="place"`},
		"Phòng khám khu vực Ia Grai":  {"", `name="unit_name"`},
		"Trạm y tế xã <b>Ia Grai</b>": {"Xã <b>Ia Grai</b>", `name="place"`},
		"Trạm y tế xã":                {"", `name="unit_name"`},
		"":                            {"", `name="unit_name"`},
	} {
		f := newFirstStart(t, func(o *localui.SetupOptions) {
			o.Units = nil
			o.Prefill = localui.SetupPrefill{Unit: "23764", Place: place}
		})
		f.through("ngon-ngu")
		page := f.get("/cai-dat/don-vi").is(http.StatusOK).has(`name="unit_name" type="text" value="` + html.EscapeString(c.name) + `"`)
		if !strings.Contains(page.focus(), c.focus) {
			t.Errorf("%q: the focus is in %s", place, page.focus())
		}
	}
}
