package question

import (
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// MatchKind returns the kind of object that want names, and its events: by the
// whole category, else by the beginning of one of its words. Nothing fitting, or
// several, is a [NameError].
func MatchKind(catalog *auditlog.Catalog, want string) (auditlog.Text, []auditlog.Event, error) {
	var kinds []auditlog.Text
	events := map[auditlog.Text][]auditlog.Event{}
	for _, event := range catalog.Events {
		kind := event.Category // a value may stand under several
		if kind == "" {
			kind = catalog.Kind(event.Value)
		}
		if len(events[kind]) == 0 {
			kinds = append(kinds, kind)
		}
		events[kind] = append(events[kind], event)
	}
	folded := foldName(auditlog.Text(want))
	levels := []func(auditlog.Text) bool{
		func(kind auditlog.Text) bool { return foldName(kind) == folded },
		func(kind auditlog.Text) bool { return strings.HasPrefix(foldName(kind), folded) },
		func(kind auditlog.Text) bool { return beginsWord(foldName(kind), folded) },
	}
	if folded == "" {
		levels = nil
	}
	for _, fits := range levels {
		var hits []auditlog.Text
		for _, kind := range kinds {
			if fits(kind) {
				hits = append(hits, kind)
			}
		}
		switch len(hits) {
		case 0:
			continue
		case 1:
			return hits[0], events[hits[0]], nil
		}
		return "", nil, newNameError("kind", want, quoteAll(hits), true)
	}
	return "", nil, newNameError("kind", want, quoteAll(kinds), false)
}

func quoteAll(texts []auditlog.Text) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = text.Quote()
	}
	return quoted
}
