package question

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// MatchTarget chooses the one object among those that want names, of the sorts that some of the events are about; no events: of any sort.
// None among none is no error: want is taken for an id then. Several, or none of these sorts, is a [NameError].
func MatchTarget(want string, among []auditlog.NamedTarget, events []auditlog.Event) (target auditlog.NamedTarget, ok bool, err error) {
	var shown, elsewhere []string
	for _, candidate := range distinct(among, func(n auditlog.NamedTarget) [2]auditlog.Text { return [2]auditlog.Text{n.ID, n.Object} }) {
		text := candidate.ID.Clean() + " " + candidate.Name.Quote() + " (" + strings.ReplaceAll(candidate.Object.Clean(), "_", " ") + ")"
		if len(events) > 0 && !slices.ContainsFunc(events, func(t auditlog.Event) bool { return candidate.Has(t) }) {
			elsewhere = append(elsewhere, text)
			continue
		}
		shown, target = append(shown, text), candidate
	}
	switch {
	case len(shown) == 1:
		return target, true, nil
	case len(shown) > 1:
		return auditlog.NamedTarget{}, false, newNameError("object", want, shown, true)
	case len(elsewhere) > 0:
		return auditlog.NamedTarget{}, false, newNameError("object", want, elsewhere, false)
	}
	return auditlog.NamedTarget{}, false, nil
}

// namedTargets returns the objects that want names: those called exactly so, else those called so without regard to case and accents, else
// those whose name has a word that begins so (numbers stand for ids). There are none where want is itself an object's id.
func namedTargets(ctx context.Context, namer auditlog.TargetNamer, organization auditlog.ID, want string) ([]auditlog.NamedTarget, error) {
	if isID, err := namer.IsTarget(ctx, organization, auditlog.Text(want)); err != nil || isID {
		return nil, err
	}
	asked := spellingOf(auditlog.Text(want))
	begins := func(name auditlog.Text) bool { return !isDigits(want) && beginsWord(foldName(name), asked.folded) }
	targets, err := namer.NamedTargets(ctx, organization, func(name auditlog.Text) bool {
		return foldName(name) == asked.folded || begins(name)
	})
	if err != nil {
		return nil, err
	}
	return strongest(targets, append(spelledSo(asked, func(t auditlog.NamedTarget) spelling { return spellingOf(t.Name) }),
		func(t auditlog.NamedTarget) bool { return begins(t.Name) })...), nil
}
