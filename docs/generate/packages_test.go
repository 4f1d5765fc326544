package main

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLinksOfOneClickHoldNoKey(t *testing.T) {
	t.Parallel()
	cursor, err := url.Parse(addToCursor("@acme/make-audit-mcp"))
	require.NoError(t, err)
	assert.Equal(t, "cursor.com/en/install-mcp", cursor.Host+cursor.Path)
	config, err := base64.StdEncoding.DecodeString(cursor.Query().Get("config"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"type":"stdio","command":"npx","args":["-y","@acme/make-audit-mcp"],
		"env":{"MAKE_API_KEY":"${env:MAKE_API_KEY}","MAKE_ZONE":"${env:MAKE_ZONE}"}}`, string(config))

	code, err := url.Parse(addToVSCode("@acme/make-audit-mcp"))
	require.NoError(t, err)
	assert.Equal(t, "vscode.dev/redirect/mcp/install", code.Host+code.Path)
	assert.NotContains(t, code.RawQuery, "+")
	assert.JSONEq(t, `{"type":"stdio","command":"npx","args":["-y","@acme/make-audit-mcp"],
		"env":{"MAKE_API_KEY":"${input:make-api-key}","MAKE_ZONE":"${input:make-zone}"}}`, code.Query().Get("config"))
	var inputs []struct {
		ID       string
		Password bool
	}
	require.NoError(t, json.Unmarshal([]byte(code.Query().Get("inputs")), &inputs))
	require.Len(t, inputs, 2)
	assert.Equal(t, "make-api-key", inputs[0].ID)
	assert.True(t, inputs[0].Password)
}
