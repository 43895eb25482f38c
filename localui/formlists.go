package localui

import (
	"fmt"
	"net/url"
	"strconv"

	"tramxa/appliance/population"
)

func (rd *reading) setList(path string, list []any) {
	if len(list) > 0 {
		rd.tree[path] = list
	}
}

func (rd *reading) people(fd field) {
	var list []any
	for i, raw := range rd.values[fd.Path] {
		id, err := population.ParseID(raw)
		if err != nil {
			rd.fail(fd.Path, "fault.person")
			return
		}
		rd.alias[fmt.Sprintf("%s[%d]", fd.Path, i)] = fd.Path
		list = append(list, id.String())
	}
	if len(list) == 0 {
		rd.fail(fd.Path, "fault.nobody")
		return
	}
	rd.tree[fd.Path] = list
}

// placed reads the members chosen and what they are to their head there.
func (rd *reading) placed(fd field) {
	var list []any
	head := rd.known(rd.get("newhead"))
	for i, raw := range rd.values[fd.Path] {
		id, err := population.ParseID(raw)
		if err != nil {
			rd.fail(fd.Path, "fault.person")
			return
		}
		name := fd.Path + ".rel." + raw
		at := fmt.Sprintf("%s[%d]", fd.Path, i)
		rd.alias[at], rd.alias[at+".relation"] = fd.Path, name
		rel, err := strconv.ParseUint(rd.get(name), 10, 8)
		switch {
		case err == nil && rel > 0:
		case head != nil:
			rel = uint64(relationUnder(head, rd.known(raw)))
			if id == head.ID {
				rel = uint64(population.RelHead)
			}
		default:
			rd.fail(name, "fault.relation")
		}
		list = append(list, map[string]any{"person": id.String(), "relation": rel})
	}
	if len(list) == 0 {
		rd.fail(fd.Path, "fault.nobody")
		return
	}
	rd.tree[fd.Path] = list
}

func (rd *reading) known(raw string) *population.Person {
	id, err := population.ParseID(raw)
	if err != nil {
		return nil
	}
	return rd.sub.known(id)
}

// relations reads what the members are to a new head; what is left empty is
// proposed. Who stays what he was is left out.
func (rd *reading) relations(path string, headID population.ID, alias map[string]string) []any {
	head := rd.sub.known(headID)
	var list []any
	for _, raw := range rd.values[path+".of"] {
		p := rd.known(raw)
		if p == nil || p.ID == headID {
			continue
		}
		name := path + ".rel." + raw
		rel, err := strconv.ParseUint(rd.get(name), 10, 8)
		if err != nil {
			rel = uint64(relationUnder(head, p))
		}
		if population.Code(rel) == p.Relation {
			continue
		}
		at := fmt.Sprintf("relations[%d]", len(list))
		alias[at], alias[at+".relation"] = name, name
		list = append(list, map[string]any{"person": p.ID.String(), "relation": rel})
	}
	return list
}

// rows reads the persons of a new household, a line each; lines without a name
// and a date of birth are empty.
func (rd *reading) rows(fd field) {
	var list []any
	for row := range rowsShown(rd.values) {
		prefix := fmt.Sprintf("%s[%d].", fd.Path, row)
		if rd.get(prefix+"name") == "" && rd.get(prefix+"born") == "" && rd.get(prefix+"number") == "" {
			continue
		}
		at := fmt.Sprintf("%s[%d]", fd.Path, len(list))
		rd.alias[at] = prefix + "name"
		one := make(map[string]any)
		if id := rd.get(prefix + "id"); id != "" {
			one["id"] = id
		}
		for _, c := range rowColumns() {
			v, ok := rd.value(c, prefix+c.Path)
			if ok && v == nil && c.Must {
				rd.fail(prefix+c.Path, "fault.must")
			}
			if v != nil {
				one[c.Path] = v
			}
			rd.alias[at+"."+c.Path] = prefix + c.Path
		}
		list = append(list, one)
	}
	if len(list) == 0 && rd.target == 0 {
		rd.fail(fd.Path+"[0].name", "fault.nobody")
	}
	rd.setList(fd.Path, list)
}

// rowColumns are the columns of a person on a form of several.
func rowColumns() []field {
	var out []field
	for _, c := range columns("") {
		if c.Path == "relation" {
			c.Label = "f.relation_short"
		}
		if c.Type != typePerson && c.Path != "insurance" {
			out = append(out, c)
		}
	}
	return out
}

// rowsShown is how many lines a form of several persons has.
func rowsShown(values url.Values) int {
	n, err := strconv.Atoi(values.Get("_rows"))
	if err != nil {
		n = 3
	}
	return min(max(n, 1), maxRows)
}

// keepRows gives a form the lines that it had; never fewer than it has.
func keepRows(f *form, values url.Values, rows int) {
	for _, fd := range f.Fields {
		if fd.Type == typeRows && rows > rowsShown(values) {
			values.Set("_rows", strconv.Itoa(rows))
		}
	}
}
