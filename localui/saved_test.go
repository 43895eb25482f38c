package localui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

var (
	focused = regexp.MustCompile(`<(?:a|input|select|button)[^>]* autofocus[^>]*>`)
	linkTo  = regexp.MustCompile(`href="([^"]*)"`)
)

// focus is the one element that has the focus when the page comes.
func (a answer) focus() string {
	a.t.Helper()
	found := focused.FindAllString(a.body, -1)
	if len(found) != 1 {
		a.t.Fatalf("%s: %d elements want the focus: %v", a.path, len(found), found)
	}
	return found[0]
}

// TestEnterGoesOn: from the empty book to the first birth, what comes next has
// the focus or stands on the page, also without script.
func TestEnterGoesOn(t *testing.T) {
	w := newWorld(t)
	w.must(0, population.UserCreated{Login: "huong", Name: "Nguyễn Thị Hương", Role: population.RoleHead})
	b := w.as("huong")
	follow := func(page answer, label string) answer {
		t.Helper()
		el := page.focus()
		if label != "" {
			m := regexp.MustCompile(`<a[^>]*href="[^"]*"[^>]*>` + label + `</a>`).FindString(page.body)
			if el = m; m == "" {
				t.Fatalf("%s does not offer %q:\n%s", page.path, label, page.text())
			}
		}
		m := linkTo.FindStringSubmatch(el)
		if m == nil {
			t.Fatalf("%s: the focus leads nowhere: %s", page.path, el)
		}
		return b.get(strings.ReplaceAll(m[1], "&amp;", "&")).is(http.StatusOK)
	}

	page := follow(b.get("/").is(http.StatusOK), "")
	form := page.hidden()
	for name, v := range map[string]string{"number": "1", "hamlet": "Thôn 1", "unit": "23764", "date": "01/01/2025"} {
		form.Set(name, v)
	}
	page = b.post("/ghi/dia-ban", form).is(http.StatusOK).has("Khai địa bàn tiếp")

	if again := follow(b.get("/").is(http.StatusOK), ""); again.path != "/ghi/mo-ho" { // who comes back later
		t.Errorf("a book without households leads to %s", again.path)
	}
	page = follow(page, "")
	if !strings.HasPrefix(page.path, "/ghi/mo-ho?diaban=") || !strings.Contains(page.focus(), `name="members[0].name"`) {
		t.Fatalf("%s has the focus in %s", page.path, page.focus())
	}
	form = page.hidden()
	var area population.ID
	w.view(func(v *register.View) { area = v.AreaByNumber(1) })
	for name, v := range map[string]string{"area": area.String(), "number": "1", "type": "family", "members[0].name": "Trần Thị Bình", "members[0].sex": "female",
		"members[0].born": "03/06/1998", "members[0].relation": "1", "members[0].marital": "2", "members[0].residence": "1"} {
		form.Set(name, v)
	}
	page = b.post("/ghi/mo-ho", form).is(http.StatusOK).has("Xem hộ", "Thêm người")

	next := follow(page, "")
	if !strings.HasPrefix(next.path, "/ghi/mo-ho?diaban=") || !strings.Contains(next.body, `name="number" value="2"`) {
		t.Errorf("after a household Enter leads to %s", next.path)
	}
	page = follow(page, "Ghi sinh cho hộ này")
	if !strings.HasPrefix(page.path, "/ghi/sinh?ho=") {
		t.Fatalf("the birth is at %s", page.path)
	}
	form = page.hidden()
	for name, v := range map[string]string{"child.name": "Nguyễn Văn Dũng", "child.sex": "male", "child.born": "05/03/2027", "child.mother": motherOf(page), "child.relation": "3"} {
		form.Set(name, v)
	}
	page = b.post("/ghi/sinh", form).is(http.StatusOK)
	if home := follow(page, ""); !strings.HasPrefix(home.path, "/ho/") {
		t.Errorf("after a birth Enter leads to %s", home.path)
	}
	if home := b.get("/").is(http.StatusOK); focused.MatchString(home.body) || strings.Contains(home.body, "Sổ còn trống") {
		t.Error("the book is called empty still")
	}
}

var mother = regexp.MustCompile(`name="child.mother"[^>]*>.*?<option value="([^"]+)" selected`)

// motherOf is the mother whom the form of a birth proposes.
func motherOf(page answer) string {
	page.t.Helper()
	m := mother.FindStringSubmatch(strings.ReplaceAll(page.body, "\n", " "))
	if m == nil {
		page.t.Fatalf("%s proposes no mother", page.path)
	}
	return m[1]
}

// TestNextHouseholdStaysInItsArea: "save and next" keeps the area that was chosen
// in the form, where a station has several.
func TestNextHouseholdStaysInItsArea(t *testing.T) {
	w := newWorld(t).withUsers()
	w.must(2, population.AreaDefined{Number: 2, Unit: 23764, Hamlet: "Thôn 2", Date: day(2025, 1, 1)})
	b := w.as("nam")
	var area population.ID
	w.view(func(v *register.View) { area = v.AreaByNumber(2) })
	form := b.get("/ghi/mo-ho").is(http.StatusOK).hidden()
	for name, v := range map[string]string{"area": area.String(), "number": "1", "type": "family", "members[0].name": "Trần Thị Bình", "members[0].sex": "female",
		"members[0].born": "03/06/1998", "members[0].relation": "1", "then": "next"} {
		form.Set(name, v)
	}
	page := b.post("/ghi/mo-ho", form).is(http.StatusOK).has(`<option value="` + area.String() + `" selected>`)
	if !strings.Contains(page.focus(), "members[0].name") || !strings.Contains(page.path, "saved=") {
		t.Errorf("%s has the focus in %s", page.path, page.focus())
	}
}

// TestReadersAreNotOfferedForms: the page of an entry leads an auditor to the
// household and to no form.
func TestReadersAreNotOfferedForms(t *testing.T) {
	w := newWorld(t).withUsers()
	w.family()
	page := w.as("kiem").get("/da-luu/6").is(http.StatusOK).has("Xem hộ")
	if strings.Contains(page.body, `href="/ghi/`) {
		t.Error("a form is offered to who may not write")
	}
}

// TestLoginIsFilledInAfterTheSetup: the browser that made the station need not
// type the login again; another one knows nothing of it.
func TestLoginIsFilledInAfterTheSetup(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("du-lieu")
	f.post("/cai-dat/mo", nil)
	w := newWorld(t).withUsers()
	at, err := url.Parse(f.w.server.URL + "/dang-nhap")
	if err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	to, err := url.Parse(w.server.URL + "/dang-nhap")
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(to, f.client.Jar.Cookies(at))
	page := b.get("/dang-nhap").is(http.StatusOK).has(`name="_login" type="text" value="huong"`)
	if !strings.Contains(page.focus(), "_password") {
		t.Errorf("the focus is in %s", page.focus())
	}
	if page := w.browser().get("/dang-nhap"); !strings.Contains(page.focus(), "_login") || strings.Contains(page.body, "huong") {
		t.Errorf("another browser: the focus is in %s", page.focus())
	}
}
