package detect

import (
	"fmt"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// atOnce is the time in which a hand does only so much.
const atOnce = 2 * time.Minute

// judgeVolume looks for hours and days with far more entries than is usual for an actor, and for a pace that no hand keeps up. A run is
// told once, from where it begins.
func (s *scene) judgeVolume(a *actor) []signal {
	if a.kind == System || len(a.baseline) == 0 {
		return nil
	}
	found := append(s.judgePace(a), s.judgeHourly(a)...)
	if a.kind == Person && a.isKnown {
		found = append(found, s.judgeDays(a)...)
	}
	return found
}

func (s *scene) judgePace(a *actor) []signal {
	if a.kind != Person {
		return nil // it may be as fast as it likes: hours tell
	}
	usual := peak(a.baseline, atOnce)
	threshold := max(s.limits[MinPace], s.limits[PeakFactor]*float64(usual))
	var found []signal
	for _, run := range runs(a.window, atOnce, threshold) {
		found = append(found, signal{
			rule: rulePace, aspect: aspectAmount, severity: SeverityHigh, by: a,
			reason: fmt.Sprintf("%s in %s, at most %d within 2 minutes (threshold %.0f); the most in the baseline of %d entries is %d",
				entries(len(run)), lasting(run), peak(run, atOnce), threshold, len(a.baseline), usual),
			observed: float64(peak(run, atOnce)), threshold: threshold, deeds: run,
			nextStep: "find out which program used the account's session or key",
		})
	}
	return found
}

func (s *scene) judgeHourly(a *actor) []signal {
	hours := map[int64]float64{}
	for _, d := range a.baseline {
		hours[d.TriggeredAt.Unix()/int64(time.Hour/time.Second)]++
	}
	var counts []float64
	for _, count := range hours {
		counts = append(counts, count)
	}
	floor, severity := s.limits[MinHourEntries], SeverityLow
	switch {
	case a.kind == ServiceAccount:
		// A machine may rest for hours, and has no reason to do more than it did.
		floor, severity = s.limits[MinServiceEntries], SeverityMedium
	case !a.isKnown:
		return nil
	}
	spread := spreadOf(counts)
	spread.most = float64(peak(a.baseline, time.Hour))
	threshold := spread.beyond(floor, s.limits)
	var found []signal
	for _, run := range runs(a.window, time.Hour, threshold) {
		most := peak(run, time.Hour)
		found = append(found, signal{
			rule: ruleBusyHour, aspect: aspectAmount, severity: severity, by: a,
			reason: fmt.Sprintf("%s in %s, at most %d within 60 minutes (threshold %.0f); an hour with entries has %.0f in the baseline "+
				"(median of %d hours, %d entries), at most %.0f", entries(len(run)), lasting(run), most, threshold, spread.median,
				len(hours), len(a.baseline), spread.most),
			observed: float64(most), threshold: threshold, deeds: run,
			nextStep: "count these entries by event and target",
		})
	}
	return found
}

func (s *scene) judgeDays(a *actor) []signal {
	spread := spreadOf(countsOf(byDay(a.baseline, a.zone)))
	threshold := spread.beyond(s.limits[MinDayEntries], s.limits)
	var found []signal
	for _, day := range byDay(a.window, a.zone) {
		if float64(len(day)) <= threshold {
			continue
		}
		found = append(found, signal{
			rule: ruleBusyDay, aspect: aspectAmount, severity: SeverityLow, by: a,
			reason: fmt.Sprintf("%s on %s (threshold %.0f); an active day of the baseline of %d entries has %.0f (median), at most %.0f",
				entries(len(day)), day[0].TriggeredAt.In(a.zone).Format(time.DateOnly), threshold, len(a.baseline), spread.median,
				spread.most),
			observed: float64(len(day)), threshold: threshold, deeds: day,
			nextStep: "count that day's entries by event and target",
		})
	}
	return found
}

// judgeCrowds looks for days that are unusual for a team, or the whole organization, and that no single actor accounts for.
func (s *scene) judgeCrowds() []signal {
	teams := map[auditlog.ID][2][]*deed{} // baseline and window
	var all [2][]*deed
	for i := range s.deeds {
		d := &s.deeds[i]
		part := 0
		if d.inWindow {
			part = 1
		}
		both := teams[d.TeamID()]
		both[part] = append(both[part], d)
		teams[d.TeamID()] = both
		all[part] = append(all[part], d)
	}
	var found []signal
	busy := map[int]bool{}
	for _, team := range sortedKeys(teams) {
		if team == "" {
			continue
		}
		for _, one := range s.judgeCrowd(teams[team], "a team") {
			one.team = one.deeds[0].Team
			busy[dayOf(one.from(), s.Window.Location)] = true
			found = append(found, one)
		}
	}
	for _, one := range s.judgeCrowd(all, "the organization") {
		if !busy[dayOf(one.from(), s.Window.Location)] {
			found = append(found, one)
		}
	}
	return found
}

func (s *scene) judgeCrowd(of [2][]*deed, whose string) []signal {
	days := byDay(of[0], s.Window.Location)
	if float64(len(days)) < s.limits[MinBaselineDays] {
		return nil
	}
	spread := spreadOf(countsOf(days))
	threshold := spread.beyond(s.limits[MinTeamEntries], s.limits)
	var found []signal
	for _, day := range byDay(of[1], s.Window.Location) {
		if float64(len(day)) <= threshold || isOfOne(day) {
			continue
		}
		found = append(found, signal{
			rule: ruleBusyCrowd, aspect: aspectAmount, severity: SeverityLow,
			reason: fmt.Sprintf("%s of %s on %s, of no one actor (threshold %.0f); an active day of the baseline of %d entries has %.0f "+
				"(median), at most %.0f", entries(len(day)), whose, day[0].TriggeredAt.In(s.Window.Location).Format(time.DateOnly),
				threshold, len(of[0]), spread.median, spread.most),
			observed: float64(len(day)), threshold: threshold, deeds: day,
			nextStep: "count that day's entries by actor and event",
		})
	}
	return found
}

// isOfOne reports whether one actor did a third of it or more.
func isOfOne(deeds []*deed) bool {
	const third = 3
	counts := map[*actor]int{}
	for _, d := range deeds {
		if counts[d.by]++; third*counts[d.by] >= len(deeds) {
			return true
		}
	}
	return false
}

// byDay divides deeds into days, in the order of time.
func byDay(deeds []*deed, zone *time.Location) [][]*deed {
	var days [][]*deed
	last := 0
	for i, d := range deeds {
		if day := dayOf(d.TriggeredAt, zone); i == 0 || day != last {
			days, last = append(days, nil), day
		}
		days[len(days)-1] = append(days[len(days)-1], d)
	}
	return days
}

func countsOf(days [][]*deed) []float64 {
	var counts []float64
	for _, day := range days {
		counts = append(counts, float64(len(day)))
	}
	return counts
}

// lasting says how long deeds took.
func lasting(deeds []*deed) string {
	return inWords(deeds[len(deeds)-1].TriggeredAt.Sub(deeds[0].TriggeredAt))
}

// inWords says how long something took, in the unit that suits it.
func inWords(took time.Duration) string {
	switch {
	case took < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", took.Seconds())
	case took < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", took.Minutes())
	case took < 2*oneDay:
		return fmt.Sprintf("%.3g hours", took.Hours())
	}
	return fmt.Sprintf("%.3g days", took.Hours()/hoursPerDay)
}
