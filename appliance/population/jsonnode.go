package population

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Bounds of the JSON form of one entry.
const (
	MaxJSON      = 1 << 20 // bytes
	maxJSONDepth = 8
)

// node is a JSON value read whole, so that a visitor can take its parts in the
// order of the layout.
type node struct {
	kind  byte // '{', '[', '"', '0' a number, 't' a boolean, 'n' null
	text  string
	yes   bool
	items []node
	keys  []string // of an object, as items
	taken []bool   // of an object: asked for by the visitor
}

// parseNode reads exactly one JSON value. The reason says what is wrong, ""
// nothing; it never repeats the text.
func parseNode(b []byte) (n node, reason string) {
	switch {
	case len(b) > MaxJSON:
		return n, "larger than 1 MiB"
	case !utf8.Valid(b):
		return n, "not UTF-8"
	case !json.Valid(b):
		return n, "not one JSON value"
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return readNode(d, 0)
}

func readNode(d *json.Decoder, depth int) (n node, reason string) {
	if depth > maxJSONDepth {
		return n, "nested too deep"
	}
	t, err := d.Token()
	if err != nil {
		return n, "not one JSON value"
	}
	switch t := t.(type) {
	case string:
		return node{kind: '"', text: t}, ""
	case json.Number:
		return node{kind: '0', text: t.String()}, ""
	case bool:
		return node{kind: 't', yes: t}, ""
	case json.Delim:
		n.kind = byte(t)
		for d.More() {
			if reason := n.readItem(d, depth); reason != "" {
				return n, reason
			}
		}
		if _, err := d.Token(); err != nil {
			return n, "not one JSON value"
		}
		n.taken = make([]bool, len(n.keys))
		return n, ""
	}
	return node{kind: 'n'}, ""
}

func (n *node) readItem(d *json.Decoder, depth int) (reason string) {
	if n.kind == '{' {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return "not one JSON value"
		}
		for _, have := range n.keys {
			if have == key {
				return "a field is there twice"
			}
		}
		n.keys = append(n.keys, key)
		if len(n.keys) > maxJSONFields {
			return "too many fields"
		}
	}
	item, reason := readNode(d, depth+1)
	n.items = append(n.items, item)
	return reason
}

// maxJSONFields bounds the fields of one object.
const maxJSONFields = 64

// take returns the field of an object, nil when it is not there.
func (n *node) take(name string) *node {
	for i, key := range n.keys {
		if key == name {
			n.taken[i] = true
			return &n.items[i]
		}
	}
	return nil
}

// left returns a field nobody asked for.
func (n *node) left() (name string, ok bool) {
	for i, taken := range n.taken {
		if !taken {
			return n.keys[i], true
		}
	}
	return "", false
}
