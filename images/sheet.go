package images

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tramxa/service/seed"
)

// ErrSheet is wrapped by every error about the content of a sheet.
var ErrSheet = errors.New("sheet is not understood")

// MaxSheet bounds the lines of a sheet: a nation has 3,321 communes.
const MaxSheet = 5000

// maxSheetSize bounds a sheet in bytes.
const maxSheetSize = 4 << 20

// columns are what a sheet can say of a station; its first line names those
// that are there.
var columns = map[string]func(*seed.Seed, string) error{
	"station":  func(s *seed.Seed, v string) error { return number(&s.Station, v) },
	"mint":     func(s *seed.Seed, v string) error { return number(&s.Mint, v) },
	"unit":     func(s *seed.Seed, v string) error { s.Unit = v; return nil },
	"name":     func(s *seed.Seed, v string) error { s.Name = v; return nil },
	"language": func(s *seed.Seed, v string) error { s.Language = v; return nil },
	"hub":      func(s *seed.Seed, v string) error { s.Hub = strings.Fields(v); return nil },
	"hub_pin":  func(s *seed.Seed, v string) error { s.HubPin = v; return nil },
	"ssh_key":  func(s *seed.Seed, v string) error { s.SSHKey = v; return nil },
	"address":  func(s *seed.Seed, v string) error { s.Network.Address = v; return nil },
	"gateway":  func(s *seed.Seed, v string) error { s.Network.Gateway = v; return nil },
	"dns":      func(s *seed.Seed, v string) error { s.Network.DNS = strings.Fields(v); return nil },
}

func number(to *uint32, v string) error {
	n, err := strconv.ParseUint(v, 10, 31)
	*to = uint32(n)
	return err
}

// ReadSheet reads a CSV file with a seed a line; what a line leaves open comes
// from base (nil: nothing). Every line needs a station number of its own.
// ErrSheet.
func ReadSheet(r io.Reader, base *seed.Seed) ([]seed.Seed, error) {
	bad := func(line int, format string, a ...any) ([]seed.Seed, error) {
		return nil, fmt.Errorf("%w: line %d: "+format, append([]any{ErrSheet, line}, a...)...)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxSheetSize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSheet, err)
	}
	if len(b) > maxSheetSize { // what is cut off would be missing, and its last number another
		return nil, fmt.Errorf("%w: more than %d bytes", ErrSheet, maxSheetSize)
	}
	c := csv.NewReader(bytes.NewReader(b))
	head, err := c.Read()
	if err != nil {
		return bad(1, "%v", err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff") // as spreadsheets write it
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(head[i]))
		if columns[head[i]] == nil {
			return bad(1, "unknown column %q", head[i])
		}
		if slices.Contains(head[:i], head[i]) {
			return bad(1, "column %q stands twice", head[i])
		}
	}
	var list []seed.Seed
	seen := map[uint32]int{}
	for line := 2; ; line++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bad(line, "%v", err)
		}
		s, err := seedOf(head, row, base)
		if err != nil {
			return bad(line, "%v", err)
		}
		if before := seen[s.Station]; before != 0 {
			return bad(line, "station %d stands in line %d too", s.Station, before)
		}
		seen[s.Station] = line
		if list = append(list, s); len(list) > MaxSheet {
			return bad(line, "more than %d lines", MaxSheet)
		}
	}
	if len(list) == 0 {
		return bad(2, "no station")
	}
	return list, nil
}

func seedOf(head, row []string, base *seed.Seed) (seed.Seed, error) {
	s := seed.Seed{}
	if base != nil {
		s = *base
	}
	net := seed.Network{}
	if s.Network != nil {
		net = *s.Network
	}
	s.Version, s.Network = seed.Version, &net
	for i, name := range head {
		v := strings.TrimSpace(row[i])
		if v == "" {
			continue
		}
		if err := columns[name](&s, v); err != nil {
			return s, fmt.Errorf("%s: %q is no number", name, v)
		}
	}
	if net.Address == "" {
		if net.Gateway != "" || len(net.DNS) > 0 {
			return s, errors.New("gateway and dns need an address")
		}
		s.Network = nil
	}
	if s.Station == 0 {
		return s, errors.New("station is missing: the number the hub granted")
	}
	return s, s.Check()
}
