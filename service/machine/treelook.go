package machine

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// look fills in what a Linux tree says; dir "" leaves out the disk.
func (t tree) look(f *Facts, dir string, now time.Time) {
	f.System.Name = t.release()
	f.System.Version = t.word("proc/sys/kernel/osrelease")
	f.Board = t.board()
	f.CPU.Model = t.cpuModel()
	f.Virtual = t.virtual(f.Board)
	f.missing("memory", t.memory(&f.Memory))
	f.Boot.ID = t.word("proc/sys/kernel/random/boot_id")
	f.Boot.Uptime = t.uptime()
	t.clock(f, now)
	f.Power = t.power()
	f.Heat = t.heat()
	if dir != "" {
		f.missing("disk", t.diskBehind(&f.Disk, dir))
	}
}

func (t tree) release() string {
	name := ""
	for _, file := range []string{"etc/os-release", "usr/lib/os-release"} {
		_ = t.lines(file, func(line string) { // the next one, then none
			if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok && name == "" {
				name = strings.Trim(v, `"'`)
			}
		})
	}
	return name
}

// board reads the DMI of a PC, or the device tree of a small board.
func (t tree) board() Board {
	const dmi = "sys/class/dmi/id"
	b := Board{
		Vendor: known(t.word(dmi, "sys_vendor")), Product: known(t.word(dmi, "product_name")),
		Name: known(strings.TrimSpace(known(t.word(dmi, "board_vendor")) + " " + known(t.word(dmi, "board_name")))),
		BIOS: strings.TrimSpace(t.word(dmi, "bios_version") + " " + t.word(dmi, "bios_date")),
		UUID: known(t.word(dmi, "product_uuid")), BoardSerial: known(t.word(dmi, "board_serial")), ProductSerial: known(t.word(dmi, "product_serial")),
	}
	if b == (Board{}) {
		b.Product = t.word("proc/device-tree/model")
		b.BoardSerial = known(t.word("proc/device-tree/serial-number"))
	}
	return b
}

func (t tree) cpuModel() string {
	model := ""
	_ = t.lines("proc/cpuinfo", func(line string) { // "" where there is none
		if k, v, ok := strings.Cut(line, ":"); ok && model == "" && strings.TrimSpace(k) == "model name" {
			model = strings.Join(strings.Fields(v), " ")
		}
	})
	return model
}

// virtual names the kind of virtual machine by what its maker calls the PC, or
// by the flag a hypervisor shows.
func (t tree) virtual(b Board) string {
	if kind := virtualBoard(b); kind != "" {
		return kind
	}
	found := ""
	_ = t.lines("proc/cpuinfo", func(line string) {
		if strings.HasPrefix(line, "flags") && slices.Contains(strings.Fields(line), "hypervisor") {
			found = "hypervisor"
		}
	})
	return found
}

func virtualBoard(b Board) string {
	what := strings.ToUpper(b.Vendor + " " + b.Product)
	for _, k := range []struct{ mark, kind string }{
		{"QEMU", "qemu"}, {"KVM", "kvm"}, {"BOCHS", "qemu"}, {"VMWARE", "vmware"}, {"VIRTUALBOX", "virtualbox"}, {"INNOTEK", "virtualbox"},
		{"MICROSOFT CORPORATION VIRTUAL MACHINE", "hyper-v"}, {"XEN", "xen"}, {"PARALLELS", "parallels"}, {"AMAZON EC2", "ec2"}, {"GOOGLE COMPUTE", "gce"},
	} {
		if strings.Contains(what, k.mark) {
			return k.kind
		}
	}
	return ""
}

func (t tree) memory(m *Memory) error {
	err := t.lines("proc/meminfo", func(line string) {
		k, v, _ := strings.Cut(line, ":")
		n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 50)
		switch {
		case err != nil:
		case k == "MemTotal":
			m.Total = n << 10
		case k == "MemAvailable":
			m.Available = n << 10
		}
	})
	if err == nil && m.Total == 0 {
		err = fmt.Errorf("%w how much there is", errSilent)
	}
	return err
}

func (t tree) uptime() time.Duration {
	s, _, _ := strings.Cut(t.word("proc/uptime"), " ")
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v < 0 || v > 1e9 {
		return 0
	}
	return time.Duration(v * float64(time.Second))
}

// clock reads the first real-time clock.
func (t tree) clock(f *Facts, now time.Time) {
	f.Clock.Now = now
	all := t.names("sys/class/rtc")
	if len(all) == 0 {
		f.Clock.Missing = true
		return
	}
	sec, ok := t.number("sys/class/rtc", all[0], "since_epoch")
	if !ok {
		f.missing("rtc", errNoTime)
		return
	}
	f.Clock.RTC = time.Unix(sec, 0).UTC()
	f.Clock.Drift = now.Sub(f.Clock.RTC).Round(time.Second)
}

// power looks for a battery of the machine; one of a mouse has the scope Device.
func (t tree) power() Power {
	var p Power
	const dir = "sys/class/power_supply"
	for _, name := range t.names(dir) {
		switch kind := t.word(dir, name, "type"); {
		case t.word(dir, name, "scope") == "Device":
		case kind == "Battery" || kind == "UPS":
			p.Battery = true
			percent, _ := t.number(dir, name, "capacity")
			p.Percent = int(min(max(percent, 0), 100))
		case kind == "Mains" || kind == "USB":
			online, _ := t.number(dir, name, "online")
			p.OnLine = p.OnLine || online == 1
		}
	}
	return p
}

// heat is the hottest sensor of the processor, 0 when there is none.
func (t tree) heat() float64 {
	hottest := int64(0)
	for _, dev := range t.names("sys/class/hwmon") {
		dir := path.Join("sys/class/hwmon", dev)
		if !slices.Contains([]string{"coretemp", "k10temp", "k8temp", "cpu_thermal", "zenpower"}, t.word(dir, "name")) {
			continue
		}
		for _, file := range t.names(dir) {
			if strings.HasPrefix(file, "temp") && strings.HasSuffix(file, "_input") {
				n, _ := t.number(dir, file)
				hottest = max(hottest, n)
			}
		}
	}
	for _, zone := range t.names("sys/class/thermal") {
		if kind := t.word("sys/class/thermal", zone, "type"); hottest == 0 && (kind == "x86_pkg_temp" || kind == "cpu-thermal") {
			n, _ := t.number("sys/class/thermal", zone, "temp")
			hottest = max(hottest, n)
		}
	}
	if hottest > 200_000 { // millidegrees
		return 0
	}
	return float64(hottest) / 1000
}

// diskBehind finds the disk that holds dir.
func (t tree) diskBehind(d *Disk, dir string) error {
	list, err := t.mounts()
	if err != nil {
		return err
	}
	m, err := mountOf(list, dir)
	if err != nil {
		return err
	}
	b, mapped, ok := holder(t.blocks(), m.dev, strings.TrimPrefix(m.source, "/dev/"))
	if ok {
		*d = t.disk(b)
	}
	d.Mapper = mapped
	d.FileSystem, d.Mount = m.fstype, m.dir
	d.ReadOnly = d.ReadOnly || m.option("ro")
	d.NoBarrier = m.option("nobarrier") || m.option("barrier=0")
	if !ok {
		return fmt.Errorf("%w is behind %s of %s", errNoDisk, m.fstype, m.dir)
	}
	return nil
}
