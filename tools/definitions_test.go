package tools_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// definitions are the tools as they go over the wire: mcp-go's client keeps only what it knows of a schema.
func definitions(t *testing.T) map[string]map[string]any {
	t.Helper()
	served := server.NewMCPServer("test", "1", server.WithToolCapabilities(false))
	tools.Register(served, tools.Config{})
	answer, err := json.Marshal(served.HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)))
	require.NoError(t, err)
	var listed struct {
		Result struct {
			Tools []map[string]any `json:"tools"`
		} `json:"result"`
	}
	require.NoError(t, json.Unmarshal(answer, &listed))
	found := map[string]map[string]any{}
	for _, tool := range listed.Result.Tools {
		name, _ := tool["name"].(string)
		found[name] = tool
	}
	return found
}

func TestDefinitionsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	found := definitions(t)
	for name, definition := range found {
		path := filepath.Join("testdata", name+".json")
		requireGolden(t, path, definition)
	}
	requireGolden(t, filepath.Join("..", "clients", "examples.json"), examples(t))
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(t, err)
	assert.Len(t, files, len(found), "a golden file without its tool")
}

// requireGolden compares a value, as indented JSON, with a golden file.
func requireGolden(t *testing.T, path string, value any) {
	t.Helper()
	var got bytes.Buffer
	encoder := auditlog.PlainEncoder(&got)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(value))
	if *update {
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update")
	assert.Equal(t, string(want), got.String(), "if this is meant, run with -update")
}

// examples are the tools' examples, for clients that call every tool there is.
func examples(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	found := map[string]json.RawMessage{}
	for _, tool := range tools.All() {
		if tool.Example != "" {
			require.True(t, json.Valid([]byte(tool.Example)), tool.Name)
			found[tool.Name] = json.RawMessage(tool.Example)
		}
	}
	return found
}

// TestTheReadmeHasARowForEveryTool adds a row for one that is missing, for somebody to say it better.
func TestTheReadmeHasARowForEveryTool(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "README.md")
	readme, err := os.ReadFile(path)
	require.NoError(t, err)
	text := string(readme)
	const head = "| tool | what it does | arguments |\n|---|---|---|\n"
	for name, definition := range definitions(t) {
		if strings.Contains(text, "\n| `"+name+"` |") {
			continue
		}
		if !*update {
			assert.Fail(t, "README.md has no row for "+name, "run with -update")
			continue
		}
		schema, _ := definition["inputSchema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		arguments := "`" + strings.Join(slices.Sorted(maps.Keys(properties)), "`, `") + "`"
		text = strings.Replace(text, head, head+fmt.Sprintf("| `%s` | %s | %s |\n", name, definition["title"], arguments), 1)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

func TestDefinitionsAreCheapToRead(t *testing.T) {
	t.Parallel()
	const (
		charactersPerToken = 4
		mostInAll          = 3_400 // tokens, for all tools together
		mostOfItsOwn       = 300   // beside the filter arguments, which are the same for every tool
	)
	size := func(name string, definition map[string]any) int {
		data, err := json.Marshal(map[string]any{
			"name": name, "description": definition["description"], "inputSchema": definition["inputSchema"],
		})
		require.NoError(t, err)
		return len(data)
	}
	total := 0
	for name, definition := range definitions(t) {
		whole := size(name, definition)
		total += whole
		schema, _ := definition["inputSchema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for field := range reflect.TypeFor[schemas.Filter]().Fields() {
			argument, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			delete(properties, argument)
		}
		own := size(name, definition)
		t.Logf("%s: %d tokens, %d of its own", name, whole/charactersPerToken, own/charactersPerToken)
		assert.LessOrEqual(t, own/charactersPerToken, mostOfItsOwn, name)
	}
	t.Logf("in all: %d tokens", total/charactersPerToken)
	assert.Less(t, total/charactersPerToken, mostInAll)
}

// TestDefinitionsAreGood checks what can be told of a definition's quality without judging: the fixed parts of Glama's tool definition
// quality score.
func TestDefinitionsAreGood(t *testing.T) {
	t.Parallel()
	found := definitions(t)
	orders := regexp.MustCompile(`(?i)\b(always|never|must|you should|you may|do not|don't|make sure|important|call \w+ first|before (using|calling)|ignore|instead of)\b`)
	verb := regexp.MustCompile(`^(Lists|Gets|Counts|Finds|Shows|Tells|Compares) `)
	for name, definition := range found {
		description, _ := definition["description"].(string)
		assert.Regexp(t, `^[a-z][a-z_]{2,63}$`, name)
		assert.Regexp(t, verb, description, "the first sentence says what it does")
		assert.LessOrEqual(t, len(description), 2048)
		assert.NotRegexp(t, orders, description, name)
		mentioned := 0
		for sibling := range found {
			if sibling != name && strings.Contains(description, sibling) {
				mentioned++
			}
		}
		assert.Positive(t, mentioned, "%s names no sibling", name)

		title, _ := definition["title"].(string)
		assert.NotEmpty(t, title)
		assert.NotEqual(t, fold(name), fold(title), "the title only repeats the name")
		assert.Equal(t, map[string]any{
			"title": title, "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": true,
		}, definition["annotations"], name)

		input, _ := definition["inputSchema"].(map[string]any)
		require.NotNil(t, input, name)
		assert.Equal(t, false, input["additionalProperties"], name)
		properties, _ := input["properties"].(map[string]any)
		for parameter, schema := range properties {
			described, _ := schema.(map[string]any)
			text, _ := described["description"].(string)
			assert.NotEmpty(t, text, "%s: %s is not described", name, parameter)
			assert.NotRegexp(t, orders, text, "%s: %s", name, parameter)
		}
		output, _ := definition["outputSchema"].(map[string]any)
		require.NotNil(t, output, "%s has no output schema", name)
		assert.Equal(t, "object", output["type"])
		audittest.Compile(t, input)
		audittest.Compile(t, output)
	}
}

func fold(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", " ", "").Replace(s))
}
