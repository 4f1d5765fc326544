package question

import (
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// MatchEvents returns the events that want names: by value, else by label, else all of a category; or, where want holds * (any text) or ?
// (one character), all whose value fits that pattern. They come in the catalog's order, each value once. Nothing fitting is a [NameError].
func MatchEvents(catalog *auditlog.Catalog, want string) ([]auditlog.Event, error) {
	folded := foldName(auditlog.Text(want))
	levels := []func(auditlog.Event) bool{
		func(e auditlog.Event) bool { return foldName(e.Value) == folded },
		func(e auditlog.Event) bool { return foldName(e.Label) == folded },
		func(e auditlog.Event) bool { return foldName(e.Category) == folded },
	}
	if strings.ContainsAny(folded, "*?") {
		pattern := []rune(folded)
		levels = append(levels, func(e auditlog.Event) bool { return matchGlob(pattern, []rune(foldName(e.Value))) })
	}
	if folded == "" {
		levels = nil // else it would name whatever has no label
	}
	for _, fits := range levels {
		var hits []auditlog.Event
		seen := map[auditlog.Text]bool{}
		for _, event := range catalog.Events {
			if event.Value != "" && !seen[event.Value] && fits(event) {
				seen[event.Value] = true
				hits = append(hits, event)
			}
		}
		if len(hits) > 0 {
			return hits, nil
		}
	}
	return nil, newNameError("event", want, nearestEvents(catalog, folded), false)
}

// nearestEvents returns what to suggest for an event that is not in the catalog.
func nearestEvents(catalog *auditlog.Catalog, folded string) []string {
	keys := make([][]string, len(catalog.Events))
	for i, event := range catalog.Events {
		keys[i] = []string{foldName(event.Value), foldName(event.Label)}
	}
	var shown []string
	for _, i := range nearest(folded, keys) {
		event := catalog.Events[i]
		text := event.Value.Quote()
		if event.Label != "" {
			text += " (" + event.Label.Quote() + ")"
		}
		if !slices.Contains(shown, text) {
			shown = append(shown, text)
		}
	}
	return shown
}

// matchGlob reports whether all of s fits a pattern of literal characters, * and ?.
func matchGlob(pattern, s []rune) bool {
	// On a mismatch only the last * needs to take one character more.
	p, i, star, resume := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			resume++
			p, i = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// MatchKind returns the kind of object that want names, and its events: by the whole category, else by the beginning of one of its words.
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
