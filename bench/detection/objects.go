package detection

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// kind is a sort of object: the beginning of its events' values.
type kind string

const (
	scenario          kind = "scenario"
	connection        kind = "connection"
	webhook           kind = "webhook"
	key               kind = "key"
	teamVariable      kind = "team_variable"
	orgVariable       kind = "organization_variable"
	dataStore         kind = "data_store"
	record            kind = "data_store_record"
	dataStructure     kind = "data_structure"
	function          kind = "function"
	credentialRequest kind = "credential_request"
)

// pool is where objects of a kind live; the team is empty for those of the organization.
type pool struct {
	team auditlog.ID
	kind kind
}

// object is something that people work on.
type object struct {
	kind  kind
	team  *team // nil: the organization's
	id    string
	owner *person
	// touched is when its last entry was triggered; zero for what nobody touched since the log begins.
	touched  time.Time
	off      bool
	reserved bool // planned to be deleted, so that nobody else touches it
	version  int
}

// deed is who does something, where and when.
type deed struct {
	at   time.Time
	by   *person // nil: the system
	team *team   // nil: the organization itself
}

func (d deed) teamID() auditlog.ID {
	if d.team == nil {
		return ""
	}
	return d.team.ID
}

// nextID returns the id of a new object; those of one kind rise.
func (g *generator) nextID() string {
	g.lastID += g.between(1, 4)
	return fmt.Sprint(g.lastID)
}

// stock gives a person objects that are older than the log.
func (g *generator) stock(owner *person, each int) {
	for _, t := range owner.teams {
		for i := range each {
			k := []kind{scenario, scenario, webhook, connection}[i%4]
			g.add(&object{kind: k, team: t, id: g.nextID(), owner: owner})
		}
	}
}

func (g *generator) add(o *object) *object {
	p := pool{deed{team: o.team}.teamID(), o.kind}
	g.objects[p] = append(g.objects[p], o)
	return o
}

func (g *generator) create(d deed, k kind) {
	o := &object{kind: k, team: d.team, id: g.nextID(), owner: d.by}
	if k == record {
		o.id = "rec-" + o.id
	}
	g.change(d, o, "created")
	if k == credentialRequest {
		g.authorize(d, o)
	}
	g.add(o)
}

// authorize lets somebody else of the team answer a request for credentials.
func (g *generator) authorize(d deed, o *object) {
	colleague, at := oneOf(g, g.people), g.later(d.at, 5*time.Minute, 90*time.Minute)
	if colleague != d.by && colleague.isIn(d.team) && colleague.belongs(g.dayOf(d.at)) && at.Before(g.dayAt(days)) {
		g.log(deed{at, colleague, d.team}, requestAuthorized, o.id)
	}
}

// change logs something that happens to an object.
func (g *generator) change(d deed, o *object, verb string) {
	d.team = o.team
	o.touched = d.at
	switch verb {
	case "deactivated", "disabled":
		o.off = true
	case "activated", "enabled":
		o.off = false
	}
	entry := g.log(d, auditlog.Text(string(o.kind)+"_"+verb), o.id)
	if o.kind == scenario && verb == "updated" {
		o.version++
		entry.Version = &auditlog.Version{From: auditlog.Text(fmt.Sprintf("1.%d", o.version-1)),
			To: auditlog.Text(fmt.Sprintf("1.%d", o.version))}
	}
}

func (g *generator) remove(d deed, o *object) {
	g.change(d, o, auditlog.VerbDeleted)
	p := pool{deed{team: o.team}.teamID(), o.kind}
	g.objects[p] = slices.DeleteFunc(g.objects[p], func(other *object) bool { return other == o })
}

// free returns the objects of a kind that nobody has plans for.
func (g *generator) free(t *team, k kind) []*object {
	var free []*object
	for _, o := range g.objects[pool{deed{team: t}.teamID(), k}] {
		if !o.reserved {
			free = append(free, o)
		}
	}
	return free
}

// log writes an entry, within the lateness that is usual here.
func (g *generator) log(d deed, event auditlog.Text, target string, details ...string) *auditlog.Entry {
	organization := g.organization
	entry := &auditlog.Entry{UUID: g.uuid(), TriggeredAt: d.at.UTC(), Organization: &organization, Event: event,
		TargetID: auditlog.Text(target)}
	entry.CreatedAt = g.later(entry.TriggeredAt, 0, 3*time.Second)
	if g.chance(0.02) {
		entry.CreatedAt = g.later(entry.TriggeredAt, 0, g.lateness)
	}
	if d.team != nil {
		ref := d.team.Ref
		entry.Team = &ref
	}
	if d.by != nil {
		actor := d.by.Actor
		entry.Actor = &actor
		d.by.inTeam[d.teamID()]++
		d.by.ofEvent[event]++
		d.by.onDay[g.dayOf(d.at)]++
	}
	if g.detailed && g.chance(0.5) {
		entry.Details = describe(target, details)
	}
	g.entries = append(g.entries, entry)
	return entry
}

// describe returns details in the form of Make's: names and values of what was touched.
func describe(target string, pairs []string) json.RawMessage {
	fields := map[string]string{"name": "Object " + target}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return data
}

// dayOf returns the day of an instant, by the organization's clocks.
func (g *generator) dayOf(at time.Time) int {
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(date(at.In(g.zone)).Sub(date(g.firstDay)) / (24 * time.Hour))
}

func (g *generator) uuid() string {
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", g.random.Uint32(), g.random.IntN(1<<16), g.random.IntN(1<<12), g.random.IntN(1<<12),
		g.random.Int64N(1<<48))
}
