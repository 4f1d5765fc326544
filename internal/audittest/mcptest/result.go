package mcptest

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxResult bounds a result's structured content, in characters.
const maxResult = 40_000

// Result is a tool's result.
type Result struct {
	IsError bool
	// Text is the text block; Raw the structured content, nil if there is none.
	Text string
	Raw  []byte
}

// Call calls a tool and checks what holds of every result: it is valid by the output schema, the text says the same, nothing in it
// deceives, and it fits.
func (c *Client) Call(tool string, arguments any) Result {
	c.T.Helper()
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = tool, arguments
	return c.Send(request)
}

// Send is [Client.Call] for a request.
func (c *Client) Send(request mcp.CallToolRequest) Result {
	c.T.Helper()
	result, err := c.CallTool(context.WithoutCancel(c.T.Context()), request)
	if c.OnResult != nil {
		c.OnResult()
	}
	require.NoError(c.T, err, "a protocol error instead of a tool's")
	require.Len(c.T, result.Content, 1)
	content, ok := result.Content[0].(mcp.TextContent)
	require.True(c.T, ok)
	r := Result{IsError: result.IsError, Text: content.Text}
	RequireClean(c.T, r.Text)
	if result.StructuredContent == nil {
		require.True(c.T, r.IsError, "a result without structured content")
		return r
	}
	r.Raw = result.RawStructuredContent
	require.NoError(c.T, c.output(request.Params.Name).Validate(result.StructuredContent), "%s", r.Raw)
	RequireClean(c.T, flatten(result.StructuredContent))
	require.Less(c.T, utf8.RuneCount(r.Raw), maxResult)
	if !r.IsError && string(r.Raw) != r.Text {
		require.JSONEq(c.T, string(r.Raw), r.Text) // they escape otherwise
	}
	return r
}

// Fails calls a tool that must answer with an error, and returns its text.
func (c *Client) Fails(tool string, arguments any, says ...string) string {
	c.T.Helper()
	r := c.Call(tool, arguments)
	require.True(c.T, r.IsError, "no error: %s", r.Text)
	for _, words := range says {
		assert.Contains(c.T, r.Text, words)
	}
	return r.Text
}

// OK calls a tool that must succeed, and reads its result.
func OK[R any](c *Client, tool string, arguments any) R {
	c.T.Helper()
	r := c.Call(tool, arguments)
	require.False(c.T, r.IsError, r.Text)
	return Read[R](c.T, r)
}

// Read reads a result's structured content.
func Read[R any](t testing.TB, r Result) R {
	t.Helper()
	var result R
	require.NoError(t, json.Unmarshal(r.Raw, &result))
	return result
}

// outputs are the schemas of the tools' results by name, which are the same to all.
var outputs sync.Map

func (c *Client) output(tool string) *validator.Schema {
	c.T.Helper()
	known, ok := outputs.Load(tool)
	if !ok {
		listed, err := c.ListTools(context.WithoutCancel(c.T.Context()), mcp.ListToolsRequest{})
		require.NoError(c.T, err)
		at := slices.IndexFunc(listed.Tools, func(t mcp.Tool) bool { return t.Name == tool })
		require.GreaterOrEqual(c.T, at, 0, tool)
		known, _ = outputs.LoadOrStore(tool, Compile(c.T, listed.Tools[at].OutputSchema))
	}
	schema, ok := known.(*validator.Schema)
	require.True(c.T, ok)
	return schema
}

// Compile compiles a JSON Schema.
func Compile(t testing.TB, described any) *validator.Schema {
	t.Helper()
	raw, err := json.Marshal(described)
	require.NoError(t, err)
	document, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	compiler := validator.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("mem://schema", document))
	schema, err := compiler.Compile("mem://schema")
	require.NoError(t, err)
	return schema
}

// RequireClean fails for anything in a text that is invisible, reorders or controls, or makes markup; the newline of our own prose aside.
func RequireClean(t testing.TB, text string) {
	t.Helper()
	var before rune
	for _, r := range text {
		isTag := before == '<' && (r <= unicode.MaxASCII && unicode.IsLetter(r) || strings.ContainsRune("/!?", r))
		if isTag || before == ']' && strings.ContainsRune("([:", r) {
			require.Failf(t, "markup", "%c%c in %q", before, r, text)
		}
		before = r
		if r >= ' ' && r <= '~' {
			continue // most of it, and there is much of it
		}
		if r != '\n' && (unicode.Is(unicode.C, r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Variation_Selector) ||
			r == utf8.RuneError) {
			require.Failf(t, "hostile character", "%U in %q", r, text)
		}
	}
}

// flatten is all the text in a decoded value, keys included, each on a line of its own.
func flatten(value any) string {
	switch value := value.(type) {
	case string:
		return value + "\n"
	case []any:
		var all strings.Builder
		for _, item := range value {
			all.WriteString(flatten(item))
		}
		return all.String()
	case map[string]any:
		var all strings.Builder
		for key, item := range value {
			all.WriteString(key + "\n" + flatten(item))
		}
		return all.String()
	}
	return ""
}
