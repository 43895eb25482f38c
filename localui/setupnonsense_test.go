package localui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestSetupRefusesNonsense: each wrong field gets its own sentence beside it and
// keeps what was typed.
func TestSetupRefusesNonsense(t *testing.T) {
	f := newFirstStart(t, nil)
	long := strings.Repeat("dài ", 200)
	for _, c := range []struct {
		after, slug string
		form        url.Values
		want        string
	}{
		{"", "ngon-ngu", url.Values{}, "Chọn một ngôn ngữ"},
		{"", "ngon-ngu", url.Values{"language": {"xx"}}, "Chọn một ngôn ngữ"},
		{"ngon-ngu", "don-vi", url.Values{}, "đúng năm số"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"2376"}}, "đúng năm số"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"00000"}}, "đúng năm số"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"99999"}}, "Nhập cả tên đơn vị"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"99999"}, "unit_name": {"Xã <b>"}}, "không có &lt; &gt;"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"99999"}, "unit_name": {long}}, "không quá 100"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"23764"}, "place": {"\xff\xfe"}}, "không quá 100"},
		{"ngon-ngu", "don-vi", url.Values{"unit": {"23764"}, "place": {"12345"}}, "Tên có chữ"},
		{"don-vi", "dong-ho", url.Values{}, "Viết như 05/04/2027"},
		{"don-vi", "dong-ho", url.Values{"date": {"31/02/2027"}, "time": {"25:00"}}, "Viết như 14:30"},
		{"don-vi", "dong-ho", url.Values{"date": {"03/2027"}, "time": {"10:00"}}, "Viết như 05/04/2027"},
		{"don-vi", "dong-ho", url.Values{"date": {"01/01/1990"}, "time": {"10:00"}}, "Năm phải từ 2026"},
		{"don-vi", "dong-ho", url.Values{"date": {"01/01/2070"}, "time": {"10:00"}}, "Năm phải từ 2026"},
		{"may", "noi-tinh", url.Values{}, "Nhập số trạm"},
		{"may", "noi-tinh", url.Values{"station": {"-1"}}, "Chỉ viết số"},
		{"may", "noi-tinh", url.Values{"station": {"99999999999"}}, "Chỉ viết số"},
		{"may", "noi-tinh", url.Values{"station": {"1"}, "mint": {"x"}, "later": {"1"}}, "Chỉ viết số"},
		{"may", "noi-tinh", url.Values{"station": {"1"}}, "đánh dấu nối sau"},
		{"may", "noi-tinh", url.Values{"station": {"1"}, "hub": {"hub1"}, "pin": {"hub-1"}}, "hub1.tinh.vn:8470"},
		{"may", "noi-tinh", url.Values{"station": {"1"}, "hub": {"hub1:99999"}, "pin": {"hub-1"}}, "hub1.tinh.vn:8470"},
		{"may", "noi-tinh", url.Values{"station": {"1"}, "hub": {"http://x/:8470"}, "pin": {"hub-1"}}, "hub1.tinh.vn:8470"},
		{"may", "noi-tinh", url.Values{"station": {"1"}, "hub": {strings.Repeat("h:1,", 10)}, "pin": {"hub-1"}}, "Nhiều nhất 9"},
		{"may", "noi-tinh", url.Values{"station": {"1"}, "hub": {"h:1"}, "pin": {"nonsense"}}, "không phải khóa của máy chủ tỉnh"},
		{"noi-tinh", "truong-tram", url.Values{}, "Nhập họ và tên"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"123"}}, "Họ tên chỉ có chữ"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"Lan"}, "login": {"1lan"}, "password": {"x"}}, "Bắt đầu bằng chữ"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"Lan"}, "password": {"ngan"}}, "từ 8 đến 128"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"Lan"}, "password": {"12345678"}, "again": {"12345678"}}, "ai cũng đoán được"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"Lan"}, "password": {"Mật khẩu 123"}, "again": {"Mật khẩu 123"}}, "ai cũng đoán được"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"Trần Thị Lan"}, "password": {"tranthilan2027"}, "again": {"tranthilan2027"}}, "ai cũng đoán được"},
		{"noi-tinh", "truong-tram", url.Values{"name": {"Lan"}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khé"}}, "không giống nhau"},
		{"truong-tram", "phieu", url.Values{}, "Gõ nhóm này từ phiếu"},
		{"truong-tram", "phieu", url.Values{"group1": {"AAAAAA"}, "group2": {"BBBBBB"}}, "Không giống trên phiếu"},
		{"phieu", "du-lieu", url.Values{"data": {"everything"}}, "Chọn một cách"},
	} {
		if c.after != "" && !strings.Contains(f.get("/").path, c.slug) {
			f.kept = nil
			f.restart()
			f.through(c.after)
		}
		page := f.post("/cai-dat/"+c.slug, c.form).is(http.StatusUnprocessableEntity).has(c.want, `role="alert"`)
		checkPage(t, page, "vi")
	}
	if len(f.made) != 0 {
		t.Fatal("made a station out of nonsense")
	}
	f.get("/cai-dat/truong-tram")
	f.post("/cai-dat/don-vi", url.Values{"unit": {strings.Repeat("9", 70<<10)}}).is(http.StatusRequestEntityTooLarge)
}
