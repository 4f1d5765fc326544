package cli_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/cli"
)

func TestAFlagCountsBeforeTheEnvironmentAndThatBeforeTheDefault(t *testing.T) {
	asksBy := func(arguments ...string) string {
		t.Helper()
		return run(t, "", append([]string{"check"}, arguments...)...).out
	}
	environment(t, "MAKE_API_KEY=x")
	assert.Contains(t, asksBy(), "MAKE_ZONE is not set")
	environment(t, "MAKE_API_KEY=x", "MAKE_ZONE=eu8.unreachable.invalid")
	assert.Contains(t, asksBy(), "eu8.unreachable.invalid")
	assert.Contains(t, asksBy("--zone", "eu9.unreachable.invalid"), "eu9.unreachable.invalid")
	assert.Contains(t, asksBy("--zone="), "MAKE_ZONE is not set", "given, and empty")

	environment(t, "MAKE_AUDIT_DEMO=yes", "MAKE_API_KEY=x", "MAKE_ZONE=eu8.unreachable.invalid")
	assert.Contains(t, asksBy("--demo=no"), "eu8.unreachable.invalid")
	environment(t, "MAKE_AUDIT_DEMO=maybe")
	assert.Contains(t, asksBy("--demo"), "Ready.", "nobody asks the variable")
}

func TestFlagsStandBeforeAndBehindTheCommand(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	for _, line := range [][]string{
		{"--demo", "--demo-now", demoNow, "call", "list_organizations"},
		{"call", "list_organizations", "--demo", "--demo-now=" + demoNow},
		{"--demo-now", demoNow, "call", "--demo", "list_organizations", "{}"},
		{"--demo", "--demo-now", demoNow, "call", "--", "list_organizations", "{}"},
	} {
		assert.Len(t, run(t, "", line...).answer().Organizations, 2, line)
	}
}

func TestANegatedFlagCountsBeforeTheEnvironment(t *testing.T) {
	for _, test := range []struct{ set, flag, sse string }{
		{"true", "--no-sse", "sse=false"}, {"false", "--sse", "sse=true"}, {"no", "--demo", "sse=false"}, {"", "--demo", "sse=true"},
		{"true", "--sse=no", "sse=false"},
	} {
		r := listen(t, []string{"MCP_SSE=" + test.set}, "--demo", test.flag)
		r.logs(test.sse)
		r.ends()
	}
}

func TestListsAreSeparatedByCommasOrGivenAgain(t *testing.T) {
	const bad = `zone "me@eu2.make.com"`
	for _, line := range []string{
		"--allowed-zones=eu1.make.com,me@eu2.make.com", "--allowed-zones eu1.make.com --allowed-zones me@eu2.make.com",
		"--allowed-zones me@eu2.make.com,eu1.make.com",
	} {
		environment(t)
		run(t, "", append([]string{"http", "--caller-credentials"}, strings.Fields(line)...)...).refuses(bad)
	}
	environment(t, "MCP_ALLOWED_ZONES=eu1.make.com,me@eu2.make.com")
	run(t, "", "http", "--caller-credentials").refuses(bad)
	run(t, "", "--demo", "export", "--actor", "Nobody, Really").refuses(`"Nobody, Really"`) // a name
}

func TestWhatCannotBeUnderstoodIsNamedWithWhatIsMeant(t *testing.T) {
	for line, says := range map[string]string{
		"exprot":                       `unexpected argument "exprot", did you mean export?`,
		"destroy":                      `unexpected argument "destroy"` + "\n",
		"check now":                    `unexpected argument "now"` + "\n",
		"completion":                   "completion needs SHELL: bash, zsh, fish or powershell.",
		"--zon x check":                "unknown flag --zon, did you mean --zone?",
		"export --fo":                  "unknown flag --fo, did you mean --format or --force?",
		"export --exclude-actors=x":    "unknown flag --exclude-actors, did you mean --exclude-actor",
		"--structured=off":             "unknown flag --structured: make-audit-mcp has none; it stands behind http or stdio\n",
		"check --fail-on=high":         "unknown flag --fail-on: make-audit-mcp check has none; it stands behind detect\n",
		"-- check":                     "check is a command, and stands before --\n",
		"http --no-see":                "unknown flag --no-see, did you mean --no-sse",
		"export -x":                    "unknown flag -x\n",
		"---demo":                      "bad flag syntax: ---demo",
		"export --format":              "--format needs a value: --format=FORMAT",
		"export -o":                    "--output needs a value: --output=FILE",
		"detect --min-severity=":       `--min-severity: "" is not one of low, medium, high, critical`,
		"http --rate-limit=much":       `--rate-limit: "much" is no number; give one such as 50`,
		"http --drain 5":               `--drain: "5" is no time; give one such as 30s`,
		"detect --baseline-days 1.5":   `--baseline-days: "1.5" is no whole number; give one such as 30`,
		"--demo=maybe check":           `--demo: "maybe" is neither true, 1 or yes nor false, 0 or no`,
		"http --no-sse=maybe":          `--no-sse: "maybe" is neither true`,
		"--log-level loud --help":      `--log-level: "loud" is no level; give debug, info, warn or error`,
		"setup --write cursor --print": "--write, --undo and --print cannot be used together",
	} {
		environment(t)
		got := run(t, "", strings.Fields(line)...).refuses("make-audit-mcp: "+says, "\nTry: make-audit-mcp --help\n")
		assert.Empty(t, got.out, line)
	}
	run(t, "", "detect", "--format=", "--fail-on=").refuses("MAKE_ZONE is not set") // as if they were not given
}

func TestAFlagIsNotTakenForTheValueOfTheOneBeforeIt(t *testing.T) {
	environment(t)
	t.Chdir(t.TempDir())
	for line, flag := range map[string]string{
		"--demo export -o --force": "--output=--force", "--demo export -o -x": "--output=-x", "export --actor --demo": "--actor=--demo",
		"--zone --demo check": "--zone=--demo", "export --to --": "--to=--", "call --output --demo list_people": "--output=--demo",
		"call list_people --log-level --demo": "--log-level=--demo", "call list_people --tools -fetch": "--tools=-fetch",
		"prompt security_review --tools -h": "--tools=-h", "http --allowed-hosts --demo": "--allowed-hosts=--demo",
	} {
		name, value, _ := strings.Cut(flag, "=")
		run(t, "", strings.Fields(line)...).refuses(name + " needs a value, and " + value + " looks like a flag; if it is the value: " + flag)
	}
	run(t, "", "--demo", "call", "count_audit_logs", "--from", "--demo").refuses("--from has no value")
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	assert.Empty(t, files)

	run(t, "", "--demo", "--demo-now", demoNow, "export", "--from", "-1d", "-o", "-").succeeds()
	run(t, "", "--demo", "--demo-now", demoNow, "export", "--from=-1d", "--output=--force").succeeds()
	assert.FileExists(t, "--force", "that is meant")
}

func TestListsHoldWhatStandsBetweenCommas(t *testing.T) {
	for text, zone := range map[string]string{
		`eu1.make.com,"me`: `zone "\"me"`, "eu1.make.com\nme@eu2.make.com": `zone "eu1.make.com`, "eu1.make.com, me@x": `zone "me@x"`,
	} {
		environment(t, "MCP_ALLOWED_ZONES="+text)
		run(t, "", "http", "--caller-credentials").refuses(zone)
		environment(t)
		run(t, "", "http", "--caller-credentials", "--allowed-zones", text).refuses(zone)
	}
}

func TestABadVariableIsNamed(t *testing.T) {
	for _, test := range []struct{ variable, command, says string }{
		{"MAKE_AUDIT_LOG_FORMAT=xml", "check", `"xml" is not one of text, json`},
		{"MCP_STRUCTURED=maybe", "", `"maybe" is not one of on, off`},
		{"MCP_STRUCTURED=maybe", "stdio", `"maybe" is not one of on, off`},
		{"MCP_RATE_LIMIT=much", "http", `"much" is no number`},
		{"MAKE_AUDIT_SYNC_EVERY=often", "stdio", `"often" is no time`},
	} {
		environment(t, test.variable)
		name, _, _ := strings.Cut(test.variable, "=")
		run(t, "", strings.Fields(test.command)...).refuses("make-audit-mcp: "+name+": "+test.says, "Try: make-audit-mcp --help")
	}
	environment(t, "MCP_RATE_LIMIT=much")
	run(t, "", "--demo", "check").succeeds() // which has no such flag
}

func TestHelpAndVersionAreToldWhateverElseIsMissing(t *testing.T) {
	environment(t, "MAKE_AUDIT_DEMO=maybe")
	version := run(t, "", "--version").succeeds().out
	for _, line := range []string{"call --version", "--version call", "--zone x --version"} {
		assert.Equal(t, version, run(t, "", strings.Fields(line)...).succeeds().out, line)
	}
	help := run(t, "", "call", "--help").succeeds().out
	assert.Contains(t, help, "Usage: make-audit-mcp call [TOOL] [ARGUMENT ...] [flags]\n")
	for _, line := range []string{"call -h", "--help call", "help call"} {
		assert.Equal(t, help, run(t, "", strings.Fields(line)...).succeeds().out, line)
	}
}

func TestHelpIsAsWideAsTheTerminal(t *testing.T) {
	for columns, most := range map[string]int{"72": 72, "100": 100, "300": 100, "": 80, "wide": 80} {
		environment(t)
		t.Setenv("COLUMNS", columns)
		widest := 0
		for line := range strings.Lines(run(t, "", "http", "--help").succeeds().out) {
			if strings.HasPrefix(line, "  ") && strings.Contains(line, "make-audit-mcp ") && !strings.Contains(line, "    ") {
				continue // an example, to be copied
			}
			widest = max(widest, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
		}
		assert.LessOrEqual(t, widest, most, columns)
		assert.Greater(t, widest, most-8, columns)
	}
}

func TestCompletingReadsNoSettings(t *testing.T) {
	environment(t, "MAKE_AUDIT_DEMO=maybe", "MAKE_WEEK_START=friday")
	for line, want := range map[string]string{
		"call list_o":       "\nlist_organizations\tList organizations and access\n",
		"call search ":      ":0\n", // files
		"check ":            ":4\n", // nothing
		"--archive ":        ":0\n",
		"--zone ":           ":4\n",
		"http --tls-key ":   ":0\n",
		"detect --fail-on ": "low\nmedium\nhigh\ncritical\n:4\n",
	} {
		got := run(t, "", append([]string{"__complete"}, strings.Split(line, " ")...)...).succeeds()
		assert.Contains(t, got.out, want, line)
		assert.Regexp(t, `^[^:]*:\d\n$`, got.out, line)
	}
}

func TestEveryCommandAndFlagSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	root, commands := cli.Commands()
	for _, command := range append(commands, root) {
		for _, argument := range cli.Arguments(command) {
			assert.Regexp(t, `\.$`, argument.Usage, command.Name())
		}
		for _, flag := range cli.Flags(command) {
			assert.Regexp(t, `^[a-z][a-z-]+$`, flag.Name)
			assert.Regexp(t, `^[A-Z].*\.$|^table`, flag.Usage, flag.Name)
			assert.Regexp(t, `^((MAKE|MCP)_[A-Z_]+)?$`, flag.Variable, flag.Name)
		}
	}
}
