package machine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/journal/crashfs"
	"tramxa/service/machine"
)

func smartFixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "smart", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func keys(rs []machine.Reason) string {
	var k []string
	for _, r := range rs {
		k = append(k, strings.TrimPrefix(r.Key, "smart."))
	}
	return strings.Join(k, " ")
}

func TestSmart(t *testing.T) {
	for name, want := range map[string]struct {
		verdict machine.Health
		reasons string
	}{
		"hdd-good":    {machine.Good, ""},
		"hdd-watch":   {machine.Watched, "reallocated reported crc hot old"},
		"hdd-failing": {machine.Failing, "failed pending uncorrectable reallocated"},
		"ssd-worn":    {machine.Failing, "worn"},
		"nvme-good":   {machine.Good, ""},
		"nvme-bad":    {machine.Failing, "critical uncorrectable worn spare hot"},
		"refused":     {machine.Untold, "norights"},
		"virtual":     {machine.Untold, "refused"},
		"raid":        {machine.Untold, "refused"},
		"usb-bridge":  {machine.Untold, "usb"},
		"usb-silent":  {machine.Untold, "nothing"},
	} {
		s, err := machine.ParseSmart(smartFixture(t, name))
		if err != nil || s.Verdict != want.verdict || keys(s.Reasons) != want.reasons {
			t.Errorf("%s: %s %q, want %s %q (%v)", name, s.Verdict, keys(s.Reasons), want.verdict, want.reasons, err)
		}
	}
	s, err := machine.ParseSmart(smartFixture(t, "hdd-watch"))
	want := machine.Counts{Passed: 1, Reallocated: 8, Reported: 1, CRC: 240, Hours: 52000, Heat: 57, Worn: -1, Spare: -1, Critical: -1}
	if err != nil || s.Counts != want || s.Model != "EXAMPLE HDD500" || s.Device != "/dev/sda" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSmartRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":        "",
		"no JSON":        "smartctl 7.4 2023-08-01",
		"no format":      `{"device":{"name":"/dev/sda"}}`,
		"newer format":   `{"json_format_version":[2,0]}`,
		"text as number": `{"json_format_version":[1,0],"temperature":{"current":"warm"}}`,
		"two values":     `{"json_format_version":[1,0]} {}`,
		"too long":       strings.Repeat(" ", 1<<20+1),
		"a long table":   `{"json_format_version":[1,0],"ata_smart_attributes":{"table":[` + strings.Repeat(`{},`, 300) + `{}]}}`,
	} {
		if _, err := machine.ParseSmart([]byte(text)); !errors.Is(err, machine.ErrSmart) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseSmart(f *testing.F) {
	for _, name := range []string{"hdd-watch", "nvme-bad", "refused"} {
		f.Add(smartFixture(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := machine.ParseSmart(b)
		if err == nil && (s.Verdict == "" || len(s.Reasons) > 64) {
			t.Errorf("verdict %q with %d reasons", s.Verdict, len(s.Reasons))
		}
	})
}

func TestSmartIsLeftForTheService(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	if s, err := machine.LoadSmart(disk, "/smart.json"); err != nil || s.Verdict != machine.Untold {
		t.Errorf("without a file: %+v, %v", s, err)
	}
	s, err := machine.ParseSmart(smartFixture(t, "hdd-failing"))
	if err != nil {
		t.Fatal(err)
	}
	if err := machine.SaveSmart(disk, "/smart.json", s); err != nil {
		t.Fatal(err)
	}
	if got, err := machine.LoadSmart(disk, "/smart.json"); err != nil || got.Verdict != machine.Failing || got.Counts != s.Counts {
		t.Errorf("read back: %+v, %v", got, err)
	}
	if err := disk.FlipBit("/smart.json", 40, 2); err != nil {
		t.Fatal(err)
	}
	if s, err := machine.LoadSmart(disk, "/smart.json"); !errors.Is(err, machine.ErrDamaged) || s.Verdict != machine.Untold {
		t.Errorf("damaged: %+v, %v", s, err)
	}
}

// TestAskSmart runs the real smartctl where there is one; a disk that does not
// exist gives no verdict and no failure.
func TestAskSmart(t *testing.T) {
	for device, why := range map[string]string{"/dev/no-such-disk": "gone", "": "nodisk", "/dev/sda;reboot": "gone", "/dev/sda -x": "nodisk"} {
		s := machine.AskSmart(t.Context(), device)
		if got := keys(s.Reasons); s.Verdict != machine.Untold || (got != why && got != "notool") {
			t.Errorf("%q: %+v", device, s)
		}
	}
	s := machine.AskSmart(t.Context(), os.DevNull) // not a disk: the tool itself refuses
	if got := keys(s.Reasons); s.Verdict != machine.Untold || got == "" || got == "gone" || s.Device != os.DevNull {
		t.Errorf("%+v", s)
	}
}
