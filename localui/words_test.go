package localui

import (
	"testing"
	"time"

	"tramxa/appliance/population"
)

func TestPillSaysWhereTheDataIs(t *testing.T) {
	all, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	w := words{all["vi"], "vi"}
	now := time.Date(2027, 3, 20, 9, 0, 0, 0, time.UTC)
	at := now.Add(-time.Hour)
	for _, c := range []struct {
		name string
		s    Status
		want pill
	}{
		{"no province", Status{Head: 5, Now: now}, pill{"off", "✓", "Đã lưu tại trạm"}},
		{"all received", Status{Head: 5, Acked: 5, AckedAt: at, Now: now, Line: LineIdle}, pill{"good", "✓", "Tỉnh đã nhận 15:00"}},
		{"received yesterday, offline now", Status{Head: 5, Acked: 5, AckedAt: at.AddDate(0, 0, -1), Now: now, Line: LineWaiting}, pill{"good", "✓", "Tỉnh đã nhận 15:00 19/03/2027"}},
		{"connected and waiting", Status{Head: 1047, Acked: 5, AckedAt: at, Now: now, Line: LineIdle, Connected: true}, pill{"wait", "●", "Chờ gửi 1.042"}},
		{"sending", Status{Head: 17, Acked: 5, AckedAt: at, Now: now, Line: LineSending, Connected: true}, pill{"wait", "↻", "Đang gửi 12"}},
		{"offline for days", Status{Head: 17, Acked: 5, AckedAt: now.AddDate(0, 0, -3), Now: now, Line: LineWaiting}, pill{"off", "⌁", "Ngoại tuyến 3 ngày · chờ 12"}},
		{"offline since the morning", Status{Head: 17, Acked: 5, AckedAt: at, Now: now, Line: LineWaiting}, pill{"off", "⌁", "Ngoại tuyến · chờ 12"}},
		{"stopped", Status{Head: 17, Acked: 5, AckedAt: at, Now: now, Line: LineStopped}, pill{"bad", "⚠", "Cần xử lý"}},
		{"disk full", Status{Head: 5, Acked: 5, AckedAt: at, Now: now, Line: LineIdle, Full: true}, pill{"bad", "⚠", "Cần xử lý"}},
	} {
		if got := w.pill(c.s); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestNumbersAreWrittenAsThePaperHasThem(t *testing.T) {
	all, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	vi, en := words{all["vi"], "vi"}, words{all["en"], "en"}
	for n, want := range map[int]string{0: "0", 12: "12", 999: "999", 1042: "1.042", 1234567: "1.234.567", -5: "−5", -12345: "−12.345"} {
		if got := vi.num(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if got := en.num(uint64(1042)); got != "1,042" {
		t.Error(got)
	}
	if got := mask("001080012345"); got != "•••345" {
		t.Error(got)
	}
}

func TestRelationsFollowTheNewHead(t *testing.T) {
	id := func(n uint32) population.ID { return population.NewID(12, n) }
	p := func(n uint32, rel population.Code, f population.Facts) *population.Person {
		return &population.Person{ID: id(n), Relation: rel, Facts: f}
	}
	father := p(1, population.RelHead, population.Facts{Spouse: id(2)})
	mother := p(2, population.RelSpouse, population.Facts{Spouse: id(1)})
	son := p(3, population.RelChild, population.Facts{Father: id(1), Mother: id(2), Spouse: id(5)})
	sister := p(4, population.RelChild, population.Facts{})
	wife := p(5, population.RelInLaw, population.Facts{Spouse: id(3)})
	child := p(6, population.RelGrandch, population.Facts{Father: id(3)})
	guest := p(7, population.RelOther, population.Facts{})
	for _, c := range []struct {
		name      string
		head, who *population.Person
		want      population.Code
	}{
		{"the wife becomes head: her husband", mother, father, population.RelSpouse},
		{"the wife becomes head: a child", mother, sister, population.RelChild},
		{"the wife becomes head: her son by name", mother, son, population.RelChild},
		{"the son becomes head: his father", son, father, population.RelParent},
		{"the son becomes head: his mother", son, mother, population.RelParent},
		{"the son becomes head: his sister", son, sister, population.RelSibling},
		{"the son becomes head: his wife", son, wife, population.RelSpouse},
		{"the son becomes head: his child", son, child, population.RelChild},
		{"a guest becomes head: nothing is known", guest, father, population.RelOther},
		{"nobody", nil, father, population.RelOther},
	} {
		if got := relationUnder(c.head, c.who); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestOnlyPathsOfThisSiteAreGoneTo(t *testing.T) {
	for next, want := range map[string]string{"/ho/12-1-A": "/ho/12-1-A", "/tim?q=a": "/tim?q=a", "": "/", "https://evil.example/": "/", "//evil.example": "/",
		`/\evil.example`: "/", "/dang-xuat": "/", "javascript:alert(1)": "/", "ho": "/"} {
		if got := localPath(next); got != want {
			t.Errorf("%q: %q, want %q", next, got, want)
		}
	}
}

// TestFormsAreWhole: every definition has what renderer and reader need.
func TestFormsAreWhole(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range allForms() {
		if seen[f.Slug] || f.Slug == "" || f.Kind == 0 {
			t.Errorf("form %q is doubled or without a kind", f.Slug)
		}
		seen[f.Slug] = true
		if (f.About == aboutNothing) != (f.Subject == "") {
			t.Errorf("form %s: about %q, subject %q", f.Slug, f.About, f.Subject)
		}
		paths := make(map[string]bool)
		for _, fd := range f.Fields {
			if paths[fd.Path] {
				t.Errorf("form %s has %s twice", f.Slug, fd.Path)
			}
			paths[fd.Path] = true
			if (fd.Type == typeCode) != (fd.List != "") || (fd.Type == typeWord) != (fd.Words != nil) {
				t.Errorf("form %s, %s: type %s, list %q, words %v", f.Slug, fd.Path, fd.Type, fd.List, fd.Words)
			}
		}
	}
}
