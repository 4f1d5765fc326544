package cli_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// greeting is what a client gets from the server: its instructions, and the names of its tools.
func greeting(t *testing.T) (instructions string, tools []string) {
	t.Helper()
	results := run(t, hello+"\n"+`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`+"\n", "--demo", "--demo-now", demoNow, "stdio").messages()
	var welcome struct{ Instructions string }
	require.NoError(t, json.Unmarshal(results["1"], &welcome))
	var list struct{ Tools []struct{ Name string } }
	require.NoError(t, json.Unmarshal(results["2"], &list))
	for _, tool := range list.Tools {
		tools = append(tools, tool.Name)
	}
	require.NotEmpty(t, tools)
	return welcome.Instructions, tools
}

func TestInstructionsAreFactsForChoosingATool(t *testing.T) {
	environment(t, nil)
	instructions, tools := greeting(t)
	assert.NotEmpty(t, instructions)
	assert.Less(t, len(instructions), 2_048, "clients cut longer ones")
	t.Logf("%d bytes", len(instructions))
	for _, tool := range tools {
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
