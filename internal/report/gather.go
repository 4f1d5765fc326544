package report

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

// Request says what a report is about.
type Request struct {
	// Kind is [Full] where it is empty.
	Kind Kind
	// OrganizationID is 0 where only one can be meant.
	OrganizationID int64
	// Teams are those that it is about, as tools take them; none: all.
	Teams []string
	// From and To, or Period instead of both, are its window, and Timezone the zone that is meant, as tools take them.
	From, To, Period, Timezone string
	// Room is how long its lists may be.
	Room Room
	// Version is what makes it.
	Version string
	// Prove tells at the end what the report is proved by; nil is nothing.
	Prove func(organization auditlog.ID, location *time.Location) (Proof, error)
}

// Room is how much of each list a report has: groups of a count by one key, cells of one by two, entries, findings, people, and leavers of
// whom it tells what they did.
type Room struct {
	Groups, Cells, Entries, Findings, People, Leavers int
	// Pages has each answer be a page, as the tool gives it, and leaves out what says nothing without the rest of it: entries, and counts
	// that are read as a picture.
	Pages bool
}

// Document is the room of a document.
func Document() Room {
	return Room{Groups: 200, Cells: 1000, Entries: 500, Findings: 200, People: 1000, Leavers: 10}
}

// Message is the room of a message to a model.
func Message() Room { return Room{Groups: 10, Cells: 10, People: 15, Leavers: 1, Pages: true} }

// charactersARow is as much as a row of a list takes in a document, and mostly less.
const charactersARow = 600

func room(rows int) answer.Room {
	return answer.Room{Rows: rows, Size: max(answer.DefaultSize, rows*charactersARow)}
}

// gathering is one report as it is made.
type gathering struct {
	Request
	service *analysis.Service
	window  auditlog.Window
	// filter asks for the window, the organization and the teams.
	filter schemas.Filter
	// ofTeams says that some teams were asked for, isTeamless that entries without a team were.
	ofTeams, isTeamless bool
	report              *Report
}

// Gather asks all that a report says. A question that cannot be answered is told in the report; an error means that none could be, or that
// ctx ended.
func Gather(ctx context.Context, service *analysis.Service, request Request) (*Report, error) {
	filter := schemas.Filter{OrganizationID: request.OrganizationID, Team: request.Teams, Window: schemas.Window{
		From: request.From, To: request.To, Period: request.Period, Timezone: request.Timezone,
	}}
	asked, err := service.Resolve(ctx, tools.FilterOf(filter), defaultDays)
	if err != nil {
		return nil, err
	}
	window := asked.Query.Window
	// As instants, so that whoever asks again asks of the same ones.
	filter.Window = schemas.Window{From: answer.Time(window.From, window.Location), To: answer.Time(window.To, window.Location),
		Timezone: window.Location.String()}
	// By its id, since whoever asks again may see others, or have another default.
	if id, isNumber := asked.Query.Organization.ID.Integer(); isNumber {
		filter.OrganizationID = id
	}
	request.Kind = cmp.Or(request.Kind, Full)
	g := &gathering{Request: request, service: service, window: window, filter: filter, ofTeams: len(request.Teams) > 0,
		isTeamless: asked.Query.NoTeam}
	firstOfWeek := service.WeekStart.Weekday()
	g.report = &Report{
		Format: Format, location: window.Location, firstOfWeek: firstOfWeek, WeekStart: strings.ToLower(firstOfWeek.String()),
		Kind: request.Kind, Version: request.Version,
		MadeAt:    answer.Time(service.Directory.Now(), window.Location),
		NotLogged: notLogged(window), Sections: []Section{}, Exceptions: []Exception{},
		Title: request.Kind.title() + " of " + asked.Query.Organization.Name.Clean(),
	}
	g.gather(analysis.Remember(ctx))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	total := g.report.question("total")
	if total.Answer == nil {
		return nil, total.failure // then nothing is known of the log
	}
	if counted, ok := total.Answer.(*schemas.CountAuditLogsResult); ok {
		g.report.Answer = counted.Answer
		g.report.Warnings = slices.Clone(counted.Warnings)
	}
	g.introduce(asked)
	g.report.Proof = Prove(nil, asked.Query.Organization.ID, window.Location)
	if request.Prove != nil {
		if g.report.Proof, err = request.Prove(asked.Query.Organization.ID, window.Location); err != nil {
			return nil, err
		}
	}
	g.report.limitProof()
	g.report.addExceptions()
	return g.report, nil
}

// defaultDays is how far a window reaches back that has no beginning.
const defaultDays = 90

// introduce says who asked, and adds what was understood in a way that may surprise.
func (g *gathering) introduce(asked *question.Question) {
	for _, note := range asked.Notes {
		if !slices.Contains(g.report.Warnings, note) {
			g.report.Warn(note)
		}
	}
	seen, ok := g.report.question("access_of_key").Answer.(*schemas.ListOrganizationsResult)
	if !ok {
		return
	}
	g.report.Account = &seen.User
	for i := range seen.Organizations {
		if seen.Organizations[i].ID == asked.Query.Organization.ID {
			g.report.Organization = &seen.Organizations[i]
		}
	}
}

// notLogged is what no entry of a window can tell.
func notLogged(window auditlog.Window) NotLogged {
	never, asOf := question.NotListed()
	not := NotLogged{Never: never, NeverAsOf: asOf, Late: []LateEvents{}}
	for _, sort := range question.LoggedSince() {
		not.Late = append(not.Late, LateEvents{Events: sort.Events, Since: sort.Since.Format(time.DateOnly),
			InWindow: window.From.Before(sort.Since)})
	}
	return not
}

// ask asks one question. The filter is what the arguments mean.
func ask[A any, R schemas.Result](
	ctx context.Context, g *gathering, q Question, filter question.Filter, arguments A,
	answered func(context.Context, *analysis.Service, *question.Question, A) (R, error),
) Question {
	q.Arguments = arguments
	filter.Window = &g.window
	resolved, err := g.service.Resolve(ctx, filter, defaultDays)
	if err == nil {
		var result R
		if result, err = answered(ctx, g.service, resolved, arguments); err == nil {
			q.Answer = result
		}
	}
	return g.noted(q, err)
}

// noted tells in a question why it has no answer.
func (*gathering) noted(q Question, err error) Question {
	if err != nil {
		q.Error, q.failure = answer.Explain(err), err
	}
	return q
}

// counted asks how many entries there are, of some events or of all.
func (g *gathering) counted(ctx context.Context, id, title string, drawn picture, arguments schemas.CountAuditLogsArguments) Question {
	events := arguments.Event
	arguments.Filter = g.filter
	arguments.Event = events
	rows := g.Room.Groups
	if len(arguments.GroupBy) > 1 {
		rows = g.Room.Cells
	}
	if len(arguments.GroupBy) > 0 {
		const mostGroups = 200 // as many as count_audit_logs takes for its limit
		arguments.Limit = min(rows, mostGroups)
	}
	return ask(ctx, g, Question{ID: id, Title: title, Tool: "count_audit_logs", picture: drawn}, tools.FilterOf(arguments.Filter), arguments,
		func(ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.CountAuditLogsArguments) (
			*schemas.CountAuditLogsResult, error) {
			if g.Room.Pages {
				return tools.Count(ctx, service, asked, arguments)
			}
			return tools.CountIn(ctx, service, asked, arguments, room(rows))
		})
}

// mostEntries is as many as list_audit_logs takes for its limit.
const mostEntries = 500

// listed lists entries, the oldest first, of some events or of all.
func (g *gathering) listed(ctx context.Context, id, title string, events []string) Question {
	arguments := schemas.ListAuditLogsArguments{Filter: g.filter, SortDir: "asc", Limit: min(g.Room.Entries, mostEntries)}
	arguments.Event = events
	return ask(ctx, g, Question{ID: id, Title: title, Tool: "list_audit_logs"}, tools.FilterOf(arguments.Filter), arguments,
		func(ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListAuditLogsArguments) (
			*schemas.ListAuditLogsResult, error) {
			result, err := tools.ListIn(ctx, service, asked, arguments, room(g.Room.Entries))
			if err == nil {
				result.NextCursor = "" // it goes on for this key alone, and soon no more
			}
			return result, err
		})
}

// eventsOf returns the events of a sort that the organization's catalog has.
type eventsOf func(ctx context.Context, organization auditlog.ID) ([]string, error)

// ofEvents asks about the events of a sort. That the catalog has none is the answer then.
func (g *gathering) ofEvents(ctx context.Context, events eventsOf, q Question, asked func(events []string) Question) Question {
	values, err := events(ctx, tools.FilterOf(g.filter).OrganizationID)
	if err != nil {
		q.Arguments = g.filter
		return g.noted(q, err)
	}
	return asked(values)
}

// countedOf counts the events of a sort.
func (g *gathering) countedOf(ctx context.Context, id, title string, events eventsOf, groupBy ...string) Question {
	return g.ofEvents(ctx, events, Question{ID: id, Title: title, Tool: "count_audit_logs"}, func(events []string) Question {
		arguments := schemas.CountAuditLogsArguments{GroupBy: groupBy}
		arguments.Event = events
		return g.counted(ctx, id, title, noPicture, arguments)
	})
}

// listedOf lists the events of a sort.
func (g *gathering) listedOf(ctx context.Context, id, title string, events eventsOf) []Question {
	if g.Room.Pages {
		return nil
	}
	return []Question{g.ofEvents(ctx, events, Question{ID: id, Title: title, Tool: "list_audit_logs"}, func(events []string) Question {
		return g.listed(ctx, id, title, events)
	})}
}

// people asks who is there.
func (g *gathering) people(ctx context.Context) Question {
	const mostPeople = 200 // as many as list_people takes for its limit
	arguments := schemas.ListPeopleArguments{OrganizationID: g.filter.OrganizationID, Team: g.filter.Team, Window: g.filter.Window,
		Limit: min(g.Room.People, mostPeople)}
	filter := tools.FilterOf(schemas.Filter{OrganizationID: g.filter.OrganizationID, Team: g.filter.Team})
	return ask(ctx, g, Question{ID: "people", Title: "Who is there", Tool: "list_people"}, filter, arguments,
		func(ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListPeopleArguments) (
			*schemas.ListPeopleResult, error) {
			if g.Room.Pages {
				return tools.People(ctx, service, asked, arguments)
			}
			result, err := tools.PeopleIn(ctx, service, asked, arguments, room(g.Room.People))
			if err == nil {
				result.NextCursor = "" // as with entries
			}
			return result, err
		})
}

// leavers asks what those did who are gone, those who did most first.
func (g *gathering) leavers(ctx context.Context, people Question) (questions []Question, about string) {
	found, ok := people.Answer.(*schemas.ListPeopleResult)
	if !ok {
		return nil, "Who is gone is not known: see who is there."
	}
	var gone []schemas.Person
	for _, person := range found.People {
		if person.Status == string(analysis.Gone) && person.Entries > 0 {
			gone = append(gone, person)
		}
	}
	order.By(gone, func(a, b schemas.Person) int { return cmp.Compare(b.Entries, a.Entries) })
	for _, person := range gone[:min(len(gone), g.Room.Leavers)] {
		arguments := schemas.GetActorActivityArguments{Actor: string(person.ID), OrganizationID: g.filter.OrganizationID,
			Window: g.filter.Window}
		filter := question.Filter{OrganizationID: tools.FilterOf(g.filter).OrganizationID, Actors: []string{arguments.Actor}}
		name := cmp.Or(person.Name.Clean(), person.Email.Clean(), "a person without a name")
		questions = append(questions, ask(ctx, g, Question{
			ID: "leaver_" + url.PathEscape(auditlog.Text(person.ID).Clean()), Title: "What " + name + " did", Tool: "get_actor_activity",
		}, filter, arguments, tools.Activity))
	}
	switch {
	case len(gone) == 0:
		about = "Nobody who is gone, as far as is known, has entries in the window."
	case len(gone) > len(questions):
		about = fmt.Sprintf("%d people who are gone have entries in the window; the %d who did most follow. get_actor_activity shows the others.",
			len(gone), len(questions))
	default:
		about = fmt.Sprintf("%d who are gone have entries in the window: what they did in it, against the time before.", len(gone))
	}
	if g.ofTeams && len(questions) > 0 {
		about += " That is of the whole organization, and not of the teams alone: whoever leaves may have acted anywhere."
	}
	return questions, about
}

// findings asks what stands out.
func (g *gathering) findings(ctx context.Context) Question {
	arguments := schemas.FindSuspiciousActivityArguments{Filter: g.filter}
	q := Question{ID: "findings", Title: "What stands out, and why", Tool: "find_suspicious_activity"}
	return ask(ctx, g, q, tools.FilterOf(g.filter), arguments,
		func(ctx context.Context, service *analysis.Service, asked *question.Question,
			arguments schemas.FindSuspiciousActivityArguments) (*schemas.FindSuspiciousActivityResult, error) {
			if g.Room.Pages {
				return tools.Suspicions(ctx, service, asked, arguments)
			}
			return tools.SuspicionsIn(ctx, service, asked, arguments, room(g.Room.Findings))
		})
}

// accessOfKey asks what the key sees.
func (g *gathering) accessOfKey(ctx context.Context) Question {
	q := Question{ID: "access_of_key", Title: "What the key may read", Tool: "list_organizations",
		Arguments: schemas.ListOrganizationsArguments{}}
	overview, err := g.service.Overview(ctx)
	if err == nil {
		q.Answer = answer.Organizations(overview)
	}
	return g.noted(q, err)
}
