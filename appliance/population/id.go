package population

// Mint is a number granted by the hub to one epoch of one station; under it the
// station numbers persons, households and areas.
type Mint uint32

// ID names a person, household or area for ever: a mint number and a serial
// under it. Serials are shared by the three, so an ID denotes one thing only.
// The zero ID means none.
type ID uint64

// NewID returns the ID (mint, serial). Both must be above 0.
func NewID(m Mint, serial uint32) ID { return ID(m)<<32 | ID(serial) }

// Mint returns the mint number of the id.
func (id ID) Mint() Mint { return Mint(id >> 32) }

// Serial returns the serial under the mint.
func (id ID) Serial() uint32 { return uint32(id) }

// EntityType says what an entity is.
type EntityType uint8

// The entity types; the numbers are part of the register's keys.
const (
	TypePerson    EntityType = 1
	TypeHousehold EntityType = 2
	TypeArea      EntityType = 3
	TypeUser      EntityType = 4 // ID is the user number, without a mint
	TypeOperation EntityType = 5 // ID is the sequence of its begin record, without a mint
)

// Ref names an entity whose state an entry changes.
type Ref struct {
	Type EntityType
	ID   ID
}
