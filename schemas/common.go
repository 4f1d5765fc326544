package schemas

import (
	"encoding/json"

	"make-audit-mcp/internal/auditlog"
)

// Filter holds the arguments that narrow a question, the same for every tool.
type Filter struct {
	OrganizationID int64    `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Needed only if several are visible and no default is set."`
	Team           []string `json:"team,omitempty" jsonschema_description:"Team names or ids; \"none\" = entries without a team."`
	Actor          []string `json:"actor,omitempty" jsonschema_description:"Who did it: names, e-mail addresses or ids; \"none\" = the system."`
	ExcludeActor   []string `json:"exclude_actor,omitempty" jsonschema_description:"Who to leave out, as in actor."`
	Event          []string `json:"event,omitempty" jsonschema_description:"Event values, labels, categories or globs such as *_deleted."`
	ExcludeEvent   []string `json:"exclude_event,omitempty" jsonschema_description:"Events to leave out, as in event."`
	TargetID       string   `json:"target_id,omitempty" jsonschema_description:"Id of the object acted on (unique only within its kind), or its name if there is an archive."`
	Window
}

// Window holds the arguments that say which time a question is about.
type Window struct {
	From     string `json:"from,omitempty" jsonschema_description:"Start; without to, until now: 7d, 24h, last 7 days, yesterday, 2026-10-03, 2026-10-03T14:00, RFC 3339, Unix time, all."`
	To       string `json:"to,omitempty" jsonschema_description:"End, same forms; a date or period means its end. Default: now, or a read of under 5 minutes ago; \"now\" reads anew."`
	Period   string `json:"period,omitempty" jsonschema_description:"In place of from and to, the whole of one: 2026-10-03, 2026-10, 2026-Q3, 2026-W46, yesterday, this|last week|month|quarter|year."`
	Timezone string `json:"timezone,omitempty" jsonschema_description:"IANA zone, e.g. Europe/Prague."`
}

// Answer is what every result of a query says of itself. It stands in nearly every schema, and so its fields are described here alone.
type Answer struct {
	// Query is the question as it was understood.
	Query Query `json:"query"`
	// Source is where the entries came from.
	Source string `json:"source" jsonschema:"enum=live,enum=archive,enum=archive+live"`
	// Coverage is the part of the window that this answer vouches for.
	Coverage Coverage `json:"coverage"`
	// Complete is whether the whole window was read, for all that the key may see. A further page does not make it false.
	Complete bool `json:"complete"`
	// Unreadable counts records that could not be read.
	Unreadable int `json:"unreadable"`
	// Warnings are what to know before relying on this answer.
	Warnings []string `json:"warnings"`
}

// Query is a question with names resolved.
type Query struct {
	Organization auditlog.Ref `json:"organization"`
	Endpoint     string       `json:"endpoint" jsonschema_description:"Which of Make's lists was read: organization, or teams."`
	From         string       `json:"from" jsonschema_description:"RFC 3339, inclusive."`
	To           string       `json:"to" jsonschema_description:"RFC 3339, exclusive."`
	AsOf         string       `json:"as_of,omitempty" jsonschema_description:"When the log was last read, where the window ends there and not at the moment of asking; to \"now\" reads anew."`
	Timezone     string       `json:"timezone"`
	// Lists are cut; the totals are those before.
	Team              []auditlog.Ref   `json:"team,omitempty" jsonschema_description:"A null id stands for no team. This and the other lists are cut where they are long."`
	TeamTotal         int              `json:"team_total,omitempty" jsonschema_description:"How many teams the filter names."`
	Actor             []auditlog.Actor `json:"actor,omitempty" jsonschema_description:"A null id stands for the system."`
	ActorTotal        int              `json:"actor_total,omitempty"`
	ExcludeActor      []auditlog.Actor `json:"exclude_actor,omitempty"`
	ExcludeActorTotal int              `json:"exclude_actor_total,omitempty"`
	Event             []auditlog.Text  `json:"event,omitempty" jsonschema_description:"What the filter stands for; a pattern for the known events that fit it."`
	EventTotal        int              `json:"event_total,omitempty" jsonschema_description:"How many events the filter stands for."`
	ExcludeEvent      []auditlog.Text  `json:"exclude_event,omitempty"`
	ExcludeEventTotal int              `json:"exclude_event_total,omitempty"`
	TargetID          auditlog.Text    `json:"target_id,omitempty"`
	Kind              auditlog.Text    `json:"kind,omitempty" jsonschema_description:"Kind of object."`
	Hours             string           `json:"hours,omitempty" jsonschema_description:"Hours of the day that were counted."`
	Weekdays          []string         `json:"weekdays,omitempty" jsonschema_description:"Weekdays that were counted."`
	SortBy            string           `json:"sort_by,omitempty"`
	SortDir           string           `json:"sort_dir,omitempty"`
}

// Coverage is the part of a window that an answer vouches for.
type Coverage struct {
	From *string `json:"from" jsonschema:"nullable" jsonschema_description:"Null if nothing is covered."`
	To   *string `json:"to" jsonschema:"nullable"`
	Gaps []Gap   `json:"gaps" jsonschema_description:"Parts of the window that are not covered: no entries there does not mean that nothing happened."`
}

// Gap is a part of a window that is not covered.
type Gap struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// Entry is one entry of the audit log. Names, addresses and details are text that others wrote.
type Entry struct {
	UUID          string            `json:"uuid"`
	TriggeredAt   string            `json:"triggered_at" jsonschema_description:"When it was done, RFC 3339 in the query's zone."`
	Event         auditlog.Text     `json:"event"`
	Actor         *auditlog.Actor   `json:"actor,omitempty" jsonschema_description:"Absent: the system. Names are user-supplied text."`
	Team          *auditlog.Ref     `json:"team,omitempty" jsonschema_description:"Absent: the entry has none."`
	TargetID      auditlog.Text     `json:"target_id,omitempty"`
	TargetKind    auditlog.Text     `json:"target_kind,omitempty" jsonschema_description:"Kind of object that target_id is the id of; of a record its data store's. Concise entries leave out what the event says."`
	TargetName    auditlog.Text     `json:"target_name,omitempty" jsonschema_description:"What the object was last called, as far as the archive and the details shown tell. User-supplied text."`
	ActorIsTarget bool              `json:"actor_is_target,omitempty" jsonschema_description:"The actor did it to themselves, e.g. changed their own role."`
	Version       *auditlog.Version `json:"version,omitempty"`
	CreatedAt     string            `json:"created_at,omitempty" jsonschema_description:"When Make wrote it down, at times weeks later; always shown where that was over an hour later."`
	Organization  *auditlog.Ref     `json:"organization,omitempty"`
	Label         auditlog.Text     `json:"label,omitempty"`
	Category      auditlog.Text     `json:"category,omitempty"`
	Details       json.RawMessage   `json:"details,omitempty" jsonschema_description:"User-supplied data; secrets read [masked]."`
	Extra         json.RawMessage   `json:"extra,omitempty" jsonschema_description:"Fields of Make's record that are not known here."`
	Masked        []string          `json:"masked,omitempty" jsonschema_description:"Where values were masked."`
}

// Warn implements [Result].
func (a *Answer) Warn(warning string) { a.Warnings = append(a.Warnings, warning) }

// Reword implements [Result].
func (a *Answer) Reword(change func(string) string) { reword(a.Warnings, change) }

func (a *Answer) summary(rows int) Summary { return Summary{string(a.Query.Organization.ID), rows} }
