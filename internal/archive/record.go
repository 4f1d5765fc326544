package archive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"make-audit-mcp/internal/auditlog"
)

// Kind is what a record holds.
type Kind int

const (
	kindEntry   Kind = 1 // an entry as a list of Make showed it
	kindDetails Kind = 2 // an entry as Make's detail call showed it
	kindSync    Kind = 3 // what the log vouches for from here on: vouched
	kindGone    Kind = 4 // that Make has no details of an entry: goneDetails
)

// String names the kind: part of what is hashed.
func (k Kind) String() string {
	switch k {
	case kindEntry:
		return "entry"
	case kindDetails:
		return "details"
	case kindSync:
		return "sync"
	case kindGone:
		return "gone"
	}
	return "unknown"
}

// goneDetails says which entry it is that Make has no details of.
type goneDetails struct {
	UUID string `json:"uuid"`
}

// leafHash is the hash of a record as a leaf of the tree. What log it belongs to is part of it, so that a record cannot be moved to
// another.
func leafHash(k Kind, of LogKey, raw []byte) tlog.Hash {
	return tlog.RecordHash(bytes.Join([][]byte{[]byte(k.String()), []byte(of.Instance), []byte(of.Organization), raw}, []byte{0}))
}

// keyOf is what an entry is known by in its log.
func keyOf(e *auditlog.Entry) Key {
	standIn := e.Key()
	if len(standIn) > LongestKey {
		return Key{StandIn: hex.EncodeToString(sumOf([]byte(standIn)))}
	}
	if e.UUID == "" {
		return Key{StandIn: standIn}
	}
	return Key{UUID: e.UUID}
}

// micros is how times are stored: Make's are of milliseconds.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// sameJSON reports whether two texts are the same value: Make may order members otherwise each time, which changes nothing.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, okOne := canonical(a)
	other, okOther := canonical(b)
	return okOne && okOther && bytes.Equal(one, other)
}

// canonical writes a value with its members sorted and without space; numbers stay as they are written.
func canonical(raw []byte) ([]byte, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	text, err := json.Marshal(value)
	return text, err == nil
}
