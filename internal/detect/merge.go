package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// subject is whom signals are told of together: an actor, else a team, else the organization.
type subject struct {
	by   *actor
	team auditlog.ID
}

func (s *signal) subject() subject {
	if s.by == nil && s.team != nil {
		return subject{team: s.team.ID}
	}
	return subject{by: s.by}
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
		slices.SortStableFunc(group, func(a, b *signal) int { return cmp.Or(a.from().Compare(b.from()), stronger(a, b)) })
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
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.rank(), a.Severity.rank()), b.To.Compare(a.To), cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Evidence[0].Key(), b.Evidence[0].Key()))
	})
	return findings
}

// appendFinding appends what signals come to together, if that is anything.
func (s *scene) appendFinding(findings []Finding, signals []*signal) []Finding {
	slices.SortStableFunc(signals, stronger)
	strongest := map[aspect]Severity{} // of one aspect only the strongest counts
	for _, one := range signals {
		if _, seen := strongest[one.aspect]; !seen {
			strongest[one.aspect] = one.severity
		}
	}
	points := 0
	for _, severity := range strongest {
		points += severity.points()
	}
	severity := severityOf(points)
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
	seen := map[*auditlog.Entry]bool{}
	for _, one := range signals {
		if one.rule != lead.rule && !slices.Contains(f.Also, one.rule) {
			f.Also = append(f.Also, one.rule)
		}
		for _, d := range one.deeds {
			if !seen[d.Entry] {
				seen[d.Entry] = true
				f.Evidence = append(f.Evidence, d.Entry)
				f.weights = append(f.weights, weighed{d.Entry, d.power})
			}
		}
	}
	if len(f.Also) > 0 {
		f.Reason += "; with it: " + strings.Join(f.Also, ", ")
	}
	slices.SortFunc(f.Evidence, func(a, b *auditlog.Entry) int { return auditlog.CompareNewestFirst(b, a) })
	f.From, f.To = f.Evidence[0].TriggeredAt, f.Evidence[len(f.Evidence)-1].TriggeredAt
	return append(findings, f)
}

// titleOf returns a signal's own title, or that of its baseline.
func titleOf(one *signal) string {
	if one.title != "" {
		return one.title
	}
	baselines := baselineRules()
	return baselines[slices.IndexFunc(baselines, func(r RuleReport) bool { return r.Name == one.rule })].Title
}
