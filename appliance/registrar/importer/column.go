package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"tramxa/appliance/population"
)

// Column is what a column of the file holds.
type Column string

// The columns. The values are the words of mapping files.
const (
	ColArea      Column = "area"      // địa bàn số
	ColHamlet    Column = "hamlet"    // thôn, làng, tổ dân phố
	ColNumber    Column = "number"    // hộ số
	ColAddress   Column = "address"   // địa chỉ
	ColType      Column = "type"      // loại hộ
	ColOrder     Column = "order"     // số TT
	ColName      Column = "name"      // họ và tên
	ColRelation  Column = "relation"  // quan hệ với chủ hộ
	ColSex       Column = "sex"       // giới tính
	ColBorn      Column = "born"      // ngày sinh
	ColEthnicity Column = "ethnicity" // dân tộc
	ColID        Column = "id_number" // số định danh
	ColInsurance Column = "insurance" // số thẻ BHYT
	ColEducation Column = "education" // trình độ học vấn
	ColMarital   Column = "marital"   // tình trạng hôn nhân
	ColResidence Column = "residence" // tình trạng cư trú
	ColSkip      Column = "skip"      // not read
)

// synonyms are the headers a column is known by, as Key2 folds them.
var synonyms = map[Column][]string{
	ColArea:      {"dia ban", "dia ban so", "so dia ban", "ma dia ban", "area"},
	ColHamlet:    {"thon", "thon pho", "thon ban", "thon to", "lang", "buon", "ap", "to dan pho", "thon lang", "thon to dan pho", "hamlet"},
	ColNumber:    {"ho so", "so ho", "ma ho", "ho", "household"},
	ColAddress:   {"dia chi", "dia chi ho", "noi o", "address"},
	ColType:      {"loai ho", "kieu ho"},
	ColOrder:     {"so tt", "stt", "tt", "so thu tu"},
	ColName:      {"ho va ten", "ho ten", "ten", "ho va ten khai sinh", "name"},
	ColRelation:  {"quan he voi chu ho", "quan he", "quan he chu ho", "qh voi chu ho", "relation"},
	ColSex:       {"gioi tinh", "gioi", "nam nu", "sex"},
	ColBorn:      {"ngay sinh", "ngay thang nam sinh", "nam sinh", "sinh ngay", "date of birth", "born"},
	ColEthnicity: {"dan toc", "ethnicity"},
	ColID:        {"so dinh danh", "so dinh danh ca nhan", "cccd", "so cccd", "cmnd", "cmnd cccd", "so cmnd cccd", "so can cuoc", "ma dinh danh"},
	ColInsurance: {"so the bhyt", "the bhyt", "bhyt", "so bhyt", "ma the bhyt", "ma doi tuong", "ma doi tuong so the bhyt"},
	ColEducation: {"trinh do hoc van", "hoc van", "trinh do van hoa", "tdhv"},
	ColMarital:   {"tinh trang hon nhan", "hon nhan", "tthn"},
	ColResidence: {"tinh trang cu tru", "cu tru", "ttct"},
}

// needed columns: without them a line says nothing.
var needed = []Column{ColNumber, ColName, ColRelation}

// Mapping says what the columns of a file hold, by their headers. It overrides
// what is known by synonyms.
type Mapping map[string]Column

// ErrMapping is wrapped by errors about mapping files.
var ErrMapping = errors.New("mapping file is not understood")

// maxMapping bounds a mapping file, in bytes.
const maxMapping = 64 << 10

// ParseMapping reads a mapping: an object of header to column name, as JSON
// when it begins with "{", else as TOML.
func ParseMapping(b []byte) (Mapping, error) {
	if len(b) > maxMapping {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrMapping, maxMapping)
	}
	raw := make(map[string]string)
	var err error
	if strings.HasPrefix(strings.TrimSpace(string(b)), "{") {
		err = json.Unmarshal(b, &raw)
	} else {
		err = toml.Unmarshal(b, &raw)
	}
	if err != nil {
		return nil, fmt.Errorf(`%w: it is a list of "header" = "column": %w`, ErrMapping, err)
	}
	m := make(Mapping, len(raw))
	for header, name := range raw {
		c := Column(name)
		if _, ok := synonyms[c]; !ok && c != ColSkip {
			return nil, fmt.Errorf("%w: %q is no column; hint: one of %s, skip", ErrMapping, name, columnNames())
		}
		m[header] = c
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// check refuses two headers that are one and the same in a file but shall be
// different columns: which of them held would be chance.
func (m Mapping) check() error {
	known := make(map[string]Column, len(m))
	for header, c := range m {
		fold := foldHeader(header)
		if other, twice := known[fold]; twice && other != c {
			return fmt.Errorf("%w: one header is both %s and %s; hint: case, marks and signs do not tell headers apart", ErrMapping, min(c, other), max(c, other))
		}
		known[fold] = c
	}
	return nil
}

func columnNames() string {
	var out []string
	for c := range synonyms {
		out = append(out, string(c))
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// layout says which cell of a row holds which column.
type layout map[Column]int

// readHeader finds the columns in the first row.
func readHeader(row []string, m Mapping) (layout, error) {
	known := make(map[string]Column)
	for c, list := range synonyms {
		for _, s := range list {
			known[s] = c
		}
	}
	for header, c := range m {
		known[foldHeader(header)] = c
	}
	l := make(layout)
	for i, h := range row {
		c, ok := known[foldHeader(h)]
		if !ok || c == ColSkip {
			continue
		}
		if _, twice := l[c]; twice {
			return nil, fmt.Errorf("%w: two columns are %s; hint: say in a mapping which one to skip", ErrFile, c)
		}
		l[c] = i
	}
	var missing []string
	for _, c := range needed {
		if _, ok := l[c]; !ok {
			missing = append(missing, string(c))
		}
	}
	_, area := l[ColArea]
	_, hamlet := l[ColHamlet]
	if !area && !hamlet {
		missing = append(missing, "area or hamlet")
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%w: no column for %s; hint: name the columns in a mapping file", ErrFile, strings.Join(missing, ", "))
	}
	return l, nil
}

// foldHeader is Key2 with every sign a space.
func foldHeader(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '/', '(', ')', '.', ':', '-', '_', '\n', '\r', '*', ',':
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(population.Key2(s)), " ")
}
