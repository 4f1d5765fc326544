package cli

import "make-audit-mcp/internal/question"

// filterFlags narrow what a command is about, but for the window's beginning, whose default differs.
type filterFlags struct {
	To           string   `help:"Its end; default: now." placeholder:"TIME"`
	Period       string   `help:"The whole of a period, instead of --from and --to, e.g. last month, 2026-10, 2026-Q3." placeholder:"PERIOD"`
	Team         []string `help:"Only these teams, by name or id; none for entries without a team." sep:"none" placeholder:"TEAM"`
	Actor        []string `help:"Only what these people did, by name, address or id; none for the system." sep:"none" placeholder:"ACTOR"`
	ExcludeActor []string `help:"Not what these people did." sep:"none" placeholder:"ACTOR"`
	Event        []string `help:"Only these events, by value, label, category or pattern." sep:"none" placeholder:"EVENT"`
	ExcludeEvent []string `help:"Not these events." sep:"none" placeholder:"EVENT"`
	TargetID     string   `name:"target-id" help:"Only what was done to this object." placeholder:"ID"`
}

// filter is what is asked for, from a beginning on.
func (f *filterFlags) filter(from string) question.Filter {
	return question.Filter{
		From: from, To: f.To, Period: f.Period, TargetID: f.TargetID,
		Teams: f.Team, Actors: f.Actor, ExcludeActors: f.ExcludeActor, Events: f.Event, ExcludeEvents: f.ExcludeEvent,
	}
}
