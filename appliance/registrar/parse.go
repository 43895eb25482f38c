package registrar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"tramxa/appliance/population"
)

// MaxLine bounds the JSON text of a command, in bytes.
const MaxLine = 64 << 10

// ParseCommand reads a command as JSON:
//
//	{"key":"3:17","entry":{"kind":"death", …},"confirm":[{"rule":"D04","reason":"…"}]}
//	{"key":"3:18","entries":[{"kind":"head_changed", …},{"kind":"death", …}]}
//
// key and confirm may be left out. It is strict: every name at most once and
// exactly so, no other names, nothing behind. The error wraps ErrBadCommand and
// never repeats what was given.
func ParseCommand(line []byte) (Command, error) {
	if len(line) > MaxLine {
		return Command{}, fmt.Errorf("%w: longer than %d bytes", ErrBadCommand, MaxLine)
	}
	if !utf8.Valid(line) {
		return Command{}, fmt.Errorf("%w: not UTF-8", ErrBadCommand)
	}
	parts, err := object(line, "key", "entry", "entries", "confirm")
	if err != nil {
		return Command{}, fmt.Errorf("%w: %w", ErrBadCommand, err)
	}
	cmd, err := readParts(parts)
	if err != nil && !errors.Is(err, ErrBadCommand) {
		err = fmt.Errorf("%w: %w", ErrBadCommand, err)
	}
	if err != nil {
		return Command{}, err
	}
	return cmd, nil
}

func readParts(parts map[string]json.RawMessage) (cmd Command, err error) {
	if raw, ok := parts["key"]; ok {
		s, err := text(raw)
		if err != nil {
			return cmd, fmt.Errorf("key: %w", err)
		}
		if cmd.Key, err = ParseKey(s); err != nil {
			return cmd, err
		}
	}
	if raw, ok := parts["confirm"]; ok {
		if cmd.Confirm, err = confirmations(raw); err != nil {
			return cmd, fmt.Errorf("confirm: %w", err)
		}
	}
	one, single := parts["entry"]
	many, several := parts["entries"]
	if single == several {
		return cmd, errors.New(`either "entry" or "entries" is needed`)
	}
	raws := []json.RawMessage{one}
	if several {
		if raws, err = array(many, MaxEntries); err != nil {
			return cmd, fmt.Errorf("entries: %w", err)
		}
	}
	for i, raw := range raws {
		e, err := population.UnmarshalEntry(raw)
		if err != nil {
			return cmd, fmt.Errorf("entries[%d]: %w", i, err)
		}
		cmd.Entries = append(cmd.Entries, e)
	}
	return cmd, wellFormed(cmd)
}

func confirmations(raw json.RawMessage) ([]population.Confirmation, error) {
	items, err := array(raw, MaxConfirm)
	if err != nil {
		return nil, err
	}
	var out []population.Confirmation
	for _, item := range items {
		m, err := object(item, "rule", "reason")
		if err != nil {
			return nil, err
		}
		rule, err1 := text(m["rule"])
		reason, err2 := text(m["reason"])
		if err1 != nil || err2 != nil || rule == "" || reason == "" {
			return nil, errors.New("a rule and a reason are needed, as texts")
		}
		out = append(out, population.Confirmation{Rule: rule, Reason: reason})
	}
	return out, nil
}

// object takes a JSON object apart.
func object(b []byte, names ...string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	out := make(map[string]json.RawMessage, len(names))
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, errors.New("malformed JSON")
		}
		name, ok := t.(string)
		if !ok || !contains(names, name) {
			return nil, fmt.Errorf("a name other than %q", names)
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%q stands twice", name)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, fmt.Errorf("%q: malformed JSON", name)
		}
		out[name] = raw
	}
	return out, closing(dec)
}

// array takes a JSON array of 1 to max items apart.
func array(b []byte, max int) ([]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.New("not a JSON array")
	}
	var out []json.RawMessage
	for dec.More() {
		if len(out) == max {
			return nil, fmt.Errorf("more than %d", max)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, errors.New("malformed JSON")
		}
		out = append(out, raw)
	}
	if len(out) == 0 {
		return nil, errors.New("empty")
	}
	return out, closing(dec)
}

// closing reads the end of what dec is in, and that nothing follows.
func closing(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return errors.New("malformed JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("something follows the end")
	}
	return nil
}

func text(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", errors.New("not a text")
	}
	return *s, nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
