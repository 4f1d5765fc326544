package detect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

func sortedKeys[V any](of map[auditlog.ID]V) []auditlog.ID {
	return slices.SortedFunc(maps.Keys(of), auditlog.ID.Compare)
}

// judgeEvents looks for weighty events that an actor never caused before.
func (s *scene) judgeEvents(a *actor) []signal {
	fresh := map[*nature][]*deed{}
	for _, d := range a.window {
		if d.isEventNew && (d.givesAccess() || d.deletes) && !d.isMove {
			fresh[d.nature] = append(fresh[d.nature], d)
		}
	}
	var found []signal
	for _, n := range slices.SortedFunc(maps.Keys(fresh), func(a, b *nature) int { return cmp.Compare(a.Value, b.Value) }) {
		deeds, severity := fresh[n], severityWeak
		switch {
		case n.administers && !a.administers:
			severity = SeverityMedium
			if a.kind == ServiceAccount {
				severity = SeverityHigh
			}
		case a.kind == ServiceAccount && n.power >= auditlog.PowerKey && !n.deletes:
			severity = SeverityMedium
		}
		if deeds[0].isPromoted {
			severity = severityWeak // it is what they were put in charge for
		}
		kind := ""
		if deeds[0].isKindNew {
			kind = ", and nothing else about such objects either"
		}
		for _, spell := range spells(deeds, s.limits.hours(MergeHours)) {
			found = append(found, signal{
				rule: ruleNewEvent, aspect: aspectNovelty, severity: severity, by: a,
				reason: fmt.Sprintf("%s of an event that is not among the %d entries of the baseline: %s%s", entries(len(spell)),
					len(a.baseline), Notable{Power: n.power}.Why(), kind),
				observed: float64(len(spell)), threshold: 1, deeds: spell,
				nextStep: "check whether a new task or role explains it",
			})
		}
	}
	return found
}

// judgeTeams looks for work in teams that an actor never worked in and was not invited to, by what was done there.
func (s *scene) judgeTeams(a *actor) []signal {
	visits := map[auditlog.ID][]*deed{}
	for _, d := range a.window {
		if d.isTeamNew && !d.concernsPeople && d.Team != nil {
			visits[d.TeamID()] = append(visits[d.TeamID()], d)
		}
	}
	var found []signal
	for _, team := range sortedKeys(visits) {
		deeds := visits[team]
		severity, what := s.judgeVisit(deeds)
		if a.administers || a.kind == ServiceAccount && len(only(deeds, (*deed).givesAccess)) == 0 {
			severity = severity.lowered() // who runs an organization gets around in it, as does a migration
		}
		found = append(found, signal{
			rule: ruleNewTeam, aspect: aspectNovelty, severity: severity, by: a,
			team: deeds[0].Team,
			reason: fmt.Sprintf("%s in a team that none of the %d entries of the baseline is of, and that nobody was seen to give the "+
				"actor a role in: %s", entries(len(deeds)), len(a.baseline), what),
			observed: float64(len(deeds)), threshold: 1, deeds: deeds,
			nextStep: "ask who gave the actor access to this team, and for what",
		})
	}
	return found
}

// judgeVisit says how weighty it is what somebody did in a team that is not theirs.
func (s *scene) judgeVisit(deeds []*deed) (severity Severity, what string) {
	many, few := int(s.limits[ManyForeign]), int(s.limits[FewForeign])
	gives := only(deeds, func(d *deed) bool { return d.givesAccess() && d.verb != auditlog.VerbUsed })
	gone := only(deeds, func(d *deed) bool { return d.deletes && !d.isOwn })
	touched := map[object]bool{}
	webhooks := 0
	for _, d := range deeds {
		if d.makes {
			continue
		}
		touched[object{d.object, d.TargetID}] = true
		if d.IsWayIn() {
			webhooks++
		}
	}
	switch {
	case len(gone) >= many:
		return SeverityHigh, fmt.Sprintf("%s that delete", entries(len(gone)))
	case len(gives) > 0:
		return SeverityMedium, fmt.Sprintf("%s that give access", entries(len(gives)))
	case len(gone) > 0:
		return SeverityMedium, fmt.Sprintf("%s that delete", entries(len(gone)))
	case webhooks >= few:
		return SeverityMedium, fmt.Sprintf("%s about ways in from outside", entries(webhooks))
	case len(touched) >= many, len(deeds) > many && len(touched) > 0:
		return SeverityMedium, fmt.Sprintf("changes to %d objects of others", len(touched))
	}
	return severityWeak, fmt.Sprintf("changes to %d objects of others", len(touched))
}

// judgeNewcomer looks for an actor that the baseline does not know, whom nobody was seen to invite, by what it does first.
func (s *scene) judgeNewcomer(a *actor) []signal {
	if !s.isKnown || s.OneActor || a.kind == System || len(a.baseline) > 0 || len(a.window) == 0 {
		return nil
	}
	first := only(a.window, func(d *deed) bool { return d.isActorNew })
	if slices.ContainsFunc(first, func(d *deed) bool { return d.isInvited }) {
		return nil
	}
	gives := only(first, func(d *deed) bool { return d.givesAccess() })
	severity := severityWeak
	switch {
	case float64(len(gives)) >= s.limits[NewcomerAccess]:
		severity = SeverityHigh
	case len(gives) > 0:
		severity = SeverityMedium
	}
	return []signal{{
		rule: ruleNewActor, aspect: aspectNovelty, severity: severity, by: a,
		reason: fmt.Sprintf("%s of an actor that the baseline of %d days does not know and that nobody was seen to give a role, %d of "+
			"them give access", entries(len(first)), s.baselineDays(), len(gives)),
		observed: float64(len(first)), threshold: 1, deeds: first,
		nextStep: "ask who invited this actor",
	}}
}

func (s *scene) baselineDays() int {
	return dayOf(s.Window.From, s.Window.Location) - dayOf(s.Baseline.From, s.Window.Location)
}

// shared joins what is new for several people at once into one signal of the organization: it is a change of the organization, not of
// each of them.
func (s *scene) shared(signals []signal) []signal {
	type novelty struct {
		rule string
		what string
	}
	of := map[novelty][]signal{}
	var keys []novelty
	var rest []signal
	for _, one := range signals {
		if one.by == nil || one.aspect != aspectNovelty || one.rule == ruleNewActor {
			rest = append(rest, one)
			continue
		}
		key := novelty{one.rule, string(one.deeds[0].nature.Value)}
		if one.team != nil {
			key.what = string(one.team.ID)
		}
		if _, ok := of[key]; !ok {
			keys = append(keys, key)
		}
		of[key] = append(of[key], one)
	}
	for _, key := range keys {
		group := of[key]
		order.By(group, func(a, b signal) int { return a.from().Compare(b.from()) })
		for len(group) > 0 {
			until := group[0].from().Add(s.limits.days(SharedDays))
			n, people := 0, map[*actor]bool{}
			for ; n < len(group) && !group[n].from().After(until); n++ {
				people[group[n].by] = true
			}
			if float64(len(people)) < s.limits[SharedBy] {
				rest, group = append(rest, group[0]), group[1:]
				continue
			}
			rest, group = append(rest, s.joined(group[:n], len(people))), group[n:]
		}
	}
	return rest
}

func (s *scene) joined(group []signal, people int) signal {
	one := group[0]
	one.by, one.deeds = nil, nil
	for _, part := range group {
		one.deeds = append(one.deeds, part.deeds...)
		if part.severity.rank() > one.severity.rank() {
			one.severity = part.severity
		}
	}
	one.severity = one.severity.lowered() // what several take up at once is less strange
	slices.SortFunc(one.deeds, earlier)
	one.title = "The same is new for several people"
	one.observed, one.threshold = float64(people), s.limits[SharedBy]
	one.reason = fmt.Sprintf("%s of %d people for whom the same is new within %.0f days, as none of it is in the baseline of any of them",
		entries(len(one.deeds)), people, s.limits[SharedDays])
	one.nextStep = "ask what was introduced or reorganized then"
	return one
}

// judgeSlow looks for weighty events of one sort that are few each day, and many days.
func (s *scene) judgeSlow(a *actor) []signal {
	if a.kind != Person || !a.isKnown {
		return nil
	}
	var found []signal
	for _, sort := range []struct {
		name  string
		holds func(*deed) bool
	}{
		{"deletions", func(d *deed) bool { return d.deletes && !d.isOwn && !d.isMove }},
		{"keys and roles", func(d *deed) bool { return d.givesAccess() && d.power >= auditlog.PowerKey }},
		{"connections", func(d *deed) bool { return d.givesAccess() && d.power < auditlog.PowerKey }},
	} {
		usualDays, _ := s.slowest(only(a.baseline, sort.holds), a.zone)
		days, deeds := s.slowest(only(a.window, sort.holds), a.zone)
		threshold := max(s.limits[MinSlowDays], 2*float64(usualDays))
		if float64(days) < threshold || float64(len(deeds)) < s.limits[MinSlowEntries] {
			continue
		}
		severity := SeverityLow
		if float64(days) >= 2*s.limits[MinSlowDays] || usualDays == 0 {
			severity = SeverityMedium
		}
		found = append(found, signal{
			rule: ruleSlow, aspect: aspectAmount, severity: severity, by: a,
			reason: fmt.Sprintf("%s (%s) on %d days within %.0f days (threshold %.0f); the baseline of %d entries has such on at most %d "+
				"days in as long", entries(len(deeds)), sort.name, days, s.limits[SlowSpanDays], threshold, len(a.baseline), usualDays),
			observed: float64(days), threshold: threshold, deeds: deeds,
			nextStep: "look at what these entries have in common",
		})
	}
	return found
}

// slowest returns the deeds of the span with the most days that have any, and how many days.
func (s *scene) slowest(deeds []*deed, zone *time.Location) (days int, most []*deed) {
	grouped := byDay(deeds, zone)
	first, begin, end := 0, 0, 0
	for i, day := range grouped {
		end += len(day)
		for dayOf(day[0].TriggeredAt, zone)-dayOf(grouped[first][0].TriggeredAt, zone) >= int(s.limits[SlowSpanDays]) {
			begin += len(grouped[first])
			first++
		}
		if i-first+1 > days {
			days, most = i-first+1, deeds[begin:end]
		}
	}
	return days, most
}
