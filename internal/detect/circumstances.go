package detect

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// days returns a limit that counts days as a duration.
func (l Limits) days(limit Limit) time.Duration { return time.Duration(l[limit] * float64(oneDay)) }

// hours returns a limit that counts hours as a duration.
func (l Limits) hours(limit Limit) time.Duration { return time.Duration(l[limit] * float64(time.Hour)) }

// place is an actor in a team.
type place struct {
	actor auditlog.ID
	team  auditlog.ID
}

// object is what ids of targets mean.
type object struct {
	kind auditlog.Text
	id   auditlog.Text
}

// grants is what the log says of who got into teams and out of them.
type grants struct {
	given   map[place][]*deed
	to      map[auditlog.ID][]*deed
	removed map[auditlog.ID][]*deed
}

func (s *scene) grants() grants {
	g := grants{map[place][]*deed{}, map[auditlog.ID][]*deed{}, map[auditlog.ID][]*deed{}}
	for i := range s.deeds {
		d := &s.deeds[i]
		person := auditlog.ID(d.TargetID)
		switch {
		case d.givesRole():
			g.to[person] = append(g.to[person], d)
			if person != d.by.ID {
				at := place{person, d.TeamID()}
				g.given[at] = append(g.given[at], d)
			}
		case d.removesMember() && person != d.by.ID:
			g.removed[person] = append(g.removed[person], d)
		}
	}
	return g
}

// invites reports whether somebody else had given the actor a role in the team of a deed, or in the whole organization, by then.
func (g *grants) invites(d *deed) bool {
	for _, team := range []auditlog.ID{d.TeamID(), ""} {
		if given := g.given[place{d.by.ID, team}]; len(given) > 0 && !given[0].TriggeredAt.After(d.TriggeredAt) {
			return true
		}
	}
	return false
}

// promotes reports whether somebody else changed the actor's role in a team of theirs within such a time before a deed.
func (g *grants) promotes(d *deed, within time.Duration) bool {
	for _, given := range g.to[d.by.ID] {
		if ago := d.TriggeredAt.Sub(given.TriggeredAt); ago >= 0 && ago < within && given.by != d.by &&
			(d.by.teams[given.TeamID()] || g.given[place{d.by.ID, given.TeamID()}][0] != given) {
			return true
		}
	}
	return false
}

// isMove reports whether the member who is removed is given a role within the hour.
func (g *grants) isMove(d *deed) bool {
	for _, given := range g.to[auditlog.ID(d.TargetID)] {
		if given.TriggeredAt.Sub(d.TriggeredAt).Abs() < time.Hour {
			return true
		}
	}
	return false
}

// isLeaving reports whether the actor is removed from a team within such a time.
func (g *grants) isLeaving(d *deed, within time.Duration) bool {
	for _, removed := range g.removed[d.by.ID] {
		if ahead := removed.TriggeredAt.Sub(d.TriggeredAt); ahead > 0 && ahead <= within && !g.isMove(removed) {
			return true
		}
	}
	return false
}

// memory is what was seen of an actor so far.
type memory struct {
	events map[*nature]time.Time
	kinds  map[auditlog.Text]time.Time
	teams  map[auditlog.ID]time.Time
	// made and stopped are when the actor made objects, and first switched them off.
	made, stopped map[object]time.Time
	founded       map[auditlog.ID]bool // teams
	first, last   time.Time
	// returned is when the actor came back after being idle for so long.
	returned time.Time
	idle     time.Duration
}

// tellCircumstances says of every deed what came before it.
func (s *scene) tellCircumstances() {
	s.countCrowd()
	g := s.grants()
	memories := map[*actor]*memory{}
	newFor, newActor, lag := s.limits.days(NewForDays), s.limits.days(NewActorDays), max(s.limits.hours(MinLateHours), 2*s.usualLag)
	for i := range s.deeds {
		d := &s.deeds[i]
		m := memories[d.by]
		if m == nil {
			m = &memory{events: map[*nature]time.Time{}, kinds: map[auditlog.Text]time.Time{}, teams: map[auditlog.ID]time.Time{},
				made: map[object]time.Time{}, stopped: map[object]time.Time{}, founded: map[auditlog.ID]bool{}, first: d.TriggeredAt,
				last: d.TriggeredAt}
			memories[d.by] = m
		}
		d.isOwn = m.owns(d, s.limits)
		d.isMove = d.removesMember() && g.isMove(d)
		d.isTeamOwn = m.founded[d.TeamID()]
		if d.by.kind != System && d.inWindow {
			s.tell(d, &g)
			s.tellNovelty(d, m, newFor)
			d.isActorNew = s.isKnown && len(d.by.baseline) == 0 && d.TriggeredAt.Sub(m.first) < newActor
			d.isLate = d.CreatedAt.Sub(d.TriggeredAt) > lag
			d.isLeaving = g.isLeaving(d, s.limits.days(LeavingDays))
		}
		m.see(d, newFor)
		if d.inWindow {
			d.idle = m.idle
		}
	}
}

// tellNovelty says what the actor did not do before the window.
func (s *scene) tellNovelty(d *deed, m *memory, newFor time.Duration) {
	if !d.by.isKnown {
		return
	}
	d.isEventNew = !d.by.events[d.nature] && within(m.events, d.nature, d.TriggeredAt, newFor)
	d.isKindNew = !d.by.kinds[d.object] && within(m.kinds, d.object, d.TriggeredAt, newFor)
	// A team that nobody worked in is a new team, and no foreign one; of one actor's entries alone it cannot be known.
	isForeign := d.Team != nil && (s.OneActor || s.known[d.TeamID()]) && !d.isInvited && !d.isTeamOwn
	d.isTeamNew = isForeign && !d.by.teams[d.TeamID()] && within(m.teams, d.TeamID(), d.TriggeredAt, newFor)
}

// tell says what the time of a deed, and who was invited where, show.
func (s *scene) tell(d *deed, g *grants) {
	d.isInvited, d.isPromoted = g.invites(d), g.promotes(d, s.limits.days(PromotedDays))
	if d.by.usual.IsKnown() {
		d.isOutside = d.by.usual.distance(d.TriggeredAt) >= s.limits.hours(FarOutsideHours)
		local := d.TriggeredAt.In(d.by.zone)
		d.isOffDay = !d.by.worksOn(local.Weekday(), s.limits) || s.isQuiet(d.TriggeredAt)
	}
}

// within reports whether something was first seen so lately, and remembers it.
func within[K comparable](seen map[K]time.Time, what K, at time.Time, newFor time.Duration) bool {
	first, ok := seen[what]
	if !ok {
		seen[what] = at
		return true
	}
	return at.Sub(first) < newFor
}

// owns reports whether the object of a deed was the actor's own to delete: made lately, or switched off long enough before.
func (m *memory) owns(d *deed, limits Limits) bool {
	what := object{d.object, d.TargetID}
	made, isMade := m.made[what]
	stopped, isStopped := m.stopped[what]
	return isMade && d.TriggeredAt.Sub(made) < limits.days(MakeshiftDays) ||
		isStopped && d.TriggeredAt.Sub(stopped) >= limits.hours(AnnouncedHours)
}

// see takes note of a deed.
func (m *memory) see(d *deed, newFor time.Duration) {
	if d.makes && d.power == auditlog.PowerOrganization {
		m.founded[d.TeamID()] = true
	}
	switch what := (object{d.object, d.TargetID}); {
	case d.TargetID == "":
	case d.makes:
		m.made[what] = d.TriggeredAt
	case d.switchesOff:
		if _, ok := m.stopped[what]; !ok {
			m.stopped[what] = d.TriggeredAt
		}
	}
	if gap := d.TriggeredAt.Sub(m.last); gap > newFor {
		m.idle, m.returned = gap, d.TriggeredAt
	} else if d.TriggeredAt.Sub(m.returned) >= newFor {
		m.idle = 0
	}
	m.last = d.TriggeredAt
}
