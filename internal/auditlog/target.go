package auditlog

import (
	"encoding/json"
	"slices"
	"strings"
)

// Target is an object that something was done to. Ids are unique only within a kind.
type Target struct {
	// Kind is the sort of object, as [Event.Target] has it.
	Kind, ID Text
}

// Target returns what it was done to; the zero Target for entries without one.
func (e *Entry) Target() Target {
	if e.TargetID == "" {
		return Target{}
	}
	event := Event{Value: e.Event}
	kind := event.Target(e.TargetID)
	if kind == KindUser && ID(e.TargetID) == e.TeamID() {
		kind = event.Object() // whose role it is, is not told
	}
	return Target{kind, e.TargetID}
}

// NamesOf returns the names that the entry's details give an object of a kind, sorted. Only the shape {"webhookName": "…"} is documented
// (make-api.md, 7.3), so a member counts that is called by the kind, or its last word, and name; one that is called name alone only where
// the entry is about that kind.
func (e *Entry) NamesOf(kind Text) (names []Text) {
	if e.TargetID == "" || len(e.Details) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(e.Details, &members) != nil {
		return nil
	}
	keys := []string{strings.ReplaceAll(string(kind), "_", "") + "name", string(kind[strings.LastIndexByte(string(kind), '_')+1:]) + "name"}
	if kind == (Event{Value: e.Event}).Object() {
		keys = append(keys, "name")
	}
	for key, raw := range members {
		var name Text
		if slices.Contains(keys, strings.ToLower(strings.ReplaceAll(key, "_", ""))) && json.Unmarshal(raw, &name) == nil && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
