package machine

import (
	"errors"
	"fmt"

	"tramxa/appliance/sealed"
)

// maxSealed bounds a file of this package, in bytes.
const maxSealed = 1 << 20

// ErrDamaged is wrapped by errors about the bytes of a file of this package. It
// may be removed: nothing of the station is in it.
var ErrDamaged = errors.New("file is damaged or of another version")

// unseal decodes strictly what package sealed wrote: no unknown fields, nothing
// behind.
func unseal(b []byte, v any) error {
	if len(b) > maxSealed {
		return fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	if err := sealed.Decode(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
