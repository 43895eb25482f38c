package place

import (
	"os"
	"path/filepath"
	"runtime"
)

// Names of the services as the service manager knows them.
const (
	StationService = "tramxa"
	HubService     = "tramxa-hub"
)

// Base is a directory that holds all that an installed tramxa writes but its
// keys. Its zero value is not valid; use Default or Base(path) with an absolute
// path.
type Base string

// Default is the base of this system: /var/lib/tramxa, or tramxa below
// %ProgramData%.
func Default() Base {
	if runtime.GOOS == "windows" {
		return Base(filepath.Join(programData(), "tramxa"))
	}
	return "/var/lib/tramxa"
}

func programData() string {
	if d := os.Getenv("ProgramData"); d != "" {
		return d
	}
	return `C:\ProgramData`
}

// Station is the data directory of the station.
func (b Base) Station() string { return filepath.Join(string(b), "station") }

// Hub is the data directory of the hub node.
func (b Base) Hub() string { return filepath.Join(string(b), "hub") }

// App holds the slots of the program and the state of updates.
func (b Base) App() string { return filepath.Join(string(b), "app") }

// Backups holds the nightly copies that lie on the same disk.
func (b Base) Backups() string { return filepath.Join(string(b), "backups") }

// Logs holds the launcher's log where the system keeps none for services.
func (b Base) Logs() string { return filepath.Join(string(b), "log") }

// Seed is what a stick or an image says beforehand; see package seed.
func (b Base) Seed() string { return filepath.Join(string(b), "seed.toml") }

// Setup keeps how far the first start has come.
func (b Base) Setup() string { return filepath.Join(string(b), "setup.json") }

// Keys is the directory of the key files, beside the base and not in it.
func (b Base) Keys() string { return string(b) + "-keys" }

// StationKey is the file with the station's keys.
func (b Base) StationKey() string { return filepath.Join(b.Keys(), "station.key") }

// Program is where the package puts the program: the launcher, and the copy to
// fall back to.
func Program() string {
	if runtime.GOOS == "windows" {
		dir := os.Getenv("ProgramFiles")
		if dir == "" {
			dir = `C:\Program Files`
		}
		return filepath.Join(dir, "tramxa", "tramxa.exe")
	}
	return "/usr/lib/tramxa/tramxa"
}
