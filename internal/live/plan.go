package live

import (
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// maxStreams bounds into how many lists a query's filters are split, per endpoint. Beyond it a filter is applied here only.
const maxStreams = 6

// plan is which lists answer a query, apart from its dates.
type plan struct {
	endpoints []endpoint
	filters   []makeapi.ListOptions // one list each, per endpoint
	signature string                // equal for plans that read the same
	name      string                // for people
	warnings  []string
}

// newPlan chooses the lists: the organization's where it may be read, else those of the readable teams, with as much of the query's filters
// as Make can apply.
func newPlan(q *auditlog.Query, access *auditlog.Access) (*plan, error) {
	p := &plan{}
	teams := ids(q.Teams, func(t auditlog.Ref) auditlog.ID { return t.ID })
	if access.Organization {
		p.endpoints = []endpoint{{organization: q.Organization.ID}}
		p.name = "organization"
	} else {
		readable, warnings, err := access.TeamsFor(q)
		if err != nil {
			return nil, err
		}
		for _, team := range readable {
			p.endpoints = append(p.endpoints, endpoint{q.Organization.ID, team.ID})
		}
		p.name, p.warnings = "teams", warnings
	}
	if q.NoTeam || !access.Organization {
		teams = nil // org-level entries cannot be asked for; team lists need no filter
	}
	authors := ids(q.Actors, func(a auditlog.Actor) auditlog.ID { return a.ID })
	if q.System || slices.Contains(authors, "") {
		authors = nil
	}
	events := ids(q.Events, func(e auditlog.Event) auditlog.Text { return e.Value })

	p.filters = split(teams, authors, events)
	p.sign(teams, authors, events)
	return p, nil
}

// unfiltered is the plan that reads the same lists without any filter.
func (p *plan) unfiltered() *plan {
	whole := *p
	whole.filters = []makeapi.ListOptions{{}}
	whole.sign(nil, nil, nil)
	return &whole
}

func (p *plan) sign(teams, authors, events []string) {
	p.signature = fmt.Sprintf("%q|%q|%q|%q", p.endpoints, teams, authors, events)
}

// split spreads filters over as many lists as it takes for each to fit into a request. A filter with so many values that the lists would
// become too many is left to the check on our side.
func split(teams, authors, events []string) []makeapi.ListOptions {
	for len(chunks(teams))*len(chunks(authors))*len(chunks(events)) > maxStreams {
		longest := slices.MaxFunc([]*[]string{&teams, &authors, &events}, func(a, b *[]string) int { return len(*a) - len(*b) })
		*longest = nil
	}
	var lists []makeapi.ListOptions
	for _, t := range chunks(teams) {
		for _, a := range chunks(authors) {
			for _, e := range chunks(events) {
				lists = append(lists, makeapi.ListOptions{Teams: t, Authors: a, Events: e})
			}
		}
	}
	return lists
}

func chunks(values []string) [][]string {
	if len(values) == 0 {
		return [][]string{nil}
	}
	return slices.Collect(slices.Chunk(values, makeapi.MaxListValues))
}

func ids[T any, K ~string](items []T, key func(T) K) []string {
	values := make([]string, 0, len(items))
	for _, item := range items {
		values = append(values, string(key(item)))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// listings lays out the lists of a walk over [lower, to): open if to is so late that no upper date is needed. oldest is when the oldest
// entry was triggered; only estimates rest on it.
func (p *plan) listings(lower, to, oldest time.Time, open, sweep bool) []*listing {
	end := later(lower, oldest)
	var all []*listing
	for _, e := range p.endpoints {
		for _, options := range p.filters {
			options.SortBy, options.SortDir = makeapi.SortByTriggeredAt, makeapi.Descending
			options.DateFrom = lowerEdge(lower).String()
			newest := &listing{endpoint: e, options: options, lower: lower, end: end, upper: farFuture()}
			if !open {
				edge := upperEdge(to)
				newest.options.DateTo, newest.upper = edge.String(), endOf(edge)
			}
			all = append(all, newest)
			if !open && sweep {
				late := options
				late.SortDir, late.DateFrom = makeapi.Ascending, upperEdge(to).String()
				all = append(all, &listing{endpoint: e, options: late, limit: smallPage, lower: lower, upper: to, until: to})
			}
		}
	}
	return all
}

func farFuture() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }
