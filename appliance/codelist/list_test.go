package codelist_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// shared opens a table of public figures that lies beside the repository, or
// skips the test.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the test")
		}
		dir = up
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Skipf("%s is not beside the repository, so the comparison is left out", name)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func day(y, m, d int) population.Date {
	return population.Date{Year: uint16(y), Month: uint8(m), Day: uint8(d)}
}

func TestEveryListIsWellFormed(t *testing.T) {
	for _, l := range codelist.Lists() {
		items := codelist.Items(l, population.Date{})
		if len(items) < 3 {
			t.Errorf("%s has %d items", l, len(items))
		}
		for i, it := range items {
			if i > 0 && items[i-1].Code >= it.Code {
				t.Errorf("%s: code %d out of order", l, it.Code)
			}
			if it.Provisional != (l != codelist.Ethnicity) {
				t.Errorf("%s %d: provisional is %v", l, it.Code, it.Provisional)
			}
			for _, name := range []string{it.Vi, it.En} {
				if got := codelist.Match(l, name); len(got) == 0 || !slices.ContainsFunc(got, func(g codelist.Item) bool { return g.Code == it.Code }) {
					t.Errorf("%s: %q does not lead back to %d", l, name, it.Code)
				}
			}
			for _, a := range it.Aliases {
				if !slices.ContainsFunc(codelist.Match(l, a), func(g codelist.Item) bool { return g.Code == it.Code }) &&
					!slices.ContainsFunc(items, func(o codelist.Item) bool { return o.Vi == a }) {
					t.Errorf("%s: alias %q does not lead back to %d", l, a, it.Code)
				}
			}
		}
	}
}

// The codes package population and the rules know by name must mean here what
// they mean there.
func TestCodesKnownByNameMeanTheSame(t *testing.T) {
	for _, c := range []struct {
		list codelist.List
		code population.Code
		vi   string
	}{
		{codelist.Relation, population.RelHead, "Chủ hộ"},
		{codelist.Relation, population.RelSpouse, "Vợ/Chồng"},
		{codelist.Relation, population.RelChild, "Con đẻ"},
		{codelist.Relation, population.RelInLaw, "Con nuôi/dâu/rể"},
		{codelist.Relation, population.RelParent, "Bố/Mẹ"},
		{codelist.Relation, population.RelGrandch, "Cháu"},
		{codelist.Relation, population.RelSibling, "Anh/Chị/Em"},
		{codelist.Relation, population.RelOther, "Khác"},
		{codelist.Marital, population.NeverMarried, "Chưa kết hôn"},
		{codelist.Marital, population.Married, "Đang kết hôn"},
		{codelist.Marital, population.Divorced, "Ly hôn"},
		{codelist.Marital, population.Widowed, "Góa"},
		{codelist.Marital, population.Separated, "Ly thân"},
		{codelist.Residence, population.ResPresent, "Thường trú có mặt"},
		{codelist.Residence, population.ResAway, "Thường trú tạm vắng"},
		{codelist.Residence, population.ResTemporary, "Tạm trú"},
	} {
		if got := codelist.Label(c.list, c.code, "vi"); got != c.vi {
			t.Errorf("%s %d is %q, want %q", c.list, c.code, got, c.vi)
		}
	}
	if got := codelist.Label(codelist.Relation, 200, "vi"); got != "" {
		t.Errorf("a code the list never had is %q", got)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		list codelist.List
		text string
		want []population.Code
	}{
		{codelist.Ethnicity, "Kinh", []population.Code{1}},
		{codelist.Ethnicity, "  kinh ", []population.Code{1}},
		{codelist.Ethnicity, "01", []population.Code{1}},
		{codelist.Ethnicity, "Gia-rai", []population.Code{10}},
		{codelist.Ethnicity, "J’rai", []population.Code{10}},
		{codelist.Ethnicity, "gia rai", []population.Code{10}},
		{codelist.Ethnicity, "bahnar", []population.Code{13}},
		{codelist.Ethnicity, "Ede", []population.Code{12}},
		{codelist.Ethnicity, "Xtieng", []population.Code{22}},
		{codelist.Ethnicity, "Hoa", []population.Code{4}},
		{codelist.Ethnicity, "Thổ", []population.Code{2, 5, 24}},
		{codelist.Ethnicity, "Mán", []population.Code{9, 18}},
		{codelist.Ethnicity, "Klingon", nil},
		{codelist.Ethnicity, "", nil},
		{codelist.Relation, "Con rể", []population.Code{4}},
		{codelist.Relation, "vo", []population.Code{2}},
		{codelist.Relation, "Cháu ngoại", []population.Code{6}},
		{codelist.Relation, "3", nil}, // provisional: a number of another program
		{codelist.Marital, "Goá", []population.Code{4}},
		{codelist.Marital, "Go\u0301a", []population.Code{4}},
		{codelist.Education, "9/12", []population.Code{3}},
		{codelist.List("no such"), "Kinh", nil},
	} {
		var got []population.Code
		for _, it := range codelist.Match(c.list, c.text) {
			got = append(got, it.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("Match(%s, %q) = %v, want %v", c.list, c.text, got, c.want)
		}
	}
}

func TestItemsAreDated(t *testing.T) {
	if n := len(codelist.Items(codelist.Ethnicity, day(1979, 3, 1))); n != 0 {
		t.Errorf("%d groups before the decision", n)
	}
	if n := len(codelist.Items(codelist.Ethnicity, day(1979, 3, 2))); n != 56 {
		t.Errorf("%d groups on its day, want 54 and two", n)
	}
}

func TestProvincesAndPrefixes(t *testing.T) {
	p, n := codelist.Provinces(), codelist.NumberPrefixes()
	if len(p) != 34 || len(n) != 63 {
		t.Fatalf("%d provinces, %d prefixes, want 34 and 63", len(p), len(n))
	}
	if x, ok := codelist.NumberPrefixOf("064"); !ok || x.Name != "Gia Lai" || x.Province != "52" {
		t.Errorf("064 is %+v", x)
	}
	if _, ok := codelist.NumberPrefixOf("100"); ok {
		t.Error("100 is in the list of provinces")
	}
	for _, x := range n {
		if !slices.ContainsFunc(p, func(q codelist.Province) bool { return q.Code == x.Province }) {
			t.Errorf("prefix %s lies in no province", x.Prefix)
		}
	}
}

func TestEthnicityAgreesWithTheMinistryList(t *testing.T) {
	rows, err := csv.NewReader(shared(t, "ethnicity.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		code, err := strconv.Atoi(r[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{r[0], r[1], r[2]} {
			if text == "" || text == "Thổ" {
				continue
			}
			if got := codelist.Match(codelist.Ethnicity, text); len(got) != 1 || int(got[0].Code) != code {
				t.Errorf("%q gives %d items, want %d alone", text, len(got), code)
			}
		}
	}
}
