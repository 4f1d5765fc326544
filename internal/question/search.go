package question

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Search is what the words of a search were taken for.
type Search struct {
	// Filter names people and teams by id, and events by value.
	Filter Filter
	// NotUnderstood are the words that narrow nothing, as they were written.
	NotUnderstood []string
	// Notes say which of them name what is not logged.
	Notes []string
	// IsCrossed reports that several things done were taken for each of several sorts of object: webhooks deleted and keys created are
	// four events then.
	IsCrossed bool
}

// Understand takes words for a filter, as far as it goes: times as [WindowRequest] has them, with since, until, between and not before
// them; whole names and addresses of people and teams, or one word of them, for all who have it; ids of people and teams; events by value,
// label, category or verb (deleted, deletions); the id of an object behind what sort of object it is. Words that only join others say
// nothing; all others are returned.
func (r *Resolver) Understand(ctx context.Context, text string) (*Search, error) {
	words := searchWords(text)
	organizations, err := r.Directory.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	named := organizationIn(organizations, words)
	organization, err := r.ResolveOrganization(ctx, named)
	if err != nil {
		return nil, err
	}
	location, err := r.ResolveLocation(ctx, "")
	if err != nil {
		return nil, err
	}
	catalog, err := r.fullCatalog(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	read := func() *search {
		s := &search{
			catalog: catalog, people: peopleIn(catalog, r.Directory.ObservedActors(ctx, organization.ID)),
			teams: teamsIn(catalog, r.Directory.ObservedTeams(ctx, organization.ID)), organization: organization.Ref,
			time: timeParser{argument: "from", now: r.Directory.Now().In(location), weekStart: r.WeekStart},
		}
		s.Filter.OrganizationID = organization.ID
		s.read(words)
		return s
	}
	found := read()
	if len(found.NotUnderstood) > 0 { // perhaps people who have left
		recent := auditlog.Query{Organization: organization.Ref,
			Window: auditlog.Window{From: r.Directory.Now().AddDate(0, 0, -leaverDays), To: r.Directory.Now(), Location: location}}
		if r.readNewest(ctx, &recent) {
			found = read()
		}
	}
	return &found.Search, nil
}

// leaverDays is how far back people are looked for whom the catalog does not know.
const leaverDays = 90

// maxPhrase is the most words that are taken for one name.
const maxPhrase = 6

// searchWords are the words of a search without the punctuation around them.
func searchWords(text string) []string {
	var words []string
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, `.,;:!?"'()[]“”„‘’«»`)
		for _, possessive := range []string{"'s", "’s"} {
			word = strings.TrimSuffix(word, possessive)
		}
		if word != "" {
			words = append(words, word)
		}
	}
	return words
}

// organizationIn is the organization that words name, by its id behind the word organization or by its whole name; empty if they do not.
func organizationIn(organizations []auditlog.Organization, words []string) auditlog.ID {
	for _, organization := range organizations {
		name := searchWords(auditlog.Fold(organization.Name.Clean()))
		for i := range words {
			isNamed := len(name) > 0 && i+len(name) <= len(words) &&
				auditlog.Fold(strings.Join(words[i:i+len(name)], " ")) == strings.Join(name, " ")
			isNumbered := i > 0 && isOrganization(words[i-1]) && auditlog.ID(words[i]) == organization.ID
			if isNamed || isNumbered {
				return organization.ID
			}
		}
	}
	return ""
}

func isOrganization(word string) bool {
	return slices.Contains([]string{"organization", "organisation", "org"}, auditlog.Fold(word))
}

// search reads words from left to right; at each place the most words that are one name count.
type search struct {
	Search
	catalog      *auditlog.Catalog
	people       *lookup[auditlog.Actor]
	teams        *lookup[auditlog.Ref]
	organization auditlog.Ref
	time         timeParser

	// before is what the next name is, as words before it say: one of the constants below, or a word for a time that has no filter.
	before string
	// team is the word that said that the next name is a team's.
	team string
	// not is the word that has the next name left out, and wasNot that of the last one, which holds for a name joined to it.
	not, wasNot string

	// objects and verbs are the events that the words name, by what they are done to and by what is done; unmet are the words of the verbs.
	objects, verbs []auditlog.Event
	sorts          int // of objects that were named
	unmet          []string
}

// What a name is.
const (
	asFrom    = "from"
	asTo      = "to"
	asBetween = "between"
	asTeam    = "team"
	asActor   = "actor"
	asObject  = "object" // its number may be a year all the same
	asID      = "id"
)

func (s *search) read(words []string) {
	for len(words) > 0 {
		count := s.take(words)
		if count == 0 {
			s.miss(words[0])
			count = 1
		}
		words = words[count:]
	}
	s.passOverTeam()
	if s.settle(); s.not != "" {
		s.miss("")
	}
	s.joinEvents()
}

// miss notes a word that is not understood, with the words that say what it is for.
func (s *search) miss(word string) {
	if s.isUnfiltered() {
		word, s.before = s.before+" "+word, ""
	}
	if s.not != "" {
		word = s.not + " " + word
	}
	s.before, s.not, s.wasNot = "", "", ""
	s.NotUnderstood = appendOnce(s.NotUnderstood, auditlog.Text(strings.TrimSpace(word)).Clean())
	if hint := NotListedHint(s.catalog, word); hint != "" {
		s.Notes = appendOnce(s.Notes, hint)
	}
}

// isUnfiltered reports whether the word before is one of a time that no filter has: its end is not where from begins, nor to ends.
func (s *search) isUnfiltered() bool { return s.before == "before" || s.before == "after" }

// passOverTeam notes the word for a team that no name belongs to: teams created, but not the team Sales, nor the Sales team.
func (s *search) passOverTeam() {
	if s.before == asTeam && len(s.Filter.Teams) == 0 {
		s.NotUnderstood = appendOnce(s.NotUnderstood, s.team)
	}
}

// settle forgets what the next name is, now that it was found.
func (s *search) settle() {
	if s.isUnfiltered() {
		s.NotUnderstood = appendOnce(s.NotUnderstood, s.before)
	}
	s.before = ""
}

// take understands what the words begin with, and returns how many of them that are; 0 if they are not understood.
func (s *search) take(words []string) int {
	for count := min(len(words), maxPhrase); count > 0; count-- {
		phrase := strings.Join(words[:count], " ")
		folded := auditlog.Fold(phrase)
		isName := slices.Contains([]string{asTeam, asActor, asID}, s.before)
		switch {
		case isName && (s.takeName(phrase, folded, count == 1) || count == 1 && s.takeID(folded)):
		case count == 1 && s.isConnective(folded):
		case s.takeTime(phrase):
		case s.takeName(phrase, folded, count == 1), count == 1 && s.takeID(folded):
		default:
			continue
		}
		return count
	}
	return 0
}

// isConnective takes words that only say what others are for.
func (s *search) isConnective(word string) bool {
	switch word {
	case "and", "or", "nor":
		s.not = cmp.Or(s.not, s.wasNot)
		return true
	case "since", "from", "starting":
		s.before = asFrom
	case "until", "till", "through", "to", "-", "–", "—":
		s.before = asTo
	case "between", "before", "after":
		s.before = word
	case "not", "no", "except", "excluding", "without", "but", "never":
		s.not = word
	case "team", "teams":
		s.before, s.team = asTeam, word
	case "user", "users", "person", "people", "by", "actor", "actors":
		s.before = asActor
	case "id", "object", "target":
		if s.before != asTeam && s.before != asActor {
			s.before = asID
		}
	default:
		return isOrganization(word) || slices.Contains(fillers(), word)
	}
	s.wasNot = ""
	return true
}

// fillers are words that say nothing of which entries are meant.
func fillers() []string {
	return strings.Fields("a about across activities activity actions all an any anybody anyone are around as at audit be been can changelog " +
		"did do does done during entries entry event events ever every everybody everyone everything find for get give got had happened has " +
		"have how i in is it its last latest list log logs make make.com many me most much my new newest of on one our please recent recently show " +
		"some somebody someone something tell that the their them there these they this those us was we were what when where which who whom " +
		"whose why with within you your")
}

// takeTime takes a time where the words before it say what it is: since, until or between; or where it is a period or a time back from now.
func (s *search) takeTime(phrase string) bool {
	phrase = withMonthName(phrase)
	s.time.value = phrase
	at, err := s.time.parse()
	if err != nil || slices.Contains([]string{"now", all}, strings.ToLower(phrase)) || len(phrase) != 4 && isDigits(phrase) {
		return false
	}
	f := &s.Filter
	isBack := relativeTime().MatchString(strings.ToLower(phrase))
	isDay := isBack && strings.HasSuffix(strings.ToLower(phrase), "ago") // what was then, not what was since
	s.passOverTeam()
	before := s.before
	s.wasNot = ""
	switch {
	case s.not != "", s.isUnfiltered():
		s.miss(phrase)
		return true
	case before == asTo && f.To == "":
		if f.Period != "" { // the first of two
			f.From, f.Period = f.Period, ""
		}
		f.To = phrase
	case f.From+f.Period+f.To != "":
		s.miss(phrase) // a second one
		return true
	case before == asBetween:
		f.From, s.before = phrase, asTo
		return true
	case before == asFrom, isBack && !isDay:
		f.From = phrase
	case at.isPeriod:
		f.Period = phrase
	default:
		s.miss(phrase)
		return true
	}
	s.settle()
	return true
}

// withMonthName writes a date or a month with its name in digits.
func withMonthName(phrase string) string {
	for layout, digits := range map[string]string{
		"January 2006": "2006-01", "Jan 2006": "2006-01",
		"2 January 2006": time.DateOnly, "2 Jan 2006": time.DateOnly, "January 2 2006": time.DateOnly, "Jan 2 2006": time.DateOnly,
		"January 2, 2006": time.DateOnly, "Jan 2, 2006": time.DateOnly,
	} {
		if at, err := time.Parse(layout, phrase); err == nil {
			return at.Format(digits)
		}
	}
	return phrase
}

// takeName takes a name: of events, unless a word before it says that it is a person's or a team's, else of people and teams.
func (s *search) takeName(phrase, folded string, isWord bool) bool {
	events := func() bool { return s.takeEvents(phrase, folded, isWord) }
	actors := func() bool {
		return takeNamed(s, s.people, folded, isWord, &s.Filter.Actors, &s.Filter.ExcludeActors)
	}
	teams := func() bool { return takeNamed(s, s.teams, folded, isWord, &s.Filter.Teams, nil) }
	// Nobody takes the system's place by a word in a name.
	system := func() bool {
		return folded == "system" && s.add(&s.Filter.Actors, &s.Filter.ExcludeActors, []string{folded})
	}
	organization := func() bool { return folded == auditlog.Fold(s.organization.Name.Clean()) }
	order := []func() bool{events, system, actors, teams, organization}
	switch s.before {
	case asActor:
		order = []func() bool{system, actors, teams, events}
	case asTeam:
		order = []func() bool{teams, events, actors}
	}
	for _, take := range order {
		if take() {
			return true
		}
	}
	return false
}

// takeNamed takes the whole name or the address of people or teams; one word also for one word of their names.
func takeNamed[T any](s *search, in *lookup[T], folded string, isWord bool, to, except *[]string) bool {
	ids := func(fits func(named[T]) bool) (found []string) {
		for _, item := range in.items {
			if fits(item) {
				found = append(found, string(item.id))
			}
		}
		return found
	}
	found := ids(func(n named[T]) bool { return n.name.folded == folded || n.address.folded == folded })
	if len(found) == 0 && isWord && (s.before == asActor || s.before == asTeam || !s.isVerb(folded)) {
		found = ids(func(n named[T]) bool {
			all := words(n.name.folded)
			return slices.Contains(all[:min(len(all), maxPhrase)], folded) // a name may be whole sentences
		})
	}
	return len(found) > 0 && s.add(to, except, found)
}

// add adds to what is searched for, or to what is left out; where nothing can be left out, the words are not understood.
func (s *search) add(to, except *[]string, found []string) bool {
	if s.not != "" {
		to = except
	}
	if to == nil {
		return false
	}
	*to = appendOnce(*to, found...)
	s.not, s.wasNot = "", s.not
	s.settle()
	return true
}

// takeEvents takes the name of events or of a category, or what was done to whatever it may be.
func (s *search) takeEvents(phrase, folded string, isWord bool) bool {
	found := eventsNamed(s.catalog, phrase)
	if len(found) > 0 {
		if s.not != "" {
			return s.add(nil, &s.Filter.ExcludeEvents, valuesIn(found))
		}
		s.settle()
		s.wasNot = ""
		s.objects = append(s.objects, found...)
		s.sorts++
		s.before = asObject
		return true
	}
	if !isWord || s.not != "" {
		return false
	}
	found = s.doneAs(folded)
	if len(found) > 0 {
		s.passOverTeam()
		s.verbs = append(s.verbs, found...)
		s.unmet = append(s.unmet, phrase)
		s.settle()
		s.wasNot = ""
	}
	return len(found) > 0
}

// doneAs are the events that a verb names in one of its forms.
func (s *search) doneAs(verb string) (found []auditlog.Event) {
	for _, event := range s.catalog.Events {
		if verbStem(event.Verb()) == verbStem(verb) {
			found = append(found, event)
		}
	}
	return found
}

func (s *search) isVerb(folded string) bool { return len(s.doneAs(folded)) > 0 }

// verbStem is what the forms of a verb share: deleted, deletes, deleting, deletion; changed and edited are updated.
func verbStem(word string) string {
	for _, ending := range strings.Fields("izations ization ations ation ions ing ion als ied al es ed e s") {
		if stem, ok := strings.CutSuffix(word, ending); ok && len(stem) >= 3 {
			word = stem
			break
		}
	}
	switch word = strings.TrimSuffix(strings.TrimSuffix(word, "at"), "iz"); word {
	case "chang", "edit", "modif", "modific", "modify":
		return "upd"
	case "use", "uses", "using":
		return "used"
	}
	return word
}

// takeID takes the number of a person, a team or an object.
func (s *search) takeID(word string) bool {
	id := auditlog.ID(word)
	if !isDigits(word) {
		return false
	}
	isPerson := slices.ContainsFunc(s.people.items, func(n named[auditlog.Actor]) bool { return n.id == id })
	isTeam := slices.ContainsFunc(s.teams.items, func(n named[auditlog.Ref]) bool { return n.id == id })
	switch {
	case id == s.organization.ID:
		return true
	case (s.before == asObject || s.before == asID) && s.not == "" && s.Filter.TargetID == "":
		s.Filter.TargetID = word
		s.settle()
		return true
	case isPerson && s.before != asTeam:
		return s.add(&s.Filter.Actors, &s.Filter.ExcludeActors, []string{word})
	case isTeam:
		return s.add(&s.Filter.Teams, nil, []string{word})
	}
	return false
}

// joinEvents makes one filter of objects and verbs: who names both asks for what was done to these. A verb that none of the objects knows
// is not understood.
func (s *search) joinEvents() {
	objects, verbs := valuesIn(s.objects), valuesIn(s.verbs)
	switch {
	case len(objects) == 0:
		s.Filter.Events = appendOnce(nil, verbs...)
	case len(verbs) == 0:
		s.Filter.Events = appendOnce(nil, objects...)
	default:
		both := slices.DeleteFunc(appendOnce(nil, objects...), func(value string) bool { return !slices.Contains(verbs, value) })
		if len(both) == 0 {
			s.NotUnderstood = appendOnce(s.NotUnderstood, s.unmet...)
			both = appendOnce(nil, objects...)
		}
		s.Filter.Events = both
		s.IsCrossed = s.sorts > 1 && len(s.unmet) > 1
	}
}

func valuesIn(events []auditlog.Event) []string {
	return mapAll(events, func(e auditlog.Event) string { return string(e.Value) })
}

// IsBlind reports whether what would be found is something else than what is asked for: words were not understood, and none was but times;
// or they name what is known not to be logged.
func (s *Search) IsBlind() bool {
	f := s.Filter
	return len(s.Notes) > 0 || len(s.NotUnderstood) > 0 && f.TargetID == "" &&
		len(f.Teams)+len(f.Actors)+len(f.ExcludeActors)+len(f.Events)+len(f.ExcludeEvents) == 0
}
