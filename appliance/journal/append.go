package journal

import (
	"errors"
	"fmt"
	"os"
)

// active is the segment being written, in the hands of the writer.
type active struct {
	header    header
	sealer    *sealer
	file      File
	end       int64 // after the last frame
	allocated int64 // size of the file
}

// Append writes drafts as one group, in order, and returns the sequence of the
// first. When it returns nil all are durable; otherwise none counts.
//
// ErrTooLarge: a body over MaxBody, over MaxGroup drafts or over MaxFrame bytes
// together; split it. ErrNoSpace: the disk is full; nothing was written and a
// later Append may succeed. ErrStopped: the disk failed while bytes were on
// their way; the same group may or may not be there after the next start, and
// nothing is written until then.
func (j *Journal) Append(drafts []Draft) (first Seq, err error) {
	heads := make([]byte, 0, len(drafts)*MaxHead)
	recs := make([]Record, len(drafts))
	for i, d := range drafts {
		from := len(heads)
		heads = d.Envelope.Append(heads)
		recs[i] = Record{Head: heads[from:len(heads):len(heads)], Body: d.Body}
	}
	return j.append(recs)
}

// AppendRecords writes records that exist already, byte for byte, as one group: to
// build a damaged journal anew. They must follow the head; otherwise ErrFormat. In
// everything else it is Append.
func (j *Journal) AppendRecords(recs []Record) error {
	head, _ := j.Head()
	for i, r := range recs {
		if r.Seq != head+Seq(i)+1 || len(r.Head) == 0 || len(r.Head) > MaxHead {
			return fmt.Errorf("%w: record %d does not follow %d", ErrFormat, r.Seq, head+Seq(i))
		}
	}
	_, err := j.append(recs)
	return err
}

func (j *Journal) append(recs []Record) (first Seq, err error) {
	if err := j.Err(); err != nil {
		return 0, err
	}
	chain, err := j.encode(recs)
	if err != nil {
		return 0, err
	}
	first = chain.Seq - Seq(len(recs)) + 1
	size := int64(frameHeaderLen + len(j.plain) + tagLen + crcLen)
	if err := j.room(size); err != nil {
		return 0, err
	}
	a := j.active
	j.out = a.sealer.seal(j.out[:0], first, len(recs), j.plain)
	if n, err := a.file.WriteAt(j.out, a.end); err != nil {
		if n == 0 && isNoSpace(err) {
			return 0, fmt.Errorf("%w: %w", ErrNoSpace, err)
		}
		return 0, j.stop(err)
	}
	if err := a.file.Sync(); err != nil {
		return 0, j.stop(err)
	}
	a.end += size
	j.publish(chain, a.end)
	return first, nil
}

// encode writes records to j.plain and returns the chain after them.
func (j *Journal) encode(recs []Record) (Chain, error) {
	if len(recs) == 0 || len(recs) > MaxGroup {
		return Chain{}, fmt.Errorf("%w: a group of %d records, allowed are 1 to %d", ErrTooLarge, len(recs), MaxGroup)
	}
	j.mu.RLock()
	chain := j.chain
	j.mu.RUnlock()
	j.plain = j.plain[:0]
	for _, r := range recs {
		if len(r.Body) > MaxBody {
			return Chain{}, fmt.Errorf("%w: a body of %d bytes, allowed are %d", ErrTooLarge, len(r.Body), MaxBody)
		}
		j.plain = AppendRecord(j.plain, r)
		chain.Add(r.Head, r.Body)
	}
	if len(j.plain) > MaxFrame {
		return Chain{}, fmt.Errorf("%w: a group of %d bytes, allowed are %d", ErrTooLarge, len(j.plain), MaxFrame)
	}
	return chain, nil
}

// publish makes a synced group visible.
func (j *Journal) publish(chain Chain, end int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.chain = chain
	s := &j.segments[len(j.segments)-1]
	s.last, s.end = chain.Seq, end
	s.marks = addMark(s.marks, mark{chain.Seq, chain.Hash, end})
	close(j.moved)
	j.moved = make(chan struct{})
}

// room makes sure that size bytes and a seal fit into the active segment, on
// really allocated space; it begins a new segment where needed.
func (j *Journal) room(size int64) error {
	a := j.active
	if a == nil || (a.end > headerLen && a.end+size+trailerLen > j.o.SegmentSize) {
		return j.begin(size)
	}
	err := j.allocate(a, size)
	return j.refused(err)
}

// refused sorts the error of a step before any record was written.
func (j *Journal) refused(err error) error {
	if err == nil || errors.Is(err, ErrStopped) {
		return err
	}
	if isNoSpace(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return j.stop(err)
}

// allocate reserves size bytes and a seal behind a.end, in steps, never beyond
// the segment's size unless a single group is larger.
func (j *Journal) allocate(a *active, size int64) error {
	need := a.end + size + trailerLen
	if need <= a.allocated {
		return nil
	}
	steps := (need + AllocStep - 1) / AllocStep * AllocStep
	target := max(need, min(steps, j.o.SegmentSize))
	if err := a.file.Allocate(a.allocated, target-a.allocated); err != nil {
		return err
	}
	a.allocated = target
	return nil
}

// begin creates the next segment, durable with header and name and with room for
// size bytes, then seals the one before. In this order a full disk changes nothing.
func (j *Journal) begin(size int64) error {
	seq, hash := j.Head()
	h, err := j.o.newHeader(j.genesis, j.number+1, seq+1, hash)
	if err != nil {
		return err
	}
	s, err := newSealer(h, j.o.Key)
	if err != nil {
		return err
	}
	a := &active{header: h, sealer: s, end: headerLen}
	if err := j.create(a, size); err != nil {
		return j.refused(err)
	}
	if old := j.active; old != nil {
		if err := j.seal(old); err != nil {
			_ = a.file.Close() // the journal stops anyway
			return j.stop(err)
		}
	}
	j.active, j.number = a, h.number
	j.mu.Lock()
	j.segments = append(j.segments, segment{header: h, last: h.first - 1, end: headerLen})
	j.mu.Unlock()
	return nil
}

// create writes the file of a new segment. When the disk is full it takes the
// file away again.
func (j *Journal) create(a *active, size int64) error {
	name := j.o.path(segmentName(a.header.number))
	f, err := j.o.FS.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return err
	}
	a.file = f
	if err := j.allocate(a, size); err != nil {
		return errors.Join(err, f.Close(), j.o.FS.Remove(name))
	}
	if _, err := f.WriteAt(a.header.marshal(), 0); err != nil {
		return j.stop(errors.Join(err, f.Close()))
	}
	if err := f.Sync(); err != nil {
		return j.stop(errors.Join(err, f.Close()))
	}
	if err := j.o.FS.SyncDir(j.o.Dir); err != nil {
		return j.stop(errors.Join(err, f.Close()))
	}
	return nil
}

// seal ends a segment with its trailer and frees what was allocated beyond. A cut
// may leave any part of that: the records are durable already, and a segment
// without a seal is closed by the header of the next.
func (j *Journal) seal(a *active) error {
	seq, hash := j.Head()
	t := trailer{last: seq, count: uint64(seq - a.header.first + 1), post: hash}
	t.sign(a.header, j.o.Signer)
	_, err := a.file.WriteAt(t.marshal(), a.end)
	if err == nil {
		err = a.file.Truncate(a.end + trailerLen)
	}
	if err == nil {
		err = a.file.Sync()
	}
	if cerr := a.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("seal segment %s: %w", segmentName(a.header.number), err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.segments {
		if j.segments[i].header.number == a.header.number {
			j.segments[i].sealed = true
		}
	}
	return nil
}

// discard takes away a segment that never got a record.
func (j *Journal) discard(a *active) error {
	j.mu.Lock()
	j.segments = j.segments[:len(j.segments)-1]
	j.mu.Unlock()
	err := a.file.Close()
	if rerr := j.o.FS.Remove(j.o.path(segmentName(a.header.number))); err == nil {
		err = rerr
	}
	return err
}
