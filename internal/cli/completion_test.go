package cli_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/setup"
)

// TestMain runs the program instead of tests where it is started under the program's name, as scripts do that complete.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "make-audit-mcp" {
		os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, ""))
	}
	os.Exit(m.Run())
}

// programs is a folder that has the program.
func programs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	tests, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(tests, filepath.Join(folder, "make-audit-mcp")))
	return folder
}

// shells have programs that read a script from the file that is their first argument and say what it offers for each of the others, which
// are lines: words, and a line of its own with a dot at the end of each.
var shells = map[string]string{
	"bash": `source "$1"; shift
		for line; do
			read -ra COMP_WORDS <<<"${line//=/ = }"
			if [[ $line == *' ' ]]; then COMP_WORDS+=(""); fi
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); __start_make-audit-mcp 2>/dev/null
			printf '%s\n' "${COMPREPLY[@]%%  (*}" . # without what each is for
		done`,
	// zsh completes in a terminal alone, and shows people alone what it offers: here a pseudo-terminal has it said word by word.
	"zsh": `zmodload zsh/zpty; zpty z zsh -f -i
		zpty -w z 'PS1=; stty -echo; autoload -Uz compinit; compinit -u -D; source '"$1"; shift
		zpty -w z 'compadd() { local -a found; builtin compadd -O found "$@"; print -rl -- "<"$^found">"; builtin compadd "$@" }'
		zpty -w z 'offer() { zle complete-word; print -r -- "<.>"; zle kill-whole-line }; zle -N offer; bindkey "^T" offer; print REA""DY'
		zpty -r -m z REPLY '*READY*'
		for line; do
			zpty -w -n z "$line"$'\C-t'; zpty -r -m z REPLY '*<.>*'
			print -r -- "$REPLY" | tr -d '\r' | grep -o '<[^<>]*>' | tr -d '<>'
		done`,
	"fish": `source $argv[1]
		for line in $argv[2..]; complete -C $line | string replace -ar '^--[^=]*=|\t.*' ''; echo .; end`,
}

// offers returns what a shell offers for each line, in order.
func offers(t *testing.T, shell string, lines []string) [][]string {
	t.Helper()
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("%s is not installed", shell)
	}
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte(run(t, "", "completion", shell).succeeds().out), 0o600))
	arguments := []string{"-c", shells[shell]}
	if shell != "fish" {
		arguments = append(arguments, shell) // $0
	}
	command := exec.CommandContext(t.Context(), path, slices.Concat(arguments, []string{script}, lines)...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=dumb", "COLUMNS=200", "PATH="+programs(t)+":"+os.Getenv("PATH"))
	printed, err := command.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	all := [][]string{nil}
	for _, word := range strings.Fields(string(printed)) {
		last := len(all) - 1
		if word == "." {
			slices.Sort(all[last])
			all[last] = slices.Compact(all[last]) // zsh says a word again where it says what it is for
			all = append(all, nil)
			continue
		}
		all[last] = append(all[last], word)
	}
	return all[:len(all)-1]
}

func TestShellsCompleteCommandsFlagsAndTheirValues(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	commands := []string{"archive", "call", "check", "completion", "detect", "export", "help", "http",
		"prompt", "report", "setup", "stdio", "sync", "verify"}
	tests := map[string][]string{
		"make-audit-mcp ":                                     commands,
		"make-audit-mcp --demo ":                              commands,
		"make-audit-mcp --zone eu1.make.com ex":               {"export"},
		"make-audit-mcp call list_audit_":                     {"list_audit_log_filters", "list_audit_logs"},
		"make-audit-mcp --demo call --log-level debug list_o": {"list_organizations"},
		"make-audit-mcp call count_audit_logs --gr":           {"--group-by"},
		"make-audit-mcp --demo call list_people --status ":    {"active", "dormant", "gone", "new"},
		"make-audit-mcp call --output ":                       {"csv", "json", "table"},
		"make-audit-mcp call list_people --status=g":          {"gone"},
		"make-audit-mcp call list_people --output=c":          {"csv"},
		"make-audit-mcp prompt secu":                          {"security_review"},
		"make-audit-mcp export --fo":                          {"--force", "--format"},
		"make-audit-mcp http --no-s":                          {"--no-sse"},
		"make-audit-mcp sync --demo-":                         {"--demo-now"},
		"make-audit-mcp export --format ":                     {"csv", "ecs", "ndjson", "ocsf"},
		"make-audit-mcp detect --fail-on c":                   {"critical"},
		"make-audit-mcp detect --format ":                     {"ndjson", "ocsf", "table"},
		"make-audit-mcp --log-format=t":                       {"text"},
		"make-audit-mcp --week-start ":                        {"monday", "sunday"},
		"make-audit-mcp setup --demo cl":                      {"claude-code", "claude-desktop"},
		"make-audit-mcp completion z":                         {"zsh"},
	}
	for _, client := range setup.Clients() {
		tests["make-audit-mcp setup "] = append(tests["make-audit-mcp setup "], client.Name)
	}
	slices.Sort(tests["make-audit-mcp setup "])
	for shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			lines := slices.Sorted(maps.Keys(tests))
			offered := offers(t, shell, lines)
			require.Len(t, offered, len(lines))
			for i, line := range lines {
				assert.Equal(t, tests[line], offered[i], "%s", line)
			}
		})
	}
}

func TestCompletingRunsNothingOfTheLine(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	for shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			made, kept := filepath.Join(folder, "made"), filepath.Join(folder, "kept")
			require.NoError(t, os.WriteFile(kept, []byte("data"), 0o600))
			lines := []string{
				"make-audit-mcp --zone $(touch " + made + ") ex", "make-audit-mcp --zone `touch " + made + "` ex",
				"make-audit-mcp --zone (touch " + made + ") ex", "make-audit-mcp export >" + kept + " --fo",
				"make-audit-mcp export > " + kept + " --fo",
				"make-audit-mcp export <(touch " + made + ") --fo", "make-audit-mcp --zone ; touch " + made + " & ex",
			}
			if shell == "zsh" {
				lines = lines[:1] // it completes within $( and after > by itself, and by other programs' rules
			}
			offers(t, shell, append(lines, "make-audit-mcp ex"))
			assert.NoFileExists(t, made)
			assert.Equal(t, "data", readFile(t, kept))
		})
	}
	assert.Contains(t, run(t, "", "completion", "powershell").succeeds().out, "if ($RequestComp -match '[$`()<>;|&{}]') { return }\n")
}

func TestCompletionKnowsItsShells(t *testing.T) {
	t.Parallel()
	run(t, "", "completion", "tcsh").refuses(`there is no completion for "tcsh"`, "bash, zsh, fish, powershell", "make-audit-mcp completion bash")
}
