package makesim

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// stageFounding begins the log: the organization, its teams, two-factor enforcement; later a team that came and went, and people who join
// and leave.
func (d *demo) stageFounding() {
	owner, admin := d.person(idOwner), d.person(idAdmin)
	d.at(d.local(prague, -demoDays, 8, 2, 11), func(at time.Time) {
		d.log(act{at, owner.actor, 0}, "organization_created", strconv.FormatInt(DemoOrganizationID, 10),
			map[string]any{"organizationName": "Northwind Automation"})
	})
	for i, team := range demoTeams() {
		d.stageTeam(d.local(prague, -demoDays, 8, 5+i, 20), owner, "team_created", team)
	}
	d.at(d.local(prague, -demoDays+2, 10, 30, 0), func(at time.Time) { d.enforceTwoFactor(at, admin, "enabled") })
	d.stageTeam(d.local(prague, -250, 9, 40, 0), admin, "team_created", demoSandbox())
	d.stageTeam(d.local(prague, -178, 16, 12, 0), admin, "team_deleted", demoSandbox())
	for day := -340; day < 0; day += 41 { // a team gets another description now and then
		d.stageTeam(d.local(prague, day, 11, 3, 0), admin, "team_updated", oneOf(d, demoTeams()))
	}
	for _, p := range d.people {
		d.stageMembership(p)
	}
}

func (d *demo) stageTeam(at time.Time, by *person, event string, team Team) {
	d.at(at, func(at time.Time) {
		d.log(act{at, by.actor, team.ID}, event, strconv.FormatInt(team.ID, 10), map[string]any{"teamName": team.Name})
	})
}

// stageMembership gives a person a role in each team at the beginning, and takes who leaves out of them.
func (d *demo) stageMembership(p *person) {
	admin := d.person(idSecondAdmin)
	minute := int(p.ID % 40)
	for _, team := range p.teams {
		role := "Team Member"
		if p.adminOfHome && team == p.teams[0] {
			role = "Team Admin"
		}
		d.at(d.local(prague, p.from, 8, 15+minute, 5), func(at time.Time) {
			d.log(act{at, admin.actor, team}, "team_role_updated", strconv.FormatInt(p.ID, 10),
				map[string]any{"userId": p.ID, "userName": p.Name, "role": role})
		})
		if p.hasLeft() {
			d.at(d.local(prague, p.until, 9, 15+minute, 0), func(at time.Time) {
				d.log(act{at, admin.actor, team}, "team_member_removed", strconv.FormatInt(p.ID, 10),
					map[string]any{"userId": p.ID, "userName": p.Name})
			})
		}
	}
}

func (d *demo) enforceTwoFactor(at time.Time, by *person, verb string) {
	d.log(act{at, by.actor, 0}, twoFactorEnforcement+"_"+verb, strconv.FormatInt(DemoOrganizationID, 10), nil)
}

// stageWork lets everybody work on weekdays, by day, by the clock of their own zone. Nobody works between 20:00 and 07:00: a night is an
// incident.
func (d *demo) stageWork() {
	for day := -demoDays; day <= 0; day++ {
		for _, p := range d.people {
			if p.worksOn(day) && d.isWorkday(p, day) {
				d.stageDay(p, day)
			}
		}
		d.stageDeployments(day)
	}
}

func (d *demo) isWorkday(p *person, day int) bool {
	date := d.today.AddDate(0, 0, day)
	if date.Month() == time.December && date.Day() >= 24 && date.Day() <= 26 || date.YearDay() == 1 {
		return false
	}
	isHoliday := int(p.ID*7+int64(date.YearDay()))%52/7 == 0 // a week in about every seven
	switch date.Weekday() {
	case time.Saturday, time.Sunday:
		return p.perDay > 3 && d.chance(0.02)
	}
	return day == p.from || !isHoliday && !d.chance(0.05)
}

// stageDay spreads a person's actions of one day over one or two sittings.
func (d *demo) stageDay(p *person, day int) {
	const busyness = 1.18                         // brings the log to about 30,000 entries
	start := min(1, 0.3+float64(demoDays+day)/40) // slow in the first weeks
	mean := p.perDay * busyness * start
	actions := int(mean*(0.4+1.2*d.random.Float64()) + d.random.Float64())
	for actions > 0 {
		hour := oneOf(d, d.habits.hours)
		at := d.local(p.Timezone, day, hour, d.random.IntN(60), d.random.IntN(60))
		latest := d.local(p.Timezone, day, 19, 30, 0)
		for sitting := 1 + d.random.IntN(6); sitting > 0 && actions > 0 && at.Before(latest); sitting-- {
			d.at(at, func(at time.Time) { d.work(p, at) })
			actions--
			at = at.Add(time.Duration(4+d.random.IntN(500)) * time.Second)
		}
	}
}

// stageDeployments lets the service account update several scenarios at once: a whole second with several entries.
func (d *demo) stageDeployments(day int) {
	account := d.person(idServiceAccount)
	weekday := d.today.AddDate(0, 0, day).Weekday()
	if !account.worksOn(day) || weekday == time.Saturday || weekday == time.Sunday {
		return
	}
	for range 1 + d.random.IntN(3) {
		team := oneOf(d, account.teams)
		scenarios := 2 + d.random.IntN(5)
		d.at(d.local(prague, day, 9+d.random.IntN(8), d.random.IntN(60), d.random.IntN(60)), func(at time.Time) {
			a := act{at, account.actor, team}
			existing := d.objects[pool{team, kindScenario}]
			for i := range min(scenarios, len(existing)) {
				d.change(a, existing[i], "updated")
			}
		})
	}
}

// stageSystem lets Make itself stop what fails, at any hour: without an actor, which is a guess, since Make does not say who it is then.
func (d *demo) stageSystem() {
	for day := -demoDays + 5; day <= 0; day++ {
		for range 1 + d.random.IntN(3) {
			at := d.today.AddDate(0, 0, day).Add(time.Duration(d.random.IntN(86_400)) * time.Second)
			team := oneOf(d, demoTeams()).ID
			k, verb := kindScenario, "deactivated"
			if d.chance(0.3) {
				k, verb = kindWebhook, "disabled"
			}
			d.at(at, func(at time.Time) {
				for _, o := range d.objects[pool{team, k}] {
					if o.active && !o.reserved {
						d.change(act{at: at}, o, verb)
						return
					}
				}
			})
		}
	}
}

// stageUse lets people use connections that others of their team made, in the last weeks. It goes after everything else was played, with
// chance of its own, so that it changes nothing of it.
func (d *demo) stageUse(random *rand.Rand) {
	d.random = random
	const days, each = 45, 9
	for i := range 2 * each {
		event := EventOthersConnectionUsed
		if i%2 == 1 {
			event = EventRequestedConnectionUsed
		}
		day := -1 - days*i/(2*each)
		p := oneOf(d, d.people)
		if !p.worksOn(day) || !p.worksOn(day-7) {
			continue
		}
		d.at(d.weekdayAt(p.Timezone, day, 9+d.random.IntN(8), d.random.IntN(60)), func(at time.Time) {
			a := act{at, p.actor, p.teams[0]}
			var others []*object
			for _, o := range d.objects[pool{a.team, kindConnection}] {
				if !o.reserved && o.created.at.Before(at) && o.created.actor != p.actor {
					others = append(others, o)
				}
			}
			if len(others) > 0 {
				o := oneOf(d, others)
				d.log(a, event, o.id, d.details(o))
			}
		})
	}
}

// work is one action of a person: usually on something that is there already.
func (d *demo) work(p *person, at time.Time) {
	a := act{at, p.actor, p.teams[0]}
	if len(p.teams) > 1 && d.chance(0.2) {
		a.team = oneOf(d, p.teams[1:])
	}
	k := oneOf(d, d.habits.kinds)
	if p.role == RoleOrganizationAdmin && d.chance(0.12) {
		a.team, k = 0, kindOrgVariable
	}
	const few = 3
	existing := d.objects[pool{a.team, k}]
	var free []*object
	for _, o := range existing {
		if !o.reserved {
			free = append(free, o)
		}
	}
	roll := d.random.Float64()
	switch {
	case len(free) < few || roll < 0.09:
		d.create(a, k)
	case roll < 0.155:
		d.remove(a, oneOf(d, free))
	default:
		o := oneOf(d, free)
		d.change(a, o, d.drawVerb(o))
	}
}

// drawVerb is what happens to an object that stays.
func (d *demo) drawVerb(o *object) string {
	switch {
	case o.kind == kindScenario && !o.active && d.chance(0.5):
		return "activated"
	case o.kind == kindScenario && o.active && d.chance(0.12):
		return "deactivated"
	case o.kind == kindWebhook && !o.active && d.chance(0.7):
		return "enabled"
	case o.kind == kindWebhook && o.active && d.chance(0.2):
		return "disabled"
	case o.kind == kindConnection && d.chance(0.25):
		return "reauthorized"
	case o.kind == kindConnection && d.chance(0.2):
		return "authorized"
	case o.kind == kindCredential:
		return "authorized"
	}
	return "updated"
}

// habits hold every hour and every kind of object as often as it is worked in or on, to be drawn from.
type habits struct {
	hours []int
	kinds []kind
}

func demoHabits() habits {
	var h habits
	for i, times := range []int{2, 4, 5, 4, 1, 3, 4, 4, 3, 2} { // from 8 to 17 o'clock
		h.hours = append(h.hours, slices.Repeat([]int{8 + i}, times)...)
	}
	for _, w := range []struct {
		kind  kind
		times int
	}{
		{kindScenario, 520}, {kindConnection, 110}, {kindWebhook, 100}, {kindRecord, 105}, {kindDataStore, 35},
		{kindDataStructure, 30}, {kindFunction, 32}, {kindTeamVariable, 32}, {kindKey, 22}, {kindCredential, 14},
	} {
		h.kinds = append(h.kinds, slices.Repeat([]kind{w.kind}, w.times)...)
	}
	return h
}
