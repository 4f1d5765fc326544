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
	// Distinct, if set, has the different values of one more dimension counted in each group. What has none there is not one of them.
	Distinct Dimension
	// MinCount is the least that a group must count, of different values where these are counted, else of entries; 0 lets all through.
	MinCount int
	// OrderBy and OrderDir sort the groups; empty ones stand for order of time where the first dimension is a period, else by count, and
	// for the order's own direction.
	OrderBy  GroupOrder
	OrderDir Direction
	// Compare counts the period before the window as well.
	Compare bool
}

// order returns what the groups are sorted by.
func (r *CountRequest) order() GroupOrder {
	switch {
	case r.OrderBy != "":
		return r.OrderBy
	case len(r.GroupBy) > 0 && r.GroupBy[0].IsPeriod():
		return OrderByKey
	}
	return OrderByCount
}

// Counting is how many entries there are. Numbers are exact where the report is complete, else lower bounds.
type Counting struct {
	Total int
	// Distinct is how many different values all entries have, where these are counted.
	Distinct int
	// Groups are all that count enough, in the order asked for.
	Groups []*Group
	// SharingFirst is how many of them share the first place.
	SharingFirst int
	// Previous is nil where no comparison was asked for.
	Previous *PreviousCounting
	Report   auditlog.Report
	// NamesError is why objects may lack their names; nil if they do not.
	NamesError error
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
		groups: map[[2]string]*Group{}, seen: map[valueIn]bool{}}
	// It is asked for even where this count can do without, so that the next one, grouped otherwise, costs no call.
	var err error
	c.catalog, err = s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		if request.asksFor(GroupByCategory) || ctx.Err() != nil {
			return nil, err
		}
		c.catalog = &auditlog.Catalog{}
	}
	counting := &Counting{}
	if request.Compare {
		previous := question.Previous(q.Window)
		counting.Previous = &PreviousCounting{
			Window:  previous,
			ByGroup: len(request.GroupBy) > 0 && !slices.ContainsFunc(request.GroupBy, Dimension.IsPeriod),
		}
		q.Window.From = previous.From
		c.comparesGroups = counting.Previous.ByGroup
	}
	report, err := s.tally(ctx, q, request.tallyBy(c.window), c.add)
	if err != nil && counting.Previous != nil && ctx.Err() == nil {
		// The window itself may be known from before.
		counting.Previous.Failure, counting.Previous.ByGroup = err, false
		q.Window = c.window
		report, err = s.tally(ctx, q, request.tallyBy(c.window), c.add)
	}
	if err != nil {
		return nil, err
	}
	counting.Report = report.Within(c.window)
	counting.Total, counting.Distinct = c.total, c.distinct
	if previous := counting.Previous; previous != nil && previous.Failure == nil {
		previous.Total, previous.Report = c.previous, report.Within(previous.Window)
		previous.Gone = c.gone()
		previous.ByGroup = previous.ByGroup && !previous.Report.Coverage.IsEmpty()
	}
	order := request.order()
	if order == OrderByChange && (counting.Previous == nil || !counting.Previous.ByGroup) {
		order = OrderByCount
	}
	if order == OrderByKey && len(request.GroupBy) == 1 && request.GroupBy[0].IsPeriod() {
		c.addEmptyPeriods(&counting.Report)
	}
	counting.Groups = c.shown(order)
	counting.SharingFirst = sortGroups(counting.Groups, order, request.OrderDir)
	counting.NamesError = s.nameTargets(ctx, q.Organization.ID, counting.Groups)
	return counting, nil
}

// asksFor reports whether values in a dimension matter to the count.
func (r *CountRequest) asksFor(dimension Dimension) bool {
	return r.Distinct == dimension || slices.Contains(r.GroupBy, dimension)
}

// tally has the entries of a query counted, by the reader where it can.
func (s *Service) tally(ctx context.Context, q auditlog.Query, by auditlog.TallyBy, add func(auditlog.Bin)) (auditlog.Report, error) {
	if tallier, ok := s.Reader.(auditlog.Tallier); ok {
		return tallier.Tally(ctx, q, by, add)
	}
	return s.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
		add(auditlog.BinOf(entry))
		return true
	})
}

// tallyBy is what the count has to have distinguished.
func (r *CountRequest) tallyBy(window auditlog.Window) auditlog.TallyBy {
	by := auditlog.TallyBy{Split: window.From}
	for _, dimension := range append(slices.Clone(r.GroupBy), r.Distinct) {
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
		case GroupByHour, GroupByHourOfDay:
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
	// comparesGroups says that groups count entries of the period before as well.
	comparesGroups bool
	distinct       int
	seen           map[valueIn]bool
}

// valueIn is a value that entries of a group have; of all entries where the group is nil.
type valueIn struct {
	group *Group
	value string
}

// isNew reports whether a group has a value, which is not none, for the first time.
func (c *counter) isNew(group *Group, value string) bool {
	in := valueIn{group, value}
	if value == "" || c.seen[in] {
		return false
	}
	c.seen[in] = true
	return true
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
	value := ""
	if c.request.Distinct != "" {
		value = idIn(c.request.Distinct, &bin.Entry, local, c.weekStart, c.catalog)
		if !isPrevious && c.isNew(nil, value) {
			c.distinct++
		}
	}
	if len(c.request.GroupBy) > 0 && (!isPrevious || c.comparesGroups) {
		c.addToGroup(bin, local, isPrevious, value)
	}
}

func (c *counter) addToGroup(bin auditlog.Bin, local time.Time, isPrevious bool, value string) {
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
		group.Kind = c.kind(e)
		c.groups[key] = group
	}
	if kind := c.kind(e); kind != group.Kind {
		group.MixesKinds = true
	}
	if isPrevious {
		group.Previous += bin.Count
		return
	}
	if group.Count == 0 {
		group.LastAt = bin.Last
	}
	group.Count += bin.Count
	if c.isNew(group, value) {
		group.Distinct++
	}
	if slices.Contains(c.request.GroupBy, GroupByTarget) && !slices.Contains(group.Events, e.Event) {
		group.Events = append(group.Events, e.Event)
	}
	if group.FirstAt.IsZero() || bin.First.Before(group.FirstAt) {
		group.FirstAt = bin.First
	}
}

// shown are the groups that count enough. Those that are gone are among them where the order is by what they lost.
func (c *counter) shown(order GroupOrder) []*Group {
	var groups []*Group
	for _, group := range c.groups {
		counts := group.Count
		if c.request.Distinct != "" {
			counts = group.Distinct
		}
		if counts >= c.request.MinCount && (!group.isGone() || order == OrderByChange) {
			groups = append(groups, group)
		}
	}
	return groups
}

// gone counts the groups of the period before that have no entries now.
func (c *counter) gone() int {
	gone := 0
	for _, group := range c.groups {
		if group.isGone() {
			gone++
		}
	}
	return gone
}

// kind is the kind of an entry's object, where it matters: in groups by target.
func (c *counter) kind(e *auditlog.Entry) auditlog.Text {
	if e.TargetID == "" || !slices.Contains(c.request.GroupBy, GroupByTarget) {
		return ""
	}
	kind, known := c.kinds[e.Event]
	if !known {
		kind = c.catalog.Kind(e.Event)
		c.kinds[e.Event] = kind
	}
	return kind
}
