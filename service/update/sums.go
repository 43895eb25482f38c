package update

import "fmt"

const domainSums = "tramxa checksums v1\n"

// SignSums signs the list of checksums that lies beside the files of a release,
// for those who install a package by hand.
func (k *PrivateKey) SignSums(sums []byte) Signature { return k.sign(domainSums, sums) }

// VerifySums wants the signatures of a threshold on a list of checksums.
// signatures is what Signatures.Bytes wrote. Errors wrap ErrFormat, ErrUnsigned
// or ErrDevelopment.
func (t Trust) VerifySums(sums, signatures []byte) error {
	if t.keys.Number == 0 {
		return ErrDevelopment
	}
	s, err := ParseSignatures(signatures)
	if err != nil {
		return err
	}
	if err := s.Chain.verify(t.keys); err != nil {
		return err
	}
	if err := s.Chain.Last().verify(domainSums, sums, s.Signatures); err != nil {
		return fmt.Errorf("checksums: %w", err)
	}
	return nil
}
