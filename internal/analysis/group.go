package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// Dimension is what entries are grouped by.
type Dimension string

// The dimensions. Those of time go by the clocks of the window's zone.
const (
	GroupByActor     Dimension = "actor"
	GroupByEvent     Dimension = "event"
	GroupByCategory  Dimension = "category"
	GroupByTeam      Dimension = "team"
	GroupByTarget    Dimension = "target"
	GroupByHour      Dimension = "hour"
	GroupByDay       Dimension = "day"
	GroupByWeek      Dimension = "week"
	GroupByMonth     Dimension = "month"
	GroupByHourOfDay Dimension = "hour_of_day"
	GroupByWeekday   Dimension = "weekday"
)

// IsPeriod reports whether the groups of a dimension are parts of one window, so that no two windows share any.
func (d Dimension) IsPeriod() bool {
	return d == GroupByHour || d == GroupByDay || d == GroupByWeek || d == GroupByMonth
}

// Value is what the entries of a group share in one dimension.
type Value struct {
	Dimension Dimension
	// ID distinguishes values: an id, an event, a category, 2026-10-03T14:00:00+02:00 for an hour, 2026-10-03 for a day or the first of a
	// week, 2026-10, 0 to 23, or 0 for Monday to 6. It is empty for entries that have no such thing.
	ID string
	// Actor and Team are as the newest entry of the group has them: for names.
	Actor *auditlog.Actor
	Team  *auditlog.Ref
}

// Group is the entries that share a value in each dimension.
type Group struct {
	Values []Value
	Count  int
	// FirstAt and LastAt are when the oldest and the newest was triggered.
	FirstAt, LastAt time.Time
	// Distinct is how many different values they have, where these are counted.
	Distinct int
	// Previous counts those of the period before.
	Previous int
	// Events are those that a group by target holds, in no order.
	Events []auditlog.Text
	// MixesKinds says that a group by target holds objects of several kinds, which happen to have one id.
	MixesKinds bool
	// Kind is that of a group by target which does not mix them; empty where there is no target.
	Kind auditlog.Text
	// TargetName is what the one object of a group by target was called last, as it may be shown; empty where that is not known.
	TargetName auditlog.Text
	sortKey    string
}

// isGone reports whether only the period before has entries of the group.
func (g *Group) isGone() bool { return g.Count == 0 && g.Previous > 0 }

// idIn returns an entry's value in a dimension. local is when it was triggered, by the clocks of the window's zone.
func idIn(d Dimension, e *auditlog.Entry, local time.Time, weekStart question.WeekStart, catalog *auditlog.Catalog) string {
	switch d {
	case GroupByActor:
		return actorKey(e)
	case GroupByEvent:
		return string(e.Event)
	case GroupByCategory:
		return string(catalog.Event(e.Event).Category)
	case GroupByTeam:
		return string(e.TeamID())
	case GroupByTarget:
		return string(e.TargetID)
	case GroupByHour:
		return local.Format("2006-01-02T15:00:00Z07:00") // the offset tells hours apart that clocks show twice
	case GroupByDay:
		return local.Format(time.DateOnly)
	case GroupByWeek:
		return weekStart.Of(local)
	case GroupByMonth:
		return local.Format("2006-01")
	case GroupByHourOfDay:
		return fmt.Sprint(local.Hour())
	case GroupByWeekday:
		return fmt.Sprint(question.WeekdayIndex(local.Weekday()))
	}
	panic("analysis: unknown dimension " + string(d)) // a mistake of the caller, who checks names
}

// actorKey distinguishes actors: by id, never by name, unless there is no id.
func actorKey(e *auditlog.Entry) string {
	switch {
	case e.Actor == nil:
		return ""
	case e.Actor.ID == "":
		return "\x00" + string(e.Actor.Name) + "\x00" + string(e.Actor.Email)
	}
	return string(e.Actor.ID)
}

// sortText is the value as text whose bytes sort as people expect.
func (v Value) sortText() string {
	switch v.Dimension {
	case GroupByActor:
		return question.SortText(&auditlog.Entry{Actor: v.Actor}, question.ByActor)
	case GroupByTeam:
		return question.SortText(&auditlog.Entry{Team: v.Team}, question.ByTeam)
	case GroupByTarget:
		return question.SortText(&auditlog.Entry{TargetID: auditlog.Text(v.ID)}, question.ByTargetID)
	case GroupByHour:
		if at, err := time.Parse(time.RFC3339, v.ID); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
		return v.ID
	case GroupByHourOfDay, GroupByWeekday:
		return fmt.Sprintf("%02s", v.ID)
	default:
		return v.ID
	}
}

// GroupOrder is how groups are sorted.
type GroupOrder string

// The orders: largest first, latest first, ascending by key. What is equal is ascending by key.
const (
	OrderByCount    GroupOrder = "count"
	OrderByDistinct GroupOrder = "distinct"
	OrderByChange   GroupOrder = "change"
	OrderByFirstAt  GroupOrder = "first_at"
	OrderByLastAt   GroupOrder = "last_at"
	OrderByKey      GroupOrder = "key"
)

// Direction is which end of an order comes first.
type Direction string

// The directions; the empty one is the order's own.
const (
	Ascending  Direction = "asc"
	Descending Direction = "desc"
)

// compare orders groups by what the order is about, ascending.
func (o GroupOrder) compare(a, b *Group) int {
	switch o {
	case OrderByDistinct:
		return cmp.Compare(a.Distinct, b.Distinct)
	case OrderByChange:
		return cmp.Compare(a.Count-a.Previous, b.Count-b.Previous)
	case OrderByFirstAt:
		return a.FirstAt.Compare(b.FirstAt)
	case OrderByLastAt:
		return a.LastAt.Compare(b.LastAt)
	case OrderByKey:
		return strings.Compare(a.sortKey, b.sortKey)
	case OrderByCount:
	}
	return cmp.Compare(a.Count, b.Count)
}

// sortGroups sorts, and returns how many groups share the first place.
func sortGroups(groups []*Group, order GroupOrder, direction Direction) int {
	for _, group := range groups {
		texts := make([]string, len(group.Values))
		for i, value := range group.Values {
			texts[i] = value.sortText() + "\x00" + value.ID
		}
		group.sortKey = strings.Join(texts, "\x00\x00")
	}
	isAscending := direction == Ascending || direction == "" && order == OrderByKey
	slices.SortFunc(groups, func(a, b *Group) int {
		if !isAscending {
			return cmp.Or(order.compare(b, a), strings.Compare(a.sortKey, b.sortKey))
		}
		return cmp.Or(order.compare(a, b), strings.Compare(a.sortKey, b.sortKey))
	})
	following := slices.IndexFunc(groups, func(g *Group) bool { return order.compare(groups[0], g) != 0 })
	if following < 0 {
		return len(groups)
	}
	return following
}
