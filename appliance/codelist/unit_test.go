package codelist_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

const someUnits = `province_code,province,commune_code,kind,name,valid_from,valid_to
75,Đồng Nai,26005,Xã,Tân An,2025-07-01,2026-04-29
75,Đồng Nai,26005,Phường,Tân An,2026-04-30,
66,Đắk Lắk,24415,Xã,M'Đrắk,2025-07-01,
56,Khánh Hoà,22366,Phường,Nha Trang,2025-07-01,
`

func mustUnits(t testing.TB, s string) *codelist.Units {
	t.Helper()
	u, bad, err := codelist.ReadUnits(strings.NewReader(s))
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	return u
}

func TestUnitsAreDated(t *testing.T) {
	u := mustUnits(t, someUnits)
	for _, c := range []struct {
		on   population.Date
		kind string
	}{
		{day(2025, 6, 30), ""}, {day(2025, 7, 1), "xa"}, {day(2026, 4, 29), "xa"}, {day(2026, 4, 30), "phuong"}, {population.Date{}, "phuong"},
	} {
		got, ok := u.ByCode("26005", c.on)
		if got.Kind != c.kind || ok != (c.kind != "") {
			t.Errorf("on %v it is %q, want %q", c.on, got.Kind, c.kind)
		}
	}
}

func TestUnitsAreFoundInEverySpelling(t *testing.T) {
	u := mustUnits(t, someUnits)
	for _, c := range []struct {
		name, province, code string
	}{
		{"M’Đrắk", "tỉnh Đắk Lắk", "24415"},
		{"xã M'Đrắk", "66", "24415"},
		{"nha trang", "Khánh Hòa", "22366"},
		{"Nha Trang", "tỉnh Khánh Hòa", "22366"},
		{"mdrak", "dak lak", "24415"},
	} {
		if got := u.Find(c.name, c.province); len(got) != 1 || got[0].Code != c.code {
			t.Errorf("Find(%q, %q) = %v, want %s", c.name, c.province, got, c.code)
		}
	}
	if got := u.Find("Tân An", ""); got != nil {
		t.Errorf("found by name alone: %v", got)
	}
	if got := u.Find("Tân An", "Đồng Nai"); len(got) != 2 {
		t.Errorf("%d rows of one unit at two times, want 2", len(got))
	}
}

func TestWrongUnitLinesAreReported(t *testing.T) {
	in := "commune_code,kind,name,province_code,province\n" +
		"00004,Phường,Ba Đình,01,Hà Nội\n" +
		"0004,Phường,Ba Đình,01,Hà Nội\n" +
		"00005,Huyện,Ba Đình,01,Hà Nội\n" +
		"00006,Xã,Ba Đình,64,Gia Lai\n" +
		"00007,Xã,Ba Đình,01,Gia Lai\n" +
		"00008,Xã,,01,Hà Nội\n" +
		"00009,Xã,\"Ba\" x,01,Hà Nội\n" +
		"00004,Xã,Ba Đình,01,Hà Nội\n"
	u, bad, err := codelist.ReadUnits(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, b := range bad {
		lines = append(lines, b.Line)
	}
	if want := []int{3, 4, 5, 6, 7, 8, 9}; u.Len() != 1 || !slices.Equal(lines, want) {
		t.Errorf("taken %d, refused lines %v, want 1 and %v", u.Len(), lines, want)
	}
	if _, _, err := codelist.ReadUnits(strings.NewReader("a,b\n")); !errors.Is(err, codelist.ErrUnitFile) {
		t.Errorf("a file without the columns: %v", err)
	}
}

// The join of two lists: two public files that spell 640 of 3,321 names
// differently come together row by row.
func TestUnitsJoinThePopulationFile(t *testing.T) {
	u, bad, err := codelist.ReadUnits(shared(t, "communes_2025.csv"))
	if err != nil || len(bad) > 0 || u.Len() != 3321 {
		t.Fatal(err, bad, u.Len())
	}
	rows, err := csv.NewReader(shared(t, "commune_population_2025.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, r := range rows[1:] {
		got := u.Find(r[2], r[0])
		if len(got) != 1 {
			t.Errorf("%s, %s: %d units", r[2], r[0], len(got))
			continue
		}
		found[got[0].Code] = true
	}
	if len(found) != 3321 {
		t.Errorf("%d units found, want all 3321", len(found))
	}
}

// A code has as many stretches as a unit can have had, not as many as a file can
// hold: each is held against all others.
func TestUnitHasFewStretches(t *testing.T) {
	var b strings.Builder
	b.WriteString("province_code,province,commune_code,kind,name,valid_from,valid_to\n")
	for year := 1900; year < 2000; year++ {
		fmt.Fprintf(&b, "01,Hà Nội,00004,Phường,Ba Đình,%d-01-01,%d-12-31\n", year, year)
	}
	u, bad, err := codelist.ReadUnits(strings.NewReader(b.String()))
	if err != nil || u.Len() != 64 || len(bad) != 36 || bad[0].Line != 66 {
		t.Fatalf("%d taken, %v, %v", u.Len(), bad, err)
	}
}

func FuzzReadUnits(f *testing.F) {
	f.Add([]byte(someUnits))
	f.Add([]byte("\ufeffprovince_code,province,commune_code,kind,name\n01,Hà Nội,00004,Phường,\"Ba\nĐình\"\n"))
	f.Add([]byte("province_code,province,commune_code,kind,name\n\"\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		u, _, err := codelist.ReadUnits(bytes.NewReader(in))
		if err != nil {
			return
		}
		var a, b bytes.Buffer
		if _, err := u.WriteTo(&a); err != nil {
			t.Fatal(err)
		}
		again, bad, err := codelist.ReadUnits(bytes.NewReader(a.Bytes()))
		if err != nil || len(bad) > 0 {
			t.Fatalf("canonical form refused: %v %v\n%s", err, bad, a.Bytes())
		}
		if _, err := again.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatalf("not canonical:\n%s\n%s", a.Bytes(), b.Bytes())
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("Gia-rai")
	f.Add("\xff\u0301 H’")
	f.Fuzz(func(t *testing.T, s string) {
		for _, l := range codelist.Lists() {
			codelist.Match(l, s)
		}
	})
}
