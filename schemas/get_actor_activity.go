package schemas

import "make-audit-mcp/internal/auditlog"

// GetActorActivityArguments ask about one person.
type GetActorActivityArguments struct {
	Actor          string `json:"actor" jsonschema:"minLength=1" jsonschema_description:"One person: name, e-mail address or id."`
	OrganizationID int64  `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Needed only if several are visible and no default is set."`
	Window
	BaselineDays int `json:"baseline_days,omitempty" jsonschema:"minimum=1,maximum=365" jsonschema_description:"Days before the window, default 90."`
}

// GetActorActivityResult is what one person did in a window, against the same person's baseline.
type GetActorActivityResult struct {
	Answer
	Actor             ActivityActor  `json:"actor"`
	Total             *int           `json:"total" jsonschema:"nullable" jsonschema_description:"Entries in the window; a lower bound unless complete, null if nothing is covered."`
	ByEvent           []EventCount   `json:"by_event"`
	ByEventTotal      int            `json:"by_event_total" jsonschema_description:"Events in all."`
	ByTeam            []TeamCount    `json:"by_team"`
	ByTeamTotal       int            `json:"by_team_total"`
	ByHour            []int          `json:"by_hour" jsonschema_description:"By hour, 0 to 23, in the query's zone."`
	ActiveDays        int            `json:"active_days" jsonschema_description:"Days with entries, in the query's zone."`
	FirstAt           *string        `json:"first_at" jsonschema:"nullable" jsonschema_description:"In the window."`
	LastAt            *string        `json:"last_at" jsonschema:"nullable"`
	Baseline          Baseline       `json:"baseline"`
	NewEvents         []NewEvent     `json:"new_events" jsonschema_description:"Like new_teams, not seen in the baseline; empty if that is."`
	NewEventsTotal    int            `json:"new_events_total"`
	NewTeams          []NewTeam      `json:"new_teams"`
	NewTeamsTotal     int            `json:"new_teams_total"`
	UsualHours        UsualHours     `json:"usual_hours"`
	OutsideUsualHours OutsideHours   `json:"outside_usual_hours"`
	Notable           []NotableEntry `json:"notable" jsonschema_description:"Access, secrets, two-factor, deletions: a few of each event, the weightiest first."`
	NotableTotal      int            `json:"notable_total"`
	Findings          []Finding      `json:"findings" jsonschema_description:"What stands out against the baseline. Empty: nothing did, or too little is known: see baseline and usual_hours."`
	FindingsTotal     int            `json:"findings_total"`
}

// Summary implements [Result].
func (r *GetActorActivityResult) Summary() Summary { return r.summary(len(r.Notable)) }

// ActivityActor is whom the activity is of.
type ActivityActor struct {
	auditlog.Actor
	Kind       string        `json:"kind" jsonschema:"enum=person,enum=service_account,enum=system" jsonschema_description:"Make does not tell service accounts from people: told by name or by hours."`
	KindReason string        `json:"kind_reason,omitempty"`
	Timezone   auditlog.Text `json:"timezone,omitempty" jsonschema_description:"As Make tells it; absent if it does not."`
}

// EventCount is how often an event happened.
type EventCount struct {
	Event         auditlog.Text `json:"event"`
	Count         int           `json:"count"`
	BaselineCount int           `json:"baseline_count"`
}

// TeamCount is how much happened in a team; a null id stands for none.
type TeamCount struct {
	Team          auditlog.Ref `json:"team"`
	Count         int          `json:"count"`
	BaselineCount int          `json:"baseline_count"`
}

// Baseline is the time before the window that it is compared with.
type Baseline struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Days       int    `json:"days"`
	Entries    int    `json:"entries" jsonschema_description:"The person's entries in it."`
	ActiveDays int    `json:"active_days"`
	Complete   bool   `json:"complete" jsonschema_description:"False: part of it is not covered, so what is called new may only be unseen."`
	Note       string `json:"note,omitempty" jsonschema_description:"What the baseline is too small for."`
}

// NewEvent is an event that the baseline does not have.
type NewEvent struct {
	Event   auditlog.Text `json:"event"`
	Count   int           `json:"count"`
	FirstAt string        `json:"first_at"`
}

// NewTeam is a team that the baseline does not have.
type NewTeam struct {
	Team    auditlog.Ref `json:"team"`
	Count   int          `json:"count"`
	FirstAt string       `json:"first_at"`
}

// UsualHours are the hours of the day that somebody usually works in.
type UsualHours struct {
	Timezone       string   `json:"timezone" jsonschema_description:"Zone that these hours are meant in."`
	TimezoneSource string   `json:"timezone_source" jsonschema:"enum=person,enum=window" jsonschema_description:"The person's own, as Make tells it, or the window's."`
	Hours          []string `json:"hours" jsonschema_description:"Ranges such as 08-18 (08:00 to 17:59). Empty: not known, see reason."`
	Reason         string   `json:"reason,omitempty"`
}

// OutsideHours is the work outside the usual hours.
type OutsideHours struct {
	Count *int     `json:"count" jsonschema:"nullable" jsonschema_description:"Null: usual hours are not known."`
	UUIDs []string `json:"uuids" jsonschema_description:"The newest of them."`
}

// NotableEntry is an entry that a review would look at.
type NotableEntry struct {
	Entry
	Why string `json:"why"`
}

// Finding is something that stands out, with its evidence.
type Finding struct {
	ID            string          `json:"id"`
	Rule          string          `json:"rule"`
	Also          []string        `json:"also,omitempty" jsonschema_description:"Other rules that saw it."`
	Title         string          `json:"title"`
	Severity      string          `json:"severity" jsonschema:"enum=low,enum=medium,enum=high,enum=critical"`
	Reason        string          `json:"reason"`
	Actor         *auditlog.Actor `json:"actor,omitempty"`
	Team          *auditlog.Ref   `json:"team,omitempty"`
	From          string          `json:"from"`
	To            string          `json:"to" jsonschema_description:"The last entry; inclusive."`
	Observed      float64         `json:"observed"`
	Threshold     float64         `json:"threshold"`
	Evidence      []string        `json:"evidence" jsonschema_description:"uuids: the first, the last, the weightiest between them; get_audit_log reads them."`
	EvidenceCount int             `json:"evidence_count"`
	NextStep      string          `json:"next_step"`
}
