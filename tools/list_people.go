package tools

import (
	"cmp"
	"context"
	"slices"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

const (
	defaultPeopleLimit = 50
	defaultPeopleDays  = 90
	// listPeopleName is also whose cursors they are.
	listPeopleName = "list_people"
)

func listPeople() Tool {
	return New(Tool{
		Name:  listPeopleName,
		Title: "People and their access",
		Description: "Lists the people of an organization with what they did in a window (default the last 90 days): who is active, new, " +
			"dormant or gone, roles, last login, two-factor state, what they made that gives access. One call answers an access " +
			"review. get_actor_activity shows one person.",
		Answers: "Who is there, idle, new or gone, with which access: list_people.",
		Example: `{"status": ["gone", "dormant"], "from": "60d"}`,
		View:    answer.PeopleView,
	}, handleListPeople)
}

func handleListPeople(
	ctx context.Context, service *analysis.Service, arguments schemas.ListPeopleArguments,
) (*schemas.ListPeopleResult, error) {
	// Before the window, so that one without an end does not end before everything.
	everything, err := everythingKept(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	page, err := openPeople(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	return people(ctx, service, page, everything, arguments, roomForPeople(arguments))
}

// People answers list_people for a question that was resolved from the arguments' filter: with the first page.
func People(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListPeopleArguments,
) (*schemas.ListPeopleResult, error) {
	return PeopleIn(ctx, service, asked, arguments, roomForPeople(arguments))
}

// PeopleIn is [People] with as many of them as have room.
func PeopleIn(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListPeopleArguments, room answer.Room,
) (*schemas.ListPeopleResult, error) {
	everything, err := everythingKept(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	return people(ctx, service, firstPeople(asked, arguments, service.Directory.Now()), everything, arguments, room)
}

// roomForPeople is how long a page is.
func roomForPeople(arguments schemas.ListPeopleArguments) answer.Room {
	room := answer.Room{Rows: cmp.Or(arguments.Limit, defaultPeopleLimit), Size: answer.DefaultSize}
	if room.Rows > defaultPeopleLimit {
		room.Size = answer.LargeSize
	}
	return room
}

// everythingKept is the window of all that may be read.
func everythingKept(ctx context.Context, service *analysis.Service, arguments schemas.ListPeopleArguments) (auditlog.Window, error) {
	asked, err := service.Resolve(ctx, question.Filter{OrganizationID: organizationID(arguments.OrganizationID), From: "all"},
		defaultPeopleDays)
	if err != nil {
		return auditlog.Window{}, err
	}
	return asked.Query.Window, nil
}

// openPeople returns the first page, or the one behind a cursor.
func openPeople(ctx context.Context, service *analysis.Service, arguments schemas.ListPeopleArguments) (*page, error) {
	if arguments.Cursor == "" {
		takenAt := service.Directory.Now()
		asked, err := service.Resolve(ctx, question.Filter{
			OrganizationID: organizationID(arguments.OrganizationID), Teams: arguments.Team,
			From: arguments.From, To: arguments.To, Period: arguments.Period, Timezone: arguments.Timezone,
		}, defaultPeopleDays)
		if err != nil {
			return nil, err
		}
		return firstPeople(asked, arguments, takenAt), nil
	}
	page, err := reopen(ctx, service, arguments.Cursor, listPeopleName)
	if err != nil {
		return nil, err
	}
	if fingerprintOfPeople(arguments) != page.place.Asked {
		return nil, &question.CursorError{Problem: "it belongs to another query: with a cursor, the other arguments stay the same"}
	}
	return page, nil
}

func firstPeople(asked *question.Question, arguments schemas.ListPeopleArguments, takenAt time.Time) *page {
	return &page{question: asked, place: question.Cursor{
		Query: asked.Query, TakenAt: takenAt, Asked: fingerprintOfPeople(arguments), Tool: listPeopleName,
	}}
}

func fingerprintOfPeople(arguments schemas.ListPeopleArguments) string {
	arguments.Limit, arguments.Cursor = 0, ""
	return fingerprint(arguments)
}

func people(
	ctx context.Context, service *analysis.Service, page *page, everything auditlog.Window, arguments schemas.ListPeopleArguments,
	room answer.Room,
) (*schemas.ListPeopleResult, error) {
	if page.question.Query.NoTeam {
		return nil, &schemas.ArgumentError{Problems: []schemas.Problem{{
			Argument: "team", Message: `"none" has no people; accepted: names or ids of teams, e.g. ["Marketing"], or no team at all`,
		}}}
	}
	found, err := service.People(ctx, page.question.Query, everything)
	if err != nil {
		return nil, err
	}
	page.question.Notes = append(page.question.Notes, service.Unfound(ctx, page.question)...)
	found.People = slices.DeleteFunc(found.People, func(p *analysis.Person) bool { return !p.Matches(arguments.Search) })
	matching := slices.DeleteFunc(slices.Clone(found.People), func(p *analysis.Person) bool {
		return len(arguments.Status) > 0 && !slices.Contains(arguments.Status, string(p.Status))
	})
	result := answer.People(page.question, found, matching)
	rest := slices.DeleteFunc(slices.Clone(matching), func(p *analysis.Person) bool {
		return page.after != nil && p.SortKey() <= page.after.Key
	})
	for _, person := range rest[:min(len(rest), room.Rows)] {
		result.People = append(result.People, answer.Person(person, page.question.Query.Window.Location))
	}
	if len(matching) > 0 && len(rest) == 0 {
		result.Warn("no further people: the page before was the last")
	}
	return result, cutPage(result.People, room.Size, result, func(shown []schemas.Person) error {
		result.People, result.Returned, result.NextCursor = shown, len(shown), ""
		if len(shown) == len(rest) {
			return nil
		}
		place := page.place
		place.Key = rest[len(shown)-1].SortKey()
		cursor, err := sealed(service, place)
		result.NextCursor = cursor
		return err
	})
}
