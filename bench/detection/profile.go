package detection

import (
	"fmt"
	"math/rand/v2"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

// organizations is how many worlds there are for tuning, and as many held out.
const organizations = 10

// profile is what sets an organization apart from others.
type profile struct {
	size  int // people
	teams int
	// busyness is what an office worker does on a day, in the mean; machines is what all service accounts do.
	busyness, machines float64
	zoneName           string
	// lateness is how much later than it happened an entry may be written down and still be ordinary.
	lateness time.Duration
	// detailed says that entries carry details.
	detailed                                                                                bool
	shifts, monthEnds, migration, reorganization, feature, sharedConnections, helpfulPeople bool
}

// sizes are those of a half's organizations, from quiet to large.
func sizes() [organizations]profile {
	return [...]profile{
		{size: 5, teams: 2, busyness: 6, machines: 8},
		{size: 9, teams: 2, busyness: 5, machines: 12},
		{size: 14, teams: 3, busyness: 3, machines: 40},
		{size: 20, teams: 4, busyness: 5, machines: 150},
		{size: 28, teams: 5, busyness: 2.5, machines: 15},
		{size: 40, teams: 6, busyness: 3, machines: 30},
		{size: 40, teams: 8, busyness: 5, machines: 90},
		{size: 65, teams: 9, busyness: 4, machines: 60},
		{size: 90, teams: 12, busyness: 4.5, machines: 130},
		{size: 120, teams: 15, busyness: 4, machines: 140},
	}
}

// profileOf returns the profile of a seed: its place in its half gives the size, the rest is drawn.
func profileOf(seed uint64) profile {
	random := rand.New(rand.NewPCG(seed, 1))
	p := sizes()[seed/2%organizations]
	p.zoneName = zones()[random.IntN(len(zones()))]
	p.lateness = []time.Duration{5 * time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour}[random.IntN(4)]
	for _, trait := range []*bool{&p.detailed, &p.shifts, &p.monthEnds, &p.migration, &p.reorganization, &p.feature,
		&p.sharedConnections, &p.helpfulPeople} {
		*trait = random.IntN(2) == 0
	}
	return p
}

func (p *profile) traits() []string {
	traits := []string{fmt.Sprintf("%d teams", p.teams), p.zoneName}
	for _, trait := range []struct {
		has  bool
		name string
	}{
		{p.shifts, "shift workers"}, {p.monthEnds, "month-end bursts"}, {p.migration, "a migration"},
		{p.reorganization, "a reorganization"}, {p.feature, "a new feature"}, {p.sharedConnections, "shared connections"},
		{p.helpfulPeople, "people who help other teams"}, {p.lateness > time.Hour, "entries written hours late"},
	} {
		if trait.has {
			traits = append(traits, trait.name)
		}
	}
	return traits
}

// zones are where organizations sit, and some of their people.
func zones() []string {
	return []string{"Europe/Prague", "America/New_York", "Asia/Kathmandu", "Australia/Sydney", "Europe/London", "America/Sao_Paulo",
		"Asia/Tokyo", "America/Los_Angeles"}
}

// generator makes one world: it puts on the agenda what people will do, then lets it happen in the order of time.
type generator struct {
	profile
	seed         uint64
	random       *rand.Rand
	organization auditlog.Ref
	zone         *time.Location
	locations    []*time.Location // of zones
	firstDay     time.Time
	holidays     map[int]bool
	squad        []*team
	people       []*person
	services     []*person
	agenda       []task
	objects      map[pool][]*object
	lastID       int
	oldID        int // of what is older than the log
	entries      []*auditlog.Entry
}

// task is something that will be done at an instant.
type task struct {
	at time.Time
	do func(at time.Time)
}

func newGenerator(seed uint64) (*generator, error) {
	const firstID = 40_000
	g := &generator{profile: profileOf(seed), seed: seed, random: rand.New(rand.NewPCG(seed, 2)), objects: map[pool][]*object{},
		lastID: firstID, oldID: firstID, holidays: map[int]bool{}}
	for _, name := range zones() {
		location, err := tz.Load(name)
		if err != nil {
			return nil, err
		}
		g.locations = append(g.locations, location)
		if name == g.zoneName {
			g.zone = location
		}
	}
	// Windows end between June and December of 2027: by then Make's log has all its events, and clocks change within some baselines.
	g.firstDay = time.Date(2027, time.February, 1+g.random.IntN(180), 0, 0, 0, 0, g.zone)
	g.organization = auditlog.Ref{ID: auditlog.ID(fmt.Sprint(700 + seed)), Name: auditlog.Text(fmt.Sprintf("Organization %d", seed))}
	for len(g.holidays) < 4 {
		g.holidays[g.random.IntN(days)] = true
	}
	return g, nil
}

// dayAt returns the midnight that begins a day, in the organization's zone.
func (g *generator) dayAt(day int) time.Time { return g.firstDay.AddDate(0, 0, day) }

// clock returns an instant of a day by the clocks of a zone; hours beyond 24 are the next day's.
func (g *generator) clock(zone *time.Location, day, hour, minute int) time.Time {
	second := g.random.IntN(60)
	return time.Date(g.firstDay.Year(), g.firstDay.Month(), g.firstDay.Day()+day, hour, minute, second, 0, zone)
}

func (g *generator) weekday(day int) time.Weekday { return g.dayAt(day).Weekday() }

func (g *generator) chance(p float64) bool { return g.random.Float64() < p }

// between returns a number from low to high, both included.
func (g *generator) between(low, high int) int { return low + g.random.IntN(max(1, high-low+1)) }

// later returns an instant that much later, drawn evenly.
func (g *generator) later(at time.Time, least, most time.Duration) time.Time {
	return at.Add(least + time.Duration(g.random.Int64N(int64(most-least)+1)).Truncate(time.Second))
}

func oneOf[V any](g *generator, values []V) V { return values[g.random.IntN(len(values))] }

// at puts something on the agenda.
func (g *generator) at(at time.Time, do func(at time.Time)) {
	g.agenda = append(g.agenda, task{at, do})
}

// knownZones returns the zones of those who told Make theirs.
func (g *generator) knownZones() map[auditlog.ID]*time.Location {
	zones := map[auditlog.ID]*time.Location{}
	for i, p := range g.people {
		const tells = 10 // nine of so many
		if i%tells != 0 {
			zones[p.ID] = p.zone
		}
	}
	return zones
}

// catalog returns what Make's filters would list: everybody and everything, whether it was seen or not.
func (g *generator) catalog() auditlog.Catalog {
	var c auditlog.Catalog
	for _, t := range g.squad {
		c.Teams = append(c.Teams, t.Ref)
	}
	for _, p := range append(g.people[:len(g.people):len(g.people)], g.services...) {
		c.Users = append(c.Users, p.Actor)
	}
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			c.Events = append(c.Events, auditlog.Event{Value: auditlog.Text(event.Value), Label: auditlog.Text(event.Label),
				Category: auditlog.Text(category.Header)})
		}
	}
	// Not documented: what Make may well log of an organization's settings.
	c.Events = append(c.Events,
		auditlog.Event{Value: "organization_updated", Label: "Organization updated", Category: "Organization"},
		auditlog.Event{Value: "sso_configuration_updated", Label: "SSO configuration updated", Category: "Organization"})
	return c
}
