package importer_test

import (
	"bytes"
	"errors"
	"testing"

	"tramxa/appliance/registrar/importer"
)

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("\ufeffThôn\tHộ số\tHọ tên\tQuan hệ\nA\t1.2\t\"Lê \"\"Văn\"\" An\"\tChủ hộ\n"))
	f.Add([]byte("Địa bàn,Hộ số,Họ tên,Quan hệ\n1,1,An,Con\n0,x,,\n1,1,An\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		book, err := importer.Read(bytes.NewReader(b), importer.ReadOptions{Today: today})
		if err != nil {
			if !errors.Is(err, importer.ErrFile) {
				t.Fatal(err)
			}
			return
		}
		lines := make(map[int]bool)
		for _, r := range book.Refused {
			lines[r.Line] = true
		}
		if book.Persons()+len(lines) < book.Lines {
			t.Fatalf("%d lines, %d read, %d refused: some are lost", book.Lines, book.Persons(), len(lines))
		}
		for _, h := range book.Households {
			if len(h.Members) == 0 || len(h.Members) != len(h.Lines) || h.Area >= len(book.Areas) {
				t.Fatalf("a household that cannot be: %+v", h)
			}
			for _, n := range h.Lines {
				if lines[n] {
					t.Fatalf("line %d is both taken and refused", n)
				}
				lines[n] = true
			}
		}
	})
}

func FuzzParseMapping(f *testing.F) {
	f.Add([]byte(`{"MaHo": "number"}`))
	f.Add([]byte("MaHo = \"number\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := importer.ParseMapping(b)
		if err != nil && (!errors.Is(err, importer.ErrMapping) || m != nil) {
			t.Fatal(err)
		}
	})
}
