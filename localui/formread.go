package localui

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/population"
	"tramxa/appliance/registrar"
)

// maxRows bounds the persons of one form; registrar.MaxEntries with the
// household's own entry is the reason for 15.
const maxRows = registrar.MaxEntries - 1

// fault is what cannot be read of a form, beside the field it stands in.
type fault struct {
	Name string // of the input
	Key  string // of the locale files
}

// empty reports that something has not been filled in. While a form is being
// typed ("_form" is sent, for the check) that is no reason not to look at the
// rest.
func (f fault) empty() bool {
	return f.Key == "fault.must" || f.Key == "fault.nobody" || f.Key == "fault.relation"
}

// reading is a form being read into entries.
type reading struct {
	form   *form
	sub    *subject
	values url.Values
	target uint64 // the entry amended, 0 none

	tree   map[string]any    // the main entry as JSON
	alias  map[string]string // JSON path → name of the input, where they differ
	before []population.Entry
	names  []map[string]string // aliases of the entries in before
	finish func(population.Entry) ([]population.Entry, []map[string]string)
	faults []fault
}

// readForm makes the entries a form says. Faults are what cannot be read at all;
// whether the rest makes sense is for the rules.
func readForm(f *form, sub *subject, values url.Values, target uint64) (entries []population.Entry, rd *reading) {
	rd = &reading{form: f, sub: sub, values: values, target: target,
		tree: map[string]any{"kind": f.Kind.String()}, alias: make(map[string]string)}
	for _, fd := range f.Fields {
		if !fd.Aside {
			rd.field(fd)
		}
	}
	switch {
	case f.About == aboutHousehold && sub.household != nil:
		rd.tree[f.Subject] = sub.household.ID.String()
	case f.About == aboutPerson && sub.person != nil:
		rd.tree[f.Subject] = sub.person.ID.String()
	}
	if f.assemble != nil {
		f.assemble(rd)
	}
	for _, f := range rd.faults {
		if rd.values.Get("_form") == "" || !f.empty() {
			return nil, rd
		}
	}
	e, err := rd.entry(rd.tree)
	if err != nil {
		return nil, rd
	}
	return rd.all(e), rd
}

func (rd *reading) entry(tree map[string]any) (population.Entry, error) {
	b, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	e, err := population.UnmarshalEntry(b)
	var bad *population.FieldError
	if errors.As(err, &bad) {
		rd.fail(rd.input(bad.Field, rd.alias), "fault.malformed")
	} else if err != nil {
		rd.fail("", "fault.malformed")
	}
	return e, err
}

// all puts the entries of the command in order.
func (rd *reading) all(e population.Entry) []population.Entry {
	if rd.target != 0 {
		rd.before, rd.names = nil, nil
		return []population.Entry{population.Amendment{Target: rd.target, By: e}}
	}
	if rd.finish != nil {
		list, names := rd.finish(e)
		rd.names = append(rd.names, names...)
		return append(rd.before, list...)
	}
	return append(rd.before, e)
}

func (rd *reading) fail(name, key string) { rd.faults = append(rd.faults, fault{name, key}) }

// get returns a value without the spaces around it.
func (rd *reading) get(name string) string { return strings.TrimSpace(rd.values.Get(name)) }

func (rd *reading) field(fd field) {
	switch fd.Type {
	case typePeople:
		rd.people(fd)
	case typePlaced:
		rd.placed(fd)
	case typeRelation:
		id, _ := population.ParseID(rd.get("head"))
		rd.setList(fd.Path, rd.relations(fd.Path, id, rd.alias))
	case typeRows:
		rd.rows(fd)
	default:
		v, ok := rd.value(fd, fd.Path)
		if ok && v == nil && fd.Must && fd.Type != typeFlag {
			rd.fail(fd.Path, "fault.must")
		}
		if v != nil {
			setPath(rd.tree, fd.Path, v)
		}
	}
}

// value reads one input; nil is an empty one. ok is false when it has been
// reported as a fault.
func (rd *reading) value(fd field, name string) (v any, ok bool) {
	raw := rd.get(name)
	if fd.Type == typePerson {
		return rd.personValue(name)
	}
	if raw == "" {
		return nil, true
	}
	bad := func(key string) (any, bool) {
		rd.fail(name, key)
		return nil, false
	}
	switch fd.Type {
	case typeDate:
		d, err := population.ParseViDateNear(raw, rd.sub.today)
		if err != nil {
			return bad("fault.date")
		}
		if d.IsZero() {
			return nil, true
		}
		return d.String(), true
	case typeDigits, typeCode, typeUser:
		n, err := strconv.ParseUint(raw, 10, 32)
		if err != nil {
			return bad("fault.digits")
		}
		return n, true
	case typeSheet:
		if _, err := population.ParseHouseholdNumber(raw); err != nil {
			return bad("fault.sheet")
		}
		return raw, true
	case typeFlag:
		return true, true
	case typeMember, typeArea:
		id, err := population.ParseID(raw)
		if err != nil {
			return bad("fault.person")
		}
		return id.String(), true
	case typeHome:
		id := rd.sub.findHousehold(raw)
		if id == 0 {
			return bad("fault.household")
		}
		return id.String(), true
	case typeWord:
		if !slices.ContainsFunc(fd.Words, func(w word) bool { return w.Value == raw }) {
			return bad("fault.malformed")
		}
	}
	return raw, true
}

// personValue reads a person chosen from the list or, in the input beside it,
// named by id or personal number.
func (rd *reading) personValue(name string) (any, bool) {
	raw := rd.get(name + "~")
	if raw == "" {
		raw = rd.get(name)
	}
	if raw == "" {
		return nil, true
	}
	if id, err := population.ParseID(strings.Fields(raw)[0]); err == nil {
		return id.String(), true
	}
	if n, ok := population.NormNumber(raw); ok {
		if ids := rd.sub.v.ByNumber(n); len(ids) == 1 {
			return ids[0].String(), true
		}
	}
	rd.fail(name, "fault.person")
	return nil, false
}

// findHousehold reads a household as people write it: an id, a hộ số of the
// same area, or area and hộ số as 3-12.
func (s *subject) findHousehold(raw string) population.ID {
	raw = strings.Fields(raw)[0]
	if id, err := population.ParseID(raw); err == nil && s.v.Household(id) != nil {
		return id
	}
	area, number, both := strings.Cut(raw, "-")
	if !both {
		number = area
	}
	n, err := population.ParseHouseholdNumber(number)
	if err != nil || n.IsZero() {
		return 0
	}
	if both {
		k, err := strconv.ParseUint(area, 10, 32)
		if err != nil {
			return 0
		}
		return s.v.HouseholdAt(s.v.AreaByNumber(uint32(k)), n)
	}
	if s.area == nil {
		return 0
	}
	return s.v.HouseholdAt(s.area.ID, n)
}

// setPath puts a value at a path of objects ("child.born").
func setPath(tree map[string]any, path string, v any) {
	for {
		head, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			tree[head] = v
			return
		}
		next, ok := tree[head].(map[string]any)
		if !ok {
			next = make(map[string]any)
			tree[head] = next
		}
		tree, path = next, rest
	}
}

// inputOf finds the input beside which to show what a rule says of a path of the
// command's i-th entry of n.
func (rd *reading) inputOf(path string, n int) string {
	i := 0
	if rest, ok := strings.CutPrefix(path, "entries["); ok && n > 1 {
		num, after, _ := strings.Cut(rest, "]")
		i, _ = strconv.Atoi(num)
		path = strings.TrimPrefix(after, ".")
	}
	path = strings.TrimPrefix(path, "by.")
	if i < len(rd.names) && rd.names[i] != nil {
		return rd.input(path, rd.names[i])
	}
	return rd.input(path, rd.alias)
}

// input is the input for a path: its alias, itself, or that of what it is part
// of; "" when the form shows nothing of it.
func (rd *reading) input(path string, alias map[string]string) string {
	for path != "" {
		if name, ok := alias[path]; ok {
			return name
		}
		if rd.form.has(path) {
			return path
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return ""
		}
		path = path[:cut]
	}
	return ""
}

func (f *form) has(path string) bool {
	return slices.ContainsFunc(f.Fields, func(fd field) bool { return fd.Path == path && !fd.Aside })
}
