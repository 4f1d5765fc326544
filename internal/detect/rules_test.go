package detect_test

import (
	"bytes"
	"errors"
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
	detector, err := detector()
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
		for what, text := range map[string]string{
			"id": rule.ID, "title": rule.Title, "status": rule.Status, "description": rule.Description, "next_step": rule.NextStep,
			"falsepositives": strings.Join(rule.FalsePositives, ""), "references": strings.Join(rule.References, ""),
		} {
			assert.NotEmpty(t, text, "%s of %s", what, rule.Name)
		}
		assert.Equal(t, "make-audit-mcp", rule.Author)
	}
}

// saw reports whether a rule tells a finding, or has a part in one.
func saw(report *detect.Report, rule string) bool {
	return slices.ContainsFunc(report.Findings, func(f detect.Finding) bool { return f.Rule == rule || slices.Contains(f.Also, rule) })
}
