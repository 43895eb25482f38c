package service

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Supervision protocol 1, between the launcher and the program it starts. It is
// frozen: an old launcher must run every later program, and a new one every
// earlier.
//
// The program's environment has TRAMXA_SUPERVISED=1, on a trial start also
// TRAMXA_TRIAL=1. Its standard input is a pipe that the launcher holds: its end
// means stop cleanly and exit 0, also when the launcher has died. Its standard
// output carries lines
//
//	tramxa/1 WORD [text]
//
// of at most MaxLine bytes; other lines and unknown words are ignored. Standard
// error is the log. Exit codes: 0 stopped as asked, ExitAgain start me again,
// all others are failures.
const (
	EnvSupervised = "TRAMXA_SUPERVISED"
	EnvTrial      = "TRAMXA_TRIAL"

	// MaxLine bounds a line in bytes, with its line end.
	MaxLine = 1024
	// ExitAgain is the exit code of a program that wants to be started again.
	ExitAgain = 75
)

// word is what a line says.
type word string

const (
	wordStarting  word = "starting"  // text: how far; at least each 20 s while a long start makes progress
	wordReady     word = "ready"     // serving
	wordAlive     word = "alive"     // each 10 s after ready, only while every probe answers
	wordFailing   word = "failing"   // text: which probe, and how
	wordConfirmed word = "confirmed" // trial only: three minutes of good probes
	wordRestart   word = "restart"   // text: why; the program will exit with ExitAgain
	wordStopping  word = "stopping"  // stopping, as asked
)

var words = map[word]bool{wordStarting: true, wordReady: true, wordAlive: true, wordFailing: true, wordConfirmed: true, wordRestart: true, wordStopping: true}

const linePrefix = "tramxa/1 "

// errNotALine is for lines that are not of the protocol; they are ignored.
var errNotALine = errors.New("not a line of supervision protocol 1")

// message is one line.
type message struct {
	word word
	text string
}

// parseLine reads one line without its line end.
func parseLine(line string) (message, error) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r"), linePrefix)
	if !ok || len(line) >= MaxLine {
		return message{}, errNotALine
	}
	w, text, _ := strings.Cut(rest, " ")
	if !words[word(w)] {
		return message{}, errNotALine
	}
	return message{word: word(w), text: oneLine(text)}, nil
}

// String is the line without its line end, cut to what a line may hold.
func (m message) String() string {
	s := linePrefix + string(m.word)
	if text := oneLine(m.text); text != "" {
		s += " " + text
	}
	return cut(s, MaxLine-1)
}

// oneLine makes a text fit for one line of a log or of the protocol.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// cut shortens valid UTF-8 to fewer than limit+1 bytes, at a rune.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimRight(s[:limit], " ")
}
