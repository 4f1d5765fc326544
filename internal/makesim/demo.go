package makesim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Credentials of the demo, obviously made up.
const (
	// DemoToken belongs to an Admin of the organization.
	DemoToken = "00000000-0000-4000-8000-000000004721"
	// DemoTeamAdminToken belongs to a Member who is admin of one team.
	DemoTeamAdminToken = "00000000-0000-4000-8000-000000008102"
	// DemoMemberToken belongs to a Member who may read no audit log at all.
	DemoMemberToken = "00000000-0000-4000-8000-000000005015"
)

// DemoZone is where the demo is.
const DemoZone = "eu1.make.com"

// The organizations of the demo.
const (
	// DemoOrganizationID is Northwind Automation, whose log the demo is about.
	DemoOrganizationID int64 = 4721
	// DemoOtherZoneOrganizationID is Northwind Labs, in a zone that is not served.
	DemoOtherZoneOrganizationID int64 = 9034
)

// demoDays is how far back the demo's log goes: to the founding of the organization, a little less than the retention.
const demoDays = 361

// Demo makes the world of the demo: the Enterprise organization "Northwind Automation" in the zone eu1.make.com with eight teams, about
// forty people and about 30,000 entries over the twelve months before now, and a small second organization in another zone. The log is the
// same for every now of one UTC day and one seed; it goes to the end of that day, and what is in the future cannot be seen yet. No event is
// in it from before the day since when Make logs it. The values [EventOthersConnectionUsed] and [EventRequestedConnectionUsed] are guessed.
//
// loadZone is the world's LoadZone. The incidents to find in the log are described at [demo.stageIncidents].
func Demo(now time.Time, seed uint64, loadZone func(name string) (*time.Location, error)) *World {
	year, month, day := now.UTC().Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	d := &demo{
		today:   today,
		random:  rand.New(rand.NewPCG(seed, uint64(today.Unix()))),
		people:  demoPeople(),
		load:    (&World{LoadZone: loadZone}).zone,
		zones:   map[string]*time.Location{},
		objects: map[pool][]*object{},
		nextID:  map[kind]int64{},
		words:   demoVocabulary(),
		habits:  demoHabits(),
	}
	for _, p := range d.people {
		p.actor = &Actor{ID: p.ID, Name: p.Name, Email: p.Email}
	}
	d.stageFounding()
	d.stageWork()
	d.stageSystem()
	d.stageIncidents()
	d.play()
	d.stageUse(rand.New(rand.NewPCG(seed, ^uint64(today.Unix()))))
	d.play()
	d.entries = slices.DeleteFunc(d.entries, func(e Entry) bool { return e.TriggeredAt.Before(loggedSince(e.Event)) })
	world := d.world()
	world.LoadZone = loadZone
	return world
}

// demo makes the log in two steps. Staging decides who acts when, in any order; playing goes through that in time, so that objects are
// created before they are changed and are not touched after they were deleted.
type demo struct {
	today   time.Time
	random  *rand.Rand
	people  []*person
	load    func(name string) (*time.Location, error)
	zones   map[string]*time.Location
	slots   []slot
	objects map[pool][]*object // those that exist at the instant that is played
	nextID  map[kind]int64
	entries []Entry
	words   vocabulary
	habits  habits
}

// slot is something that happens.
type slot struct {
	at time.Time
	do func(at time.Time)
}

func (d *demo) at(at time.Time, do func(at time.Time)) {
	d.slots = append(d.slots, slot{at.UTC(), do})
}

// play lets everything that was staged happen in the order of time.
func (d *demo) play() {
	slices.SortStableFunc(d.slots, func(a, b slot) int { return a.at.Compare(b.at) })
	d.entries = slices.Grow(d.entries, len(d.slots)+1000)
	end := d.today.AddDate(0, 0, 1)
	for _, s := range d.slots {
		if s.at.Before(end) {
			s.do(s.at)
		}
	}
	d.slots = nil
}

// local is an instant on a day, counted from today (0), by the clock of a zone.
func (d *demo) local(zone string, day, hour, minute, second int) time.Time {
	date := d.today.AddDate(0, 0, day)
	return time.Date(date.Year(), date.Month(), date.Day(), hour, minute, second, 0, d.zone(zone))
}

func (d *demo) zone(name string) *time.Location {
	if z, ok := d.zones[name]; ok {
		return z
	}
	z, err := d.load(name)
	if err != nil { // cannot happen where there are rules: the names are ours
		z = time.UTC
	}
	d.zones[name] = z
	return z
}

// person finds one of the people by id; all ids are ours.
func (d *demo) person(id int64) *person {
	i := slices.IndexFunc(d.people, func(p *person) bool { return p.ID == id })
	return d.people[i]
}

// chance is true so often of one.
func (d *demo) chance(probability float64) bool { return d.random.Float64() < probability }

func oneOf[T any](d *demo, from []T) T { return from[d.random.IntN(len(from))] }

// act is who does something where; a nil actor is the system.
type act struct {
	at    time.Time
	actor *Actor
	team  int64
}

// log writes an entry. Make writes most down within seconds, about three of a thousand days later.
func (d *demo) log(a act, event, target string, details map[string]any) *Entry {
	written := a.at.Add(time.Duration(200+d.random.IntN(3800)) * time.Millisecond)
	if d.chance(0.003) {
		written = written.Add(time.Duration(24+d.random.IntN(18*24)) * time.Hour)
	}
	d.entries = append(d.entries, Entry{
		UUID: randomUUID(d.random), CreatedAt: written, TriggeredAt: a.at, OrganizationID: DemoOrganizationID,
		Event: event, TeamID: a.team, Actor: a.actor, TargetID: target, Details: details,
	})
	return &d.entries[len(d.entries)-1]
}

// world puts the log and those who are still there together.
func (d *demo) world() *World {
	w := &World{
		Zone: DemoZone,
		Organizations: []Organization{
			{
				ID: DemoOrganizationID, Name: "Northwind Automation", Zone: DemoZone, Timezone: prague,
				APILimit: 1000, AuditLogsDays: 365, HasCustomRoles: true, Teams: demoTeams(), FormerTeams: []Team{demoSandbox()},
			},
			{
				ID: DemoOtherZoneOrganizationID, Name: "Northwind Labs", Zone: "us1.make.com", Timezone: newYork,
				APILimit: 60, Teams: []Team{{9101, "Prototypes"}, {9102, "Field Tests"}},
			},
		},
		Tokens: []Token{
			{Secret: DemoToken, UserID: idAdmin},
			{Secret: DemoTeamAdminToken, UserID: idFinanceAdmin},
			{Secret: DemoMemberToken, UserID: idPlainMember},
		},
		OrganizationRoles: []OrganizationRole{
			{UserID: idAdmin, OrganizationID: DemoOtherZoneOrganizationID, RoleID: RoleOrganizationMember},
		},
		CustomRoles: []CustomRole{
			{ID: roleSecurityAuditor, OrganizationID: DemoOrganizationID, Name: "Security Auditor", Permissions: []string{ReadsAuditLogs}},
			{ID: roleBuilder, OrganizationID: DemoOrganizationID, Name: "Builder", OfTeams: true, Permissions: []string{"scenarios view"}},
		},
		Events:  DocumentedEvents(),
		Entries: d.entries,
	}
	logins := d.lastLogins()
	for _, p := range d.people {
		p.LastLogin, p.WithoutTwoFactor = logins[p.ID], p.ID == idWithoutFactor
		w.Users = append(w.Users, p.User)
		if p.hasLeft() {
			continue
		}
		w.OrganizationRoles = append(w.OrganizationRoles, OrganizationRole{
			UserID: p.ID, OrganizationID: DemoOrganizationID, RoleID: cmp.Or(p.role, RoleOrganizationMember),
		})
		for i, team := range p.teams {
			role := RoleTeamMember
			if p.adminOfHome && i == 0 {
				role = RoleTeamAdmin
			}
			w.TeamRoles = append(w.TeamRoles, TeamRole{UserID: p.ID, TeamID: team, RoleID: role})
		}
	}
	w.Users = append(w.Users, demoIdle(d.today))
	w.OrganizationRoles = append(w.OrganizationRoles,
		OrganizationRole{UserID: idIdle, OrganizationID: DemoOrganizationID, RoleID: RoleOrganizationMember})
	w.TeamRoles = append(w.TeamRoles, TeamRole{UserID: idIdle, TeamID: teamLogistics, RoleID: RoleTeamMember})
	return w
}

// lastLogins are when people last signed in: a while before the last thing that each did until yesterday.
func (d *demo) lastLogins() map[int64]time.Time {
	logins := map[int64]time.Time{}
	for _, e := range d.entries {
		if e.Actor != nil && e.TriggeredAt.Before(d.today) {
			logins[e.Actor.ID] = e.TriggeredAt.Add(-20 * time.Minute).Truncate(time.Second)
		}
	}
	return logins
}

// firstName is for the names of objects.
func firstName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}
