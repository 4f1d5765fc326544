package detect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/sigma"
)

// Suppression silences what is known: what an actor did, of an event, by a rule, until a time. What is empty is not asked about.
type Suppression struct {
	// Actor is an id or an address.
	Actor, Event, Rule string
	Until              time.Time
	// Why and By say for what reason, and who decided it.
	Why, By string
}

// Suppressed is what a suppression silenced.
type Suppressed struct {
	Suppression
	// Signals counts the hits of rules and baselines.
	Signals int
}

// covers reports whether all of a signal is silenced.
func (s *Suppression) covers(one *signal) bool {
	if s.Rule != "" && s.Rule != one.rule {
		return false
	}
	if one.lull != nil {
		return s.Actor == "" && s.Event == "" && one.to().Before(s.Until)
	}
	return !slices.ContainsFunc(one.deeds, func(d *deed) bool {
		return s.Actor != "" && !s.isOf(d.by) || s.Event != "" && !strings.EqualFold(s.Event, string(d.nature.Value)) ||
			!d.TriggeredAt.Before(s.Until)
	})
}

func (s *Suppression) isOf(a *actor) bool {
	return a.ID != "" && (s.Actor == string(a.ID) || auditlog.Fold(s.Actor) == auditlog.Fold(string(a.Email)))
}

// readSuppressions reads a document's list; rules are the names that there are.
func readSuppressions(document sigma.Document, value any, rules []string) ([]Suppression, error) {
	refuse := func(format string, arguments ...any) error {
		return fmt.Errorf("%s:%d: suppress: %s; for example suppress: [{rule: many_deletions, actor: ada@example.com, until: 2026-12-31, "+
			"why: cleanup of the old project, by: grace@example.com}]", document.File, document.Line, fmt.Sprintf(format, arguments...))
	}
	list, ok := value.([]any)
	if !ok {
		return nil, refuse("is a list")
	}
	var found []Suppression
	for i, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, refuse("item %d is no map", i+1)
		}
		var one Suppression
		texts := map[string]*string{"actor": &one.Actor, "event": &one.Event, "rule": &one.Rule, "why": &one.Why, "by": &one.By}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			text, known := texts[name]
			switch value := fields[name].(type) {
			case string, int, float64, bool:
				if known {
					*text = fmt.Sprint(value)
					continue
				}
			}
			switch until, isTime := fields[name].(time.Time); {
			case name == "until" && isTime:
				one.Until = until
			case name == "until":
				return nil, refuse("item %d: until is a day or a time, such as 2026-12-31 or 2026-12-31T18:00:00Z", i+1)
			case !known:
				return nil, refuse("item %d: %q is unknown; accepted: actor, event, rule, until, why, by", i+1, name)
			default:
				return nil, refuse("item %d: %s is one text", i+1, name)
			}
		}
		switch {
		case one.Actor == "" && one.Event == "" && one.Rule == "":
			return nil, refuse("item %d silences everything: name an actor, an event or a rule", i+1)
		case one.Rule != "" && !slices.Contains(rules, one.Rule):
			return nil, refuse("item %d: no rule or baseline is called %q; accepted: %s", i+1, one.Rule, strings.Join(rules, ", "))
		case one.Until.IsZero() || one.Why == "" || one.By == "":
			return nil, refuse("item %d needs until, why and by", i+1)
		}
		found = append(found, one)
	}
	return found, nil
}

// silence drops the signals that are suppressed, and counts them.
func silence(signals []signal, suppressions []Suppression) ([]signal, []Suppressed) {
	var counted []Suppressed
	for _, suppression := range suppressions {
		counted = append(counted, Suppressed{Suppression: suppression})
	}
	var left []signal
	for _, one := range signals {
		i := slices.IndexFunc(suppressions, func(s Suppression) bool { return s.covers(&one) })
		if i < 0 {
			left = append(left, one)
			continue
		}
		counted[i].Signals++
	}
	return left, counted
}
