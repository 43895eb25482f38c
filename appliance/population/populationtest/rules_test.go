package populationtest_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/rules"
)

// clerk writes entries into a real register with the real rules.
type clerk struct {
	t    testing.TB
	db   *badger.DB
	txn  *badger.Txn
	tx   *register.Tx
	seq  uint64
	seen map[string]int // findings by rule and level
}

func newClerk(t testing.TB) *clerk {
	t.Helper()
	db, err := badger.OpenManaged(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil).WithMetricsEnabled(false).
		WithMemTableSize(8 << 20).WithNumMemtables(2).WithNumCompactors(2).WithBlockCacheSize(8 << 20).WithNumVersionsToKeep(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &clerk{t: t, db: db, seen: make(map[string]int)}
	c.begin()
	return c
}

func (c *clerk) begin() {
	c.txn = c.db.NewTransactionAt(^uint64(0)>>1, true)
	c.tx = register.Begin(c.txn, 1)
}

func (c *clerk) commit() {
	c.t.Helper()
	if err := c.tx.Flush(); err != nil {
		c.t.Fatal(err)
	}
	if err := c.txn.CommitAt(c.seq+1, nil); err != nil {
		c.t.Fatal(err)
	}
	c.db.SetDiscardTs(c.seq + 1) // nobody reads older rows: ten years of them would fill the memory
	c.begin()
}

// write examines an entry on a day, folds it and returns the findings.
func (c *clerk) write(day population.Date, e population.Entry) []rules.Finding {
	c.t.Helper()
	c.seq++
	x := rules.Examine(c.tx.View(), rules.Now{Day: day, Trusted: true}, e)
	kind, version, body, err := population.EncodeBody(1, e)
	if err != nil {
		c.t.Fatalf("%v: %v", e.Kind(), err)
	}
	env := journal.Envelope{At: int64(day.Days()) * 86400, Trusted: true, Kind: uint16(kind), Version: version, Actor: 1}
	out, err := c.tx.Apply(1, journal.Record{Seq: journal.Seq(c.seq), Head: env.Append(nil), Body: body})
	if err != nil || out.Reason != register.Folded {
		c.t.Fatalf("%v: %v, %v", e.Kind(), out.Reason, err)
	}
	fs := x.After(c.tx.View(), c.seq)
	if err := c.tx.Err(); err != nil {
		c.t.Fatal(err)
	}
	for _, f := range fs {
		c.seen[fmt.Sprintf("%s hard=%v", f.Rule, f.Hard)]++
	}
	if rows, _ := c.tx.Size(); rows > 2000 {
		c.commit()
	}
	return fs
}

// keep writes the whole life of a commune for some months.
func (c *clerk) keep(o populationtest.Options, months int) *populationtest.Commune {
	c.t.Helper()
	com := populationtest.New(o)
	start := com.Options().Start
	report := func(day population.Date, e population.Entry) {
		c.t.Helper()
		for _, f := range c.write(day, e) {
			if f.Hard || o.Errors == (populationtest.ErrorRates{}) {
				c.t.Errorf("%v on %v: rule %s at %s, %v", e.Kind(), day, f.Rule, f.Field, f.Args)
			}
		}
	}
	for _, e := range com.Setup() {
		report(start, e)
	}
	for _, h := range com.Households {
		report(start, h)
	}
	for i, p := 0, population.PeriodOf(start); i < months; i, p = i+1, p.Next() {
		for _, e := range com.Month(p) {
			report(e.Day, e.Entry)
			if c.t.Failed() {
				c.t.FailNow()
			}
		}
	}
	return com
}

// A commune without planted errors passes every rule, soft ones too; one with
// the published errors is never refused, but is asked about.
func TestTheRulesAgree(t *testing.T) {
	t.Run("clean", func(t *testing.T) {
		for name, f := range flavours() {
			c := newClerk(t)
			c.keep(populationtest.Options{Seed: 81, Persons: 1200, Flavour: f}, 18)
			if c.seq < 450 {
				t.Errorf("%s: only %d entries", name, c.seq)
			}
		}
	})
	t.Run("errors", func(t *testing.T) {
		c := newClerk(t)
		c.keep(populationtest.Options{Seed: 82, Persons: 1500, Errors: populationtest.Published()}, 18)
		t.Log(c.seen)
		for _, rule := range []string{"N07 hard=false", "X01 hard=false"} {
			if c.seen[rule] == 0 {
				t.Errorf("the planted errors never raised %s", rule)
			}
		}
	})
}

// The same over many seeds and ten years; takes minutes.
func TestTheRulesAgreeForLong(t *testing.T) {
	if os.Getenv("TRAMXA_LONG") == "" {
		t.Skip("a campaign over many seeds; set TRAMXA_LONG=1 to run it")
	}
	for seed := range int64(12) {
		for name, f := range flavours() {
			for _, e := range []populationtest.ErrorRates{{}, populationtest.Published()} {
				t.Run(fmt.Sprintf("%s %d %v", name, seed, e != populationtest.ErrorRates{}), func(t *testing.T) { // its register is closed with it
					t.Parallel()
					newClerk(t).keep(populationtest.Options{Seed: seed, Persons: 3000, Flavour: f, Errors: e}, 120)
				})
			}
		}
	}
}
