package service

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// WindowsSettings are what Install writes with the service manager of Windows.
// The service depends on no other: a delayed start comes after all of them, and
// a dependency that a machine does not have would keep it from starting at all.
type WindowsSettings struct {
	Name         string        `json:"name"`
	DisplayName  string        `json:"display_name"`
	Description  string        `json:"description"`
	Program      string        `json:"program"`
	Arguments    []string      `json:"arguments"`
	Account      string        `json:"account"`
	StartType    string        `json:"start_type"`
	RestartAfter time.Duration `json:"restart_after"`
	ResetAfter   time.Duration `json:"reset_after"`
	PreShutdown  time.Duration `json:"pre_shutdown"`
	Directories  []string      `json:"directories"` // closed to all but administrators and the service
	Access       string        `json:"access"`      // of these directories, as SDDL
}

// Windows is what Install would do on Windows; pure.
func Windows(c Config) WindowsSettings {
	return WindowsSettings{
		Name:         c.Name(),
		DisplayName:  c.title(),
		Description:  "Giữ sổ dân số của xã và phục vụ các trang trong mạng nội bộ. / Keeps the commune's population register and serves its pages on the local network.",
		Program:      c.Program,
		Arguments:    c.launcherArgs(true),
		Account:      `NT SERVICE\` + c.Name(),
		StartType:    "automatic, delayed",
		RestartAfter: 2 * time.Second,
		ResetAfter:   24 * time.Hour,
		PreShutdown:  30 * time.Second,
		Directories:  []string{string(c.Base), c.Base.Keys()},
		Access:       access(c.Name()),
	}
}

// access is the security of the directories: %ProgramData% lets every user of
// the PC read, and the register is none of theirs. The system and administrators
// have all, and so has the service.
func access(name string) string {
	return "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + serviceSID(name) + ")"
}

// serviceSID is the identity that Windows gives to the virtual account of a
// service: S-1-5-80 and the SHA-1 of its name in capitals, in UTF-16, as five
// little-endian numbers ("sc showsid" prints the same).
func serviceSID(name string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(strings.ToUpper(name))) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	sum := sha1.Sum(b)
	sid := "S-1-5-80"
	for i := 0; i < len(sum); i += 4 {
		sid += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(sum[i:]))
	}
	return sid
}

// String is the settings for people.
func (w WindowsSettings) String() string {
	var b strings.Builder
	line := func(what, value string) { fmt.Fprintf(&b, "%-14s %s\n", what, value) }
	line("service", w.Name)
	line("display name", w.DisplayName)
	line("description", w.Description)
	line("command", windowsCommand(w.Program, w.Arguments))
	line("account", w.Account)
	line("start", w.StartType)
	line("recovery", fmt.Sprintf("restart after %s, on crashes and on error exits; counted anew after %s", w.RestartAfter, w.ResetAfter))
	line("shutdown", fmt.Sprintf("told before other services, %s to stop", w.PreShutdown))
	for _, d := range w.Directories {
		line("directory", d)
	}
	line("access", w.Access)
	return b.String()
}

// windowsCommand is the command line as the service manager keeps it. A path
// cannot end in a backslash (Config.check), which would swallow the quote.
func windowsCommand(program string, args []string) string {
	words := append([]string{program}, args...)
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t") {
			words[i] = `"` + w + `"`
		}
	}
	return strings.Join(words, " ")
}
