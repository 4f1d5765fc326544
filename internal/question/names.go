package question

import (
	"fmt"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// spelling is how a name is written: exactly, and without what [auditlog.Fold] takes off.
type spelling struct{ exact, folded string }

// spellingOf is how a name is written as it is shown, bounded, since what callers ask for is what they were shown.
func spellingOf(name auditlog.Text) spelling {
	shown := name.Clean()
	return spelling{auditlog.Spelling(shown), auditlog.Fold(shown)}
}

// spelledSo are the levels at which an item fits by a name of its own: written exactly so, else so but for what folding takes off.
func spelledSo[T any](want spelling, of func(T) spelling) []func(T) bool {
	return []func(T) bool{
		func(item T) bool { return of(item).exact == want.exact },
		func(item T) bool { return of(item).folded == want.folded },
	}
}

// named is something with an id that people call by name.
type named[T any] struct {
	item T
	id   auditlog.ID
	// address and name may be empty.
	address, name spelling
	// shown is how messages print it.
	shown string
}

// lookup is what the names of one sort, teams or people, are looked up in.
type lookup[T any] struct {
	what  string
	items []named[T]
	// growsNames says that entries tell names that the catalog lacks.
	growsNames bool
	// unknown is an item of which nothing but the id is known.
	unknown func(auditlog.ID) T
}

// taken is what a word was taken for.
type taken[T any] struct {
	item T
	// namesakes are called as the id is, each ready to print.
	namesakes []string
	// mayChange says that entries which are not read yet may tell otherwise.
	mayChange bool
	// isUnknown says that it is an id that nothing known has.
	isUnknown bool
}

func peopleIn(catalog *auditlog.Catalog, observed []auditlog.Actor) *lookup[auditlog.Actor] {
	var people []named[auditlog.Actor]
	for _, actor := range slices.Concat(catalog.Users, observed) {
		people = append(people, named[auditlog.Actor]{
			item: actor, id: actor.ID,
			address: spellingOf(actor.Email), name: spellingOf(actor.Name),
			shown: describe(actor.Name, actor.ID, actor.Email),
		})
	}
	return &lookup[auditlog.Actor]{what: "actor", items: withIDs(people), growsNames: true,
		unknown: func(id auditlog.ID) auditlog.Actor { return auditlog.Actor{ID: id} }}
}

// teamsIn has the teams of the catalog and, by id alone, those of entries: teams that are gone may have been called as others are now.
func teamsIn(catalog *auditlog.Catalog, observed []auditlog.Ref) *lookup[auditlog.Ref] {
	var teams []named[auditlog.Ref]
	for _, team := range catalog.Teams {
		teams = append(teams, named[auditlog.Ref]{
			item: team, id: team.ID, name: spellingOf(team.Name), shown: describe(team.Name, team.ID, ""),
		})
	}
	for _, team := range observed {
		teams = append(teams, named[auditlog.Ref]{item: team, id: team.ID})
	}
	return &lookup[auditlog.Ref]{what: "team", items: withIDs(teams),
		unknown: func(id auditlog.ID) auditlog.Ref { return auditlog.Ref{ID: id} }}
}

// withIDs passes over items without an id, which cannot be asked for; of several with the same id the first counts.
func withIDs[T any](items []named[T]) []named[T] {
	return distinct(items, func(n named[T]) auditlog.ID { return n.id })
}

// MatchActor returns the one actor that want names: by id, else by address, else by full name, each as spelled before as folded, else by
// the beginning of a word of the name or of the address before the @. observed are actors of entries already read, who may have left since;
// for one who is also in the catalog, the catalog's record counts. A number that is neither an id nor a whole name is returned as an actor
// with nothing but that id. Nothing fitting, or several at the strongest level that fits, is a [NameError].
func MatchActor(catalog *auditlog.Catalog, want string, observed []auditlog.Actor) (auditlog.Actor, error) {
	found, err := peopleIn(catalog, observed).match(want)
	return found.item, err
}

// MatchTeam returns the one team that want names: by id, else by full name, as spelled before as folded, else by the beginning of a word of
// the name. A number that is neither an id nor a whole name is returned as a team with nothing but that id. Nothing fitting, or several at
// the strongest level that fits, is a [NameError].
func MatchTeam(catalog *auditlog.Catalog, want string) (auditlog.Ref, error) {
	found, err := teamsIn(catalog, nil).match(want)
	return found.item, err
}

// match finds the one item that want names, at the strongest level at which any item fits.
func (l *lookup[T]) match(want string) (taken[T], error) {
	asked := spellingOf(auditlog.Text(want))
	if asked.folded == "" {
		return taken[T]{}, newNameError(l.what, want, nil, false)
	}
	id := auditlog.ID(strings.TrimSpace(want))
	if i := slices.IndexFunc(l.items, func(n named[T]) bool { return n.id == id }); i >= 0 {
		return taken[T]{item: l.items[i].item, namesakes: l.calledSo(want, id)}, nil
	}
	beforeAt := func(address string) string {
		local, _, _ := strings.Cut(address, "@")
		return local
	}
	levels := slices.Concat(
		spelledSo(asked, func(n named[T]) spelling { return n.address }),
		spelledSo(asked, func(n named[T]) spelling { return n.name }))
	isNumber := isDigits(string(id))
	if !isNumber { // else the ids of those who are gone would find whoever's name begins so
		levels = append(levels, func(n named[T]) bool {
			return beginsWord(n.name.folded, asked.folded) || beginsWord(beforeAt(n.address.folded), asked.folded)
		})
	}
	hits := strongest(l.items, levels...)
	shown := func(n named[T]) string { return n.shown }
	switch {
	case len(hits) == 1:
		return taken[T]{item: hits[0].item, mayChange: isNumber}, nil
	case len(hits) > 1:
		return taken[T]{}, newNameError(l.what, want, mapAll(hits, shown), true)
	case isNumber:
		return taken[T]{item: l.unknown(id), isUnknown: true}, nil
	}
	// Everyone shares the domain: addresses are alike by what stands before it.
	similar := nearest(beforeAt(asked.folded), l.items, func(n named[T]) []string {
		return []string{n.name.folded, beforeAt(n.address.folded)}
	})
	return taken[T]{mayChange: l.growsNames}, newNameError(l.what, want, mapAll(similar, shown), false)
}

// calledSo returns the items whose whole name or address want is, each ready to print, but for the one with an id.
func (l *lookup[T]) calledSo(want string, except auditlog.ID) []string {
	folded := foldName(auditlog.Text(want))
	var shown []string
	for _, n := range l.items {
		if n.id != except && (n.name.folded == folded || n.address.folded == folded) {
			shown = append(shown, n.shown)
		}
	}
	return shown
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

// foldName folds a name as it is shown, as [spellingOf] does.
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
