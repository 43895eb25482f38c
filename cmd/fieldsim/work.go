package main

import (
	"fmt"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

// work is one piece of what a station has to carry: the records, and the same
// facts as JSON lines for the peer.
type work struct {
	name    string
	records []journal.Record
	json    []byte
}

// maker turns entries into records the way a registrar does.
type maker struct {
	mint population.Mint
	at   time.Time
	seq  journal.Seq
	op   journal.Seq
	key  uint64
}

// add appends the record and the JSON line of e.
func (m *maker) add(w *work, e population.Entry) error {
	kind, version, body, err := population.EncodeBody(m.mint, e)
	if err != nil {
		return fmt.Errorf("%T: %w", e, err)
	}
	m.seq++
	m.key++
	env := journal.Envelope{
		Trusted: true, At: m.at.Unix(), Kind: uint16(kind), Version: version, Actor: 2, Device: 1, DeviceSeq: m.key, Op: m.op,
	}
	w.records = append(w.records, journal.Record{Seq: m.seq, Head: env.Append(nil), Body: body})
	line, err := population.MarshalEntry(e)
	if err != nil {
		return err
	}
	w.json = fmt.Appendf(w.json, `{"seq":%d,"at":%q,"actor":2,"key":"1:%d","entry":%s}`+"\n", m.seq, m.at.Format(time.RFC3339), m.key, line)
	return nil
}

// firstSync is work a: a commune's whole book as an import enters it.
func (m *maker) firstSync(c *populationtest.Commune) (work, error) {
	w := work{name: "a"}
	var entries []population.Entry
	for _, a := range c.Areas {
		entries = append(entries, a)
	}
	for _, u := range c.Users {
		entries = append(entries, u)
	}
	for _, e := range entries {
		m.at = m.at.Add(40 * time.Second)
		if err := m.add(&w, e); err != nil {
			return w, err
		}
	}
	begun := population.OperationBegun{What: "import", Source: "so-A0.csv", Digest: make([]byte, 32), Rows: uint32(c.Persons())}
	if err := m.add(&w, begun); err != nil {
		return w, err
	}
	m.op = m.seq
	for i, h := range c.Households {
		if i%64 == 0 { // a group commit
			m.at = m.at.Add(time.Second)
		}
		if err := m.add(&w, h); err != nil {
			return w, err
		}
	}
	op := m.op
	m.op = 0
	return w, m.add(&w, population.OperationEnded{Operation: uint64(op), Taken: uint32(len(c.Households))})
}

// changes is n changes as they come in over the working days of the months
// after the first registration.
func (m *maker) changes(name string, c *populationtest.Commune, period *population.Period, left *[]populationtest.Event, n int) (work, error) {
	w := work{name: name}
	for len(w.records) < n {
		if len(*left) == 0 {
			*left = c.Month(*period)
			*period = period.Next()
			continue
		}
		e := (*left)[0]
		*left = (*left)[1:]
		m.at = m.at.Add(time.Duration(3+7*(m.seq%11)) * time.Minute).Add(time.Duration(m.seq*37%60) * time.Second)
		if m.at.Hour() >= 17 {
			m.at = m.at.Add(15 * time.Hour)
		}
		if err := m.add(&w, e.Entry); err != nil {
			return w, err
		}
	}
	return w, nil
}

// threeWorks makes the works of one invented commune: a its first sync, b a day
// of ten changes, c a month of three hundred.
func threeWorks(seed int64, flavour populationtest.Flavour, persons int) (all []work, err error) {
	c := populationtest.New(populationtest.Options{Seed: seed, Persons: persons, Flavour: flavour, Errors: populationtest.Published()})
	m := &maker{mint: c.Options().Mint, at: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)}
	a, err := m.firstSync(c)
	if err != nil {
		return nil, err
	}
	period := population.PeriodOf(c.Options().Start)
	var left []populationtest.Event
	m.at = time.Date(2026, 2, 2, 8, 0, 0, 0, time.UTC)
	b, err := m.changes("b", c, &period, &left, 10)
	if err != nil {
		return nil, err
	}
	month, err := m.changes("c", c, &period, &left, 300)
	return []work{a, b, month}, err
}
