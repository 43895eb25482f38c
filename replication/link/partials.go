package link

import (
	"sync"
	"time"

	"tramxa/appliance/journal"
)

// partials keeps, per station, the batch that was cut off half way, so that the
// next link goes on at the byte. It is memory only: a hub that restarts, or
// another node that leads, asks for the batch from its start.
type partials struct {
	mu    sync.Mutex
	max   int           // bytes of all
	life  time.Duration // of one
	total int
	byST  map[journal.Station]held
}

type held struct {
	Kept
	at time.Time
}

func newPartials(max int, life time.Duration) *partials {
	return &partials{max: max, life: life, byST: map[journal.Station]held{}}
}

func (p *partials) put(s journal.Station, k Kept, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(s)
	if k.Size == 0 {
		return
	}
	p.byST[s] = held{k, now}
	p.total += len(k.Data)
	for p.total > p.max {
		p.drop(p.oldest())
	}
}

func (p *partials) get(s journal.Station, now time.Time) Kept {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.byST[s]
	if h.Size > 0 && now.Sub(h.at) > p.life {
		p.drop(s)
		return Kept{}
	}
	// A link still dying may append behind these bytes: hand out a copy.
	h.Data = append([]byte(nil), h.Data...)
	return h.Kept
}

func (p *partials) drop(s journal.Station) {
	p.total -= len(p.byST[s].Data)
	delete(p.byST, s)
}

func (p *partials) oldest() (station journal.Station) {
	var at time.Time
	for s, h := range p.byST {
		if at.IsZero() || h.at.Before(at) {
			station, at = s, h.at
		}
	}
	return station
}
