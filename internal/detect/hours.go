package detect

import (
	"fmt"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// judgeHours looks for work at hours, or on days, on which somebody does not work. Machines keep no office hours.
func (s *scene) judgeHours(a *actor) []signal {
	if a.kind != Person || !a.usual.IsKnown() {
		return nil
	}
	night := s.limits.hours(NightPauseHours)
	most := 0
	for _, spell := range spells(only(a.baseline, s.isFarOutside), night) {
		most = max(most, len(spell))
	}
	threshold := max(s.limits[MinOutside], s.limits[PeakFactor]*float64(most))
	var found []signal
	for _, spell := range spells(only(a.window, s.isFarOutside), night) {
		weighty := only(spell, (*deed).isWeighty)
		severity, threshold := severityWeak, threshold
		switch {
		case float64(len(spell)) < threshold && len(weighty) == 0:
			continue
		case float64(len(spell)) < threshold:
			threshold = 1 // what is weighty supports other signals, however little it is
		case slices.ContainsFunc(weighty, func(d *deed) bool { return d.givesAccess() && d.power >= auditlog.PowerKey }):
			severity = SeverityHigh
		case len(weighty) > 1:
			severity = SeverityMedium
		default:
			severity = SeverityLow
		}
		found = append(found, signal{
			rule: ruleOutsideHours, aspect: aspectHours, severity: severity, by: a,
			reason: fmt.Sprintf("%s within one night (threshold %.0f), %.0f hours or more from the hours that the baseline of %d entries "+
				"shows (%s, %s), %d of them weighty; the most in a night of the baseline is %d", entries(len(spell)), threshold,
				s.limits[FarOutsideHours], len(a.baseline), strings.Join(a.usual.Ranges(), ", "), a.usual.Location, len(weighty), most),
			observed: float64(len(spell)), threshold: threshold, deeds: spell,
			nextStep: "ask the person whether it was them, and look at what was done",
		})
	}
	offDays := only(a.window, func(d *deed) bool { return d.isOffDay && !d.isOutside && d.isWeighty() })
	for _, spell := range spells(offDays, night) {
		found = append(found, signal{
			rule: ruleOffDay, aspect: aspectHours, severity: severityWeak, by: a,
			reason: fmt.Sprintf("%s on a day of the week, or a holiday, on which the baseline of %d entries shows no work",
				entries(len(spell)), len(a.baseline)),
			observed: float64(len(spell)), threshold: 1, deeds: spell,
			nextStep: "ask the person whether it was them",
		})
	}
	return found
}

func (s *scene) isFarOutside(d *deed) bool {
	return d.by.usual.distance(d.TriggeredAt) >= s.limits.hours(FarOutsideHours)
}

// isWeighty reports whether a deed gives access, or takes something away.
func (d *deed) isWeighty() bool { return d.givesAccess() || d.deletes && !d.isOwn }

// entries counts in words.
func entries(count int) string {
	if count == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", count)
}
