package auditlog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxCandidates is the most names that a NameError lists.
const maxCandidates = 10

// Fold returns the form in which names are compared: cleaned as [Text], without
// case and accents, compatibility forms made plain, white space collapsed. Two
// names that look alike but for those have the same fold. Folding twice changes
// nothing.
func Fold(s string) string {
	s = Text(s).CleanTo(len(s)) // bytes are at least as many as characters
	var out strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) { // accents, once decomposed
			out.WriteString(foldLetter(unicode.ToLower(r)))
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// foldLetter writes lower-case letters that Unicode does not decompose as people
// type them who lack the key.
func foldLetter(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ':
		return "d"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	}
	return string(r)
}

// Nearest returns up to n of the names among that someone who wrote want may have
// meant, nearest first: those a few slips of the finger away, then those that
// share the beginning of a word. It returns none where nothing is similar.
func Nearest(want string, among []string, n int) []string {
	keys := make([][]string, len(among))
	for i, name := range among {
		keys[i] = []string{Fold(name)}
	}
	var names []string
	for _, i := range nearest(Fold(want), keys) {
		if len(names) >= n {
			break
		}
		if !slices.Contains(names, among[i]) {
			names = append(names, among[i])
		}
	}
	return names
}

// nearest returns the indexes of the plausible items, nearest first. An item is
// as near as the nearest of its keys; want and keys are folded.
func nearest(want string, keys [][]string) []int {
	type hit struct {
		index int
		closeness
	}
	var hits []hit
	for i, alternatives := range keys {
		var best closeness
		for _, key := range alternatives {
			if c := compareNames(want, key); c.plausible && (!best.plausible || c.compare(best) < 0) {
				best = c
			}
		}
		if best.plausible {
			hits = append(hits, hit{i, best})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.compare(b.closeness) })
	indexes := make([]int, len(hits))
	for i, h := range hits {
		indexes[i] = h.index
	}
	return indexes
}

// closeness is how near a name is to what was asked for.
type closeness struct {
	plausible bool
	// tier is 0 for slips of the finger, 1 for a shared beginning of a word.
	tier     int
	distance int
}

func (c closeness) compare(other closeness) int {
	return cmp.Or(cmp.Compare(c.tier, other.tier), cmp.Compare(c.distance, other.distance))
}

func compareNames(want, name string) closeness {
	// Bounds what a hostile name can cost; nobody misspells more than this.
	const maxCompared = 80
	a, b := firstRunes(want, maxCompared), firstRunes(name, maxCompared)
	if len(a) == 0 || len(b) == 0 {
		return closeness{}
	}
	best := closeness{tier: 1, distance: editDistance(a, b)}
	// A distance as large as the word itself says nothing.
	if limit := min(max(2, len(a)/3), len(a)-1); best.distance <= limit {
		return closeness{plausible: true, distance: best.distance}
	}
	wanted := words(string(a))
	for _, word := range words(string(b)) {
		runes := []rune(word)
		if d := editDistance(a, runes); d <= min(max(1, len(a)/3), len(a)-1) {
			return closeness{plausible: true, distance: d}
		}
		best.plausible = best.plausible || slices.ContainsFunc(wanted, func(w string) bool {
			const minShared = 3
			shorter := min(utf8.RuneCountInString(w), len(runes))
			return shorter >= minShared && (strings.HasPrefix(w, word) || strings.HasPrefix(word, w))
		})
	}
	return best
}

func firstRunes(s string, n int) []rune {
	runes := []rune(s)
	return runes[:min(n, len(runes))]
}

// words splits at whatever is neither letter nor digit.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !isWordRune(r) })
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// editDistance is the Damerau-Levenshtein distance (optimal string alignment):
// how many characters must be added, dropped, replaced or swapped with their
// neighbour.
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// NameError says that a name fits nothing or more than one thing.
type NameError struct {
	// Kind is what was looked for: actor, team, event, kind (of object) or object.
	Kind string
	// Want is the name as given, raw.
	Want string
	// Candidates are those that it fits, or the nearest where it fits none, each
	// ready to print, at most 10.
	Candidates []string
	// More is how many further candidates there are.
	More int
	// Ambiguous tells that the name fits more than one.
	Ambiguous bool
}

// Error names the candidates and the next step.
func (e *NameError) Error() string {
	list := strings.Join(e.Candidates, ", ")
	if e.More > 0 {
		list += fmt.Sprintf(" and %d more", e.More)
	}
	want := Text(e.Want).Quote()
	if e.Ambiguous {
		plural, pass := "teams", "the id"
		switch e.Kind {
		case "actor":
			plural, pass = "people", "the id or the address"
		case "kind":
			plural, pass = "kinds", "the whole category"
		case "object":
			plural, pass = "objects", "the id"
		}
		return fmt.Sprintf("%s %s fits %d %s: %s: pass %s", e.Kind, want, len(e.Candidates)+e.More, plural, list, pass)
	}
	message := fmt.Sprintf("no %s %s", e.Kind, want)
	switch {
	case list != "" && e.Kind == "kind":
		message += "; there are: " + list
	case list != "":
		message += "; nearest: " + list
	}
	switch e.Kind {
	case "actor":
		return message + "; accepted: an id, an e-mail address, a name or the beginning of a word of it, such as 12 or jan.novak@example.com;" +
			" people who have left may be missing from Make's catalog, but an id is always accepted;" +
			" call list_audit_log_filters with kind users for the names valid now"
	case "team":
		return message + "; accepted: an id, a name or the beginning of a word of it, such as 7 or Marketing;" +
			" call list_audit_log_filters with kind teams for the names valid now"
	case "object":
		return message + "; that is of another kind than event or kind asks for: leave them out, or pass those of the object that is meant"
	case "kind":
		return message + "; accepted: a category of events, such as Webhooks;" +
			" call list_audit_log_filters with kind events for the categories valid now"
	default:
		if reason := NotLoggedHint(e.Want); reason != "" {
			message += "; " + reason
		}
		return message + "; accepted: a value, a label, a whole category or a pattern, such as webhook_created or *_deleted;" +
			" call list_audit_log_filters with kind events for the events valid now"
	}
}

func newNameError(kind, want string, candidates []string, ambiguous bool) *NameError {
	kept := min(len(candidates), maxCandidates)
	return &NameError{
		Kind: kind, Want: want, Ambiguous: ambiguous,
		Candidates: candidates[:kept], More: len(candidates) - kept,
	}
}

// named is something with an id that people call by name.
type named[T any] struct {
	item T
	id   ID
	// address and name are folded; either may be empty.
	address, name string
	// shown is how messages print it.
	shown string
}

// MatchActors returns the one actor that want names: by id, else by address, else
// by full name, else by the beginning of a word of the name or of the address
// before the @. alsoSeen are actors of entries already read, who may have left
// since; for one who is also in the catalog, the catalog's record counts. An
// unknown id (all digits) is returned as an actor with nothing but that id.
// Nothing fitting, or several at the strongest level that fits, is a [NameError].
func (c *Catalog) MatchActors(want string, alsoSeen []Actor) (Actor, error) {
	var people []named[Actor]
	for _, actor := range slices.Concat(c.Users, alsoSeen) {
		people = append(people, named[Actor]{
			item: actor, id: actor.ID,
			address: foldName(actor.Email), name: foldName(actor.Name),
			shown: describe(actor.Name, actor.ID, actor.Email),
		})
	}
	return matchNamed("actor", want, people, func(id ID) Actor { return Actor{ID: id} })
}

// MatchTeam returns the one team that want names: by id, else by full name, else
// by the beginning of a word of the name. An unknown id (all digits) is returned
// as a team with nothing but that id. Nothing fitting, or several at the strongest
// level that fits, is a [NameError].
func (c *Catalog) MatchTeam(want string) (Ref, error) {
	var teams []named[Ref]
	for _, team := range c.Teams {
		teams = append(teams, named[Ref]{
			item: team, id: team.ID, name: foldName(team.Name), shown: describe(team.Name, team.ID, ""),
		})
	}
	return matchNamed("team", want, teams, func(id ID) Ref { return Ref{ID: id} })
}

// MatchEvents returns the events that want names: by value, else by label, else
// all of a category; or, where want holds * (any text) or ? (one character), all
// whose value fits that pattern. They come in the catalog's order, each value
// once. Nothing fitting is a [NameError].
func (c *Catalog) MatchEvents(want string) ([]EventType, error) {
	folded := foldName(Text(want))
	levels := []func(EventType) bool{
		func(e EventType) bool { return foldName(e.Value) == folded },
		func(e EventType) bool { return foldName(e.Label) == folded },
		func(e EventType) bool { return foldName(e.Category) == folded },
	}
	if strings.ContainsAny(folded, "*?") {
		pattern := []rune(folded)
		levels = append(levels, func(e EventType) bool { return matchGlob(pattern, []rune(foldName(e.Value))) })
	}
	if folded == "" {
		levels = nil // else it would name whatever has no label
	}
	for _, fits := range levels {
		var hits []EventType
		seen := map[Text]bool{}
		for _, event := range c.Events {
			if event.Value != "" && !seen[event.Value] && fits(event) {
				seen[event.Value] = true
				hits = append(hits, event)
			}
		}
		if len(hits) > 0 {
			return hits, nil
		}
	}
	return nil, newNameError("event", want, c.nearestEvents(folded), false)
}

// nearestEvents returns what to suggest for an event that is not in the catalog.
func (c *Catalog) nearestEvents(folded string) []string {
	keys := make([][]string, len(c.Events))
	for i, event := range c.Events {
		keys[i] = []string{foldName(event.Value), foldName(event.Label)}
	}
	var shown []string
	for _, i := range nearest(folded, keys) {
		event := c.Events[i]
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

// matchNamed finds the one item that want names, at the strongest level at which
// any item fits. Items without an id cannot be asked for and are passed over; of
// several with the same id the first counts.
func matchNamed[T any](kind, want string, items []named[T], unknown func(ID) T) (T, error) {
	var none T
	items = distinct(items)
	id := ID(strings.TrimSpace(want))
	folded := foldName(Text(want))
	if folded == "" {
		return none, newNameError(kind, want, nil, false)
	}
	for _, item := range items {
		if item.id == id {
			return item.item, nil
		}
	}
	if isDigits(string(id)) {
		return unknown(id), nil
	}
	levels := []func(named[T]) bool{
		func(n named[T]) bool { return n.address == folded },
		func(n named[T]) bool { return n.name == folded },
		func(n named[T]) bool {
			local, _, _ := strings.Cut(n.address, "@")
			return beginsWord(n.name, folded) || beginsWord(local, folded)
		},
	}
	for _, fits := range levels {
		var hits []named[T]
		for _, item := range items {
			if fits(item) {
				hits = append(hits, item)
			}
		}
		switch len(hits) {
		case 0:
			continue
		case 1:
			return hits[0].item, nil
		}
		return none, newNameError(kind, want, shownOf(hits), true)
	}

	// Everyone shares the domain: addresses are alike by what stands before it.
	keys := make([][]string, len(items))
	for i, item := range items {
		local, _, _ := strings.Cut(item.address, "@")
		keys[i] = []string{item.name, local}
	}
	wanted, _, _ := strings.Cut(folded, "@")
	var similar []named[T]
	for _, i := range nearest(wanted, keys) {
		similar = append(similar, items[i])
	}
	return none, newNameError(kind, want, shownOf(similar), false)
}

func distinct[T any](items []named[T]) []named[T] {
	seen := map[ID]bool{"": true}
	return slices.DeleteFunc(items, func(n named[T]) bool {
		if seen[n.id] {
			return true
		}
		seen[n.id] = true
		return false
	})
}

func shownOf[T any](items []named[T]) []string {
	shown := make([]string, len(items))
	for i, item := range items {
		shown[i] = item.shown
	}
	return shown
}

// describe prints what tells one person or team from another.
func describe(name Text, id ID, address Text) string {
	number := string(id)
	if _, ok := id.Integer(); !ok {
		number = Text(id).Quote()
	}
	if address == "" {
		return fmt.Sprintf("%s (id %s)", name.Quote(), number)
	}
	return fmt.Sprintf("%s (id %s, %s)", name.Quote(), number, address.Quote())
}

// foldName folds a name as it is shown, bounded, since what callers ask for is
// what they were shown.
func foldName(t Text) string {
	return Fold(t.Clean())
}

// beginsWord tells whether text, from the beginning of one of its words on, begins
// with prefix, which may itself span words.
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
	return s != "" && span(s, '0', '9') == len(s)
}

// matchGlob tells whether all of s fits a pattern of literal characters, * and ?.
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
