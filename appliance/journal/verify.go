package journal

import "context"

// VerifyReport is what Verify found.
type VerifyReport struct {
	Segments int
	Sealed   int
	Records  uint64 // that verified
	Bytes    int64  // read
	Head     Seq    // last record that verified
	Hash     Hash   // of the chain at Head; means nothing when records are damaged
	Torn     bool   // the newest segment ends in an unfinished group, which the next Open cuts off
	Damage   []*Damage
}

// Verify reads every byte of a journal without changing any: checksums,
// decryption, chain, seals, linkage. progress, if not nil, is told bytes done and
// in all after each segment. The error is what kept it from looking, or the first
// *Damage, when the report lists all. While another process appends, the newest
// group may show as torn.
func Verify(ctx context.Context, o Options, progress func(done, total int64)) (VerifyReport, error) {
	o = o.defaults()
	var r VerifyReport
	g, err := o.genesis()
	if err != nil {
		return r, err
	}
	s, err := newSurvey(o, g, true)
	if err != nil {
		return r, err
	}
	sizes := make(map[string]int64, len(s.names))
	var total int64
	for _, name := range s.names {
		if sizes[name], err = o.FS.Stat(o.path(name)); err != nil {
			return r, err
		}
		total += sizes[name]
	}
	err = s.run(ctx, func(name string) {
		r.Bytes += sizes[name]
		if progress != nil {
			progress(r.Bytes, total)
		}
	})
	if err != nil {
		return r, err
	}
	s.report(&r)
	if len(r.Damage) > 0 {
		return r, r.Damage[0]
	}
	return r, nil
}

func (s *survey) report(r *VerifyReport) {
	r.Segments, r.Records, r.Damage = len(s.names), s.records, s.damage
	r.Head, r.Hash = s.next-1, s.hash
	for _, seg := range s.segments {
		if seg.sealed {
			r.Sealed++
		}
	}
	r.Torn = s.last != nil && s.last.ending == endTorn
}
