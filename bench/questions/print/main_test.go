package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/bench/questions"
)

func TestFiguresAreComparedExactlyButForTokensAndRequests(t *testing.T) {
	t.Parallel()
	ours := []questions.Server{{Name: questions.Ours}}
	const header = "| tools of | questions |\n|---|---|\n"
	line := func(verdicts, tokens string) string {
		return header + "| make-audit-mcp | traps (7) | " + verdicts + " | 10 | " + tokens + " | 2 | 8,111 | 194 |\n" +
			"| OpenAPI wrapper | traps (7) | 0 | 0 | 0 | 7 | 9 | 9 | 9 | 9 | 9 |\n"
	}
	published := line("7 | 0 | 0 | 0", "34,103")
	require.NoError(t, compare(published, line("7 | 0 | 0 | 0", "34,103"), ours))
	require.NoError(t, compare(published, line("7 | 0 | 0 | 0", "31,000"), ours))
	require.NoError(t, compare(published, strings.Replace(line("7 | 0 | 0 | 0", "34,103"), "| 9 | 9 |", "| 1 | 1 |", 1), ours),
		"the wrapper was not asked")
	require.EqualError(t, compare(published, line("6 | 0 | 1 | 0", "34,103"), ours), "| make-audit-mcp, traps (7): 7, measured: 6")
	require.EqualError(t, compare(published, line("7 | 0 | 0 | 0", "30,000"), ours), "| make-audit-mcp, traps (7): 34,103, measured: 30,000")
	require.EqualError(t, compare(header, published, ours), "the table has 0 lines about these servers, not 1")
}

func TestFlagsThatDoNotGoTogetherAreRefused(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	for arguments, want := range map[string]string{
		"":                                   "no server to ask: --server BINARY, --wrapper FOLDER, or both",
		"--server x --endpoint http://h":     "an endpoint needs a model: --model NAME",
		"--server x --check --only single-1": "the page has the figures of the script over all questions: neither --model nor --only go with --check and --update",
		"--server x now":                     `["now"] is no flag; for example: scripts/evaluation --api openai --endpoint http://127.0.0.1:8000 --model NAME`,
	} {
		_, err := parse(strings.Fields(arguments), none, io.Discard)
		require.EqualError(t, err, want, arguments)
	}
	_, err := chosen("single-1,single-99")
	require.EqualError(t, err, "--only single-1,single-99: 1 questions have these ids; for example: --only single-1,trap-2")
}

func TestTheEnvironmentNamesTheEndpointToo(t *testing.T) {
	t.Parallel()
	env := map[string]string{"EVALUATION_MODEL": "m", "EVALUATION_ENDPOINT": "http://h", "EVALUATION_API": "openai"}
	o, err := parse([]string{"--server", "x", "--model", "other"}, func(name string) string { return env[name] }, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"other", "http://h", "openai"}, []string{o.model, o.endpoint, o.api})
}
