package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"tramxa/appliance/journal"
)

// configFile stands in the directory of a station or hub node. Flags win over
// TRAMXA_… variables, and these over the file.
const configFile = "tramxa.toml"

// config is the whole file; exactly one of the two parts is there.
type config struct {
	Station *stationConfig `toml:"station,omitempty"`
	Hub     *hubConfig     `toml:"hub,omitempty"`
}

// stationConfig is how a station runs. What it is (number, epoch, unit) stands
// in its signed genesis.
type stationConfig struct {
	Key     string   `toml:"key" comment:"file with the station's keys, outside this directory"`
	Listen  string   `toml:"listen" comment:"address of the pages on this machine"`
	LAN     string   `toml:"lan,omitempty" comment:"address of the pages for the LAN, with TLS; empty: this machine only"`
	LANHelp string   `toml:"lan_help,omitempty" comment:"plain-http address of the pairing and help page; empty: none"`
	Names   []string `toml:"names,omitempty" comment:"further names and addresses of this machine on the LAN"`
	Hub     []string `toml:"hub,omitempty" comment:"host:port of the province's servers; empty: offline"`
	HubPin  string   `toml:"hub_pin,omitempty" comment:"public key of the province's hub"`
	Metered bool     `toml:"metered,omitempty" comment:"the line costs by volume"`
	Name    string   `toml:"name,omitempty" comment:"what the pages call this place"`
	Backup  []string `toml:"backup,omitempty" comment:"folders on other disks that get a copy each night"`
	Reserve uint64   `toml:"reserve_mb,omitempty" comment:"MB of the disk that stay free; 0: by the disk's size"`
}

// hubConfig is how a hub node runs.
type hubConfig struct {
	ID    string    `toml:"id"`
	Raft  string    `toml:"raft" comment:"address of the port the nodes talk on"`
	Link  string    `toml:"link" comment:"address of the port stations talk to"`
	Page  string    `toml:"page" comment:"address of the pages"`
	Peers []hubPeer `toml:"peers" comment:"all nodes, this one among them"`

	Backup []string `toml:"backup,omitempty" comment:"folders on other disks that get a copy of the hub each night"`
}

type hubPeer struct {
	ID   string `toml:"id"`
	Raft string `toml:"raft"`
	Link string `toml:"link"`
}

const (
	defaultPage    = "127.0.0.1:8480"
	defaultHubPage = "127.0.0.1:8490"
	// Of a station that is set up by its pages.
	defaultLAN     = ":8443"
	defaultLANHelp = ":8481"
)

// readConfig reads the file of dir and lets the environment win over it.
func readConfig(dir string) (config, error) {
	name := filepath.Join(dir, configFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return config{}, withHint(fmt.Errorf("%s holds no station and no hub", dir),
			"make one with 'tramxa station init' or 'tramxa hub init', or give its --dir")
	}
	if err != nil {
		return config{}, err
	}
	var c config
	dec := toml.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			err = errors.New(strings.TrimSpace(strict.String()))
		}
		return config{}, fmt.Errorf("%s: %w", name, err)
	}
	if (c.Station == nil) == (c.Hub == nil) {
		return config{}, fmt.Errorf("%s must have a [station] or a [hub] part, and only one", name)
	}
	return c, c.environment(os.Getenv)
}

// environment lets TRAMXA_LISTEN, TRAMXA_HUB … win over the file.
func (c *config) environment(getenv func(string) string) error {
	set := func(name string, to *string) {
		if v := getenv("TRAMXA_" + name); v != "" {
			*to = v
		}
	}
	if s := c.Station; s != nil {
		set("KEY", &s.Key)
		set("LISTEN", &s.Listen)
		set("LAN", &s.LAN)
		set("LAN_HELP", &s.LANHelp)
		set("HUB_PIN", &s.HubPin)
		if v := getenv("TRAMXA_HUB"); v != "" {
			s.Hub = strings.Split(v, ",")
		}
		if v := getenv("TRAMXA_METERED"); v != "" {
			metered, err := strconv.ParseBool(v)
			if err != nil {
				return usagef("TRAMXA_METERED must be true or false, not %q", v)
			}
			s.Metered = metered
		}
	}
	if h := c.Hub; h != nil {
		set("RAFT", &h.Raft)
		set("LINK", &h.Link)
		set("PAGE", &h.Page)
	}
	return nil
}

// writeConfig writes a new file; it never replaces one.
func writeConfig(dir string, c config) error {
	name := filepath.Join(dir, configFile)
	if _, err := os.Stat(name); err == nil {
		return withHint(fmt.Errorf("%s is there already", name), "choose another --dir; an existing one is never overwritten")
	}
	b, err := toml.Marshal(c)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(journal.OS, name, b, 0o600)
}

// stationPart and hubPart read the file and want that part.
func stationPart(dir string) (stationConfig, error) {
	c, err := readConfig(dir)
	if err != nil {
		return stationConfig{}, err
	}
	if c.Station == nil {
		return stationConfig{}, usagef("%s holds a hub node, not a station", dir)
	}
	return *c.Station, nil
}

func hubPart(dir string) (hubConfig, error) {
	c, err := readConfig(dir)
	if err != nil {
		return hubConfig{}, err
	}
	if c.Hub == nil {
		return hubConfig{}, usagef("%s holds a station, not a hub node", dir)
	}
	return *c.Hub, nil
}

// dirFlag is the --dir every verb takes.
func dirFlag(f *flags, what string) *string {
	def := os.Getenv("TRAMXA_DIR")
	if def == "" {
		def = "tramxa-data"
	}
	return f.String("dir", def, "directory of the "+what)
}
