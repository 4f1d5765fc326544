package detect

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// RuleInfo is a rule as people read it, or a baseline, which has no more than a name and a title.
type RuleInfo struct {
	// Name is what findings call it; ID is Sigma's.
	Name, ID, Title, Status, Description, NextStep string
	Level                                          Severity
	FalsePositives, Fields, References             []string
	// IsOwn says that the rule is not of those that come with the program.
	IsOwn bool
}

// Inventory returns the rules that make findings, and the baselines.
func (d *Detector) Inventory() (rules, baselines []RuleInfo) { return d.goesBy().inventory() }

func (c *criteria) inventory() (rules, baselines []RuleInfo) {
	if c.rules != nil {
		for _, rule := range c.rules.Rules {
			a := c.rules.alerts[rule]
			if a == nil {
				continue
			}
			rules = append(rules, RuleInfo{
				Name: a.name(), ID: a.ID, Title: a.Title, Status: a.Status, Description: a.Description, NextStep: a.nextStep,
				Level: a.severity, FalsePositives: a.FalsePositives, Fields: a.Rule.Fields, References: a.References, IsOwn: a.Layer > 0,
			})
		}
	}
	for _, baseline := range baselineRules() {
		baselines = append(baselines, RuleInfo{Name: baseline.Name, Title: baseline.Title})
	}
	return rules, baselines
}

// Names returns what findings call the rules and the baselines.
func (d *Detector) Names() []string { return d.goesBy().names() }

func (c *criteria) names() []string {
	var names []string
	rules, baselines := c.inventory()
	for _, rule := range append(rules, baselines...) {
		names = append(names, rule.Name)
	}
	return names
}

// Limits returns what findings are measured by, with the values in use.
func (d *Detector) Limits() []LimitInfo { return d.goesBy().describeLimits() }

// LullAfter is how long a log of a pulse is without an entry before that stands out, and why it cannot be told, where it cannot.
func (d *Detector) LullAfter(p auditlog.Pulse) (after time.Duration, whyNot string) {
	return d.goesBy().limits.lullAfter(p)
}

func (c *criteria) describeLimits() []LimitInfo {
	all := DescribeLimits()
	for i := range all {
		all[i].Value = c.limits[all[i].Limit]
	}
	return all
}
