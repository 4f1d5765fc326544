package answer

import (
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/schemas"
)

// DetectionRules shows what findings are made by. Texts of rules are the operator's, and are cleaned like those of others.
func DetectionRules(detector *detect.Detector) *schemas.DetectionRules {
	rules, baselines := detector.Inventory()
	shown := &schemas.DetectionRules{Limits: []schemas.Limit{}}
	shown.Rules, _ = firstOf(rules, len(rules), detectionRule)
	shown.Baselines, _ = firstOf(baselines, len(baselines), detectionRule)
	for i := range shown.Baselines {
		shown.Baselines[i].Origin = ""
	}
	for _, limit := range detector.Limits() {
		shown.Limits = append(shown.Limits, schemas.Limit{
			Limit: string(limit.Limit), Value: limit.Value, Meaning: limit.Meaning, Source: limit.Source,
		})
	}
	return shown
}

func detectionRule(rule detect.RuleInfo) schemas.DetectionRule {
	clean := func(text string) string { return auditlog.Text(text).Clean() }
	all := func(texts []string) []string {
		shown, _ := firstOf(texts, len(texts), clean)
		return shown
	}
	shown := schemas.DetectionRule{
		Name: clean(rule.Name), ID: clean(rule.ID), Title: clean(rule.Title), Level: string(rule.Level), Status: clean(rule.Status),
		Description: clean(rule.Description), NextStep: clean(rule.NextStep), FalsePositives: all(rule.FalsePositives),
		Fields: all(rule.Fields), References: all(rule.References), Origin: "builtin",
	}
	if rule.IsOwn {
		shown.Origin = "operator"
	}
	return shown
}
