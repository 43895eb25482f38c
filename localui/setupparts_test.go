package localui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tramxa/localui"
)

// TestClockIsConfirmedOrCorrected: as shown it is right; otherwise it is set or
// remembered, and a day off is said once.
func TestClockIsConfirmedOrCorrected(t *testing.T) {
	var set []time.Time
	for name, c := range map[string]struct {
		pc           time.Time
		date, hour   string // "": as the page shows them
		off          time.Duration
		battery, can bool
	}{
		"right":              {pc: start},
		"minutes off":        {pc: start, date: "20/03/2027", hour: "9:30", off: 30 * time.Minute},
		"a minute off":       {pc: start, date: "20/03/2027", hour: "9:01"},
		"years behind":       {pc: start.AddDate(-10, 0, 0), date: "20032027", hour: "9h00", off: start.Sub(start.AddDate(-10, 0, 0)), battery: true},
		"years behind, set":  {pc: start.AddDate(-10, 0, 0), date: "20/3/2027", hour: "9", off: start.Sub(start.AddDate(-10, 0, 0)), battery: true, can: true},
		"ahead":              {pc: start.AddDate(0, 0, 3), date: "20/03/2027", hour: "09:00", off: -72 * time.Hour, battery: true},
		"before the program": {pc: time.Date(2002, 1, 1, 0, 0, 0, 0, time.UTC), date: "20/03/2027", hour: "09:00", off: start.Sub(time.Date(2002, 1, 1, 0, 0, 0, 0, time.UTC)), battery: true},
	} {
		t.Run(name, func(t *testing.T) {
			set = nil
			var f *firstStart
			f = newFirstStart(t, func(o *localui.SetupOptions) {
				if c.can {
					o.SetClock = func(_ context.Context, at time.Time) error {
						set = append(set, at)
						f.now = at
						return nil
					}
				}
			})
			f.now = c.pc
			f.through("don-vi")
			form := f.get("/cai-dat/dong-ho").is(http.StatusOK).hidden()
			if form.Get("shown") == "" {
				t.Fatal("the page says not what it shows")
			}
			_, as, _ := strings.Cut(form.Get("shown"), " ")
			date, hour, _ := strings.Cut(as, " ")
			if c.date != "" {
				date, hour = c.date, c.hour
			} else {
				f.now = f.now.Add(20 * time.Minute) // the page stood for a while
			}
			form.Set("date", date)
			form.Set("time", hour)
			page := f.post("/cai-dat/dong-ho", form).is(http.StatusOK)
			if c.battery {
				if page.path != "/cai-dat/dong-ho" {
					t.Fatal("nothing is said of the battery")
				}
				form = page.has("pin CMOS").hidden()
				_, as, _ = strings.Cut(form.Get("shown"), " ")
				date, hour, _ = strings.Cut(as, " ")
				form.Set("date", date)
				form.Set("time", hour)
				page = f.post("/cai-dat/dong-ho", form).is(http.StatusOK)
			}
			if page.path != "/cai-dat/may" {
				t.Fatalf("stays at %s: %s", page.path, page.text())
			}
			if c.can != (len(set) == 1) {
				t.Errorf("set %v", set)
			}
			for _, s := range goodAnswers()[3:] {
				if s.slug == "phieu" {
					s.form = proof(f.get("/cai-dat/phieu"))
				}
				f.post("/cai-dat/"+s.slug, s.form).is(http.StatusOK)
			}
			if len(f.made) != 1 {
				t.Fatal("not made")
			}
			if got := f.made[0].Clock; got.Off != c.off || got.Battery != c.battery || got.Confirmed.Sub(start).Abs() > 31*time.Minute {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestClockGoneBackIsAskedAgain: a PC that forgot the time between two starts of
// the setup has no battery.
func TestClockGoneBackIsAskedAgain(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("may")
	f.now = f.now.AddDate(-8, 0, 0)
	f.restart()
	if page := f.get("/"); page.path != "/cai-dat/dong-ho" {
		t.Fatalf("at %s", page.path)
	}
	f.post("/cai-dat/dong-ho", goodAnswers()[2].form).is(http.StatusOK).has("pin CMOS")
	if page := f.get("/"); page.path != "/cai-dat/noi-tinh" {
		t.Fatalf("at %s", page.path)
	}
}

func machineFacts() []localui.Section {
	text := func(s string) localui.Text { return localui.Text{Vi: s, En: "en " + s} }
	return []localui.Section{{Title: text("Máy"), Rows: []localui.Row{
		{Label: text("Bộ nhớ"), Value: text("2 GB"), State: "good"},
		{Label: text("Đĩa"), Value: text("HDD 320 GB, 41.200 giờ"), State: "bad", Hint: text("Thay đĩa trong tháng này.")},
		{Label: text("Pin CMOS"), Value: text("đã hết"), State: "warn"},
	}}}
}

// TestDiskTestRunsBesideThePage: begun once, its progress is shown, its failure
// said, and it holds nothing up.
func TestDiskTestRunsBesideThePage(t *testing.T) {
	release, begun := make(chan error), 0
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Machine = machineFacts
		o.DiskTest = func(_ context.Context, say localui.Progress) error {
			begun++
			say(localui.Text{Vi: "Ghi thử", En: "Writing"}, 30, 100)
			return <-release
		}
	})
	f.through("dong-ho")
	f.get("/cai-dat/may").is(http.StatusOK).has("41.200 giờ", "Thay đĩa", "Có chỗ xấu", "Thử đĩa")
	f.post("/cai-dat/may/thu", nil).is(http.StatusOK)
	f.post("/cai-dat/may/thu", nil).is(http.StatusOK)
	page := f.until("/cai-dat/may", "30%")
	if page.header.Get("Refresh") != "2; url=/cai-dat/may" || begun != 1 {
		t.Fatalf("Refresh %q, begun %d times", page.header.Get("Refresh"), begun)
	}
	page.has("Ghi thử")
	if page := f.post("/cai-dat/may", nil).is(http.StatusOK); page.path != "/cai-dat/noi-tinh" {
		t.Fatal("the test holds the setup up")
	}
	release <- errors.New("disk lies")
	f.until("/cai-dat/may", "disk lies")
	f.post("/cai-dat/may/thu", nil).is(http.StatusOK)
	release <- nil
	if page := f.until("/cai-dat/may", "Đã thử đĩa xong"); page.header.Get("Refresh") != "" {
		t.Fatal("goes on asking")
	}
	if pdf := f.get("/cai-dat/may.pdf").is(http.StatusOK); !strings.HasPrefix(pdf.body, "%PDF-") || pdf.header.Get("Content-Type") != "application/pdf" {
		t.Fatal("no health sheet")
	}
}

// until asks for a page until it has a text.
func (f *firstStart) until(path, want string) answer {
	f.w.t.Helper()
	var page answer
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if page = f.get(path); strings.Contains(page.body, want) {
			return page
		}
	}
	return page.has(want)
}

// TestFilesOfTheProvince: a seed fills in the fields, a key is kept by the
// caller, another commune's file and nonsense are refused.
func TestFilesOfTheProvince(t *testing.T) {
	var took [][]byte
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Take = func(_ context.Context, b []byte) (localui.Taken, error) {
			took = append(took, b)
			switch string(b) {
			case "seed":
				return localui.Taken{Prefill: localui.SetupPrefill{Station: 136, Hub: []string{"hub3.example:8470"}, HubPin: "hub-fedcba9876543210"}}, nil
			case "other":
				return localui.Taken{Prefill: localui.SetupPrefill{Station: 9, Unit: "23767"}}, nil
			case "key":
				return localui.Taken{KeyFile: true}, nil
			}
			return localui.Taken{}, localui.Refusal{Text: localui.Text{Vi: "Không phải tệp của tỉnh. Chọn seed.toml.", En: "Not a file of the province."}}
		}
		o.Sticks = func(context.Context) []localui.StickFile {
			return []localui.StickFile{{ID: "sdb1/seed.toml", Label: localui.Text{Vi: "USB KINGSTON: seed.toml"}}}
		}
		o.TakeFrom = func(_ context.Context, id string) (localui.Taken, error) {
			return o.Take(context.Background(), []byte("seed"))
		}
	})
	f.through("noi-tinh")
	f.get("/cai-dat/noi-tinh")
	f.upload("").is(http.StatusUnprocessableEntity).has("Không phải tệp của tỉnh")
	f.upload("other").is(http.StatusUnprocessableEntity).has("của đơn vị 23767")
	f.upload(strings.Repeat("x", 70<<10)).is(http.StatusRequestEntityTooLarge)
	f.upload("key").is(http.StatusOK).has("Đã nhận khóa của một trạm đã có", `value="135"`, "hub2.tinh.example:8470")
	f.get("/cai-dat/noi-tinh").has("USB KINGSTON: seed.toml")
	f.post("/cai-dat/noi-tinh/usb", url.Values{"id": {"../etc/passwd"}}).is(http.StatusUnprocessableEntity).has("Không còn thấy tệp đó")
	f.post("/cai-dat/noi-tinh/usb", url.Values{"id": {"sdb1/seed.toml"}}).is(http.StatusOK).has("Đã đọc tệp", `value="136"`, "hub3.example:8470")
	f.get("/cai-dat/noi-tinh").has("hub-fe…543210")
	f.post("/cai-dat/noi-tinh/tep", nil).is(http.StatusBadRequest)
	if len(took) != 4 {
		t.Fatalf("took %d files", len(took))
	}
	if strings.Contains(string(f.kept), "\"station\":9") {
		t.Fatal("kept what another commune's file says")
	}
}

// upload sends a file as a browser does.
func (f *firstStart) upload(content string) answer {
	f.w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("file", "seed.toml")
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err = errors.Join(err, m.Close()); err != nil {
		f.w.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, f.w.server.URL+"/cai-dat/noi-tinh/tep", &b)
	if err != nil {
		f.w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	return f.do(req)
}

// TestRestoreInsteadOfANewStation: chosen, with its code, shown while it runs;
// failed it may be tried again, done the setup is over.
func TestRestoreInsteadOfANewStation(t *testing.T) {
	release, got := make(chan error), ""
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Backups = func(context.Context) ([]localui.BackupChoice, error) {
			return []localui.BackupChoice{{ID: "a", Label: localui.Text{Vi: "Xã Ia Grai, 19/03/2027"}, Detail: localui.Text{Vi: "USB, 12 MB"}, NeedsCode: true}}, nil
		}
		o.Restore = func(_ context.Context, id, code string, say localui.Progress) error {
			say(localui.Text{Vi: "Dựng lại sổ"}, 1, 2)
			got = id + " " + code
			return <-release
		}
	})
	f.get("/cai-dat/ngon-ngu").has("/cai-dat/khoi-phuc")
	f.get("/cai-dat/khoi-phuc").is(http.StatusOK).has("Xã Ia Grai, 19/03/2027", "USB, 12 MB")
	f.post("/cai-dat/khoi-phuc", url.Values{"id": {"b"}}).is(http.StatusUnprocessableEntity).has("Chọn một bản sao lưu")
	f.post("/cai-dat/khoi-phuc", url.Values{"id": {"a"}}).is(http.StatusUnprocessableEntity).has("cần mã khôi phục")
	f.post("/cai-dat/khoi-phuc", url.Values{"id": {"a"}, "code": {"AAAAA"}}).is(http.StatusOK)
	f.until("/cai-dat/khoi-phuc", "Dựng lại sổ")
	release <- localui.Refusal{Text: localui.Text{Vi: "Mã không mở được bản sao. Gõ lại từ phiếu.", En: "The code does not open it."}}
	f.until("/cai-dat/khoi-phuc", "Mã không mở được")
	f.post("/cai-dat/khoi-phuc", url.Values{"id": {"a"}, "code": {recoveryCode}}).is(http.StatusOK)
	release <- nil
	f.until("/cai-dat/khoi-phuc", "Đã khôi phục xong")
	if got != "a "+recoveryCode || len(f.made) != 0 {
		t.Fatalf("%q, made %d", got, len(f.made))
	}
	if page := f.get("/cai-dat/don-vi").has("Trạm đã sẵn sàng"); strings.Contains(page.body, "báo tỉnh trước") {
		t.Error("a restore that agrees is warned of")
	}
}

// TestARestoreThatDiffersIsInPlaceAndSaysSo: the setup is over, with a warning.
func TestARestoreThatDiffersIsInPlaceAndSaysSo(t *testing.T) {
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Backups = func(context.Context) ([]localui.BackupChoice, error) { return []localui.BackupChoice{{ID: "a#1"}}, nil }
		o.Restore = func(context.Context, string, string, localui.Progress) error {
			return fmt.Errorf("restored: %w", localui.ErrDiffers)
		}
	})
	f.get("/cai-dat/ngon-ngu")
	f.post("/cai-dat/khoi-phuc", url.Values{"id": {"a#1"}}).is(http.StatusOK)
	f.until("/cai-dat/khoi-phuc", "Đã khôi phục xong")
	f.get("/cai-dat/xong").has("Trạm đã sẵn sàng", "Chú ý: nhật ký nguyên vẹn", "báo tỉnh")
}
