package detect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// ActorType is what an actor seems to be.
type ActorType string

// The types of actor.
const (
	Person         ActorType = "person"
	ServiceAccount ActorType = "service_account"
	System         ActorType = "system"
)

// actor is somebody of the log, and what the baseline shows of them.
type actor struct {
	auditlog.Actor
	kind ActorType
	// kindReason says what a service account is recognized by.
	kindReason string
	zone       *time.Location
	isOwnZone  bool
	// baseline and window are what the actor did, in the order of time.
	baseline, window []*deed
	usual            *Usual
	// isKnown says that the baseline is large enough for anything to be new or unusual.
	isKnown bool
	// events, kinds of objects, and teams are those of the baseline.
	events map[*nature]bool
	kinds  map[auditlog.Text]bool
	teams  map[auditlog.ID]bool
	// administers says that the baseline has work of the kind.
	administers bool
	// weekdays counts the days of the baseline with entries.
	weekdays [7]int
}

// learn works out what the baseline shows.
func (a *actor) learn(s *scene) {
	a.events, a.kinds, a.teams = map[*nature]bool{}, map[auditlog.Text]bool{}, map[auditlog.ID]bool{}
	days := map[int]bool{}
	times := make([]time.Time, 0, len(a.baseline))
	for _, d := range a.baseline {
		times = append(times, d.TriggeredAt)
		a.events[d.nature], a.kinds[d.object], a.teams[d.TeamID()] = true, true, true
		a.administers = a.administers || d.administers
		if day := dayOf(d.TriggeredAt, a.zone); !days[day] {
			days[day] = true
			a.weekdays[d.TriggeredAt.In(a.zone).Weekday()]++
		}
	}
	a.isKnown = float64(len(times)) >= s.limits[MinBaselineEntries] && float64(len(days)) >= s.limits[MinBaselineDays]
	switch {
	case a.kind == System:
		a.usual = &Usual{Location: a.zone, IsOwn: a.isOwnZone, Reason: "the system has no usual hours"}
		return
	case a.isKnown:
		a.usual = learnUsual(times, len(days), a.zone, s.limits)
	default:
		a.usual = &Usual{Location: a.zone, Reason: fmt.Sprintf(
			"too little was seen in the baseline: %d entries on %d days, and at least %.0f entries on %.0f days are needed",
			len(times), len(days), s.limits[MinBaselineEntries], s.limits[MinBaselineDays])}
	}
	a.usual.IsOwn = a.isOwnZone
	for _, d := range a.window {
		if len(times) >= aroundTheClockEntries {
			break // somebody who becomes restless does not become a machine
		}
		times = append(times, d.TriggeredAt)
	}
	if a.kindReason = looksLikeService(a.Actor, times); a.kindReason != "" {
		a.kind = ServiceAccount
	}
}

// worksOn reports whether the actor works on this day of the week, as far as the baseline shows.
func (a *actor) worksOn(weekday time.Weekday, limits Limits) bool {
	busiest := slices.Max(a.weekdays[:])
	return float64(a.weekdays[weekday]) >= max(limits[MinUsualDays], limits[UsualWeekdayShare]*float64(busiest))
}

// How an actor must have acted to be taken for a machine: in so many hours of the day in all, in so many entries; and such a share of these
// in stretches so long that nobody would be awake, as people who work in shifts are not.
const (
	aroundTheClock        = 20
	aroundTheClockEntries = 100
	sleep                 = 6 * time.Hour
	waking                = 16 * time.Hour
	sleeplessShare        = 0.25
)

// LooksLikeService returns why an actor seems to be a service account by its name or address, since Make does not say so; empty for people.
func LooksLikeService(actor auditlog.Actor) string { return looksLikeService(actor, nil) }

func looksLikeService(actor auditlog.Actor, instants []time.Time) string {
	local, _, _ := strings.Cut(string(actor.Email), "@")
	words := strings.FieldsFunc(auditlog.Fold(string(actor.Name)+" "+local),
		func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	telling := []string{"svc", "service", "robot", "automation", "deploy", "deployer", "cicd", "daemon", "noreply"}
	if !strings.Contains(strings.TrimSpace(string(actor.Name)), " ") {
		// People are called so, too, but not by one name alone.
		telling = append(telling, "bot", "ci", "cd", "system", "api", "integration")
	}
	for _, word := range words {
		if slices.Contains(telling, word) {
			return "its name or address has the word " + auditlog.Text(word).Quote()
		}
	}
	var hours [24]bool
	count := 0
	sleepless, begin := 0, 0
	for i, at := range instants {
		if hour := at.UTC().Hour(); !hours[hour] {
			hours[hour] = true
			count++
		}
		if i+1 == len(instants) || instants[i+1].Sub(at) >= sleep {
			if at.Sub(instants[begin]) >= waking {
				sleepless += i + 1 - begin
			}
			begin = i + 1
		}
	}
	if len(instants) >= aroundTheClockEntries && count >= aroundTheClock && float64(sleepless) >= sleeplessShare*float64(len(instants)) {
		return fmt.Sprintf("it acted in %d of the 24 hours of the day", count)
	}
	return ""
}
