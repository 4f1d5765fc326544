package answer

import (
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

const (
	// mostEvidence is how much of a finding's evidence is shown, leastEvidence how much where there is no room.
	mostEvidence  = 20
	leastEvidence = 3
	// leastSize is less than any finding takes.
	leastSize = 200
	// mostAlso and reasonRunes bound what an operator's rules, which can be very many, add to one finding.
	mostAlso    = 20
	reasonRunes = 600
	// sizeOfRules and sizeOfSuppressed bound what is told beside the findings.
	sizeOfRules      = 3_500
	sizeOfSuppressed = 1_000
)

// Suspicions shows what stands out of a window, with as many findings as have room.
func Suspicions(asked *question.Question, found *analysis.Suspicions, room Room) *schemas.FindSuspiciousActivityResult {
	location := asked.Query.Window.Location
	result := &schemas.FindSuspiciousActivityResult{
		Answer:        Common(asked, found.Read),
		FindingsTotal: len(found.Findings),
		Baseline: schemas.FindingsBaseline{
			From: Time(found.Baseline.Window.From, location), To: Time(found.Baseline.Window.To, location),
			Entries: found.Baseline.Entries, Complete: found.Baseline.Report.Complete,
		},
		Limits: map[string]float64{},
	}
	result.BySeverity = severities(found.Findings)
	showRules(result, found.Rules)
	for _, one := range found.Suppressed {
		if one.Signals > 0 {
			result.Suppressed = append(result.Suppressed, schemas.Suppressed{Signals: one.Signals, Why: auditlog.Text(one.Why).Clean(),
				By: auditlog.Text(one.By).Clean(), Until: Time(one.Until, location)})
		}
	}
	size, all := sizeOfSuppressed, len(result.Suppressed)
	if result.Suppressed = cutList(result.Suppressed, all, &size); len(result.Suppressed) < all {
		result.Warn(fmt.Sprintf("suppressed lists the first %d of %d", len(result.Suppressed), all))
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
	showFindings(result, found.Findings, room, location)
	return result
}

// showRules shows what was asked: where that is too much, rather what has findings or could not have any.
func showRules(result *schemas.FindSuspiciousActivityResult, rules []detect.RuleReport) {
	shown, all := firstOf(rules, len(rules), func(rule detect.RuleReport) schemas.RuleEvaluated {
		return schemas.RuleEvaluated{Rule: rule.Name, Findings: rule.Findings, WhyNot: rule.WhyNot}
	})
	if Fit(shown, sizeOfRules) < all {
		isQuiet := func(rule schemas.RuleEvaluated) bool { return rule.Findings == 0 && rule.WhyNot == "" }
		shown = slices.Concat(slices.DeleteFunc(slices.Clone(shown), isQuiet),
			slices.DeleteFunc(shown, func(rule schemas.RuleEvaluated) bool { return !isQuiet(rule) }))
		shown = shown[:Fit(shown, sizeOfRules)]
		result.Warn(fmt.Sprintf("rules_evaluated lists %d of %d; make://detection-rules has all", len(shown), all))
	}
	result.RulesEvaluated = shown
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
func showFindings(
	result *schemas.FindSuspiciousActivityResult, findings []detect.Finding, room Room, location *time.Location,
) {
	result.Findings = []schemas.Finding{}
	size := room.Size - 2*SpareSize - Size(result)
	possible := max(1, min(room.Rows, size/leastSize)) // more of them never fit
	for evidence := mostEvidence; ; evidence-- {
		result.Findings, _ = firstOf(findings, possible, func(f detect.Finding) schemas.Finding { return Finding(&f, location, evidence) })
		fit := Fit(result.Findings, size)
		if fit == min(len(findings), room.Rows) {
			break
		}
		if evidence <= leastEvidence {
			result.Findings = result.Findings[:max(min(1, len(findings)), fit)]
			break
		}
	}
	if shown := len(result.Findings); shown < result.FindingsTotal {
		result.Warn(fmt.Sprintf("findings lists the first %d of %d: min_severity, rule, actor or a shorter window ask for fewer",
			shown, result.FindingsTotal))
	}
}

// Finding shows a finding with at most so many entries of its evidence.
func Finding(f *detect.Finding, location *time.Location, evidence int) schemas.Finding {
	return schemas.Finding{
		ID: f.ID(), Rule: f.Rule, Also: f.Also[:min(len(f.Also), mostAlso)], Title: auditlog.Text(f.Title).Clean(),
		Severity: string(f.Severity), Reason: auditlog.Text(f.Reason).CleanTo(reasonRunes),
		Actor: f.Actor, Team: f.Team, From: Time(f.From, location), To: Time(f.To, location),
		Observed: f.Observed, Threshold: f.Threshold,
		Evidence: uuids(f.Sample(evidence), evidence), EvidenceCount: len(f.Evidence), NextStep: auditlog.Text(f.NextStep).Clean(),
	}
}
