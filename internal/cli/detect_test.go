package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/detect"
)

// rulesFolder is a folder with files of rules, by name and text.
func rulesFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder
}

const hookRule = `title: A webhook deleted
name: webhook_gone
level: high
description: Somebody deleted a webhook.
detection: {gone: {object: webhook, verb: deleted}, condition: gone}
next_step: ask them
`

// detects runs detect over the whole log of acme, with rules.
func (a *acme) detects(rules string, arguments ...string) outcome {
	a.t.Helper()
	return a.run(append([]string{"--rules", rules, "detect", "--from", "364d"}, arguments...)...)
}

func TestDetectTellsFindingsInThreeFormats(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	rules := rulesFolder(t, map[string]string{"a.yml": hookRule})

	lines := a.detects(rules, "--rule", "webhook_gone").succeeds()
	var finding struct {
		Rule, Severity, Reason string
		Evidence               []string
		EvidenceCount          int    `json:"evidence_count"`
		NextStep               string `json:"next_step"`
	}
	require.NoError(t, json.Unmarshal([]byte(lines.out), &finding), "one finding, on one line")
	assert.Equal(t, "webhook_gone", finding.Rule)
	assert.Equal(t, "high", finding.Severity)
	assert.Contains(t, finding.Evidence, hookDeleted)
	assert.Len(t, finding.Evidence, finding.EvidenceCount)
	assert.Equal(t, "ask them", finding.NextStep)
	assert.Contains(t, lines.errOut, "1 finding, measured by ")

	table := a.detects(rules, "--rule", "webhook_gone", "--format", "table").succeeds()
	for _, want := range []string{"high      A webhook deleted", "Leo Left (9), team Ops, 2025-12-05 12:00, at least 1 entry", "next: ask them", "rule webhook_gone; entries: "} {
		assert.Contains(t, table.out, want)
	}

	var event map[string]any
	ocsf := a.detects(rules, "--rule", "webhook_gone", "--format", "ocsf").succeeds()
	require.NoError(t, json.Unmarshal([]byte(ocsf.out), &event))
	assert.InDelta(t, 200401, event["type_uid"], 0)
	assert.Equal(t, "High", event["severity"])
}

func TestDetectFailsOnFindingsThatAreSevereEnough(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	rules := rulesFolder(t, map[string]string{"a.yml": hookRule})
	only := []string{"--rule", "webhook_gone", "--fail-on"}
	a.detects(rules, append(only, "high")...).ended(3, "1 finding(s) of severity high or more")
	a.detects(rules, append(only, "low")...).ended(3)
	a.detects(rules, append(only, "critical")...).succeeds()
	a.detects(rules, "--rule", "leaver", "--fail-on", "low").succeeds()
}

func TestDetectFailsWhereNothingCouldBeRead(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.run("detect", "--from", "500d", "--to", "400d", "--fail-on", "low").fails("not all of the window could be read")
}

func TestDetectEndsWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.atLogCall(1, cancel)
	stopped := a.as(ctx, ownerKey, "detect")
	stopped.fails("interrupted")
	assert.Empty(t, stopped.out)
}

func TestRulesSilenceAndSetLimits(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	rules := rulesFolder(t, map[string]string{"a.yml": hookRule, "known.yaml": `baseline: {min_outside: 2}
suppress:
  - {rule: webhook_gone, actor: LEO@acme.example, until: 2026-12-31, why: he left, by: ada@acme.example}
`})
	silenced := a.detects(rules, "--rule", "webhook_gone").succeeds()
	assert.Empty(t, silenced.out)
	assert.Contains(t, silenced.errOut, "1 hit(s) of rules are silenced")
}

func TestRulesThatCannotBeUsedAreRefusedWithFileAndLine(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	suppress := func(item string) string { return "suppress:\n  - " + item + "\n" }
	for text, says := range map[string]string{
		"title: [":          "a.yml:1: about here it is not YAML",
		"title: \xff\xfe\n": "a.yml: about here it is not YAML",
		strings.Replace(hookRule, "object:", "objekt:", 1):                                              `a.yml:5: the field "objekt" is unknown; did you mean "object"?`,
		strings.Replace(hookRule, "object:", "object|base64:", 1):                                       "a.yml:5: ",
		strings.Replace(hookRule, "{object: webhook, verb: deleted}", "{event: '*'}", 1):                "a.yml:5: the rule matches everything",
		strings.Replace(hookRule, "{object: webhook, verb: deleted}", "{event|re: '(a{900}){900}'}", 1): "a.yml:5: ",
		hookRule + "---\n" + hookRule:                                                                   `a.yml:8: the rule at a.yml:1 is called "webhook_gone" too`,
		strings.Replace(hookRule, "webhook_gone", "busy_day", 1):                                        "a.yml:1: busy_day is what a comparison with the baseline is called",
		strings.Replace(hookRule, "webhook_gone", `"a\u202eb"`, 1):                                      "a.yml:1: the name ",
		strings.Replace(hookRule, "webhook_gone", strings.Repeat("a", 81), 1):                           "at most 80 characters",
		"baseline: {min_nothing: 3}\n":                                                                  `a.yml:1: baseline: there is no limit "min_nothing"`,
		"baseline: {min_outside: -1}\n":                                                                 "a.yml:1: baseline: min_outside is -1",
		suppress("{rule: many_deletion, until: 2026-12-31, why: x, by: y}"):                             `item 1: no rule or baseline is called "many_deletion"`,
		suppress("{rule: leaver, until: soon, why: x, by: y}"):                                          "item 1: until is a day or a time",
		suppress("{rule: leaver, until: 2026-12-31, why: , by: y}"):                                     "item 1: why is one text",
		suppress("{rule: [leaver], until: 2026-12-31, why: x, by: y}"):                                  "item 1: rule is one text",
		suppress("{until: 2026-12-31, why: x, by: y}"):                                                  "item 1 silences everything",
	} {
		refused := run(t, "", "--demo", "--rules", rulesFolder(t, map[string]string{"a.yml": text}), "detect").refuses(says)
		assert.Empty(t, refused.out)
		mcptest.RequireClean(t, strings.ReplaceAll(refused.errOut, "\n", " "))
	}
}

func TestOddFoldersOfRules(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	count := func(rules string) int {
		return strings.Count(a.detects(rules, "--rule", "webhook_gone").succeeds().out, "\n")
	}
	for name, text := range map[string]string{"a byte order mark": "\xef\xbb\xbf" + hookRule, "another extension": hookRule} {
		assert.Equal(t, 1, count(rulesFolder(t, map[string]string{"a.yaml": text})), name)
	}
	folder := rulesFolder(t, map[string]string{"a.yml": hookRule, "notes.txt": "title: [", ".hidden.yml": "title: ["})
	require.NoError(t, os.Symlink(folder, filepath.Join(folder, "loop")))
	assert.Equal(t, 1, count(folder), "what is no rule is left aside, and no link to a folder followed")
	require.NoError(t, os.Symlink("self.yml", filepath.Join(folder, "self.yml")))
	a.detects(folder).refuses("self.yml")

	empty := t.TempDir()
	a.detects(empty).succeeds()
	a.detects(filepath.Join(folder, "a.yml")).refuses("there is no folder of rules", "--rules")
	a.detects(filepath.Join(folder, "none")).refuses("there is no folder of rules")
	large := rulesFolder(t, map[string]string{"a.yml": hookRule + strings.Repeat("#", 1<<18)})
	a.detects(large).refuses("a.yml: is larger than 262144 bytes")
}

func TestDetectRefusesWhatItCannotAsk(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for _, days := range []string{"0", "-5", "366"} {
		run(t, "", "--demo", "detect", "--baseline-days="+days).refuses("--baseline-days " + days + " is not from 1 to 365")
	}
	run(t, "", "--demo", "detect", "--rule", "many_deletion").refuses("did you mean many_deletions?")
	run(t, "", "--demo", "detect", "--fail-on", "urgent").refuses(`--fail-on: "urgent" is not one of low, medium, high, critical`)
	run(t, "", "--demo", "export", "--findings", "--format", "csv").refuses("--findings are of a window, and in one format")
}

func TestExportedFindingsAreThoseOfDetect(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	rules := rulesFolder(t, map[string]string{"a.yml": hookRule})
	exported := a.run("--rules", rules, "export", "--findings", "--from", "364d").succeeds()
	detected := a.detects(rules, "--format", "ocsf").succeeds()
	withoutTime := regexp.MustCompile(`"((created|original)_)?time":[^,]*,`) // of finding them
	assert.Equal(t, withoutTime.ReplaceAllString(detected.out, ""), withoutTime.ReplaceAllString(exported.out, ""))
	assert.Contains(t, exported.out, "webhook_gone")
}

// TestThePageOfRulesIsTrue holds docs/detection-rules.md to the program: its rules load, and it lists the fields that there are.
func TestThePageOfRulesIsTrue(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "detection-rules.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 3)
	for _, block := range blocks {
		_, err := detect.New(os.DirFS(rulesFolder(t, map[string]string{"a.yml": block[1]})))
		assert.NoError(t, err, block[1])
	}
	_, table, _ := strings.Cut(string(page), "## Fields")
	table, _, _ = strings.Cut(table, "Events are best described")
	var listed []string
	for row := range strings.Lines(table) {
		if !strings.HasPrefix(row, "| `") {
			continue
		}
		names := strings.SplitN(row, "|", 3)[1]
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(names, -1) {
			listed = append(listed, name[1])
		}
	}
	assert.ElementsMatch(t, detect.Fields(), listed)
}

// TestAWindowThatWasReadInPartFails has Make fail amid the log, so that no finding there means nothing.
func TestAWindowThatWasReadInPartFails(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for _, command := range [][]string{{"detect", "--from", "364d", "--fail-on", "critical"}, {"export", "--findings", "--from", "364d"}} {
		a := newAcme(t)
		a.atLogCall(2, func() { a.failing(true) })
		a.run(command...).fails("not covered", "not all of the window could be read")
	}
}

func TestRulesReadTheDetailsThatTheArchiveHolds(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	const byDetail = `title: A webhook of that address
name: that_address
level: high
description: Somebody made a webhook of that address.
detection: {made: {verb: created, details.url|contains: hook.example}, condition: made}
`
	rules := rulesFolder(t, map[string]string{"a.yml": byDetail})
	a.sync("--details", "none")
	assert.Empty(t, a.detects(rules, "--rule", "that_address").succeeds().out, "nobody knows the details")
	a.sync("--details", "all")
	assert.Contains(t, a.detects(rules, "--rule", "that_address", "--format", "table").succeeds().out, "Leo Left (9), team Ops")
}
