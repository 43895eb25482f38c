package batch

import (
	_ "embed"
	"fmt"
	"sync"

	"tramxa/appliance/journal"
)

// Dictionaries prime the model of Modelled, so that a day's few records need not
// teach it the language first. They are records of invented communes, made by
// "fieldsim dictionary"; a dictionary once shipped never changes.

//go:embed dictionary1.bin
var dictionary1 []byte

// newestDictionary is the one the encoder uses.
const newestDictionary = 1

// maxDictionary bounds the rows of a dictionary.
const maxDictionary = 256 << 10

// dictionary returns the records of a dictionary; 0 is the empty one.
func dictionary(id uint32) ([]journal.Record, error) {
	switch id {
	case 0:
		return nil, nil
	case 1:
		return parseDictionary(dictionary1)
	}
	return nil, fmt.Errorf("%w: dictionary %d", ErrNewer, id)
}

// trained is the model after the newest dictionary. It is made at first use,
// never changed, and copied for each batch: training costs ten times as much.
var trained = sync.OnceValues(func() (*model, error) { return train(newestDictionary) })

func train(id uint32) (*model, error) {
	recs, err := dictionary(id)
	if err != nil {
		return nil, err
	}
	t := transcoder{model: newModel(newEncoder())}
	for _, r := range recs {
		t.record(r)
	}
	return t.model, nil
}

// primed returns a model of its own that has learnt a dictionary.
func primed(id uint32, c *coder) (*model, error) {
	if id != newestDictionary {
		m, err := train(id)
		if err == nil {
			m.c = c
		}
		return m, err
	}
	m, err := trained()
	if err != nil {
		return nil, err
	}
	return m.clone(c), nil
}

// MarshalDictionary gives records the form of a dictionary file: rows in a zstd
// frame without its magic.
func MarshalDictionary(recs []journal.Record) []byte { return compress(packRows(recs, 0)) }

func parseDictionary(b []byte) (recs []journal.Record, err error) {
	rows, err := expand(b, maxDictionary)
	if err != nil {
		return nil, err
	}
	for r := (reader{b: rows}); !r.done(); {
		head, body := r.uvarint(journal.MaxHead), r.uvarint(journal.MaxBody)
		recs = append(recs, journal.Record{Head: r.take(int(head)), Body: r.take(int(body))})
		if r.bad {
			return nil, fmt.Errorf("%w: dictionary", ErrMalformed)
		}
	}
	return recs, nil
}
