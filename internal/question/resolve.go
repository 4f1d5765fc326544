package question

import (
	"context"
	"errors"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// none asks for what has no team or no actor.
const none = "none"

// Resolve understands a filter. defaultDays is how far back a window reaches that has no beginning. The error joins everything that was not
// understood.
func (r *Resolver) Resolve(ctx context.Context, f Filter, defaultDays int) (*Question, error) {
	organization, err := r.ResolveOrganization(ctx, f.OrganizationID)
	if err != nil {
		return nil, err
	}
	question := &Question{Query: auditlog.Query{Organization: organization.Ref, TargetID: auditlog.Text(f.TargetID)}}
	unclear, err := r.resolveTime(ctx, f, defaultDays, question)
	if err != nil {
		return nil, err
	}
	problems := []error{unclear}
	if len(f.Teams)+len(f.Actors)+len(f.ExcludeActors)+len(f.Events) > 0 || f.Kind != "" {
		unclear, err := r.resolveByCatalog(ctx, f, question)
		if err != nil {
			return nil, err
		}
		problems = append(problems, unclear...)
	}
	unclear, err = r.resolveTarget(ctx, f, &question.Query)
	if err != nil {
		return nil, err
	}
	if problem := errors.Join(append(problems, unclear)...); problem != nil {
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
	if len(q.Query.Events) > 0 && slices.ContainsFunc(f.Events, func(want string) bool { return strings.ContainsAny(want, "*?") }) {
		q.Notes = append(q.Notes, "a pattern stands for those events of Make's catalog that fit it: query.event")
	}
}

// resolveTime fills in the window. unclear is a time or a zone that was not understood, err a read that failed.
func (r *Resolver) resolveTime(ctx context.Context, f Filter, defaultDays int, question *Question) (unclear, err error) {
	if f.Window != nil {
		question.Query.Window = *f.Window
		return nil, nil
	}
	location, err := r.ResolveLocation(ctx, f.Timezone)
	if err != nil {
		return asTimeError(err)
	}
	window, err := r.resolveWindow(ctx, question.Query.Organization.ID,
		WindowRequest{From: f.From, To: f.To, Location: location, DefaultDays: defaultDays})
	if err != nil {
		return asTimeError(err)
	}
	question.Query.Window, question.Notes = window.Window, window.Notes
	return nil, nil
}

// asTimeError parts what was not understood from what failed.
func asTimeError(err error) (unclear, failed error) {
	var unread *TimeError
	if errors.As(err, &unread) {
		return err, nil
	}
	return nil, err
}

// resolveByCatalog fills in what the catalog has names of. problems are names that fit nothing, or several things; err is a catalog that
// cannot be read.
func (r *Resolver) resolveByCatalog(ctx context.Context, f Filter, question *Question) (problems []error, err error) {
	q := &question.Query
	catalog, err := r.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return nil, err
	}
	teams, noTeam, unclear := matchAll(f.Teams, func(want string) (auditlog.Ref, error) { return MatchTeam(catalog, want) })
	q.Teams, q.NoTeam, problems = teams, noTeam, append(problems, unclear...)

	people := peopleMatcher{resolver: r, catalog: catalog, query: q, observed: r.Directory.ObservedActors(ctx, q.Organization.ID)}
	match := func(want string) (auditlog.Actor, error) { return people.match(ctx, want) }
	actors, system, unclear := matchAll(f.Actors, match)
	q.Actors, q.System, problems = actors, system, append(problems, unclear...)
	actors, system, unclear = matchAll(f.ExcludeActors, match)
	q.ExcludeActors, q.ExcludeSystem, problems = actors, system, append(problems, unclear...)

	if len(f.Events) > 0 || f.Kind != "" {
		problems = append(problems, resolveEvents(withObserved(catalog, r.Directory.ObservedEvents(ctx, q.Organization.ID)), f,
			question)...)
	}
	if len(problems) > 0 && catalog.Recalled != nil {
		problems = append(problems, catalog.Recalled)
	}
	return problems, nil
}

// matchAll matches each name; hasNone reports whether one of them asks for what has no such thing.
func matchAll[T comparable](wanted []string, match func(want string) (T, error)) (found []T, hasNone bool, problems []error) {
	for _, want := range wanted {
		if auditlog.Fold(want) == none {
			hasNone = true
			continue
		}
		item, err := match(want)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		found = appendOnce(found, item)
	}
	return found, hasNone, problems
}

// resolveEvents fills in the events, by a kind of object or by themselves.
func resolveEvents(catalog *auditlog.Catalog, f Filter, question *Question) (problems []error) {
	q := &question.Query
	if f.Kind != "" {
		kind, events, err := MatchKind(catalog, f.Kind)
		if err != nil {
			problems = append(problems, err)
		}
		question.Kind, q.Events = kind, events
	}
	for _, want := range f.Events {
		if strings.Trim(want, "* ") == "" && want != "" {
			q.Events = nil // every event, those included that no catalog has
			break
		}
		events, err := MatchEvents(catalog, want)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		q.Events = appendOnce(q.Events, events...)
	}
	return problems
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

// resolveTarget finds an object that is asked for by name, where names are known. unclear is a name that fits several.
func (r *Resolver) resolveTarget(ctx context.Context, f Filter, q *auditlog.Query) (unclear, err error) {
	namer, ok := r.Directory.(auditlog.TargetNamer)
	if !ok || f.TargetID == "" {
		return nil, nil
	}
	named, err := namedTargets(ctx, namer, q.Organization.ID, f.TargetID)
	if err != nil {
		return nil, err
	}
	target, found, unclear := MatchTarget(f.TargetID, named, q.Events)
	if !found {
		return unclear, nil
	}
	q.TargetID = target.ID
	// Objects of other kinds may have the id as well.
	among := q.Events
	if len(among) == 0 {
		catalog, err := r.fullCatalog(ctx, q.Organization.ID)
		if err != nil {
			return nil, err
		}
		among = catalog.Events
	}
	q.Events = nil
	for _, event := range among {
		if target.Has(event) {
			q.Events = append(q.Events, event)
		}
	}
	return nil, nil
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
