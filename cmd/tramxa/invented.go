package main

import (
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/registrar"
)

// settle brings an invented commune into an empty book: users, areas, households
// as they stand on its first day. User 1 is the head.
func (n *stationNode) settle(ctx context.Context, c *populationtest.Commune, show *progressPrinter) error {
	for _, e := range c.Setup() {
		if err := n.invent(ctx, e); err != nil {
			return err
		}
	}
	const atOnce = 16 // entries of one command: one group, one sync
	for i := 0; i < len(c.Households); i += atOnce {
		var list []population.Entry
		for _, h := range c.Households[i:min(i+atOnce, len(c.Households))] {
			list = append(list, h)
		}
		if err := n.invent(ctx, list...); err != nil {
			return err
		}
		show.show("households written", int64(i+len(list)), int64(len(c.Households)))
	}
	return nil
}

// invent records entries as the head of the station does, answering what the
// rules ask.
func (n *stationNode) invent(ctx context.Context, list ...population.Entry) error {
	actor := uint32(1)
	if u, ok := list[0].(population.UserCreated); ok && u.Number == 1 {
		actor = 0
	}
	a, err := n.Registrar().Record(ctx, actor, registrar.Command{Entries: list, ConfirmAll: "demo"})
	if err != nil {
		return err
	}
	if a.Status == registrar.StatusRecorded {
		return nil
	}
	var errs []error
	for _, f := range findingLines(a.Findings, "en") {
		errs = append(errs, fmt.Errorf("%s %s: %s", f.Rule, f.Field, f.Text))
	}
	return fmt.Errorf("the rules refuse a generated %s: %w", list[0].Kind(), errors.Join(errs...))
}
