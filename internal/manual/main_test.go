package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheManPageHasEveryCommandFlagAndVariable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run([]string{"0.1.0", "2026-11-28"}, &out))
	page := out.String()
	assert.True(t, strings.HasPrefix(page, `.TH MAKE\-AUDIT\-MCP 1 "2026-11-28" "make-audit-mcp 0.1.0" "User commands"`+"\n"), page[:100])
	for _, part := range []string{
		".SS export\nWrite entries for other programs: NDJSON, CSV, OCSF or ECS.\n",
		".TP\n.BI \"\\-o, \\-\\-output=\" \"FILE\"\nFile to write to, \\- for standard output, which is the default.\n",
		".TP\n.B \\-\\-sse, \\-\\-no\\-sse\n",
		".TP\n.I [TOOL]\nName of the tool, e.g. list_audit_logs; without one, they are listed. TOOL \\-\\-help tells its arguments.\n",
		".nf\nmake\\-audit\\-mcp \\-\\-demo call\nmake\\-audit\\-mcp \\-\\-demo call count_audit_logs \\-\\-help\n",
		".TP\n.B MAKE_ZONE\nStands for\n.BR \\-\\-zone .\n",
		".TP\n.B MCP_ADDRESS\nStands for\n.BR \\-\\-address .\n",
		".SH EXIT STATUS\n",
	} {
		assert.Equal(t, 1, strings.Count(page, part), "%s", part)
	}
	assert.Equal(t, 1, strings.Count(page, ".B MAKE_AUDIT_SYNC_DETAILS\n"), "three commands have it")
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, ".") {
			assert.Regexp(t, `^\.(TH|SH|SS|PP|TP|B|I|BI|BR|RI|RS|RE|nf|fi)\b`, line, "only macros begin with a full stop")
		}
	}
}

func TestTheManPageNeedsAVersionAndADate(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, run(nil, nil), "give version and date, e.g. manual 0.1.0 2026-11-28")
}
