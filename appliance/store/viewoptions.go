package store

import "fmt"

// ViewOptions are the sizes of the register's database in memory. The zero value
// is for 1–2 GB of memory, a hard disk and up to 30,000 persons. Verify opens a
// second database of the same sizes for a while.
type ViewOptions struct {
	BlockCache int64 // bytes of decoded blocks; 0: 8 MiB
	IndexCache int64 // bytes of decoded indexes; 0: 8 MiB
	MemTable   int64 // bytes of rows not yet in a table, twice in memory; 0: 8 MiB
}

// Limits of ViewOptions, in bytes.
const (
	// smallestMemTable is where values of 1 MiB still fit into a transaction,
	// which badger bounds by 15 % of a memtable.
	smallestMemTable = 7 << 20
	largestMemTable  = 64 << 20
	// smallestCache holds the few blocks that a search needs at once. Blocks are
	// encrypted, so that badger refuses to work without a cache.
	smallestCache = 1 << 20
	largestCache  = 256 << 20

	defaultViewPart = 8 << 20
)

func (v ViewOptions) defaults() (ViewOptions, error) {
	for _, part := range []struct {
		name     string
		size     *int64
		low, top int64
	}{
		{"block cache", &v.BlockCache, smallestCache, largestCache},
		{"index cache", &v.IndexCache, smallestCache, largestCache},
		{"memtable", &v.MemTable, smallestMemTable, largestMemTable},
	} {
		if *part.size == 0 {
			*part.size = defaultViewPart
		}
		if *part.size < part.low || *part.size > part.top {
			return v, fmt.Errorf("view: a %s of %d bytes; hint: 0, or between %d and %d", part.name, *part.size, part.low, part.top)
		}
	}
	return v, nil
}
