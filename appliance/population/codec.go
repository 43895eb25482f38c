package population

import (
	"bytes"
	"errors"
	"fmt"

	"tramxa/appliance/tuple"
)

// Version is the version of every body layout this program writes.
const Version = 1

// MaxBody bounds a body in bytes; journal.MaxBody is the same.
const MaxBody = 64 << 10

// EncodeBody returns the body of e as it is kept in a journal whose origin mints
// ids under m. One entry has one body. An Unknown entry comes out as it came in.
//
// The error wraps ErrInvalid and, where one field is to blame, is a *FieldError:
// texts too long or with control characters, names not clean, dates that do not
// exist, more than MaxEntities entities, a body above MaxBody.
func EncodeBody(m Mint, e Entry) (kind Kind, version uint8, body []byte, err error) {
	if u, ok := e.(Unknown); ok {
		if u.Version == 0 || len(u.Body) > MaxBody || u.Of.Known() && u.Version <= Version {
			return 0, 0, nil, fmt.Errorf("%w: not an unknown entry", ErrInvalid)
		}
		return u.Of, u.Version, bytes.Clone(u.Body), nil
	}
	if e == nil || !e.Kind().Known() {
		return 0, 0, nil, fmt.Errorf("%w: no entry", ErrInvalid)
	}
	if m == 0 {
		return 0, 0, nil, fmt.Errorf("%w: no mint", ErrInvalid)
	}
	w := &bodyWriter{mint: m}
	if visit(w, e); w.failed() {
		return 0, 0, nil, w.first
	}
	if f := fault(e); f != nil {
		f.kind = ErrInvalid
		return 0, 0, nil, f
	}
	body = w.w.Tuple()
	if len(body) > MaxBody {
		return 0, 0, nil, fmt.Errorf("%w: larger than %d bytes", ErrInvalid, MaxBody)
	}
	return e.Kind(), Version, body, nil
}

// Understood reports whether this program folds a body of this kind and version;
// DecodeBody makes an Unknown of any other.
func Understood(kind Kind, version uint8) bool { return kind.Known() && version <= Version }

// DecodeBody reads a body that EncodeBody wrote under the mint m. A kind or
// version this program does not know yields an Unknown and no error. The error
// wraps ErrMalformed: whatever EncodeBody would not have written is refused. The
// entry shares no memory with body.
func DecodeBody(m Mint, kind Kind, version uint8, body []byte) (Entry, error) {
	switch {
	case version == 0:
		return nil, fmt.Errorf("%w: version 0", ErrMalformed)
	case m == 0:
		return nil, fmt.Errorf("%w: no mint", ErrMalformed)
	case len(body) > MaxBody:
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrMalformed, MaxBody)
	case !Understood(kind, version):
		return Unknown{Of: kind, Version: version, Body: bytes.Clone(body)}, nil
	}
	r := &bodyReader{r: tuple.NewReader(body), mint: m}
	e := visit(r, kinds[kind].blank)
	if r.failed() {
		return nil, r.first
	}
	if err := r.r.Close(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if f := fault(e); f != nil {
		f.kind = ErrMalformed
		return nil, f
	}
	return e, nil
}

// notAmending is said of what an amendment cannot put in the place of an entry.
const notAmending = "must not be an amendment or annulment"

// fault returns what forbids an entry beyond its single fields; nil nothing.
func fault(e Entry) *FieldError {
	switch e := e.(type) {
	case InformationChanged:
		if _, only := e.only(); !only {
			return &FieldError{Field: "to", Reason: "has fields that are not listed as changed"}
		}
	case Amendment:
		if e.By == nil {
			return &FieldError{Field: "by", Reason: "missing"}
		}
		switch e.By.Kind() {
		case KindAmendment, KindAnnulment:
			return &FieldError{Field: "by", Reason: notAmending}
		}
	}
	if len(e.Refs()) > MaxEntities {
		return &FieldError{Reason: "more than 500 persons and households"}
	}
	return nil
}

// only returns the entry with nothing but the listed fields set, and whether it
// was so before.
func (e InformationChanged) only() (InformationChanged, bool) {
	to, relation := e.To, e.Relation
	e.To, e.Relation = Facts{}, 0
	for _, f := range e.Changed {
		if f == FieldRelation {
			e.Relation = relation
			continue
		}
		copyField(&e.To, &to, f)
	}
	return e, e.To == to && e.Relation == relation
}

// copyField sets the field f of to from from; FieldRelation is none of Facts.
func copyField(to, from *Facts, f Field) {
	switch f {
	case FieldName:
		to.Name = from.Name
	case FieldSex:
		to.Sex = from.Sex
	case FieldBorn:
		to.Born = from.Born
	case FieldEthnicity:
		to.Ethnicity = from.Ethnicity
	case FieldNumber:
		to.Number = from.Number
	case FieldInsurance:
		to.Insurance = from.Insurance
	case FieldEducation:
		to.Education = from.Education
	case FieldMarital:
		to.Marital = from.Marital
	case FieldResidence:
		to.Residence = from.Residence
	case FieldMother:
		to.Mother = from.Mother
	case FieldFather:
		to.Father = from.Father
	case FieldSpouse:
		to.Spouse = from.Spouse
	}
}

// reasonOf returns the text of an error of this package without its first words.
func reasonOf(err error) string {
	var f *FieldError
	if !errors.As(err, &f) {
		return err.Error()
	}
	if f.Field == "" {
		return f.Reason
	}
	return f.Field + ": " + f.Reason
}
