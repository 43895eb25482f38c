package fsm

import (
	"encoding/binary"

	"tramxa/appliance/journal"
)

// The first byte of a key says whose row it is. The register's rows begin with
// the station number, big-endian; MaxStation keeps their first byte 0.
const (
	spaceRegister byte = 0x00 // be32 station ‖ the register's own key
	spaceState    byte = 0x01 // replicated rows of this package: in snapshots and state hashes
	spaceNode     byte = 0x02 // rows of this node only: applied index, ledger, progress
)

// MaxStation is the largest station number a hub can hold.
const MaxStation journal.Station = 1<<24 - 1

// The second byte of a replicated row's key. Numbers are big-endian.
const (
	tableMeta    byte = 'v' // nothing more
	tableStation byte = 's' // station u32
	tableEpoch   byte = 'k' // station u32 ‖ epoch u32
	tableBatch   byte = 'b' // station u32 ‖ epoch u32 ‖ lane u8 ‖ first u64: the batch as it came
	tableIndex   byte = 'i' // same: where that batch ends
	tableMint    byte = 'm' // mint u32
	tableUnit    byte = 'u' // unit code ‖ 0 ‖ from
	tableHash    byte = 'h' // raft index u64: state hash the leader stated

	tableRelease  byte = 'r' // sequence u64
	tableManifest byte = 'n' // sequence u64
	tableParts    byte = 'p' // sequence u64
	tableUpdate   byte = 'w' // station u32: what it said last
	tableOutcome  byte = 'o' // sequence u64 ‖ station u32
)

// The second byte of a node's own row.
const (
	nodeApplied  byte = 'a' // nothing more
	nodeLedger   byte = 'l' // slot u16
	nodeProgress byte = 'p' // nothing more
)

func stateKey(table byte, more ...byte) []byte {
	return append([]byte{spaceState, table}, more...)
}

func nodeKey(table byte) []byte { return []byte{spaceNode, table} }

func be32[T ~uint32](b []byte, n T) []byte { return binary.BigEndian.AppendUint32(b, uint32(n)) }

func be64[T ~uint64](b []byte, n T) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func stationKey(s journal.Station) []byte { return be32(stateKey(tableStation), s) }

func epochKey(s journal.Station, e journal.Epoch) []byte {
	return be32(be32(stateKey(tableEpoch), s), e)
}

func mintKey(mint uint32) []byte { return be32(stateKey(tableMint), mint) }

// lanePrefix begins the keys of all batches of one lane in table.
func lanePrefix(table byte, s journal.Station, e journal.Epoch, l journal.Lane) []byte {
	return append(be32(be32(stateKey(table), s), e), byte(l))
}

func batchKey(table byte, s journal.Station, e journal.Epoch, l journal.Lane, first journal.Seq) []byte {
	return be64(lanePrefix(table, s, e, l), first)
}

func unitKey(code, from string) []byte {
	return append(append(append(stateKey(tableUnit), code...), 0), from...)
}

func hashKey(index uint64) []byte { return be64(stateKey(tableHash), index) }

func ledgerKey(slot uint16) []byte {
	return binary.BigEndian.AppendUint16(nodeKey(nodeLedger), slot)
}
