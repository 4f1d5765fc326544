package detect

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/sigma"
)

// embedded returns the rules that come with the program.
func embedded() (fs.FS, error) { return fs.Sub(embeddedRules, "rules") }

//go:embed rules/*.yml
var embeddedRules embed.FS

// alert is a rule that makes findings.
type alert struct {
	*sigma.Rule
	severity Severity
	nextStep string
	// habit is how many times as much as in the actor's baseline there must be, 0 where the baseline does not matter.
	habit float64
}

// name returns what findings call the rule.
func (a *alert) name() string { return nameOf(a.Rule) }

func nameOf(rule *sigma.Rule) string {
	if rule.Name != "" {
		return rule.Name
	}
	return rule.ID
}

// ruleSet is what was loaded.
type ruleSet struct {
	*sigma.Set
	alerts map[*sigma.Rule]*alert
	// names are the texts that each rule compares the names of events with.
	names map[*sigma.Rule][]sigma.Term
	// habits are the same rules once more, with correlations that hold however little there is, to see how much is usual.
	habits *sigma.Set
	// alike has the rule of the set for each of habits.
	alike map[*sigma.Rule]*sigma.Rule
}

// maxNameRunes is the most characters that what findings are called by may have.
const maxNameRunes = 80

// keys of rules that Sigma does not know.
const (
	keyNextStep = "next_step"
	keyHabit    = "habit"
	keyTests    = "tests"
	// Documents that are no rules.
	keyBaseline = "baseline"
	keySuppress = "suppress"
)

func loadRules(layers ...fs.FS) (*ruleSet, error) {
	set := &ruleSet{alerts: map[*sigma.Rule]*alert{}, names: map[*sigma.Rule][]sigma.Term{}, alike: map[*sigma.Rule]*sigma.Rule{}}
	options := sigma.Options{Fields: Fields(), Documents: []string{keyBaseline, keySuppress}, Bind: set.bind}
	var err error
	if set.Set, err = sigma.Load(options, layers...); err != nil {
		return nil, err
	}
	if set.habits, err = sigma.Load(options, layers...); err != nil {
		return nil, err
	}
	referred := map[*sigma.Rule]bool{}
	for _, rule := range set.Rules {
		if rule.Correlation != nil {
			for _, of := range rule.Correlation.Rules {
				referred[of] = true
			}
		}
	}
	var wanted []*sigma.Rule
	for i, rule := range set.Rules {
		a, err := alertOf(rule)
		if err != nil {
			return nil, err
		}
		// A part that has no level is nothing to tell by itself, whatever the correlation says.
		if rule.Alerts && (rule.Level != "" || !referred[rule]) {
			set.alerts[rule] = a
		}
		habit := set.habits.Rules[i]
		set.alike[habit] = rule
		if habit.Alerts = a.habit > 0; habit.Alerts {
			habit.Correlation.Condition = []sigma.Bound{{Operator: "gte", Value: 1}}
			wanted = append(append(wanted, habit), habit.Correlation.Rules...)
		}
	}
	set.habits.Rules = slices.DeleteFunc(set.habits.Rules, func(rule *sigma.Rule) bool { return !slices.Contains(wanted, rule) })
	return set, nil
}

// bind takes note of what a rule calls events by, so that it can be said where an organization has none of them.
func (s *ruleSet) bind(term sigma.Term) ([]string, error) {
	if slices.Contains([]string{"event", "object", "category"}, term.Field) && len(term.Modifiers) == 0 {
		s.names[term.Rule] = append(s.names[term.Rule], term)
	}
	return []string{term.Value}, nil
}

// alertOf reads what is ours of a rule.
func alertOf(rule *sigma.Rule) (*alert, error) {
	a := &alert{Rule: rule}
	switch rule.Level {
	case sigma.Informational:
		a.severity = severityWeak
	case "":
		a.severity = SeverityMedium
	default:
		a.severity = Severity(rule.Level)
	}
	refuse := func(why string) error { return fmt.Errorf("%s:%d: %s", rule.File, rule.Line, why) }
	if step, ok := rule.Custom[keyNextStep]; ok {
		if a.nextStep, ok = step.(string); !ok {
			return nil, refuse("next_step is a text, for example next_step: ask the team")
		}
	}
	switch habit := rule.Custom[keyHabit].(type) {
	case nil:
	case int:
		a.habit = float64(habit)
	case float64:
		a.habit = habit
	default:
		return nil, refuse("habit is how many times as much as in the baseline there must be, for example habit: 2")
	}
	if c := rule.Correlation; a.habit < 0 || a.habit > 0 && (c == nil || c.Type != sigma.EventCount && c.Type != sigma.ValueCount) {
		return nil, refuse("habit is a number above 0, of an event_count or value_count: it compares the count with the most in the " +
			"actor's baseline")
	}
	name := auditlog.Text(nameOf(rule))
	switch {
	case rule.Alerts && name == "":
		return nil, refuse("a rule that alerts needs an id or a name, which findings are called by, for example name: night_keys")
	case string(name) != name.CleanTo(maxNameRunes):
		return nil, refuse(fmt.Sprintf("the name %s is too long, or has characters that cannot be seen; findings are called by it: at most %d "+
			"characters on one line, for example name: night_keys", name.Quote(), maxNameRunes))
	case isBaseline(string(name)):
		return nil, refuse(fmt.Sprintf("%s is what a comparison with the baseline is called; give the rule another name", name))
	}
	return a, nil
}

// habitual is whose habit a rule's hits are: an actor's, or that of a group of another sort.
type habitual struct {
	rule  *sigma.Rule
	by    *actor
	group string
}

// habitOf returns whose habit a match of a rule is.
func habitOf(rule *sigma.Rule, match *sigma.Match) habitual {
	of := habitual{rule: rule}
	if rule.Correlation == nil || slices.Contains(rule.Correlation.GroupBy, "actor.id") {
		of.by = firstOf(match).by
		return of
	}
	for _, named := range match.Group {
		of.group += named.Value + "\x00"
	}
	return of
}

// judgeRules asks the rules, and returns how much of each was left out because too much was open at once.
func (s *scene) judgeRules(ctx context.Context, set *ruleSet) ([]signal, map[*sigma.Rule]int, error) {
	usual := map[habitual]int{}
	if _, err := evaluate(ctx, set.habits, s.deeds[:len(s.deeds)-len(s.window())], func(match sigma.Match) {
		of := habitOf(set.alike[match.Rule], &match)
		usual[of] = max(usual[of], match.Peak)
	}); err != nil {
		return nil, nil, err
	}
	var matches []sigma.Match
	singles := map[habitual][]*deed{} // of rules that describe single entries
	var order []habitual
	dropped, err := evaluate(ctx, set.Set, s.window(), func(match sigma.Match) {
		a := set.alerts[match.Rule]
		if a == nil {
			return
		}
		of := habitOf(a.Rule, &match)
		switch {
		case a.Correlation == nil:
			if singles[of] == nil {
				order = append(order, of)
			}
			singles[of] = append(singles[of], firstOf(&match))
		case a.habit == 0 || float64(match.Peak) > a.habit*float64(usual[of]):
			matches = append(matches, match)
		}
	})
	var signals []signal
	for _, of := range order {
		for _, spell := range spells(singles[of], s.limits.hours(MergeHours)) {
			signals = append(signals, signalOfEntries(set.alerts[of.rule], spell))
		}
	}
	for _, match := range matches {
		if a := set.alerts[match.Rule]; !set.restsOnHabit(a, &match, matches) {
			signals = append(signals, signalOfRun(a, match, usual[habitOf(a.Rule, &match)]))
		}
	}
	return signals, dropped, err
}

// firstOf returns the first deed of a match.
func firstOf(match *sigma.Match) *deed {
	d, _ := match.Records[0].(*deed) // it was given nothing else
	return d
}

// restsOnHabit reports whether one of the rules that an alert refers to minds habits, and matched nothing unusual here.
func (s *ruleSet) restsOnHabit(a *alert, match *sigma.Match, unusual []sigma.Match) bool {
	return a.Correlation != nil && slices.ContainsFunc(a.Correlation.Rules, func(of *sigma.Rule) bool {
		minds := s.alerts[of] != nil && s.alerts[of].habit > 0
		return minds && !slices.ContainsFunc(unusual, func(part sigma.Match) bool {
			return part.Rule == of && firstOf(&part).by == firstOf(match).by &&
				!part.From.After(match.To) && !part.To.Before(match.From)
		})
	})
}

// evaluate runs rules over deeds in the order of time.
func evaluate(ctx context.Context, set *sigma.Set, deeds []deed, yield func(sigma.Match)) (map[*sigma.Rule]int, error) {
	evaluator := sigma.NewEvaluator(set, yield)
	const now = 4096 // and then it is asked whether anybody still waits
	for i := range deeds {
		if i%now == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := evaluator.Add(deeds[i].TriggeredAt, &deeds[i]); err != nil {
			return nil, err
		}
	}
	evaluator.Close()
	return evaluator.Dropped(), nil
}

// clean returns a text of a rule, which anybody may have written, fit to be shown.
func clean(text string) string { return auditlog.Text(text).Clean() }

// signalOfEntries tells the matches of a rule that describes single entries of one actor.
func signalOfEntries(a *alert, deeds []*deed) signal {
	by := deeds[0].by
	why := strings.TrimSuffix(clean(a.Description), ".")
	if why == "" {
		why = "as the rule describes"
	}
	return signal{
		rule: a.name(), title: clean(a.Title), aspect: aspectRule, severity: a.severity, nextStep: clean(a.nextStep), by: by, deeds: deeds,
		observed: float64(len(deeds)), threshold: 1,
		reason: fmt.Sprintf("%s: %s (the actor's baseline has %s)", entries(len(deeds)), why, entries(len(by.baseline))),
	}
}

// signalOfRun tells a match of a correlation.
func signalOfRun(a *alert, match sigma.Match, usual int) signal {
	one := signal{rule: a.name(), title: clean(a.Title), aspect: aspectRule, severity: a.severity, nextStep: clean(a.nextStep)}
	by := map[*actor]bool{}
	for _, record := range match.Records {
		if d, ok := record.(*deed); ok {
			one.deeds = append(one.deeds, d)
			by[d.by] = true
		}
	}
	if len(by) == 1 {
		one.by = one.deeds[0].by
	}
	if slices.ContainsFunc(match.Group, func(named sigma.Named) bool { return named.Field == "team.id" }) {
		one.team = one.deeds[0].Team
	}
	c := a.Correlation
	one.observed, one.threshold = float64(match.Peak), float64(thresholdOf(c))
	what := entries(len(match.Records))
	if c.Type == sigma.ValueCount {
		what = fmt.Sprintf("%s with %d distinct values of %s", what, match.Total, clean(strings.Join(c.Fields, ", ")))
	}
	one.reason = fmt.Sprintf("%s in %s", what, lasting(one.deeds))
	if c.Type == sigma.EventCount || c.Type == sigma.ValueCount {
		one.reason += fmt.Sprintf(", at most %d within %s (threshold %.0f)", match.Peak, inWords(c.Timespan), one.threshold)
	} else {
		one.reason += fmt.Sprintf(", all within %s", inWords(c.Timespan))
	}
	if a.habit > 0 {
		one.threshold = max(one.threshold, a.habit*float64(usual))
		one.reason += fmt.Sprintf("; the most in the baseline is %d", usual)
	}
	if one.by != nil {
		one.reason += fmt.Sprintf(" (the actor's baseline has %s)", entries(len(one.by.baseline)))
	}
	return one
}

// thresholdOf returns the count that a correlation asks for.
func thresholdOf(c *sigma.Correlation) int {
	for _, bound := range c.Condition {
		switch bound.Operator {
		case "gte", "eq":
			return bound.Value
		case "gt":
			return bound.Value + 1
		}
	}
	return len(c.Rules)
}

// unknown reports whether a rule, or one that it refers to, names events of which the organization has none.
func (s *scene) unknown(set *ruleSet, rule *sigma.Rule) bool {
	if rule.Correlation != nil {
		return slices.ContainsFunc(rule.Correlation.Rules, func(of *sigma.Rule) bool { return s.unknown(set, of) })
	}
	terms := set.names[rule]
	return len(terms) > 0 && !slices.ContainsFunc(terms, func(term sigma.Term) bool {
		for _, n := range s.natures {
			for _, value := range map[string][]auditlog.Text{
				"event": {n.Value, n.Label}, "object": {n.object}, "category": {n.Category}}[term.Field] {
				if strings.EqualFold(string(value), term.Value) {
					return true
				}
			}
		}
		return false
	})
}
