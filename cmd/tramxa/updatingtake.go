package main

import (
	"context"
	"errors"

	"tramxa/replication/link"
	"tramxa/replication/spoke"
	"tramxa/service/update"
)

// take puts a release in place and has the service started again with it, once
// no long work runs.
func (u *updating) take(ctx context.Context, o *offered, byHand bool) error {
	defer u.set("", 0)
	c := update.Choice{ByHand: byHand}
	var err error
	if o.file != "" {
		u.set("checking", 0)
		err = u.fromFile(ctx, o.file)
	} else {
		err = u.fromHub(ctx, o.release, c)
	}
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.offer = nil
	u.mu.Unlock()
	u.n.restartWhenIdle("update to " + o.release.Version)
	return nil
}

func (u *updating) fromFile(ctx context.Context, name string) error {
	trust, err := u.store.Trust()
	if err != nil {
		return err
	}
	b, closer, err := update.OpenBundleFile(name, trust)
	if err != nil {
		return err
	}
	defer closer.Close()
	if err := u.store.StageBundle(ctx, b, update.Choice{ByHand: true}); err != nil || !hasRoot(b.Release) {
		return err
	}
	return u.store.StageRoot(ctx, b, imageSystem())
}

func (u *updating) fromHub(ctx context.Context, r update.Release, c update.Choice) error {
	client, err := u.client()
	if err != nil {
		return err
	}
	parts, _, err := u.store.Needed(r)
	if err != nil {
		return err
	}
	if hasRoot(r) { // first: with the program in place the release is not offered again
		if err := u.rootFromHub(ctx, client, r); err != nil {
			return err
		}
	}
	if err := u.fetchAll(ctx, client, parts); err != nil {
		return err
	}
	return u.store.StageIncoming(ctx, r, c)
}

func (u *updating) rootFromHub(ctx context.Context, client *spoke.Updates, r update.Release) error {
	parts, err := u.store.NeededRoot(r, imageSystem())
	if err != nil {
		return err
	}
	if err := u.fetchAll(ctx, client, parts); err != nil {
		return err
	}
	return u.store.StageRootIncoming(ctx, r, imageSystem())
}

func (u *updating) fetchAll(ctx context.Context, client *spoke.Updates, parts []update.Part) error {
	for _, p := range parts {
		if err := u.fetch(ctx, client, p); err != nil {
			return err
		}
	}
	return nil
}

// fetch brings one part, going on where an earlier try ended.
func (u *updating) fetch(ctx context.Context, client *spoke.Updates, p update.Part) error {
	in, err := u.store.Incoming(p)
	if err != nil {
		return err
	}
	defer in.Close()
	have, err := in.Have()
	if err != nil {
		return err
	}
	to := &counting{Incoming: in, size: p.Size, say: func(percent int) { u.set("fetching", percent) }}
	_, err = client.Fetch(ctx, link.OfferedPart{SHA256: link.Hash(p.SHA256), Size: p.Size, System: p.System, From: link.Hash(p.From)}, to, have)
	if err != nil && !errors.Is(err, spoke.ErrAltered) {
		return err
	}
	return errors.Join(in.Done(), err) // Done empties an altered one
}

// counting tells how much of a part is there.
type counting struct {
	*update.Incoming
	size int64
	say  func(percent int)
}

func (c *counting) WriteAt(b []byte, off int64) (int, error) {
	n, err := c.Incoming.WriteAt(b, off)
	c.say(int((off + int64(n)) * 100 / max(1, c.size)))
	return n, err
}
