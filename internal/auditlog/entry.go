package auditlog

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// ID is an identifier as Make gives it, normalized to text: Make sends most ids as numbers and some as text, and the two must compare
// equal. The empty ID means none.
type ID string

// maxExactInteger is the largest integer that every JSON reader keeps exact.
const maxExactInteger = 1 << 53

// Integer returns the ID as a number, where it is one in plain decimal form.
func (id ID) Integer() (int64, bool) {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 0 || n > maxExactInteger || strconv.FormatInt(n, 10) != string(id) {
		return 0, false
	}
	return n, true
}

// IsPlain reports whether the ID has only the characters that Make's ids have, so that it may become part of a path: letters, digits, - and
// _.
func (id ID) IsPlain() bool {
	return id != "" && strings.Trim(string(id), "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// MarshalJSON writes a number where the ID is one, else cleaned text, and null for the empty ID.
func (id ID) MarshalJSON() ([]byte, error) {
	if id == "" {
		return []byte("null"), nil
	}
	if n, ok := id.Integer(); ok {
		return strconv.AppendInt(nil, n, 10), nil
	}
	return json.Marshal(Text(id))
}

// UnmarshalJSON reads a number or text, so that what MarshalJSON wrote comes back the same.
func (id *ID) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err == nil {
		*id = ""
		if text != nil {
			*id = ID(*text)
		}
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return err
	}
	*id = ID(number)
	return nil
}

// Compare orders ids: numbers by value and before text, text by its bytes.
func (id ID) Compare(other ID) int {
	a, aIsNumber := id.Integer()
	b, bIsNumber := other.Integer()
	switch {
	case aIsNumber && bIsNumber:
		return cmp.Compare(a, b)
	case aIsNumber:
		return -1
	case bIsNumber:
		return 1
	}
	return strings.Compare(string(id), string(other))
}

// Actor is who did something: a person or a service account. Actors are distinguished by ID, never by name.
type Actor struct {
	ID    ID   `json:"id"`
	Name  Text `json:"name,omitempty"`
	Email Text `json:"email,omitempty"`
}

// Ref names an organization or a team.
type Ref struct {
	ID   ID   `json:"id"`
	Name Text `json:"name,omitempty"`
}

// Version is what a change of version went from and to.
type Version struct {
	From Text `json:"from,omitempty"`
	To   Text `json:"to,omitempty"`
}

// Entry is one entry of the audit log. Any field but TriggeredAt may be absent (zero or nil): Make documents none as required.
type Entry struct {
	UUID string
	// TriggeredAt is when the action happened.
	TriggeredAt time.Time
	// CreatedAt is when Make wrote the entry down, at times weeks later.
	CreatedAt    time.Time
	Organization *Ref
	// Event is the eventName, e.g. webhook_created.
	Event Text
	// Actor is nil for what the system did.
	Actor *Actor
	// Team is nil for entries without one, such as most of the organization itself.
	Team *Ref
	// TargetID is what it was done to; unique only within a kind of object.
	TargetID Text
	Version  *Version
	// Extra holds the fields that this program does not know, raw.
	Extra map[string]json.RawMessage
	// Details is the raw detail object; only the detail call returns it.
	Details json.RawMessage
	// Raw is the entry as Make sent it, where the reader keeps it.
	Raw json.RawMessage
	// Offset is about where Make's listing had the entry, as Resume.Offset takes it; 0 if that is not known.
	Offset int
}

// CompareNewestFirst is the total order of listings: newest first, and within one instant by uuid.
func CompareNewestFirst(a, b *Entry) int {
	if c := b.TriggeredAt.Compare(a.TriggeredAt); c != 0 {
		return c
	}
	return strings.Compare(a.UUID, b.UUID)
}

// TeamID returns the entry's team, empty for entries without one.
func (e *Entry) TeamID() ID {
	if e.Team == nil {
		return ""
	}
	return e.Team.ID
}

// ActorID returns the entry's actor, empty for the system.
func (e *Entry) ActorID() ID {
	if e.Actor == nil {
		return ""
	}
	return e.Actor.ID
}

// IsOfActor reports whether the actor did it to themselves, as somebody who changes their own role.
func (e *Entry) IsOfActor() bool {
	return e.ActorID() != "" && string(e.ActorID()) == string(e.TargetID) && Event{Value: e.Event}.ConcernsPeople()
}

// Key distinguishes entries: the uuid, or where that is missing all that the list shows.
func (e *Entry) Key() string {
	if e.UUID != "" {
		return e.UUID
	}
	return e.TriggeredAt.Format(time.RFC3339Nano) + "\x00" + string(e.Event) + "\x00" + string(e.ActorID()) + "\x00" + string(e.TeamID()) +
		"\x00" + string(e.TargetID)
}
