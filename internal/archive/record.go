package archive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"make-audit-mcp/internal/auditlog"
)

// kind is what a record holds.
type kind int

const (
	kindEntry   kind = 1 // an entry as a list of Make showed it
	kindDetails kind = 2 // an entry as Make's detail call showed it
	kindSync    kind = 3 // what the log vouches for from here on: vouched
)

func (k kind) String() string {
	switch k {
	case kindEntry:
		return "entry"
	case kindDetails:
		return "details"
	case kindSync:
		return "sync"
	}
	return "unknown"
}

// owner names a log: an organization on an instance of Make.
type owner struct{ instance, organization string }

// leafHash is the hash of a record as a leaf of the tree. What log it belongs to is
// part of it, so that a record cannot be moved to another.
func leafHash(k kind, of owner, raw []byte) tlog.Hash {
	return tlog.RecordHash(bytes.Join([][]byte{[]byte(k.String()), []byte(of.instance), []byte(of.organization), raw}, []byte{0}))
}

// keyOf is what an entry is told by in its log: the uuid as 16 bytes, or as text
// where it has another form, or the bytes of what stands in for it.
func keyOf(e *auditlog.Entry) any {
	plain := strings.ReplaceAll(e.UUID, "-", "")
	if id, err := hex.DecodeString(plain); err == nil && len(id) == 16 && uuidText(id) == e.UUID {
		return id
	}
	if e.UUID == "" {
		return []byte(e.Key())
	}
	return e.UUID
}

// uuidOf reverses keyOf.
func uuidOf(key any) string {
	switch key := key.(type) {
	case []byte:
		if len(key) == 16 {
			return uuidText(key)
		}
	case string:
		return key
	}
	return "" // it had none
}

func uuidText(id []byte) string {
	text := hex.EncodeToString(id)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// micros is how times are stored: Make's are of milliseconds.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// sameJSON tells whether two texts are the same value: Make may order members
// otherwise each time, which changes nothing.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, okOne := canonical(a)
	other, okOther := canonical(b)
	return okOne && okOther && bytes.Equal(one, other)
}

// canonical writes a value with its members sorted and without space; numbers stay
// as they are written.
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
