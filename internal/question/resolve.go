package question

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Directory is what has to be known around the log to understand a question.
type Directory interface {
	auditlog.Accounts
	auditlog.Catalogs
	auditlog.People
	auditlog.Freshness
}

// Resolver understands the questions of one credential.
type Resolver struct {
	Reader    auditlog.Reader
	Directory Directory
	Cursors   *Sealer
	// Organization is the one that questions are about when they name none; empty if none is set.
	Organization auditlog.ID
	// Location is the zone in which days are meant; nil means the user's.
	Location *time.Location
	// WeekStart is where weeks begin.
	WeekStart WeekStart

	ends openEnds
}

// Filter is a question's narrowing, as it was asked.
type Filter struct {
	OrganizationID auditlog.ID
	Teams          []string
	Actors         []string
	ExcludeActors  []string
	Events         []string
	ExcludeEvents  []string
	// Kind is a kind of object instead of Events: a category.
	Kind     string
	TargetID string
	// From and To, or Period instead of both, are a window as [WindowRequest] has it.
	From, To, Period string
	Timezone         string
	// Window, if set, is what From, To, Period and Timezone became before.
	Window *auditlog.Window
}

// Question is a filter that was understood.
type Question struct {
	Query auditlog.Query
	// Kind is the kind of object, in the catalog's words; empty if none was named.
	Kind auditlog.Text
	// AsOf is the window's end where that is when the log was last read, and not the moment of asking; else zero.
	AsOf time.Time
	// Notes say what was understood in a way that may surprise.
	Notes []string

	// unknown are ids that nothing known had when the filter was understood.
	unknown []unknownID
	// named are the events that each word of the filter names.
	named [][]auditlog.Event
}

// Resolve understands a filter. defaultDays is how far back a window reaches that has no beginning. The error joins everything that was not
// understood.
func (r *Resolver) Resolve(ctx context.Context, f Filter, defaultDays int) (*Question, error) {
	organization, err := r.ResolveOrganization(ctx, f.OrganizationID)
	if err != nil {
		return nil, err
	}
	question := &Question{Query: auditlog.Query{Organization: organization.Ref, TargetID: auditlog.Text(f.TargetID)}}
	var problems []error
	for _, resolve := range []func() error{
		func() error { return r.resolveTime(ctx, f, defaultDays, question) },
		func() error { return r.resolveByCatalog(ctx, f, question) },
		func() error { return r.resolveTarget(ctx, f, &question.Query) },
	} {
		err := resolve()
		var unread *TimeError
		var unmatched *NameError
		if err != nil && !errors.As(err, &unread) && !errors.As(err, &unmatched) {
			return nil, err // it failed, whatever else was not understood
		}
		problems = append(problems, err)
	}
	if problem := errors.Join(problems...); problem != nil {
		return nil, problem
	}
	question.note(f)
	return question, nil
}

// note says what was understood in a way that may surprise.
func (q *Question) note(f Filter) {
	if found := q.Query.TargetID; string(found) != f.TargetID {
		q.Notes = append(q.Notes, "target_id "+auditlog.Text(f.TargetID).Quote()+" is the name of object "+found.Quote()+
			": query.event has what it is")
	}
}

// resolveTime fills in the window.
func (r *Resolver) resolveTime(ctx context.Context, f Filter, defaultDays int, question *Question) error {
	if f.Window != nil {
		question.Query.Window = *f.Window
		return nil
	}
	location, err := r.ResolveLocation(ctx, f.Timezone)
	if err != nil {
		return err
	}
	window, err := r.resolveWindow(ctx, question.Query.Organization.ID,
		WindowRequest{From: f.From, To: f.To, Period: f.Period, Location: location, WeekStart: r.WeekStart, DefaultDays: defaultDays})
	question.Query.Window, question.AsOf, question.Notes = window.Window, window.AsOf, window.Notes
	return err
}

// resolveByCatalog fills in what the catalog has names of.
func (r *Resolver) resolveByCatalog(ctx context.Context, f Filter, question *Question) error {
	if len(f.Teams)+len(f.Actors)+len(f.ExcludeActors)+len(f.Events)+len(f.ExcludeEvents) == 0 && f.Kind == "" {
		return nil
	}
	q := &question.Query
	catalog, err := r.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return err
	}
	people := peopleIn(catalog, r.Directory.ObservedActors(ctx, q.Organization.ID))
	teams := teamsIn(catalog, r.Directory.ObservedTeams(ctx, q.Organization.ID))
	hasRead := !q.Window.From.Before(q.Window.To) // then there is nothing to read
	readMore := func() bool {
		if hasRead || !r.readNewest(ctx, q) {
			return false
		}
		hasRead = true
		people = peopleIn(catalog, r.Directory.ObservedActors(ctx, q.Organization.ID))
		teams = teamsIn(catalog, r.Directory.ObservedTeams(ctx, q.Organization.ID))
		return true
	}
	var ofTeams, ofActors, ofExcluded, ofEvents error
	q.Teams, q.NoTeam, ofTeams = takeAll(question, "team", f.Teams, &teams, readMore)
	q.Actors, q.System, ofActors = takeAll(question, "actor", f.Actors, &people, readMore)
	q.ExcludeActors, q.ExcludeSystem, ofExcluded = takeAll(question, "exclude_actor", f.ExcludeActors, &people, readMore)
	if len(f.Events)+len(f.ExcludeEvents) > 0 || f.Kind != "" {
		ofEvents = resolveEvents(withObserved(catalog, r.Directory.ObservedEvents(ctx, q.Organization.ID)), f, question)
	}
	problem := errors.Join(ofTeams, ofActors, ofExcluded, ofEvents)
	if problem != nil && catalog.Recalled != nil {
		return errors.Join(problem, catalog.Recalled)
	}
	return problem
}

// readNewest reads the newest entries of a query's window for who acted in them, and where, once a name or a number is not known: people
// who have left and teams that are gone are in no catalog. It reports whether they could be read; if not, the name stays unknown, which is
// said.
func (r *Resolver) readNewest(ctx context.Context, q *auditlog.Query) bool {
	const enough = 1000 // about a page of Make's
	count := 0
	recent := auditlog.Query{Organization: q.Organization, Window: q.Window, Want: enough}
	_, err := r.Reader.Read(ctx, recent, func(*auditlog.Entry) bool {
		count++
		return count < enough
	})
	return err == nil
}

// none is the word for entries without an actor or a team.
const none = "none"

// isNone reports whether a word asks for entries without what the argument is about; whoever asks for the system means no person whose name
// begins so.
func isNone(argument, want string) bool {
	folded := auditlog.Fold(want)
	return folded == none || folded == "system" && strings.HasSuffix(argument, "actor")
}

// takeAll finds what each word of an argument names; hasNone reports whether one of them asks for what has no such thing. readMore adds to
// what names are looked up in, where that is possible.
func takeAll[T comparable](question *Question, argument string, wanted []string, in **lookup[T], readMore func() bool) (
	items []T, hasNone bool, problem error) {
	var namesakes []string
	word := none
	for _, want := range wanted {
		if isNone(argument, want) {
			hasNone, word = true, auditlog.Fold(want)
			namesakes = appendOnce(namesakes, (*in).calledSo(want, "")...)
			continue
		}
		found, err := (*in).match(want)
		if found.mayChange && readMore() {
			found, err = (*in).match(want)
		}
		if err != nil {
			problem = errors.Join(problem, err)
			continue
		}
		if found.isUnknown {
			question.unknown = append(question.unknown, unknownID{argument, auditlog.ID(strings.TrimSpace(want))})
		}
		namesakes = appendOnce(namesakes, found.namesakes...)
		items = appendOnce(items, found.item)
	}
	if len(namesakes) > 0 {
		question.Notes = append(question.Notes, argument+": ids and the word "+word+" count before names; also called so: "+listed(namesakes)+
			"; to ask for that, pass its id")
	}
	return items, hasNone, problem
}

// unknownID is an id that an argument has and nothing known has.
type unknownID struct {
	argument string
	id       auditlog.ID
}

// Unfound says of which ids of a question nothing is known even now that its answer was read: they find nothing, and a mistyped one must
// not pass for a person who did nothing.
func (r *Resolver) Unfound(ctx context.Context, question *Question) []string {
	if len(question.unknown) == 0 {
		return nil
	}
	seen := map[unknownID]bool{}
	for _, actor := range r.Directory.ObservedActors(ctx, question.Query.Organization.ID) {
		seen[unknownID{"actor", actor.ID}], seen[unknownID{"exclude_actor", actor.ID}] = true, true
	}
	for _, team := range r.Directory.ObservedTeams(ctx, question.Query.Organization.ID) {
		seen[unknownID{"team", team.ID}] = true
	}
	unfound := map[string][]string{}
	for _, unknown := range question.unknown {
		if !seen[unknown] {
			unfound[unknown.argument] = appendOnce(unfound[unknown.argument], auditlog.Text(unknown.id).Quote())
		}
	}
	var notes []string
	for _, argument := range slices.Sorted(maps.Keys(unfound)) {
		notes = append(notes, argument+" "+listed(unfound[argument])+" fits nothing: neither Make's list nor any entry that was read so far "+
			"has it as an id or a name")
	}
	return notes
}

// resolveEvents fills in the events, by a kind of object or by themselves.
func resolveEvents(catalog *auditlog.Catalog, f Filter, question *Question) (problem error) {
	q := &question.Query
	var named [][]auditlog.Event
	if !slices.ContainsFunc(f.Events, isEveryEvent) { // those included that no catalog has
		named, problem = matchEach(catalog, f.Events)
	}
	if f.Kind != "" {
		kind, events, unmatched := MatchKind(catalog, f.Kind)
		question.Kind, named = kind, append(named, events)
		problem = errors.Join(problem, unmatched)
	}
	question.named = named
	question.Notes = append(question.Notes, question.NotesOnLate(q.Window.From)...)
	q.Events = appendOnce(nil, slices.Concat(named...)...)
	if slices.ContainsFunc(f.ExcludeEvents, isEveryEvent) {
		return errors.Join(problem, &NameError{What: "exclude_event", Want: "*"})
	}
	excluded, unmatched := matchEach(catalog, f.ExcludeEvents)
	q.ExcludeEvents = appendOnce(nil, slices.Concat(excluded...)...)
	return errors.Join(problem, unmatched)
}

// isEveryEvent reports whether a pattern fits whatever there is.
func isEveryEvent(want string) bool { return want != "" && strings.Trim(want, "* ") == "" }

// matchEach returns the events that each of the words names.
func matchEach(catalog *auditlog.Catalog, wanted []string) (named [][]auditlog.Event, problem error) {
	for _, want := range wanted {
		found, err := MatchEvents(catalog, want)
		problem = errors.Join(problem, err)
		named = append(named, found)
	}
	return named, problem
}

// ResolveKind understands a kind of object.
func (r *Resolver) ResolveKind(ctx context.Context, organization auditlog.ID, want string) (auditlog.Text, []auditlog.Event, error) {
	catalog, err := r.fullCatalog(ctx, organization)
	if err != nil {
		return "", nil, err
	}
	return MatchKind(catalog, want)
}

// fullCatalog returns the catalog with the events that were read and that it lacks.
func (r *Resolver) fullCatalog(ctx context.Context, organization auditlog.ID) (*auditlog.Catalog, error) {
	catalog, err := r.Directory.Catalog(ctx, organization)
	if err != nil {
		return nil, err
	}
	return withObserved(catalog, r.Directory.ObservedEvents(ctx, organization)), nil
}

func withObserved(catalog *auditlog.Catalog, observed []auditlog.Text) *auditlog.Catalog {
	full := *catalog
	full.Events = slices.Clone(catalog.Events)
	for _, value := range observed {
		if !slices.ContainsFunc(catalog.Events, func(e auditlog.Event) bool { return e.Value == value }) {
			full.Events = append(full.Events, auditlog.Event{Value: value})
		}
	}
	return &full
}

// resolveTarget finds an object that is asked for by name, where names are known.
func (r *Resolver) resolveTarget(ctx context.Context, f Filter, q *auditlog.Query) error {
	namer, ok := r.Directory.(auditlog.TargetNamer)
	if !ok || f.TargetID == "" {
		return nil
	}
	named, err := namedTargets(ctx, namer, q.Organization.ID, f.TargetID)
	if err != nil {
		return err
	}
	target, found, err := MatchTarget(f.TargetID, named, q.Events)
	if !found {
		return err
	}
	q.TargetID = target.ID
	// Objects of other kinds may have the id as well.
	among := q.Events
	if len(among) == 0 {
		catalog, err := r.fullCatalog(ctx, q.Organization.ID)
		if err != nil {
			return err
		}
		among = catalog.Events
	}
	q.Events = nil
	for _, event := range among {
		if target.Has(event) {
			q.Events = append(q.Events, event)
		}
	}
	return nil
}
