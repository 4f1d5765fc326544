package tools_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/tools"
)

func TestTextAloneSaysAllThatStructuredContentDoes(t *testing.T) {
	t.Parallel()
	service := recent(t, makesim.Quirks{}).Service(makesim.DemoToken)
	config := tools.Config{Service: func(context.Context) (*analysis.Service, error) { return service, nil }}
	both := connectTo(t, config)
	config.TextOnly = true
	text := connectTo(t, config)

	listed, err := text.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	assert.Len(t, listed.Tools, len(tools.Default()))
	written, err := json.Marshal(listed)
	require.NoError(t, err)
	assert.NotContains(t, string(written), "outputSchema")
	assert.Less(t, len(written), 16_000)

	ask := func(c *caller, tool string, arguments any) *mcp.CallToolResult {
		request := mcp.CallToolRequest{}
		request.Params.Name, request.Params.Arguments = tool, arguments
		result, err := c.CallTool(t.Context(), request)
		require.NoError(t, err)
		return result
	}
	for _, question := range []struct {
		tool      string
		arguments args
	}{
		{"list_organizations", args{}},
		{"list_audit_log_filters", args{"kind": "teams"}},
		{"list_audit_log_filters", args{"kind": "teams"}}, // whose answer is kept
		{"count_audit_logs", args{"from": "30d", "group_by": "actor"}},
		{"get_target_history", args{"target_id": "3000", "kind": "Webhooks"}},
	} {
		want, got := ask(both, question.tool, question.arguments), ask(text, question.tool, question.arguments)
		require.False(t, got.IsError, question.tool)
		assert.Nil(t, got.StructuredContent, question.tool)
		require.Len(t, got.Content, 1)
		assert.JSONEq(t, string(want.RawStructuredContent), got.Content[0].(mcp.TextContent).Text, question.tool)
	}

	want, got := ask(both, "get_target_history", args{"target_id": "3000"}), ask(text, "get_target_history", args{"target_id": "3000"})
	require.True(t, got.IsError, "several kinds have the id")
	require.NotNil(t, want.StructuredContent)
	assert.Nil(t, got.StructuredContent)
	require.Len(t, got.Content, 2)
	assert.Equal(t, want.Content[0], got.Content[0])
	assert.JSONEq(t, string(want.RawStructuredContent), got.Content[1].(mcp.TextContent).Text)
	plain := ask(text, "list_audit_logs", args{"form": "7d"})
	assert.True(t, plain.IsError)
	assert.Len(t, plain.Content, 1)
}
