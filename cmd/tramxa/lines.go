package main

import "bytes"

// lineSplitter cuts a stream of bytes into lines.
type lineSplitter struct{ rest []byte }

// add takes b in and calls fn for every line it completes, without its end.
func (s *lineSplitter) add(b []byte, fn func(line []byte)) {
	s.rest = append(s.rest, b...)
	for {
		i := bytes.IndexByte(s.rest, '\n')
		if i < 0 {
			return
		}
		fn(s.rest[:i])
		s.rest = s.rest[i+1:]
	}
}
