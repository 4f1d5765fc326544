package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/tz"
)

// RandomQuery draws a window and filters.
func RandomQuery(random *rand.Rand) auditlog.Query {
	q := Year()
	from := q.Window.From.Add(time.Duration(random.Int64N(int64(340 * 24 * time.Hour))))
	q.Window.From, q.Window.To = from, from.Add(time.Duration(random.Int64N(int64(60*24*time.Hour))))
	if random.IntN(3) == 0 {
		q.Window.To = Begin()
	}
	zone, _ := tz.Load([]string{"UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu"}[random.IntN(4)])
	q.Window.Location = zone
	if random.IntN(3) == 0 {
		q.Teams = []auditlog.Ref{{ID: "5"}}
		q.NoTeam = random.IntN(2) == 0
	}
	if random.IntN(3) == 0 {
		q.Actors = []auditlog.Actor{{ID: "903"}, {ID: "905"}, {ID: "12345"}}
		q.System = random.IntN(2) == 0
	}
	if random.IntN(4) == 0 {
		q.ExcludeActors = []auditlog.Actor{{ID: "903"}}
		q.ExcludeSystem = random.IntN(2) == 0
	}
	if random.IntN(3) == 0 {
		q.Events = []auditlog.Event{{Value: "webhook_created"}, {Value: "never_seen"}}
	}
	if random.IntN(4) == 0 {
		q.ExcludeEvents = []auditlog.Event{{Value: "webhook_created"}, {Value: "never_seen"}}
	}
	if random.IntN(5) == 0 {
		q.TargetID = []auditlog.Text{"3010", "3499", "none such"}[random.IntN(3)]
	}
	return q
}

// RandomTally draws what is distinguished of a query's entries.
func RandomTally(random *rand.Rand, q *auditlog.Query) auditlog.TallyBy {
	by := auditlog.TallyBy{
		Actor: random.IntN(2) == 0, Event: random.IntN(2) == 0, Team: random.IntN(3) == 0, Target: random.IntN(4) == 0,
		Clock: auditlog.Clock(random.IntN(4)),
	}
	if random.IntN(2) == 0 {
		by.Split = q.Window.From.Add(q.Window.To.Sub(q.Window.From) / 3)
	}
	return by
}

// Tallies are bins as text, added up.
func Tallies(bins []auditlog.Bin, by auditlog.TallyBy, location *time.Location) map[string]string {
	type sum struct {
		count       int
		first, last time.Time
	}
	sums := map[string]*sum{}
	for _, bin := range bins {
		key := ""
		if by.Actor {
			key += " " + string(bin.Entry.ActorID())
		}
		if by.Event {
			key += " " + string(bin.Entry.Event)
		}
		if by.Team {
			key += " " + string(bin.Entry.TeamID())
		}
		if by.Target {
			key += " " + string(bin.Entry.TargetID)
		}
		local := map[auditlog.Clock]string{auditlog.ByDate: time.DateOnly, auditlog.ByHour: "2006-01-02 15",
			auditlog.ByMinute: "2006-01-02 15:04"}
		if by.Clock != auditlog.NoClock {
			key += " " + bin.Last.In(location).Format(local[by.Clock])
		}
		if !by.Split.IsZero() {
			key += fmt.Sprint(" ", bin.Last.Before(by.Split))
		}
		if sums[key] == nil {
			sums[key] = &sum{first: bin.First, last: bin.Last}
		}
		s := sums[key]
		s.count += bin.Count
		if bin.First.Before(s.first) {
			s.first = bin.First
		}
	}
	texts := map[string]string{}
	for key, s := range sums {
		texts[key] = fmt.Sprint(s.count, s.first.UTC(), s.last.UTC())
	}
	return texts
}
