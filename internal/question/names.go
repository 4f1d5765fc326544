package question

import (
	"fmt"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// named is something with an id that people call by name.
type named[T any] struct {
	item T
	id   auditlog.ID
	// address and name are folded; either may be empty.
	address, name string
	// shown is how messages print it.
	shown string
}

// MatchActor returns the one actor that want names: by id, else by address, else by full name, else by the beginning of a word of the name
// or of the address before the @. observed are actors of entries already read, who may have left since; for one who is also in the catalog,
// the catalog's record counts. An unknown id (all digits) is returned as an actor with nothing but that id. Nothing fitting, or several at
// the strongest level that fits, is a [NameError].
func MatchActor(catalog *auditlog.Catalog, want string, observed []auditlog.Actor) (auditlog.Actor, error) {
	var people []named[auditlog.Actor]
	for _, actor := range slices.Concat(catalog.Users, observed) {
		people = append(people, named[auditlog.Actor]{
			item: actor, id: actor.ID,
			address: foldName(actor.Email), name: foldName(actor.Name),
			shown: describe(actor.Name, actor.ID, actor.Email),
		})
	}
	return matchNamed("actor", want, people, func(id auditlog.ID) auditlog.Actor { return auditlog.Actor{ID: id} })
}

// MatchTeam returns the one team that want names: by id, else by full name, else by the beginning of a word of the name. An unknown id (all
// digits) is returned as a team with nothing but that id. Nothing fitting, or several at the strongest level that fits, is a [NameError].
func MatchTeam(catalog *auditlog.Catalog, want string) (auditlog.Ref, error) {
	var teams []named[auditlog.Ref]
	for _, team := range catalog.Teams {
		teams = append(teams, named[auditlog.Ref]{
			item: team, id: team.ID, name: foldName(team.Name), shown: describe(team.Name, team.ID, ""),
		})
	}
	return matchNamed("team", want, teams, func(id auditlog.ID) auditlog.Ref { return auditlog.Ref{ID: id} })
}

// matchNamed finds the one item that want names, at the strongest level at which any item fits. Items without an id cannot be asked for and
// are passed over; of several with the same id the first counts.
func matchNamed[T any](what, want string, items []named[T], unknown func(auditlog.ID) T) (T, error) {
	var none T
	items = distinct(items, func(n named[T]) auditlog.ID { return n.id })
	id := auditlog.ID(strings.TrimSpace(want))
	folded := foldName(auditlog.Text(want))
	if folded == "" {
		return none, newNameError(what, want, nil, false)
	}
	if i := slices.IndexFunc(items, func(n named[T]) bool { return n.id == id }); i >= 0 {
		return items[i].item, nil
	}
	if isDigits(string(id)) {
		return unknown(id), nil
	}
	beforeAt := func(address string) string {
		local, _, _ := strings.Cut(address, "@")
		return local
	}
	hits := strongest(items,
		func(n named[T]) bool { return n.address == folded },
		func(n named[T]) bool { return n.name == folded },
		func(n named[T]) bool { return beginsWord(n.name, folded) || beginsWord(beforeAt(n.address), folded) })
	shown := func(n named[T]) string { return n.shown }
	switch len(hits) {
	case 0:
		// Everyone shares the domain: addresses are alike by what stands before it.
		similar := nearest(beforeAt(folded), items, func(n named[T]) []string { return []string{n.name, beforeAt(n.address)} })
		return none, newNameError(what, want, mapAll(similar, shown), false)
	case 1:
		return hits[0].item, nil
	}
	return none, newNameError(what, want, mapAll(hits, shown), true)
}

// strongest returns the items that fit at the first level at which any does.
func strongest[T any](items []T, levels ...func(T) bool) []T {
	for _, fits := range levels {
		var hits []T
		for _, item := range items {
			if fits(item) {
				hits = append(hits, item)
			}
		}
		if len(hits) > 0 {
			return hits
		}
	}
	return nil
}

// distinct returns the first item of each key that is not empty.
func distinct[T any, K comparable](items []T, key func(T) K) []T {
	var empty K
	seen := map[K]bool{empty: true}
	var kept []T
	for _, item := range items {
		if k := key(item); !seen[k] {
			seen[k] = true
			kept = append(kept, item)
		}
	}
	return kept
}

func mapAll[A, B any](items []A, f func(A) B) []B {
	if len(items) == 0 {
		return nil
	}
	mapped := make([]B, len(items))
	for i, item := range items {
		mapped[i] = f(item)
	}
	return mapped
}

// appendOnce appends what is not there yet.
func appendOnce[T comparable](to []T, items ...T) []T {
	for _, item := range items {
		if !slices.Contains(to, item) {
			to = append(to, item)
		}
	}
	return to
}

// describe prints what distinguishes one person or team from another.
func describe(name auditlog.Text, id auditlog.ID, address auditlog.Text) string {
	number := string(id)
	if _, ok := id.Integer(); !ok {
		number = auditlog.Text(id).Quote()
	}
	if address == "" {
		return fmt.Sprintf("%s (id %s)", name.Quote(), number)
	}
	return fmt.Sprintf("%s (id %s, %s)", name.Quote(), number, address.Quote())
}

// foldName folds a name as it is shown, bounded, since what callers ask for is what they were shown.
func foldName(t auditlog.Text) string {
	return auditlog.Fold(t.Clean())
}

// beginsWord reports whether text, from the beginning of one of its words on, begins with prefix, which may itself span words.
func beginsWord(text, prefix string) bool {
	inWord := false
	for i, r := range text {
		if !inWord && strings.HasPrefix(text[i:], prefix) {
			return true
		}
		inWord = isWordRune(r)
	}
	return false
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
