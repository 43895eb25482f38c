package guest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Dialog asks a technician at the machine's own screen which disk to erase. Only
// number keys and one typed confirmation are needed.
type Dialog struct {
	In      *bufio.Reader
	Out     io.Writer
	Memory  int64 // KiB of this machine
	Targets func(context.Context) ([]Target, error)
	Station bool                                                        // the stick holds a station
	Install func(ctx context.Context, t Target, takeStation bool) error // carries it out
}

// ErrQuit says that the technician chose not to install.
var ErrQuit = errors.New("nothing was installed")

func (d Dialog) say(format string, a ...any) { fmt.Fprintf(d.Out, "  "+format+"\r\n", a...) }

// Run asks until something was installed or the technician quits; ErrQuit.
func (d Dialog) Run(ctx context.Context) error {
	for {
		done, err := d.once(ctx)
		if done || err != nil {
			return err
		}
	}
}

func (d Dialog) once(ctx context.Context) (bool, error) {
	fmt.Fprint(d.Out, "\x1b[2J\x1b[H\r\n")
	d.say("CÀI TRẠM VÀO MÁY NÀY / INSTALL THE STATION ON THIS PC")
	d.say("")
	if d.Memory > 0 && d.Memory < MinMemory {
		d.say("Máy chỉ có %d MB bộ nhớ, cần 1 GB. Không cài. / Too little memory.", d.Memory>>10)
		_, err := d.ask("Bấm Enter để thôi / press Enter to quit")
		return true, errors.Join(ErrQuit, err)
	}
	list, err := d.Targets(ctx)
	if err != nil {
		return true, err
	}
	d.list(list)
	answer, err := d.ask("Chọn số của ổ đĩa rồi Enter (0 = thôi) / number of the disk, 0 = quit:")
	if err != nil || answer == "0" {
		return true, errors.Join(ErrQuit, err)
	}
	n, err := strconv.Atoi(answer)
	if err != nil || n < 1 || n > len(list) || list[n-1].Refused != "" {
		d.say("Không có số này. / No such number.")
		_, err := d.ask("Enter")
		return false, err
	}
	return d.erase(ctx, list[n-1])
}

func (d Dialog) list(list []Target) {
	if len(list) == 0 {
		d.say("Không thấy ổ đĩa nào. / No disk found.")
	}
	for i, t := range list {
		mark := strconv.Itoa(i + 1)
		if t.Refused != "" {
			mark = "-"
		}
		d.say("%s. %s  %.0f GB  %s  (%s)", mark, strings.TrimSpace(t.Model), float64(t.Size)/1e9, t.Serial, t.Name)
		if t.Refused != "" {
			d.say("      không dùng được: %s", t.Refused)
		}
		if t.Station {
			d.say("      ĐÃ CÓ TRẠM TRÊN Ổ NÀY / A STATION IS ON IT")
		}
		for _, h := range t.Holds[:min(len(t.Holds), 6)] {
			d.say("      %s", h)
		}
	}
	d.say("")
}

func (d Dialog) erase(ctx context.Context, t Target) (bool, error) {
	take := false
	if d.Station {
		d.say("Trên USB có một trạm đã thiết lập. / The stick holds a station.")
		d.say("1. Mang trạm đó vào máy / take it over   2. Cài mới / begin anew   0. thôi / quit")
		a, err := d.ask("Chọn / choose:")
		if err != nil || a != "1" && a != "2" {
			return false, err
		}
		take = a == "1"
	}
	d.say("")
	d.say("MỌI THỨ TRÊN Ổ NÀY SẼ BỊ XÓA / EVERYTHING ON THIS DISK WILL BE ERASED:")
	d.say("    %s  %s", strings.TrimSpace(t.Model), t.Serial)
	for _, h := range t.Holds {
		d.say("    %s", h)
	}
	d.say("")
	typed, err := d.ask("Gõ %s để xóa, hoặc Enter để thôi / type %s to erase:", t.Confirmation(), t.Confirmation())
	if err != nil {
		return true, errors.Join(ErrQuit, err)
	}
	if !t.Confirmed(typed) {
		d.say("Không xóa gì. / Nothing was erased.")
		_, err := d.ask("Enter")
		return false, err
	}
	return true, d.Install(ctx, t, take)
}

func (d Dialog) ask(format string, a ...any) (string, error) {
	fmt.Fprintf(d.Out, "  "+format+" ", a...)
	line, err := d.In.ReadString('\n')
	if err != nil {
		err = errors.Join(ErrQuit, err) // the keyboard is gone: nothing is erased
	}
	return strings.TrimSpace(line), err
}
