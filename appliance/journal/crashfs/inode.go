package crashfs

import "math/rand/v2"

// inode is a file apart from its names.
type inode struct {
	data    *image   // what readers see: the page cache
	durable *image   // what is on the disk
	pending []change // what is in data and not yet in durable
}

func newInode() *inode {
	return &inode{data: &image{pages: map[int64]*page{}}, durable: &image{pages: map[int64]*page{}}}
}

func (n *inode) change(c change) {
	n.data.apply(c)
	n.pending = append(n.pending, c)
}

func (n *inode) sync() {
	for _, c := range n.pending {
		n.durable.apply(c)
	}
	n.pending = nil
}

// settle lets chance decide which pending blocks and which size reach the disk.
func (n *inode) settle(rng *rand.Rand) {
	if len(n.pending) == 0 {
		return
	}
	block := int64(sectorLen)
	if rng.IntN(2) == 0 {
		block = pageLen
	}
	keep := []float64{0, 0.3, 0.7, 1}[rng.IntN(4)]
	cache, disk := n.durable.clone(), n.durable
	sizes := []int64{disk.size}
	buf := make([]byte, block)
	for _, c := range n.pending {
		cache.apply(c)
		sizes = append(sizes, c.size)
		for b := c.off / block * block; b < c.off+int64(len(c.data)); b += block {
			if rng.Float64() < keep {
				cache.readAt(buf, b)
				disk.put(buf, b)
			}
		}
	}
	size := sizes[rng.IntN(len(sizes))]
	if keep == 1 {
		size = sizes[len(sizes)-1]
	}
	disk.resize(size)
	n.pending = nil
}

// crash is settle, after which readers see what is on the disk.
func (n *inode) crash(rng *rand.Rand) {
	n.settle(rng)
	n.data = n.durable.clone()
}
