package service_test

import (
	"errors"
	"flag"
	"os"
	"runtime"
	"strings"
	"testing"

	"tramxa/service"
)

var update = flag.Bool("update", false, "write the golden files")

func TestUnitsAreAsTheGoldenFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: paths of Linux are not absolute here")
	}
	for name, c := range map[string]service.Config{
		"tramxa.service":     {Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"},
		"tramxa-hub.service": {Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa", Hub: true},
		"elsewhere.service":  {Base: `/srv/dân số/a\b`, Program: "/opt/tram xa/tramxa"},
	} {
		got, err := service.Unit(c)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
	}
	golden(t, "sysusers.conf", service.Sysusers())
	smart, err := service.SmartUnits(service.Config{Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range smart {
		golden(t, name, got)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it, then go test -run Golden -update\n%s", name, got)
	}
}

func TestUnitRefusesWhatAServiceManagerMisreads(t *testing.T) {
	for name, c := range map[string]service.Config{
		"relative base":    {Base: "data", Program: "/usr/lib/tramxa/tramxa"},
		"relative program": {Base: "/var/lib/tramxa", Program: "./tramxa"},
		"slash at the end": {Base: "/var/lib/tramxa/", Program: "/usr/lib/tramxa/tramxa"},
		"line end":         {Base: "/var/lib/tramxa\nExecStart=/bin/sh", Program: "/usr/lib/tramxa/tramxa"},
		"quote":            {Base: `/var/lib/tram"xa`, Program: "/usr/lib/tramxa/tramxa"},
		"variable":         {Base: "/var/lib/$HOME", Program: "/usr/lib/tramxa/tramxa"},
		"specifier":        {Base: "/var/lib/%h", Program: "/usr/lib/tramxa/tramxa"},
		"no program":       {Base: "/var/lib/tramxa"},
		"endless":          {Base: "/var/lib/tramxa", Program: service.Config{}.Program + "/" + strings.Repeat("x", 300)},
	} {
		if _, err := service.Unit(c); !errors.Is(err, service.ErrBadConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInstallRefusesPlacesThatAreClosedToAService(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the closed places are those of Linux")
	}
	for _, c := range []service.Config{
		{Base: "/var/lib/tramxa", Program: "/tmp/tramxa"},
		{Base: "/tmp/tramxa", Program: "/usr/lib/tramxa/tramxa"},
	} {
		m, err := service.NewManager(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Install(t.Context()); !errors.Is(err, service.ErrBadConfig) || !strings.Contains(err.Error(), "put it at") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
