package detect

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"make-audit-mcp/internal/sigma"
)

// Detector finds what stands out. A nil Detector goes by baselines alone, with the limits that nobody set.
type Detector struct {
	criteria func() *criteria
}

// criteria are what a detector goes by.
type criteria struct {
	limits       Limits
	rules        *ruleSet // nil if there are none
	suppressions []Suppression
}

// New returns a detector with the rules that come with the program, and those of directories: a rule there takes the place of one with its
// id. What they set under baseline are limits, what under suppress silences what is known.
func New(directories ...fs.FS) (*Detector, error) {
	loaded, err := load(directories...)
	if err != nil {
		return nil, err
	}
	return &Detector{func() *criteria { return loaded }}, nil
}

// BuiltIn returns the detector that goes by the rules that come with the program alone. They are loaded once, when they are first asked,
// since that takes longer than all else that the program does before it serves.
func BuiltIn() *Detector { return &Detector{builtIn} }

//nolint:gochecknoglobals // it never changes
var builtIn = sync.OnceValue(func() *criteria {
	loaded, err := load()
	if err != nil {
		panic(err) // they are our own
	}
	return loaded
})

func load(directories ...fs.FS) (*criteria, error) {
	own, err := embedded()
	if err != nil {
		return nil, err
	}
	c := &criteria{limits: DefaultLimits()}
	if c.rules, err = loadRules(append([]fs.FS{own}, directories...)...); err != nil {
		return nil, err
	}
	for _, document := range c.rules.Documents {
		if err := c.set(document); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// goesBy returns what the detector goes by.
func (d *Detector) goesBy() *criteria {
	if d == nil {
		return &criteria{limits: DefaultLimits()}
	}
	return d.criteria()
}

// set takes over what a document sets.
func (c *criteria) set(document sigma.Document) error {
	settings, ok := document.Value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s:%d: %s is a map", document.File, document.Line, document.Name)
	}
	for name, value := range settings {
		switch name {
		case keySuppress:
			more, err := readSuppressions(document, value, c.names())
			if err != nil {
				return err
			}
			c.suppressions = append(c.suppressions, more...)
		case keyBaseline:
			limits, err := c.limits.with(value)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", document.File, document.Line, err)
			}
			c.limits = limits
		default:
			return fmt.Errorf("%s:%d: %q does not stand beside %s; accepted: %s, %s", document.File, document.Line, name, document.Name,
				keyBaseline, keySuppress)
		}
	}
	return nil
}

// Report is what a detector found, and what it did to find it.
type Report struct {
	// Findings are the severest first, then the latest.
	Findings []Finding
	// Rules are those that were asked, and the baselines.
	Rules []RuleReport
	// Suppressed are all suppressions, with what each silenced.
	Suppressed []Suppressed
	// LeftOut says what could not be judged, and why.
	LeftOut []string
	// Limits are those in use.
	Limits []LimitInfo
	// BaselineEntries counts the entries that the window was measured by.
	BaselineEntries int

	scene *scene
}

// RuleReport is a rule that was asked, or a baseline.
type RuleReport struct {
	// Name is what findings call it; ID is Sigma's, empty of a baseline.
	Name, ID, Title string
	// Level is empty of a baseline, whose severity depends on what was touched.
	Level Severity
	// Findings counts those that the rule tells, or has a part in.
	Findings int
	// WhyNot says why the rule could not find anything, or not all.
	WhyNot string
}

// Find judges a log.
func (d *Detector) Find(ctx context.Context, log *Log) (*Report, error) {
	c := d.goesBy()
	s := newScene(log, c.limits)
	s.tellCircumstances()
	report := &Report{BaselineEntries: len(s.deeds) - len(s.window()), Limits: c.describeLimits(), scene: s}
	signals, err := s.judgeBaselines(ctx)
	if err != nil {
		return nil, err
	}
	signals = append(signals, s.judgeLulls()...)
	dropped := map[*sigma.Rule]int{}
	if c.rules != nil {
		hits, lost, err := s.judgeRules(ctx, c.rules)
		if err != nil {
			return nil, err
		}
		signals, dropped = append(signals, hits...), lost
	}
	signals, report.Suppressed = silence(signals, c.suppressions)
	report.Findings = s.merge(signals)
	report.Rules = s.report(c.rules, report.Findings, dropped)
	if log.OneActor {
		report.LeftOut = append(report.LeftOut, "only one actor's entries were read: who invited the actor, holidays, what is new for "+
			"several people at once, and busy days of teams were left out")
	} else if !s.isKnown {
		report.LeftOut = append(report.LeftOut, "the baseline is too small for any actor to be new")
	}
	return report, nil
}

// judgeBaselines looks for what is unlike the baselines.
func (s *scene) judgeBaselines(ctx context.Context) ([]signal, error) {
	var signals []signal
	for _, a := range s.order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, judge := range []func(*actor) []signal{
			s.judgeHours, s.judgeEvents, s.judgeTeams, s.judgeNewcomer, s.judgeVolume, s.judgeSlow,
		} {
			signals = append(signals, judge(a)...)
		}
	}
	if s.OneActor {
		return signals, nil
	}
	return append(s.shared(signals), s.judgeCrowds()...), nil
}

// report says what was asked, and how often it had a part in a finding.
func (s *scene) report(set *ruleSet, findings []Finding, dropped map[*sigma.Rule]int) []RuleReport {
	count := map[string]int{}
	for _, f := range findings {
		count[f.Rule]++
		for _, also := range f.Also {
			count[also]++
		}
	}
	for _, event := range s.Catalog.Events {
		s.natureOf(event.Value) // what nobody did yet is known, too
	}
	var reports []RuleReport
	if set != nil {
		for _, rule := range set.Rules {
			a := set.alerts[rule]
			if a == nil {
				continue
			}
			one := RuleReport{Name: a.name(), ID: a.ID, Title: a.Title, Level: a.severity, Findings: count[a.name()]}
			switch {
			case s.unknown(set, rule):
				one.WhyNot = "none of the events that it names is known to this organization"
			case dropped[rule] > 0:
				one.WhyNot = fmt.Sprintf("%d hits of what it is made of were left out, because too many were open at once", dropped[rule])
			}
			reports = append(reports, one)
		}
	}
	for _, one := range baselineRules() {
		one.Findings = count[one.Name]
		if one.Name == ruleNoEntries {
			one.WhyNot = s.whyNoLull
		}
		reports = append(reports, one)
	}
	return reports
}

// baselineRules are the baselines, by what findings call them.
func baselineRules() []RuleReport {
	return []RuleReport{
		{Name: ruleOutsideHours, Title: "Work outside usual hours"},
		{Name: ruleOffDay, Title: "Weighty work on a day off"},
		{Name: ruleNewEvent, Title: "A weighty event that is new for this actor"},
		{Name: ruleNewTeam, Title: "Work in a team that is new for this actor"},
		{Name: ruleNewActor, Title: "An actor that was never seen before"},
		{Name: rulePace, Title: "A pace that no hand keeps up"},
		{Name: ruleBusyHour, Title: "Unusually many entries within an hour"},
		{Name: ruleBusyDay, Title: "An unusually busy day"},
		{Name: ruleBusyCrowd, Title: "An unusually busy day of many people"},
		{Name: ruleSlow, Title: "Few a day, on many days"},
		{Name: ruleNoEntries, Title: "A log without any entries for long"},
	}
}

// isBaseline reports whether a name is what findings call a baseline.
func isBaseline(name string) bool {
	return slices.ContainsFunc(baselineRules(), func(b RuleReport) bool { return b.Name == name })
}

// What findings call the baselines.
const (
	ruleOutsideHours = "outside_usual_hours"
	ruleOffDay       = "outside_usual_days"
	ruleNewEvent     = "first_time_event"
	ruleNewTeam      = "first_time_team"
	ruleNewActor     = "first_time_actor"
	rulePace         = "impossible_pace"
	ruleBusyHour     = "busy_hour"
	ruleBusyDay      = "busy_day"
	ruleBusyCrowd    = "busy_crowd"
	ruleSlow         = "low_and_slow"
	ruleNoEntries    = "no_entries"
)
