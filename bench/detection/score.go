package detection

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Finding is what a detector says stands out.
type Finding struct {
	// Rule names what found it.
	Rule     string
	Severity Level
	// Actor is empty where the finding names none.
	Actor auditlog.ID
	// From and To are when the first and the last entry of it were triggered.
	From, To time.Time
	// Evidence are the uuids of its entries: all of them, however many a result would show.
	Evidence []string
}

// Detector returns its findings over a world's window.
type Detector func(ctx context.Context, world *World) ([]Finding, error)

// Outcome is what a detector said of one world.
type Outcome struct {
	World *World
	// Findings are those over the world; Calm those over the same world without its incidents.
	Findings, Calm []Finding
	// Took is how long it took to find Findings.
	Took time.Duration
}

// Evaluate asks a detector about the worlds of some seeds, and about each once more without its incidents.
func Evaluate(ctx context.Context, detect Detector, seeds []uint64) ([]Outcome, error) {
	var outcomes []Outcome
	for _, seed := range seeds {
		world, err := Organization(seed)
		if err != nil {
			return nil, err
		}
		outcome := Outcome{World: world}
		began := time.Now()
		if outcome.Findings, err = detect(ctx, world); err != nil {
			return nil, fmt.Errorf("the world of seed %d: %w", seed, err)
		}
		outcome.Took = time.Since(began)
		if outcome.Calm, err = detect(ctx, world.Calm()); err != nil {
			return nil, fmt.Errorf("the calm world of seed %d: %w", seed, err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

// Tells reports whether a finding is about an incident: at least half of its evidence are the incident's entries, or it names the
// incident's actor, overlaps its time, and has at least a fifth of its entries.
func (f *Finding) Tells(incident *Incident) bool {
	shared := 0
	for _, uuid := range f.Evidence {
		if slices.Contains(incident.UUIDs, uuid) {
			shared++
		}
	}
	const half, fifth = 2, 5
	return shared > 0 && (half*shared >= len(f.Evidence) ||
		f.Actor == incident.Actor && !f.From.After(incident.To) && !f.To.Before(incident.From) && fifth*shared >= len(incident.UUIDs))
}

// by returns the findings that tell of an incident, of at least a level.
func (o *Outcome) by(incident *Incident, least Level) []Finding {
	var telling []Finding
	for _, finding := range o.Findings {
		if finding.Severity >= least && finding.Tells(incident) {
			telling = append(telling, finding)
		}
	}
	return telling
}

// isRight reports whether a finding tells of any incident.
func (o *Outcome) isRight(finding *Finding) bool {
	return slices.ContainsFunc(o.World.Incidents, func(incident Incident) bool { return finding.Tells(&incident) })
}

// Ratio is so many of so many.
type Ratio struct{ Part, Whole int }

// Value returns the ratio as a number: 1 of nothing at all.
func (r Ratio) Value() float64 {
	if r.Whole == 0 {
		return 1
	}
	return float64(r.Part) / float64(r.Whole)
}

// String returns the ratio as its value and what it is made of.
func (r Ratio) String() string { return fmt.Sprintf("%.2f (%d of %d)", r.Value(), r.Part, r.Whole) }

// KindScore is how well one kind of incident is found.
type KindScore struct {
	Kind string
	// Recall counts incidents that a finding of at least medium tells of.
	Recall Ratio
	// Weighed counts those whose severest finding has at least the level that they deserve.
	Weighed Ratio
	// Rules are what found them.
	Rules []string
}

// RuleScore is how right one rule is.
type RuleScore struct {
	Rule string
	// Precision is over findings of at least medium, PrecisionOfAll over all.
	Precision, PrecisionOfAll Ratio
	// Calm is how many findings of at least medium there are where nothing happened.
	Calm int
}

// Score is how well a detector does over some worlds.
type Score struct {
	// Recall is over incidents of at least medium, by findings of at least medium.
	Recall Ratio
	// Weighed, Precision and PrecisionOfAll are as in [KindScore] and [RuleScore].
	Weighed, Precision, PrecisionOfAll Ratio
	Kinds                              []KindScore
	Rules                              []RuleScore
}

// ScoreOf counts what outcomes come to: kinds in their own order, rules by name.
func ScoreOf(outcomes []Outcome) *Score {
	score := &Score{}
	rules := map[string]*RuleScore{}
	ruleOf := func(finding *Finding) *RuleScore {
		if rules[finding.Rule] == nil {
			rules[finding.Rule] = &RuleScore{Rule: finding.Rule}
		}
		return rules[finding.Rule]
	}
	kinds := map[string]*KindScore{}
	for _, kind := range Kinds() {
		kinds[kind] = &KindScore{Kind: kind}
	}
	for _, outcome := range outcomes {
		for _, incident := range outcome.World.Incidents {
			if incident.Level < LevelMedium {
				continue
			}
			telling := outcome.by(&incident, LevelMedium)
			isWeighed := slices.ContainsFunc(telling, func(f Finding) bool { return f.Severity >= incident.Level })
			of := kinds[incident.Kind]
			count(len(telling) > 0, &of.Recall, &score.Recall)
			count(isWeighed, &of.Weighed, &score.Weighed)
			for _, finding := range telling {
				of.Rules = append(of.Rules, finding.Rule)
			}
		}
		for _, finding := range outcome.Findings {
			isRight := outcome.isRight(&finding)
			of := ruleOf(&finding)
			count(isRight, &of.PrecisionOfAll, &score.PrecisionOfAll)
			if finding.Severity >= LevelMedium {
				count(isRight, &of.Precision, &score.Precision)
			}
		}
		for _, finding := range outcome.Calm {
			if of := ruleOf(&finding); finding.Severity >= LevelMedium {
				of.Calm++
			}
		}
	}
	for _, kind := range Kinds() {
		slices.Sort(kinds[kind].Rules)
		kinds[kind].Rules = slices.Compact(kinds[kind].Rules)
		score.Kinds = append(score.Kinds, *kinds[kind])
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		score.Rules = append(score.Rules, *rules[rule])
	}
	return score
}

// count adds one to some ratios.
func count(isPart bool, ratios ...*Ratio) {
	for _, ratio := range ratios {
		ratio.Whole++
		if isPart {
			ratio.Part++
		}
	}
}
