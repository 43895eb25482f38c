package localui_test

import (
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// openForm gets a form and returns its hidden fields with more beside them.
func openForm(b *browser, path string, more map[string]string) (answer, url.Values) {
	b.w.t.Helper()
	page := b.get(path).is(http.StatusOK).has(`id="form"`)
	f := page.hidden()
	if f.Get("key") == "" {
		b.w.t.Fatalf("%s has no command key", path)
	}
	for k, v := range more {
		f.Set(k, v)
	}
	return page, f
}

func (w *world) head() (n uint64) {
	w.view(func(v *register.View) { n = uint64(v.Applied()) })
	return n
}

func birth() map[string]string {
	return map[string]string{"child.name": "Nguyễn Văn Dũng", "child.sex": "male", "child.born": "05/03/2027", "child.relation": "3", "order": "2", "place": "1", "weight": "3200"}
}

// TestForms: the forms as an officer meets them, with a plain HTTP client: no
// script runs anywhere here.
func TestForms(t *testing.T) {
	t.Run("sent twice records once", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		page, f := openForm(b, "/ghi/sinh?ho="+ids[0].String(), birth())
		page.has("Nguyễn Văn An", "Con thứ mấy")
		f.Set("child.mother", ids[2].String())
		first := b.post("/ghi/sinh", f).is(http.StatusOK).has("Đã lưu tại trạm", "Nguyễn Văn Dũng", "con thứ 2")
		head := w.head()
		second := b.post("/ghi/sinh", f).is(http.StatusOK).has("Đã lưu tại trạm")
		if first.path != second.path || w.head() != head {
			t.Fatalf("recorded twice: %s and %s, head %d then %d", first.path, second.path, head, w.head())
		}
		f.Set("weight", "3300")
		b.post("/ghi/sinh", f).is(http.StatusUnprocessableEntity).has("đã lưu trước đó", "3300")
		if w.head() != head {
			t.Fatal("a form sent again with other content was recorded under the same key")
		}
	})
	t.Run("the order is proposed only when the book knows", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		order := regexp.MustCompile(`name="order"[^>]* value="([^"]*)"`)
		at := "/ghi/sinh?ho=" + ids[0].String()
		if m := order.FindStringSubmatch(b.get(at).body); m == nil || m[1] != "" {
			t.Fatalf("a daughter without a mother in the book, and the order proposed is %q", m)
		}
		w.must(2, population.InformationChanged{Person: ids[3], Changed: []population.Field{population.FieldMother},
			To: population.Facts{Mother: ids[2]}, Date: day(2027, 2, 1)})
		if m := order.FindStringSubmatch(b.get(at).body); m == nil || m[1] != "2" {
			t.Fatalf("the order proposed is %q, want 2", m)
		}
	})
	t.Run("wrong role", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		for _, login := range []string{"kiem", "tho"} {
			b := w.as(login)
			b.get("/ghi/sinh?ho=" + ids[0].String()).is(http.StatusForbidden)
			b.post("/ghi/sinh", url.Values{"ho": {ids[0].String()}, "key": {"9:1"}}).is(http.StatusForbidden)
			b.get("/nguoi-dung").is(http.StatusForbidden)
		}
		w.as("nam").get("/nguoi-dung").is(http.StatusForbidden)
		w.as("tho").get("/nguoi/" + ids[1].String()).is(http.StatusForbidden)
		w.as("kiem").get("/nguoi/" + ids[1].String()).is(http.StatusOK)
	})
	t.Run("a hard finding stands beside its field", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b, head := w.as("nam"), w.head()
		_, f := openForm(b, "/ghi/sinh?ho="+ids[0].String(), birth())
		f.Set("child.born", "05/04/2027") // tomorrow and later: the station's day is 20/03/2027
		f.Set("child.mother", ids[1].String())
		page := b.post("/ghi/sinh", f).is(http.StatusUnprocessableEntity)
		beside(t, page, "child.born", "sau hôm nay (20/03/2027)")
		beside(t, page, "child.mother", "mẹ phải là nữ")
		page.has("Chưa lưu. Cần sửa", `href="#f-child-born"`, `value="Nguyễn Văn Dũng"`)
		if w.head() != head {
			t.Fatal("something was recorded")
		}
		if again := page.hidden().Get("key"); again != f.Get("key") {
			t.Fatalf("the key changed from %s to %s though nothing was recorded", f.Get("key"), again)
		}
		f.Set("child.born", "31/02/2027")
		beside(t, b.post("/ghi/sinh", f).is(http.StatusUnprocessableEntity), "child.born", "Ngày không đọc được hoặc không có trong lịch")
	})
	t.Run("a soft finding is asked and its reason kept", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		_, f := openForm(b, "/ghi/sinh?ho="+ids[0].String(), birth())
		f.Set("child.mother", ids[2].String())
		f.Set("weight", "1200")
		page := b.post("/ghi/sinh", f).is(http.StatusUnprocessableEntity).has("Xem lại")
		beside(t, page, "weight", `name="reason.B10"`)
		f.Set("reason.B10", "sinh đôi, thiếu tháng")
		b.post("/ghi/sinh", f).is(http.StatusOK).has("Đã lưu tại trạm", "B10: sinh đôi, thiếu tháng")
	})
	t.Run("an ended login keeps the draft", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		_, f := openForm(b, "/ghi/sinh?ho="+ids[0].String(), birth())
		f.Set("child.mother", ids[2].String())
		w.now = w.now.Add(16 * time.Minute)
		head := w.head()
		page := b.post("/ghi/sinh", f).is(http.StatusUnauthorized).has("vẫn còn", "Nguyễn Văn Dũng", `action="/ghi/sinh"`)
		if w.head() != head {
			t.Fatal("recorded without a login")
		}
		kept := page.hidden()
		kept.Set("_login", "nam")
		kept.Set("_password", "khong dung")
		page = b.post("/ghi/sinh", kept).is(http.StatusUnauthorized).has("không đúng", "Nguyễn Văn Dũng")
		kept = page.hidden()
		kept.Set("_login", "huong")
		kept.Set("_password", password)
		b.post("/ghi/sinh", kept).is(http.StatusConflict).has("người khác")
		if w.head() != head {
			t.Fatal("recorded for another user")
		}
		w.now = w.now.Add(16 * time.Minute)
		kept.Set("_login", "nam")
		b.post("/ghi/sinh", kept).is(http.StatusOK).has("Đã lưu tại trạm", "Nguyễn Văn Dũng")
		b.get("/").is(http.StatusOK)
	})
	t.Run("the head dies: another is named in the same step", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		_, f := openForm(b, "/ghi/chet?nguoi="+ids[1].String(), map[string]string{"date": "04/03/2027", "place": "1"})
		page := b.post("/ghi/chet", f).is(http.StatusUnprocessableEntity).has("hộ không còn chủ hộ", "hc.head")
		f = page.hidden()
		for _, id := range []population.ID{ids[1], ids[2], ids[3]} {
			if !strings.Contains(strings.Join(f["hc.relations.of"], " "), id.String()) {
				t.Fatalf("%s is not among those whose relation may change", id)
			}
		}
		f.Set("date", "04/03/2027")
		f.Set("hc.head", ids[2].String())
		b.post("/ghi/chet", f).is(http.StatusOK).has("Đã lưu tại trạm")
		head := w.head()
		b.post("/ghi/chet", f).is(http.StatusOK).has("Đã lưu tại trạm") // and once only, though he is dead now
		if w.head() != head {
			t.Fatal("recorded twice")
		}
		w.view(func(v *register.View) {
			if p := v.Person(ids[2]); p.Marital != population.Widowed {
				t.Fatalf("the wife of the dead is %d, not widowed", p.Marital)
			}
			if h := v.Household(ids[0]); h.Head != ids[2] {
				t.Fatalf("head is %s", h.Head)
			}
			if p := v.Person(ids[3]); p.Relation != population.RelChild {
				t.Fatalf("the daughter is %d to her mother", p.Relation)
			}
			if p := v.Person(ids[1]); !p.Dead {
				t.Fatal("he is not dead")
			}
		})
		b.get("/ho/"+ids[0].String()).is(http.StatusOK).has("Chết 04/03/2027", "Đổi chủ hộ")
	})
	t.Run("a change of information writes what changed", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		path := "/ghi/doi-thong-tin?nguoi=" + ids[3].String()
		page, f := openForm(b, path, nil)
		page.has(`value="Nguyễn Thị Chi"`, `value="04/07/2012"`)
		fillFrom(page, f)
		f.Set("date", "10/03/2027")
		b.post("/ghi/doi-thong-tin", f).is(http.StatusUnprocessableEntity).has("Chưa có gì thay đổi")
		f.Set("to.name", "Nguyễn Thị Kim Chi")
		f.Set("to.education", "3")
		b.post("/ghi/doi-thong-tin", f).is(http.StatusOK).has("Đã lưu tại trạm")
		b.post("/ghi/doi-thong-tin", f).is(http.StatusOK).has("Đã lưu tại trạm")
		w.view(func(v *register.View) {
			e, _ := v.Entry(uint64(v.Applied()))
			c, ok := e.(population.InformationChanged)
			if !ok || len(c.Changed) != 2 || c.To.Name != "Nguyễn Thị Kim Chi" || c.To.Education != 3 || c.To.Ethnicity != 0 {
				t.Fatalf("%#v", e)
			}
		})
	})
	t.Run("amend and annul", func(t *testing.T) {
		w := newWorld(t).withUsers()
		ids := w.family()
		b := w.as("nam")
		_, f := openForm(b, "/ghi/sinh?ho="+ids[0].String(), birth())
		f.Set("child.mother", ids[2].String())
		saved := b.post("/ghi/sinh", f).is(http.StatusOK)
		seq := saved.path[strings.LastIndexByte(saved.path, '/')+1:]
		page, f := openForm(b, "/dinh-chinh/"+seq, nil)
		page.has(`value="05/03/2027"`, `value="3200"`)
		fillFrom(page, f)
		f.Set("child.born", "06/03/2027")
		b.post("/dinh-chinh/"+seq, f).is(http.StatusOK).has("Đã lưu tại trạm")
		b.get("/da-luu/" + seq).has("06/03/2027")
		page = b.get("/huy/" + seq).is(http.StatusOK)
		f = page.hidden()
		b.post("/huy/"+seq, f).is(http.StatusUnprocessableEntity).has("Cần ghi lý do")
		f.Set("reason", "ghi nhầm hộ")
		b.post("/huy/"+seq, f).is(http.StatusOK).has("Đã lưu tại trạm", "ghi nhầm hộ")
		b.get("/ho/" + ids[0].String()).has("đã hủy bởi bản ghi")
	})
}

// beside wants a text inside the box of a field.
func beside(t *testing.T, page answer, field, text string) {
	t.Helper()
	_, after, ok := strings.Cut(page.body, `data-field="`+field+`"`)
	if !ok {
		t.Fatalf("no field %s: %s", field, page.text())
	}
	box, _, _ := strings.Cut(after, "data-field=")
	if !strings.Contains(box, text) {
		t.Fatalf("%q does not stand beside %s:\n%s", text, field, box)
	}
}

var (
	textInput = regexp.MustCompile(`<input type="text"[^>]* name="([^"]+)" value="([^"]*)"`)
	selectBox = regexp.MustCompile(`(?s)<select[^>]* name="([^"]+)".*?</select>`)
	selected  = regexp.MustCompile(`<option value="([^"]*)" selected`)
	checked   = regexp.MustCompile(`<input type="(?:radio|checkbox)"[^>]* name="([^"]+)" value="([^"]*)" checked`)
)

// fillFrom sets what a browser would send of the page as it is.
func fillFrom(page answer, f url.Values) {
	for _, m := range textInput.FindAllStringSubmatch(page.body, -1) {
		f.Set(m[1], m[2])
	}
	for _, m := range selectBox.FindAllStringSubmatch(page.body, -1) {
		if on := selected.FindStringSubmatch(m[0]); on != nil {
			f.Set(m[1], on[1])
		}
	}
	for _, m := range checked.FindAllStringSubmatch(page.body, -1) {
		f.Add(m[1], m[2])
	}
}

// TestEveryFormRecords fills every form once with what makes sense, so that no
// definition is without an entry behind it.
func TestEveryFormRecords(t *testing.T) {
	w := newWorld(t).withUsers()
	b := w.as("huong")
	var area population.ID
	w.view(func(v *register.View) { area = v.AreaByNumber(1) })
	post := func(path string, f url.Values) {
		t.Helper()
		action, _, _ := strings.Cut(path, "?")
		saved := b.post(action, f).is(http.StatusOK).has("Đã lưu tại trạm")
		if action == "/ghi/dia-ban" || action == "/ghi/ho-den" {
			return // an area is defined anew; a household that arrives is several entries
		}
		// What was written can be amended in its form: here by a note alone.
		seq := saved.path[strings.LastIndexByte(saved.path, '/')+1:]
		page, again := openForm(b, "/dinh-chinh/"+seq, nil)
		fillFrom(page, again)
		again.Set("note", "ghi theo phiếu tháng 3")
		b.post("/dinh-chinh/"+seq, again).is(http.StatusOK).has("Đã lưu tại trạm")
		number, err := strconv.ParseUint(seq, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		w.view(func(v *register.View) {
			now, _ := v.Entry(number)
			if now.Extra().Note != "ghi theo phiếu tháng 3" {
				t.Fatalf("%s: the note is %q", action, now.Extra().Note)
			}
			a, b := reflect.ValueOf(v.Written(number)), reflect.ValueOf(now)
			for i := range a.NumField() {
				if name := a.Type().Field(i).Name; name != "Common" && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
					t.Fatalf("%s: amending the note changed %s from %v to %v", action, name, a.Field(i), b.Field(i))
				}
			}
		})
	}
	open := func(path string, more map[string]string) url.Values {
		t.Helper()
		page, f := openForm(b, path, nil)
		fillFrom(page, f)
		for k, v := range more {
			f.Set(k, v)
		}
		return f
	}
	// A household, and one that arrives.
	f := open("/ghi/mo-ho?diaban="+area.String(), map[string]string{"area": area.String(), "number": "1", "date": "01/01/2027",
		"members[0].name": "Lê Văn Một", "members[0].sex": "male", "members[0].born": "1970", "members[0].marital": "2",
		"members[1].name": "Hoàng Thị Hai", "members[1].sex": "female", "members[1].born": "02/02/1975", "members[1].relation": "2", "members[1].marital": "2",
		"members[2].name": "Lê Văn Ba", "members[2].sex": "male", "members[2].born": "03/03/2001", "members[2].relation": "3", "members[2].marital": "1"})
	post("/ghi/mo-ho", f)
	one := w.householdAt(area, 1)
	f = open("/ghi/ho-den?diaban="+area.String(), map[string]string{"area": area.String(), "number": "2", "date": "05/03/2027", "from": "Đồng Nai", "reason": "1",
		"members[0].name": "Đỗ Văn Tư", "members[0].sex": "male", "members[0].born": "1988", "members[0].marital": "2",
		"members[1].name": "Bùi Thị Năm", "members[1].sex": "female", "members[1].born": "1990", "members[1].relation": "2", "members[1].marital": "2"})
	post("/ghi/ho-den", f)
	two := w.householdAt(area, 2)
	if n := len(w.members(two)); n != 2 {
		t.Fatalf("%d persons arrived", n)
	}
	post("/ghi/chuyen-den", open("/ghi/chuyen-den?ho="+one.String(), map[string]string{"date": "06/03/2027", "from": "Huế",
		"member.name": "Lê Thị Sáu", "member.sex": "female", "member.born": "2000", "member.relation": "8", "member.marital": "1"}))
	post("/ghi/them-nguoi", open("/ghi/them-nguoi?ho="+one.String(), map[string]string{"date": "01/01/2027",
		"member.name": "Lê Văn Bảy", "member.sex": "male", "member.born": "2003", "member.relation": "3"}))
	post("/ghi/bo-sot", open("/ghi/bo-sot?ho="+one.String(), map[string]string{"date": "10/03/2027",
		"member.name": "Lê Thị Tám", "member.sex": "female", "member.born": "2005", "member.relation": "3"}))
	people := w.members(one)
	marry := open("/ghi/ket-hon?nguoi="+people[2].String(), map[string]string{"date": "07/03/2027", "b": people[3].String(), "counselled": "1"})
	post("/ghi/ket-hon", marry)
	post("/ghi/ly-hon", open("/ghi/ly-hon?nguoi="+people[2].String(), map[string]string{"date": "09/03/2027"}))
	post("/ghi/sua-ho", open("/ghi/sua-ho?ho="+one.String(), map[string]string{"date": "09/03/2027", "address": "Ngõ 2"}))
	post("/ghi/doi-chu-ho", open("/ghi/doi-chu-ho?ho="+one.String(), map[string]string{"date": "09/03/2027", "head": people[1].String()}))
	// Split, move, join.
	f = open("/ghi/tach-ho?ho="+one.String(), map[string]string{"area": area.String(), "number": "3", "date": "10/03/2027", "newhead": people[2].String()})
	f["persons"] = []string{people[2].String(), people[4].String()}
	post("/ghi/tach-ho", f)
	three := w.householdAt(area, 3)
	f = open("/ghi/chuyen-trong-xa?ho="+one.String(), map[string]string{"into": "1-3", "date": "11/03/2027", "persons": people[5].String(), "persons.rel." + people[5].String(): "7"})
	post("/ghi/chuyen-trong-xa", f)
	f = open("/ghi/nhap-ho?ho="+two.String(), map[string]string{"into": "3", "date": "12/03/2027"})
	f.Del("persons")
	for _, id := range w.members(two) {
		f.Add("persons", id.String())
		f.Set("persons.rel."+id.String(), "8")
	}
	post("/ghi/nhap-ho", f)
	if n := len(w.members(three)); n != 5 {
		t.Fatalf("%d persons in household 3", n)
	}
	// Out of the book.
	f = open("/ghi/chuyen-di?ho="+one.String(), map[string]string{"date": "15/03/2027", "to": "Bình Dương", "reason": "1"})
	f["persons"] = []string{people[3].String()}
	post("/ghi/chuyen-di", f)
	rest := w.members(three)
	post("/ghi/ngoai-pham-vi", open("/ghi/ngoai-pham-vi?nguoi="+rest[4].String(), map[string]string{"date": "15/03/2027", "note": "bộ đội"}))
	post("/ghi/ghi-trung", open("/ghi/ghi-trung?nguoi="+rest[3].String(), map[string]string{"date": "15/03/2027", "canonical~": rest[1].String()}))
	post = func(path string, f url.Values) { // these cannot be amended, they are taken back
		t.Helper()
		action, _, _ := strings.Cut(path, "?")
		b.post(action, f).is(http.StatusOK).has("Đã lưu tại trạm")
	}
	post("/ghi/cung-nguoi", open("/ghi/cung-nguoi?nguoi="+rest[2].String(), map[string]string{"date": "15/03/2027", "canonical~": rest[1].String()}))
	page := b.get("/nguoi/"+rest[2].String()).is(http.StatusOK).has("Bản ghi trùng", "/ghi/bo-noi")
	if strings.Contains(page.body, "/ghi/chet") {
		t.Error("a double entry is offered a death")
	}
	post("/ghi/bo-noi", open("/ghi/bo-noi?nguoi="+rest[2].String(), map[string]string{"date": "16/03/2027"}))
	post("/ghi/dia-ban", open("/ghi/dia-ban", map[string]string{"number": "2", "hamlet": "Làng Mới", "unit": "23764", "date": "01/01/2027"}))
	b.get("/dia-ban").is(http.StatusOK).has("Làng Mới")
}

func (w *world) householdAt(area population.ID, n uint32) (id population.ID) {
	w.t.Helper()
	w.view(func(v *register.View) { id = v.HouseholdAt(area, population.HouseholdNumber{Number: n}) })
	if id == 0 {
		w.t.Fatalf("no household %d", n)
	}
	return id
}

func (w *world) members(id population.ID) (ids []population.ID) {
	w.view(func(v *register.View) { ids = v.Members(id) })
	return ids
}
