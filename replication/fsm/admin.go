package fsm

import (
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// The commands that are no batch. Each reads rows, decides, and sets rows; a
// contradiction is a verdict with its reason, repeating one is Done.

func refuse(format string, args ...any) (Verdict, error) {
	return Verdict{Outcome: Refused, Reason: fmt.Sprintf(format, args...)}, nil
}

func done(err error) (Verdict, error) { return Verdict{Outcome: Done}, err }

// register makes an epoch known. A first epoch, or a next one of a station that
// has sent nothing yet, begins with empty watermarks at the genesis' base.
func (w *work) register(c RegisterStation) (Verdict, error) {
	g, err := journal.ParseGenesis(c.Genesis)
	if err != nil {
		return refuse("the genesis does not verify")
	}
	o := g.Origin
	if o.Station == 0 || o.Station > MaxStation || o.Mint == 0 {
		return refuse("station and mint number must be above 0, the station at most %d", MaxStation)
	}
	if known, ok, err := w.Epoch(o.Station, o.Epoch); err != nil || ok {
		if err == nil && (string(known.Genesis) != string(c.Genesis) || known.Secret != c.Secret) {
			return refuse("epoch %d of station %d is registered with another genesis or secret", o.Epoch, o.Station)
		}
		return done(err)
	}
	st, ok, err := w.Station(o.Station)
	if err != nil {
		return Verdict{}, err
	}
	if ok && o.Epoch < st.Epoch {
		return refuse("station %d is in epoch %d already", o.Station, st.Epoch)
	}
	if ok && (st.Lane[0].Seq > 0 || st.Lane[1].Seq > 0) {
		return refuse("station %d has sent records in epoch %d; continuing it in a new epoch is not supported yet", o.Station, st.Epoch)
	}
	if m, taken, err := row(&w.View, mintKey(o.Mint), decodeMint); err != nil || taken {
		if err != nil {
			return Verdict{}, err
		}
		return refuse("mint number %d belongs to station %d", o.Mint, m.Station)
	}
	st = StationRow{Station: o.Station, Epoch: o.Epoch, Mint: o.Mint, Unit: g.Unit, Name: c.Name, Contact: st.Contact}
	for lane := range st.Lane {
		st.Lane[lane].Hash = journal.Base(g, journal.Lane(lane))
	}
	e := EpochRow{Mint: o.Mint, Key: g.Key, Secret: c.Secret, Genesis: c.Genesis, At: c.At}
	return done(errors.Join(
		w.set(stationKey(o.Station), st.encode()),
		w.set(epochKey(o.Station, o.Epoch), e.encode()),
		w.set(mintKey(o.Mint), mintRow{o.Station, o.Epoch}.encode()),
	))
}

// current reads the station and epoch a command names; the verdict says what is
// wrong when they are not the present ones.
func (w *work) current(s journal.Station, e journal.Epoch) (StationRow, EpochRow, Verdict, error) {
	st, ok, err := w.Station(s)
	if err != nil {
		return st, EpochRow{}, Verdict{}, err
	}
	ep, known, err := w.Epoch(s, e)
	switch {
	case err != nil:
		return st, ep, Verdict{}, err
	case !ok || !known:
		return st, ep, Verdict{Outcome: Unregistered, Reason: "station or epoch is not registered"}, nil
	case e != st.Epoch:
		return st, ep, Verdict{Outcome: Fenced, Reason: "this epoch of the station is over"}, nil
	}
	return st, ep, Verdict{Outcome: Done}, nil
}

func (w *work) fence(c FenceStation) (Verdict, error) {
	st, ep, v, err := w.current(c.Station, c.Epoch)
	if err != nil || v.Outcome != Done || st.Fenced {
		return v, err
	}
	st.Fenced, ep.Fenced = true, max(c.At, 1)
	return v, errors.Join(w.set(stationKey(c.Station), st.encode()), w.set(epochKey(c.Station, c.Epoch), ep.encode()))
}

// contact binds the epoch to the first installation that speaks for it: another
// one is a copy of the disk and gets Fenced.
func (w *work) contact(c Contact) (Verdict, error) {
	st, _, v, err := w.current(c.Station, c.Epoch)
	if err != nil || v.Outcome != Done {
		return v, err
	}
	none := [16]byte{}
	switch {
	case st.Fenced:
		return Verdict{Outcome: Fenced, Reason: "this epoch of the station is fenced"}, nil
	case c.Install != none && st.Install != none && c.Install != st.Install:
		return Verdict{Outcome: Fenced, Reason: "another installation speaks for this epoch"}, nil
	case c.Install != none:
		st.Install = c.Install
	}
	st.Contact = max(st.Contact, c.At)
	return v, w.set(stationKey(c.Station), st.encode())
}

// release lets another installation take the place of the one that spoke first.
func (w *work) release(c ReleaseInstall) (Verdict, error) {
	st, _, v, err := w.current(c.Station, c.Epoch)
	if err != nil || v.Outcome != Done {
		return v, err
	}
	if st.Fenced {
		return Verdict{Outcome: Fenced, Reason: "this epoch of the station is fenced"}, nil
	}
	st.Install = [16]byte{}
	return v, w.set(stationKey(c.Station), st.encode())
}

func (w *work) units(c AddUnits) (Verdict, error) {
	for _, u := range c.Rows {
		if u.Code == "" || u.Name == "" {
			return refuse("a unit needs a code and a name")
		}
	}
	for _, u := range c.Rows {
		if err := w.set(unitKey(u.Code, u.From), u.encode()); err != nil {
			return Verdict{}, err
		}
	}
	return done(nil)
}

// raise moves to the next fold version. A node whose program has no such
// version stops here: it could not fold what follows as the others do.
func (w *work) raise(c RaiseFold) (Verdict, error) {
	m, err := w.meta()
	switch {
	case err != nil:
		return Verdict{}, err
	case c.To <= m.Fold:
		return done(nil)
	case c.To > m.Fold+1:
		return refuse("fold version %d does not follow %d", c.To, m.Fold)
	case c.To > register.FoldVersion:
		return Verdict{}, fmt.Errorf("%w: fold version %d", ErrNewer, c.To)
	}
	m.Fold = c.To
	return done(w.set(stateKey(tableMeta), m.encode()))
}

func (w *work) found(c Found) (Verdict, error) {
	m, err := w.meta()
	if err != nil || m.Incarnation != [8]byte{} {
		return done(err)
	}
	m.Incarnation = c.Incarnation
	return done(w.set(stateKey(tableMeta), m.encode()))
}

// stateHash keeps what the leader found and compares it with what this node
// found, now or when its own reckoning is done.
func (w *work) stateHash(c StateHash) (Verdict, error) {
	w.f.marks.stated(c.Index, c.Hash)
	return done(w.set(hashKey(c.Index), c.Hash[:]))
}
