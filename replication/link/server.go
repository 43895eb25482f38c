package link

import (
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// haveEvery is how many bytes may arrive before the hub says so.
const haveEvery = 8 << 10

// Kept is a batch, or the beginning of one, that the hub holds for a station.
type Kept struct {
	ID   [16]byte
	Size int
	Data []byte // only ever appended to
}

// Server is the hub's end of one link as a pure step function. Not for
// concurrent use.
type Server struct {
	station journal.Station
	kept    Kept
	offered bool // kept is what the station is sending on this link
	lane    journal.Lane
	said    int // offset told last
	head    batch.Header
	taking  bool // the batch is complete, its verdict awaited
}

// NewServer begins after a welcome. kept is what the welcome's Have told of, or
// the zero Kept.
func NewServer(station journal.Station, kept Kept) *Server {
	return &Server{station: station, kept: kept}
}

// ServerEvent is either a message received or the verdict about the batch taken.
type ServerEvent struct {
	Message []byte
	Verdict *Verdict
}

// ServerEffect is exactly one of: a message to send; bytes to keep across links
// (Keep with Size 0: nothing any more); a whole batch for the intake; an error
// that ends the link.
type ServerEffect struct {
	Send []byte
	Keep *Kept
	Take []byte
	Err  error
}

// Step takes one event.
func (s *Server) Step(ev ServerEvent) []ServerEffect {
	if ev.Verdict != nil {
		return s.verdict(*ev.Verdict)
	}
	m, err := ParseMessage(ev.Message)
	switch {
	case err != nil:
		return refused(err)
	case s.taking:
		return refused(fmt.Errorf("%w: a message while the verdict is awaited", ErrProtocol))
	case m.Type == TypeOffer && !s.offered:
		return s.offer(m)
	case m.Type == TypeSlice && s.offered && m.Stream == s.lane:
		return s.write(int(m.Offset), m.Data)
	}
	return refused(fmt.Errorf("%w: message type %d out of place", ErrProtocol, m.Type))
}

func refused(err error) []ServerEffect { return []ServerEffect{{Err: err}} }

func (s *Server) offer(m Message) []ServerEffect {
	if s.kept.ID != m.ID || s.kept.Size != int(m.Size) {
		s.kept = Kept{ID: m.ID, Size: int(m.Size)}
	}
	s.offered, s.lane, s.said = true, m.Stream, len(s.kept.Data)
	if len(s.kept.Data) <= len(m.Data) {
		return s.write(0, m.Data)
	}
	if len(s.kept.Data) == s.kept.Size {
		return s.complete()
	}
	return []ServerEffect{s.have()}
}

func (s *Server) write(offset int, data []byte) []ServerEffect {
	have := len(s.kept.Data)
	if offset > have || offset+len(data) > s.kept.Size {
		return refused(fmt.Errorf("%w: bytes %d to %d where %d of %d are held", ErrProtocol, offset, offset+len(data), have, s.kept.Size))
	}
	if end := offset + len(data); end > have {
		s.kept.Data = append(s.kept.Data, data[have-offset:]...)
	}
	if len(s.kept.Data) == s.kept.Size {
		return s.complete()
	}
	kept := s.kept
	effects := []ServerEffect{{Keep: &kept}}
	if len(s.kept.Data)-s.said >= haveEvery {
		effects = append(effects, s.have())
	}
	return effects
}

func (s *Server) have() ServerEffect {
	s.said = len(s.kept.Data)
	return ServerEffect{Send: Message{Type: TypeHave, Stream: s.lane, Offset: uint32(s.said)}.Marshal()}
}

// complete hands the batch over if it is what was offered and the station's own.
func (s *Server) complete() []ServerEffect {
	kept := s.kept
	head, err := batch.Peek(kept.Data)
	switch {
	case batch.ID(kept.Data) != kept.ID:
		err = fmt.Errorf("%w: a batch that is not the one offered", ErrProtocol)
	case err != nil:
		s.kept = Kept{}
		return append([]ServerEffect{{Keep: &Kept{}}}, s.answer(Verdict{Kind: VerdictNotUnderstood})...)
	case head.Origin.Station != s.station || head.Origin.Lane != s.lane:
		err = fmt.Errorf("%w: a batch of station %d lane %d", ErrProtocol, head.Origin.Station, head.Origin.Lane)
	}
	if err != nil {
		return []ServerEffect{{Keep: &Kept{}}, {Err: err}}
	}
	s.head, s.taking = head, true
	return []ServerEffect{{Keep: &kept}, {Take: kept.Data}}
}

func (s *Server) verdict(v Verdict) []ServerEffect {
	if !s.taking {
		return refused(errors.New("link: internal error: a verdict about nothing"))
	}
	return append(s.answer(v), ServerEffect{Keep: s.after(v)})
}

// after says what stays kept: the batch, when it will have to come again.
func (s *Server) after(v Verdict) *Kept {
	switch v.Kind {
	case VerdictUnknown, VerdictBusy, VerdictNotLeader:
		kept := s.kept
		return &kept
	}
	s.kept = Kept{}
	return &Kept{}
}

func (s *Server) answer(v Verdict) []ServerEffect {
	brief := (v.Kind == VerdictAccepted || v.Kind == VerdictDuplicate) && v.Seq == s.head.Last && v.Hash == s.head.PostHash
	m := Message{Type: TypeVerdict, Stream: s.lane, Verdict: v, Brief: brief}
	s.taking, s.offered = false, false
	return []ServerEffect{{Send: m.Marshal()}}
}
