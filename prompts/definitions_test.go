package prompts_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/prompts"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// definitions are the prompts as they go over the wire, in the order in which they are listed.
func definitions(t *testing.T) []mcp.Prompt {
	t.Helper()
	served := server.NewMCPServer("test", "1", server.WithPromptCapabilities(false))
	prompts.Register(served, prompts.Config{})
	answer, err := json.Marshal(served.HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"prompts/list"}`)))
	require.NoError(t, err)
	var listed struct {
		Result struct {
			Prompts []mcp.Prompt `json:"prompts"`
		} `json:"result"`
	}
	require.NoError(t, json.Unmarshal(answer, &listed))
	return listed.Result.Prompts
}

func TestDefinitionsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "prompts.json")
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(definitions(t)))
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update")
	assert.Equal(t, string(want), got.String(), "if this is meant, run with -update")
}

func TestDefinitionsTellWhatAPromptCarries(t *testing.T) {
	t.Parallel()
	orders := regexp.MustCompile(`(?i)\b(always|never|must|you should|you may|do not|don't|make sure|important|call \w+ first|before (using|calling)|ignore|instead of)\b`)
	required := map[string][]string{}
	for _, prompt := range definitions(t) {
		assert.NotEmpty(t, prompt.Title, prompt.Name)
		assert.NotEqual(t, prompt.Name, prompt.Title)
		assert.Regexp(t, `Default: the last .+\.$`, prompt.Description, prompt.Name)
		assert.NotRegexp(t, orders, prompt.Description, prompt.Name)
		required[prompt.Name] = []string{}
		for _, argument := range prompt.Arguments {
			assert.NotEmpty(t, argument.Description, "%s: %s", prompt.Name, argument.Name)
			assert.NotRegexp(t, orders, argument.Description, "%s: %s", prompt.Name, argument.Name)
			if argument.Required {
				required[prompt.Name] = append(required[prompt.Name], argument.Name)
			}
		}
	}
	assert.Equal(t, map[string][]string{"security_review": {}, "offboarding_review": {"actor"}, "incident_timeline": {}}, required)
}
