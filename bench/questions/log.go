package questions

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

const home = "Europe/Prague"

// Log is what answers are computed from: all of what Make knows, or what somebody read of it.
type Log struct {
	// Entries are the newest first.
	Entries []makesim.Entry
	// Members are the users of the organization.
	Members []makesim.User
	// Names of teams and roles of users are there in what Make knows alone.
	world *makesim.World
	zones map[string]*time.Location
}

func zonesOfQuestions() []string {
	return []string{home, "America/New_York", "Asia/Kathmandu", "UTC"}
}

// Make is the simulated Make that questions are about.
type Make struct {
	*makesim.Server
	URL   string
	world *makesim.World
	zones map[string]*time.Location
}

// StartMake serves the demo's Make on loopback until ctx ends.
func StartMake(ctx context.Context) (*Make, error) {
	zones := map[string]*time.Location{}
	for _, name := range zonesOfQuestions() {
		zone, err := tz.Load(name)
		if err != nil {
			return nil, fmt.Errorf("zone of a question: %w", err)
		}
		zones[name] = zone
	}
	world := makesim.Demo(Now(), 1, tz.Load)
	// Nobody waits for the rate limit here: requests are counted instead.
	server := makesim.New(world, makesim.Options{Now: Now, Seed: 1, Minute: time.Millisecond})
	url, err := makesim.Listen(ctx, func() *makesim.Server { return server })
	if err != nil {
		return nil, err
	}
	return &Make{Server: server, URL: url, world: world, zones: zones}, nil
}

// Log is all that Make knows.
func (m *Make) Log() *Log {
	l := &Log{Entries: m.Dump(makesim.DemoOrganizationID), world: m.world, zones: m.zones}
	for _, user := range m.world.Users {
		if slices.ContainsFunc(m.world.OrganizationRoles, func(r makesim.OrganizationRole) bool {
			return r.UserID == user.ID && r.OrganizationID == makesim.DemoOrganizationID
		}) {
			l.Members = append(l.Members, user)
		}
	}
	return l
}

// where says which entries are meant.
type where func(e makesim.Entry) bool

// find returns the entries that all of these hold for.
func (l *Log) find(conditions ...where) []makesim.Entry {
	var found []makesim.Entry
	for _, e := range l.Entries {
		if !slices.ContainsFunc(conditions, func(holds where) bool { return !holds(e) }) {
			found = append(found, e)
		}
	}
	return found
}

func (l *Log) count(conditions ...where) int { return len(l.find(conditions...)) }

// first and last are by when something was done; the log must have one.
func (l *Log) first(conditions ...where) makesim.Entry { return last(l.find(conditions...)) }
func (l *Log) last(conditions ...where) makesim.Entry  { return first(l.find(conditions...)) }

func first(entries []makesim.Entry) makesim.Entry {
	if len(entries) == 0 {
		return makesim.Entry{}
	}
	return entries[0]
}

func last(entries []makesim.Entry) makesim.Entry {
	if len(entries) == 0 {
		return makesim.Entry{}
	}
	return entries[len(entries)-1]
}

// event takes values and patterns.
func event(patterns ...string) where {
	return func(e makesim.Entry) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			fits, err := path.Match(pattern, e.Event)
			return err == nil && fits
		})
	}
}

func by(ids ...int64) where {
	return func(e makesim.Entry) bool { return e.Actor != nil && slices.Contains(ids, e.Actor.ID) }
}

func bySystem(e makesim.Entry) bool { return e.Actor == nil }

func team(id int64) where { return func(e makesim.Entry) bool { return e.TeamID == id } }

func target(id string) where { return func(e makesim.Entry) bool { return e.TargetID == id } }

// from and until are instants, inclusive and exclusive.
func from(at time.Time) where {
	return func(e makesim.Entry) bool { return !e.TriggeredAt.Before(at) }
}

func until(at time.Time) where {
	return func(e makesim.Entry) bool { return e.TriggeredAt.Before(at) }
}

// midnight begins a day by the clocks of a zone; the zones are those of [StartMake].
func (l *Log) midnight(date, zone string) time.Time {
	parsed, err := time.ParseInLocation(time.DateOnly, date, l.zones[zone])
	if err != nil { // dates are ours
		return time.Time{}
	}
	return parsed
}

// days are whole days by the clocks of a zone, the first and the last included.
func (l *Log) daysIn(zone, first, last string) where {
	begin, end := l.midnight(first, zone), l.midnight(last, zone).AddDate(0, 0, 1)
	return func(e makesim.Entry) bool { return !e.TriggeredAt.Before(begin) && e.TriggeredAt.Before(end) }
}

func (l *Log) days(first, last string) where { return l.daysIn(home, first, last) }

func (l *Log) october() where { return l.days("2026-10-01", "2026-10-31") }

// hoursIn are hours of the day by the clocks of a zone, from inclusive, to exclusive.
func (l *Log) hoursIn(zone string, begin, end int) where {
	return func(e makesim.Entry) bool {
		hour := e.TriggeredAt.In(l.zones[zone]).Hour()
		return begin <= hour && hour < end
	}
}

// actorID is "" for the system.
func actorID(e makesim.Entry) string {
	if e.Actor == nil {
		return ""
	}
	return strconv.FormatInt(e.Actor.ID, 10)
}

func targetID(e makesim.Entry) string { return e.TargetID }

func teamID(e makesim.Entry) string {
	if e.TeamID == 0 {
		return ""
	}
	return strconv.FormatInt(e.TeamID, 10)
}

func (l *Log) dayOf(e makesim.Entry) string {
	return e.TriggeredAt.In(l.zones[home]).Format(time.DateOnly)
}

// tally counts entries by a key; those without are left out.
func tally(entries []makesim.Entry, key func(makesim.Entry) string) map[string]int {
	counts := map[string]int{}
	for _, e := range entries {
		if k := key(e); k != "" {
			counts[k]++
		}
	}
	return counts
}

// keys are the different ones, in order.
func keys(entries []makesim.Entry, key func(makesim.Entry) string) []string {
	return slices.Sorted(maps.Keys(tally(entries, key)))
}

// most are the keys with the highest count, least those with the lowest; all of them where it is shared.
func most(counts map[string]int) []string  { return extreme(counts, 1) }
func least(counts map[string]int) []string { return extreme(counts, -1) }

func extreme(counts map[string]int, sign int) []string {
	var best []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		switch {
		case len(best) == 0 || sign*counts[k] > sign*counts[best[0]]:
			best = []string{k}
		case counts[k] == counts[best[0]]:
			best = append(best, k)
		}
	}
	return best
}
