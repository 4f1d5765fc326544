package gosdk_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	demoNow          = "2026-11-20T12:00:00Z"
	demoOrganization = 4721
	root             = "../.."
)

// serverBinary is the server as it is shipped: MAKE_AUDIT_MCP, or built by TestMain.
var serverBinary = os.Getenv("MAKE_AUDIT_MCP")

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if serverBinary == "" {
		directory, err := os.MkdirTemp("", "make-audit-mcp")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(directory) }()
		serverBinary = filepath.Join(directory, "make-audit-mcp")
		build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-o", serverBinary, ".")
		build.Dir, build.Stderr = root, os.Stderr
		if err := build.Run(); err != nil {
			panic(err)
		}
	}
	return m.Run()
}

// session is a connection to a server process of its own, and what the server said on it, in order.
type session struct {
	*mcp.ClientSession
	t   testing.TB
	way mcp.Transport

	mu       sync.Mutex
	progress []*mcp.ProgressNotificationParams
}

// connect starts the server on the demo and shakes hands, over the transport that CLIENT_TRANSPORT chooses: stdio, http or sse.
func connect(t testing.TB) *session {
	t.Helper()
	return connectOver(t, os.Getenv("CLIENT_TRANSPORT"), "")
}

// connectOver asks for a revision of the protocol; without one, for the SDK's latest.
func connectOver(t testing.TB, transport, revision string) *session {
	t.Helper()
	s := &session{t: t, way: open(t, transport)}
	client := mcp.NewClient(&mcp.Implementation{Name: "gosdk-test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, request *mcp.ProgressNotificationClientRequest) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.progress = append(s.progress, request.Params)
		},
	})
	var err error
	s.ClientSession, err = client.Connect(t.Context(), s.way, &mcp.ClientSessionOptions{ProtocolVersion: revision})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func (s *session) toldProgress() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.progress) > 0
}

// call calls a tool that must succeed, checks its structured content against the tool's output schema, and returns it.
func (s *session) call(tool string, arguments map[string]any) map[string]any {
	s.t.Helper()
	result, err := s.CallTool(s.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(s.t, err)
	require.False(s.t, result.IsError, "%s: %s", tool, text(result))
	structured, ok := result.StructuredContent.(map[string]any)
	require.True(s.t, ok)
	data, err := json.Marshal(structured)
	require.NoError(s.t, err)
	assert.JSONEq(s.t, string(data), text(result), "the text block says the same")
	return structured
}

func text(result *mcp.CallToolResult) string {
	var all strings.Builder
	for _, content := range result.Content {
		if block, ok := content.(*mcp.TextContent); ok {
			all.WriteString(block.Text)
		}
	}
	return all.String()
}

// tools are the definitions by name.
func (s *session) tools() map[string]*mcp.Tool {
	s.t.Helper()
	found := map[string]*mcp.Tool{}
	for tool, err := range s.Tools(s.t.Context(), nil) {
		require.NoError(s.t, err)
		found[tool.Name] = tool
	}
	return found
}

func resolve(t testing.TB, schema any) *jsonschema.Resolved {
	t.Helper()
	data, err := json.Marshal(schema)
	require.NoError(t, err)
	var decoded jsonschema.Schema
	require.NoError(t, json.Unmarshal(data, &decoded))
	resolved, err := decoded.Resolve(nil)
	require.NoError(t, err)
	return resolved
}

func list(t testing.TB, value any) []any {
	t.Helper()
	items, ok := value.([]any)
	require.True(t, ok, "no list: %v", value)
	return items
}

func object(t testing.TB, value any) map[string]any {
	t.Helper()
	fields, ok := value.(map[string]any)
	require.True(t, ok, "no object: %v", value)
	return fields
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	hello := connect(t).InitializeResult()
	assert.Equal(t, "make-audit-mcp", hello.ServerInfo.Name)
	assert.NotEmpty(t, hello.ServerInfo.Version)
	assert.NotEmpty(t, hello.Instructions)
	assert.LessOrEqual(t, len(hello.Instructions), 2048, "Claude cuts longer instructions")
	require.NotNil(t, hello.Capabilities.Tools)
	require.NotNil(t, hello.Capabilities.Resources)
	require.NotNil(t, hello.Capabilities.Completions)
	require.NotNil(t, hello.Capabilities.Prompts)
}

func TestToolsAreWellDefined(t *testing.T) {
	t.Parallel()
	tools := connect(t).tools()
	require.NotEmpty(t, tools)
	for name, tool := range tools {
		assert.NotEmpty(t, tool.Title, name)
		assert.NotEmpty(t, tool.Description, name)
		require.NotNil(t, tool.Annotations, name)
		assert.True(t, tool.Annotations.ReadOnlyHint, name)
		assert.True(t, tool.Annotations.IdempotentHint, name)
		require.NotNil(t, tool.Annotations.DestructiveHint, name)
		assert.False(t, *tool.Annotations.DestructiveHint, name)
		resolve(t, tool.InputSchema)
		resolve(t, tool.OutputSchema)
	}
}

// TestEachToolAnswersByItsSchema calls every tool there is: with the examples here, and with the tool's own.
func TestEachToolAnswersByItsSchema(t *testing.T) {
	t.Parallel()
	s := connect(t)
	uuid := object(t, list(t, s.call("list_audit_logs", map[string]any{"limit": 1})["entries"])[0])["uuid"]
	webhook := object(t, list(t, s.call("list_audit_logs",
		map[string]any{"event": "webhook_deleted", "limit": 1, "from": "30d"})["entries"])[0])["target_id"]
	examples := map[string][]map[string]any{
		"list_organizations": {{}},
		"list_audit_log_filters": {
			{}, {"kind": "users", "search": "vesela"}, {"kind": "events", "limit": 3, "organization_id": demoOrganization},
		},
		"list_audit_logs": {
			{},
			{"event": []string{"connection_deleted"}, "from": "30d"},
			{"event": "*_deleted", "period": "last month", "limit": "5", "response_format": "detailed"},
			{"period": "last quarter", "sort_by": "actor", "sort_dir": "asc", "limit": 100},
			{"from": "2020", "to": "2021"},
		},
		"get_audit_log": {{"uuid": []any{uuid}}, {"uuid": []any{uuid, "00000000-0000-4000-8000-000000000000"}}},
		"count_audit_logs": {
			{},
			{"group_by": []string{"actor", "event"}, "event": "*_deleted", "limit": 5, "compare_to_previous": true},
			{"group_by": "category", "from": "all"},
			{"group_by": []string{"weekday", "hour_of_day"}, "period": "last quarter", "timezone": "Asia/Kathmandu", "order_by": "key"},
			{"group_by": []string{"team", "target"}, "hours": "22-06", "weekdays": []string{"weekend"}},
			{"group_by": "day", "from": "2020", "to": "2021"},
			{"group_by": []string{"week", "month"}, "actor": "none", "order_by": "last_at", "limit": "200"},
		},
		"get_actor_activity": {
			{"actor": "Marek Havelka"}, {"actor": "none", "from": "7d"},
			{"actor": "svc-deploy", "period": "last month", "baseline_days": 30},
			{"actor": 5040, "from": "90d"},
			{"actor": "5001", "from": "2020", "to": "2021"},
		},
		"get_target_history": {
			{"target_id": webhook, "kind": "Webhooks"}, {"target_id": webhook, "kind": "webhooks", "limit": 1},
			{"target_id": "no-such-object", "kind": "Keys"},
		},
	}
	data, err := os.ReadFile(filepath.Join(root, "clients", "examples.json"))
	require.NoError(t, err)
	var own map[string]map[string]any
	require.NoError(t, json.Unmarshal(data, &own))
	for name, arguments := range own {
		examples[name] = append(examples[name], arguments)
	}
	for name, tool := range s.tools() {
		require.NotEmpty(t, examples[name], "no example for %s", name)
		schema := resolve(t, tool.OutputSchema)
		for _, arguments := range examples[name] {
			assert.NoError(t, schema.Validate(s.call(name, arguments)), "%s %v", name, arguments)
		}
	}
}

func TestPagesHoldEachEntryOnce(t *testing.T) {
	t.Parallel()
	s := connect(t)
	question := map[string]any{"event": []string{"webhook_*"}, "from": "14d", "limit": 50}
	seen, total := map[any]bool{}, -1
	for page := s.call("list_audit_logs", question); ; {
		assert.Equal(t, true, page["complete"])
		if n, known := page["total"].(float64); known {
			total = int(n)
		}
		for _, entry := range list(t, page["entries"]) {
			uuid := object(t, entry)["uuid"]
			assert.False(t, seen[uuid], "%v twice", uuid)
			seen[uuid] = true
		}
		cursor, more := page["next_cursor"]
		if !more {
			break
		}
		page = s.call("list_audit_logs", map[string]any{"cursor": cursor, "limit": 50})
	}
	assert.Greater(t, len(seen), 50, "more than one page")
	if total >= 0 {
		assert.Len(t, seen, total)
	}
}

func TestProgressComesBeforeTheResult(t *testing.T) {
	t.Parallel()
	s := connect(t)
	params := &mcp.CallToolParams{
		Name:      "list_audit_logs",
		Arguments: map[string]any{"from": "2026-01-01", "to": "now", "sort_by": "targetId", "limit": 1},
		Meta:      mcp.Meta{"progressToken": "the-token"},
	}
	result, err := s.CallTool(t.Context(), params)
	require.NoError(t, err)
	require.False(t, result.IsError, text(result))
	// The SDK hands notifications to their handler in a goroutine of its own: those that came before the result are soon there.
	require.Eventually(t, s.toldProgress, 5*time.Second, 10*time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	last := -1.0
	for _, told := range s.progress {
		assert.Equal(t, "the-token", told.ProgressToken)
		assert.Greater(t, told.Progress, last)
		last = told.Progress
	}
}

func TestMistakesAreExplained(t *testing.T) {
	t.Parallel()
	s := connect(t)
	for _, test := range []struct {
		tool      string
		arguments map[string]any
		says      []string
	}{
		{"list_audit_logs", map[string]any{"form": "7d"}, []string{"form", "from"}},
		{"list_audit_logs", map[string]any{"from": "eventually"}, []string{"eventually", "7d"}},
		{"list_audit_logs", map[string]any{"actor": []string{"Katarina Weis"}}, []string{"Katharina Weiß"}},
		{"list_audit_logs", map[string]any{"cursor": "made-up"}, []string{"cursor"}},
		{"get_audit_log", map[string]any{"uuid": []string{"00000000-0000-4000-8000-000000000000"}}, []string{"list_audit_logs"}},
		{"get_audit_log", map[string]any{}, []string{"uuid"}},
	} {
		result, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: test.tool, Arguments: test.arguments})
		require.NoError(t, err, "%v", test.arguments)
		assert.True(t, result.IsError, "%v", test.arguments)
		for _, words := range test.says {
			assert.Contains(t, text(result), words)
		}
	}
	_, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "delete_everything"})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "delete_everything")
}

func TestResourcesCanBeRead(t *testing.T) {
	t.Parallel()
	s := connect(t)
	var templates []string
	for template, err := range s.ResourceTemplates(t.Context(), nil) {
		require.NoError(t, err)
		templates = append(templates, template.URITemplate)
	}
	assert.ElementsMatch(t, []string{
		"make://organizations/{organization_id}/audit-log-filters",
		"make://teams/{team_id}/audit-log-filters",
		"make://organizations/{organization_id}/audit-logs/{uuid}",
	}, templates)
	uuid, ok := object(t, list(t, s.call("list_audit_logs", map[string]any{"limit": 1})["entries"])[0])["uuid"].(string)
	require.True(t, ok)
	for uri, holds := range map[string]string{
		"make://organizations":                         "Northwind Automation",
		"make://archive/status":                        "no archive",
		"make://organizations/4721/audit-log-filters":  "connection_deleted",
		"make://teams/8104/audit-log-filters":          "connection_deleted",
		"make://organizations/4721/audit-logs/" + uuid: uuid,
	} {
		read, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		require.NoError(t, err, uri)
		require.Len(t, read.Contents, 1, uri)
		assert.Equal(t, uri, read.Contents[0].URI)
		assert.Equal(t, "application/json", read.Contents[0].MIMEType)
		assert.True(t, json.Valid([]byte(read.Contents[0].Text)), uri)
		assert.Contains(t, read.Contents[0].Text, holds)
	}
	for _, uri := range []string{"make://organizations/1/audit-log-filters", "make://nothing",
		"make://organizations/..%2f/audit-log-filters"} {
		_, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		var refused *jsonrpc.Error
		require.ErrorAs(t, err, &refused, uri)
		assert.NotEqual(t, int64(jsonrpc.CodeInternalError), refused.Code, uri)
		assert.JSONEq(t, `{"uri":"`+uri+`"}`, string(refused.Data), uri)
	}
}

func TestAddressesAreCompleted(t *testing.T) {
	t.Parallel()
	s := connect(t)
	complete := func(uri, argument, typed string, earlier map[string]string) []string {
		params := &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/resource", URI: uri},
			Argument: mcp.CompleteParamsArgument{Name: argument, Value: typed},
		}
		if earlier != nil {
			params.Context = &mcp.CompleteContext{Arguments: earlier}
		}
		result, err := s.Complete(t.Context(), params)
		require.NoError(t, err)
		return result.Completion.Values
	}
	assert.Equal(t, []string{"4721"}, complete("make://organizations/{organization_id}/audit-log-filters", "organization_id", "north", nil))
	assert.Equal(t, []string{"8104"}, complete("make://teams/{team_id}/audit-log-filters", "team_id", "sales", nil))
	uuids := complete("make://organizations/{organization_id}/audit-logs/{uuid}", "uuid", "", map[string]string{"organization_id": "4721"})
	require.NotEmpty(t, uuids)
	assert.Contains(t, complete("make://organizations/{organization_id}/audit-logs/{uuid}", "uuid", uuids[0][:6],
		map[string]string{"organization_id": "4721"}), uuids[0])
}

func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	s := connect(t)
	question := map[string]any{"event": []string{"connection_deleted", "webhook_deleted"}, "from": "30d"}
	total := s.call("count_audit_logs", question)["total"]
	question["limit"] = 500
	assert.InDelta(t, s.call("list_audit_logs", question)["returned"], total, 0)
	question["limit"] = 3
	for _, key := range []any{"actor", "event", "day", []string{"team", "hour_of_day"}} {
		question["group_by"] = key
		counted := s.call("count_audit_logs", question)
		assert.Equal(t, total, counted["total"])
		sum, ok := counted["other_count"].(float64)
		require.True(t, ok)
		for _, group := range list(t, counted["groups"]) {
			count, ok := object(t, group)["count"].(float64)
			require.True(t, ok)
			sum += count
		}
		assert.InDelta(t, total, sum, 0, "%v", key)
	}
}

// TestAFollowUpIsOfTheSameEntries: the demo's clock stands still, so that a question put again has to be answered alike.
func TestAFollowUpIsOfTheSameEntries(t *testing.T) {
	t.Parallel()
	s := connect(t)
	first := s.call("count_audit_logs", map[string]any{"from": "90d", "group_by": "event"})
	followUp := s.call("count_audit_logs", map[string]any{"from": "90d", "group_by": "actor", "hours": "22-06"})
	assert.Equal(t, object(t, first["coverage"]), object(t, followUp["coverage"]))
	assert.Equal(t, first, s.call("count_audit_logs", map[string]any{"from": "90d", "group_by": "event"}))
}

func TestALeaverIsReportedInOneCall(t *testing.T) {
	t.Parallel()
	activity := connect(t).call("get_actor_activity", map[string]any{"actor": "Marek Havelka", "from": "30d"})
	assert.InDelta(t, 98, activity["total"], 0)
	assert.Len(t, list(t, activity["by_hour"]), 24)
	assert.NotEmpty(t, list(t, activity["notable"]))
	assert.NotEmpty(t, list(t, activity["findings"]))
}

func TestAHistoryIsPaged(t *testing.T) {
	t.Parallel()
	s := connect(t)
	busiest := list(t, s.call("count_audit_logs",
		map[string]any{"event": "Scenarios", "from": "all", "group_by": "target", "limit": 1})["groups"])[0]
	target := object(t, object(t, busiest)["key"])["target"]
	question := map[string]any{"target_id": target, "kind": "Scenarios", "limit": 4}
	seen, last := map[any]bool{}, ""
	for page := s.call("get_target_history", question); ; page = s.call("get_target_history", question) {
		for _, entry := range list(t, page["entries"]) {
			at, ok := object(t, entry)["triggered_at"].(string)
			require.True(t, ok)
			moment, err := time.Parse(time.RFC3339Nano, at)
			require.NoError(t, err)
			if last != "" {
				before, err := time.Parse(time.RFC3339Nano, last)
				require.NoError(t, err)
				assert.False(t, moment.Before(before), "oldest first")
			}
			last = at
			assert.False(t, seen[object(t, entry)["uuid"]])
			seen[object(t, entry)["uuid"]] = true
		}
		cursor, more := page["next_cursor"]
		if !more {
			break
		}
		question["cursor"] = cursor
	}
	assert.InDelta(t, object(t, busiest)["count"], len(seen), 0)
}

// prompts are the definitions by name.
func (s *session) prompts() map[string]*mcp.Prompt {
	s.t.Helper()
	found := map[string]*mcp.Prompt{}
	for prompt, err := range s.Prompts(s.t.Context(), nil) {
		require.NoError(s.t, err)
		found[prompt.Name] = prompt
	}
	return found
}

// TestEachPromptCarriesData gets every prompt there is; one without an example here fails.
func TestEachPromptCarriesData(t *testing.T) {
	t.Parallel()
	s := connect(t)
	examples := map[string][]map[string]string{
		"security_review":    {nil, {"period": "last month", "team": "Marketing", "organization_id": "4721", "to": ""}},
		"access_review":      {{"from": "30d", "team": "Sales EMEA"}},
		"offboarding_review": {{"actor": "Marek Havelka", "from": "30d"}},
		"report":             {{"period": "2026-10"}, {"period": "2026-11-11", "kind": "access-review", "team": "Marketing"}},
		"incident_timeline": {nil, {"from": "2026-11-11T22:00", "to": "2026-11-11T23:59", "timezone": "Europe/Prague",
			"event": "*_deleted"}},
	}
	prompts := s.prompts()
	require.Len(t, prompts, len(examples))
	for name, prompt := range prompts {
		assert.NotEmpty(t, prompt.Title, name)
		assert.NotEmpty(t, prompt.Description, name)
		for _, argument := range prompt.Arguments {
			assert.NotEmpty(t, argument.Description, "%s: %s", name, argument.Name)
		}
		require.NotEmpty(t, examples[name], "no example for %s", name)
		for _, arguments := range examples[name] {
			result, err := s.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: name, Arguments: arguments})
			require.NoError(t, err, "%s %v", name, arguments)
			require.Greater(t, len(result.Messages), 2, name)
			for i, message := range result.Messages {
				assert.Equal(t, mcp.Role("user"), message.Role)
				block, ok := message.Content.(*mcp.TextContent)
				require.True(t, ok, "%T", message.Content)
				if i == 0 {
					continue
				}
				// The tool and its arguments, then its answer: the same call again gives the same.
				head, answer, found := strings.Cut(block.Text, "\n")
				require.True(t, found, block.Text)
				tool, question, found := strings.Cut(head, " ")
				require.True(t, found, head)
				var asked map[string]any
				require.NoError(t, json.Unmarshal([]byte(question), &asked))
				again := s.call(tool, asked)
				var told map[string]any
				require.NoError(t, json.Unmarshal([]byte(answer), &told))
				delete(again, "next_cursor") // sealed anew each time
				delete(told, "next_cursor")
				assert.Equal(t, again, told, head)
			}
		}
	}
}

func TestPromptsExplainMistakes(t *testing.T) {
	t.Parallel()
	s := connect(t)
	for _, test := range []struct {
		name      string
		arguments map[string]string
		says      string
	}{
		{"offboarding_review", nil, "actor"},
		{"offboarding_review", map[string]string{"actor": ""}, "required"},
		{"offboarding_review", map[string]string{"actor": "Katarina Weis"}, "Katharina Weiß"},
		{"security_review", map[string]string{"form": "7d"}, "did you mean from?"},
		{"incident_timeline", map[string]string{"from": "eventually"}, "eventually"},
		{"review_everything", nil, "review_everything"},
	} {
		_, err := s.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: test.name, Arguments: test.arguments})
		var refused *jsonrpc.Error
		require.ErrorAs(t, err, &refused, "%v", test)
		assert.EqualValues(t, jsonrpc.CodeInvalidParams, refused.Code, "%v", test)
		assert.Contains(t, refused.Message, test.says)
	}
}

func TestArgumentsOfPromptsAreCompleted(t *testing.T) {
	t.Parallel()
	s := connect(t)
	complete := func(argument, typed string, earlier map[string]string) []string {
		params := &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "incident_timeline"},
			Argument: mcp.CompleteParamsArgument{Name: argument, Value: typed},
		}
		if earlier != nil {
			params.Context = &mcp.CompleteContext{Arguments: earlier}
		}
		result, err := s.Complete(t.Context(), params)
		require.NoError(t, err)
		assert.Len(t, result.Completion.Values, result.Completion.Total)
		return result.Completion.Values
	}
	assert.Equal(t, []string{"lucie.maresova@northwind.example"}, complete("actor", "maresova", nil))
	assert.Equal(t, []string{"Marketing"}, complete("team", "market", map[string]string{"organization_id": "4721"}))
	assert.Contains(t, complete("event", "connection", nil), "connection_deleted")
	assert.Equal(t, []string{"last week", "last month", "last quarter", "last year"}, complete("period", "last", nil))
	assert.Equal(t, []string{"4721"}, complete("organization_id", "north", nil))
	assert.Empty(t, complete("target_id", "1", nil))
	// Everything that a prompt takes is either completed or answered with nothing.
	for name, prompt := range s.prompts() {
		for _, argument := range prompt.Arguments {
			_, err := s.Complete(t.Context(), &mcp.CompleteParams{
				Ref: &mcp.CompleteReference{Type: "ref/prompt", Name: name}, Argument: mcp.CompleteParamsArgument{Name: argument.Name},
			})
			require.NoError(t, err, "%s: %s", name, argument.Name)
		}
	}
	_, err := s.Complete(t.Context(), &mcp.CompleteParams{
		Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "incident_timeline"},
		Argument: mcp.CompleteParamsArgument{Name: "actor"},
		Context:  &mcp.CompleteContext{Arguments: map[string]string{"organization_id": "12"}},
	})
	require.ErrorContains(t, err, "not visible")
}
