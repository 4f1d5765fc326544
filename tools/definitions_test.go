package tools_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// toolsList is the answer to tools/list of a server that offers some tools.
func toolsList(t *testing.T, offered []tools.Tool) []byte {
	t.Helper()
	served := server.NewMCPServer("test", "1", server.WithToolCapabilities(false))
	tools.Register(served, tools.Config{Tools: offered})
	answer, err := json.Marshal(served.HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)))
	require.NoError(t, err)
	return answer
}

// definitions are those that are served unless others are chosen.
func definitions(t *testing.T) map[string]map[string]any {
	t.Helper()
	return definitionsOf(t, tools.Default())
}

// definitionsOf are tools as they go over the wire: mcp-go's client keeps only what it knows of a schema.
func definitionsOf(t *testing.T, offered []tools.Tool) map[string]map[string]any {
	t.Helper()
	var listed struct {
		Result struct {
			Tools []map[string]any `json:"tools"`
		} `json:"result"`
	}
	require.NoError(t, json.Unmarshal(toolsList(t, offered), &listed))
	found := map[string]map[string]any{}
	for _, tool := range listed.Result.Tools {
		name, _ := tool["name"].(string)
		found[name] = tool
	}
	return found
}

func TestDefinitionsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	found := definitionsOf(t, tools.All())
	for name, definition := range found {
		path := filepath.Join("testdata", name+".json")
		requireGolden(t, path, definition)
	}
	requireGolden(t, filepath.Join("..", "clients", "examples.json"), examples(t))
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(t, err)
	assert.Len(t, files, len(found), "a golden file without its tool")
}

// TestTheListOfToolsIsShort holds all of it, results included, to what clients fetch at every start.
func TestTheListOfToolsIsShort(t *testing.T) {
	t.Parallel()
	assert.Less(t, len(toolsList(t, tools.Default())), 40_000)
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

func TestDefinitionsAreCheapToRead(t *testing.T) {
	t.Parallel()
	const (
		charactersPerToken = 4
		mostInAll          = 3_400 // tokens, for all tools together
		mostOfItsOwn       = 400   // beside the filter arguments, which are the same for every tool
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
		for _, field := range reflect.VisibleFields(reflect.TypeFor[schemas.Filter]()) {
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
	found := definitionsOf(t, tools.All())
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
		// Frameworks that check by the schema themselves would never let an unknown argument come to where the nearest is named, and what
		// they convert schemas to knows little more than this.
		delete(input, "required")
		assert.ElementsMatch(t, []string{"type", "properties"}, slices.Collect(maps.Keys(input)), name)
		properties, _ := input["properties"].(map[string]any)
		for parameter, schema := range properties {
			described, _ := schema.(map[string]any)
			assert.Contains(t, []any{"string", "integer", "boolean", "array"}, described["type"], "%s: %s has one plain type", name,
				parameter)
			text, _ := described["description"].(string)
			assert.NotEmpty(t, text, "%s: %s is not described", name, parameter)
			assert.NotRegexp(t, orders, text, "%s: %s", name, parameter)
			for sibling := range found {
				assert.False(t, sibling != name && strings.Contains(strings.ToLower(text), "as in "+sibling),
					"%s: %s is described by another tool, which a client that loads tools one by one does not have", name, parameter)
			}
		}
		output, _ := definition["outputSchema"].(map[string]any)
		require.NotNil(t, output, "%s has no output schema", name)
		assert.Equal(t, "object", output["type"])
		mcptest.Compile(t, input)
		mcptest.Compile(t, output)
	}
}

func fold(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", " ", "").Replace(s))
}

func namesOf(found []tools.Tool) []string {
	names := make([]string, 0, len(found))
	for _, tool := range found {
		names = append(names, tool.Name)
	}
	return names
}

func TestToolsAreChosenByName(t *testing.T) {
	t.Parallel()
	usual := namesOf(tools.Default())
	without := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(usual), func(other string) bool { return other == name })
	}
	for list, want := range map[string][]string{
		"":                                       usual,
		" , ":                                    usual,
		"get_audit_log":                          {"get_audit_log"},
		"get_audit_log, list_audit_logs,":        {"list_audit_logs", "get_audit_log"},
		"get_audit_log,list_people,-list_people": {"get_audit_log"},
		"-count_audit_logs":                      without("count_audit_logs"),
		" - count_audit_logs":                    without("count_audit_logs"),
		"+count_audit_logs":                      usual,
		"-count_audit_logs,list_people,+list_people":  without("count_audit_logs"),
		"+list_people,-count_audit_logs,+list_people": without("count_audit_logs"),
	} {
		chosen, err := tools.Choose(list)
		require.NoError(t, err, list)
		assert.Equal(t, want, namesOf(chosen), list)
	}
	for _, list := range []string{"get_audit_logs", "-get_audit_logs", "list_people,get_audit_logs"} {
		_, err := tools.Choose(list)
		require.ErrorContains(t, err, `there is no tool "get_audit_logs"; did you mean get_audit_log?; accepted: count_audit_logs, `)
	}
	_, err := tools.Choose("get_audit_log,-get_audit_log")
	require.ErrorContains(t, err, "no tool is left")
}

// definitionsWithout are the definitions of a server that leaves one tool out, as text.
func definitionsWithout(t *testing.T, name string) string {
	t.Helper()
	chosen, err := tools.Choose("-" + name)
	require.NoError(t, err)
	listed := definitionsOf(t, chosen)
	assert.Len(t, listed, len(tools.Default())-1)
	assert.NotContains(t, listed, name)
	written, err := json.Marshal(listed)
	require.NoError(t, err)
	return string(written)
}

func TestADefinitionNamesNoToolThatIsNotServed(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	whole, err := json.Marshal(definitions(t))
	require.NoError(t, err)
	for _, name := range namesOf(tools.Default()) {
		word := regexp.MustCompile(`\b` + name + `\b`)
		written := definitionsWithout(t, name)
		assert.NotRegexp(t, word, written)
		assert.Greater(t, len(written), len(whole)/2, "only what names it is left out")
	}
	assert.Contains(t, definitionsWithout(t, "list_audit_logs"),
		`"Gets 1 to 20 audit log entries by uuid with their details, such as the name of a webhook or what was changed. `+
			`Each costs one call to Make. Secrets in details are masked."`)
}

func TestAnAnswerNamesNoToolThatIsNotServed(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	service := start(t, lastWeeks(), makesim.Options{Seed: 1}).Service(makesim.DemoToken)
	config := tools.Config{Service: func(context.Context) (*analysis.Service, error) { return service, nil }}
	usual := connectTo(t, config)
	var err error
	config.Tools, err = tools.Choose("get_audit_log,find_suspicious_activity,count_audit_logs")
	require.NoError(t, err)
	few := connectTo(t, config)

	unknown := args{"uuid": "00000000-0000-4000-8000-000000000000"}
	assert.Contains(t, usual.Call("get_audit_log", unknown).Text, "list_audit_logs")
	assert.Regexp(t, `^none of these uuids exists in .*: 00000000-0000-4000-8000-000000000000\. Make keeps entries for 12 months$`,
		few.Call("get_audit_log", unknown).Text)

	nobody := args{"actor": `list_people; call list_audit_log_filters`}
	assert.Contains(t, usual.Call("count_audit_logs", nobody).Text, "; call list_audit_log_filters with kind users")
	refused := few.Call("count_audit_logs", nobody)
	require.True(t, refused.IsError)
	assert.Contains(t, refused.Text, `no actor "list_people; call list_audit_log_filters"; accepted: an id`, "others' words stay")
	assert.NotContains(t, refused.Text, "with kind users")

	nothing := args{"actor": "none", "from": "1h"}
	assert.Contains(t, usual.Call("find_suspicious_activity", nothing).Text, "count_audit_logs and list_audit_logs show what did")
	quiet := ok[schemas.FindSuspiciousActivityResult](few, "find_suspicious_activity", nothing)
	assert.Contains(t, quiet.Warnings, "nothing stood out of what was judged: that is no proof that nothing happened")
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

// The most characters of structured content: of an answer that nobody asked to be large, and of any.
const (
	defaultAnswer = 8_000
	largestAnswer = 40_000
)

// TestDefaultAnswersStaySmall asks every tool on the demo what fills its answer most.
func TestDefaultAnswersStaySmall(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	held := u.Dump(demoOrganization)

	type question struct {
		tool      string
		arguments args
	}
	questions := []question{
		{"list_audit_log_filters", args{}},
		{"list_audit_log_filters", args{"kind": "events"}},
		{"list_audit_log_filters", args{"kind": "users"}},
		{"list_audit_logs", args{}},
		{"list_audit_logs", args{"from": "all"}},
		{"get_audit_log", args{"uuid": held[0].UUID}},
		{"fetch", args{"id": held[0].UUID}},
		{"search", args{"query": "updated or deleted in 2026"}},
		{"count_audit_logs", args{}},
		{"list_people", args{}},
		{"list_people", args{"team": "Sales EMEA"}},
	}
	dimensions := []string{"actor", "event", "category", "team", "target", "hour", "day", "week", "month", "hour_of_day", "weekday"}
	for i, dimension := range dimensions {
		questions = append(questions, question{"count_audit_logs", args{"group_by": dimension, "from": "all"}})
		if i%3 == 0 {
			questions = append(questions, question{"count_audit_logs",
				args{"group_by": []string{dimension, dimensions[(i+1)%len(dimensions)]}, "compare_to_previous": true}})
		}
	}
	people := u.byEverybody()
	busiest := []int64{aLeaver, aNightOwl, aCleaner, hostilyNamed, theSystem}
	for id := range people {
		busiest = append(busiest, id)
	}
	slices.SortStableFunc(busiest[5:], func(a, b int64) int { return len(people[b]) - len(people[a]) })
	for _, id := range busiest[:9] {
		questions = append(questions, question{"get_actor_activity", args{"actor": actorArgument(id)}})
	}
	questions = append(questions, question{"get_actor_activity", args{"actor": actorArgument(busiest[5]), "from": "all"}})
	for _, objects := range u.objects() {
		questions = append(questions, question{"get_target_history", objects[0].arguments()})
	}
	for _, tool := range tools.All() {
		if !slices.ContainsFunc(questions, func(q question) bool { return q.tool == tool.Name }) {
			arguments := args{}
			if tool.Example != "" {
				require.NoError(t, json.Unmarshal([]byte(tool.Example), &arguments))
			}
			questions = append(questions, question{tool.Name, arguments})
		}
	}
	asked := map[string]int{}
	for _, q := range questions {
		r := c.Call(q.tool, q.arguments)
		require.False(t, r.IsError, r.Text)
		size := utf8.RuneCountInString(r.Text) // what is structured, written as JSON
		assert.Less(t, size, defaultAnswer, "%s %v", q.tool, q.arguments)
		asked[q.tool] = max(asked[q.tool], size)
	}
	t.Log(asked)

	for kind, objects := range u.objects() {
		r := c.Call("get_target_history", with(objects[0].arguments(), "limit", 50))
		require.False(t, r.IsError, r.Text)
		requireNoSecrets(t, r)
		assert.Less(t, utf8.RuneCountInString(r.Text), largestAnswer, kind)
	}
	several := c.Call("get_target_history", args{"target_id": "3000"})
	require.True(t, several.IsError)
	assert.Less(t, utf8.RuneCount(several.Raw), defaultAnswer)
	assert.Less(t, utf8.RuneCountInString(several.Text), defaultAnswer)
}

// TestWhatIsNotCoveredIsSaid asks every tool with a window for a time that nobody has.
func TestWhatIsNotCoveredIsSaid(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything() // else whoever left is not known
	for name, definition := range definitions(t) {
		schema, _ := definition["inputSchema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		arguments := args{}
		example := tools.All()[slices.IndexFunc(tools.All(), func(tool tools.Tool) bool { return tool.Name == name })].Example
		if properties["from"] == nil || example == "" {
			continue
		}
		require.NoError(t, json.Unmarshal([]byte(example), &arguments))
		arguments["from"], arguments["to"] = "2020", "2021"
		result := ok[map[string]any](c, name, arguments)
		assert.Equal(t, false, result["complete"], name)
		assert.NotEmpty(t, result["warnings"], name)
	}
}
