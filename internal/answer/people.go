package answer

import (
	"fmt"
	"strings"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// maxOfPerson bounds each list that one person has.
const maxOfPerson = 6

// People shows what holds of all who are there, with their totals, and none of them; shown are those of the statuses that were asked for.
func People(asked *question.Question, people *analysis.People, shown []*analysis.Person) *schemas.ListPeopleResult {
	result := &schemas.ListPeopleResult{
		Answer: Common(asked, people.Report), People: []schemas.Person{}, Total: len(shown), Roster: roster(people.Roster),
	}
	for _, person := range people.People {
		switch person.Status {
		case analysis.Gone:
			result.Totals.Gone++
		case analysis.Dormant:
			result.Totals.Dormant++
		case analysis.New:
			result.Totals.New++
		case analysis.Active:
			result.Totals.Active++
		}
	}
	if people.Roster.Recalled != nil {
		result.Warn(people.Roster.Recalled.Error())
	}
	warnOfStatuses(result, asked, people)
	if people.FindingsError != nil {
		result.Warn("findings were left out: " + Explain(people.FindingsError))
	}
	if people.FindingsNote != "" {
		result.Warn(people.FindingsNote + "; find_suspicious_activity looks for them")
	}
	if len(shown) == 0 {
		result.Warn("nobody matches: totals has how many there are of each status, and roster says whether all who are there are known")
	}
	return result
}

// warnOfStatuses says which statuses rest on what is not known.
func warnOfStatuses(result *schemas.ListPeopleResult, asked *question.Question, people *analysis.People) {
	location := asked.Query.Window.Location
	WarnOfBounds(&result.Answer, people.Report)
	if !people.Report.Complete {
		result.Warn("dormant proves nothing here, since the window is not wholly covered" + lacking(people.Report, location) +
			": who is called dormant may have acted there")
	}
	if people.Report.Endpoint == "teams" {
		result.Warn("only the logs of some teams were read: who is called dormant may have acted elsewhere")
	}
	switch {
	case people.Before.Coverage.IsEmpty():
		result.Warn("nothing from before the window is covered, so nobody is called new: whoever acted in it may have been there before")
	case !people.Before.Complete:
		result.Warn("the time before the window is not wholly covered" + lacking(people.Before, location) +
			": who is called new may have acted there")
	}
	if !people.After.Complete {
		result.Warn("the time after the window is not wholly covered" + lacking(people.After, location) + ": last_at may be later")
	}
	if people.Roster.OfTeams {
		result.Warn(fmt.Sprintf("only the people of some teams are listed, so nobody is called gone; %d more acted before the window and "+
			"are not among them", people.Unlisted))
	}
	if people.Unidentified > 0 {
		result.Warn(fmt.Sprintf("%d entries have an actor without an id, who is nobody of these people", people.Unidentified))
	}
}

func roster(r *auditlog.Roster) schemas.Roster {
	shown := schemas.Roster{Source: string(r.Source), Complete: len(r.Unknown) == 0, Reason: strings.Join(r.Unknown, "; ")}
	if r.Recalled != nil {
		shown.Source = "archive"
	}
	return shown
}

// Person shows somebody.
func Person(p *analysis.Person, location *time.Location) schemas.Person {
	shown := schemas.Person{
		Actor: p.Actor, Kind: "person", Status: string(p.Status), Entries: p.Entries, OrganizationRole: p.Role, TwoFactor: p.TwoFactor,
		FirstAt: timeIfAny(p.FirstAt, location), LastAt: timeIfAny(p.LastAt, location), LastLoginAt: timeIfAny(p.LastLoginAt, location),
	}
	if f := p.Findings; f != nil {
		const most = 3
		shown.Findings = &schemas.PersonFindings{Total: f.Total, Severest: string(f.Severest), Rules: f.Rules[:min(len(f.Rules), most)]}
	}
	if p.IsService {
		shown.Kind = "service_account"
	}
	shown.Teams, shown.TeamsTotal = firstOfPerson(p.Teams, func(t auditlog.Ref) auditlog.Ref { return t })
	shown.TeamRoles, shown.TeamRolesTotal = firstOfPerson(p.TeamRoles, func(r auditlog.TeamRole) schemas.PersonRole {
		return schemas.PersonRole{Ref: r.Team, Role: r.Role}
	})
	shown.Powers, shown.PowersTotal = firstOfPerson(p.Powers, func(u analysis.PowerUse) schemas.PowerUse {
		return schemas.PowerUse{Object: u.Object, Made: u.Made, Changed: u.Changed}
	})
	return shown
}

// firstOfPerson is [firstOf] for a list that a person has; its total is 0 where all are shown.
func firstOfPerson[A, B any](items []A, show func(A) B) (shown []B, total int) {
	if shown, total = firstOf(items, maxOfPerson, show); total == len(shown) {
		total = 0
	}
	return shown, total
}

func timeIfAny(t time.Time, location *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return Time(t, location)
}
