package pack

import (
	"fmt"
	"io"
	"time"
)

// member is one file of an ar archive.
type member struct {
	name string // at most 16 bytes
	data []byte
}

// writeAr writes the common ar format as deb(5) wants it: names padded with
// spaces, no symbol table, members on even offsets.
func writeAr(w io.Writer, members []member, at time.Time) error {
	if _, err := io.WriteString(w, "!<arch>\n"); err != nil {
		return err
	}
	for _, m := range members {
		if len(m.name) > 16 {
			return fmt.Errorf("%w: member name %q is over 16 bytes", ErrBad, m.name)
		}
		head := fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, at.Unix(), 0, 0, "100644", len(m.data))
		if len(head) != 60 {
			return fmt.Errorf("%w: header of %q has %d bytes", ErrBad, m.name, len(head))
		}
		data := m.data
		if len(data)%2 == 1 {
			data = append(data[:len(data):len(data)], '\n')
		}
		if _, err := w.Write(append([]byte(head), data...)); err != nil {
			return err
		}
	}
	return nil
}
