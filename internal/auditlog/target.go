package auditlog

import (
	"context"
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

// MatchTarget chooses the one object among those that want names. None is no error:
// want is taken for an id then. Several are a [NameError].
func MatchTarget(want string, among []NamedTarget) (target NamedTarget, ok bool, err error) {
	type object struct{ id, object Text }
	distinct := map[object]bool{}
	var shown []string
	for _, candidate := range among {
		if key := (object{candidate.ID, candidate.Object}); !distinct[key] {
			distinct[key] = true
			shown = append(shown, candidate.ID.Clean()+" "+candidate.Name.Quote()+" ("+strings.ReplaceAll(candidate.Object.Clean(), "_", " ")+")")
		}
	}
	switch len(distinct) {
	case 0:
		return NamedTarget{}, false, nil
	case 1:
		return among[0], true, nil
	}
	return NamedTarget{}, false, newNameError("object", want, shown, true)
}

// NameFits tells whether a name is meant by want: exactly, or by the beginning of a
// word. Both are compared without regard to case and accents.
func NameFits(want string, name Text) (exactly, begins bool) {
	wanted, folded := Fold(want), foldName(name)
	return wanted == folded, !isDigits(want) && beginsWord(folded, wanted)
}
