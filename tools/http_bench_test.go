package tools_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/tools"
)

// BenchmarkHTTPCalls measures, side by side on one server, calls of list_audit_log_filters that are answered from the cache and calls of a
// bare mcp-go tool: one that says a word where the answer is small, and one that says the same answer where it is large, since most of the
// time then goes into mcp-go's writing of it. Turns of a second alternate, so that whatever else the machine does hits both. ratio is the
// first's calls per second by the second's; its limit is 0.8.
func BenchmarkHTTPCalls(b *testing.B) {
	service := demo(b, makesim.Quirks{}).Service(makesim.DemoToken)
	s := server.NewMCPServer("benchmark", "1", server.WithToolCapabilities(false))
	tools.Register(s, tools.Config{Service: func(context.Context) (*analysis.Service, error) { return service, nil },
		Notify: transport.Notify})
	s.AddTool(mcp.NewTool("echo", mcp.WithString("text")),
		func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText(request.GetString("text", "")), nil
		})
	large := ok[json.RawMessage](connect(b, service), "list_audit_log_filters", args{})
	s.AddTool(mcp.NewTool("same"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultStructured(large, string(large)), nil
	})
	h := &transport.HTTP{Server: s, Limits: transport.Limits{PerCaller: 1e9, Overall: 1e9}}
	served := httptest.NewServer(h.Handler(b.Context()))
	b.Cleanup(served.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	hello, err := client.Post(served.URL+"/mcp", "application/json", //nolint:noctx // a benchmark
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",`+
			`"capabilities":{},"clientInfo":{"name":"b","version":"1"}}}`))
	require.NoError(b, err)
	require.NoError(b, hello.Body.Close())
	session := hello.Header.Get("Mcp-Session-Id")
	turn := func(tool, arguments string) float64 {
		var calls atomic.Int64
		var all sync.WaitGroup
		begin := time.Now()
		for range 8 {
			all.Go(func() {
				for time.Since(begin) < time.Second {
					post(b, client, served.URL+"/mcp", session, tool, arguments)
					calls.Add(1)
				}
			})
		}
		all.Wait()
		return float64(calls.Load()) / time.Since(begin).Seconds()
	}
	for _, pair := range []struct{ name, filters, bare, arguments string }{
		{"small answer", `{"kind":"teams","limit":1}`, "echo", `{"text":"hello"}`},
		{"large answer", `{}`, "same", `{}`},
	} {
		b.Run(pair.name, func(b *testing.B) {
			post(b, client, served.URL+"/mcp", session, "list_audit_log_filters", pair.filters) // fills the cache
			var ours, bare, turns float64
			for b.Loop() {
				ours += turn("list_audit_log_filters", pair.filters)
				bare += turn(pair.bare, pair.arguments)
				turns++
			}
			b.ReportMetric(ours/turns, "filters/s")
			b.ReportMetric(bare/turns, "bare/s")
			b.ReportMetric(ours/bare, "ratio")
		})
	}
}

func post(b *testing.B, client *http.Client, url, session, tool, arguments string) {
	b.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, arguments)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader([]byte(body)))
	require.NoError(b, err)
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2025-11-25", "Mcp-Session-Id": session} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	require.NoError(b, err)
	defer response.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	require.NoError(b, err)
	if response.StatusCode != http.StatusOK || bytes.Contains(text.Bytes(), []byte(`"isError":true`)) {
		b.Errorf("%d %s", response.StatusCode, text.String())
	}
}
