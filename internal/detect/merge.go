package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// subject is whom signals are told of together: an actor, else a team, else the organization; its log, where nobody did anything.
type subject struct {
	by     *actor
	team   auditlog.ID
	isLull bool
}

func (s *signal) subject() subject {
	if s.by == nil && s.team != nil {
		return subject{team: s.team.ID}
	}
	return subject{by: s.by, isLull: s.lull != nil}
}

// merge makes findings of signals: those of one subject that lie no further apart than a day's work are told as one.
func (s *scene) merge(signals []signal) []Finding {
	of := map[subject][]*signal{}
	var subjects []subject
	for i := range signals {
		whose := signals[i].subject()
		if of[whose] == nil {
			subjects = append(subjects, whose)
		}
		of[whose] = append(of[whose], &signals[i])
	}
	var findings []Finding
	for _, whose := range subjects {
		group := of[whose]
		order.By(group, func(a, b *signal) int { return cmp.Or(a.from().Compare(b.from()), stronger(a, b)) })
		var together []*signal
		var until time.Time
		for _, one := range group {
			if len(together) > 0 && one.from().Sub(until) > s.limits.hours(MergeHours) {
				findings = s.appendFinding(findings, together)
				together, until = nil, time.Time{}
			}
			together = append(together, one)
			if one.to().After(until) {
				until = one.to()
			}
		}
		findings = s.appendFinding(findings, together)
	}
	order.By(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.rank(), a.Severity.rank()), b.To.Compare(a.To), cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Evidence[0].Key(), b.Evidence[0].Key()))
	})
	return findings
}

// appendFinding appends what signals come to together, if that is anything.
func (s *scene) appendFinding(findings []Finding, signals []*signal) []Finding {
	order.By(signals, stronger)
	severity := together(signals)
	if severity == severityWeak {
		if !s.OneActor {
			return findings
		}
		severity = SeverityLow // who asks about one actor wants to hear it
	}
	lead := signals[0]
	f := Finding{Rule: lead.rule, Title: titleOf(lead), Severity: severity, Reason: lead.reason, Observed: lead.observed,
		Threshold: lead.threshold, Team: lead.team, NextStep: lead.nextStep}
	if lead.by != nil && lead.by.kind != System {
		f.Actor = &lead.by.Actor
	}
	seen := map[*deed]bool{}
	var deeds []*deed
	for _, one := range signals {
		if one.rule != lead.rule && !slices.Contains(f.Also, one.rule) {
			f.Also = append(f.Also, one.rule)
		}
		for _, d := range one.deeds {
			if !seen[d] {
				seen[d] = true
				deeds = append(deeds, d)
			}
		}
	}
	if len(f.Also) > 0 {
		f.Reason += "; with it: " + strings.Join(f.Also, ", ")
	}
	slices.SortFunc(deeds, earlier)
	if f.Team == nil && !slices.ContainsFunc(deeds, func(d *deed) bool { return d.TeamID() != deeds[0].TeamID() }) {
		f.Team = deeds[0].Team
	}
	for _, d := range deeds {
		f.Evidence, f.powers = append(f.Evidence, d.Entry), append(f.powers, d.power)
	}
	f.From, f.To = f.Evidence[0].TriggeredAt, f.Evidence[len(f.Evidence)-1].TriggeredAt
	if lead.lull != nil {
		f.From, f.To, f.Team = lead.from(), lead.to(), nil
	}
	return append(findings, f)
}

// together returns the severity that signals have together, the strongest first: of each aspect the strongest counts, and what was new only
// where it is not the same entries that a rule spoke of.
func together(signals []*signal) Severity {
	points := 0
	counted := map[aspect]bool{}
	spoken := map[*deed]bool{} // by rules
	for _, one := range signals {
		if one.aspect == aspectRule {
			for _, d := range one.deeds {
				spoken[d] = true
			}
		}
	}
	for _, one := range signals {
		isSpoken := one.aspect == aspectNovelty && one != signals[0] &&
			!slices.ContainsFunc(one.deeds, func(d *deed) bool { return !spoken[d] })
		if !counted[one.aspect] && !isSpoken {
			counted[one.aspect] = true
			points += one.severity.points()
		}
	}
	return severityOf(points)
}

// titleOf returns a signal's own title, or that of its baseline.
func titleOf(one *signal) string {
	if one.title != "" {
		return one.title
	}
	baselines := baselineRules()
	return baselines[slices.IndexFunc(baselines, func(r RuleReport) bool { return r.Name == one.rule })].Title
}
