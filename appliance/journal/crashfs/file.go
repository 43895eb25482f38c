package crashfs

import (
	"io"
	"io/fs"
	"syscall"
)

// file is an open handle.
type file struct {
	fs       *FS
	name     string
	node     *inode
	life     int
	pos      int64
	writable bool
	closed   bool
}

// ready must be called with the lock held.
func (h *file) ready(op string) error {
	switch {
	case h.closed:
		return pathError(op, h.name, fs.ErrClosed)
	case h.life != h.fs.life:
		return pathError(op, h.name, ErrDead)
	case h.fs.fault.off:
		return pathError(op, h.name, ErrPower)
	}
	return nil
}

func (h *file) canWrite(op string) error {
	if err := h.ready(op); err != nil {
		return err
	}
	if !h.writable {
		return pathError(op, h.name, syscall.EBADF)
	}
	return nil
}

func (h *file) Read(p []byte) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	n, err := h.readAt(p, h.pos)
	h.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (h *file) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return h.readAt(p, off)
}

func (h *file) readAt(p []byte, off int64) (int, error) {
	if err := h.ready("read"); err != nil {
		return 0, err
	}
	n := min(int64(len(p)), max(0, h.node.data.size-off))
	h.node.data.readAt(p[:n], off)
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

func (h *file) Write(p []byte) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	n, err := h.writeAt(p, h.pos)
	h.pos += int64(n)
	return n, err
}

func (h *file) WriteAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return h.writeAt(p, off)
}

func (h *file) writeAt(p []byte, off int64) (int, error) {
	if err := h.canWrite("write"); err != nil {
		return 0, err
	}
	_, err := h.fs.fault.hit(OpWrite)
	if err != nil {
		p = p[:h.fs.shortened(len(p))]
	} else if room := h.fs.free() + h.node.data.size - off; int64(len(p)) > room {
		p, err = p[:max(0, room)], syscall.ENOSPC
	}
	if len(p) > 0 {
		data := append([]byte(nil), p...)
		h.node.change(change{off: off, data: data, size: max(h.node.data.size, off+int64(len(p)))})
	}
	if err != nil {
		return len(p), pathError("write", h.name, err)
	}
	return len(p), nil
}

func (h *file) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ready("sync"); err != nil {
		return err
	}
	if _, err := h.fs.fault.hit(OpSync); err != nil {
		if !h.fs.fault.off {
			h.node.settle(h.fs.rng) // data keeps what the disk has lost
		}
		return pathError("sync", h.name, err)
	}
	h.node.sync()
	return nil
}

func (h *file) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return h.truncate(size)
}

func (h *file) truncate(size int64) error {
	if err := h.canWrite("truncate"); err != nil {
		return err
	}
	skip, err := h.fs.fault.hit(OpTruncate)
	if !skip {
		h.node.change(change{size: size})
	}
	if err != nil {
		return pathError("truncate", h.name, err)
	}
	return nil
}

func (h *file) Size() (int64, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ready("stat"); err != nil {
		return 0, err
	}
	return h.node.data.size, nil
}

func (h *file) Allocate(off, n int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.canWrite("allocate"); err != nil {
		return err
	}
	skip, err := h.fs.fault.hit(OpAllocate)
	size := max(h.node.data.size, off+n)
	if err == nil && size-h.node.data.size > h.fs.free() {
		skip, err = true, syscall.ENOSPC
	}
	if !skip {
		h.node.change(change{size: size})
	}
	if err != nil {
		return pathError("allocate", h.name, err)
	}
	return nil
}

// Close keeps what is unsynced pending, as a real close does.
func (h *file) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.closed {
		return pathError("close", h.name, fs.ErrClosed)
	}
	h.closed = true
	return nil
}
