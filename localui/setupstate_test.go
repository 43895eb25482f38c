package localui

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fullState has every field filled.
var fullState = setupState{
	Version: 1, Known: setupKnown{Language: "vi", Station: 135, Mint: 7, Unit: "23764", Place: "Trạm y tế xã Ia Grai", Hub: []string{"hub1.example:8470"}, HubPin: "pin"},
	Language: "en", Unit: "23764", UnitName: "Xã Ia Grai", Province: "Gia Lai", Place: "Trạm y tế xã Ia Grai",
	Clock: setupClock{At: 1805500800, Off: -3600, Set: true, Battery: true}, Machine: true, Station: 135, Mint: 7,
	Hub: []string{"hub1.example:8470", "hub2.example:8470"}, HubPin: "pin", KeyFile: true, Name: "Nguyễn Thị Hương", Login: "huong", Sheet: "0123456789", Data: DataPractice,
}

// TestSetupStateOfVersion1StillReads: a setup begun by version 1 goes on.
func TestSetupStateOfVersion1StillReads(t *testing.T) {
	b, err := os.ReadFile("testdata/setup1.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseSetup(b)
	if err != nil || !reflect.DeepEqual(got, fullState) {
		t.Fatalf("%v %+v", err, got)
	}
	if out, err := json.Marshal(fullState); err != nil || string(out) != strings.TrimSpace(string(b)) {
		t.Fatalf("written otherwise: %s %v", out, err)
	}
}

func TestSetupStateRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"another version": `{"version":2,"known":{},"clock":{}}`, "no version": `{}`, "unknown field": `{"version":1,"pasword":"x","known":{},"clock":{}}`,
		"more after it": `{"version":1,"known":{},"clock":{}} {}`, "language": `{"version":1,"language":"fr","known":{},"clock":{}}`,
		"unit without name": `{"version":1,"unit":"23764","known":{},"clock":{}}`, "hub without key": `{"version":1,"hub":["a:1"],"known":{},"clock":{}}`,
		"login": `{"version":1,"login":"Lan!","known":{},"clock":{}}`, "data": `{"version":1,"data":"all","known":{},"clock":{}}`, "cut off": `{"version":1,"kno`,
		"too large": `{"version":1,"name":"` + strings.Repeat("a", maxSetupState) + `"}`, "too large again": `{"version":1,"known":{"place":"` + strings.Repeat("<", maxSetupState/4) + `"},"clock":{}}`, "long text": `{"version":1,"known":{},"clock":{},"name":"` + strings.Repeat("a", 500) + `"}`,
	} {
		if _, err := parseSetup([]byte(text)); !errors.Is(err, errSetupState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDamagedSetupBeginsAnew: a kept state that is not understood costs some
// typing and nothing else.
func TestDamagedSetupBeginsAnew(t *testing.T) {
	h, err := NewSetup(SetupOptions{Load: func() ([]byte, error) { return []byte("\x00nonsense"), nil }, Save: func([]byte) error { return nil },
		Finish: nil, Recovery: nil})
	if err == nil || h != nil {
		t.Fatal("required functions may be left out")
	}
	s := &setup{o: SetupOptions{Load: func() ([]byte, error) { return []byte("\x00nonsense"), nil }, Prefill: SetupPrefill{Unit: "23764"}}}
	s.o.Log = discard()
	if err := s.load(); err != nil || s.state.Version != setupVersion || s.state.Known.Unit != "23764" {
		t.Fatalf("%v %+v", err, s.state)
	}
}

// TestStationOpensByItself: nobody presses the last button, and the station is
// opened all the same, once.
func TestStationOpensByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened atomic.Int32
		s := &setup{o: SetupOptions{Opened: func() { opened.Add(1) }}}
		s.end(openAfter)
		time.Sleep(openAfter - time.Second)
		if synctest.Wait(); opened.Load() != 0 {
			t.Fatal("the last page is taken away")
		}
		time.Sleep(time.Second)
		if synctest.Wait(); opened.Load() != 1 {
			t.Fatalf("opened %d times", opened.Load())
		}
		s.openOnce()
		if synctest.Wait(); opened.Load() != 1 {
			t.Fatal("opened twice")
		}
	})
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func FuzzSetupState(f *testing.F) {
	b, err := os.ReadFile("testdata/setup1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":1,"known":{},"clock":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := parseSetup(b)
		if err != nil {
			return
		}
		out, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseSetup(out); err != nil || again.Unit != st.Unit || again.Station != st.Station {
			t.Fatalf("read but not written again: %v %s", err, out)
		}
		st.Clock.agreed(time.Unix(1805500800, 0))
	})
}

// TestGuessablePasswords: what everybody tries first is refused, words put
// together are not.
func TestGuessablePasswords(t *testing.T) {
	for _, p := range []string{"12345678", "87654321", "11111111", "abcdefgh", "12341234", "password", "Password1", "MatKhau123", "mật khẩu", "qwertyuiop", "truongthilan", "Xã Ia Grai 2027", "iagrai2027", "huong1234567", "huong!!!"} {
		if !guessable(p, "huong", "Trương Thị Lan", "Trạm y tế xã Ia Grai", "Xã Ia Grai", "Ia Grai") {
			t.Errorf("%q is let through", p)
		}
	}
	for _, p := range []string{"con mèo ăn khế", "mưa rơi ba bến", "tram cua huong o day", "Kh0ng-ai-biet", "aab1c2d3"} {
		if guessable(p, "huong", "Trương Thị Lan", "Trạm y tế xã Ia Grai") {
			t.Errorf("%q is refused", p)
		}
	}
}
