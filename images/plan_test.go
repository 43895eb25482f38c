package images

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tramxa/service/seed"
)

const plainPlan = `version = 1
name = "tramxa-pc"
release = "1.0.0"
time = 2026-11-01T00:00:00Z
program = "tramxa"
`

func TestPlanOfVersion1StillReads(t *testing.T) {
	p, err := ReadPlan("testdata/plan1.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := Plan{
		Version: 1, Name: "tramxa-pc", Release: "1.2.0", Time: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Program: "bin/tramxa",
		Hostname: "tram", Suite: "trixie", Mirror: "https://debian.example/debian", Components: []string{"main"}, Packages: []string{"hdparm"},
		Console: []string{"ttyS0,115200", "tty1"}, AuthorizedKey: "ssh-ed25519 AAAA technician", SignKeys: []string{"a.pem", "b.pem"}, Zone: "Asia/Ho_Chi_Minh",
		Size: Size{Boot: 192, Root: 320, Data: 128}, Seed: &seed.Seed{Version: 1, Hub: []string{"hub.example:8470"}, Unattended: true, EraseDisk: "only"},
		dir: "testdata",
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v", p)
	}
	if got := p.path(p.Program); got != filepath.Join("testdata", "bin", "tramxa") {
		t.Error(got)
	}
}

func TestPlanHasDefaults(t *testing.T) {
	p, err := ParsePlan([]byte(plainPlan))
	if err != nil {
		t.Fatal(err)
	}
	if p.Mirror != "" || p.Size != (Size{160, 288, 64}) || p.Hostname != "tramxa" || len(p.Console) != 1 {
		t.Errorf("got %+v", p)
	}
}

func TestPlanOfARelease(t *testing.T) {
	of := OfRelease{Version: "2.1.0", At: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Sequence: 9, Program: "/r/tramxa"}
	name := filepath.Join(t.TempDir(), "plan.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("version = 1\nname = \"tramxa-pc\"\n")
	p, err := ReadPlanOfRelease(name, of)
	if err != nil || p.Release != "2.1.0" || p.Sequence != 9 || p.path(p.Program) != "/r/tramxa" || !p.Time.Equal(of.At) {
		t.Errorf("%+v, %v", p, err)
	}
	write(plainPlan)
	if _, err := ReadPlanOfRelease(name, of); !errors.Is(err, ErrPlan) {
		t.Errorf("a plan that names its own program: %v", err)
	}
}

// TestPlanOfTheRepositoryForReleases: what the guide for makers names can be read.
func TestPlanOfTheRepositoryForReleases(t *testing.T) {
	if _, err := ReadPlanOfRelease("plans/release.toml", OfRelease{Version: "1.4.0", At: time.Now(), Sequence: 3, Program: "/r/tramxa"}); err != nil {
		t.Error(err)
	}
}

func TestMirrorOfThisMachine(t *testing.T) {
	const list = "http://a.example/other\nhttp://a.example/debian-security/\nhttp://b.example/debian/\nhttp://c.example/debian\n"
	if got, err := archiveOf(list); err != nil || got != "http://b.example/debian" {
		t.Errorf("%q, %v", got, err)
	}
	for _, list := range []string{"", "http://a.example/ubuntu\n", "cdrom:[Debian]/debian\n"} {
		if got, err := archiveOf(list); !errors.Is(err, ErrPlan) {
			t.Errorf("%q gave %q, %v", list, got, err)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"newer version":    strings.Replace(plainPlan, "version = 1", "version = 2", 1),
		"unknown field":    plainPlan + "programm = 1\n",
		"name with blank":  strings.Replace(plainPlan, "tramxa-pc", "tramxa pc", 1),
		"a day":            strings.Replace(plainPlan, "T00:00:00Z", "", 1),
		"no zone":          strings.Replace(plainPlan, "00Z", "00", 1),
		"data wraps round": plainPlan + "[size]\ndata = 17592186044432\n", // 2^44 + 16 MB
		"no time":          strings.Replace(plainPlan, "time = 2026-11-01T00:00:00Z\n", "", 1),
		"no program":       strings.Replace(plainPlan, `program = "tramxa"`, "", 1),
		"option as mirror": plainPlan + "mirror = \"--aptopt=x\"\n",
		"option as suite":  plainPlan + "suite = \"--x\"\n",
		"bad package":      plainPlan + "packages = [\"a b\"]\n",
		"bad console":      plainPlan + "console = [\"tty1 init=/bin/sh\"]\n",
		"two keys":         plainPlan + "authorized_key = \"a\\nb\"\n",
		"zone upwards":     plainPlan + "zone = \"../../etc/passwd\"\n",
		"small boot":       plainPlan + "[size]\nboot = 40\n",
		"bad seed":         plainPlan + "[seed]\nversion = 1\nunit = \"1\"\n",
		"too long":         plainPlan + strings.Repeat("#\n", MaxPlan),
	} {
		if _, err := ParsePlan([]byte(text)); !errors.Is(err, ErrPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	b, err := os.ReadFile("testdata/plan1.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(plainPlan))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePlan(b)
		if err != nil {
			return
		}
		// What a plan says gets into a script and a boot menu.
		for _, s := range append(append([]string{p.Name, p.Release, p.Suite, p.Mirror, p.Zone, p.Hostname}, p.Console...), p.Packages...) {
			if s != "" && strings.ContainsAny(s, " \n'\"`$;&|\\") && !strings.HasPrefix(s, "http") || strings.HasPrefix(s, "-") {
				t.Errorf("%q got through", s)
			}
		}
	})
}

func TestPlanOfThisRepositoryReads(t *testing.T) {
	p, err := ReadPlan("plans/pc.toml")
	if err != nil {
		t.Fatal(err)
	}
	if p.AuthorizedKey != "" || p.Seed != nil {
		t.Error("the plan for everybody carries a key or a seed")
	}
}
