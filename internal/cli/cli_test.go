package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

const (
	demoNow    = "2026-11-20T12:00:00Z"
	planlessID = 6060
)

func TestTheReadmesFirstCommandPrintsEntries(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	got := run(t, "", "--demo", "--demo-now", demoNow, "call", "list_audit_logs",
		`{"event":["connection_deleted"],"from":"30d"}`).succeeds()
	result := got.answer()
	assert.True(t, result.Complete)
	assert.NotZero(t, result.Returned)
	for _, entry := range result.Entries {
		assert.Equal(t, "connection_deleted", entry.Event)
	}
	assert.Empty(t, got.errOut)
}

func TestTheDemoIsTheSameEveryTimeAndIgnoresRealSettings(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	first := run(t, "", "--demo", "--demo-now", demoNow, "call", "list_audit_logs", `{"limit":5}`).succeeds()
	environment(t, "MAKE_API_KEY=real", "MAKE_ZONE=unreachable.invalid", "MAKE_ORGANIZATION_ID=1",
		"MAKE_API_URL=https://unreachable.invalid")
	second := run(t, "", "--demo", "--demo-now", demoNow, "call", "list_audit_logs", `{"limit":5}`).succeeds()
	cursorless := func(s string) string { return s[:strings.Index(s, `"next_cursor"`)] }
	assert.Equal(t, cursorless(first.out), cursorless(second.out))
}

func TestTheDemoHeedsItsOwnOrganizationsAndNoOthers(t *testing.T) {
	logtest.NotUnderRace(t)
	for id, test := range map[string]struct{ says, warns string }{
		"":     {},
		"4721": {},
		"9034": {says: "us1.make.com"},
		"77":   {warns: "the demo has no such organization, so MAKE_ORGANIZATION_ID is left out"},
	} {
		environment(t, "MAKE_ORGANIZATION_ID="+id)
		got := run(t, "", "--demo", "--demo-now", demoNow, "call", "count_audit_logs", `{"from":"7d"}`)
		if test.says != "" {
			got.fails(test.says)
			continue
		}
		assert.NotZero(t, *got.answer().Total, id)
		if test.warns == "" {
			assert.Empty(t, got.errOut, id)
			continue
		}
		assert.Contains(t, got.errOut, test.warns)
		assert.Contains(t, got.errOut, "4721, 9034")
	}
}

func TestASwitchOfTheEnvironmentChoosesTheDemo(t *testing.T) {
	environment(t, "MAKE_AUDIT_DEMO=true", "MAKE_API_KEY=${user_config.api_key}", "MAKE_ZONE=unreachable.invalid")
	assert.Len(t, run(t, "", "call", "list_organizations").answer().Organizations, 2)
}

func TestAReferenceThatAClientLeftAsItWasIsNotSet(t *testing.T) {
	logtest.NotUnderRace(t)
	settings := []string{"MAKE_API_KEY", "MAKE_ZONE", "MAKE_API_URL", "MAKE_ORGANIZATION_ID", "MAKE_TIMEZONE", "MAKE_WEEK_START",
		"MAKE_AUDIT_DEMO", "MAKE_AUDIT_ARCHIVE", "MAKE_AUDIT_ARCHIVE_JOURNAL", "MAKE_AUDIT_INSECURE_FILES", "MAKE_AUDIT_LOG_LEVEL",
		"MAKE_AUDIT_LOG_FORMAT", "MAKE_REQUESTS_PER_MINUTE", "MCP_STRUCTURED"}
	for _, value := range []string{"", " ", "${user_config.anything}", "${env:MAKE_API_KEY}"} {
		var set []string
		for _, name := range settings {
			set = append(set, name+"="+value)
		}
		environment(t, set...)
		run(t, "", "call", "list_organizations").refuses("MAKE_ZONE is not set")
		assert.Len(t, run(t, "", "--demo", "call", "list_organizations").answer().Organizations, 2, "%q", value)
	}
	environment(t, "MAKE_AUDIT_DEMO=false")
	run(t, "", "call", "list_organizations").refuses("MAKE_ZONE is not set")
	environment(t, "MAKE_AUDIT_DEMO=maybe")
	run(t, "", "call", "list_organizations").refuses("MAKE_AUDIT_DEMO", "true")
}

func TestItIsSaidWhichOfTwoSettingsCounts(t *testing.T) {
	logtest.NotUnderRace(t)
	_, url := upstream(t)
	both := "MAKE_API_KEY and MAKE_API_KEY_FILE are both set: MAKE_API_KEY counts"
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+makesim.DemoToken, "MAKE_API_KEY_FILE="+writeFile(t, "wrong"))
	assert.Contains(t, run(t, "", "check").succeeds().errOut, both)
	got := run(t, "", "call", "list_organizations").succeeds()
	assert.Contains(t, got.errOut, both)
	assert.NotContains(t, got.errOut, makesim.DemoToken)
	assert.Empty(t, run(t, "", "--demo", "call", "list_organizations").succeeds().errOut, "the demo reads neither")

	environment(t, "MAKE_API_URL="+url, "MAKE_ZONE=unreachable.invalid", "MAKE_API_KEY_FILE="+writeFile(t, makesim.DemoToken))
	assert.Contains(t, run(t, "", "check").succeeds().errOut, "MAKE_API_URL and MAKE_ZONE are both set: MAKE_API_URL counts")
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+makesim.DemoToken)
	assert.Empty(t, run(t, "", "check").succeeds().errOut)
}

func TestAPageOfMakesNamesTheZone(t *testing.T) {
	environment(t, "MAKE_ZONE=https://EU9.unreachable.invalid/organization/4721/dashboard?x=1", "MAKE_API_KEY=x")
	assert.Contains(t, run(t, "", "check").fails().out, "address: https://eu9.unreachable.invalid/api/v2\n")
}

func TestACursorGoesOnInAnotherProcess(t *testing.T) {
	_, url := upstream(t)
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+makesim.DemoToken, "MAKE_ORGANIZATION_ID=4721")
	page := func(arguments string) *answer { return run(t, arguments, "call", "list_audit_logs", "-").answer() }
	first := page(`{"limit":10}`)
	second := page(`{"limit":10,"cursor":"` + first.NextCursor + `"}`)
	assert.Equal(t, page(`{"limit":20}`).uuids(), append(first.uuids(), second.uuids()...))
}

func TestBadSettingsAreToldByCallAndByCheck(t *testing.T) {
	logtest.NotUnderRace(t)
	_, url := upstream(t)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>hello</html>")
	}))
	t.Cleanup(plain.Close)
	empty := writeFile(t, "\n")
	at := func(url, key string, more ...string) []string {
		return append([]string{"MAKE_API_URL=" + url, "MAKE_API_KEY=" + key}, more...)
	}
	for name, test := range map[string]struct {
		set  []string
		want []string
	}{
		"no zone":              {[]string{"MAKE_API_KEY=" + makesim.DemoToken}, []string{"MAKE_ZONE", "eu1.make.com"}},
		"no key":               {at(url, ""), []string{"MAKE_API_KEY is not set", "Profile > API", "organizations:read"}},
		"an empty key file":    {at(url, "", "MAKE_API_KEY_FILE="+empty), []string{"empty"}},
		"a missing key file":   {at(url, "", "MAKE_API_KEY_FILE="+empty+"-not"), []string{"cannot read the key file"}},
		"a wrong key":          {at(url, "00000000-0000-4000-8000-000000000000"), []string{"401", "MAKE_ZONE"}},
		"a key with a newline": {at(url, "abc\ndef"), []string{"line break"}},
		"a zone with a user":   {[]string{"MAKE_ZONE=me@eu1.make.com", "MAKE_API_KEY=x"}, []string{"host name"}},
		"plain http":           {at("http://make.example/api/v2", "x"), []string{"https"}},
		"nothing listens":      {at("http://127.0.0.1:1", "x"), []string{"no answer from 127.0.0.1", "MAKE_ZONE"}},
		"not Make's API":       {at(plain.URL, "x"), []string{"not as Make's API"}},
		"no role": {at(url, makesim.DemoMemberToken, "MAKE_ORGANIZATION_ID=4721"),
			[]string{"cannot be read", "Admin or Owner"}},
		"no plan": {at(url, makesim.DemoToken, "MAKE_ORGANIZATION_ID=6060"), []string{"402", "Enterprise"}},
		"not my organization": {at(url, makesim.DemoToken, "MAKE_ORGANIZATION_ID=123456"),
			[]string{"not visible", "4721", "MAKE_ORGANIZATION_ID"}},
		"a bad time zone": {at(url, "x", "MAKE_TIMEZONE=Mars/Olympus"), []string{"MAKE_TIMEZONE", "Mars/Olympus"}},
		"a bad ceiling":   {at(url, "x", "MAKE_REQUESTS_PER_MINUTE=lots"), []string{"MAKE_REQUESTS_PER_MINUTE"}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.set...)
			fail := outcome.refuses // but for what only Make can tell
			if slices.Contains([]string{"a wrong key", "nothing listens", "not Make's API", "no role", "no plan", "not my organization"},
				name) {
				fail = outcome.fails
			}
			call := fail(run(t, "", "call", "list_audit_logs"), test.want...)
			assert.Empty(t, call.out)
			if key := os.Getenv("MAKE_API_KEY"); len(key) > 1 {
				assert.NotContains(t, call.errOut, key)
			}
			if name == "not my organization" || name == "no plan" {
				return // another organization can be read, so check is content
			}
			check := fail(run(t, "", "check"))
			if name != "no role" {
				assert.Contains(t, check.out, "FAIL")
			}
		})
	}
}

func TestWeeksBeginWhereTheSettingSays(t *testing.T) {
	a := newAcme(t)
	week := func(flags ...string) (from string, groups []string) {
		t.Helper()
		out := run(t, "", append(flags, "call", "count_audit_logs", `{"period":"last week","group_by":"week"}`)...).succeeds().out
		var counted struct {
			Query  struct{ From string }
			Groups []struct{ Key struct{ Week string } }
		}
		require.NoError(t, json.Unmarshal([]byte(out), &counted))
		for _, group := range counted.Groups {
			groups = append(groups, group.Key.Week)
		}
		return counted.Query.From, groups
	}
	for name, test := range map[string]struct {
		set, flags []string
		first      string
	}{
		"by default":         {first: "2026-11-09"},
		"by the environment": {set: []string{"MAKE_WEEK_START=sunday"}, first: "2026-11-08"},
		"by a flag":          {flags: []string{"--week-start=Sunday"}, first: "2026-11-08"},
		"on Monday":          {set: []string{"MAKE_WEEK_START=sunday"}, flags: []string{"--week-start=monday"}, first: "2026-11-09"},
		"empty":              {set: []string{"MAKE_WEEK_START="}, first: "2026-11-09"},
	} {
		a.environment(test.set...)
		from, groups := week(test.flags...)
		assert.Equal(t, test.first+"T00:00:00Z", from, name)
		assert.Equal(t, []string{test.first}, groups, name)
	}
	environment(t, "MAKE_WEEK_START=friday")
	for _, command := range [][]string{{"--demo", "check"}, {"--demo", "call", "list_organizations"}, {"stdio"}} {
		got := run(t, "", command...)
		assert.Equal(t, 2, got.code)
		assert.Empty(t, got.out)
		assert.Contains(t, got.errOut, `"friday" is no beginning of a week; accepted: monday, sunday`)
		assert.Contains(t, got.errOut, "MAKE_WEEK_START")
	}
}

func TestCheckTellsWhatAKeyCanSee(t *testing.T) {
	_, url := upstream(t)
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+makesim.DemoToken)
	got := run(t, "", "check").succeeds()
	for _, want := range []string{"Alena", "Europe/Prague", "organizations:read", "role: Admin", "at most 500", "365 days",
		"Enterprise plan", "time zone rules: " + tz.InUse().String(), "Ready."} {
		assert.Contains(t, got.out, want)
	}
	assert.NotContains(t, got.out, "\x1b", "no colour where there is no terminal")

	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+makesim.DemoTeamAdminToken)
	team := run(t, "", "check").succeeds()
	assert.Contains(t, team.out, "team 8102")
}

func TestCheckNamesTheRolesThatMayReadAuditLogs(t *testing.T) {
	sim, url := upstream(t)
	const allowed = `roles that may read audit logs, by Make's list: "Team Admin", "Owner", "Admin", "Security Auditor" (custom)`
	const none = "this key's user has none of them"
	check := func(key string) string {
		environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+key, "MAKE_ORGANIZATION_ID=4721")
		return run(t, "", "check").out
	}
	for _, key := range []string{makesim.DemoToken, makesim.DemoTeamAdminToken} {
		out := check(key)
		assert.Contains(t, out, allowed+"\n")
		assert.NotContains(t, out, none)
	}
	assert.Contains(t, check(makesim.DemoMemberToken), allowed+"; "+none)

	const auditorsKey, scopelessKey = "0a0a0a0a-0000-4000-8000-00000000a001", "0a0a0a0a-0000-4000-8000-00000000a002"
	sim.Update(func(w *makesim.World) {
		w.Tokens = append(w.Tokens, makesim.Token{Secret: auditorsKey, UserID: 5033},
			makesim.Token{Secret: scopelessKey, UserID: 5001, Scopes: []string{"organizations:read", "teams:read"}})
	})
	assert.Contains(t, check(auditorsKey), "the audit log can be read; role: Security Auditor")
	assert.Contains(t, check(scopelessKey), "which roles may read audit logs is not known: ")
	sim.Update(func(w *makesim.World) { w.Organizations[0].HasCustomRoles = false })
	assert.Contains(t, check(auditorsKey), "the audit log can be read; role: role 1041")
}

func TestTheCommandLineExplainsItsMistakes(t *testing.T) {
	newAcme(t).environment()
	for name, test := range map[string]struct {
		arguments []string
		code      int
		want      string
	}{
		"unknown command": {[]string{"destroy"}, 2, "--help"},
		"unknown flag":    {[]string{"--api-key", "x"}, 2, "unknown flag"},
		"a bad level":     {[]string{"--log-level", "loud", "check"}, 2, `--log-level: "loud" is no level; give debug, info, warn or error`},
		"a bad clock":     {[]string{"--demo-now", "noon", "check"}, 2, `--demo-now: "noon" is no instant; give its date, time and offset, e.g. 2`},
		"unknown tool":    {[]string{"call", "list_audit_log"}, 2, "did you mean list_audit_logs?"},
		"no JSON":         {[]string{"call", "list_audit_logs", "{from:7d}"}, 2, "or --from 7d"},
		"an array":        {[]string{"call", "list_audit_logs", "[1]"}, 2, "no JSON object"},
		"a missing file":  {[]string{"call", "list_audit_logs", "@/no/such/file"}, 2, "cannot read the arguments"},
		"a tool error":    {[]string{"call", "list_audit_logs", `{"from":"yesteryear"}`}, 1, "yesteryear"},
		"a bad limit":     {[]string{"call", "list_audit_logs", `{"limit":501}`}, 1, "501"},
		"a backward time": {[]string{"call", "list_audit_logs", `{"from":"2026-11-02","to":"2026-11-01"}`},
			1, "from"},
		"no uuid": {[]string{"call", "get_audit_log", `{"uuid":"00000000-0000-4000-8000-000000000000"}`}, 1,
			"none of these uuids"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, "", test.arguments...)
			assert.Equal(t, test.code, got.code)
			assert.Contains(t, got.errOut, test.want)
		})
	}
}

func TestFiveMegabytesOfArgumentsAreRefused(t *testing.T) {
	logtest.NotUnderRace(t)
	newAcme(t).environment()
	file := writeFile(t, `{"target_id":"`+strings.Repeat("x", 5<<20)+`"}`)
	got := run(t, "", "call", "list_audit_logs", "@"+file).fails()
	assert.Less(t, len(got.errOut), 500)
}

func TestHelpTellsWhatThereIs(t *testing.T) {
	t.Parallel()
	for command, wants := range map[string][]string{
		"": {"--demo", "MAKE_API_KEY_FILE", "sync", "verify", "export", "--archive=FILE", "$MAKE_AUDIT_ARCHIVE",
			"--week-start=DAY", "default: monday ($MAKE_WEEK_START)"},
		"check": {"2 if the settings cannot be used"},
		"call": {"make-audit-mcp --demo call count_audit_logs --help", "table on a terminal, else json",
			"debug, info, warn or error; default: warn, for http info",
			"its log ends then, e.g. 2026-11-20T12:00:00Z; default: now", "text or json; default: text ("},
		"sync": {"$MAKE_AUDIT_ARCHIVE", "--every=TIME", "$MAKE_AUDIT_SYNC_DETAILS", "all, notable or none",
			"make-audit-mcp --demo --archive demo.db sync", "whoever holds both can sign anew"},
		"verify": {"$MAKE_AUDIT_ARCHIVE", "--checkpoint=FILE", "--public-key=KEY", "$MAKE_AUDIT_PUBLIC_KEY",
			"Exit code 0 if everything is there, 1 if not"},
		"export": {"--force", "what the file's name ends with", "2026-10-03; default: all.", "$MAKE_AUDIT_ARCHIVE", "--since-checkpoint=FILE", "ndjson, csv, ocsf or ecs", "-o, --output=FILE", "unmasked"},
		"stdio":  {"$MAKE_AUDIT_ARCHIVE", "--sync-every=TIME", "default: 15m", "$MAKE_AUDIT_SYNC_EVERY", "$MAKE_AUDIT_SYNC_DETAILS"},
		"http": {"one caller; default: 50 ($MCP_RATE_LIMIT)", "so long; default: 30m (", "SIGTERM; default: 25s (", "at /sse; default: true (",
			"none; default: notable (", "$MAKE_AUDIT_ARCHIVE", "--sync-every=TIME", "default: 15m", "$MAKE_AUDIT_SYNC_EVERY",
			"$MAKE_AUDIT_SYNC_DETAILS"},
	} {
		help := run(t, "", append(strings.Fields(command), "--help")...).succeeds().out
		text := strings.Join(strings.Fields(help), " ")
		for _, want := range wants {
			assert.Contains(t, text, want, command)
		}
	}
	assert.Equal(t, "1.2.3\n"+tz.InUse().String()+"\n", run(t, "", "--version").succeeds().out)
}

func TestStdioServesWithoutAKeyAndEachCallSaysSo(t *testing.T) {
	environment(t)
	got := run(t, hello+`
{"jsonrpc":"2.0","id":2,"method":"tools/list"}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"list_organizations","arguments":{}}}
`)
	answers := got.messages()
	assert.Contains(t, string(answers["1"]), "make-audit-mcp")
	assert.Contains(t, string(answers["2"]), "list_audit_logs")
	assert.Contains(t, string(answers["3"]), `"isError":true`)
	assert.Contains(t, string(answers["3"]), "MAKE_ZONE")
	assert.Contains(t, got.errOut, "not connected")
}

// textAlone checks what tools/list and a tool's result are without structured content.
func textAlone(t *testing.T, total int, list, result string) {
	t.Helper()
	assert.Contains(t, list, `"inputSchema"`)
	assert.NotContains(t, list, "outputSchema")
	assert.NotContains(t, result, "structuredContent")
	var answered struct{ Content []struct{ Text string } }
	require.NoError(t, json.Unmarshal([]byte(result), &answered), result)
	require.Len(t, answered.Content, 1)
	assert.Equal(t, total, *parseAnswer(t, answered.Content[0].Text).Total)
}

func TestStructuredContentCanBeLeftOut(t *testing.T) {
	const asked = `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"count_audit_logs","arguments":{"from":"60d"}}}`
	const listed = `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`
	stdin := hello + "\n" + listed + "\n" + asked + "\n"

	a := newAcme(t)
	a.environment("MCP_STRUCTURED=off")
	total := *run(t, "", "call", "count_audit_logs", `{"from":"60d"}`).answer().Total
	got := run(t, stdin, "stdio").messages()
	textAlone(t, total, string(got["2"]), string(got["3"]))
	a.environment()
	got = run(t, stdin, "stdio", "--structured=off").messages()
	textAlone(t, total, string(got["2"]), string(got["3"]))
	got = run(t, stdin).messages()
	assert.Contains(t, string(got["2"]), "outputSchema")
	assert.Contains(t, string(got["3"]), "structuredContent")

	a.environment("MCP_STRUCTURED=off")
	r := start(t, strings.NewReader(""), "http", "--address", "127.0.0.1:0").listening()
	_, _, header := r.ask(http.MethodPost, "/mcp", hello)
	session := []string{"Mcp-Session-Id", header.Get("Mcp-Session-Id")}
	result := func(line string) string {
		_, body, _ := r.ask(http.MethodPost, "/mcp", line, session...)
		var message struct{ Result json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(body), &message), body)
		return string(message.Result)
	}
	textAlone(t, total, result(listed), result(asked))

	bad := run(t, "", "stdio", "--structured=maybe").refuses("--structured", `"maybe" is not one of on, off`)
	assert.Empty(t, bad.out)
}

func TestLogsAreJSONOnRequestAndNeverHoldTheKey(t *testing.T) {
	const key = "5b0c6c1e-0000-4000-8000-00000000beef"
	_, url := upstream(t)
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY="+key, "MAKE_AUDIT_LOG_LEVEL=debug", "MAKE_AUDIT_LOG_FORMAT=json")
	got := run(t, "", "call", "list_audit_logs").fails()
	assert.NotContains(t, got.errOut+got.out, key)
	lines := 0
	for line := range strings.Lines(got.errOut) {
		if json.Valid([]byte(line)) {
			lines++
			assert.Contains(t, line, `"level"`)
		}
	}
	assert.Positive(t, lines, got.errOut)
}

func TestAnInterruptedCallStopsAtOnce(t *testing.T) {
	asked := make(chan struct{}, 100)
	stuck := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(stuck.Close)
	environment(t, "MAKE_API_URL="+stuck.URL, "MAKE_API_KEY=x")

	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	got := runUntil(ctx, t, "", "call", "list_audit_logs").fails("interrupted")
	assert.Empty(t, got.out)
}

func TestInstructionsAreFactsForChoosingATool(t *testing.T) {
	environment(t)
	results := run(t, hello+"\n"+`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`, "--demo", "--demo-now", demoNow, "stdio").messages()
	var welcome struct{ Instructions string }
	require.NoError(t, json.Unmarshal(results["1"], &welcome))
	instructions := welcome.Instructions
	assert.NotEmpty(t, instructions)
	assert.Less(t, len(instructions), 2_048, "clients cut longer ones")
	var list struct{ Tools []struct{ Name string } }
	require.NoError(t, json.Unmarshal(results["2"], &list))
	require.NotEmpty(t, list.Tools)
	var tools []string
	for _, offered := range list.Tools {
		tool := offered.Name
		tools = append(tools, tool)
		assert.Regexp(t, `\b`+tool+`\b`, instructions)
	}
	for _, word := range regexp.MustCompile(`\b(?:list|get|count|find)_\w+`).FindAllString(instructions, -1) {
		assert.Contains(t, tools, word, "a tool that there is not")
	}
	for _, missing := range []string{"logins", "IP addresses", "scenario runs", "API tokens", "single sign-on",
		"removal of organization users"} {
		assert.Contains(t, instructions, missing)
	}
	assert.Contains(t, instructions, "12 months")
	// As TestDefinitionsAreGood has it for tools.
	orders := regexp.MustCompile(`(?i)\b(always|never|must|you should|you may|do not|don't|make sure|important|call \w+ first|before (using|calling)|ignore|instead of)\b`)
	assert.NotRegexp(t, orders, instructions)
	assert.NotRegexp(t, `(?i)(^|[.!] )(use|call|ask|check|pass|read|prefer|start|please)\b`, instructions,
		"sentences that begin with an order")
}
