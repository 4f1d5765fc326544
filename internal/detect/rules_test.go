package detect_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/makesim"
)

// rule is a rule's file as far as tests read it.
type rule struct {
	Name, ID, Title, Author, Status, Level, Description string
	NextStep                                            string   `yaml:"next_step"`
	FalsePositives                                      []string `yaml:"falsepositives"`
	References                                          []string
	Tests                                               []ruleTest
}

// ruleTest is a test that a rule brings along: what some people do on a Wednesday from ten o'clock on, and whether the rule matches it.
type ruleTest struct {
	Says    string
	Matches bool
	Entries []ruleEntry
}

// ruleEntry is something that somebody does: ada, unless another is named, in their own team.
type ruleEntry struct {
	Event               auditlog.Text
	Actor, Team, Target string
	// Times is how often, Every how long apart; After is how long after what is above, Before how long before the Wednesday.
	Times                int
	Every, After, Before time.Duration
	Lag                  time.Duration
}

func readRules(t *testing.T) []rule {
	t.Helper()
	files, err := filepath.Glob("rules/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var found []rule
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var one rule
			err := decoder.Decode(&one)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			found = append(found, one)
		}
	}
	return found
}

func TestEveryRuleMatchesWhatItsTestsSay(t *testing.T) {
	t.Parallel()
	detector, err := detect.New()
	require.NoError(t, err)
	for _, rule := range readRules(t) {
		if rule.Level == "" {
			assert.Empty(t, rule.Tests, "%s is only a part of others", rule.Name)
			continue
		}
		said := map[bool]bool{}
		for _, test := range rule.Tests {
			said[test.Matches] = true
			report, err := detector.Find(t.Context(), world(test.Entries))
			require.NoError(t, err)
			assert.Equal(t, test.Matches, saw(report, rule.Name), "%s: %s", rule.Name, test.Says)
		}
		assert.Len(t, said, 2, "%s needs tests of what matches and of what does not", rule.Name)
	}
}

func TestEveryRuleSaysWhatAnAnalystNeeds(t *testing.T) {
	t.Parallel()
	for _, rule := range readRules(t) {
		assert.NotEmpty(t, rule.Name)
		if rule.Level == "" {
			continue
		}
		for what, text := range map[string]string{"id": rule.ID, "title": rule.Title, "status": rule.Status, "description": rule.Description,
			"next_step": rule.NextStep, "falsepositives": strings.Join(rule.FalsePositives, ""),
			"references": strings.Join(rule.References, "")} {
			assert.NotEmpty(t, text, "%s of %s", what, rule.Name)
		}
		assert.Equal(t, "make-audit-mcp", rule.Author)
	}
}

// saw reports whether a rule tells a finding, or has a part in one.
func saw(report *detect.Report, rule string) bool {
	return slices.ContainsFunc(report.Findings, func(f detect.Finding) bool { return f.Rule == rule || slices.Contains(f.Also, rule) })
}

// cast are the people of the rules' tests; stranger and the like are in no baseline.
func cast(name string) *auditlog.Actor {
	ids := map[string]auditlog.ID{"ada": "5", "boss": "6", "sync": "7", "sleeper": "8", "stranger": "9"}
	id, ok := ids[name]
	if !ok {
		return nil
	}
	if name == "sync" {
		name = "svc-sync"
	}
	return &auditlog.Actor{ID: id, Name: auditlog.Text(name), Email: auditlog.Text(name + "@example.com")}
}

// wednesday is when the rules' tests begin.
func wednesday() time.Time { return time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC) }

// world is the log of some people's usual work, and of what a test lets them do: ada and the sleeper work in a team called home, boss in
// another and gives roles now and then, sync round the clock.
func world(done []ruleEntry) *detect.Log {
	start := time.Date(2026, 11, 14, 0, 0, 0, 0, time.UTC)
	log := &detect.Log{Window: auditlog.Window{From: start, To: start.AddDate(0, 0, 14), Location: time.UTC},
		Baseline: auditlog.Window{From: start.AddDate(0, 0, -90), To: start, Location: time.UTC}, Catalog: documented()}
	number := 0
	add := func(who string, at time.Time, event auditlog.Text, team, target string, lag time.Duration) {
		number++
		entry := &auditlog.Entry{UUID: fmt.Sprintf("uuid-%05d", number), TriggeredAt: at, CreatedAt: at.Add(lag), Event: event,
			Actor: cast(who), TargetID: auditlog.Text(target)}
		if team != "none" {
			entry.Team = &auditlog.Ref{ID: auditlog.ID(team), Name: auditlog.Text(team)}
		}
		log.Entries = append(log.Entries, entry)
	}
	for day := range 90 {
		at := start.AddDate(0, 0, day-90)
		for hour := range 24 {
			add("sync", at.Add(time.Duration(hour)*time.Hour), "data_store_record_updated", "home", "rec", 0)
		}
		if weekday := at.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			continue
		}
		for _, hour := range []int{8, 11, 14, 17} {
			at := at.Add(time.Duration(hour)*time.Hour + time.Duration(day)*time.Minute/2)
			add("ada", at, "scenario_updated", "home", "1001", time.Second)
			add("boss", at.Add(time.Minute), "scenario_updated", "other", "1002", time.Second)
			if day < 15 {
				add("sleeper", at, "scenario_updated", "home", "1003", time.Second)
			}
		}
		if day%20 == 3 {
			add("boss", at.Add(12*time.Hour), "team_role_updated", "other", "77", time.Second)
		}
	}
	at := wednesday()
	for _, one := range done {
		who, team := one.Actor, one.Team
		if who == "" {
			who = "ada"
		}
		if team == "" {
			team = map[string]string{"boss": "other"}[who]
		}
		if team == "" {
			team = "home"
		}
		at = at.Add(one.After)
		begin := at
		if one.Before > 0 {
			begin = wednesday().Add(-one.Before)
		}
		every := max(one.Every, time.Second)
		for i := range max(one.Times, 1) {
			target := one.Target
			switch {
			case cast(target) != nil:
				target = string(cast(target).ID)
			case target == "":
				target = fmt.Sprint(5000 + len(log.Entries))
			case one.Times > 1 && (target == "mine" || target == "mover"):
				target = fmt.Sprintf("%s-%d", target, i)
			}
			add(who, begin.Add(time.Duration(i)*every), one.Event, team, target, max(one.Lag, time.Second))
		}
		if one.Before == 0 {
			at = at.Add(time.Duration(max(one.Times, 1)) * every)
		}
	}
	return log
}

// documented is the catalog that Make documents.
func documented() *auditlog.Catalog {
	catalog := &auditlog.Catalog{}
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			catalog.Events = append(catalog.Events, auditlog.Event{Value: auditlog.Text(event.Value), Label: auditlog.Text(event.Label),
				Category: auditlog.Text(category.Header)})
		}
	}
	return catalog
}
