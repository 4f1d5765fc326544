package cli_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

// detecting runs detect over the demo.
func detecting(t *testing.T, arguments ...string) outcome {
	t.Helper()
	return run(t, "", append([]string{"--demo", "--demo-now", demoNow, "detect", "--from", "30d"}, arguments...)...)
}

// findingsIn are the rules of the findings in lines of JSON.
func findingsIn(t *testing.T, text string) (rules []string) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var finding struct {
			Rule          string
			Evidence      []string
			EvidenceCount int `json:"evidence_count"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &finding))
		assert.Len(t, finding.Evidence, finding.EvidenceCount, "programs get all of it")
		rules = append(rules, finding.Rule)
	}
	return rules
}

func TestDetectTellsWhatStandsOutForPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	lines := detecting(t).succeeds()
	rules := findingsIn(t, lines.out)
	assert.Contains(t, rules, "two_factor_off")
	assert.Regexp(t, `\d+ findings, measured by \d+ entries of the 90 days before, from live`, lines.errOut)
	table := detecting(t, "--format", "table", "--min-severity", "high").succeeds()
	assert.Regexp(t, `(?m)^critical  A key and a connection`, table.out)
	assert.Contains(t, table.out, "Two-factor authentication is no longer enforced")
	assert.NotRegexp(t, `(?m)^(low|medium)`, table.out)
	assert.NotContains(t, table.out, "\x1b", "no terminal")
	ocsf := detecting(t, "--format", "ocsf").succeeds()
	assert.Equal(t, len(rules), strings.Count(ocsf.out, `"class_uid":2004`))
	exported := run(t, "", "--demo", "--demo-now", demoNow, "export", "--findings", "--from", "30d").succeeds()
	assert.Equal(t, len(rules), strings.Count(exported.out, `"class_uid":2004`))
}

func TestDetectFailsOnWhatItIsToldTo(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	got := detecting(t, "--fail-on", "high")
	assert.Equal(t, 3, got.code)
	assert.Contains(t, got.errOut, "of severity high or more")
	detecting(t, "--rule", "low_and_slow", "--fail-on", "critical").succeeds()
	nothing := run(t, "", "--demo", "--demo-now", demoNow, "detect", "--period", "2019").fails()
	assert.Contains(t, nothing.errOut, "nothing of the window could be read")
	detecting(t, "--rule", "two_factor_of").refuses("two_factor_off")
	detecting(t, "--min-severity", "severe").refuses("critical")
}

func TestRulesOfTheOperatorCountOrAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	folder := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	write("own.yml", "title: Any variable\nname: any_variable\nlevel: high\ndetection: {a: {power: organization_variable}, condition: a}\n")
	assert.Contains(t, detecting(t, "--rules", folder, "--rule", "any_variable").succeeds().out, "any_variable")
	write("own.yml", "title: x\nname: y\ndetection:\n  a: {evnt: foo}\n  condition: a\n")
	detecting(t, "--rules", folder).refuses("own.yml:4", `did you mean "event"`)
	write("own.yml", "title: [")
	detecting(t, "--rules", folder).refuses("own.yml")
	write("own.yml", "\xff\xfe\x00")
	detecting(t, "--rules", folder).refuses("own.yml")
	detecting(t, "--rules", filepath.Join(folder, "own.yml")).refuses("there is no folder of rules")
	detecting(t, "--rules", filepath.Join(folder, "none")).refuses("there is no folder of rules")
	require.NoError(t, os.Remove(filepath.Join(folder, "own.yml")))
	detecting(t, "--rules", folder).succeeds()
}

// TestThePageAboutRulesIsTrue loads every example of docs/detection-rules.md, and holds its table of fields against the fields.
func TestThePageAboutRulesIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/detection-rules.md")
	require.NoError(t, err)
	folder := t.TempDir()
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	require.NotEmpty(t, examples)
	for i, example := range examples {
		require.NoError(t, os.WriteFile(filepath.Join(folder, string(rune('a'+i))+".yml"), example[1], 0o600))
	}
	_, err = detect.New(os.DirFS(folder))
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(page), "## Fields")
	table, _, _ = strings.Cut(table, "## ")
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(table, -1) {
		for _, field := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			listed = append(listed, field[1])
		}
	}
	fields := detect.Fields()
	slices.Sort(fields)
	slices.Sort(listed)
	assert.Equal(t, fields, listed)
}
