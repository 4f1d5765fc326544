package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/tools"
)

// asTools reads the names of what tools/list returned.
func asTools(t *testing.T, result []byte) []string {
	t.Helper()
	var list struct{ Tools []struct{ Name string } }
	require.NoError(t, json.Unmarshal(result, &list))
	names := []string{}
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	return names
}

const (
	listTools   = `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`
	reviewACase = `{"jsonrpc":"2.0","id":3,"method":"prompts/get","params":{"name":"security_review","arguments":{"from":"7d"}}}`
)

func TestOnlyTheToolsThatWereChosenAreServedAndNamed(t *testing.T) {
	a := newAcme(t)
	a.environment("MCP_TOOLS=list_audit_logs, get_audit_log")
	lines := []string{hello, listTools, reviewACase, `{"jsonrpc":"2.0","id":4,"method":"resources/list"}`,
		`{"jsonrpc":"2.0","id":5,"method":"prompts/list"}`, `{"jsonrpc":"2.0","id":6,"method":"resources/templates/list"}`}
	got := run(t, strings.Join(lines, "\n")+"\n", "stdio").messages()
	assert.ElementsMatch(t, []string{"list_audit_logs", "get_audit_log"}, asTools(t, got["2"]))
	assert.Contains(t, string(got["3"]), `\"total\":`, "prompts ask whatever is served")
	for _, tool := range tools.Default() {
		if tool.Name == "list_audit_logs" || tool.Name == "get_audit_log" {
			assert.Contains(t, string(got["1"]), tool.Name)
			continue
		}
		for id, said := range got {
			assert.NotRegexp(t, `\b`+tool.Name+`\b`, string(said), id)
		}
	}
	run(t, "", "call", "list_audit_logs").succeeds()
	run(t, "", "call", "count_audit_logs").refuses("count_audit_logs is not served: add --tools=+count_audit_logs")
	run(t, "", "call", "--tools=+count_audit_logs", "count_audit_logs").succeeds()
}

func TestToolsAreChosenForHTTPToo(t *testing.T) {
	a := newAcme(t)
	r := a.serve("--tools=-count_audit_logs")
	_, body, _ := r.ask(http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":{`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`,
		"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list")
	var message struct{ Result json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(body), &message), body)
	served := asTools(t, message.Result)
	assert.Len(t, served, len(tools.Default())-1)
	assert.NotContains(t, served, "count_audit_logs")
	_, _, failed := r.call("count_audit_logs", `{}`)
	assert.Contains(t, failed, "count_audit_logs")
	_, _, never := r.call("no_such_tool", `{}`)
	assert.Equal(t, strings.ReplaceAll(failed, "count_audit_logs", "no_such_tool"), never, "as of a tool that there is not")
	r.answers("list_audit_logs", `{}`)
	r.ends()
}

func TestAChoiceOfToolsThatThereAreNotIsRefused(t *testing.T) {
	environment(t, "MCP_TOOLS=list_audit_log")
	for _, command := range [][]string{{"stdio"}, {"http", "--address", "127.0.0.1:0"}, {"call", "list_audit_logs"}} {
		run(t, "", append([]string{"--demo"}, command...)...).refuses(
			`MCP_TOOLS "list_audit_log": there is no tool "list_audit_log"; did you mean list_audit_logs?; accepted: count_audit_logs, `,
			"Next: name tools, e.g. list_audit_logs,get_audit_log, or changes, e.g. +search,fetch or -list_people")
	}
	run(t, "", "--demo", "stdio", "--tools=list_people,-list_people").refuses("no tool is left")
	environment(t, "MCP_TOOLS=")
	run(t, "", "--demo", "call", "list_organizations").succeeds()
}

func TestSearchAndFetchAreServedWhereTheyAreAskedFor(t *testing.T) {
	a := newAcme(t)
	a.environment()
	lines := strings.Join([]string{hello, listTools}, "\n") + "\n"
	usual := run(t, lines, "stdio").messages()
	assert.Len(t, asTools(t, usual["2"]), len(tools.Default()))
	assert.NotContains(t, string(usual["1"]), "fetch")
	both := run(t, lines, "stdio", "--tools=+search,fetch").messages()
	assert.ElementsMatch(t, append(asTools(t, usual["2"]), "search", "fetch"), asTools(t, both["2"]))
	assert.Contains(t, string(both["1"]), "Entries by words: search, and one of them: fetch.")
	alone := run(t, lines, "stdio", "--tools=search,fetch").messages()
	assert.ElementsMatch(t, []string{"search", "fetch"}, asTools(t, alone["2"]))
	assert.NotRegexp(t, `\b(list|get|count|find)_\w*(log|activity|people)`, string(alone["2"]))

	found := run(t, "", "call", "--tools=search", "search", `{"query":"Leo deletions since 2025"}`).succeeds()
	assert.Contains(t, found.out, fmt.Sprintf(`"id": "%d/%s"`, acmeID, hookDeleted))
	fetched := run(t, "", "call", "--tools=fetch", "fetch", fmt.Sprintf(`{"id":"%d/%s"}`, acmeID, hookDeleted)).succeeds()
	assert.Contains(t, fetched.out, hookName)
}
