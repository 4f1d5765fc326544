package questions_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/bench/questions"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/makesim"
)

// tool is an MCP server with one tool, which answers the same to every call.
func tool(answer string) func(context.Context) (*questions.Session, error) {
	return func(context.Context) (*questions.Session, error) {
		toServer, in := io.Pipe()
		out, fromServer := io.Pipe()
		go func() {
			lines := bufio.NewScanner(toServer)
			for lines.Scan() {
				var request struct {
					ID     *int   `json:"id"`
					Method string `json:"method"`
				}
				if json.Unmarshal(lines.Bytes(), &request) != nil || request.ID == nil {
					continue
				}
				result := map[string]any{
					"initialize": map[string]any{"protocolVersion": "2025-06-18", "instructions": "Ask count."},
					"tools/list": map[string]any{"tools": []any{map[string]any{"name": "count", "description": "Counts.",
						"inputSchema": map[string]any{"type": "object"}}}},
					"tools/call": map[string]any{"content": []any{map[string]any{"type": "text", "text": answer}}},
				}[request.Method]
				encoded, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": *request.ID, "result": result})
				if err == nil {
					// What a client has to pass over comes first.
					_, _ = fmt.Fprintf(fromServer, "starting\n"+`{"jsonrpc":"2.0","method":"notifications/progress"}`+"\n"+`{"jsonrpc":"2.0","id":0,"result":{}}`+"\n%s\n", encoded)
				}
			}
		}()
		return questions.Connect(in, out, func() { _ = fromServer.Close() })
	}
}

// model is a model made of a function.
type model func(ctx context.Context, c *questions.Conversation) (questions.Turn, error)

func (m model) Next(ctx context.Context, c *questions.Conversation) (questions.Turn, error) {
	return m(ctx, c)
}
func (m model) Close() {}

func calling(arguments string) questions.Turn {
	return questions.Turn{Calls: []questions.Call{{ID: "1", Tool: "count", Arguments: json.RawMessage(arguments)}}}
}

// shared is the demo, made once. Requests to it are nobody's in particular.
var shared = sync.OnceValues(func() (*questions.Make, error) { return questions.StartMake(context.Background()) })

// runner asks a model over the tool; one question's truth is 142.
func runner(t *testing.T, m questions.Model) *questions.Runner {
	t.Helper()
	logtest.NotUnderRace(t)
	upstream, err := shared()
	require.NoError(t, err)
	return &questions.Runner{Make: upstream, Server: questions.Server{Name: "little"}, ModelName: "made up",
		Model: func(questions.Question) (questions.Model, error) { return m, nil }, Bounds: questions.DefaultBounds(), Connect: tool(`{"total":142}`)}
}

func chosen(t *testing.T, ids ...string) []questions.Question {
	t.Helper()
	all, err := questions.All()
	require.NoError(t, err)
	var some []questions.Question
	for _, id := range ids {
		for _, q := range all {
			if q.ID == id {
				some = append(some, q)
			}
		}
	}
	require.Len(t, some, len(ids))
	return some
}

func only(t *testing.T, r *questions.Runner) questions.Outcome {
	t.Helper()
	outcomes, err := r.Run(t.Context(), chosen(t, "single-1"))
	require.NoError(t, err)
	require.Len(t, outcomes, 1)
	return outcomes[0]
}

func TestTheScriptIsRightByOurToolsOverStdio(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	upstream, err := questions.StartMake(t.Context())
	require.NoError(t, err)
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(makesim.DemoToken), 0o600))
	r := &questions.Runner{Make: upstream, Server: questions.Server{Name: questions.Ours}, ModelName: "script",
		Model: questions.Script(questions.Ours), Bounds: questions.DefaultBounds(),
		Connect: func(context.Context) (*questions.Session, error) {
			toServer, in := io.Pipe()
			out, fromServer := io.Pipe()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				cli.Main([]string{"--api-url", upstream.URL, "--api-key-file", key, "--requests-per-minute", "unlimited", "stdio"},
					cli.Streams{In: toServer, Out: fromServer, Err: io.Discard}, "")
			}()
			return questions.Connect(in, out, func() { <-ended })
		}}
	outcomes, err := r.Run(t.Context(), chosen(t, "single-1", "several-2", "incident-4", "unanswerable-1"))
	require.NoError(t, err)
	for i, calls := range []int{1, 2, 3, 1} {
		assert.Equal(t, questions.Right, outcomes[i].Verdict, outcomes[i].Reason)
		assert.Equal(t, calls, outcomes[i].Calls)
		assert.Positive(t, outcomes[i].Requests)
		assert.Greater(t, outcomes[i].Tokens, 3000, "the definitions of the tools are read as well")
	}
}

func TestAScriptWithoutWhatItNeedsSaysSoInsteadOfGuessing(t *testing.T) {
	t.Parallel()
	r := runner(t, nil)
	r.Model = questions.Script(questions.Ours) // calls tools that are not there
	o := only(t, r)
	assert.Equal(t, questions.Unanswered, o.Verdict)
	assert.Contains(t, o.Reason, `There is no tool \"count_audit_logs\"`)
}

func TestTokensAreOfEachTextThatWasReadOnce(t *testing.T) {
	t.Parallel()
	short := runner(t, model(func(_ context.Context, c *questions.Conversation) (questions.Turn, error) {
		if len(c.Messages) < 4 {
			return calling(`{}`), nil
		}
		return questions.Turn{Text: "ANSWER: 142"}, nil
	}))
	long := *short
	long.Connect = tool(`{"total":142}` + strings.Repeat("ř", 4000))
	a, b := only(t, short), only(t, &long)
	assert.Equal(t, questions.Right, a.Verdict)
	assert.Equal(t, 2, a.Calls)
	assert.Equal(t, 2*4000/4, b.Tokens-a.Tokens)
}

func TestEndlessLoopsLongResultsAndSlowModelsAreStopped(t *testing.T) {
	t.Parallel()
	r := runner(t, model(func(context.Context, *questions.Conversation) (questions.Turn, error) { return calling(`{}`), nil }))
	o := only(t, r)
	assert.Equal(t, questions.Unanswered, o.Verdict)
	assert.Equal(t, "over 40 calls", o.Reason)
	assert.Equal(t, 40, o.Calls)

	r.Connect = tool(strings.Repeat("x", 300_000))
	o = only(t, r)
	assert.Equal(t, questions.Unanswered, o.Verdict)
	assert.Equal(t, "over 200000 tokens", o.Reason)
	assert.Equal(t, 3, o.Calls)

	r.Bounds.Time = time.Millisecond
	r.Model = func(questions.Question) (questions.Model, error) {
		return model(func(ctx context.Context, _ *questions.Conversation) (questions.Turn, error) {
			<-ctx.Done()
			return questions.Turn{}, ctx.Err()
		}), nil
	}
	o = only(t, r)
	assert.Equal(t, questions.Unanswered, o.Verdict)
	assert.Equal(t, "over 1ms", o.Reason)
}

func TestARunGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	asked, broken := []string{}, true
	r := runner(t, nil)
	r.Transcripts = t.TempDir()
	r.Model = func(q questions.Question) (questions.Model, error) {
		asked = append(asked, q.ID)
		if q.ID == "single-2" && broken {
			return nil, errors.New("out of credit")
		}
		return model(func(_ context.Context, c *questions.Conversation) (questions.Turn, error) {
			if len(c.Messages) == 0 {
				return calling(`{"period":"2026-10"}`), nil
			}
			return questions.Turn{Text: "ANSWER: 142"}, nil
		}), nil
	}
	three := chosen(t, "single-1", "single-2", "trap-1")
	outcomes, err := r.Run(t.Context(), three)
	require.ErrorContains(t, err, "question single-2: out of credit")
	require.Len(t, outcomes, 1)

	broken = false
	outcomes, err = r.Run(t.Context(), three)
	require.NoError(t, err)
	assert.Equal(t, []string{"single-1", "single-2", "single-2", "trap-1"}, asked)
	assert.Equal(t, []questions.Verdict{questions.Right, questions.WrongAndConfident, questions.WrongAndConfident},
		[]questions.Verdict{outcomes[0].Verdict, outcomes[1].Verdict, outcomes[2].Verdict})
	assert.Equal(t, 1, outcomes[0].Calls)

	// One that was cut off, and one of another model, are asked anew.
	folder := filepath.Join(r.Transcripts, "little-made-up")
	whole, err := os.ReadFile(filepath.Join(folder, "single-1.ndjson"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(whole)), "\n")
	require.Len(t, lines, 5) // begun, said, returned, said, outcome
	assert.Contains(t, lines[2], `"text":"{\"total\":142}"`)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "single-1.ndjson"), []byte(strings.Join(lines[:4], "\n")), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "trap-1.ndjson"), []byte(strings.Replace(string(whole), "made up", "other", 1)), 0o600))
	_, err = r.Run(t.Context(), three)
	require.NoError(t, err)
	assert.Equal(t, []string{"single-1", "trap-1"}, asked[4:])
}

// endpoint is a model's endpoint that answers with one body after the other, the last again and again.
type endpoint struct {
	*questions.Endpoint
	requests []map[string]any
	headers  []http.Header
	waits    []time.Duration
}

type answer struct {
	status int
	body   string
	header http.Header
}

func serve(t *testing.T, api questions.API, answers ...answer) *endpoint {
	t.Helper()
	e := &endpoint{}
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := map[questions.API]string{questions.OpenAI: "/v1/chat/completions", questions.Anthropic: "/v1/messages"}[api]
		if r.URL.Path != path || r.Method != http.MethodPost {
			http.NotFound(w, r)
			return
		}
		var request map[string]any
		if json.NewDecoder(r.Body).Decode(&request) != nil {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
		e.requests, e.headers = append(e.requests, request), append(e.headers, r.Header)
		a := answers[min(int(n.Add(1)), len(answers))-1]
		for name := range a.header {
			w.Header().Set(name, a.header.Get(name))
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(server.Close)
	e.Endpoint = &questions.Endpoint{API: api, URL: server.URL + "/v1", Model: "m-1", Key: "k-secret", HTTP: server.Client(),
		Wait: func(_ context.Context, d time.Duration) error { e.waits = append(e.waits, d); return nil }}
	return e
}

func (e *endpoint) runner(t *testing.T) *questions.Runner {
	t.Helper()
	r := runner(t, nil)
	var err error
	r.Model, err = e.Models()
	require.NoError(t, err)
	return r
}

const (
	openAICall = `{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c9","type":"function",
		"function":{"name":"count","arguments":"{\"period\":\"2026-10\"}"}}]}}]}`
	openAIAnswer  = `{"choices":[{"message":{"role":"assistant","content":"Counted.\nANSWER: 142"}}]}`
	anthropicCall = `{"content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"I count."},
		{"type":"tool_use","id":"c9","name":"count","input":{"period":"2026-10"}}]}`
	anthropicAnswer = `{"content":[{"type":"text","text":"ANSWER: 142"}]}`
)

func TestAnOpenAIEndpointIsSpokenToInItsForm(t *testing.T) {
	t.Parallel()
	e := serve(t, questions.OpenAI, answer{status: 200, body: openAICall}, answer{status: 200, body: openAIAnswer})
	o := only(t, e.runner(t))
	assert.Equal(t, questions.Right, o.Verdict, o.Reason)
	assert.Equal(t, 1, o.Calls)
	require.Len(t, e.requests, 2)
	assert.Equal(t, "Bearer k-secret", e.headers[0].Get("Authorization"))
	assert.Equal(t, "m-1", e.requests[0]["model"])
	assert.Equal(t, []any{map[string]any{"type": "function", "function": map[string]any{"name": "count", "description": "Counts.",
		"parameters": map[string]any{"type": "object"}}}}, e.requests[0]["tools"])
	messages, ok := e.requests[1]["messages"].([]any)
	require.True(t, ok)
	require.Len(t, messages, 4)
	assert.Contains(t, messages[0].(map[string]any)["content"], "Ask count.")
	assert.Contains(t, messages[1].(map[string]any)["content"], "Form of the answer: a whole number")
	assert.Equal(t, map[string]any{"role": "tool", "tool_call_id": "c9", "content": `{"total":142}`}, messages[3])
	assert.Equal(t, "c9", messages[2].(map[string]any)["tool_calls"].([]any)[0].(map[string]any)["id"])
}

func TestAnAnthropicEndpointIsSpokenToInItsForm(t *testing.T) {
	t.Parallel()
	e := serve(t, questions.Anthropic, answer{status: 200, body: anthropicCall}, answer{status: 200, body: anthropicAnswer})
	o := only(t, e.runner(t))
	assert.Equal(t, questions.Right, o.Verdict, o.Reason)
	require.Len(t, e.requests, 2)
	assert.Equal(t, "k-secret", e.headers[0].Get("X-Api-Key"))
	assert.Equal(t, "2023-06-01", e.headers[0].Get("Anthropic-Version"))
	assert.Equal(t, []any{map[string]any{"name": "count", "description": "Counts.", "input_schema": map[string]any{"type": "object"}}},
		e.requests[0]["tools"])
	messages, ok := e.requests[1]["messages"].([]any)
	require.True(t, ok)
	require.Len(t, messages, 3)
	assert.Len(t, messages[1].(map[string]any)["content"], 3, "what it said goes back as it was, thoughts too")
	assert.Equal(t, []any{map[string]any{"type": "tool_result", "tool_use_id": "c9", "content": `{"total":142}`}},
		messages[2].(map[string]any)["content"])
}

func TestAnEndpointThatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	e := serve(t, questions.OpenAI,
		answer{status: 429, header: http.Header{"Retry-After": {"7"}}}, answer{status: 503}, answer{status: 529},
		answer{status: 429, header: http.Header{"Retry-After": {"86400"}}}, answer{status: 200, body: openAIAnswer})
	o := only(t, e.runner(t))
	assert.Equal(t, questions.Right, o.Verdict, o.Reason)
	assert.Equal(t, []time.Duration{7 * time.Second, 2 * time.Second, 4 * time.Second, time.Minute}, e.waits)
}

func TestAnEndpointThatFailsStopsTheRunAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer   answer
		want     string
		requests int
	}{
		{answer{status: 500, body: "on fire"}, "the endpoint answers 500: on fire", 6},
		{answer{status: 401, body: "who?"}, "the endpoint answers 401, which its address, the key or the name of the model may mend: who?", 1},
		{answer{status: 400, body: "no tools"}, "the endpoint refused (400): no tools", 1},
		{answer{status: 200, body: `{"choices":[]}`}, "the endpoint answers without a choice", 1},
		{answer{status: 200, body: `<html>`}, "the endpoint's answer: invalid character '<'", 1},
	} {
		e := serve(t, questions.OpenAI, c.answer)
		outcomes, err := e.runner(t).Run(t.Context(), chosen(t, "single-1"))
		require.ErrorContains(t, err, c.want)
		assert.NotContains(t, err.Error(), "k-secret")
		assert.Empty(t, outcomes)
		assert.Len(t, e.requests, c.requests)
	}
}

func TestAConversationThatGrewTooLongForTheEndpointIsUnanswered(t *testing.T) {
	t.Parallel()
	e := serve(t, questions.Anthropic, answer{status: 200, body: anthropicCall}, answer{status: 400, body: "prompt is too long"})
	o := only(t, e.runner(t))
	assert.Equal(t, questions.Unanswered, o.Verdict)
	assert.Equal(t, "the endpoint refused (400): prompt is too long", o.Reason)
	assert.Equal(t, 1, o.Calls)
}

func TestAMalformedCallIsToldToTheModel(t *testing.T) {
	t.Parallel()
	const call = `{"choices":[{"message":{"role":"assistant","tool_calls":[
		{"id":"a","type":"function","function":{"name":"count","arguments":"{\"period\":"}},
		{"id":"b","type":"function","function":{"name":"count","arguments":"[1]"}},
		{"id":"c","type":"function","function":{"name":"erase","arguments":"{}"}},
		{"id":"d","type":"function","function":{"name":"count","arguments":""}}]}}]}`
	e := serve(t, questions.OpenAI, answer{status: 200, body: call}, answer{status: 200, body: openAIAnswer})
	o := only(t, e.runner(t))
	assert.Equal(t, questions.Right, o.Verdict, o.Reason)
	assert.Equal(t, 4, o.Calls)
	messages, ok := e.requests[1]["messages"].([]any)
	require.True(t, ok)
	require.Len(t, messages, 7)
	said := func(i int) any { return messages[i].(map[string]any)["content"] }
	assert.Equal(t, "The arguments are no JSON object: unexpected end of JSON input", said(3))
	assert.Contains(t, said(4), "The arguments are no JSON object: json: cannot unmarshal array")
	assert.Equal(t, `There is no tool "erase".`, said(5))
	assert.Equal(t, `{"total":142}`, said(6))
}

func TestTheKeyIsInNoTranscript(t *testing.T) {
	t.Parallel()
	e := serve(t, questions.Anthropic, answer{status: 200, body: anthropicCall}, answer{status: 200, body: anthropicAnswer})
	r := e.runner(t)
	r.Transcripts = t.TempDir()
	only(t, r)
	kept, err := os.ReadFile(filepath.Join(r.Transcripts, "little-made-up", "single-1.ndjson"))
	require.NoError(t, err)
	assert.Contains(t, string(kept), "I count.")
	assert.NotContains(t, string(kept), "k-secret")
}

func TestAnEndpointWithoutAnAddressIsRefused(t *testing.T) {
	t.Parallel()
	_, err := (&questions.Endpoint{API: questions.OpenAI, Model: "m"}).Models()
	require.EqualError(t, err, "an endpoint needs its base URL and a model, for example --endpoint https://api.openai.com --model gpt-5")
	_, err = (&questions.Endpoint{API: "telnet"}).Models()
	require.EqualError(t, err, `the API is "telnet"; wanted openai or anthropic`)
}

func TestAServerThatEndsStopsTheRun(t *testing.T) {
	t.Parallel()
	r := runner(t, model(func(context.Context, *questions.Conversation) (questions.Turn, error) { return calling(`{}`), nil }))
	r.Connect = nil
	r.Server.Command = []string{"false"}
	_, err := r.Run(t.Context(), chosen(t, "single-1"))
	require.ErrorContains(t, err, "question single-1: MCP server: ")
}

func TestTheReportHasALineForEachKindAndServer(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, questions.Report(&out, []questions.Outcome{
		{Server: questions.Ours, Kind: questions.Trap, Verdict: questions.Right, Calls: 1, Tokens: 4000, Requests: 30},
		{Server: questions.Ours, Kind: questions.Single, Verdict: questions.Wrong, Calls: 2, Tokens: 5000, Requests: 1},
		{Server: questions.Ours, Kind: questions.Single, Verdict: questions.WrongAndConfident, Calls: 3, Tokens: 6000, Requests: 2},
		{Server: questions.Wrapper, Kind: questions.Trap, Verdict: questions.Unanswered, Calls: 40, Tokens: 1_234_567, Requests: 40},
	}))
	_, rows, _ := strings.Cut(out.String(), "--:|\n")
	assert.Equal(t, `| make-audit-mcp | single step (2) | 0 | 1 | 1 | 0 | 5 | 11,000 | 3 | 6,000 | 3 |
| make-audit-mcp | traps (1) | 1 | 0 | 0 | 0 | 1 | 4,000 | 1 | 4,000 | 30 |
| make-audit-mcp | **all (3)** | 1 | 1 | 1 | 0 | 6 | 15,000 | 3 | 6,000 | 33 |
| OpenAPI wrapper | traps (1) | 0 | 0 | 0 | 1 | 40 | 1,234,567 | 40 | 1,234,567 | 40 |
| OpenAPI wrapper | **all (1)** | 0 | 0 | 0 | 1 | 40 | 1,234,567 | 40 | 1,234,567 | 40 |
`, rows)
}
