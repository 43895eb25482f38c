package machine

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Sheet is the health sheet of a machine: what a technician prints and leaves
// with the PC. It has keys, no words; Write and Lines put it into a language.
type Sheet struct {
	Sections []Section `json:"sections"`
}

// Section of a sheet.
type Section struct {
	Key  string `json:"key"` // "sheet.disk"
	Rows []Row  `json:"rows"`
}

// Row is a label and what is said of it: a value that needs no translation, or
// the key of a sentence with values.
type Row struct {
	Key    string            `json:"key"`             // of the label; "" continues the row above
	Value  string            `json:"value,omitempty"` // names, whole numbers
	Text   string            `json:"text,omitempty"`  // key of a sentence
	Values map[string]string `json:"values,omitempty"`
	Level  Level             `json:"level,omitempty"` // "" nothing to worry about
}

// NewSheet puts together what is known of a machine. result nil: the disk was
// never tested.
func NewSheet(f Facts, p Profile, result *DiskResult, s Smart, warnings []Warning) Sheet {
	return Sheet{Sections: []Section{
		warningSection(warnings), machineSection(f), diskSection(f, result), smartSection(s), clockSection(f), profileSection(p), unknownSection(f),
	}}.tidy()
}

// LookSheet is the part about the machine alone.
func LookSheet(f Facts, p Profile) Sheet {
	disk := diskSection(f, nil)
	return Sheet{[]Section{machineSection(f), disk, clockSection(f), profileSection(p), unknownSection(f)}}.tidy()
}

// DiskSheet is the part about a disk test.
func DiskSheet(f Facts, r DiskResult) Sheet { return Sheet{[]Section{diskSection(f, &r)}} }

// SmartSheet is the part about what the disk says of itself, for a technician who
// asks for it alone: where there is no answer it has the tool's own words, too.
func SmartSheet(s Smart) Sheet {
	sec := smartSection(s)
	for _, why := range s.Reasons {
		sec.value("row.cause", why.Values["cause"])
	}
	return Sheet{[]Section{sec}}
}

// tidy leaves out empty sections.
func (s Sheet) tidy() Sheet {
	var kept []Section
	for _, sec := range s.Sections {
		if len(sec.Rows) > 0 {
			kept = append(kept, sec)
		}
	}
	return Sheet{kept}
}

func (s *Section) value(key, value string) {
	if value != "" {
		s.Rows = append(s.Rows, Row{Key: key, Value: value})
	}
}

// measured is a row of one measure, whose decimals are the language's.
func (s *Section) measured(key, measure string) {
	s.text(key, "sheet.measure", map[string]string{"value": measure}, "")
}

func (s *Section) text(key, text string, values map[string]string, level Level) {
	s.Rows = append(s.Rows, Row{Key: key, Text: text, Values: values, Level: level})
}

func warningSection(ws []Warning) Section {
	s := Section{Key: "sheet.warnings"}
	for _, w := range ws {
		s.text("", w.Key, w.Values, w.Level)
	}
	if len(ws) == 0 {
		s.text("", "sheet.nowarning", nil, "")
	}
	return s
}

func machineSection(f Facts) Section {
	s := Section{Key: "sheet.machine"}
	s.value("row.product", strings.TrimSpace(f.Board.Vendor+" "+f.Board.Product))
	s.value("row.board", f.Board.Name)
	s.value("row.bios", f.Board.BIOS)
	s.value("row.system", strings.TrimSpace(f.System.Name+" "+f.System.Version))
	level := ""
	if f.CPU.Level > 0 {
		level = fmt.Sprintf(" (x86-64-v%d)", f.CPU.Level)
	}
	s.value("row.cpu", fmt.Sprintf("%s ×%d%s", f.CPU.Model, f.CPU.Cores, level))
	if f.Memory.Total > 0 {
		s.measured("row.memory", Bytes(f.Memory.Total))
	}
	if f.Virtual != "" {
		s.text("row.virtual", "sheet.virtual", map[string]string{"kind": f.Virtual}, Note)
	}
	if f.Heat > 0 {
		s.value("row.heat", strconv.Itoa(int(f.Heat))+" °C")
	}
	if f.Power.Battery {
		s.value("row.battery", strconv.Itoa(f.Power.Percent)+" %")
	}
	s.value("row.print", PrintOf(f).String())
	return s
}

func diskSection(f Facts, r *DiskResult) Section {
	s := Section{Key: "sheet.disk"}
	d := f.Disk
	s.value("row.disk", strings.TrimSpace(d.Model+" "+d.Device))
	if d.Size > 0 {
		s.measured("row.size", Bytes(d.Size))
	}
	if d.Kind != KindUnknown {
		s.text("row.kind", "kind."+string(d.Kind), nil, "")
	}
	if d.Bus != "" {
		s.text("row.bus", "bus."+string(d.Bus), nil, "")
	}
	s.value("row.fs", d.FileSystem)
	if d.Total > 0 {
		s.text("row.free", "sheet.of", map[string]string{"value": Bytes(d.Free), "of": Bytes(d.Total)}, "")
	}
	if r == nil {
		s.text("row.verdict", "verdict.never", nil, Note)
		if f.Flush.Writes > 0 {
			s.measured("row.flush", Millis(f.Flush.Median))
		}
		return s
	}
	s.text("row.verdict", "verdict."+string(r.Verdict), nil, map[Verdict]Level{Lies: Alarm, Unproven: Note}[r.Verdict])
	for _, why := range r.Reasons {
		s.text("", why.Key, why.Values, "")
	}
	if r.Flush.Count > 0 {
		s.text("row.flush", "sheet.spread", map[string]string{"median": Millis(r.Flush.Median), "p99": Millis(r.Flush.P99)}, "")
	}
	if r.Write > 0 {
		s.measured("row.write", Bytes(r.Write)+"/s")
	}
	if r.Read > 0 {
		s.measured("row.read", Bytes(r.Read)+"/s")
	}
	return s
}

func smartSection(m Smart) Section {
	s := Section{Key: "sheet.smart"}
	s.text("row.smart", "smart."+string(m.Verdict), nil, map[Health]Level{Failing: Alarm, Watched: Warn, Untold: Note}[m.Verdict])
	for _, why := range m.Reasons {
		s.text("", why.Key, why.Values, "")
	}
	for _, c := range []struct {
		key string
		n   int64
	}{
		{"row.hours", m.Counts.Hours}, {"row.reallocated", m.Counts.Reallocated}, {"row.pending", m.Counts.Pending},
		{"row.crc", m.Counts.CRC}, {"row.worn", m.Counts.Worn}, {"row.diskheat", m.Counts.Heat},
	} {
		if c.n >= 0 && m.Verdict != Untold {
			s.value(c.key, strconv.FormatInt(c.n, 10))
		}
	}
	return s
}

func clockSection(f Facts) Section {
	s := Section{Key: "sheet.clock"}
	s.value("row.now", f.Clock.Now.In(vietnam).Format(clockFace))
	switch {
	case f.Clock.Missing:
		s.text("row.rtc", "clock.missing", nil, Note)
	case !f.Clock.RTC.IsZero():
		s.value("row.rtc", f.Clock.RTC.In(vietnam).Format(clockFace))
	}
	switch d := f.Clock.Drift; {
	case d.Abs() > 48*time.Hour:
		s.text("row.drift", "clock.days", map[string]string{"days": strconv.Itoa(int(d.Hours() / 24))}, Warn)
	case d.Abs() > time.Minute:
		s.value("row.drift", d.Round(time.Second).String())
	}
	return s
}

// clockFace is how all pages show a moment.
const clockFace = "15:04 02/01/2006"

// vietnam is where the machines are; old ones have no table of zones.
var vietnam = time.FixedZone("", 7*60*60)

func profileSection(p Profile) Section {
	s := Section{Key: "sheet.profile"}
	for _, c := range p.Choices {
		s.text(c.Key, c.Why, c.Values, "")
	}
	return s
}

func unknownSection(f Facts) Section {
	s := Section{Key: "sheet.unknown"}
	for _, u := range f.Unknown {
		s.text("", "sheet.unread", map[string]string{"what": "what." + u.What, "why": u.Key, "cause": u.Why}, Note)
	}
	return s
}

// Bytes is a size with its unit, as makers of disks count. It has a decimal
// point in every language; Say puts in the language's own.
func Bytes(n uint64) string {
	switch {
	case n >= 1e12:
		return strconv.FormatFloat(float64(n)/1e12, 'f', 1, 64) + " TB"
	case n >= 1e9:
		return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
	}
	return strconv.FormatUint(n/1e6, 10) + " MB"
}

// Millis is a duration in milliseconds with a unit, with a point as Bytes has.
func Millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
}
