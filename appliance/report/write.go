package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteJSON writes the report as one JSON value with a line feed after it.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteCSV writes the report for spreadsheets: UTF-8 with a byte order mark,
// commas, one number or line of numbers a row, the first column telling the
// block.
func (r *Report) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	rows := [][]string{{"block", "code", "vi", "en", "unit", "total", "male", "female", "unknown"}}
	add := func(block, code, vi, en, unit string, n Count) {
		rows = append(rows, []string{block, code, vi, en, unit, strconv.Itoa(n.Total), strconv.Itoa(n.Male), strconv.Itoa(n.Female), strconv.Itoa(n.Unknown)})
	}
	for _, x := range r.Rows {
		rows = append(rows, []string{"row", x.Code, x.Vi, x.En, x.UnitVi, strconv.Itoa(x.Value), "", "", ""})
	}
	for _, l := range r.Balance {
		add("balance", l.Term, l.Vi, l.En, "người", l.Count)
	}
	for _, a := range r.Ages {
		add("age_start", a.Label(), "", "", "người", a.Start)
		add("age_end", a.Label(), "", "", "người", a.End)
	}
	for _, h := range r.Hamlets {
		add("hamlet", "", plainCell(h.Name), "", "người", h.Count)
	}
	for _, p := range r.Parts {
		add("station", strconv.Itoa(int(p.Station)), "", "", "người", p.End)
	}
	if err := c.WriteAll(rows); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

// plainCell keeps a spreadsheet from taking a typed name for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// WriteText writes the report for people: aligned columns, Vietnamese first,
// English beside it. What is provisional has a star.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n", r.Form, r.TitleVi, r.TitleEn)
	fmt.Fprintf(&b, "Kỳ: %s", r.From.Vi())
	if r.To != r.From {
		fmt.Fprintf(&b, " – %s", r.To.Vi())
	}
	if r.Unit != "" {
		fmt.Fprintf(&b, "   Xã: %s", r.Unit)
	}
	if r.Station != 0 {
		fmt.Fprintf(&b, "   Trạm: %d   Đến bản ghi: %d", r.Station, r.AsOf)
	}
	b.WriteString(r.Scope.text())
	b.WriteString("\n\n")
	rows := [][]string{{"Mã", "Chỉ tiêu", "Số lượng", "Đơn vị", "Indicator"}}
	for _, x := range r.Rows {
		star := ""
		if x.Provisional {
			star = " *"
		}
		rows = append(rows, []string{x.Code, x.Vi + star, number(x.Value), x.UnitVi, x.En})
	}
	table(&b, rows, 2)
	b.WriteString("\n")
	rows = [][]string{{"", "Cân đối dân số", "Tổng", "Nam", "Nữ", "Balance"}}
	for _, l := range r.Balance {
		rows = append(rows, []string{sign(l.Sign), l.Vi, number(l.Total), number(l.Male), number(l.Female), l.En})
	}
	table(&b, rows, 2, 3, 4)
	fmt.Fprintf(&b, "\nHộ dân cư cuối kỳ: %s, trong đó hộ gia đình: %s\n\n", number(r.Households), number(r.Families))
	rows = [][]string{{"Tuổi", "Tổng", "Nam", "Nữ"}}
	for _, a := range r.Ages {
		rows = append(rows, []string{a.Label(), number(a.End.Total), number(a.End.Male), number(a.End.Female)})
	}
	table(&b, rows, 1, 2, 3)
	r.textParts(&b)
	if r.Provisional {
		b.WriteString("\n* Mẫu tạm thời: chưa đối chiếu với phụ lục đã ký. / Provisional: the signed form is not in hand.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func sign(n int) string {
	return [...]string{"−", "", "+"}[max(-1, min(n, 1))+1]
}

func (s Scope) text() string {
	switch {
	case s.Hamlet != "":
		return "   Thôn: " + s.Hamlet
	case s.Area != 0:
		return "   Địa bàn: " + s.Area.String()
	case s.Collaborator != 0:
		return fmt.Sprintf("   CTV: %d", s.Collaborator)
	}
	return ""
}

// textParts writes the stock by hamlet or, of a roll-up, by station.
func (r *Report) textParts(b *strings.Builder) {
	if len(r.Hamlets) > 0 {
		b.WriteString("\n")
		rows := [][]string{{"Thôn", "Hộ", "Tổng", "Nam", "Nữ"}}
		for _, h := range r.Hamlets {
			rows = append(rows, []string{h.Name, number(h.Households), number(h.Total), number(h.Male), number(h.Female)})
		}
		table(b, rows, 1, 2, 3, 4)
	}
	if len(r.Parts) > 0 {
		b.WriteString("\n")
		rows := [][]string{{"Trạm", "Xã", "Hộ", "Đầu kỳ", "Cuối kỳ"}}
		for _, p := range r.Parts {
			rows = append(rows, []string{strconv.Itoa(int(p.Station)), p.Unit, number(p.Households), number(p.Start.Total), number(p.End.Total)})
		}
		table(b, rows, 2, 3, 4)
	}
}

// number writes a number as Vietnamese forms do: 1.042.
func number(n int) string {
	s := strconv.Itoa(n)
	digits := strings.TrimPrefix(s, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "." + digits[i:]
	}
	if n < 0 {
		return "−" + digits
	}
	return digits
}

// table writes rows in columns; the columns named stand to the right.
func table(b *strings.Builder, rows [][]string, right ...int) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	toRight := make(map[int]bool)
	for _, i := range right {
		toRight[i] = true
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if toRight[i] {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
