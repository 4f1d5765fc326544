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
	// Object is what sort of object it is, as events call it: webhook, data_store.
	Object Text
	Name   Text
}

// MatchTarget chooses the one object among those that want names. None is no error:
// want is taken for an id then. Several are a [NameError].
func MatchTarget(want string, among []NamedTarget) (target NamedTarget, ok bool, err error) {
	distinct := map[Text]bool{}
	var shown []string
	for _, candidate := range among {
		if !distinct[candidate.ID] {
			distinct[candidate.ID] = true
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
