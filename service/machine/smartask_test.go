package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answers gives recorded answers of smartctl, by how it is asked.
func answers(t *testing.T, plain, bridged string) func(...string) (Smart, error) {
	return func(how ...string) (Smart, error) {
		name := plain
		if strings.Join(how, " ") == "-d sat" {
			name = bridged
		}
		b, err := os.ReadFile(filepath.Join("testdata", "smart", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		return ParseSmart(b)
	}
}

// TestTheFirstAnswerSaysWhy: the second question is only for what it tells.
func TestTheFirstAnswerSaysWhy(t *testing.T) {
	for _, c := range []struct{ plain, bridged, key string }{
		{"virtual", "virtual-sat", "smart.refused"}, {"usb-bridge", "usb-silent", "smart.usb"}, {"refused", "refused", "smart.norights"},
		{"usb-silent", "virtual-sat", "smart.nothing"},
	} {
		s := askBoth("/dev/sdb", answers(t, c.plain, c.bridged))
		if s.Verdict != Untold || len(s.Reasons) != 1 || s.Reasons[0].Key != c.key || s.Device == "" || s.Counts != noCounts() {
			t.Errorf("%s, then %s: %+v", c.plain, c.bridged, s)
		}
	}
	if s := askBoth("/dev/sdb", answers(t, "usb-bridge", "hdd-failing")); s.Verdict != Failing {
		t.Errorf("the second question told: %+v", s)
	}
	for key, err := range map[string]error{"smart.late": errLate, "smart.unread": fmt.Errorf("%w: it does not end", ErrSmart)} {
		times := 0
		s := askBoth("/dev/sdb", func(...string) (Smart, error) { times++; return Smart{}, err })
		if s.Verdict != Untold || len(s.Reasons) != 1 || s.Reasons[0].Key != key || s.Device != "/dev/sdb" || s.Counts != noCounts() || times != 1 {
			t.Errorf("%v: %+v after %d questions", err, s, times)
		}
	}
}

// TestTheSheetSpeaksItsLanguage: a refusal is a sentence on the health sheet; the
// tool's own words are only where a technician asks for the disk alone.
func TestTheSheetSpeaksItsLanguage(t *testing.T) {
	raw := map[string]string{"virtual": "Unable to detect", "usb-bridge": "0x152d", "refused": "Permission denied", "raid": "megaraid"}
	for name, words := range raw {
		s := askBoth("/dev/sdb", answers(t, name, name))
		for _, lang := range Languages {
			if text := s.Reasons[0].Text(lang); text == "" || strings.HasPrefix(text, "smart.") || strings.ContainsAny(text, "{}") {
				t.Errorf("%s, %s: %q", name, lang, text)
			}
			var whole, alone strings.Builder
			if err := errors.Join(NewSheet(Facts{}, Profile{}, nil, s, nil).Write(&whole, lang), SmartSheet(s).Write(&alone, lang)); err != nil {
				t.Fatal(err)
			}
			if why := s.Reasons[0].Text(lang); !strings.Contains(whole.String(), why) || strings.Contains(whole.String(), words) {
				t.Errorf("%s, %s: the health sheet says\n%s", name, lang, whole.String())
			}
			if !strings.Contains(alone.String(), words) {
				t.Errorf("%s, %s: the disk's sheet says\n%s", name, lang, alone.String())
			}
		}
	}
}

// TestWhoHadTheRightsKnowsWhy: the service may not ask the disk itself; what the
// job with rights has learned of it is what the page says.
func TestWhoHadTheRightsKnowsWhy(t *testing.T) {
	none := Smart{Verdict: Untold, Reasons: []Reason{reason("smart.notasked")}}
	noTool := Smart{Verdict: Untold, Reasons: []Reason{reason("smart.notool")}}
	recorded := func(name string) Smart { return askBoth("/dev/sdb", answers(t, name, name)) }
	for name, c := range map[string]struct {
		asked, left Smart
		key         string
	}{
		"a bridge hides the disk":       {recorded("refused"), recorded("usb-bridge"), "smart.usb"},
		"a bridge that says nothing":    {recorded("refused"), recorded("usb-silent"), "smart.nothing"},
		"a virtual disk":                {recorded("refused"), recorded("virtual"), "smart.refused"},
		"the job told":                  {recorded("refused"), recorded("hdd-failing"), "smart.failed"},
		"asked now, it tells":           {recorded("ssd-worn"), recorded("hdd-failing"), "smart.worn"},
		"asked now, it tells more":      {recorded("ssd-worn"), recorded("usb-bridge"), "smart.worn"},
		"asked now with rights":         {recorded("usb-bridge"), recorded("usb-silent"), "smart.usb"},
		"the job never ran":             {recorded("refused"), none, "smart.norights"},
		"the job had no rights either":  {recorded("refused"), recorded("refused"), "smart.norights"},
		"the tool came after the job":   {recorded("refused"), noTool, "smart.norights"},
		"an answer of no words is none": {recorded("refused"), Smart{Verdict: Untold}, "smart.norights"},
	} {
		if got := firstKey(Truer(c.asked, c.left).Reasons); got != c.key {
			t.Errorf("%s: %s, want %s", name, got, c.key)
		}
	}
}
