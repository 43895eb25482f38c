package machine

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	keyPattern   = regexp.MustCompile(`"((?:warn|disk|smart|sheet|row|why|profile|kind|verdict|clock|unread)\.[a-z0-9.]*[a-z0-9])"`)
	bracePattern = regexp.MustCompile(`\{[a-z]+\}`)
)

// TestEveryKeyHasWords reads the package's own source: each key in it, and each
// that is put together, has words in every language with the same values, and no
// word is left that nobody says.
func TestEveryKeyHasWords(t *testing.T) {
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keyPattern.FindAllSubmatch(b, -1) {
			used[string(m[1])] = true
		}
	}
	for _, k := range []Kind{KindRotating, KindSolid} {
		used["kind."+string(k)] = true
	}
	for _, b := range []Bus{BusATA, BusUSB, BusNVMe, BusMMC, BusSD, BusSCSI, BusRAID, BusVirtual} {
		used["bus."+string(b)] = true
	}
	for _, v := range []Verdict{Unproven, Honest, Lies} {
		used["verdict."+string(v)] = true
	}
	for _, h := range []Health{Untold, Good, Watched, Failing} {
		used["smart."+string(h)] = true
	}
	for _, stage := range []string{TestFill, TestRead, TestSync, TestDone} {
		used["test."+stage] = true
	}
	for _, what := range whats(t) {
		used["what."+what] = true
	}
	delete(used, "smart.json")
	if len(used) < 100 {
		t.Fatalf("only %d keys were found", len(used))
	}
	vi := locales()["vi"]
	for _, lang := range Languages {
		words := locales()[lang]
		for k := range used {
			if words[k] == "" {
				t.Errorf("%s: %s has no words", lang, k)
			}
		}
		for k, w := range words {
			if !used[k] {
				t.Errorf("%s: nobody says %s", lang, k)
			}
			got, want := bracePattern.FindAllString(w, -1), bracePattern.FindAllString(vi[k], -1)
			slices.Sort(got)
			slices.Sort(want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s speaks of %v, Vietnamese of %v", lang, k, got, want)
			}
		}
	}
}

func TestSay(t *testing.T) {
	w := Warning{Key: "warn.disk.failing", Values: map[string]string{"why": "smart.pending"}}
	if got := w.Text("en"); got != "The disk is about to fail (sectors cannot be read). Back up today and replace it." {
		t.Errorf("a key as a value: %q", got)
	}
	if got := Say("fr", "smart.good", nil); got != "TỐT" {
		t.Errorf("a language without words: %q", got)
	}
	if got := Say("vi", "no.such.key", nil); got != "no.such.key" {
		t.Errorf("an unknown key: %q", got)
	}
	if got := Say("en", "disk.cache", map[string]string{"mode": "{mode}{mode}"}); got != "Write cache: {mode}{mode}." {
		t.Errorf("values are not taken apart: %q", got)
	}
}

// TestDecimals: a measure has the decimal mark of the language, and nothing else
// that has a point is touched.
func TestDecimals(t *testing.T) {
	for value, want := range map[string]string{
		"1.0 GB": "1,0 GB", "12.34": "12,34", "0.5 TB/s": "0,5 TB/s", "11.3 ms": "11,3 ms",
		"71 MB": "71 MB", "7.4.1": "7.4.1", "v1.2": "v1.2", "ext4": "ext4", "3.00GHz": "3.00GHz", "1.5 GB.": "1.5 GB.", "": "",
	} {
		if got := Say("vi", "sheet.measure", map[string]string{"value": value}); got != want {
			t.Errorf("vi: %q is %q, want %q", value, got, want)
		}
		if got := Say("en", "sheet.measure", map[string]string{"value": value}); got != value {
			t.Errorf("en: %q is %q", value, got)
		}
	}
	r := Reason{Key: "disk.flush.slow", Values: map[string]string{"ms": "61.25"}}
	if got := r.Text("vi"); !strings.Contains(got, "61,25 ms") {
		t.Errorf("a reason: %q", got)
	}
}

// TestSheet prints the sheet of an invented PC that has everything wrong.
func TestSheet(t *testing.T) {
	var f Facts
	recorded(t, "commune2014").look(&f, "/var/lib/tramxa", lookedAt)
	f.CPU.Cores, f.CPU.Level = 2, 2
	f.Disk.Free, f.Disk.Total = 90e9, 450e9
	f.missing("flush", os.ErrPermission)
	r := DiskResult{Promised: 812, Cut: true, Flush: Spread{Count: 1624, Median: 11300 * time.Microsecond, P99: 31 * time.Millisecond}, Write: 71e6, Read: 93e6}
	judgeFlush(&r, f, r.Flush)
	r.judgeCut(comparison{last: 812, lost: 3, torn: true}, 0, true)
	b, err := os.ReadFile("testdata/smart/hdd-failing.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSmart(b)
	if err != nil {
		t.Fatal(err)
	}
	var h History
	for i := range 4 {
		h = h.See(Started{Boot: Boot{ID: string(rune('a' + i))}, Clock: f.Clock.RTC, Floor: lookedAt})
	}
	h = h.See(Measured{At: lookedAt, Smart: &s, Free: 900 << 20, Reserve: 2 << 30}).See(Tested{Result: r})
	sheet := NewSheet(f, NewProfile(f), h.Tested, s, h.Warnings())
	for _, lang := range Languages {
		var out bytes.Buffer
		if err := sheet.Write(&out, lang); err != nil {
			t.Fatal(err)
		}
		golden(t, "sheet."+lang+".txt", out.Bytes())
		if strings.ContainsAny(out.String(), "{}") {
			t.Errorf("%s: a value is missing:\n%s", lang, out.String())
		}
		if strings.Contains(out.String(), f.Disk.Serial) || strings.Contains(out.String(), f.Board.BoardSerial) {
			t.Errorf("%s: a serial number is on the sheet", lang)
		}
	}
}

// TestSheetOfNothing: a machine that tells nothing still has a sheet.
func TestSheetOfNothing(t *testing.T) {
	for _, block := range NewSheet(Facts{}, NewProfile(Facts{}), nil, Smart{Verdict: Untold}, nil).Lines("vi") {
		if block.Title == "" || len(block.Lines) == 0 {
			t.Errorf("block %+v", block)
		}
		for _, l := range block.Lines {
			if l.Text == "" || strings.ContainsAny(l.Text, "{}") {
				t.Errorf("line %+v", l)
			}
		}
	}
}
