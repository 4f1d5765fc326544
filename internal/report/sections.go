package report

import (
	"context"
	"time"

	"make-audit-mcp/schemas"
)

// ScopeID is the id of the section about who asked, and what the key may read.
const ScopeID = "scope"

// gather asks what the sections of the report's kind need.
func (g *gathering) gather(ctx context.Context) {
	has := func(kinds ...Kind) bool {
		for _, kind := range append(kinds, Full) {
			if g.Kind == kind {
				return ctx.Err() == nil
			}
		}
		return false
	}
	var people Question
	if has(AccessReview) {
		people = g.people(ctx) // first, since it reads all that there is, from which the others are answered then
	}
	g.add(Section{ID: ScopeID, Title: "Scope, and who asked", About: "Whose key asked Make, and what Make lets it read. What that person " +
		"may not see is not in this report." + g.besides("What the key may read is of the whole organization."), Questions: []Question{g.accessOfKey(ctx)}})
	g.counts(ctx)
	if has(Changes, Incident) {
		g.activity(ctx)
	}
	if has(Incident) {
		g.add(Section{ID: "findings", Title: "Findings", About: "What detection rules, and comparisons with the time before the window, found " +
			"worth a look. A finding is a question, not a verdict, and that there is none proves nothing. Its state is reported, unless an " +
			"operator's rules keep it back: then it is counted below as suppressed, with who decided that, why, and until when. Whoever works " +
			"on a finding keeps its id, which stays the same." + g.besides("What the whole organization did was judged: a finding is listed if "+
			"an entry of the teams is among its evidence. Its own numbers, those of the time before, of each rule, and of what is kept back are "+
			"of the whole organization."), Questions: []Question{g.findings(ctx)}})
	}
	if has(Changes) {
		g.scenarios(ctx)
	}
	if has(AccessReview) {
		g.access(ctx)
	}
	if has(AccessReview, Changes, Incident) {
		g.privileged(ctx)
	}
	if people.Tool != "" {
		g.add(Section{ID: "people", Title: "People", About: "Everybody whom Make lists or the log has. Active: listed, with entries in the " +
			"window; new: the first entry of all is in it; dormant: listed, without an entry in it; gone: entries, and not listed any more. " +
			"Roles, last login and two-factor state are those of the moment at which the report was made, not of the window." +
			g.besides("Entries, and the first and the last of them, are of the teams; who is gone is gone from the whole organization, of which "+
				"roles, last login and two-factor state are as well."),
			Questions: []Question{people}})
		questions, about := g.leavers(ctx, people)
		g.add(Section{ID: "leavers", Title: "What leavers did before they left", About: about, Questions: questions})
	}
	if g.Kind == Incident && !g.Room.Pages {
		g.add(Section{ID: "entries", Title: "What happened, in order", About: "The entries of the window, the oldest first; below them stands " +
			"how many are not listed.",
			Questions: []Question{g.listed(ctx, "entries", "Entries", nil)}})
	}
}

// besides is what a section of a report of some teams says, too; nothing where it is of all.
func (g *gathering) besides(text string) string {
	if !g.ofTeams {
		return ""
	}
	return " " + text
}

// teamless says of a section that others than the teams may have what it is about.
func (g *gathering) teamless() string {
	if g.isTeamless {
		return ""
	}
	return g.besides("Only entries of the teams are in it: what was done to the organization itself has no team, and is not.")
}

func (g *gathering) add(s Section) {
	if s.Questions == nil {
		s.Questions = []Question{}
	}
	g.report.Sections = append(g.report.Sections, s)
}

func (g *gathering) counts(ctx context.Context) {
	g.add(Section{ID: "counts", Title: "How much is in the log", About: "The population that everything else is a part of: every entry of " +
		"the window, counted. The period before is as long as the window.", Questions: []Question{
		g.counted(ctx, "total", "Entries in all", noPicture, schemas.CountAuditLogsArguments{CompareToPrevious: true}),
		g.counted(ctx, "by_category", "By category", noPicture,
			schemas.CountAuditLogsArguments{GroupBy: []string{"category"}, CompareToPrevious: true}),
		g.counted(ctx, "by_event", "By event", noPicture, schemas.CountAuditLogsArguments{GroupBy: []string{"event"}}),
		g.counted(ctx, "by_team", "By team", noPicture, schemas.CountAuditLogsArguments{GroupBy: []string{"team"}, Distinct: "actor"}),
	}})
}

func (g *gathering) activity(ctx context.Context) {
	var questions []Question
	if !g.Room.Pages {
		questions = []Question{
			g.counted(ctx, "over_time", "Entries over time", timeline, schemas.CountAuditLogsArguments{GroupBy: []string{g.period(200)}}),
			g.counted(ctx, "over_time_by_category", "Entries over time, by category", stacked,
				schemas.CountAuditLogsArguments{GroupBy: []string{g.period(32), "category"}}),
			g.counted(ctx, "by_hour", "By weekday and hour", heatMap,
				schemas.CountAuditLogsArguments{GroupBy: []string{"weekday", "hour_of_day"}, OrderBy: "key"}),
		}
	}
	g.add(Section{ID: "activity", Title: "When, and by whom", About: "Times are those of the window's zone.",
		Questions: append(questions, g.counted(ctx, "by_actor", "By person", bars,
			schemas.CountAuditLogsArguments{GroupBy: []string{"actor"}, Distinct: "day"}))})
}

// period is the shortest of which the window has no more than so many.
func (g *gathering) period(most int) string {
	const day = 24 * time.Hour
	length := g.window.To.Sub(g.window.From)
	for _, period := range []struct {
		name string
		of   time.Duration
	}{{"hour", time.Hour}, {"day", day}, {"week", 7 * day}} {
		if length < time.Duration(most-1)*period.of { // one is begun and one is ended amid it
			return period.name
		}
	}
	return "month"
}

func (g *gathering) scenarios(ctx context.Context) {
	events := g.service.ScenarioEvents
	var questions []Question
	if !g.Room.Pages {
		questions = append(questions, g.countedOf(ctx, "scenarios_by_week", "By week and person", events, "week", "actor"))
	}
	questions = append(questions, g.countedOf(ctx, "scenarios_by_actor", "By person and event", events, "actor", "event"),
		g.countedOf(ctx, "scenarios_by_target", "By scenario", events, "target"))
	g.add(Section{ID: "scenarios", Title: "Changes of scenarios", About: "Who made, changed, deleted, started or stopped scenarios. Make " +
		"does not say which of them are in production: a report of the teams that own those (--team) has theirs alone. Whether a change was " +
		"approved is in no log: compare with tickets.",
		Questions: append(questions, g.listedOf(ctx, "scenario_entries", "The changes", events)...)})
}

func (g *gathering) access(ctx context.Context) {
	events := g.service.MembershipEvents
	g.add(Section{ID: "access", Title: "Access and roles", About: "Changes of roles and of membership in teams. Who has which role now " +
		"stands under people." + g.teamless(), Questions: append([]Question{g.countedOf(ctx, "roles", "By event and person", events, "event", "actor")},
		g.listedOf(ctx, "role_entries", "The changes", events)...)})
}

func (g *gathering) privileged(ctx context.Context) {
	s := g.service
	questions := []Question{
		g.countedOf(ctx, "two_factor", "Enforcement of two-factor authentication", s.SignOnEvents, "event", "actor"),
		g.countedOf(ctx, "keys", "Keys", s.KeyEvents, "event", "actor"),
		g.countedOf(ctx, "variables", "Variables", s.VariableEvents, "event", "actor"),
		g.countedOf(ctx, "credential_requests", "Credential requests", s.CredentialEvents, "event", "actor"),
	}
	questions = append(questions, g.listedOf(ctx, "privileged_entries", "Each of them, with roles, teams and the organization itself",
		s.PrivilegedEvents)...)
	g.add(Section{ID: "privileged", Title: "Privileged actions", About: "What changes how people sign in, what they may do, or which " +
		"secrets are held. Guests: Make's list of events had no invitation of people from outside; a credential request to one invites them as a " +
		"guest, and whoever is a guest now has that role under people." + g.teamless(), Questions: questions})
}
