package crashfs

const (
	pageLen   = 4096
	sectorLen = 512
)

type page [pageLen]byte

// image is the content of a file; a page that is not there is zero.
type image struct {
	size  int64
	pages map[int64]*page
}

func (m *image) clone() *image {
	c := &image{size: m.size, pages: make(map[int64]*page, len(m.pages))}
	for n, p := range m.pages {
		q := *p
		c.pages[n] = &q
	}
	return c
}

// readAt fills p from off, as zero beyond the end.
func (m *image) readAt(p []byte, off int64) {
	for len(p) > 0 {
		n, at := off/pageLen, off%pageLen
		k := min(int64(len(p)), pageLen-at)
		if pg := m.pages[n]; pg != nil {
			copy(p[:k], pg[at:])
		} else {
			clear(p[:k])
		}
		p, off = p[k:], off+k
	}
}

// put writes p at off and leaves the size alone.
func (m *image) put(p []byte, off int64) {
	for len(p) > 0 {
		n, at := off/pageLen, off%pageLen
		k := min(int64(len(p)), pageLen-at)
		pg := m.pages[n]
		if pg == nil {
			pg = new(page)
			m.pages[n] = pg
		}
		copy(pg[at:], p[:k])
		p, off = p[k:], off+k
	}
}

// resize sets the size; what is cut off is gone.
func (m *image) resize(size int64) {
	m.size = size
	for n, p := range m.pages {
		switch start := n * pageLen; {
		case start >= size:
			delete(m.pages, n)
		case start+pageLen > size:
			clear(p[size-start:])
		}
	}
}

// change is one unsynced write (data) or change of size (data nil).
type change struct {
	off  int64
	data []byte
	size int64 // of the file afterwards
}

func (m *image) apply(c change) {
	m.put(c.data, c.off)
	if c.size != m.size {
		m.resize(c.size)
	}
}
