package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Smart is what a disk says of its own health.
type Smart struct {
	Device  string   `json:"device,omitempty"`
	Model   string   `json:"model,omitempty"`
	Verdict Health   `json:"verdict"`
	Reasons []Reason `json:"reasons,omitempty"`
	Counts  Counts   `json:"counts"`
}

// Health of a disk.
type Health string

// The grades of health. Untold is no answer: no tool, no permission, a USB
// bridge, a virtual disk.
const (
	Untold  Health = "unknown"
	Good    Health = "good"
	Watched Health = "watch"
	Failing Health = "failing"
)

// Counts are the numbers that matter. -1 is not told.
type Counts struct {
	Passed        int   `json:"passed"`        // the disk's own verdict: 1 good, 0 failing
	Reallocated   int64 `json:"reallocated"`   // attribute 5
	Reported      int64 `json:"reported"`      // 187, errors that reached the system
	Pending       int64 `json:"pending"`       // 197
	Uncorrectable int64 `json:"uncorrectable"` // 198; of NVMe: media errors
	CRC           int64 `json:"crc"`           // 199: the cable
	Hours         int64 `json:"hours"`         // 9
	Heat          int64 `json:"heat"`          // 194, °C
	Worn          int64 `json:"worn"`          // percent of a solid disk's life used
	Spare         int64 `json:"spare"`         // NVMe: percent of spare blocks left
	Critical      int64 `json:"critical"`      // NVMe: warning bits
}

func noCounts() Counts {
	return Counts{Passed: -1, Reallocated: -1, Reported: -1, Pending: -1, Uncorrectable: -1, CRC: -1, Hours: -1, Heat: -1, Worn: -1, Spare: -1, Critical: -1}
}

const (
	maxSmart      = 1 << 20 // bytes of smartctl's answer
	maxAttributes = 256
)

// ErrSmart is wrapped by errors about what smartctl answered.
var ErrSmart = errors.New("not an answer of smartctl that can be read")

// smartJSON is the part of smartctl's JSON, format 1, that is used.
type smartJSON struct {
	Format []int `json:"json_format_version"`
	Tool   struct {
		Exit     int `json:"exit_status"`
		Messages []struct {
			String   string `json:"string"`
			Severity string `json:"severity"`
		} `json:"messages"`
	} `json:"smartctl"`
	Device struct {
		Name string `json:"name"`
	} `json:"device"`
	Model  string `json:"model_name"`
	Status *struct {
		Passed *bool `json:"passed"`
	} `json:"smart_status"`
	Temperature *struct {
		Current int64 `json:"current"`
	} `json:"temperature"`
	PowerOn *struct {
		Hours int64 `json:"hours"`
	} `json:"power_on_time"`
	ATA *struct {
		Table []attribute `json:"table"`
	} `json:"ata_smart_attributes"`
	NVMe *struct {
		Critical    int64 `json:"critical_warning"`
		Temperature int64 `json:"temperature"`
		Spare       int64 `json:"available_spare"`
		Used        int64 `json:"percentage_used"`
		Hours       int64 `json:"power_on_hours"`
		MediaErrors int64 `json:"media_errors"`
	} `json:"nvme_smart_health_information_log"`
}

type attribute struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Value int64  `json:"value"`
	Raw   struct {
		Value uint64 `json:"value"`
	} `json:"raw"`
}

// ParseSmart reads the answer of 'smartctl -j -a'. Fields it does not know are
// left alone, those it knows must be what they should be.
func ParseSmart(b []byte) (Smart, error) {
	if len(b) > maxSmart {
		return Smart{}, fmt.Errorf("%w: %d bytes", ErrSmart, len(b))
	}
	var j smartJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return Smart{}, fmt.Errorf("%w: %w", ErrSmart, err)
	}
	if len(j.Format) == 0 || j.Format[0] != 1 {
		return Smart{}, fmt.Errorf("%w: format %v", ErrSmart, j.Format)
	}
	if j.ATA != nil && len(j.ATA.Table) > maxAttributes {
		return Smart{}, fmt.Errorf("%w: %d attributes", ErrSmart, len(j.ATA.Table))
	}
	s := Smart{Device: cut(j.Device.Name), Model: cut(j.Model), Counts: j.counts()}
	for _, m := range j.Tool.Messages {
		if m.Severity == "error" && s.Counts == noCounts() {
			s.Verdict = Untold
			s.Reasons = append(s.Reasons, refusal(m.String))
			return s, nil
		}
	}
	s.grade()
	return s, nil
}

// refusal is what an error of smartctl means to a technician. The words of
// smartctl stay beside it as the value "cause", which no sentence says.
func refusal(cause string) Reason {
	key := "smart.refused"
	switch low := strings.ToLower(cause); {
	case strings.Contains(low, "permission denied"), strings.Contains(low, "operation not permitted"):
		key = "smart.norights"
	case strings.Contains(low, "usb bridge"):
		key = "smart.usb"
	}
	return reason(key, "cause", cut(cause))
}

// cut bounds a text of the disk's maker.
func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), 200)], "") }

func (j smartJSON) counts() Counts {
	c := noCounts()
	if j.Status != nil && j.Status.Passed != nil {
		c.Passed = 0
		if *j.Status.Passed {
			c.Passed = 1
		}
	}
	if j.ATA != nil {
		for _, a := range j.ATA.Table {
			c.attribute(a)
		}
	}
	if n := j.NVMe; n != nil {
		c.Critical, c.Spare, c.Worn = told(n.Critical), told(n.Spare), told(n.Used)
		c.Heat, c.Hours, c.Uncorrectable = told(n.Temperature), told(n.Hours), told(n.MediaErrors)
	}
	if j.Temperature != nil { // smartctl has taken the vendors' ways of packing it apart
		c.Heat = told(j.Temperature.Current)
	}
	if j.PowerOn != nil {
		c.Hours = told(j.PowerOn.Hours)
	}
	return c
}

func told(n int64) int64 {
	if n < 0 {
		return -1
	}
	return n
}

// attribute takes one line of the table. Some makers pack more into the upper
// bytes of the raw value; counts are in the lower four.
func (c *Counts) attribute(a attribute) {
	raw := int64(a.Raw.Value & math.MaxUint32)
	switch a.ID {
	case 5:
		c.Reallocated = raw
	case 9:
		c.Hours = raw
	case 187:
		c.Reported = raw
	case 194:
		c.Heat = raw & 0xff
	case 197:
		c.Pending = raw
	case 198:
		c.Uncorrectable = raw
	case 199:
		c.CRC = raw
	case 177, 202, 231, 233: // what is left of a solid disk's life, by maker
		if a.Value >= 0 && a.Value <= 100 && wearName(a.Name) {
			c.Worn = 100 - a.Value
		}
	}
}

// wearName says whether an attribute whose number makers use differently is one
// of wear.
func wearName(name string) bool {
	return contains(name, "Wear", "Life", "Lifetime", "Wearout", "Percent_Lifetime")
}

// Limits of grading, from the field reports of large fleets of disks: any
// sector that cannot be read, any error reported to the system and a growing
// number of replaced sectors are each followed by failure within months far more
// often than chance.
const (
	manyReallocated = 100
	manyCRC         = 100
	hotDisk         = 55
	wornOut         = 95
	wornMuch        = 80
	oldHours        = 50_000
)

// grade turns the counts into a verdict with its reasons.
func (s *Smart) grade() {
	c := s.Counts
	if c == noCounts() {
		s.Verdict = Untold
		s.Reasons = append(s.Reasons, reason("smart.nothing"))
		return
	}
	s.Verdict = Good
	for _, r := range []struct {
		is   bool
		to   Health
		key  string
		n    int64
		unit string
	}{
		{c.Passed == 0, Failing, "smart.failed", 0, ""},
		{c.Critical > 0, Failing, "smart.critical", c.Critical, "bits"},
		{c.Pending > 0, Failing, "smart.pending", c.Pending, "n"},
		{c.Uncorrectable > 0, Failing, "smart.uncorrectable", c.Uncorrectable, "n"},
		{c.Reallocated >= manyReallocated, Failing, "smart.reallocated", c.Reallocated, "n"},
		{c.Reallocated > 0 && c.Reallocated < manyReallocated, Watched, "smart.reallocated", c.Reallocated, "n"},
		{c.Reported > 0, Watched, "smart.reported", c.Reported, "n"},
		{c.CRC >= manyCRC, Watched, "smart.crc", c.CRC, "n"},
		{c.Worn >= wornOut, Failing, "smart.worn", c.Worn, "percent"},
		{c.Worn >= wornMuch && c.Worn < wornOut, Watched, "smart.worn", c.Worn, "percent"},
		{c.Spare >= 0 && c.Spare < 10, Failing, "smart.spare", c.Spare, "percent"},
		{c.Heat >= hotDisk, Watched, "smart.hot", c.Heat, "degrees"},
		{c.Hours >= oldHours, Watched, "smart.old", c.Hours, "hours"},
	} {
		if !r.is {
			continue
		}
		if r.to == Failing || s.Verdict == Good {
			s.Verdict = r.to
		}
		re := reason(r.key)
		if r.unit != "" {
			re = reason(r.key, r.unit, strconv.FormatInt(r.n, 10))
		}
		s.Reasons = append(s.Reasons, re)
	}
}
