package importer

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tramxa/appliance/population"
)

// Limits of a file.
const (
	MaxFile  = 64 << 20 // bytes
	MaxLines = 500_000
	maxSpan  = 20 // lines one record may span; more is a quote never closed
)

// ReadOptions say how to read a file.
type ReadOptions struct {
	Mapping Mapping         // over the known headers; nil: none
	Comma   rune            // ',', ';' or tab; 0: as the header has it
	Today   population.Date // nobody is born after it; zero: not checked
	Date    population.Date // the day the book states; zero: not stated
}

// Household is the lines of one household that can be read, the head first.
type Household struct {
	Area    int // index in Book.Areas
	Number  population.HouseholdNumber
	Type    population.HouseholdKind
	Address string
	Members []population.Member // without ids
	Lines   []int               // of the members
}

// Area is an area the file speaks of.
type Area struct {
	Number     uint32 // 0: the file has hamlets only
	Hamlet     string
	Households int
	Persons    int
}

// Book is a file, read: the preview.
type Book struct {
	Digest     [sha256.Size]byte
	Lines      int // lines of persons, refused ones included
	Areas      []Area
	Households []Household // in the order of the file
	Refused    []Refusal   // lines that cannot be read, by line
	Columns    map[Column]string
	Date       population.Date
}

// Persons counts the lines that can be read.
func (b *Book) Persons() int {
	n := 0
	for _, h := range b.Households {
		n += len(h.Members)
	}
	return n
}

// Read reads a file whole. What is wrong with single lines is in Book.Refused;
// an error wraps ErrFile, and nothing can be done with the file.
func Read(r io.Reader, o ReadOptions) (*Book, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxFile {
		return nil, fmt.Errorf("%w: larger than %d MiB", ErrFile, MaxFile>>20)
	}
	book := &Book{Digest: sha256.Sum256(b), Date: o.Date}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%w: it is not UTF-8; hint: in the spreadsheet choose “CSV UTF-8”", ErrFile)
	}
	rows, err := book.rows(b, o)
	if err != nil {
		return nil, err
	}
	book.group(rows)
	slices.SortStableFunc(book.Refused, func(a, b Refusal) int { return cmp.Compare(a.Line, b.Line) })
	return book, nil
}

// rows reads the lines that can be read.
func (b *Book) rows(data []byte, o ReadOptions) ([]row, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = o.Comma
	if r.Comma == 0 {
		r.Comma = comma(data)
	}
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: no header line", ErrFile)
	}
	lay, err := readHeader(head, o.Mapping)
	if err != nil {
		return nil, err
	}
	b.Columns = make(map[Column]string, len(lay))
	for c, i := range lay {
		b.Columns[c] = strings.Clone(head[i])
	}
	var rows []row
	seen := newNumbers()
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			var pe *csv.ParseError
			if !errors.As(err, &pe) {
				return nil, err
			}
			b.Lines++
			b.Refused = append(b.Refused, Refusal{Line: pe.StartLine, Reason: Malformed})
			continue
		}
		line, _ := r.FieldPos(0)
		last, _ := r.FieldPos(len(rec) - 1)
		if last-line > maxSpan {
			return nil, fmt.Errorf("%w: a quote opened on line %d is not closed", ErrFile, line)
		}
		if empty(rec) {
			continue
		}
		if b.Lines++; b.Lines > MaxLines {
			return nil, fmt.Errorf("%w: more than %d lines", ErrFile, MaxLines)
		}
		c := &cells{lay: lay, rec: rec, line: line, today: o.Today, date: o.Date}
		got := c.read()
		if len(c.bad) == 0 {
			c.bad = seen.twice(got)
		}
		if len(c.bad) > 0 {
			b.Refused = append(b.Refused, c.bad...)
			continue
		}
		rows = append(rows, got.own())
	}
}

// own detaches the texts from the reader's buffer.
func (r row) own() row {
	r.hamlet, r.address = strings.Clone(r.hamlet), strings.Clone(r.address)
	m := &r.member
	m.Name, m.Number, m.Insurance = strings.Clone(m.Name), strings.Clone(m.Number), strings.Clone(m.Insurance)
	return r
}

// comma is the separator the header line has most of.
func comma(data []byte) rune {
	head, _, _ := bytes.Cut(data, []byte("\n"))
	best, n := ',', bytes.Count(head, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if k := bytes.Count(head, []byte(string(c))); k > n {
			best, n = c, k
		}
	}
	return best
}

func empty(rec []string) bool {
	for _, s := range rec {
		if strings.TrimSpace(s) != "" {
			return false
		}
	}
	return true
}

// numbers are those of the lines above: households go in side by side, so which
// of two lines with one number is refused is decided here, by the order of the
// file.
type numbers map[string]bool

func newNumbers() numbers { return make(numbers) }

func (n numbers) twice(r row) []Refusal {
	var bad []Refusal
	keys := map[Column]string{}
	if r.member.Number != "" {
		keys[ColID] = "i" + r.member.Number
	}
	if core := population.InsuranceCore(r.member.Insurance); core != "" {
		keys[ColInsurance] = "b" + core
	}
	for _, col := range []Column{ColID, ColInsurance} {
		if k := keys[col]; k != "" && n[k] {
			bad = append(bad, Refusal{Line: r.line, Column: col, Reason: SameNumber})
		}
	}
	if len(bad) == 0 {
		for _, k := range keys {
			n[strings.Clone(k)] = true
		}
	}
	return bad
}
