package auditlog

import (
	"context"
	"slices"
	"strings"
)

// TargetNamer is a Directory that knows what objects were called.
type TargetNamer interface {
	// NamedTargets are the objects that want names: those called so, without regard to
	// case and accents, else those whose name has a word that begins so (numbers stand for ids). It is none
	// where want is itself an object's id.
	NamedTargets(ctx context.Context, organization ID, want string) ([]NamedTarget, error)
}

// NamedTarget is an object and a name that it has, or had.
type NamedTarget struct {
	ID Text
	// Object is what sort of object it is, as events call it: webhook, data_store. Ids
	// are unique only within one.
	Object Text
	Name   Text
}

// Has tells whether an event is about the object's sort: webhook_created is about
// webhooks.
func (n NamedTarget) Has(event Text) bool { return ObjectOf(event) == n.Object }

// ObjectOf is what an event is about: the event without its verb, in lower case.
func ObjectOf(event Text) Text {
	text := strings.ToLower(string(event))
	if i := strings.LastIndexByte(text, '_'); i > 0 {
		text = text[:i]
	}
	return Text(text)
}

// MatchTarget chooses the one object among those that want names, of the sorts that
// some of the events are about; no events: of any sort. None among none is no error:
// want is taken for an id then. Several, or none of these sorts, is a [NameError].
func MatchTarget(want string, among []NamedTarget, events []EventType) (target NamedTarget, ok bool, err error) {
	type object struct{ id, object Text }
	distinct := map[object]bool{}
	var shown, elsewhere []string
	for _, candidate := range among {
		key := object{candidate.ID, candidate.Object}
		if distinct[key] {
			continue
		}
		distinct[key] = true
		text := candidate.ID.Clean() + " " + candidate.Name.Quote() + " (" + strings.ReplaceAll(candidate.Object.Clean(), "_", " ") + ")"
		if len(events) > 0 && !slices.ContainsFunc(events, func(t EventType) bool { return candidate.Has(t.Value) }) {
			elsewhere = append(elsewhere, text)
			continue
		}
		shown, target = append(shown, text), candidate
	}
	switch {
	case len(shown) == 1:
		return target, true, nil
	case len(shown) > 1:
		return NamedTarget{}, false, newNameError("object", want, shown, true)
	case len(elsewhere) > 0:
		return NamedTarget{}, false, newNameError("object", want, elsewhere, false)
	}
	return NamedTarget{}, false, nil
}

// NameFits tells whether a name is meant by want: exactly, or by the beginning of a
// word. Both are compared without regard to case and accents.
func NameFits(want string, name Text) (exactly, begins bool) {
	wanted, folded := Fold(want), foldName(name)
	return wanted == folded, !isDigits(want) && beginsWord(folded, wanted)
}
