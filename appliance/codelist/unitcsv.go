package codelist

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/population"
)

// Limits of a list of units; the country has 3,321 and had 10,035.
const (
	maxUnitRows  = 50_000
	maxUnitBytes = 16 << 20
	maxUnitName  = 100
	maxStretches = 64 // rows of one code; a commune had four or five
)

// ErrUnitFile says that a file is no list of units at all.
var ErrUnitFile = errors.New("not a list of units")

// LineError says why one line of a list of units was not taken.
type LineError struct {
	Line int // from 1, the header being line 1
	Err  error
}

func (e LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e LineError) Unwrap() error { return e.Err }

// unitHeader is the canonical header. The last two columns may be missing.
func unitHeader() []string {
	return []string{"province_code", "province", "commune_code", "kind", "name", "valid_from", "valid_to"}
}

// ReadUnits reads a list of units as CSV with the columns of WriteTo, in any
// order, the two dates optional; other columns are passed over. Lines that are
// wrong are left out and reported; the error is for a file that cannot be read
// as such a list at all.
func ReadUnits(r io.Reader) (*Units, []LineError, error) {
	limited := &io.LimitedReader{R: r, N: maxUnitBytes}
	c := csv.NewReader(limited)
	c.FieldsPerRecord = -1
	head, err := c.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: no header: %w", ErrUnitFile, err)
	}
	cols, err := unitColumns(head)
	if err != nil {
		return nil, nil, err
	}
	u := &Units{}
	seen := make(map[string][]int)
	var bad []LineError
	for n := 0; ; n++ {
		rec, err := c.Read()
		if n > maxUnitRows || limited.N <= 0 {
			return nil, nil, fmt.Errorf("%w: too large", ErrUnitFile)
		}
		if err == io.EOF {
			break
		}
		if err != nil && !errors.As(err, new(*csv.ParseError)) {
			return nil, nil, err
		}
		line := lineOf(c, rec, err)
		var row Unit
		if err == nil {
			row, err = parseUnit(cols, rec)
		}
		if err == nil {
			err = u.add(row, seen)
		}
		if err != nil {
			bad = append(bad, LineError{Line: line, Err: err})
		}
	}
	u.index()
	return u, bad, nil
}

func lineOf(c *csv.Reader, rec []string, err error) int {
	if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
		return pe.StartLine
	}
	if len(rec) == 0 {
		return 0
	}
	line, _ := c.FieldPos(0)
	return line
}

// unitColumns returns the place of each column of unitHeader, −1 when missing.
func unitColumns(head []string) ([]int, error) {
	cols := make([]int, len(unitHeader()))
	for i, want := range unitHeader() {
		cols[i] = slices.IndexFunc(head, func(h string) bool {
			return strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")) == want
		})
		if cols[i] < 0 && i < 5 {
			return nil, fmt.Errorf("%w: column %s is missing", ErrUnitFile, want)
		}
	}
	return cols, nil
}

func parseUnit(cols []int, rec []string) (Unit, error) {
	get := func(i int) string {
		if cols[i] < 0 || cols[i] >= len(rec) {
			return ""
		}
		return norm.NFC.String(strings.TrimSpace(rec[cols[i]]))
	}
	u := Unit{ProvinceCode: get(0), Province: get(1), Code: get(2), Name: get(4)}
	if !digits(u.Code, 5) {
		return u, errors.New("commune code is not five digits")
	}
	i := slices.IndexFunc(tables().provinces, func(p Province) bool { return p.Code == u.ProvinceCode })
	if i < 0 {
		return u, errors.New("unknown province code")
	}
	if provinceKey(u.Province) != provinceKey(tables().provinces[i].Name) {
		return u, errors.New("province name does not fit its code")
	}
	u.Province = tables().provinces[i].Name
	switch looseKey(get(3)) {
	case "xa":
		u.Kind = "xa"
	case "phuong":
		u.Kind = "phuong"
	case "dackhu":
		u.Kind = "dac-khu"
	default:
		return u, errors.New("unknown kind, want Xã, Phường or Đặc khu")
	}
	if u.Name == "" || !utf8.ValidString(u.Name) || strings.ContainsFunc(u.Name, unicode.IsControl) || utf8.RuneCountInString(u.Name) > maxUnitName {
		return u, errors.New("name is missing, too long or not text")
	}
	var err error
	if u.From, err = parseDay(get(5)); err != nil {
		return u, errors.New("valid_from is not yyyy-mm-dd")
	}
	if u.To, err = parseDay(get(6)); err != nil {
		return u, errors.New("valid_to is not yyyy-mm-dd")
	}
	if u.From != (population.Date{}) && u.To != (population.Date{}) && number(u.To) < number(u.From) {
		return u, errors.New("valid_to is before valid_from")
	}
	return u, nil
}

// add takes a row unless the code already stands in a part of the same time. Each
// row is held against all of its code, so these are few.
func (u *Units) add(row Unit, seen map[string][]int) error {
	if len(seen[row.Code]) >= maxStretches {
		return errors.New("code stands too often")
	}
	for _, i := range seen[row.Code] {
		o := u.rows[i]
		if (o.To == (population.Date{}) || number(row.From) <= number(o.To)) &&
			(row.To == (population.Date{}) || number(o.From) <= number(row.To)) {
			return errors.New("code stands twice for the same time")
		}
	}
	seen[row.Code] = append(seen[row.Code], len(u.rows))
	u.rows = append(u.rows, row)
	return nil
}

func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// WriteTo writes the canonical form: the columns of ReadUnits with both dates,
// by code and day. Equal lists give equal bytes.
func (u *Units) WriteTo(w io.Writer) (int64, error) {
	cw := &counter{w: w}
	c := csv.NewWriter(cw)
	if err := c.Write(unitHeader()); err != nil {
		return cw.n, err
	}
	kinds := map[string]string{"xa": "Xã", "phuong": "Phường", "dac-khu": "Đặc khu"}
	for _, r := range u.rows {
		rec := []string{r.ProvinceCode, r.Province, r.Code, kinds[r.Kind], r.Name, day(r.From), day(r.To)}
		if err := c.Write(rec); err != nil {
			return cw.n, err
		}
	}
	c.Flush()
	return cw.n, c.Error()
}

func day(d population.Date) string {
	if d == (population.Date{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
