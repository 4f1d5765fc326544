package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
)

func TestPagesSayWhatTheCodeSays(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	problems, err := run(t.Context(), "../..", true)
	require.NoError(t, err)
	assert.Empty(t, problems, "go run ./docs/generate fills the tables; the rest is for you")
}

func TestLinksThatLeadNowhereAreNamed(t *testing.T) {
	t.Parallel()
	pages := []*page{
		{path: "README.md", text: "# A page\n[a](docs/a.md#one-two) [self](#a-page) [far](https://example.com/x)\n```sh\n[no](link.md)\n```\n"},
		{path: "docs/a.md", text: "# A\n## One `two`\n[b](../README.md#nothing)\n[c](missing.md)\n"},
		{path: "docs/lost.md", text: "# Lost\n"},
	}
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "docs"), 0o755))
	for _, page := range pages {
		require.NoError(t, os.WriteFile(filepath.Join(root, page.path), []byte(page.text), 0o644))
	}
	assert.ElementsMatch(t, []string{
		"docs/a.md:3: links to ../README.md#nothing, which has no such heading",
		"docs/a.md:4: links to missing.md, which is not there",
		"docs/lost.md: no link from README.md leads here",
	}, checkLinks(root, pages))
}

func TestFlagsAndVariablesThatAreNotThereAreNamed(t *testing.T) {
	t.Parallel()
	problems, err := checkNames("../..", []*page{
		{path: "docs/a.md", text: "`--archive FILE`, `--no-sse`, `MAKE_ZONE`, `MAKE_API_KEY`, `MAKE_AUDIT_MCP_BINARY`\n`--archives`, MAKE_ZONES\n"},
		{path: "CONTRIBUTING.md", text: "`--archives`\n"},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"docs/a.md:2: there is no MAKE_ZONES", "docs/a.md:2: there is no --archives"}, problems)
}

func TestREADMEStaysWithinFiveScreens(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("line\n", 251)
	assert.Empty(t, checkLength([]*page{{path: "README.md", text: long[5:]}, {path: "docs/a.md", text: long}}))
	assert.Equal(t, []string{"README.md has 251 lines, more than 250: move some of it to docs/"},
		checkLength([]*page{{path: "README.md", text: long}}))
}

func TestAPartIsFilledBetweenItsMarks(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	text := "a\n<!-- generated: x -->\nold\n<!-- /generated -->\nb\n"
	filled, err := (&page{text: text}).fill(map[string]string{"x": "new\n"}, used)
	require.NoError(t, err)
	assert.Equal(t, "a\n<!-- generated: x -->\n\nnew\n\n<!-- /generated -->\nb\n", filled)
	assert.Equal(t, map[string]bool{"x": true}, used)
	again, err := (&page{text: filled}).fill(map[string]string{"x": "new\n"}, used)
	require.NoError(t, err)
	assert.Equal(t, filled, again)
	_, err = (&page{path: "a.md", text: text}).fill(nil, used)
	require.ErrorContains(t, err, "a.md: there is no part x")
}

func TestCellsDoNotEndTheirTable(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "| a |\n|---|\n| this\\|last &lt;x> \\*_deleted |\n", table([]string{"a"}, [][]string{{"this|last <x> *_deleted"}}))
}

// TestEveryMetricIsFound counts the ways in which the code makes metrics, so that a new way is noticed.
func TestEveryMetricIsFound(t *testing.T) {
	t.Parallel()
	parts := map[string]string{}
	require.NoError(t, addMetrics("../..", parts))
	for _, row := range []string{
		"| `make_audit_mcp_build_info` | gauge | `version` | 1, with the version as a label. |",
		"| `make_audit_mcp_callers` | gauge |  | Callers with a key of their own whose sessions with Make are kept. |",
		"| `make_audit_mcp_refused_requests_total` | counter | `reason` | HTTP requests that a guard refused. |",
		"| `mcp_server_operation_duration_seconds` | histogram | `gen_ai_tool_name`, `mcp_method_name`, `outcome`, `transport` | MCP requests served. |",
	} {
		assert.Contains(t, parts["metrics"], row+"\n")
	}
}
