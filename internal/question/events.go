package question

import (
	"regexp"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// MatchEvents returns the events that want names: by value, else by label, else all of a category, by its own name or by what people call
// it (2fa), else those about what Make's list did not have (logins), if the catalog has such now; or, where want holds * (any text) or ?
// (one character), all whose value fits that pattern. They come in the catalog's order, each value once. Nothing fitting is a [NameError].
func MatchEvents(catalog *auditlog.Catalog, want string) ([]auditlog.Event, error) {
	hits := eventsNamed(catalog, want)
	if len(hits) > 0 {
		return hits, nil
	}
	folded := foldName(auditlog.Text(want))
	if folded == "" {
		return nil, newNameError("event", want, nil, false)
	}
	unknown := newNameError("event", want, nearestEvents(catalog, folded), false)
	unknown.Hint = NotListedHint(catalog, want)
	return nil, unknown
}

// eventsNamed is MatchEvents without a word on what else could be meant, which costs far more.
func eventsNamed(catalog *auditlog.Catalog, want string) []auditlog.Event {
	asked := spellingOf(auditlog.Text(want))
	folded := asked.folded
	if folded == "" { // else it would name whatever has no label
		return nil
	}
	levels := slices.Concat(
		spelledSo(asked, func(e auditlog.Event) spelling { return spellingOf(e.Value) }),
		spelledSo(asked, func(e auditlog.Event) spelling { return spellingOf(e.Label) }),
		spelledSo(asked, func(e auditlog.Event) spelling { return spellingOf(e.Category) }))
	if strings.ContainsAny(folded, "*?") {
		wild := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(folded))
		pattern := regexp.MustCompile("(?s)^" + wild + "$") // quoted, so that it compiles
		levels = append(levels, func(e auditlog.Event) bool { return pattern.MatchString(foldName(e.Value)) })
	} else {
		levels = append(levels, calledCommonly(want, func(e auditlog.Event) auditlog.Text { return e.Category }), calledBySubject(want))
	}
	valued := slices.DeleteFunc(slices.Clone(catalog.Events), func(e auditlog.Event) bool { return e.Value == "" })
	return distinct(strongest(valued, levels...), func(e auditlog.Event) auditlog.Text { return e.Value })
}

// nearestEvents returns what to suggest for an event that is not in the catalog: values, and the nearest category.
func nearestEvents(catalog *auditlog.Catalog, folded string) []string {
	var shown []string
	for _, event := range append(subjectOf(folded).among(catalog.Events), nearest(folded, catalog.Events, func(e auditlog.Event) []string {
		return []string{foldName(e.Value), foldName(e.Label)}
	})...) {
		text := event.Value.Quote()
		if event.Label != "" {
			text += " (" + event.Label.Quote() + ")"
		}
		shown = appendOnce(shown, text)
	}
	categories := appendOnce(nil, mapAll(catalog.Events, func(e auditlog.Event) auditlog.Text { return e.Category })...)
	similar := nearest(commonName(auditlog.Text(folded)), categories, func(category auditlog.Text) []string {
		return []string{commonName(category)}
	})
	if len(similar) > 0 { // before what is cut off
		shown = slices.Insert(shown, min(len(shown), maxCandidates-1), "the category "+similar[0].Quote())
	}
	return shown
}

// MatchKind returns the kind of object that want names, and its events: by the whole category, else by what people call it, else by the
// beginning of one of its words.
// Nothing fitting, or several, is a [NameError].
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
	asked := spellingOf(auditlog.Text(want))
	quote := auditlog.Text.Quote
	if asked.folded == "" {
		return "", nil, newNameError("kind", want, mapAll(kinds, quote), false)
	}
	hits := strongest(kinds, append(spelledSo(asked, spellingOf),
		calledCommonly(want, func(kind auditlog.Text) auditlog.Text { return kind }),
		func(kind auditlog.Text) bool { return strings.HasPrefix(foldName(kind), asked.folded) },
		func(kind auditlog.Text) bool { return beginsWord(foldName(kind), asked.folded) })...)
	switch len(hits) {
	case 0:
		return "", nil, newNameError("kind", want, mapAll(kinds, quote), false)
	case 1:
		return hits[0], events[hits[0]], nil
	}
	return "", nil, newNameError("kind", want, mapAll(hits, quote), true)
}
