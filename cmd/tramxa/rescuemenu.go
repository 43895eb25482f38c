package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
)

// rescueMenu is the dialog: four choices by number, plain text, no shell. Before
// anything is written it says what, and wants a word typed.
type rescueMenu struct {
	*rescueCall
	in      *bufio.Reader
	out     io.Writer
	logName string // of the log's file, one for the whole dialog
}

// errBack leads back to the main choices; errOver ends the dialog.
var (
	errBack = errors.New("back")
	errOver = errors.New("the input has ended")
)

func (m *rescueMenu) text(t two) string {
	if m.lang == "en" {
		return t.en
	}
	return t.vi
}

// say prints a sentence on a line of its own.
func (m *rescueMenu) say(t two, args ...any) { fmt.Fprintln(m.out, m.textf(t, args...)) }

func (m *rescueMenu) textf(t two, args ...any) string {
	if len(args) == 0 {
		return m.text(t)
	}
	return fmt.Sprintf(m.text(t), args...)
}

// ask reads a line. Its errors end the dialog.
func (m *rescueMenu) ask(t two, args ...any) (string, error) {
	fmt.Fprint(m.out, m.textf(t, args...))
	line, err := m.in.ReadString('\n')
	if err != nil && line == "" {
		return "", errOver
	}
	return strings.TrimSpace(line), nil
}

// number asks until it gets one from 0 to most; 0 is errBack.
func (m *rescueMenu) number(most int) (int, error) {
	for {
		s, err := m.ask(rtNumber)
		if err != nil {
			return 0, err
		}
		n, err := strconv.Atoi(s)
		switch {
		case err != nil || n < 0 || n > most:
			m.say(rtWhat)
		case n == 0:
			return 0, errBack
		default:
			return n, nil
		}
	}
}

// confirm wants a word; anything else is errBack.
func (m *rescueMenu) confirm(word string) error {
	s, err := m.ask(rtConfirm, word)
	if err != nil {
		return err
	}
	if strings.ToUpper(s) != word {
		m.say(rtNotDone)
		return errBack
	}
	return nil
}

func (m *rescueMenu) run(ctx context.Context) error {
	defer unmountRescued()
	m.log.Show = func(vi, en string) {
		if m.lang == "en" {
			vi = en
		}
		fmt.Fprintln(m.out, "  "+vi)
	}
	acts := []func(context.Context) error{m.checkAll, m.mend, m.moving, m.restoring}
	for ctx.Err() == nil {
		fmt.Fprintf(m.out, "\n%s\n\n%s\n\n", m.text(rtTitle), m.text(rtMain))
		n, err := m.number(len(acts))
		if errors.Is(err, errBack) {
			if err = m.leave(ctx); err == nil {
				return nil
			}
			continue
		}
		if err == nil {
			err = m.act(ctx, acts[n-1])
		}
		if err != nil {
			return nil // nobody types any more
		}
	}
	return ctx.Err()
}

// act does one of the four and keeps the log. Only errOver is returned.
func (m *rescueMenu) act(ctx context.Context, fn func(context.Context) error) error {
	before := len(m.log.Text())
	err := fn(ctx)
	switch {
	case errors.Is(err, errOver):
		return err
	case errors.Is(err, errBack):
		return nil
	case err != nil:
		err = explainMending(err)
		m.say(rtFailed, err)
		if h := hint(err); h != "" {
			fmt.Fprintln(m.out, "  "+h)
		}
		m.log.Add(fmt.Sprintf(rtFailed.vi, err), fmt.Sprintf(rtFailed.en, err))
	}
	if len(m.log.Text()) > before {
		m.saveLog(ctx)
	}
	_, err = m.ask(rtEnter)
	return err
}

// leave ends the dialog; on a stick that was started to rescue, the PC too.
func (m *rescueMenu) leave(ctx context.Context) error {
	if !rescueMode() {
		return nil
	}
	m.say(rtOff)
	n, err := m.number(2)
	if err != nil {
		return err
	}
	unmountRescued()
	return switchOff(ctx, []string{"reboot", "poweroff"}[n-1])
}

// saveLog writes the log on the first stick that takes it.
func (m *rescueMenu) saveLog(ctx context.Context) {
	if m.logName == "" {
		m.logName = "tramxa-cuu-ho-" + m.now().Format("20060102-150405") + ".txt"
	}
	for _, v := range m.volume(ctx) {
		at := filepath.Join(v.dir, m.logName)
		if os.WriteFile(at, []byte("\ufeff"+strings.ReplaceAll(m.log.Text(), "\n", "\r\n")), 0o600) == nil { // Notepad of old Windows
			m.say(rtLog, at)
			return
		}
	}
	m.say(rtNoLog)
}

// found looks for what there is and leaves only one kind.
func (m *rescueMenu) found(ctx context.Context, what rescue.What, none two) ([]rescue.Found, error) {
	m.say(rtLooking)
	list, err := m.search(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(f rescue.Found) bool { return what != "" && f.What != what })
	if len(list) == 0 {
		m.say(none)
		return nil, errBack
	}
	return list, nil
}

func (m *rescueMenu) describe(f rescue.Found) string {
	var s string
	g, when := f.Genesis, f.Changed.Local().Format("02/01/2006 15:04")
	if f.Changed.IsZero() {
		when = m.text(rtNever)
	}
	if f.What == rescue.Backup {
		s = m.textf(rtBackup, g.Origin.Station, g.Unit, when, f.Backup.Manifest.Seq, f.Path)
	} else {
		s = m.textf(rtStation, g.Origin.Station, g.Unit, when, f.Path)
	}
	if f.Unread() != nil {
		s += " " + m.textf(rtNewerOne, version)
	} else if f.Newer() != nil {
		s += " " + m.text(rtNewer)
	} else if f.Problem != "" {
		s += " " + m.textf(rtBroken, f.Problem)
	}
	return s
}

// choose shows a list and asks which.
func (m *rescueMenu) choose(list []rescue.Found) (rescue.Found, error) {
	m.say(rtWhich)
	const most = 30
	list = list[:min(len(list), most)]
	for i, f := range list {
		fmt.Fprintf(m.out, "%3d  %s\n", i+1, m.describe(f))
	}
	m.say(rtBack)
	n, err := m.number(len(list))
	if err != nil {
		return rescue.Found{}, err
	}
	return list[n-1], nil
}

// askKeys gives the keys of what was found: the file near it, or the code typed.
func (m *rescueMenu) askKeys(f rescue.Found) (store.Keys, error) {
	if f.KeyFile != "" {
		return store.ReadKeys(journal.OS, f.KeyFile)
	}
	if f.Sealed == "" {
		m.say(rtNoKeys)
		return store.Keys{}, errBack
	}
	for {
		s, err := m.ask(rtCode)
		if err != nil {
			return store.Keys{}, err
		}
		if s == "0" {
			return store.Keys{}, errBack
		}
		keys, err := openWithCode(f, s)
		if err == nil {
			return keys, nil
		}
		m.say(rtCodeWrong, err)
	}
}

// checkAll is the first choice: everything found is verified, nothing is written.
func (m *rescueMenu) checkAll(ctx context.Context) error {
	list, err := m.found(ctx, "", rtNothing)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, f := range list {
		if f.What == rescue.Backup && seen[f.Path] {
			continue // of each place the newest copy
		}
		seen[f.Path] = true
		fmt.Fprintln(m.out, m.describe(f))
		rescue.Check(ctx, f, rescue.CheckOptions{Log: m.log})
	}
	return ctx.Err()
}
