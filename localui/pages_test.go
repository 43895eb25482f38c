package localui_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/localui"
)

func TestSearchFindsBothWays(t *testing.T) {
	w := newWorld(t).withUsers()
	w.family()
	b := w.as("nam")
	for _, q := range []string{"Trần Thị Bình", "tran thi binh", "binh tran", "1984", "12", "1-12"} {
		page := b.get("/tim?q=" + url.QueryEscape(q)).is(http.StatusOK).has("Trần Thị Bình")
		if strings.Contains(page.body, `value="`+q+`"`) != true {
			t.Errorf("the box does not keep %q", q)
		}
	}
	b.get("/tim?q=khongco").is(http.StatusOK).has("Không có ai khớp")
	part := b.get("/tim?q=binh&phan=1").is(http.StatusOK).has("Trần Thị Bình")
	if strings.Contains(part.body, "<html") {
		t.Error("the part is a whole page")
	}
	res := b.post("/goi-y", url.Values{"q": {"binh"}, "loai": {"nguoi"}}).is(http.StatusOK)
	var list []struct{ V, T string }
	if err := json.Unmarshal([]byte(res.body), &list); err != nil || len(list) != 1 || !strings.Contains(list[0].T, "Trần Thị Bình") {
		t.Fatalf("%v %v", list, err)
	}
}

func TestCheckSaysWhatIsWrongAndWritesNothing(t *testing.T) {
	w := newWorld(t).withUsers()
	ids := w.family()
	b := w.as("nam")
	_, f := openForm(b, "/ghi/sinh?ho="+ids[0].String(), birth())
	f.Set("_form", "sinh")
	f.Set("child.mother", ids[1].String())
	f.Del("child.sex") // not filled in yet
	head := w.head()
	var list []struct{ Name, Level, Text string }
	if err := json.Unmarshal([]byte(b.post("/kiem-tra", f).is(http.StatusOK).body), &list); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range list {
		found = found || l.Name == "child.mother" && l.Level == "hard" && strings.Contains(l.Text, "nữ")
	}
	if !found || w.head() != head {
		t.Fatalf("%v, head %d then %d", list, head, w.head())
	}
	w.as("kiem").post("/kiem-tra", f).is(http.StatusForbidden)
}

func TestCollaboratorSeesOwnAreasOnly(t *testing.T) {
	w := newWorld(t).withUsers()
	ids := w.family()
	var area population.ID
	w.view(func(v *register.View) { area = v.AreaByNumber(1) })
	w.must(1, population.UserCreated{Login: "ctv", Name: "Lê Thị Cộng", Role: population.RoleCollaborator, Areas: []population.ID{area}})
	w.must(1, population.UserCreated{Login: "ctv2", Name: "Lê Thị Tác", Role: population.RoleCollaborator})
	mine, other := w.as("ctv"), w.as("ctv2")
	mine.get("/ho/" + ids[0].String()).is(http.StatusOK)
	mine.get("/nguoi/" + ids[1].String()).is(http.StatusOK)
	mine.get("/tim?q=binh").has("Trần Thị Bình")
	other.get("/ho/" + ids[0].String()).is(http.StatusForbidden)
	other.get("/nguoi/" + ids[1].String()).is(http.StatusForbidden)
	if page := other.get("/tim?q=binh"); strings.Contains(page.body, "Trần Thị Bình") {
		t.Error("a collaborator finds persons of other areas")
	}
	for _, path := range []string{"/thang", "/bien-dong", "/ghi", "/nguoi-dung"} {
		mine.get(path).is(http.StatusForbidden)
	}
}

func TestUsersAreMadeChangedAndLockedOut(t *testing.T) {
	w := newWorld(t).withUsers()
	head := w.as("huong")
	f := head.get("/nguoi-dung").is(http.StatusOK).hidden()
	add := url.Values{"key": {f.Get("key")}, "name": {"Võ Thị Mới"}, "login": {"moi"}, "role": {"2"}, "password": {"ngan"}}
	head.post("/nguoi-dung", add).is(http.StatusUnprocessableEntity).has("ít nhất 8", "Võ Thị Mới")
	add.Set("password", password)
	head.post("/nguoi-dung", add).is(http.StatusOK).has("Đã lưu", "Võ Thị Mới")
	officer := w.as("moi")
	officer.get("/ghi").is(http.StatusOK)
	var number string
	w.view(func(v *register.View) { number = userNumber(v.UserByLogin("moi")) })
	f = head.get("/nguoi-dung").hidden()
	head.post("/nguoi-dung/"+number, url.Values{"key": {f.Get("key")}, "name": {"Võ Thị Mới"}, "role": {"2"}, "disabled": {"1"}}).is(http.StatusOK).has("đã khóa")
	if page := officer.get("/ghi"); !strings.HasPrefix(page.path, "/dang-nhap") {
		t.Fatalf("a disabled user is at %s", page.path)
	}
	officer.post("/dang-nhap", url.Values{"_login": {"moi"}, "_password": {password}}).is(http.StatusUnauthorized) // though the password is right
	if page := officer.get("/ghi"); !strings.HasPrefix(page.path, "/dang-nhap") {
		t.Fatalf("a disabled user logged in again, to %s", page.path)
	}
	head.post("/nguoi-dung/"+number+"/mat-khau", url.Values{"password": {"mot mat khau moi"}}).is(http.StatusOK).has("Đã lưu")
	f = head.get("/nguoi-dung").hidden()
	head.post("/nguoi-dung/1", url.Values{"key": {f.Get("key")}, "name": {"Nguyễn Thị Hương"}, "role": {"2"}}).is(http.StatusUnprocessableEntity).has("ít nhất một trưởng trạm")
}

func userNumber(n uint32) string { return string(rune('0' + n)) }

func TestLivePillFollowsTheBook(t *testing.T) {
	w := newWorld(t).withUsers()
	b := w.as("nam")
	address := "ws" + strings.TrimPrefix(w.server.URL, "http") + "/live"
	u, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(header http.Header) (*websocket.Conn, int) {
		t.Helper()
		conn, res, err := websocket.DefaultDialer.Dial(address, header)
		if err != nil && res == nil {
			t.Fatal(err)
		}
		return conn, res.StatusCode
	}
	if _, status := dial(nil); status != http.StatusUnauthorized {
		t.Fatalf("without a login: %d", status)
	}
	header := http.Header{}
	for _, c := range b.client.Jar.Cookies(u) {
		header.Add("Cookie", c.String())
	}
	header.Set("Origin", "https://evil.example")
	if _, status := dial(header); status != http.StatusForbidden {
		t.Fatalf("from another site: %d", status)
	}
	header.Set("Origin", w.server.URL)
	conn, _ := dial(header)
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	var first, second struct{ Class, Sign, Text string }
	if err := conn.ReadJSON(&first); err != nil {
		t.Fatal(err)
	}
	w.family()
	if err := conn.ReadJSON(&second); err != nil || first == second || !strings.Contains(second.Text, "chờ") {
		t.Fatalf("%v then %v: %v", first, second, err)
	}
}

func TestHubPages(t *testing.T) {
	w := newWorld(t).withUsers()
	w.family()
	hub, err := localui.NewHub(localui.HubOptions{Board: &board{w}, Auth: w.auth, Place: "Tỉnh Gia Lai", Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	w.server.Config.Handler = hub
	b := w.as("huong")
	page := b.get("/").is(http.StatusOK).has("Xã Ia O", "Đang chờ", "Im trên 7 ngày", "Bị chặn", "Chưa liên lạc", "2 cách ly")
	checkPage(t, page, "vi")
	if page = b.get("/?xem=fenced"); strings.Contains(page.body, "Xã Ia O") {
		t.Error("the filter shows others")
	}
	page = b.get("/tong-hop?ky=2027-01").is(http.StatusOK).has("Dân số cuối kỳ", "Theo trạm", "Xã Ia Grai")
	checkPage(t, page, "vi")
	if strings.Contains(page.body, "Nguyễn Văn An") {
		t.Error("a person stands on the hub's page")
	}
	b.get("/tong-hop?ky=2027-01&tram=7").is(http.StatusOK)
	b.get("/tong-hop?tram=99").is(http.StatusNotFound)
	b.get("/tong-hop.csv?ky=2027-01").is(http.StatusOK)
	checkPage(t, b.get("/trang-thai?lang=en").is(http.StatusOK).has("Leader", "n3"), "en")
	b.post("/nguoi-dung", url.Values{"login": {"van.hanh"}, "password": {password}}).is(http.StatusOK).has("van.hanh")
	b.post("/nguoi-dung", url.Values{"login": {"Có Dấu"}, "password": {password}}).is(http.StatusUnprocessableEntity)
	w.browser().post("/dang-nhap", url.Values{"_login": {"van.hanh"}, "_password": {password}}).is(http.StatusOK)
}

func TestMonthIsClosedOnce(t *testing.T) {
	w := newWorld(t).withUsers()
	ids := w.family()
	b := w.as("nam")
	b.get("/thang?ky=2027-01").is(http.StatusOK).has("/thang/khoa?ky=2027-01")
	f := b.get("/thang/khoa?ky=2027-01").is(http.StatusOK).hidden()
	b.post("/thang/khoa", f).is(http.StatusOK).has("đã khóa sổ")
	head := w.head()
	b.post("/thang/khoa", f).is(http.StatusOK)
	if w.head() != head {
		t.Fatal("closed twice")
	}
	f = b.get("/thang/khoa?ky=2027-03").hidden()
	b.post("/thang/khoa", f).is(http.StatusUnprocessableEntity).has("kỳ tiếp theo là")
	_, f = openForm(b, "/ghi/chuyen-di?ho="+ids[0].String(), map[string]string{"date": "20/01/2027", "persons": ids[3].String(), "to": "Huế"})
	b.post("/ghi/chuyen-di", f).is(http.StatusOK).has("ghi muộn, tính vào 02/2027")
}

// TestSheetTellsOfItsPeople: mục III holds what names a person only (a death, a
// divorce), while the person belonged to the household.
func TestSheetTellsOfItsPeople(t *testing.T) {
	w := newWorld(t).withUsers()
	ids := w.family()
	w.must(2, population.Divorce{A: ids[1], B: ids[2], Date: day(2027, 3, 1)})
	w.must(2, population.Death{Person: ids[2], Date: day(2027, 3, 2)})
	w.must(2, population.Departure{Household: ids[0], Persons: []population.ID{ids[3]}, Date: day(2027, 3, 3)})
	page := w.as("nam").get("/ho/" + ids[0].String()).is(http.StatusOK).text()
	_, three, ok := strings.Cut(page, "III.")
	if !ok {
		t.Fatal("no mục III")
	}
	at := -1
	for _, part := range []string{"Chuyển đi", "Chết", "Ly hôn", "Mở hộ"} {
		i := strings.Index(three, part)
		if i <= at {
			t.Fatalf("mục III: %q is missing or out of order in %q", part, three)
		}
		at = i
	}
}

// TestClosingNeedsAMonth: the page never offers to close nothing.
func TestClosingNeedsAMonth(t *testing.T) {
	b := newWorld(t).withUsers().as("nam")
	b.get("/thang/khoa").is(http.StatusNotFound)
	b.get("/thang/khoa?ky=2027-02").is(http.StatusOK).has("02/2027")
}
