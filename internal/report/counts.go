package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/chart"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/schemas"
)

// count writes how many entries there are.
func (p *page) count(q *Question, counted *schemas.CountAuditLogsResult) {
	arguments, _ := q.Arguments.(schemas.CountAuditLogsArguments)
	p.Begin("p", "class", "total")
	p.Element("strong", said(counted.Total, worth(&counted.Answer)))
	p.Text(" entries")
	if previous := counted.Previous; previous != nil {
		p.Text("; in the period before, ")
		p.when(previous.From)
		p.Text(" to ")
		p.when(previous.To)
		p.Text(", " + said(previous.Total, auditlog.WorthOf(!previous.Complete, false)))
	}
	p.Text(".")
	p.End()
	if len(counted.Groups) == 0 {
		return
	}
	switch {
	case q.picture == timeline:
		chart.Draw(&p.Writer, p.timelineOf(q.Title, arguments.GroupBy[0], counted))
	case q.picture == heatMap:
		chart.Draw(&p.Writer, p.heatMapOf(q.Title, counted))
	case len(arguments.GroupBy) > 1:
		if q.picture == stacked {
			chart.Draw(&p.Writer, p.stackedOf(q.Title, arguments.GroupBy[0], counted))
		}
		p.cross(q.Title, arguments.GroupBy, counted)
	default:
		if q.picture == bars {
			chart.Draw(&p.Writer, barsOf(q.Title, counted))
		}
		p.groups(q.Title, arguments, counted)
	}
	p.cut(len(counted.Groups), counted.GroupCount, "groups", counted.OtherCount, worth(&counted.Answer))
}

// cut says how much a list does not have, and how to have it.
func (p *page) cut(shown, total int, what string, entries int, w auditlog.Worth) {
	if shown >= total {
		return
	}
	text := fmt.Sprintf("%s of %s %s are listed", chart.Number(shown), w.Said(chart.Number(total)), what)
	if entries > 0 {
		text += fmt.Sprintf("; the others have %s entries", w.Said(chart.Number(entries)))
	}
	p.Element("p", text+". The rest: the question below for a shorter window, or make-audit-mcp export with the same window and filters.",
		"class", "cut")
}

// keyOf is what the entries of a group share, in one dimension: text that tells groups apart, and how it is shown.
func keyOf(key *schemas.GroupKey, dimension string) (id, shown string) {
	clean := func(text *auditlog.Text) (string, string) {
		if text == nil {
			return "", ""
		}
		return string(*text), text.Clean()
	}
	same := func(text string) (string, string) { return text, text }
	switch dimension {
	case "actor":
		if key.Actor != nil {
			return string(key.Actor.ID), cmp.Or(key.Actor.Name.Clean(), key.Actor.Email.Clean(), auditlog.Text(key.Actor.ID).Clean())
		}
	case "team":
		if key.Team != nil {
			return string(key.Team.ID), cmp.Or(key.Team.Name.Clean(), auditlog.Text(key.Team.ID).Clean())
		}
	case "event":
		return clean(key.Event)
	case "category":
		return clean(key.Category)
	case "target":
		return clean(key.Target)
	case "hour":
		return same(key.Hour)
	case "day":
		return same(key.Day)
	case "week":
		return same(key.Week)
	case "month":
		return same(key.Month)
	case "weekday":
		return same(key.Weekday)
	case "hour_of_day":
		if key.HourOfDay != nil {
			return same(fmt.Sprintf("%02d", *key.HourOfDay))
		}
	}
	return "", ""
}

// groups writes a count by one key.
func (p *page) groups(caption string, arguments schemas.CountAuditLogsArguments, counted *schemas.CountAuditLogsResult) {
	dimension := arguments.GroupBy[0]
	compares := slices.ContainsFunc(counted.Groups, func(g schemas.CountGroup) bool { return g.PreviousCount != nil })
	columns := []column{{heading(dimension), ""}, number("Entries")}
	if compares {
		columns = append(columns, number("Before"), number("Change"))
	}
	if arguments.Distinct != "" {
		columns = append(columns, number(plural(arguments.Distinct)))
	}
	columns = append(columns, column{"First", ""}, column{"Last", ""})
	p.table(caption, "list said", columns...)
	now, before := worth(&counted.Answer), auditlog.Exact
	if counted.Previous != nil {
		before = auditlog.WorthOf(!counted.Previous.Complete, false)
	}
	for i := range counted.Groups {
		group := &counted.Groups[i]
		p.Begin("tr")
		p.Begin("th", "scope", "row")
		p.key(group, dimension)
		p.End()
		p.numberCell(group.Count, now)
		if compares {
			p.optionalCell(group.PreviousCount, before)
			p.optionalCell(group.Change, auditlog.WorthOf(now != auditlog.Exact, before != auditlog.Exact))
		}
		if arguments.Distinct != "" {
			p.optionalCell(group.Distinct, now)
		}
		p.timeCell(group.FirstAt)
		p.timeCell(group.LastAt)
		p.End()
	}
	p.endTable()
}

// key writes what a group's entries share.
func (p *page) key(group *schemas.CountGroup, dimension string) {
	switch key := &group.Key; {
	case dimension == "actor" && key.Actor != nil:
		p.actor(key.Actor)
	case dimension == "team" && key.Team != nil:
		p.ref(*key.Team)
	case dimension == "target" && key.Target != nil:
		p.Name(cmp.Or(group.TargetName.Clean(), "(no name known)"))
		p.small(cmp.Or(key.Target.Clean(), "no object"))
	default:
		_, shown := keyOf(key, dimension)
		p.Name(shown)
	}
}

// heading is what a dimension is called above a table.
func heading(dimension string) string {
	switch dimension {
	case "actor":
		return "Person"
	case "hour_of_day":
		return "Hour"
	case "target":
		return "Object"
	case "":
		return ""
	}
	return strings.ToUpper(dimension[:1]) + dimension[1:]
}

func plural(dimension string) string {
	switch dimension {
	case "actor":
		return "People"
	case "day":
		return "Days with entries"
	case "category":
		return "Categories"
	}
	return heading(dimension) + "s"
}

// grid is a count by two keys.
type grid struct {
	rows, columns []axis
	cells         map[[2]string]int
	isWhole       bool // every group is listed, so that a cell without one has no entries
	worth         auditlog.Worth
}

// axis is a row or a column of a grid.
type axis struct {
	id, shown string
	group     *schemas.CountGroup // one of its groups
	total     int
}

func gridOf(counted *schemas.CountAuditLogsResult, rows, columns string) grid {
	g := grid{cells: map[[2]string]int{}, isWhole: len(counted.Groups) == counted.GroupCount, worth: worth(&counted.Answer)}
	for i := range counted.Groups {
		group := &counted.Groups[i]
		row := add(&g.rows, group, rows)
		column := add(&g.columns, group, columns)
		g.cells[[2]string{row, column}] += group.Count
	}
	for _, sorted := range []struct {
		of []axis
		by string
	}{{g.rows, rows}, {g.columns, columns}} {
		order.By(sorted.of, func(a, b axis) int {
			if isTime(sorted.by) {
				return compareTimes(a.id, b.id)
			}
			return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.shown, b.shown))
		})
	}
	return g
}

// sums is what the sum of a row is worth: of groups that are not listed it lacks the entries.
func (g *grid) sums() auditlog.Worth {
	return auditlog.WorthOf(!g.isWhole || g.worth != auditlog.Exact, false)
}

func add(to *[]axis, group *schemas.CountGroup, dimension string) string {
	id, shown := keyOf(&group.Key, dimension)
	at := slices.IndexFunc(*to, func(a axis) bool { return a.id == id })
	if at < 0 {
		at = len(*to)
		*to = append(*to, axis{id: id, shown: shown, group: group})
	}
	(*to)[at].total += group.Count
	return id
}

func isTime(dimension string) bool {
	return slices.Contains([]string{"hour", "day", "week", "month"}, dimension)
}

// compareTimes compares when periods begin. Of hours the clock's time alone does not tell: where clocks go back, it comes twice.
func compareTimes(a, b string) int {
	first, errFirst := time.Parse(time.RFC3339Nano, a)
	second, errSecond := time.Parse(time.RFC3339Nano, b)
	if errFirst == nil && errSecond == nil {
		return first.Compare(second)
	}
	return cmp.Compare(a, b)
}

// mostAcross is how many columns of a count by two keys fit side by side on paper.
const mostAcross = 10

// cross writes a count by two keys: people below each other, or else times. What is too wide for paper goes on below.
func (p *page) cross(caption string, by []string, counted *schemas.CountAuditLogsResult) {
	rows, columns := by[0], by[1]
	if columns == "actor" {
		rows, columns = columns, rows
	}
	g := gridOf(counted, rows, columns)
	for from := 0; from < len(g.columns); from += mostAcross {
		to := min(from+mostAcross, len(g.columns))
		p.crossPart(caption, rows, &g, from, to)
	}
}

// crossPart writes some columns of a grid; the sums stand behind the last.
func (p *page) crossPart(caption, rows string, g *grid, from, to int) {
	isLast := to == len(g.columns)
	heads := []column{{heading(rows), ""}}
	for _, c := range g.columns[from:to] {
		heads = append(heads, number(c.shown))
	}
	if isLast {
		heads = append(heads, number("All"))
	}
	if from > 0 {
		caption += ", continued"
	}
	p.table(caption, "list said cross", heads...)
	for _, row := range g.rows {
		p.Begin("tr")
		p.Begin("th", "scope", "row")
		p.key(row.group, rows)
		p.End()
		for _, c := range g.columns[from:to] {
			n, isListed := g.cells[[2]string{row.id, c.id}]
			switch {
			case isListed:
				p.numberCell(n, g.worth)
			case g.isWhole && g.worth == auditlog.Exact:
				p.Element("td", "", "class", "n")
			default:
				p.Element("td", "?", "class", "n") // among those that are not listed, or none
			}
		}
		if isLast {
			p.numberCell(row.total, g.sums())
		}
		p.End()
	}
	p.endTable()
}

// timelineOf is a picture of a count by time, with the parts that are not covered.
func (p *page) timelineOf(caption, period string, counted *schemas.CountAuditLogsResult) *chart.Chart {
	c := &chart.Chart{Kind: chart.Timeline, Caption: caption, Corner: heading(period), Columns: []string{"Entries"}, Sum: "Entries"}
	var rows []timed
	for i := range counted.Groups {
		group := &counted.Groups[i]
		id, _ := keyOf(&group.Key, period)
		rows = append(rows, timed{id, chart.Row{Name: periodName(period, id), Values: []*int{&group.Count},
			Least: p.isPartial(counted, period, id)}})
	}
	c.Rows = withGaps(rows, counted)
	return c
}

// timed is a row of a timeline, and when it begins.
type timed struct {
	begins string
	chart.Row
}

// withGaps puts the gaps of a count between its rows, in order of time.
func withGaps(rows []timed, counted *schemas.CountAuditLogsResult) []chart.Row {
	for _, gap := range counted.Coverage.Gaps {
		reason := gap.Reason
		rows = append(rows, timed{gap.From, chart.Row{Name: day(gap.From) + " to " + day(gap.To), Gap: &reason}})
	}
	order.By(rows, func(a, b timed) int { return compareTimes(a.begins, b.begins) })
	drawn := make([]chart.Row, len(rows))
	for i, row := range rows {
		drawn[i] = row.Row
	}
	return drawn
}

// isPartial reports whether entries of a period may be missing: a part of it lies in a gap, or it is not known where they are.
func (p *page) isPartial(counted *schemas.CountAuditLogsResult, period, id string) bool {
	if !counted.Complete && (counted.Unreadable > 0 || len(counted.Coverage.Gaps) == 0) {
		return true
	}
	begin, end := periodSpan(period, id, p.report.location)
	return slices.ContainsFunc(counted.Coverage.Gaps, func(gap schemas.Gap) bool {
		from, errFrom := time.Parse(time.RFC3339Nano, gap.From)
		to, errTo := time.Parse(time.RFC3339Nano, gap.To)
		return errFrom == nil && errTo == nil && from.Before(end) && begin.Before(to)
	})
}

// periodSpan is when a period begins and ends; zero where that cannot be told.
func periodSpan(period, id string, location *time.Location) (begin, end time.Time) {
	switch period {
	case "hour":
		begin, _ = time.Parse(time.RFC3339, id)
		return begin, begin.Add(time.Hour)
	case "month":
		begin, _ = time.ParseInLocation("2006-01", id, location)
		return begin, begin.AddDate(0, 1, 0)
	case "week":
		begin, _ = time.ParseInLocation(time.DateOnly, id, location)
		return begin, begin.AddDate(0, 0, 7)
	}
	begin, _ = time.ParseInLocation(time.DateOnly, id, location)
	return begin, begin.AddDate(0, 0, 1)
}

// periodName is how a period is called below a timeline.
func periodName(period, id string) string {
	switch period {
	case "hour":
		if t, err := time.Parse(time.RFC3339, id); err == nil {
			return t.Format("2 Jan 15:04")
		}
	case "day", "week":
		if t, err := time.Parse(time.DateOnly, id); err == nil {
			return t.Format("2 Jan")
		}
	case "month":
		if t, err := time.Parse("2006-01", id); err == nil {
			return t.Format("Jan 2006")
		}
	}
	return id
}

// mostStacked is how many columns of a stack have a colour of their own.
const mostStacked = 6

// stackedOf is a picture of a count by time and by something else, of which the smaller ones share a colour.
func (p *page) stackedOf(caption, period string, counted *schemas.CountAuditLogsResult) *chart.Chart {
	g := gridOf(counted, period, "category")
	c := &chart.Chart{Kind: chart.Timeline, Caption: caption, Corner: heading(period), Sum: "Entries"}
	for _, column := range g.columns[:min(len(g.columns), mostStacked)] {
		c.Columns = append(c.Columns, column.shown)
	}
	if len(g.columns) > mostStacked {
		others := mostStacked
		c.Columns, c.Others = append(c.Columns, "others"), &others
	}
	var rows []timed
	for _, row := range g.rows {
		values := make([]*int, len(c.Columns))
		for i := range values {
			values[i] = new(int)
		}
		for i, column := range g.columns {
			*values[min(i, mostStacked)] += g.cells[[2]string{row.id, column.id}]
		}
		rows = append(rows, timed{row.id, chart.Row{Name: periodName(period, row.id), Values: values,
			Least: !g.isWhole || p.isPartial(counted, period, row.id)}})
	}
	c.Rows = withGaps(rows, counted)
	return c
}

// heatMapOf is a picture of a count by weekday and hour.
func (p *page) heatMapOf(caption string, counted *schemas.CountAuditLogsResult) *chart.Chart {
	g := gridOf(counted, "weekday", "hour_of_day")
	c := &chart.Chart{Kind: chart.HeatMap, Caption: caption, Corner: "Weekday"}
	for hour := range 24 {
		c.Columns = append(c.Columns, fmt.Sprintf("%02d", hour))
	}
	for day := range time.Weekday(7) {
		row := chart.Row{Name: ((p.report.firstOfWeek + day) % 7).String(), Least: !counted.Complete}
		for _, hour := range c.Columns {
			n := g.cells[[2]string{row.Name, hour}]
			row.Values = append(row.Values, &n)
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// barsOf is a picture of the largest groups of a count.
func barsOf(caption string, counted *schemas.CountAuditLogsResult) *chart.Chart {
	const most = 15
	c := &chart.Chart{Kind: chart.Bars, Caption: caption + ": the largest", Corner: "Person", Columns: []string{"Entries"}, Sum: "Entries"}
	for i := range counted.Groups[:min(len(counted.Groups), most)] {
		group := &counted.Groups[i]
		_, shown := keyOf(&group.Key, "actor")
		c.Rows = append(c.Rows, chart.Row{Name: shown, Values: []*int{&group.Count}, Least: !counted.Complete})
	}
	return c
}
