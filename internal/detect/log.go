package detect

import (
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Log is what is judged: the entries of a window, and those of the time before it that they are measured by.
type Log struct {
	// Entries are those of window and baseline, in any order.
	Entries []*auditlog.Entry
	// Window is what findings are asked of, Baseline the time before it. Entries of neither are left aside.
	Window, Baseline auditlog.Window
	Catalog          *auditlog.Catalog
	// Read is what Entries rest on: only of a time that it vouches for can be said that nothing happened.
	Read auditlog.Report
	// Zone returns an actor's own zone, nil where it is not known: then the window's is meant. It may be nil.
	Zone func(actor auditlog.ID) *time.Location
	// OneActor says that the entries are one actor's: what needs everybody's is left out.
	OneActor bool
}

// deed is an entry, and what the log shows of its circumstances.
type deed struct {
	*auditlog.Entry
	*nature
	by *actor
	// inWindow is false for what the baseline has. What follows is told of the window alone, since a baseline has nothing before it.
	inWindow bool
	// isEventNew and isTeamNew say that the actor, who is known for other things, did not do this, or nothing in this team, until lately.
	isEventNew, isTeamNew bool
	// isKindNew says so of the kind of object.
	isKindNew bool
	// isActorNew says that nothing of the actor is older than a few days.
	isActorNew bool
	// isOutside says that it lies far outside the hours that are usual for the actor, isOffDay on a day on which the actor does not work.
	isOutside, isOffDay bool
	// isOwn says that the object was the actor's own to delete: made lately, or switched off a day or more before.
	isOwn bool
	// isInvited says that somebody else gave the actor a role in this team before.
	isInvited bool
	// isPromoted says that somebody else lately changed the actor's role in a team of theirs.
	isPromoted bool
	// isMove says that a member was removed who was given a role elsewhere at about the same time.
	isMove bool
	// isLeaving says that the actor was removed from a team by somebody else within days after.
	isLeaving bool
	// isTeamOwn says that the actor made this team.
	isTeamOwn bool
	// idle is how long nothing was seen of the actor before, where it returned lately.
	idle time.Duration
	// isLate says that it was written down later than is usual here.
	isLate bool
}

// scene is a log that was taken apart once, for all who judge it.
type scene struct {
	*Log
	limits  Limits
	natures map[auditlog.Text]*nature
	actors  map[auditlog.ID]*actor
	// order has the actors by id, so that nothing depends on a map.
	order []*actor
	// deeds are in the order of time.
	deeds []deed
	// isKnown says that the baseline is large enough for an actor to be new.
	isKnown bool
	// known are the teams that anybody worked in during the baseline.
	known map[auditlog.ID]bool
	// usualLag is how long after it happened nearly every entry of the baseline was written down.
	usualLag time.Duration
	// crowd is how many people, service accounts aside, acted on a day of the window's zone.
	crowd map[int]int
	// quiet is how many people make a day one on which nearly nobody works; below zero if that is not known.
	quiet int
	// whyNoLull says why it cannot be told whether the log was without entries for long.
	whyNoLull string
}

// newScene takes a log apart.
func newScene(log *Log, limits Limits) *scene {
	s := &scene{Log: log, limits: limits, natures: map[auditlog.Text]*nature{}, actors: map[auditlog.ID]*actor{},
		known: map[auditlog.ID]bool{}}
	entries := slices.Clone(log.Entries)
	slices.SortFunc(entries, func(a, b *auditlog.Entry) int { return auditlog.CompareNewestFirst(b, a) })
	s.deeds = make([]deed, 0, len(entries))
	var lags []time.Duration
	for _, entry := range entries {
		at := entry.TriggeredAt
		inWindow := !at.Before(log.Window.From)
		if at.Before(log.Baseline.From) || inWindow && !log.Window.To.IsZero() && !at.Before(log.Window.To) {
			continue
		}
		by := s.actorOf(entry)
		s.deeds = append(s.deeds, deed{Entry: entry, nature: s.natureOf(entry.Event), by: by, inWindow: inWindow})
		if !inWindow {
			s.known[entry.TeamID()] = true
			if entry.CreatedAt.After(at) {
				lags = append(lags, entry.CreatedAt.Sub(at))
			}
		}
	}
	if len(lags) > 0 {
		const nearly = 0.995
		slices.Sort(lags)
		s.usualLag = lags[int(nearly*float64(len(lags)-1))]
	}
	for i := range s.deeds {
		d := &s.deeds[i]
		if d.inWindow {
			d.by.window = append(d.by.window, d)
		} else {
			d.by.baseline = append(d.by.baseline, d)
		}
	}
	s.isKnown = len(byDay(s.baseline(), log.Window.Location)) >= int(limits[MinBaselineDays])
	slices.SortFunc(s.order, func(a, b *actor) int { return a.ID.Compare(b.ID) })
	for _, a := range s.order {
		a.learn(s)
	}
	return s
}

func (s *scene) actorOf(entry *auditlog.Entry) *actor {
	id := entry.ActorID()
	if a, ok := s.actors[id]; ok {
		return a
	}
	a := &actor{kind: System, zone: s.Window.Location}
	if id != "" {
		a.Actor, a.kind = *entry.Actor, Person
		if s.Zone != nil {
			if own := s.Zone(id); own != nil {
				a.zone, a.isOwnZone = own, true
			}
		}
	}
	s.actors[id] = a
	s.order = append(s.order, a)
	return a
}

// baseline returns the deeds before the window, in the order of time.
func (s *scene) baseline() []*deed {
	var found []*deed
	for i := range s.deeds {
		if !s.deeds[i].inWindow {
			found = append(found, &s.deeds[i])
		}
	}
	return found
}

// window returns the deeds of the window, in the order of time.
func (s *scene) window() []deed {
	first, _ := slices.BinarySearchFunc(s.deeds, s.Window.From, func(d deed, from time.Time) int { return d.TriggeredAt.Compare(from) })
	return s.deeds[first:]
}

// dayOf numbers the days of a zone, so that neighbours differ by one.
func dayOf(at time.Time, zone *time.Location) int {
	local := at.In(zone)
	return int(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

const secondsPerDay = 24 * 60 * 60

// countCrowd counts how many people act on each day, which shows weekends and holidays as they are.
func (s *scene) countCrowd() {
	s.quiet = -1
	if s.OneActor {
		return
	}
	type visit struct {
		day int
		by  *actor
	}
	seen := map[visit]bool{}
	s.crowd = map[int]int{}
	for i := range s.deeds {
		d := &s.deeds[i]
		if at := (visit{dayOf(d.TriggeredAt, s.Window.Location), d.by}); d.by.kind == Person && !seen[at] {
			seen[at] = true
			s.crowd[at.day]++
		}
	}
	var counts []float64
	for day := dayOf(s.Baseline.From, s.Window.Location); day < dayOf(s.Window.From, s.Window.Location); day++ {
		counts = append(counts, float64(s.crowd[day]))
	}
	if spread := spreadOf(counts); spread.median >= s.limits[MinCrowd] {
		s.quiet = int(spread.upper * s.limits[QuietShare])
	}
}

// isQuiet reports whether nearly nobody of the organization works on the day of an instant.
func (s *scene) isQuiet(at time.Time) bool { return s.crowd[dayOf(at, s.Window.Location)] <= s.quiet }
