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
	GroupByDay       Dimension = "day"
	GroupByWeek      Dimension = "week"
	GroupByMonth     Dimension = "month"
	GroupByHourOfDay Dimension = "hour_of_day"
	GroupByWeekday   Dimension = "weekday"
)

// isPeriod reports whether the groups of a dimension are parts of one window, so that no two windows share any.
func (d Dimension) isPeriod() bool {
	return d == GroupByDay || d == GroupByWeek || d == GroupByMonth
}

// Value is what the entries of a group share in one dimension.
type Value struct {
	Dimension Dimension
	// ID distinguishes values: an id, an event, a category, 2026-10-03 for a day or the first of a week, 2026-10, 0 to 23, or 0 for Monday
	// to 6. It is empty for entries that have no such thing.
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
	// Previous counts those of the period before.
	Previous int
	// MixesKinds says that a group by target holds objects of several kinds, which happen to have one id.
	MixesKinds bool
	kind       auditlog.Text
	sortKey    string
}

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
	OrderByCount   GroupOrder = "count"
	OrderByFirstAt GroupOrder = "first_at"
	OrderByLastAt  GroupOrder = "last_at"
	OrderByKey     GroupOrder = "key"
)

func sortGroups(groups []*Group, order GroupOrder) {
	for _, group := range groups {
		texts := make([]string, len(group.Values))
		for i, value := range group.Values {
			texts[i] = value.sortText() + "\x00" + value.ID
		}
		group.sortKey = strings.Join(texts, "\x00\x00")
	}
	slices.SortFunc(groups, func(a, b *Group) int {
		byKey := strings.Compare(a.sortKey, b.sortKey)
		switch order {
		case OrderByFirstAt:
			return cmp.Or(b.FirstAt.Compare(a.FirstAt), byKey)
		case OrderByLastAt:
			return cmp.Or(b.LastAt.Compare(a.LastAt), byKey)
		case OrderByKey:
			return byKey
		case OrderByCount:
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), byKey)
	})
}
