package localui

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/population"
)

var sheetFacts = SheetFacts{Place: "Trạm y tế xã Ia Grai", Unit: "Xã Ia Grai", Province: "Gia Lai", UnitCode: "23764", Station: 135,
	Date: population.Date{Year: 2027, Month: 3, Day: 20}, Code: "7KQ2MA-VX3P8C-0TWN5D-H4RJ9E-B6YZ1F", Asked: []int{1, 4}, Fingerprint: "AB12 CD34 EF56 7890"}

func healthFacts() HealthFacts {
	text := func(s string) Text { return Text{Vi: s} }
	var rows []Row
	for range 15 {
		rows = append(rows, Row{Label: text("Đĩa cứng"), Value: text("WDC WD3200, 320 GB, 41.200 giờ chạy, 12 cung hỏng đã thay"), State: "warn", Hint: text("Sao lưu mỗi đêm ra USB và thay đĩa trong tháng này.")})
	}
	return HealthFacts{Place: sheetFacts.Place, Date: sheetFacts.Date, Version: "test", Sections: []Section{{text("Máy"), rows}, {text("Đĩa"), rows}}}
}

// papers are all that is printed.
func papers(t *testing.T) map[string][]byte {
	out := make(map[string][]byte)
	for name, do := range map[string]func() ([]byte, error){
		"recovery": func() ([]byte, error) { return RecoverySheet(sheetFacts) },
		"poster": func() ([]byte, error) {
			return Poster(PosterFacts{Place: sheetFacts.Place, Address: "https://192.168.1.10:8443", Fingerprint: strings.TrimSpace(strings.Repeat("9F2C ", 16))})
		},
		"health": func() ([]byte, error) { return HealthSheet(healthFacts()) },
	} {
		b, err := do()
		if err != nil {
			t.Fatal(name, err)
		}
		out[name] = b
	}
	return out
}

// TestPaperIsSmallAndTheSameAgain: a sheet printed twice is the same sheet.
func TestPaperIsSmallAndTheSameAgain(t *testing.T) {
	again := papers(t)
	for name, b := range papers(t) {
		if !bytes.HasPrefix(b, []byte("%PDF-1.")) || len(b) > 200<<10 {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		if !bytes.Equal(b, again[name]) {
			t.Errorf("%s is another one the second time", name)
		}
	}
	if _, err := RecoverySheet(SheetFacts{}); err == nil {
		t.Error("a sheet without a code")
	}
	if _, err := Poster(PosterFacts{}); err == nil {
		t.Error("a poster without an address")
	}
	if _, err := Poster(PosterFacts{Address: strings.Repeat("a", 400)}); err == nil {
		t.Error("a QR code of 400 bytes")
	}
}

// TestPaperReadsBack: other programs read the text, in Vietnamese, and the codes.
// TRAMXA_SHOTS names the folder where the pictures are left to be looked at.
func TestPaperReadsBack(t *testing.T) {
	for _, tool := range []string{"pdftotext", "pdftoppm", "zbarimg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: no %s here", tool)
		}
	}
	dir := os.Getenv("TRAMXA_SHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	want := map[string][]string{
		"recovery": {"PHIẾU KHÔI PHỤC", "Trạm y tế xã Ia Grai", "Xã Ia Grai, Gia Lai (23764)", "135", "20/03/2027", "7KQ2MA", "B6YZ1F", "▢", "AB12 CD34", "dựng lại sổ trên máy khác", "Người giữ phiếu"},
		"poster":   {"https://192.168.1.10:8443", "9F2C", "Trạm y tế xã Ia Grai"},
		"health":   {"PHIẾU SỨC KHỎE MÁY", "41.200 giờ chạy", "⚠", "thay đĩa trong tháng này"},
	}
	codes := map[string]string{"recovery": sheetFacts.Code, "poster": "https://192.168.1.10:8443"}
	for name, b := range papers(t) {
		file := filepath.Join(dir, "paper-"+name+".pdf")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := exec.Command("pdftotext", "-layout", file, "-").Output()
		if err != nil {
			t.Fatal(name, err)
		}
		for _, w := range want[name] {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s has no %q:\n%s", name, w, text)
			}
		}
		picture := strings.TrimSuffix(file, ".pdf")
		if out, err := exec.Command("pdftoppm", "-r", "80", "-png", file, picture).CombinedOutput(); err != nil {
			t.Fatal(name, err, string(out))
		}
		if code := codes[name]; code != "" {
			got, err := exec.Command("zbarimg", "-q", "--raw", picture+"-1.png").Output()
			if err != nil || strings.TrimSpace(string(got)) != code {
				t.Errorf("%s: the QR code reads %q, %v", name, got, err)
			}
		}
	}
}
