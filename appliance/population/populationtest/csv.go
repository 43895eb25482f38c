package populationtest

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// CSVOptions say how WriteCSV writes the book.
type CSVOptions struct {
	BrokenShare float64 // broken lines among all lines, 0–0.5
}

// Reason says what is wrong with a broken line.
type Reason string

// The reasons, one a broken line.
const (
	ReasonDate            Reason = "impossible date"
	ReasonFuture          Reason = "born in the future"
	ReasonSex             Reason = "unknown word for the sex"
	ReasonNumber          Reason = "number of eleven digits"
	ReasonDuplicateNumber Reason = "number of somebody else"
	ReasonNoName          Reason = "no name"
	ReasonNoHead          Reason = "household without a head"
	ReasonRelation        Reason = "unknown word for the relation"
	ReasonEthnicity       Reason = "unknown word for the ethnic group"
	ReasonArea            Reason = "unknown area"
)

func reasons() []Reason {
	return []Reason{ReasonDate, ReasonFuture, ReasonSex, ReasonNumber, ReasonDuplicateNumber, ReasonNoName, ReasonNoHead,
		ReasonRelation, ReasonEthnicity, ReasonArea}
}

// Broken is a line of WriteCSV that must not be taken.
type Broken struct {
	Row    int // from 1, the header not counted
	Reason Reason
}

// CSVHeader is the header of WriteCSV: columns of mục I of the A0 book with
// those that say where the household is.
func CSVHeader() []string {
	return []string{"Địa bàn", "Thôn", "Hộ số", "Địa chỉ", "Loại hộ", "Số TT", "Họ và tên", "Quan hệ với chủ hộ", "Giới tính",
		"Ngày sinh", "Dân tộc", "Số định danh", "Số thẻ BHYT", "Trình độ học vấn", "Tình trạng hôn nhân", "Tình trạng cư trú"}
}

// Columns of CSVHeader that broken lines need.
const (
	colArea, colNumber, colPlace, colName, colRelation, colSex, colBorn, colEthnicity, colID = 0, 2, 5, 6, 7, 8, 9, 10, 11
)

// WriteCSV writes the book of Start (Households) as a spreadsheet would export
// it, one line a person. Broken lines stand between the households, each a
// household of its own with an unused number, so that whatever is refused with
// them takes nobody else along. They are listed in c.Broken; nothing else of c
// is changed. It returns how many lines were written, the header not counted,
// and how many of them are broken.
func (c *Commune) WriteCSV(w io.Writer, o CSVOptions) (rows, bad int, err error) {
	d := newDice(c.opt.Seed, 5)
	areas := make(map[population.ID]population.AreaDefined)
	slot := make(map[population.ID]uint32)
	for _, a := range c.Areas {
		areas[a.ID] = a
	}
	for _, h := range c.Households {
		slot[h.Area] = max(slot[h.Area], h.Number.Number)
	}
	share := min(max(o.BrokenShare, 0), 0.5)
	c.Broken = nil
	cw := csv.NewWriter(w)
	write := func(rec []string) {
		if err == nil {
			err = cw.Write(rec)
		}
	}
	write(CSVHeader())
	taken := "" // a number given to somebody
	for _, h := range c.Households {
		a := areas[h.Area]
		for i, m := range h.Members {
			rec := line(a, h, i, m)
			if d.chance(c.opt.Errors.NFD) {
				rec[colName] = norm.NFD.String(rec[colName])
			}
			write(rec)
			rows++
			if m.Number != "" {
				taken = m.Number
			}
		}
		for range broken(d, share, len(h.Members)) {
			rows++
			slot[h.Area]++
			r := reasons()[len(c.Broken)%len(reasons())]
			if r == ReasonDuplicateNumber && taken == "" {
				r = ReasonNoName
			}
			write(c.brokenLine(d, r, a, h, slot[h.Area], taken))
			c.Broken = append(c.Broken, Broken{Row: rows, Reason: r})
		}
	}
	cw.Flush()
	if err == nil {
		err = cw.Error()
	}
	return rows, len(c.Broken), err
}

// broken draws how many broken lines go with n good ones.
func broken(d dice, share float64, n int) int {
	k := 0
	for range n {
		for d.chance(share) {
			k++
		}
	}
	return k
}

// line writes a member as the book of paper would say it.
func line(a population.AreaDefined, h population.HouseholdOpened, i int, m population.Member) []string {
	kind := "Hộ gia đình"
	if h.Type == population.KindCollective {
		kind = "Hộ tập thể"
	}
	label := func(l codelist.List, c population.Code) string { return codelist.Label(l, c, "vi") }
	return []string{
		strconv.Itoa(int(a.Number)), a.Hamlet, strconv.Itoa(int(h.Number.Number)), h.Address, kind, strconv.Itoa(i + 1),
		m.Name, relationWord(m), sexWord(m.Sex), m.Born.Vi(), label(codelist.Ethnicity, m.Ethnicity), m.Number, m.Insurance,
		label(codelist.Education, m.Education), label(codelist.Marital, m.Marital), label(codelist.Residence, m.Residence),
	}
}

func sexWord(s population.Sex) string {
	switch s {
	case population.Male:
		return "Nam"
	case population.Female:
		return "Nữ"
	}
	return ""
}

// relationWord is the word people write, which says the sex too.
func relationWord(m population.Member) string {
	words, ok := map[population.Code][2]string{
		population.RelSpouse: {"Chồng", "Vợ"}, population.RelChild: {"Con trai", "Con gái"},
		population.RelInLaw: {"Con rể", "Con dâu"}, population.RelParent: {"Bố", "Mẹ"},
	}[m.Relation]
	if !ok || m.Sex == population.SexUnknown {
		return codelist.Label(codelist.Relation, m.Relation, "vi")
	}
	return words[sexIndex(m.Sex)]
}

// brokenLine invents a person who lives alone and breaks one thing.
func (c *Commune) brokenLine(d dice, r Reason, a population.AreaDefined, h population.HouseholdOpened, number uint32, taken string) []string {
	p := &person{born: c.start - 8000 - d.IntN(12000)}
	p.Sex = population.Male + population.Sex(d.IntN(2))
	p.Ethnicity, p.Marital, p.Education, p.Residence = kinh, population.NeverMarried, 3, population.ResPresent
	p.Born = population.DateOfDays(p.born)
	p.Name = c.names.name(d, kinh, p.Sex, c.names.clan(d, kinh), int(p.Born.Year))
	p.rel = population.RelHead
	h.Number.Number, h.Type = number, population.KindFamily
	rec := line(a, h, 0, member(p))
	switch r {
	case ReasonDate:
		rec[colBorn] = fmt.Sprintf("31/02/%d", p.Born.Year)
	case ReasonFuture:
		rec[colBorn] = fmt.Sprintf("01/01/%d", c.opt.Start.Year+40)
	case ReasonSex:
		rec[colSex] = "Namm"
	case ReasonNumber:
		rec[colID] = "06409012345"
	case ReasonDuplicateNumber:
		rec[colID] = taken
	case ReasonNoName:
		rec[colName] = ""
	case ReasonNoHead:
		rec[colPlace], rec[colRelation] = "2", "Con trai"
	case ReasonRelation:
		rec[colRelation] = "Hàng xóm cũ"
	case ReasonEthnicity:
		rec[colEthnicity] = "Không có dân tộc này"
	case ReasonArea:
		rec[colArea], rec[colNumber] = strconv.Itoa(len(c.Areas)+900), strconv.Itoa(int(number))
	}
	return rec
}
