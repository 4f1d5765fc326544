package schemas

import "make-audit-mcp/internal/auditlog"

// CountAuditLogsArguments ask how many entries there are.
type CountAuditLogsArguments struct {
	Filter
	GroupBy           []string `json:"group_by,omitempty" jsonschema:"maxItems=2,enum=actor,enum=event,enum=category,enum=team,enum=target,enum=hour,enum=day,enum=week,enum=month,enum=hour_of_day,enum=weekday" jsonschema_description:"Up to two keys; without: the total alone."`
	Distinct          string   `json:"distinct,omitempty" jsonschema:"enum=actor,enum=event,enum=category,enum=team,enum=target,enum=day" jsonschema_description:"How many different ones each group has."`
	MinCount          int      `json:"min_count,omitempty" jsonschema:"minimum=1" jsonschema_description:"Least count of a group; with distinct, least number of different ones."`
	Hours             string   `json:"hours,omitempty" jsonschema_description:"Hours of the day that count, e.g. 22-06."`
	Weekdays          []string `json:"weekdays,omitempty" jsonschema:"maxItems=7" jsonschema_description:"Weekdays that count: mon to sun, mon-fri, weekend."`
	OrderBy           string   `json:"order_by,omitempty" jsonschema:"enum=count,enum=distinct,enum=change,enum=first_at,enum=last_at,enum=key" jsonschema_description:"Default count; time for hour to month."`
	OrderDir          string   `json:"order_dir,omitempty" jsonschema:"enum=asc,enum=desc" jsonschema_description:"Default desc, of key asc."`
	Limit             int      `json:"limit,omitempty" jsonschema:"minimum=1,maximum=200" jsonschema_description:"Default 20; more if the first place is shared."`
	CompareToPrevious bool     `json:"compare_to_previous,omitempty" jsonschema_description:"Adds the period before, as long as this one."`
}

// CountAuditLogsResult is how many entries there are.
type CountAuditLogsResult struct {
	Answer
	Total         *int            `json:"total" jsonschema:"nullable" jsonschema_description:"Entries that match; a lower bound unless complete, null if nothing is covered."`
	DistinctTotal *int            `json:"distinct_total,omitempty" jsonschema_description:"Different ones in all."`
	Groups        []CountGroup    `json:"groups" jsonschema_description:"Empty without group_by. In order of time, also those without entries where the window is covered."`
	OtherCount    int             `json:"other_count" jsonschema_description:"Entries of the groups that are not listed."`
	GroupCount    int             `json:"group_count" jsonschema_description:"Groups in all; with min_count, those that reach it."`
	Previous      *PreviousPeriod `json:"previous,omitempty"`
}

// Summary implements [Result].
func (r *CountAuditLogsResult) Summary() Summary { return r.summary(len(r.Groups)) }

// CountGroup is the entries that share a key.
type CountGroup struct {
	Key           GroupKey        `json:"key"`
	Count         int             `json:"count"`
	Kind          auditlog.Text   `json:"kind,omitempty" jsonschema_description:"Of a target: kind of object."`
	TargetName    auditlog.Text   `json:"target_name,omitempty" jsonschema_description:"Of a target: what it was last called, as far as the archive tells. User-supplied text."`
	Events        []auditlog.Text `json:"events,omitempty" jsonschema_description:"Of a target: what happened to it, at most five."`
	EventsTotal   int             `json:"events_total,omitempty" jsonschema_description:"How many different events there are, where more than are listed."`
	Distinct      *int            `json:"distinct,omitempty" jsonschema_description:"How many different ones it has. None, such as no team, is not one."`
	FirstAt       string          `json:"first_at,omitempty" jsonschema_description:"Absent where count is 0."`
	LastAt        string          `json:"last_at,omitempty"`
	PreviousCount *int            `json:"previous_count,omitempty" jsonschema_description:"In the period before."`
	Change        *int            `json:"change,omitempty" jsonschema_description:"count less previous_count."`
}

// GroupKey is what the entries of a group share: a field for each of group_by. People and teams are one where their id is; a null id stands
// for none, as the name then says.
type GroupKey struct {
	Actor     *auditlog.Actor `json:"actor,omitempty"`
	Event     *auditlog.Text  `json:"event,omitempty"`
	Category  *auditlog.Text  `json:"category,omitempty"`
	Team      *auditlog.Ref   `json:"team,omitempty"`
	Target    *auditlog.Text  `json:"target,omitempty" jsonschema_description:"The target id; empty: none. Unique only within a kind of object."`
	Hour      string          `json:"hour,omitempty" jsonschema_description:"When it begins by the clock, 2026-10-03T14:00:00+02:00."`
	Day       string          `json:"day,omitempty" jsonschema_description:"2026-10-03"`
	Week      string          `json:"week,omitempty" jsonschema_description:"The week's first day, 2026-09-28."`
	Month     string          `json:"month,omitempty" jsonschema_description:"2026-10"`
	HourOfDay *int            `json:"hour_of_day,omitempty" jsonschema_description:"0 to 23, by the clocks of the query's zone."`
	Weekday   string          `json:"weekday,omitempty" jsonschema_description:"Monday to Sunday."`
}

// PreviousPeriod is the period before the window, under the same filters.
type PreviousPeriod struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Total      *int   `json:"total" jsonschema:"nullable" jsonschema_description:"Null if nothing of it is covered."`
	Complete   bool   `json:"complete" jsonschema_description:"False: total and the previous counts are lower bounds."`
	GroupsGone int    `json:"groups_gone,omitempty" jsonschema_description:"Groups of that period that have no entries now."`
}
