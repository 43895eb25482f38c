package population

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestCleanName(t *testing.T) {
	for typed, want := range map[string]string{
		"Nguyễn Thị Lan": "Nguyễn Thị Lan", "  Nguyễn   Thị\tLan ": "Nguyễn Thị Lan",
		"Nguye\u0302\u0303n": "Nguyễn", "Nay H'Lan": "Nay H'Lan", "Nay H’Lan": "Nay H’Lan", "Rơ Châm Blơ\u0306": "Rơ Châm Blơ\u0306",
		"Y": "Y", "Nguyễn\u00A0An\uFEFF": "Nguyễn An", "Đinh A.": "Đinh A.", "Bru-Vân": "Bru-Vân", "Ayŭn Čhi Ñao ƀuôn": "Ayŭn Čhi Ñao ƀuôn",
		"An\u200B": "An", "李明": "李明", "TRẦN VĂN A": "TRẦN VĂN A",
	} {
		got, err := CleanName(typed)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
		if again, err := CleanName(got); err != nil || again != got {
			t.Errorf("%q is not stable: %q, %v", got, again, err)
		}
		if reason := badName(got); reason != "" {
			t.Errorf("%q cannot be stored: %s", got, reason)
		}
	}
	for _, typed := range []string{"", " ", "'", "An1", "An,", "An (em)", "A\x00n", "An\nBình\x7F", "\xFF", strings.Repeat("a", 81),
		strings.Repeat("a ", 100000), "\u0301An", "A\u0306\u0307\u0306\u0307\u0306\u0307", "An/Bình", "=A", "😀"} {
		if got, err := CleanName(typed); err == nil {
			t.Errorf("%.40q taken as %.40q", typed, got)
		}
	}
	if got := GivenName("Nguyễn Văn An"); got != "An" {
		t.Errorf("given name %q", got)
	}
	if got := GivenName("An"); got != "An" {
		t.Errorf("given name %q", got)
	}
}

// TestKeys: names of one line are alike under the key and, where a stricter key
// is named too, not under that one.
func TestKeys(t *testing.T) {
	keys := []func(string) string{norm.NFC.String, Key1, Key2, Key3}
	tests := []struct {
		a, b string
		from int // the first key under which they are alike; 4 never
	}{
		{"Nguyễn An", "Nguye\u0302\u0303n An", 0},
		{"Nguyễn An", "NGUYỄN  AN", 1},
		{"Hòa", "Hoà", 1}, {"Thúy", "Thuý", 1}, {"Khỏe", "Khoẻ", 1}, {"Quý", "Qúy", 1}, {"Toàn", "Tòan", 1},
		{"M'Đrắk", "M’ĐRẮK", 1}, {"Ðức", "Đức", 1},
		{"Bru-Vân", "Bru\u2010Vân", 1},
		{"Thảo", "Thao", 2}, {"Đức", "Duc", 2}, {"Nay H'Lan", "Nay Hlan", 2}, {"Blơ\u0306", "Blo", 2}, {"ƀuôn", "Buon", 2}, {"Gia-rai", "Gia Rai", 2},
		{"Ñao", "Nao", 2},
		{"Lý", "Lí", 3}, {"Quý", "Quí", 3}, {"Nguyễn", "Nguiễn", 3}, {"Nay H'Lan", "Nay Lan", 3}, {"Nay Hbia", "Nay Bia", 3},
		{"Y Bhum Niê", "Bhum Niê", 3}, {"Y' Blô", "Blô", 3}, {"Rơ Lan H'Thu", "R'Lan Thu", 3}, {"Rah Lan Thu", "Rơ Lan Thu", 3},
		{"Rơ Châm An", "RơChâm An", 3}, {"R'com An", "Rcom An", 2}, {"Rơ-Mah An", "R’mah An", 3},
		{"An", "Ân Thị", 4}, {"Như Ý", "Như", 4}, {"Hên", "Ên", 4}, {"H'Ên", "Ên", 3}, {"Rơm", "Rm", 4}, {"Y", "Ý", 2},
		{"Thạnh", "Thành", 2}, {"Văn Lang", "Văn Lăng", 2},
	}
	for _, test := range tests {
		for level, key := range keys {
			if alike := key(test.a) == key(test.b); alike != (level >= test.from) {
				t.Errorf("%q and %q under K%d: %q, %q", test.a, test.b, level, key(test.a), key(test.b))
			}
		}
	}
	for name, want := range map[string]string{"Nguyễn Văn An": "nguyen van an", "Nay H'Lan": "nay hlan", " . ": "", "李 An": "李 an", "": ""} {
		if got := Key2(name); got != want {
			t.Errorf("Key2(%q) = %q, want %q", name, got, want)
		}
	}
	if a, b := Key3("Rô Lan"), Key3("Rơ Lan"); a == b {
		t.Errorf("Rô is a name, not the prefix Rơ: %q, %q", a, b)
	}
	if Key3("Y") != "i" || Key3("H") != "h" || Key3("Rơ") != "ro" {
		t.Errorf("names of one word: %q, %q, %q", Key3("Y"), Key3("H"), Key3("Rơ"))
	}
}

// TestKeysJoinRealNames joins two public lists of the communes of 2025, written
// by different hands, as the domain guide has it: the keys are right when the
// figures are.
func TestKeysJoinRealNames(t *testing.T) {
	units := readShared(t, "communes_2025.csv")
	people := readShared(t, "commune_population_2025.csv")
	place := func(province, name string, key func(string) string) string {
		for _, word := range []string{"tỉnh ", "thành phố ", "Thủ đô "} {
			for _, w := range []string{word, norm.NFD.String(word)} {
				province = strings.TrimPrefix(province, w)
			}
		}
		return key(province) + "|" + key(name)
	}
	raw := func(s string) string { return s }
	lower := func(s string) string { return strings.ToLower(norm.NFC.String(s)) }
	apostrophe := func(s string) string { // K1, but for the apostrophes
		return strings.ReplaceAll(Key1(strings.ReplaceAll(s, "’", "\x01")), "\x01", "’")
	}
	for _, test := range []struct {
		name string
		key  func(string) string
		want int
	}{
		{"raw", raw, 2681}, {"NFC", norm.NFC.String, 2789}, {"and letter case", lower, 2915},
		{"and tone style", apostrophe, 3314}, {"K1", Key1, 3321}, {"K2", Key2, 3321}, {"K3", Key3, 3321},
	} {
		have := map[string]int{}
		for _, row := range units {
			have[place(row[1], row[4], test.key)]++
		}
		joined, alike := 0, 0
		for _, row := range people {
			if have[place(row[0], row[2], test.key)] > 0 {
				joined++
			}
		}
		for _, n := range have {
			alike += n * (n - 1) / 2
		}
		t.Logf("%-15s joins %d of %d, %d pairs within a province alike", test.name, joined, len(people), alike)
		if joined != test.want {
			t.Errorf("%s joins %d, want %d", test.name, joined, test.want)
		}
		if want := map[string]int{"K2": 10, "K3": 10}[test.name]; alike != want {
			t.Errorf("%s: %d pairs alike, want %d", test.name, alike, want)
		}
	}
}

// readShared reads a table of the shared data beside the repository.
func readShared(t *testing.T, name string) [][]string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Skipf("the table %s is not beside the repository: skipped", name)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}
