package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// tree is the root of a Linux system, as far as /proc, /sys, /etc and /run go:
// the real one, or a recorded one in tests. Names have no slash in front.
type tree struct{ fs.FS }

// maxText bounds what is read of one file of a tree; /proc/cpuinfo of a large
// server is cut, which is fine.
const maxText = 256 << 10

func (t tree) bytes(name string) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxText))
}

// text is a file without the spaces and zero bytes around it.
func (t tree) text(name string) (string, error) {
	b, err := t.bytes(name)
	return strings.Trim(string(b), " \t\r\n\x00"), err
}

// word is text where a file that is missing or not readable means "".
func (t tree) word(parts ...string) string {
	s, _ := t.text(path.Join(parts...))
	return s
}

// number is word as a number; ok is false when there is none.
func (t tree) number(parts ...string) (n int64, ok bool) {
	n, err := strconv.ParseInt(t.word(parts...), 10, 64)
	return n, err == nil
}

// names are the entries of a directory; none when it is missing.
func (t tree) names(dir string) []string {
	entries, _ := fs.ReadDir(t.FS, dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// lines calls fn for each line of a file.
func (t tree) lines(name string, fn func(line string)) error {
	b, err := t.bytes(name)
	if err != nil {
		return err
	}
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, maxText)
	for sc.Scan() {
		fn(sc.Text())
	}
	return sc.Err()
}

// mount is a line of /proc/self/mountinfo.
type mount struct {
	dev     string // major:minor
	dir     string // where
	options string // of the mount and of the file system, with commas
	fstype  string
	source  string
}

func (m mount) option(name string) bool {
	for o := range strings.SplitSeq(m.options, ",") {
		if o == name {
			return true
		}
	}
	return false
}

// mounts are the mounts this process sees, in their order.
func (t tree) mounts() ([]mount, error) {
	var list []mount
	err := t.lines("proc/self/mountinfo", func(line string) {
		if m, ok := parseMount(line); ok {
			list = append(list, m)
		}
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%w what is mounted", errSilent)
	}
	return list, err
}

// parseMount reads "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root
// rw,errors=continue", as proc_pid_mountinfo(5) describes it.
func parseMount(line string) (mount, bool) {
	left, right, ok := strings.Cut(line, " - ")
	l, r := strings.Fields(left), strings.Fields(right)
	if !ok || len(l) < 6 || len(r) < 2 {
		return mount{}, false
	}
	m := mount{dev: l[2], dir: unescape(l[4]), options: l[5], fstype: r[0], source: unescape(r[1])}
	if len(r) > 2 {
		m.options += "," + r[2]
	}
	return m, true
}

// unescape undoes the kernel's \040 for a space, and the like.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// mountOf is the mount that holds dir, which is absolute and clean: of those
// that cover it, the last of the deepest.
func mountOf(list []mount, dir string) (best mount, err error) {
	for _, m := range list {
		inside := m.dir == dir || m.dir == "/" || strings.HasPrefix(dir, m.dir+"/")
		if inside && len(m.dir) >= len(best.dir) {
			best = m
		}
	}
	if best.dir == "" {
		return best, fmt.Errorf("%w: no mount holds %s", errNoDisk, dir)
	}
	return best, nil
}
