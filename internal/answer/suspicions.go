package answer

import (
	"fmt"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// How much of a finding's evidence is shown: at most, and where there is no room.
const (
	mostEvidence  = 20
	leastEvidence = 3
)

// Suspicions shows what stands out of a window.
func Suspicions(asked *question.Question, found *analysis.Suspicions) *schemas.FindSuspiciousActivityResult {
	location := asked.Query.Window.Location
	result := &schemas.FindSuspiciousActivityResult{
		Answer:         Common(asked, found.Read),
		FindingsTotal:  len(found.Findings),
		RulesEvaluated: []schemas.RuleEvaluated{},
		Baseline: schemas.FindingsBaseline{
			From: Time(found.Baseline.Window.From, location), To: Time(found.Baseline.Window.To, location),
			Entries: found.Baseline.Entries, Complete: found.Baseline.Report.Complete,
		},
		Limits: map[string]float64{},
	}
	result.BySeverity = severities(found.Findings)
	for _, rule := range found.Rules {
		result.RulesEvaluated = append(result.RulesEvaluated, schemas.RuleEvaluated{
			Rule: rule.Name, Findings: rule.Findings, WhyNot: rule.WhyNot,
		})
	}
	for _, one := range found.Suppressed {
		if one.Signals > 0 {
			result.Suppressed = append(result.Suppressed, schemas.Suppressed{Signals: one.Signals, Why: auditlog.Text(one.Why).Clean(),
				By: auditlog.Text(one.By).Clean(), Until: Time(one.Until, location)})
		}
	}
	usual := detect.DefaultLimits()
	for _, limit := range found.Limits {
		if limit.Value != usual[limit.Limit] {
			result.Limits[string(limit.Limit)] = limit.Value
		}
	}
	WarnOfBounds(&result.Answer, found.Read)
	for _, leftOut := range found.LeftOut {
		result.Warn(leftOut)
	}
	switch before := found.Baseline.Report; {
	case before.Coverage.IsEmpty():
		result.Warn("nothing vouches for the time before the window, so only rules were judged that need none")
	case !before.Complete:
		result.Warn("part of the baseline is not covered: what seems new may only be unseen")
	}
	if len(found.Findings) == 0 {
		result.Warn("nothing stood out of what was judged: that is no proof that nothing happened; count_audit_logs and list_audit_logs " +
			"show what did")
	}
	showFindings(result, found.Findings, location)
	return result
}

func severities(findings []detect.Finding) (counts schemas.SeverityCounts) {
	for i := range findings {
		switch findings[i].Severity {
		case detect.SeverityCritical:
			counts.Critical++
		case detect.SeverityHigh:
			counts.High++
		case detect.SeverityMedium:
			counts.Medium++
		default:
			counts.Low++
		}
	}
	return counts
}

// showFindings shows as many findings as fit, with as much of their evidence as does: rather less of each than fewer of them.
func showFindings(result *schemas.FindSuspiciousActivityResult, findings []detect.Finding, location *time.Location) {
	const room = DefaultSize - 2*SpareSize
	for evidence := mostEvidence; ; evidence-- {
		result.Findings, _ = firstOf(findings, len(findings), func(f detect.Finding) schemas.Finding {
			return Finding(&f, location, evidence)
		})
		if evidence <= leastEvidence || Size(result) <= room {
			break
		}
	}
	for len(result.Findings) > 1 && Size(result) > room {
		result.Findings = withoutLast(result.Findings)
	}
	if shown := len(result.Findings); shown < result.FindingsTotal {
		result.Warn(fmt.Sprintf("findings lists the first %d of %d: min_severity, rule, actor or a shorter window ask for fewer",
			shown, result.FindingsTotal))
	}
}

// Finding shows a finding with at most so many entries of its evidence.
func Finding(f *detect.Finding, location *time.Location, evidence int) schemas.Finding {
	return schemas.Finding{
		ID: f.ID(), Rule: f.Rule, Also: f.Also, Title: auditlog.Text(f.Title).Clean(), Severity: string(f.Severity), Reason: f.Reason,
		Actor: f.Actor, Team: f.Team, From: Time(f.From, location), To: Time(f.To, location),
		Observed: f.Observed, Threshold: f.Threshold,
		Evidence: uuids(f.Sample(evidence), evidence), EvidenceCount: len(f.Evidence), NextStep: auditlog.Text(f.NextStep).Clean(),
	}
}
