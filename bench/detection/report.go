package detection

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// weeks is how many there are in a window.
const weeks = WindowDays / 7.0

// Report writes a page of Markdown about outcomes: what was measured, and how it went over all, by world, by kind and by rule.
func Report(to io.Writer, half string, outcomes []Outcome) error {
	var page strings.Builder
	score := ScoreOf(outcomes)
	reportTotals(&page, half, score)
	reportWorlds(&page, outcomes)
	reportKinds(&page, score)
	reportRules(&page, score)
	_, err := io.WriteString(to, page.String())
	return err
}

func reportTotals(page *strings.Builder, half string, score *Score) {
	fmt.Fprintf(page, `# How well findings tell incidents from ordinary work

Printed by `+"`scripts/detection %s`"+`; the worlds, and what counts as an incident, are `+"`bench/detection`"+`'s. Each world is a generated
organization: %d days of baseline, a window of %d. Incidents of %d kinds are planted at random, among occasions that are none: newcomers,
vacations, reorganizations, migrations, month-ends, nights on call, decommissioning, rotated keys.

An incident is found if a finding of at least medium tells of it: at least half of the finding's evidence are the incident's entries,
or it names the incident's actor, overlaps its time, and has at least a fifth of its entries. A finding is right if it tells of any
incident. An incident is weighed right if such a finding has at least the level that it deserves.

| measure | value |
|---|---|
| recall, incidents of at least medium | %s |
| precision, findings of at least medium | %s |
| precision, all findings | %s |
| weighed right | %s |

`, half, BaselineDays, WindowDays, len(Kinds()), score.Recall, score.Precision, score.PrecisionOfAll, score.Weighed)
}

func reportWorlds(page *strings.Builder, outcomes []Outcome) {
	page.WriteString(`## By world

A week of calm is one of the same world without its incidents; findings of low are counted apart.

| seed | people | entries | incidents | found | findings | a calm week | high | low | seconds | what happens there |
|---|---|---|---|---|---|---|---|---|---|---|
`)
	for _, outcome := range outcomes {
		world := outcome.World
		one := ScoreOf([]Outcome{outcome})
		medium, high := atLeast(outcome.Calm, LevelMedium), atLeast(outcome.Calm, LevelHigh)
		fmt.Fprintf(page, "| %d | %d | %d | %d | %d | %d | %.1f | %.1f | %.1f | %.2f | %s |\n", world.Seed, world.People, len(world.Entries),
			len(world.Incidents), one.Recall.Part, len(outcome.Findings), float64(medium)/weeks, float64(high)/weeks,
			float64(len(outcome.Calm)-medium)/weeks, outcome.Took.Seconds(), strings.Join(world.Traits, ", "))
	}
	page.WriteString("\n")
}

func atLeast(findings []Finding, level Level) int {
	count := 0
	for _, finding := range findings {
		if finding.Severity >= level {
			count++
		}
	}
	return count
}

func reportKinds(page *strings.Builder, score *Score) {
	page.WriteString("## By kind of incident\n\n| kind | found | weighed right | by |\n|---|---|---|---|\n")
	for _, kind := range score.Kinds {
		fmt.Fprintf(page, "| %s | %s | %s | %s |\n", kind.Kind, kind.Recall, kind.Weighed, strings.Join(kind.Rules, ", "))
	}
	page.WriteString("\n")
}

func reportRules(page *strings.Builder, score *Score) {
	page.WriteString("## By rule\n\nCalm are findings of at least medium in the worlds without incidents.\n\n" +
		"| rule | right, of at least medium | right, of all | calm |\n|---|---|---|---|\n")
	for _, rule := range score.Rules {
		fmt.Fprintf(page, "| %s | %s | %s | %d |\n", rule.Rule, rule.Precision, rule.PrecisionOfAll, rule.Calm)
	}
}

// Mistakes writes what went wrong, one a line: incidents that were missed, findings that tell of none, and those of calm worlds. It is for
// tuning: of worlds that are held out nobody should know so much.
func Mistakes(to io.Writer, outcomes []Outcome) error {
	var lines strings.Builder
	for _, outcome := range outcomes {
		seed := outcome.World.Seed
		for _, incident := range outcome.World.Incidents {
			if incident.Level >= LevelMedium && len(outcome.by(&incident, LevelMedium)) == 0 {
				fmt.Fprintf(&lines, "seed %d missed %s (%s) of actor %q, %s to %s, %d entries\n", seed, incident.Kind, incident.Level,
					incident.Actor, incident.From.Format(time.RFC3339), incident.To.Format(time.RFC3339), len(incident.UUIDs))
			}
		}
		for _, finding := range outcome.Findings {
			if !outcome.isRight(&finding) {
				mistake(&lines, seed, "wrong", &finding)
			}
		}
		for _, finding := range outcome.Calm {
			mistake(&lines, seed, "calm", &finding)
		}
	}
	_, err := io.WriteString(to, lines.String())
	return err
}

func mistake(lines *strings.Builder, seed uint64, what string, finding *Finding) {
	fmt.Fprintf(lines, "seed %d %s %s (%s) of actor %q, %s to %s, %d entries\n", seed, what, finding.Rule, finding.Severity, finding.Actor,
		finding.From.Format(time.RFC3339), finding.To.Format(time.RFC3339), len(finding.Evidence))
}
