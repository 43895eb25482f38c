package localui

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"tramxa/appliance/population"
)

// flatten turns an entry into values by path, dates as the forms have them.
func flatten(e population.Entry) map[string]string {
	out := make(map[string]string)
	b, err := population.MarshalEntry(e)
	if err != nil {
		return out
	}
	var tree map[string]any
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if dec.Decode(&tree) != nil {
		return out
	}
	flattenInto(out, "", tree)
	return out
}

func flattenInto(out map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, sub := range v {
			if path != "" {
				k = path + "." + k
			}
			flattenInto(out, k, sub)
		}
	case []any:
		for i, sub := range v {
			flattenInto(out, fmt.Sprintf("%s[%d]", path, i), sub)
		}
	case json.Number:
		if v.String() != "0" {
			out[path] = v.String()
		}
	case bool:
		if v {
			out[path] = "1"
		}
	case string:
		if strings.HasSuffix(path, "date") || strings.HasSuffix(path, "born") {
			if d, err := population.ParseDate(v); err == nil {
				v = d.Vi()
			}
		}
		if v != "" {
			out[path] = v
		}
	}
}

// fillAmend shows an entry in the form it is amended with.
func fillAmend(f *form, e population.Entry, sub *subject) url.Values {
	values := url.Values{}
	if c, ok := e.(population.InformationChanged); ok {
		// What was not changed is shown as it was before.
		if was, err := sub.v.PersonAsOf(c.Person, population.Date{}, sub.base); err == nil && was != nil {
			for path, v := range flatten(population.InformationChanged{Person: c.Person, Changed: everyField(), To: was.Facts, Relation: was.Relation}) {
				values.Set(path, v)
			}
		}
		for _, name := range c.Changed {
			n := fieldNames()[int(name)-1].(string)
			if n != "relation" {
				n = "to." + n
			}
			values.Del(n)
		}
	}
	for path, v := range flatten(e) {
		values.Set(path, v)
	}
	for _, fd := range f.Fields {
		switch fd.Type {
		case typePeople:
			if d, ok := e.(population.Departure); ok {
				for _, id := range d.Persons {
					values.Add(fd.Path, id.String())
				}
			}
		case typePlaced, typeRelation:
			fillPlaced(values, fd, placedIn(e))
		case typeRows:
			if h, ok := e.(population.HouseholdOpened); ok {
				values.Set("_rows", strconv.Itoa(max(1, len(h.Members))))
			}
		}
	}
	return values
}

func placedIn(e population.Entry) []population.Placed {
	switch e := e.(type) {
	case population.MoveInside:
		return e.Persons
	case population.HouseholdSplit:
		return e.Persons
	case population.HouseholdJoined:
		return e.Persons
	case population.HeadChanged:
		return e.Relations
	}
	return nil
}

func fillPlaced(values url.Values, fd field, list []population.Placed) {
	for i, p := range list {
		id := p.Person.String()
		name := fd.Path
		if fd.Type == typeRelation {
			name += ".of"
		}
		values.Add(name, id)
		values.Set(fd.Path+".rel."+id, code(p.Relation))
		if i == 0 && fd.Type == typePlaced && p.Relation == population.RelHead {
			values.Set("newhead", id)
		}
	}
}

// subjectOf names what an entry is about, as form values.
func subjectOf(e population.Entry) url.Values {
	v := url.Values{}
	set := func(name string, id population.ID) {
		if id != 0 {
			v.Set(name, id.String())
		}
	}
	switch e := e.(type) {
	case population.Birth:
		set("ho", e.Household)
	case population.PersonRegistered:
		set("ho", e.Household)
	case population.Arrival:
		set("ho", e.Household)
	case population.Departure:
		set("ho", e.Household)
	case population.HouseholdChanged:
		set("ho", e.Household)
	case population.HeadChanged:
		set("ho", e.Household)
	case population.MoveInside:
		set("ho", e.From)
	case population.HouseholdSplit:
		set("ho", e.From)
	case population.HouseholdJoined:
		set("ho", e.From)
	case population.Death:
		set("nguoi", e.Person)
	case population.InformationChanged:
		set("nguoi", e.Person)
	case population.Marriage:
		set("nguoi", e.A)
	case population.Divorce:
		set("nguoi", e.A)
	case population.SamePerson:
		set("nguoi", e.Other)
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			set("ho", e.Household)
		} else {
			set("nguoi", e.Person)
		}
	}
	return v
}
