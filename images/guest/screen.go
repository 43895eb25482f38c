package guest

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// Station is what the station itself says for the screen; the zero value says
// that it does not answer.
type Station struct {
	Stage     string   `json:"stage"` // "", setup, running
	Code      string   `json:"code"`  // opens the setup from another machine
	Addresses []string `json:"addresses"`
	Mark      string   `json:"fingerprint"`
	Place     string   `json:"place"`
}

// View is all that the screen shows.
type View struct {
	Release   string
	State     State
	Station   Station
	LAN       []string // addresses of this machine
	Clock     time.Time
	Waiting   time.Duration // since when the station does not answer
	Available int64         // KiB of memory
}

// slow is after how long a start is no longer as it should be: a disk of a
// terabyte is checked in this time.
const slow = 5 * time.Minute

// Text is the screen, Vietnamese first: at most 24 lines of 78 letters.
func (v View) Text() string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, "  "+format+"\n", a...) }
	head := "TRẠM XÃ / Commune station"
	if v.Station.Place != "" {
		head = v.Station.Place
	}
	line("%s   (tramxa %s, %s)", head, v.Release, v.State.Slot)
	line("%s", strings.Repeat("─", 74))
	line("")
	switch {
	case v.State.Data != "":
		v.broken(line)
	case v.Station.Stage == "setup":
		line("MÁY CHƯA THIẾT LẬP / THE STATION IS NOT SET UP YET")
		v.where(line)
		line("")
		line("Mã thiết lập / setup code:    %s", v.Station.Code)
	case v.Station.Stage != "":
		line("TRẠM ĐANG CHẠY / THE STATION IS RUNNING")
		v.where(line)
	case v.Waiting > slow:
		line("TRẠM CHƯA TRẢ LỜI / THE STATION DOES NOT ANSWER")
		line("Tắt máy rồi bật lại. Nếu vẫn vậy: bật lại và chọn 3. Cứu hộ.")
		line("Switch off and on again. If it stays so: start again and choose 3. Rescue.")
	default:
		line("ĐANG MỞ TRẠM … / THE STATION IS STARTING …")
	}
	line("")
	if v.State.Seed != "" {
		line("Tệp seed.toml trên USB không đọc được: %s", short(v.State.Seed))
		line("seed.toml on the stick was left aside; everything can be typed.")
	}
	if v.State.Removable && v.State.Data == "" {
		line("Đang chạy từ USB: đừng rút ra. Cài vào máy: khởi động lại, chọn 2.")
		line("Runs from the stick: leave it in. To install: start again, choose 2.")
	}
	line("%s", strings.Repeat("─", 74))
	line("Tắt máy: bấm nút nguồn một lần. / To switch off: press the power button once.")
	return b.String()
}

func (v View) where(line func(string, ...any)) {
	line("")
	if len(v.LAN) == 0 {
		line("Chưa có mạng: cắm dây mạng vào máy. / No network: plug the cable in.")
		return
	}
	line("Mở trên máy hoặc điện thoại cùng mạng / open on a machine of this network:")
	line("")
	for _, a := range v.LAN[:min(len(v.LAN), 4)] {
		line("        https://%s", a)
	}
	if v.Station.Mark != "" {
		line("")
		line("Dấu chứng chỉ / fingerprint of the certificate:")
		for _, m := range wrap(v.Station.Mark, 66) {
			line("    %s", m)
		}
	}
}

func (v View) broken(line func(string, ...any)) {
	line("KHÔNG MỞ ĐƯỢC Ổ DỮ LIỆU / THE DATA CANNOT BE OPENED")
	line("")
	for _, s := range wrap(v.State.Data, 72) {
		line("%s", s)
	}
	line("")
	line("Không có gì bị xóa. Tắt máy, gọi kỹ thuật viên; khi bật lại chọn 3. Cứu hộ.")
	line("Nothing was erased. Call the technician; on the next start choose 3. Rescue.")
}

// Line is the screen in one line, for a serial console: who reads it stands
// before the machine as much as who sees the screen.
func (v View) Line() string {
	stage := v.Station.Stage
	if stage == "" {
		stage = "starting"
	}
	if v.State.Data != "" {
		stage = "no-data"
	}
	return fmt.Sprintf("tramxa: stage=%s slot=%s lan=%s memory_kb=%d available_kb=%d code=%s", stage, v.State.Slot, strings.Join(v.LAN, ","), v.State.Memory, v.Available, v.Station.Code)
}

// double says whether letters of 16 by 32 points fit on a screen, given as
// "driver 1280,800".
func double(framebuffer string) bool {
	var width, height int
	_, size, _ := strings.Cut(framebuffer, " ")
	_, err := fmt.Sscanf(size, "%d,%d", &width, &height)
	return err == nil && width >= 80*16 && height >= 22*32
}

func short(s string) string { return string([]rune(s)[:min(len([]rune(s)), 36)]) }

func wrap(s string, width int) []string {
	var lines []string
	at := ""
	for _, w := range strings.Fields(s) {
		if at != "" && len([]rune(at+" "+w)) > width {
			lines, at = append(lines, at), ""
		}
		at = strings.TrimSpace(at + " " + w)
	}
	if lines = append(lines, at); len(lines) > 8 {
		lines = lines[:8]
	}
	return lines
}

// Addresses are those of this machine on its networks, IPv4 first.
func Addresses() []string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var four []string
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			four = append(four, n.IP.String())
		}
	}
	return four
}
