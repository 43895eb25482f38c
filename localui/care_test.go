package localui_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tramxa/localui"
)

// care is a machine with something wrong everywhere.
func (w *world) care(asked *[]string) localui.Care {
	do := func(what string) { *asked = append(*asked, what) }
	return localui.Care{
		Warnings: func() []localui.Warning {
			return []localui.Warning{{Text: localui.Text{Vi: "Ổ đĩa sắp hỏng. Sao lưu ngay ra USB và thay ổ đĩa."}, Bad: true}, {Text: localui.Text{Vi: "Ổ đĩa gần đầy, còn 700 MB.", En: "The disk is nearly full."}}}
		},
		Machine: func(context.Context) []localui.Section {
			return []localui.Section{{Title: localui.Text{Vi: "Ổ đĩa", En: "Disk"}, Rows: []localui.Row{
				{Label: localui.Text{Vi: "Kiểu", En: "Kind"}, Value: localui.Text{Vi: "đĩa cứng", En: "hard disk"}, State: "warn", Hint: localui.Text{Vi: "thay ổ", En: "replace it"}}}}}
		},
		Addresses: func() ([]string, string) { return []string{"https://192.168.1.10:8443"}, "AB CD EF 01" },
		Backups: func() localui.BackupStatus {
			return localui.BackupStatus{Places: []localui.BackupPlace{
				{At: start.Add(-5 * time.Hour), Bytes: 31 << 20, Proven: true},
				{Name: "USB KINGSTON", At: start.Add(-6 * 24 * time.Hour), Bytes: 300 << 10, Proven: true, Other: true},
				{Name: "USB CU", At: start, Bytes: 1, Problem: "damaged", Other: true}}}
		},
		Moved:     func() bool { return true },
		MoveMeant: func() error { do("moved"); return nil },
		BackupNow: func() { do("backup") },
		Updates: func() localui.UpdateStatus {
			return localui.UpdateStatus{Version: "1.4.0", Commit: "abc1234", Build: strings.Repeat("ab", 32), Previous: "1.3.0", Offered: "1.5.0", Refused: "1.4.9", Why: localui.Text{Vi: "Chương trình không trả lời trong 45 giây.", En: "no answer for 45 s"}}
		},
		UpdateCheck: func(context.Context) error { do("check"); return nil },
		UpdateApply: func(context.Context) error {
			return localui.Refusal{Text: localui.Text{Vi: "Ổ đĩa còn quá ít chỗ.", En: "The disk has too little room."}}
		},
		UpdateBack: func(context.Context) error { return errors.New("engine words") },
		Diagnosis:  func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, "PK"); return err },
	}
}

func TestTechnicianLooksAfterTheMachine(t *testing.T) {
	var asked []string
	w := newWorld(t, func(w *world, o *localui.StationOptions) { o.Care = w.care(&asked) }).withUsers()
	tech := w.as("tho")
	tech.get("/ky-thuat").is(http.StatusOK).has("Ổ đĩa sắp hỏng", "còn 700 MB", "31 MB", "USB KINGSTON", "đã 6 ngày", "không đạt kiểm tra",
		"1.4.0", "abc1234", "Cập nhật lên 1.5.0", "Quay về 1.3.0", "không trả lời trong 45 giây", "thay USB hoặc ổ đĩa này", "https://192.168.1.10:8443", "AB CD EF 01")
	tech.get("/ky-thuat/may").is(http.StatusOK).has("Phiếu sức khỏe máy", "đĩa cứng", "thay ổ")
	tech.get("/ky-thuat/may?lang=en").is(http.StatusOK).has("hard disk", "replace it")
	tech.get("/ky-thuat?lang=vi")
	if a := tech.get("/ky-thuat/chan-doan.zip").is(http.StatusOK); a.body != "PK" {
		t.Errorf("the bundle is %q", a.body)
	}
	tech.post("/ky-thuat/sao-luu", nil).is(http.StatusOK).has("Đang sao lưu")
	tech.post("/ky-thuat/may-nay", nil).is(http.StatusOK).has("từ nay sổ ở máy này")
	tech.post("/ky-thuat/cap-nhat", url.Values{"viec": {"kiem-tra"}}).is(http.StatusOK).has("Đã tìm bản mới")
	tech.post("/ky-thuat/cap-nhat", url.Values{"viec": {"ap-dung"}}).is(http.StatusUnprocessableEntity).has("Không thay đổi gì. Ổ đĩa còn quá ít chỗ.")
	tech.post("/ky-thuat/cap-nhat", url.Values{"viec": {"quay-lai"}}).is(http.StatusUnprocessableEntity).has("Không thay đổi gì. Chưa làm được việc này.")
	tech.post("/ky-thuat/cap-nhat", url.Values{"viec": {"xoa"}}).is(http.StatusBadRequest)
	if strings.Join(asked, " ") != "backup moved check" {
		t.Errorf("done: %v", asked)
	}
	w.as("huong").get("/").has("Ổ đĩa sắp hỏng", "Bản sao lưu", "31 MB")
	w.as("nam").get("/ky-thuat").is(http.StatusForbidden)
	w.as("kiem").post("/ky-thuat/sao-luu", nil).is(http.StatusForbidden)
}

// TestARestartThatWaitsIsSaid: the page says what for and how long at most,
// promises no moment, and offers nothing about the program.
func TestARestartThatWaitsIsSaid(t *testing.T) {
	w := newWorld(t).withUsers()
	w.server.Config.Handler = w.updating("waiting")
	tech := w.as("tho")
	for _, c := range []struct{ path, lang, said, waits string }{
		{"/ky-thuat?xong=ap-dung", "vi", "Sẽ dùng bản mới", "đợi việc đang chạy (nhập sổ, hoàn tác, sao lưu, kiểm tra) xong"},
		{"/ky-thuat?xong=quay-lai", "vi", "Sẽ quay về bản trước", "chậm nhất sau hai giờ"},
		{"/ky-thuat?xong=ap-dung", "en", "The new version will be used", "two hours at the latest"},
	} {
		page := tech.get(c.path+"&lang="+c.lang).is(http.StatusOK).has(c.said, c.waits, "1.5.0")
		checkPage(t, page, c.lang)
		if strings.Contains(page.body, `name="viec"`) {
			t.Errorf("%s offers what is refused now", c.path)
		}
	}
}

// TestCareIsNotNeeded: a station opened without any of it has the page still.
func TestCareIsNotNeeded(t *testing.T) {
	w := newWorld(t).withUsers()
	tech := w.as("tho")
	tech.get("/ky-thuat").is(http.StatusOK).has("Nhật ký")
	tech.get("/ky-thuat/may").is(http.StatusNotFound)
	tech.get("/ky-thuat/chan-doan.zip").is(http.StatusNotFound)
	tech.post("/ky-thuat/sao-luu", nil).is(http.StatusNotFound)
}
