package backups

// Arithmetic of the field with 32 elements, x^5 + x^2 + 1, for the check
// characters of a recovery code.

// mul32 multiplies two elements, each 0 to 31.
func mul32(a, b byte) byte {
	var p byte
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			p ^= a
		}
		if a <<= 1; a&32 != 0 {
			a ^= 0b100101
		}
	}
	return p
}

// pow32 is the n-th power of the generator x.
func pow32(n int) byte {
	p := byte(1)
	for range n {
		p = mul32(p, 2)
	}
	return p
}
