package cli_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/cli"
	"make-audit-mcp/tools"
)

// demoCall calls a tool of the demo, with the clock pinned.
func demoCall(t *testing.T, words ...string) outcome {
	t.Helper()
	return run(t, "", append([]string{"--demo", "--demo-now", demoNow, "call"}, words...)...)
}

func TestFlagsPairsAndJSONAreTheSameCall(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	want := demoCall(t, "count_audit_logs", `{"from":"30d","group_by":["actor","event"],"limit":3,"compare_to_previous":true}`).succeeds().out
	for _, line := range []string{
		"count_audit_logs --from 30d --group-by actor,event --limit 3 --compare-to-previous",
		"count_audit_logs from=30d group_by=actor group-by=event limit=3 --compare_to_previous=true",
		"count_audit_logs --output json --limit=3 - --compare-to-previous",
	} {
		arguments := append([]string{"--demo", "--demo-now", demoNow, "call"}, strings.Fields(line)...)
		assert.Equal(t, want, run(t, `{"from":"30d","group_by":["actor","event"],"limit":9}`, arguments...).succeeds().out, line)
	}
	for _, none := range []string{"", "[]", `""`, "{}"} {
		assert.Equal(t, demoCall(t, "list_organizations").succeeds().out, demoCall(t, "list_organizations", none).succeeds().out)
	}
}

func TestTheExampleOfEachToolIsPrintedAsACommandThatWorks(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	for _, tool := range tools.All() {
		help := run(t, "", "call", tool.Name, "--help").succeeds().out
		for _, line := range regexp.MustCompile(`(?m)^  make-audit-mcp (--demo .*)$`).FindAllStringSubmatch(help, -1) {
			words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line[1], -1)
			for i := range words {
				words[i] = strings.Trim(words[i], "'")
			}
			if slices.Contains(words, "VALUE") {
				continue // an id has to be found first
			}
			run(t, "", slices.Concat([]string{"--demo-now", demoNow}, words, []string{"--tools=+search,fetch"})...).succeeds()
		}
		var schema struct {
			Properties map[string]struct{ Description string }
		}
		require.NoError(t, json.Unmarshal(tool.Definition().RawInputSchema, &schema))
		text := strings.Join(strings.Fields(help), " ")
		for name, described := range schema.Properties {
			assert.Contains(t, text, "--"+strings.ReplaceAll(name, "_", "-"), tool.Name)
			assert.Contains(t, text, strings.TrimSuffix(strings.Join(strings.Fields(described.Description), " "), "."), tool.Name)
		}
	}
}

func TestToolsAndTheirArgumentsAreToldWithoutAKey(t *testing.T) {
	environment(t)
	listed := run(t, "", "call").succeeds()
	assert.Contains(t, listed.out, "list_audit_logs           List audit log entries\n")
	assert.Contains(t, listed.out, "(with --tools=+search)")
	help := run(t, "", "call", "count_audit_logs", "--help").succeeds().out
	for _, says := range []string{"--group-by=TEXT,...", "hour_of_day", "From 1 to 200.", "At most 2.", "Default 20"} {
		assert.Contains(t, help, says)
	}
	assert.Contains(t, run(t, "", "call", "get_audit_log", "-h").succeeds().out, "Required.")
	run(t, "", "call", "no_such_tool", "--help").refuses("there is no tool")
	run(t, "", "call", "search", "--query", "x").refuses("--tools=+search")
	assert.Equal(t, listed.out, run(t, "", "call", "--").succeeds().out)
	for _, command := range []string{"call", "prompt"} {
		run(t, "", command, "", "{}").refuses("the name is empty") // a shell's variable that nobody set
	}
}

func TestWhatCannotBeAskedIsRefusedBeforeMakeIs(t *testing.T) {
	sim, url := upstream(t)
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY=x")
	for line, says := range map[string]string{
		"count_audit_logs --form 7d":        "did you mean --from?",
		"count_audit_logs form=7d":          "did you mean --from?",
		"count_audit_logs --archve a":       "did you mean --archive?",
		"count_audit_logs --from":           "--from has no value",
		"count_audit_logs --output=yaml":    `--output: "yaml" is not one of table, json, csv`,
		"--from 7d count_audit_logs":        "unknown flag --from before a name; what is asked stands behind that: call NAME --argument VALUE",
		"count_audit_logs x":                "is neither --argument VALUE",
		"count_audit_logs --zone":           "--zone needs a value",
		"count_audit_logs --actor=":         "--actor has an empty value",
		"list_organizations --from=7d":      "this tool takes none",
		"count_audit_log --from 7d":         "did you mean count_audit_logs?",
		"count_audit_logs --log-level=loud": "is no level",
	} {
		run(t, "", append([]string{"call"}, strings.Fields(line)...)...).refuses(says)
	}
	assert.Empty(t, sim.Requests())
}

func TestAFlagBehindTheToolIsTheToolsIfItHasOne(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	zone := func(words ...string) string {
		return regexp.MustCompile(`"timezone": "(.*)"`).FindStringSubmatch(demoCall(t, words...).succeeds().out)[1]
	}
	assert.Equal(t, "Asia/Tokyo", zone("count_audit_logs", "--timezone", "Asia/Tokyo"))
	assert.Equal(t, "Asia/Tokyo", zone("--timezone", "Asia/Tokyo", "count_audit_logs"), "the program's, for what names none")
	assert.Equal(t, "UTC", zone("--timezone", "Asia/Tokyo", "count_audit_logs", `{"timezone":"Europe/Paris"}`, "--timezone", "UTC"))
	demoCall(t, "list_organizations", "--timezone", "UTC").succeeds()
	demoCall(t, "count_audit_logs", "--organization-id", "77").fails("77")

	// A flag that a tool and the program share must mean the same in both: docs say so of these.
	for _, tool := range tools.All() {
		var schema struct{ Properties map[string]any }
		require.NoError(t, json.Unmarshal(tool.Definition().RawInputSchema, &schema))
		root, commands := cli.Commands()
		call := commands[slices.IndexFunc(commands, func(c *cobra.Command) bool { return c.Name() == "call" })]
		for _, f := range slices.Concat(cli.Flags(root), cli.Flags(call)) {
			if _, isShared := schema.Properties[strings.ReplaceAll(f.Name, "-", "_")]; isShared {
				assert.Contains(t, []string{"timezone", "organization-id"}, f.Name, tool.Name)
			}
		}
	}
}

func TestATableEndsInTheCommandForTheNextPage(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	first := demoCall(t, "list_audit_logs", "--event", "*_deleted", "limit=3", "--output=table").succeeds().out
	command := regexp.MustCompile(`(?m)^make-audit-mcp (.*)$`).FindStringSubmatch(first)
	require.NotNil(t, command, first)
	words := strings.Fields(strings.ReplaceAll(command[1], "'", ""))
	second := run(t, "", words...).succeeds().out
	assert.Contains(t, second, "3 shown; there are more")
	assert.NotEqual(t, strings.Split(first, "\n")[5:8], strings.Split(second, "\n")[5:8])
	all := demoCall(t, "list_audit_logs", `{"event":["*_deleted"],"limit":6}`, "--output", "table").succeeds().out
	uuid := regexp.MustCompile(`(?m)[0-9a-f-]{36}$`)
	assert.Equal(t, uuid.FindAllString(all, -1), slices.Concat(uuid.FindAllString(first, -1), uuid.FindAllString(second, -1)))
}

func TestResultsArePrintedAsAskedFor(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	csv := demoCall(t, "list_audit_log_filters", "--kind", "teams", "--output", "csv").succeeds().out
	assert.True(t, strings.HasPrefix(csv, "\ufeffid,name\r\n8101,Platform Engineering\r\n"), csv)
	demoCall(t, "list_audit_log_filters", "--output", "csv").refuses("choose one with --kind")
	for _, output := range []string{"table", "csv"} {
		failed := demoCall(t, "get_target_history", "--target-id", "3024", "--output", output)
		failed.fails("pass kind to choose one")
		assert.Empty(t, failed.out, "what an error has beside its words is for programs")
	}
	csv = demoCall(t, "list_people", "--limit", "1", "--output", "csv").succeeds().out
	assert.Equal(t, 2, strings.Count(csv, "\r\n"))
	longAgo := []string{"count_audit_logs", "--group-by", "event", "--from", "2024-01-01", "--limit", "3", "--output"}
	beside := demoCall(t, append(longAgo, "csv")...).succeeds()
	assert.Regexp(t, `^\x{feff}event,count,first_at,last_at\r\n[a-z_]+,\d+,`, beside.out, "CSV is for programs")
	assert.Regexp(t, `NOT COMPLETE: covered from 2025-11-\d\d(?s:.*)at least what stands there: count\n3 of at least \d+ shown`, beside.errOut)
	t.Setenv("LC_ALL", "C.UTF-8")
	shown := demoCall(t, append(longAgo, "table")...).succeeds()
	assert.Regexp(t, `(?m)^[a-z_]+ +≥[\d,]+ `, shown.out)
	assert.NotContains(t, shown.errOut, "NOT COMPLETE", "it stands above the table")
	t.Setenv("COLUMNS", "50")
	for line := range strings.Lines(demoCall(t, "count_audit_logs", "--group-by", "actor,event", "--output", "table").succeeds().out) {
		assert.LessOrEqual(t, len([]rune(line)), 51, line)
	}
}

func TestAPromptIsPrintedAsClientsGetIt(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	listed := run(t, "", "prompt").succeeds().out
	assert.Contains(t, listed, "offboarding_review: Review of somebody who leaves\n  actor=…")
	assert.Contains(t, run(t, "", "prompt", "offboarding_review", "--help").succeeds().out, "Required.")
	ask := func(words ...string) outcome {
		return run(t, "", append([]string{"--demo", "--demo-now", demoNow, "prompt"}, words...)...)
	}
	text := ask("security_review", "from=7d").succeeds().out
	assert.True(t, strings.HasPrefix(text, "Security review of a Make.com organization's audit log, 2026-11-13T13:00:00+01:00 to "), text[:200])
	assert.Contains(t, text, "\n\ncount_audit_logs {")
	assert.Equal(t, text, ask("security_review", `{"from":"7d"}`).succeeds().out)
	assert.Equal(t, text, ask("security_review", "--from", "7d").succeeds().out)
	ask("securty_review").refuses("did you mean security_review?")
	ask("security_review", "form=7d").refuses("did you mean --from?")
	ask("security_review", `{"from":7}`).refuses("the arguments of a prompt are texts")
	ask("offboarding_review").refuses("actor: is missing and required")
}

func TestCheckAndDetectArePrintedAsAskedFor(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	demo := func(words ...string) outcome {
		return run(t, "", append([]string{"--demo", "--demo-now", demoNow}, words...)...)
	}
	var checked struct {
		Readable bool
		Checks   []struct {
			State, What, Text string
			Hints             []string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(demo("check", "--output", "json").succeeds().out), &checked))
	assert.True(t, checked.Readable)
	text := demo("check").succeeds().out
	for _, one := range checked.Checks {
		assert.Contains(t, []string{"ok", "note", "info"}, one.State)
		if !strings.Contains(one.Text, "127.0.0.1") { // another port each time
			assert.Contains(t, text, one.What+": "+one.Text+"\n")
		}
		for _, hint := range one.Hints {
			assert.Contains(t, text, "      - "+hint+"\n")
		}
	}
	assert.Equal(t, len(checked.Checks)+1, strings.Count(demo("check", "--output", "csv").succeeds().out, "\r\n"))
	failed := run(t, "", "check", "--output", "json")
	failed.refuses("these settings cannot be used")
	require.NoError(t, json.Unmarshal([]byte(failed.out), &checked), failed.out)
	assert.False(t, checked.Readable)

	var found struct {
		Findings []struct {
			Evidence      []string
			EvidenceCount int `json:"evidence_count"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(demo("detect", "--from", "30d", "--output", "json").succeeds().out), &found))
	assert.Len(t, found.Findings, 9, "all of them")
	for _, finding := range found.Findings {
		assert.Len(t, finding.Evidence, finding.EvidenceCount)
	}
	assert.Equal(t, len(found.Findings)+1, strings.Count(demo("detect", "--from", "30d", "--output", "csv").succeeds().out, "\r\n"))
	table := demo("detect", "--from", "30d", "--output", "table").succeeds().out
	assert.Equal(t, table, demo("detect", "--from", "30d", "--format", "table").succeeds().out)
	asked := demoCall(t, "find_suspicious_activity", "from=30d", "--output", "table").succeeds().out
	assert.Contains(t, asked, table[:strings.Index(table, "medium")])
	demo("detect", "--output", "json", "--format", "ocsf").refuses("are both given")
}
