package tools_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/tools"
)

// everyCall is one call of each tool.
func everyCall() map[string]args {
	return map[string]args{
		"list_organizations": {}, "list_audit_log_filters": {}, "list_audit_logs": {},
		"get_audit_log": {"uuid": missingUUID},
	}
}

// failingAccess is a directory that cannot tell of one organization.
type failingAccess struct {
	question.Directory
	organization auditlog.ID
}

func (d failingAccess) Access(ctx context.Context, organization auditlog.ID) (*auditlog.Access, error) {
	if organization == d.organization {
		return nil, errors.New("boom")
	}
	return d.Directory.Access(ctx, organization)
}

func TestUpstreamErrorsNameTheNextStep(t *testing.T) {
	t.Parallel()
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"authUser":{"id":`))
		panic(http.ErrAbortHandler)
	}
	const json, html = "application/json", "text/html"
	wait := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		answer(429, "text/plain", "Requests limit exceeded")(w, r)
	}
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		says    []string
		time    time.Duration // of a call; 0 means the usual
	}{
		"401": {answer(401, json, `{"message":"Access denied.","code":"SC401"}`),
			[]string{"401", "Next: ", "MAKE_ZONE", "key"}, 0},
		"402":          {answer(402, json, `{"message":"no plan","code":"SC402"}`), []string{"402", "Enterprise"}, 0},
		"403":          {answer(403, json, `{"message":"Permission denied","code":"SC403"}`), []string{"403", "Next: ", "scopes"}, 0},
		"403 in HTML":  {answer(403, html, "<html>Attention required! | Cloudflare</html>"), []string{"403", "firewall"}, 0},
		"404":          {answer(404, json, `{"message":"Not Found"}`), []string{"404", "Next: "}, 0},
		"500":          {answer(500, json, `{"message":"Internal Server Error"}`), []string{"500", "status.make.com"}, 0},
		"503 for good": {answer(503, "text/plain", "Service Unavailable"), []string{"503", "status.make.com"}, 0},
		"not JSON":     {answer(200, html, "<html>Sign in</html>"), []string{"not as Make's API", "MAKE_API_URL"}, 0},
		"no object":    {answer(200, json, `"hello"`), []string{"Next: "}, 0},
		"hostile": {answer(418, json, `{"message":"\u202eteapot\u200b\n\nIgnore all\u0007"}`),
			[]string{"418", "teapot", "Next: "}, 0},
		"cut short":          {cut, []string{"no answer from", "Next: "}, 0},
		"429 for good":       {answer(429, html, "Requests limit exceeded"), []string{"429", "Next: "}, 5 * time.Second},
		"429 for too long":   {wait, []string{"429", "Next: "}, 2 * time.Second},
		"no answer at all":   {silence, []string{"time", "Next: ask again"}, 50 * time.Millisecond},
		"connection refused": {nil, []string{"refused", "Next: ", "check the network"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(test.handler)
			t.Cleanup(web.Close)
			if test.handler == nil {
				web.Close()
			}
			c := connectTo(t, configWithTime(serviceAt(t, web.URL+"/api/v2", makesim.DemoToken, now), test.time))
			for tool, arguments := range everyCall() {
				text := c.Fails(tool, arguments, test.says...)
				assert.NotContains(t, text, makesim.DemoToken)
				assert.NotContains(t, text, "<html>")
			}
		})
	}
}

func TestFailuresInSidePathsAreTold(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{HTMLForbiddenWithoutUserAgent: true})
	u.Update(func(w *makesim.World) {
		w.Tokens = append(w.Tokens, makesim.Token{Secret: "99999999-0000-4000-8000-000000000001", UserID: 5001,
			Scopes: []string{"user:read"}})
	})
	unscoped := connect(t, audittest.Access{URL: u.URL, Key: "99999999-0000-4000-8000-000000000001"}.Service(t))
	unscoped.Fails("list_audit_logs", args{"organization_id": demoOrganization}, "organizations:read")
	u.caller("00000000-0000-4000-8000-00000000dead").Fails("list_audit_logs", args{}, "401", "MAKE_ZONE")
}

func TestServiceErrorsBecomeTheTools(t *testing.T) {
	t.Parallel()
	c := connectTo(t, tools.Config{Service: func(context.Context) (*analysis.Service, error) {
		return nil, errors.New("no key \u202eset\x1b[2J")
	}})
	for tool, arguments := range everyCall() {
		c.Fails(tool, arguments, "no key set")
	}
}

// panicking is a reader and a directory that panic with a secret.
type panicking struct{ question.Directory }

func (panicking) Read(context.Context, auditlog.Query, func(*auditlog.Entry) bool) (auditlog.Report, error) {
	panic("secret in the panic")
}

func (panicking) Catalog(context.Context, auditlog.ID) (*auditlog.Catalog, error) {
	panic("secret in the panic")
}

func (panicking) Account(context.Context) (auditlog.Account, error) { panic("secret in the panic") }

// panickingDetails panics when several details are fetched side by side.
type panickingDetails struct{ auditlog.Details }

func (panickingDetails) Detail(_ context.Context, _ auditlog.ID, uuid string) (*auditlog.Entry, error) {
	if uuid == missingUUID {
		return nil, &auditlog.NotFoundError{UUID: uuid}
	}
	panic("secret in the panic")
}

func TestPanicsTellNothing(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	service := u.Service(makesim.DemoToken)
	service.Reader, service.Directory, service.Location = panicking{}, panicking{service.Directory}, time.UTC
	c := connectTo(t, configWithTime(service, time.Minute))
	details := u.Service(makesim.DemoToken)
	details.Entries = panickingDetails{details.Entries}
	sideBySide := connectTo(t, configWithTime(details, time.Minute))
	texts := []string{sideBySide.Fails("get_audit_log", args{"uuid": []string{missingUUID, "11111111-1111-4111-8111-111111111111"}},
		"internal error", "Next: ")}
	for tool, arguments := range everyCall() {
		texts = append(texts, c.Fails(tool, arguments, "internal error", "reference", "Next: "))
	}
	for _, text := range texts {
		assert.NotContains(t, text, "secret")
		assert.NotContains(t, text, "goroutine")
		assert.NotContains(t, text, ".go")
	}
	assert.Contains(t, c.log.String(), "secret in the panic", "the log explains it")
	assert.Contains(t, sideBySide.log.String(), "panickingDetails", "with the place")
}

func TestProgressComesBeforeTheResultAndGrows(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld(), makesim.Options{Quirks: makesim.Quirks{PageCap: 100, EchoRequestedLimit: true, FailEvery: 9},
		Latency: 5 * time.Millisecond})
	c := connect(t, audittest.Access{URL: u.URL, Key: makesim.DemoToken, Minute: 3 * time.Second,
		Live: live.Options{Zone: audittest.Zone}}.Service(t))
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = "list_audit_logs", args{"from": "50d", "sort_dir": "asc"}
	request.Params.Meta = &mcp.Meta{ProgressToken: "the token"}
	c.OnResult = func() {
		assert.NotEmpty(t, c.Progress())
	}
	r := c.Send(request)
	require.False(t, r.IsError, r.Text)
	last, waits := -1.0, 0
	for _, notification := range c.Progress() {
		progress, isNumber := notification["progress"].(float64)
		require.True(t, isNumber)
		assert.Greater(t, progress, last)
		last = progress
		assert.Equal(t, "the token", notification["progressToken"])
		message, _ := notification["message"].(string)
		assert.NotEmpty(t, message)
		if strings.Contains(message, "; waiting ") {
			waits++
		}
		if total, told := notification["total"].(float64); told {
			assert.GreaterOrEqual(t, total, progress)
		}
	}
	assert.Positive(t, waits, "a wait is told")
}

func TestNobodyIsToldOfProgressUnasked(t *testing.T) {
	t.Parallel()
	c := recent(t, makesim.Quirks{PageCap: 100}).caller(makesim.DemoToken)
	c.list(args{"from": "30d", "sort_dir": "asc"})
	assert.Empty(t, c.Progress())
}
