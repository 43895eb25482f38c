package journal

import (
	"fmt"
	"strconv"
	"strings"
)

// Names in a journal's directory: the genesis, numbered segments, and beside a
// segment the tail that a power cut tore off it. Other files are left alone.
const (
	genesisName = "genesis.txg"
	segmentExt  = ".txj"
	tornSuffix  = ".torn"
	filePerm    = 0o600 // personal data
	dirPerm     = 0o700
)

func segmentName(number uint32) string { return fmt.Sprintf("%08d%s", number, segmentExt) }

// segmentNumber reads the number out of a segment's name.
func segmentNumber(name string) (uint32, bool) {
	stem, ok := strings.CutSuffix(name, segmentExt)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(stem, 10, 32)
	if err != nil || n == 0 || segmentName(uint32(n)) != name {
		return 0, false
	}
	return uint32(n), true
}
