package auditlog

import (
	"slices"
	"strings"
)

// Category returns the catalog's category of an event; false if the catalog lacks
// the event.
func (c *Catalog) Category(event Text) (Text, bool) {
	i := slices.IndexFunc(c.Events, func(t EventType) bool { return t.Value == event })
	if i < 0 || c.Events[i].Category == "" {
		return "", false
	}
	return c.Events[i].Category, true
}

// Kind tells what kind of object an event is about: its category. For an event
// that the catalog lacks it is the category of the events that begin alike
// (webhook_paused: that of webhook_created), else that beginning itself.
func (c *Catalog) Kind(event Text) Text {
	if category, ok := c.Category(event); ok {
		return category
	}
	own := subject(event)
	for _, t := range c.Events {
		if t.Category != "" && subject(t.Value) == own {
			return t.Category
		}
	}
	return own
}

// subject is an event's value without its verb.
func subject(event Text) Text {
	if i := strings.LastIndexByte(string(event), '_'); i > 0 {
		return event[:i]
	}
	return event
}

// MatchKind returns the kind of object that want names, and its events: by the
// whole category, else by the beginning of one of its words. Nothing fitting, or
// several, is a [NameError].
func (c *Catalog) MatchKind(want string) (Text, []EventType, error) {
	var kinds []Text
	events := map[Text][]EventType{}
	for _, t := range c.Events {
		kind := c.Kind(t.Value)
		if len(events[kind]) == 0 {
			kinds = append(kinds, kind)
		}
		events[kind] = append(events[kind], t)
	}
	folded := foldName(Text(want))
	levels := []func(Text) bool{
		func(kind Text) bool { return foldName(kind) == folded },
		func(kind Text) bool { return strings.HasPrefix(foldName(kind), folded) },
		func(kind Text) bool { return beginsWord(foldName(kind), folded) },
	}
	if folded == "" {
		levels = nil
	}
	for _, fits := range levels {
		var hits []Text
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

func quoteAll(texts []Text) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = text.Quote()
	}
	return quoted
}
