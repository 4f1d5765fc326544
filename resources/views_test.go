package resources_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/tools"
)

// view reads a view as a host does.
func view(c *caller, uri string) mcp.TextResourceContents {
	c.T.Helper()
	request := mcp.ReadResourceRequest{}
	request.Params.URI = uri
	result, err := c.ReadResource(c.T.Context(), request)
	require.NoError(c.T, err)
	require.Len(c.T, result.Contents, 1)
	content, isText := result.Contents[0].(mcp.TextResourceContents)
	require.True(c.T, isText)
	return content
}

func TestEveryViewOfAToolIsOneDocumentThatNeedsNothingElse(t *testing.T) {
	t.Parallel()
	c := connect(t, func(context.Context) (*analysis.Service, error) { return nil, errors.New("no key set") })
	outside := regexp.MustCompile(`(?i)https?:|\bsrc=|\bhref=|url\(|@import|\bimport\b[ (]*["'{*]`)
	seen := map[string]bool{}
	for _, tool := range tools.All() {
		if tool.View == "" || seen[tool.View] {
			continue
		}
		seen[tool.View] = true
		content := view(c, tool.View)
		assert.Equal(t, "text/html;profile=mcp-app", content.MIMEType)
		assert.Equal(t, map[string]any{"ui": map[string]any{"prefersBorder": true}}, content.Meta, "no csp: nothing outside")
		assert.LessOrEqual(t, len(content.Text), 150_000)
		code := regexp.MustCompile(`(?m)^\s*(/\*\*|\*).*$`).ReplaceAllString(content.Text, "")
		assert.Empty(t, outside.FindString(code))
		assert.Equal(t, 1, strings.Count(content.Text, "<script"))
	}
	assert.Contains(t, seen, answer.ActivityView)
	assert.Contains(t, seen, answer.FindingsView)
}
