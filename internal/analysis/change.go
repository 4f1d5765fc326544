package analysis

import (
	"bytes"
	"cmp"
	"encoding/json"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/internal/redact"
)

// Change is a field of an object's details that changed. From is nil where earlier details do not have the field. Both, and the path, are
// as they may be shown; whether two values differ is decided by the raw ones.
type Change struct {
	Path     string
	From, To json.RawMessage
}

// state is what is known of an object by the details of its entries so far. What an entry does not mention stays as it was.
type state struct {
	fields map[string]redact.Field // by path; nil before the first details
}

// apply takes in an entry's details and returns what they change, by path.
func (s *state) apply(entry *auditlog.Entry) []Change {
	fields := redact.Fields(entry.Details, entry.Event)
	isFirst := s.fields == nil || auditlog.Event{Value: entry.Event}.Verb() == auditlog.VerbCreated
	if isFirst && len(fields) > 0 {
		s.fields = map[string]redact.Field{} // what is created anew has no past
	}
	var changes []Change
	for _, field := range fields {
		before, known := s.fields[field.Path]
		s.fields[field.Path] = field
		if !isFirst && (!known || !sameJSON(before.Raw, field.Raw)) {
			changes = append(changes, Change{Path: field.Path, From: before.Shown, To: field.Shown})
		}
	}
	order.By(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes
}

// sameJSON reports whether two values are the same but for white space, the order of keys and the way that they are escaped.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	plainA, okA := plainJSON(a)
	plainB, okB := plainJSON(b)
	return okA && okB && plainA == plainB
}

func plainJSON(raw json.RawMessage) (string, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // large ids differ in digits that a float has not
	var value any
	if decoder.Decode(&value) != nil {
		return "", false
	}
	plain, err := json.Marshal(value)
	return string(plain), err == nil
}
