package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Service answers questions with one credential.
type Service struct {
	Reader    auditlog.Reader
	Directory auditlog.Directory
	Cursors   *Sealer
	// Organization is the one that questions are about when they name none;
	// empty if none is set.
	Organization auditlog.ID
	// Location is the zone in which days are meant; nil means the user's.
	Location *time.Location
}

// OrganizationError says that it is not clear, or not possible, which
// organization a question is about.
type OrganizationError struct {
	Problem string
	Known   []auditlog.Organization
}

func (e *OrganizationError) Error() string {
	known := make([]string, 0, len(e.Known))
	for _, organization := range e.Known {
		where := ""
		if !organization.Here {
			where = ", in zone " + organization.Zone.Clean()
		}
		if len(known) == 20 {
			known = append(known, fmt.Sprintf("and %d more", len(e.Known)-20))
			break
		}
		known = append(known, fmt.Sprintf("%s (%s%s)", auditlog.Text(organization.ID), organization.Name.Quote(), where))
	}
	list := "none is visible with this key"
	if len(known) > 0 {
		list = "visible with this key: " + strings.Join(known, "; ")
	}
	return "organization_id: " + e.Problem + "; " + list
}

// ResolveOrganization finds the organization that a question is about: the one
// named, else the default, else the only one there is.
func (s *Service) ResolveOrganization(ctx context.Context, id auditlog.ID) (auditlog.Organization, error) {
	all, err := s.Directory.Organizations(ctx)
	if err != nil {
		return auditlog.Organization{}, err
	}
	asked := id
	if asked == "" {
		asked = s.Organization
	}
	if asked == "" {
		return s.onlyOrganization(ctx, all)
	}
	for _, organization := range all {
		if organization.ID != asked {
			continue
		}
		if !organization.Here {
			return auditlog.Organization{}, &OrganizationError{Problem: fmt.Sprintf("organization %s lives in another zone; set MAKE_ZONE to that zone, with a key of that zone", asked), Known: all}
		}
		return organization, nil
	}
	problem := fmt.Sprintf("organization %s is not visible with this key", auditlog.Text(asked).Quote())
	if id == "" {
		problem += " (it is the default, from MAKE_ORGANIZATION_ID)"
	}
	return auditlog.Organization{}, &OrganizationError{Problem: problem, Known: all}
}

// maxProbed bounds the organizations that are asked to find the only one whose
// log can be read.
const maxProbed = 5

// onlyOrganization finds the one organization that a question can be about: the
// only one in this zone, or the only one there whose log can be read.
func (s *Service) onlyOrganization(ctx context.Context, all []auditlog.Organization) (auditlog.Organization, error) {
	here := slices.DeleteFunc(slices.Clone(all), func(o auditlog.Organization) bool { return !o.Here })
	switch {
	case len(here) == 0:
		return auditlog.Organization{}, &OrganizationError{Problem: "this key sees no organization in this zone", Known: all}
	case len(here) == 1:
		return here[0], nil
	case len(here) > maxProbed:
		return auditlog.Organization{}, &OrganizationError{Problem: "several organizations are visible, so name one", Known: here}
	}
	var readable []auditlog.Organization
	for _, organization := range here {
		access, err := s.Directory.Access(ctx, organization.ID)
		if err != nil {
			return auditlog.Organization{}, err
		}
		if access.Readable() {
			readable = append(readable, organization)
		}
	}
	if len(readable) == 1 {
		return readable[0], nil
	}
	return auditlog.Organization{}, &OrganizationError{Problem: "several organizations are visible, so name one", Known: here}
}

// ResolveLocation finds the zone in which a question means days: the one named,
// else the service's, else that of the key's user, else UTC.
func (s *Service) ResolveLocation(ctx context.Context, name string) (*time.Location, error) {
	if name != "" {
		return auditlog.ParseLocation(name)
	}
	if s.Location != nil {
		return s.Location, nil
	}
	account, err := s.Directory.Account(ctx)
	if err != nil {
		return nil, err
	}
	// A zone that this machine does not know is no reason to fail.
	if location, err := auditlog.ParseLocation(account.Timezone); err == nil {
		return location, nil
	}
	return time.UTC, nil
}

// Filter is a question's narrowing, as it was asked.
type Filter struct {
	OrganizationID auditlog.ID
	Teams          []string
	Actors         []string
	ExcludeActors  []string
	Events         []string
	// Kind is a kind of object instead of Events: a category.
	Kind     string
	TargetID string
	From, To string
	Timezone string
}

// Question is a filter that was understood.
type Question struct {
	Query auditlog.Query
	// Kind is the kind of object, in the catalog's words; empty if none was named.
	Kind auditlog.Text
	// Notes say what was understood in a way that may surprise.
	Notes []string
}

// none asks for what has no team or no actor.
const none = "none"

// Resolve understands a filter. defaultDays is how far back a window reaches
// that has no beginning. The error joins everything that was not understood.
func (s *Service) Resolve(ctx context.Context, f Filter, defaultDays int) (*Question, error) {
	organization, err := s.ResolveOrganization(ctx, f.OrganizationID)
	if err != nil {
		return nil, err
	}
	question := &Question{Query: auditlog.Query{Organization: organization.Ref, TargetID: auditlog.Text(f.TargetID)}}
	var problems []error

	location, err := s.ResolveLocation(ctx, f.Timezone)
	if err != nil {
		var unread *auditlog.TimeError
		if !errors.As(err, &unread) {
			return nil, err
		}
		problems = append(problems, err)
	} else {
		window, err := s.resolveWindow(ctx, organization.ID, auditlog.WindowRequest{From: f.From, To: f.To, Location: location, DefaultDays: defaultDays})
		var unread *auditlog.TimeError
		switch {
		case errors.As(err, &unread):
			problems = append(problems, err)
		case err != nil:
			return nil, err
		}
		question.Query.Window, question.Notes = window.Window, window.Notes
	}
	named, err := s.resolveNames(ctx, f, question)
	if err != nil {
		return nil, err
	}
	if problems = append(problems, named...); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if found := question.Query.TargetID; string(found) != f.TargetID {
		question.Notes = append(question.Notes, "target_id "+auditlog.Text(f.TargetID).Quote()+" is the name of object "+found.Quote()+": query.event has what it is")
	}
	if len(question.Query.Events) > 0 && slices.ContainsFunc(f.Events, func(want string) bool { return strings.ContainsAny(want, "*?") }) {
		question.Notes = append(question.Notes, "a pattern stands for those events of Make's catalog that fit it: query.event")
	}
	return question, nil
}

// resolveWindow understands a window. One without an end ends where what was read
// lately does, so that questions that follow each other are about the same entries
// and cost no call.
func (s *Service) resolveWindow(ctx context.Context, organization auditlog.ID, request auditlog.WindowRequest) (auditlog.ParsedWindow, error) {
	now := s.Directory.Now().Truncate(time.Millisecond)
	if auditlog.IsAll(request.From) {
		access, err := s.Directory.Access(ctx, organization)
		if err != nil {
			return auditlog.ParsedWindow{}, err
		}
		request.Beginning = access.Oldest
		if kept := now.AddDate(0, 0, -access.RetentionDays); kept.After(request.Beginning) {
			request.Beginning = kept
		}
		if archive := access.Archive; archive != nil && !archive.From.IsZero() && archive.From.Before(request.Beginning) {
			request.Beginning = archive.From
		}
	}
	if asOf := s.Directory.AsOf(ctx, organization); request.To == "" && asOf.Before(now) && isSameDay(asOf, now, request.Location) {
		request.Now = asOf
		// What was asked for may have begun only since.
		if window, err := auditlog.ParseWindow(request); err == nil {
			if window.OpenEnd && now.Sub(asOf) >= time.Second {
				window.Notes = append(window.Notes, "as of "+asOf.In(request.Location).Format(time.RFC3339)+", when it was read: what happened since is not in it; to \"now\" reads anew")
			}
			return window, nil
		}
	}
	request.Now = now
	return auditlog.ParseWindow(request)
}

// isSameDay tells whether named days mean the same at two instants.
func isSameDay(a, b time.Time, location *time.Location) bool {
	year, month, day := a.In(location).Date()
	otherYear, otherMonth, otherDay := b.In(location).Date()
	return year == otherYear && month == otherMonth && day == otherDay
}

// actorsLookedThrough is how many entries are read to find someone by name whom
// the catalog does not know: about a page of Make's.
const actorsLookedThrough = 1000

// actorsOf reads the newest entries of a query's window for who acted in them:
// people who have left are in no catalog. It returns who was seen before if
// nothing can be read; then the name stays unknown, which is said.
func (s *Service) actorsOf(ctx context.Context, q *auditlog.Query, seen []auditlog.Actor) []auditlog.Actor {
	if !q.Window.From.Before(q.Window.To) {
		return seen
	}
	count := 0
	recent := auditlog.Query{Organization: q.Organization, Window: q.Window, Want: actorsLookedThrough}
	if _, err := s.Reader.Read(ctx, recent, func(*auditlog.Entry) bool {
		count++
		return count < actorsLookedThrough
	}); err != nil {
		return seen
	}
	return s.Directory.ObservedActors(ctx, q.Organization.ID)
}

// resolveNames fills in who, where and what. Names that fit nothing are
// problems; err is a catalog that cannot be read.
func (s *Service) resolveNames(ctx context.Context, f Filter, question *Question) (problems []error, err error) {
	if len(f.Teams)+len(f.Actors)+len(f.ExcludeActors)+len(f.Events) > 0 || f.Kind != "" {
		if problems, err = s.resolveByCatalog(ctx, f, question); err != nil {
			return nil, err
		}
	}
	problem, err := s.resolveTarget(ctx, f, &question.Query)
	if problem != nil {
		problems = append(problems, problem)
	}
	return problems, err
}

// resolveByCatalog fills in what the catalog has names of.
func (s *Service) resolveByCatalog(ctx context.Context, f Filter, question *Question) (problems []error, err error) {
	q := &question.Query
	catalog, err := s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return nil, err
	}
	for _, want := range f.Teams {
		if auditlog.Fold(want) == none {
			q.NoTeam = true
			continue
		}
		team, err := catalog.MatchTeam(want)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		q.Teams = appendOnce(q.Teams, team)
	}
	seen, looked := s.Directory.ObservedActors(ctx, q.Organization.ID), false
	people := func(wanted []string) (actors []auditlog.Actor, system bool) {
		for _, want := range wanted {
			if auditlog.Fold(want) == none {
				system = true
				continue
			}
			actor, err := catalog.MatchActors(want, seen)
			var unknown *auditlog.NameError
			if errors.As(err, &unknown) && !unknown.Ambiguous && !looked {
				looked = true
				seen = s.actorsOf(ctx, q, seen)
				actor, err = catalog.MatchActors(want, seen)
			}
			if err != nil {
				problems = append(problems, err)
				continue
			}
			actors = appendOnce(actors, actor)
		}
		return actors, system
	}
	q.Actors, q.System = people(f.Actors)
	q.ExcludeActors, q.ExcludeSystem = people(f.ExcludeActors)
	if len(f.Events) > 0 || f.Kind != "" {
		catalog = withSeen(catalog, s.Directory.ObservedEvents(ctx, q.Organization.ID))
	}
	if f.Kind != "" {
		var problem error
		if question.Kind, q.Events, problem = catalog.MatchKind(f.Kind); problem != nil {
			problems = append(problems, problem)
		}
	}
	for _, want := range f.Events {
		if strings.Trim(want, "* ") == "" && want != "" {
			q.Events = nil // every event, those included that no catalog has
			break
		}
		events, err := catalog.MatchEvents(want)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		q.Events = appendOnce(q.Events, events...)
	}
	if len(problems) > 0 && catalog.Recalled != nil {
		problems = append(problems, catalog.Recalled)
	}
	return problems, nil
}

// resolveTarget finds an object that is asked for by name, where names are known.
func (s *Service) resolveTarget(ctx context.Context, f Filter, q *auditlog.Query) (problem, err error) {
	namer, ok := s.Directory.(auditlog.TargetNamer)
	if !ok || f.TargetID == "" {
		return nil, nil
	}
	named, err := namer.NamedTargets(ctx, q.Organization.ID, f.TargetID)
	if err != nil {
		return nil, err
	}
	target, found, problem := auditlog.MatchTarget(f.TargetID, named, q.Events)
	if !found {
		return problem, nil
	}
	q.TargetID = target.ID
	// Objects of other kinds may have the id as well.
	among := q.Events
	if len(among) == 0 {
		catalog, err := s.Directory.Catalog(ctx, q.Organization.ID)
		if err != nil {
			return nil, err
		}
		among = withSeen(catalog, s.Directory.ObservedEvents(ctx, q.Organization.ID)).Events
	}
	q.Events = nil
	for _, event := range among {
		if target.Has(event.Value) {
			q.Events = append(q.Events, event)
		}
	}
	return nil, nil
}

// withSeen is the catalog with events that were read and that it lacks.
func withSeen(catalog *auditlog.Catalog, seen []auditlog.Text) *auditlog.Catalog {
	full := *catalog
	full.Events = slices.Clone(catalog.Events)
	for _, value := range seen {
		if !slices.ContainsFunc(catalog.Events, func(t auditlog.EventType) bool { return t.Value == value }) {
			full.Events = append(full.Events, auditlog.EventType{Value: value})
		}
	}
	return &full
}

// Reopen reads a tool's cursor back and gives people and teams their names again,
// as far as these are known now.
func (s *Service) Reopen(ctx context.Context, cursor, tool string) (Place, error) {
	place, err := s.Cursors.Open(cursor, s.Directory.Now())
	if err != nil {
		return Place{}, err
	}
	if place.Tool != tool {
		return Place{}, &CursorError{Problem: "it belongs to " + place.Tool}
	}
	q := &place.Query
	if len(q.Teams)+len(q.Actors)+len(q.ExcludeActors) == 0 {
		return place, nil
	}
	catalog, err := s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return place, nil //nolint:nilerr // names are for show; reading will say what is wrong
	}
	for i := range q.Teams {
		if at := slices.IndexFunc(catalog.Teams, func(t auditlog.Ref) bool { return t.ID == q.Teams[i].ID }); at >= 0 {
			q.Teams[i] = catalog.Teams[at]
		}
	}
	people := slices.Concat(catalog.Users, s.Directory.ObservedActors(ctx, q.Organization.ID))
	for _, actors := range [][]auditlog.Actor{q.Actors, q.ExcludeActors} {
		for i := range actors {
			if at := slices.IndexFunc(people, func(a auditlog.Actor) bool { return a.ID == actors[i].ID }); at >= 0 {
				actors[i] = people[at]
			}
		}
	}
	return place, nil
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
