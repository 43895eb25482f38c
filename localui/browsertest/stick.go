package browsertest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// MostPressed is how many keys and clicks lie at most between a technician's
// stick and the first recorded birth.
const MostPressed = 40

// Way is what differs between the places where the way from the stick to the
// first birth is gone. The stick knows station, unit, place and hub beforehand.
type Way struct {
	Code   string                            // on the station's screen; "": the browser is on the station itself
	Groups func(first, second int) [2]string // groups of the recovery sheet by their numbers
	Born   string                            // day of the first child's birth, dd/mm/yyyy
	Shots  string                            // folder for a picture of every page; "": none
	shot   int
}

// Who is set up and recorded; invented.
const (
	Head     = "Nguyễn Thị Hương"
	Password = "con mèo ăn khế"
	Mother   = "Trần Thị Bình"
	Child    = "Nguyễn Văn Dũng"
)

// FromStickToFirstBirth goes through the setup by keys as far as they reach, logs
// in, makes the first area and household and records a birth there. It leaves the
// hand at the page that says so.
func (h *Hand) FromStickToFirstBirth(w Way) {
	h.t.Helper()
	h.setUp(&w)
	h.firstBirth(&w)
}

// page waits for a page of the way with the focus where it belongs.
func (h *Hand) page(w *Way, path, there, focus string) {
	h.t.Helper()
	h.At(path, there)
	h.Focus(focus)
	if w.Shots != "" {
		w.shot++
		name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-")
		h.Shot(filepath.Join(w.Shots, fmt.Sprintf("%02d-%s.png", w.shot, cmp.Or(name, "trang-dau"))))
	}
}

func (h *Hand) setUp(w *Way) {
	h.t.Helper()
	if w.Code != "" {
		h.Step("Mã trên màn hình trạm")
		h.page(w, "/", "form", "[name=code]")
		h.WriteSecret(w.Code)
		h.Press("Enter")
	}
	for i, p := range []struct{ what, path, focus string }{
		{"Ngôn ngữ", "/cai-dat/ngon-ngu", "input[type=radio]"},
		{"Đơn vị", "/cai-dat/don-vi", "[name=place]"},
		{"Đồng hồ", "/cai-dat/dong-ho", "[name=date]"},
		{"Đĩa và máy", "/cai-dat/may", "button"},
		{"Nối với tỉnh", "/cai-dat/noi-tinh", "[name=station]"},
	} {
		h.Step(fmt.Sprint(i+1, " ", p.what))
		h.page(w, p.path, "form", p.focus)
		h.Press("Enter")
	}
	h.Step("6 Trưởng trạm")
	h.page(w, "/cai-dat/truong-tram", "form", "[name=name]")
	h.Write(Head)
	h.Press("Tab")
	h.Focus("[name=password]")
	h.WriteSecret(Password)
	h.Until(`document.querySelector("#strength").textContent`, "Được")
	h.Press("Tab")
	h.Focus("[name=again]")
	h.WriteSecret(Password)
	h.Press("Enter")
	h.sheet(w)
	h.Step("8 Dữ liệu")
	h.page(w, "/cai-dat/du-lieu", "form", "[name=data]")
	h.Press("Enter")
	h.Step("9 Xong")
	h.page(w, "/cai-dat/xong", "form", "button")
	h.Press("Enter")
	h.Step("Đăng nhập")
	h.page(w, "/dang-nhap", "form", "[name=_password]")
	h.WriteSecret(Password)
	h.Press("Enter")
}

// sheet opens the sheet to print it, and types the two groups that are asked for.
func (h *Hand) sheet(w *Way) {
	h.t.Helper()
	h.Step("7 Phiếu khôi phục: mở")
	h.page(w, "/cai-dat/phieu", "form", "a.btn")
	var asked [2]int
	for i := range asked {
		label := h.Eval(fmt.Sprintf(`document.querySelector("label[for=group%d]").innerText.replace(/\D/g, "")`, i+1))
		n, err := strconv.Atoi(label)
		if err != nil {
			h.t.Fatalf("the page does not say which groups it wants: %q", label)
		}
		asked[i] = n
	}
	groups := w.Groups(asked[0], asked[1])
	h.Press("Enter")
	// The PDF's own tab and the printer's window are not to be had without a screen.
	h.Beside("7 Phiếu khôi phục: in", "Ctrl+P Enter Ctrl+W", 3, 0)
	h.Step("7 Phiếu khôi phục: đối chiếu")
	h.Focus("[name=group1]")
	h.WriteSecret(groups[0])
	h.Focus("[name=group2]")
	h.WriteSecret(groups[1])
	h.Press("Enter")
}

func (h *Hand) firstBirth(w *Way) {
	h.t.Helper()
	h.Step("Địa bàn đầu tiên")
	h.page(w, "/", "a[href='/ghi/dia-ban']", "a[href='/ghi/dia-ban']")
	h.Press("Enter")
	h.page(w, "/ghi/dia-ban", "#form", "[name=hamlet]")
	h.Write("Thôn 1")
	h.Press("Ctrl+Enter")
	h.saved(w)
	h.Step("Hộ đầu tiên")
	h.Press("Enter")
	h.page(w, "/ghi/mo-ho", "#form", "[name='members[0].name']")
	h.Write(Mother)
	h.Press("Enter", "2") // female
	h.Until(`document.querySelector("[name='members[0].sex']").value`, "female")
	h.Press("Enter")
	h.Focus("[name='members[0].born']")
	h.Write("3/6/1998")
	h.Click("[name='members[0].marital']")
	h.Focus("[name='members[0].marital']")
	h.Press("2", "Enter") // married; the list closes
	h.Until(`document.querySelector("[name='members[0].marital']").value`, "2")
	h.Press("Ctrl+Enter")
	h.saved(w)
	h.Step("Sinh")
	h.Click("a[href^='/ghi/sinh']")
	h.page(w, "/ghi/sinh", "#form", "[name='child.name']")
	h.Write(Child)
	h.Press("Tab", "Space", "Tab") // male
	h.Focus("[name='child.born']")
	h.Write(w.Born)
	h.Press("Ctrl+Enter")
	h.saved(w)
}

// saved waits for the page that says a record was saved, and says what was wrong
// when it was not.
func (h *Hand) saved(w *Way) {
	h.t.Helper()
	for end := time.Now().Add(h.browser.patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		at := h.Eval(`document.readyState + location.pathname`)
		if path, ok := strings.CutPrefix(at, "complete/da-luu/"); ok {
			h.page(w, "/da-luu/"+path, ".saved", "a.main-act")
			return
		}
		if text := h.Eval(`document.querySelector("#summary") ? document.querySelector("#summary").innerText : ""`); text != "" {
			h.t.Fatalf("refused: %s", text)
		}
	}
	h.t.Fatalf("not saved: %s", h.Page())
}
