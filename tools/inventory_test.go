package tools_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

func namesOf(found []tools.Tool) []string {
	names := make([]string, 0, len(found))
	for _, tool := range found {
		names = append(names, tool.Name)
	}
	return names
}

func TestToolsAreChosenByName(t *testing.T) {
	t.Parallel()
	all := tools.All()
	for name, test := range map[string]struct {
		only, except, want []string
	}{
		"all":         {nil, nil, namesOf(all)},
		"one":         {[]string{"get_audit_log"}, nil, []string{"get_audit_log"}},
		"all but one": {nil, []string{"count_audit_logs"}, namesOf(all)[1:]},
		"two but one": {[]string{"get_audit_log", "list_audit_logs"}, []string{"get_audit_log"}, []string{"list_audit_logs"}},
		"none":        {[]string{"get_audit_log"}, []string{"get_audit_log"}, []string{}},
	} {
		chosen, err := tools.Choose(all, test.only, test.except)
		require.NoError(t, err, name)
		assert.NotNil(t, chosen, "nil would serve all")
		assert.Equal(t, test.want, namesOf(chosen), name)
	}
	for _, choose := range [][2][]string{{{"get_audit_logs"}, nil}, {nil, {"get_audit_logs"}}} {
		_, err := tools.Choose(all, choose[0], choose[1])
		require.ErrorContains(t, err, `there is no tool "get_audit_logs"; did you mean get_audit_log?; accepted: count_audit_logs, `)
	}
}

func TestOnlyChosenToolsAreServed(t *testing.T) {
	t.Parallel()
	chosen, err := tools.Choose(tools.All(), []string{"get_audit_log"}, nil)
	require.NoError(t, err)
	served := server.NewMCPServer("test", "1")
	tools.Register(served, tools.Config{Tools: chosen})
	assert.Len(t, served.ListTools(), 1)
	assert.Contains(t, served.ListTools(), "get_audit_log")
}

func TestAToolThatNamesAViewSaysSoInBothForms(t *testing.T) {
	t.Parallel()
	const view = "ui://make-audit-mcp/heat-map"
	tool := tools.New(tools.Tool{Name: "count_by_hour", View: view},
		func(context.Context, *analysis.Service, schemas.CountAuditLogsArguments) (*schemas.CountAuditLogsResult, error) {
			return nil, nil
		})
	served := server.NewMCPServer("test", "1")
	tools.Register(served, tools.Config{Tools: []tools.Tool{tool}})
	definition, err := json.Marshal(served.ListTools()["count_by_hour"].Tool)
	require.NoError(t, err)
	var shown struct {
		Meta json.RawMessage `json:"_meta"`
	}
	require.NoError(t, json.Unmarshal(definition, &shown))
	assert.JSONEq(t, `{"ui":{"resourceUri":"`+view+`"},"ui/resourceUri":"`+view+`"}`, string(shown.Meta))
}

// TestEveryToolIsListed finds the functions that make a tool and are not asked by All.
func TestEveryToolIsListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	makers := regexp.MustCompile(`(?m)^func ([a-z]\w*)\(\) Tool {`)
	inventory, err := os.ReadFile("inventory.go")
	require.NoError(t, err)
	for _, path := range files {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, maker := range makers.FindAllStringSubmatch(string(source), -1) {
			assert.Contains(t, string(inventory), "\t\t"+maker[1]+"(),\n", "%s: add it to All", path)
		}
	}
}
