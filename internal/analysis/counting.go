package analysis

import (
	"context"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// CountRequest is what to count of a query's entries, and how to group them.
type CountRequest struct {
	// GroupBy are up to two different dimensions; none: the total alone.
	GroupBy []Dimension
	// Hours and Weekdays let through what was triggered then, by the clocks of the window's zone.
	Hours    question.Hours
	Weekdays question.Weekdays
	OrderBy  GroupOrder
	// Compare counts the period before the window as well.
	Compare bool
}

// Counting is how many entries there are. Numbers are exact where the report is complete, else lower bounds.
type Counting struct {
	Total int
	// Groups are all there are, in the order asked for.
	Groups []*Group
	// Previous is nil where no comparison was asked for.
	Previous *PreviousCounting
	Report   auditlog.Report
}

// PreviousCounting is the same count over the period before.
type PreviousCounting struct {
	Window auditlog.Window
	Total  int
	Report auditlog.Report
	// ByGroup says that the groups carry their counts of that period; they cannot where each is a part of one period.
	ByGroup bool
	// Gone counts the groups that this period lacks.
	Gone int
	// Failure is why nothing of that period could be read; nil if something was.
	Failure error
}

// Count counts the entries that answer a query. Both periods are read at once.
func (s *Service) Count(ctx context.Context, q auditlog.Query, request CountRequest) (*Counting, error) {
	c := &counter{request: request, window: q.Window, weekStart: s.WeekStart, kinds: map[auditlog.Text]auditlog.Text{},
		groups: map[[2]string]*Group{}}
	// It is asked for even where this count can do without, so that the next one, grouped otherwise, costs no call.
	var err error
	c.catalog, err = s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		if slices.Contains(request.GroupBy, GroupByCategory) || ctx.Err() != nil {
			return nil, err
		}
		c.catalog = &auditlog.Catalog{}
	}
	counting := &Counting{}
	if request.Compare {
		previous := question.Previous(q.Window)
		counting.Previous = &PreviousCounting{
			Window:  previous,
			ByGroup: len(request.GroupBy) > 0 && !slices.ContainsFunc(request.GroupBy, Dimension.isPeriod),
		}
		q.Window.From = previous.From
	}
	report, err := s.tally(ctx, q, c)
	if err != nil && counting.Previous != nil && ctx.Err() == nil {
		// The window itself may be known from before.
		counting.Previous.Failure, counting.Previous.ByGroup = err, false
		q.Window = c.window
		report, err = s.tally(ctx, q, c)
	}
	if err != nil {
		return nil, err
	}
	counting.Report = report.Within(c.window)
	counting.Total = c.total
	for _, group := range c.groups {
		if group.Count > 0 {
			counting.Groups = append(counting.Groups, group)
		}
	}
	sortGroups(counting.Groups, request.OrderBy)
	if previous := counting.Previous; previous != nil && previous.Failure == nil {
		previous.Total, previous.Report = c.previous, report.Within(previous.Window)
		if previous.ByGroup {
			previous.Gone = len(c.groups) - len(counting.Groups)
		}
	}
	return counting, nil
}

// tally has the entries of a query counted, by the reader where it can.
func (s *Service) tally(ctx context.Context, q auditlog.Query, c *counter) (auditlog.Report, error) {
	if tallier, ok := s.Reader.(auditlog.Tallier); ok {
		return tallier.Tally(ctx, q, c.request.tallyBy(c.window), c.add)
	}
	return s.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
		c.add(auditlog.BinOf(entry))
		return true
	})
}

// tallyBy is what the count has to have distinguished.
func (r *CountRequest) tallyBy(window auditlog.Window) auditlog.TallyBy {
	by := auditlog.TallyBy{Split: window.From}
	for _, dimension := range r.GroupBy {
		switch dimension {
		case GroupByActor:
			by.Actor = true
		case GroupByEvent, GroupByCategory:
			by.Event = true
		case GroupByTeam:
			by.Team = true
		case GroupByTarget:
			by.Target, by.Event = true, true // the event says what kind of object it is
		case GroupByDay, GroupByWeek, GroupByMonth, GroupByWeekday:
			by.Clock = max(by.Clock, auditlog.ByDate)
		case GroupByHourOfDay:
			by.Clock = max(by.Clock, auditlog.ByHour)
		}
	}
	if r.Weekdays != 0 {
		by.Clock = max(by.Clock, auditlog.ByDate)
	}
	if !r.Hours.IsWholeDay() {
		needed := auditlog.ByMinute
		if r.Hours.From%60 == 0 && r.Hours.To%60 == 0 {
			needed = auditlog.ByHour
		}
		by.Clock = max(by.Clock, needed)
	}
	return by
}

// counter counts bins of entries that come newest first.
type counter struct {
	request   CountRequest
	window    auditlog.Window
	weekStart question.WeekStart
	catalog   *auditlog.Catalog
	kinds     map[auditlog.Text]auditlog.Text // of events, as found out so far
	groups    map[[2]string]*Group
	total     int
	previous  int
}

func (c *counter) add(bin auditlog.Bin) {
	local := bin.Last.In(c.window.Location)
	if !c.request.Hours.Contains(local) || !c.request.Weekdays.Contains(local) {
		return
	}
	isPrevious := bin.Last.Before(c.window.From)
	if isPrevious {
		c.previous += bin.Count
	} else {
		c.total += bin.Count
	}
	if len(c.request.GroupBy) > 0 {
		c.addToGroup(bin, local, isPrevious)
	}
}

func (c *counter) addToGroup(bin auditlog.Bin, local time.Time, isPrevious bool) {
	e := &bin.Entry
	var key [2]string
	for i, dimension := range c.request.GroupBy {
		key[i] = idIn(dimension, e, local, c.weekStart, c.catalog)
	}
	group, ok := c.groups[key]
	if !ok {
		group = &Group{Values: make([]Value, len(c.request.GroupBy))}
		for i, dimension := range c.request.GroupBy {
			group.Values[i] = Value{Dimension: dimension, ID: key[i], Actor: e.Actor, Team: e.Team}
		}
		group.kind = c.kind(e.Event)
		c.groups[key] = group
	}
	group.MixesKinds = group.MixesKinds || e.TargetID != "" && c.kind(e.Event) != group.kind
	if isPrevious {
		group.Previous += bin.Count
		return
	}
	if group.Count == 0 {
		group.LastAt = bin.Last
	}
	group.Count += bin.Count
	if group.FirstAt.IsZero() || bin.First.Before(group.FirstAt) {
		group.FirstAt = bin.First
	}
}

// kind is the kind of object that an event is about, where it matters: in groups by target.
func (c *counter) kind(event auditlog.Text) auditlog.Text {
	if !slices.Contains(c.request.GroupBy, GroupByTarget) {
		return ""
	}
	kind, known := c.kinds[event]
	if !known {
		kind = c.catalog.Kind(event)
		c.kinds[event] = kind
	}
	return kind
}
