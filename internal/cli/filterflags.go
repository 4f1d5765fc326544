package cli

import "make-audit-mcp/internal/question"

// filterFlags narrow what a command is about, but for the window's beginning, whose default differs.
type filterFlags struct {
	To           string
	Period       string
	Team         []string
	Actor        []string
	ExcludeActor []string
	Event        []string
	ExcludeEvent []string
	TargetID     string
}

// declare declares the flags.
func (f *filterFlags) declare(flags flagSet) {
	flags.text(&f.To, "to", "TIME").help("Its end; default: now.")
	flags.text(&f.Period, "period", "PERIOD").
		help("The whole of a period, instead of --from and --to, e.g. last month, 2026-10, 2026-Q3.")
	flags.each(&f.Team, "team", "TEAM").help("Only these teams, by name or id; none for entries without a team.")
	flags.each(&f.Actor, "actor", "ACTOR").help("Only what these people did, by name, address or id; none for the system.")
	flags.each(&f.ExcludeActor, "exclude-actor", "ACTOR").help("Not what these people did.")
	flags.each(&f.Event, "event", "EVENT").help("Only these events, by value, label, category or pattern.")
	flags.each(&f.ExcludeEvent, "exclude-event", "EVENT").help("Not these events.")
	flags.text(&f.TargetID, "target-id", "ID").help("Only what was done to this object.")
}

// filter is what is asked for, from a beginning on.
func (f *filterFlags) filter(from string) question.Filter {
	return question.Filter{
		From: from, To: f.To, Period: f.Period, TargetID: f.TargetID,
		Teams: f.Team, Actors: f.Actor, ExcludeActors: f.ExcludeActor, Events: f.Event, ExcludeEvents: f.ExcludeEvent,
	}
}
