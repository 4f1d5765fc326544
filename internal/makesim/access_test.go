package makesim_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

func TestCredentialMustComeInItsScheme(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"none", nil, http.StatusUnauthorized},
		{"uuid as Token", []string{"Token " + ownerToken}, http.StatusOK},
		{"uuid as Bearer", []string{"Bearer " + ownerToken}, http.StatusUnauthorized},
		{"uuid bare", []string{ownerToken}, http.StatusUnauthorized},
		{"other as Bearer", []string{"Bearer " + oauthToken}, http.StatusOK},
		{"other as Token", []string{"Token " + oauthToken}, http.StatusUnauthorized},
		{"unknown uuid", []string{"Token 99999999-9999-4999-8999-999999999999"}, http.StatusUnauthorized},
		{"unknown other", []string{"Bearer nobody"}, http.StatusUnauthorized},
		{"lower case scheme", []string{"token " + ownerToken}, http.StatusUnauthorized},
		{"two headers", []string{"Token " + ownerToken, "Token " + ownerToken}, http.StatusUnauthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := s.send(listPath, func(r *http.Request) { r.Header["Authorization"] = c.headers })
			assert.Equal(t, c.status, r.status, "%s", r.body)
		})
	}
}

func TestScopeIsRequired(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}).as(scopedToken)
	s.refuses(http.StatusForbidden, listPath)
	s.refuses(http.StatusForbidden, listPath+"/filters")
	s.refuses(http.StatusForbidden, "/organizations")
	s.refuses(http.StatusForbidden, "/teams?organizationId=77")
	assert.Equal(t, http.StatusOK, s.status("/users/roles"))
	assert.Equal(t, http.StatusOK, s.status("/users/me"), "needs no scope")
	assert.Equal(t, http.StatusOK, s.status("/users/me/current-authorization"), "needs no scope")
}

func TestRefusalsReadAsMakes(t *testing.T) {
	t.Parallel()
	r := serveEntries(t, makesim.Quirks{}).as(memberToken).send(listPath)
	assert.Equal(t, http.StatusForbidden, r.status)
	assert.JSONEq(t, `{"detail":"Access denied.","message":"Permission denied","code":"SC403"}`, string(r.body))
}

func TestRolesDecideWhoReadsWhichLog(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{},
		entry("red", time.Hour), entry("blue", time.Hour, team(teamBlue)), entry("all", time.Hour, team(0)))
	for _, c := range []struct {
		name, token                                                     string
		organization, red, blue, redDetail, blueDetail, organizationRow int
	}{
		{"owner", ownerToken, 200, 200, 200, 200, 200, 200},
		{"custom role", customToken, 200, 200, 200, 200, 200, 200},
		{"team admin", leadToken, 403, 200, 403, 200, 403, 403},
		{"member", memberToken, 403, 403, 403, 403, 403, 403},
		{"outsider", outsideToken, 403, 403, 403, 403, 403, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := s.as(c.token)
			assert.Equal(t, c.organization, s.status(listPath))
			assert.Equal(t, c.organization, s.status(listPath+"/filters"))
			assert.Equal(t, c.red, s.status("/audit-logs/team/701"))
			assert.Equal(t, c.red, s.status("/audit-logs/team/701/filters"))
			assert.Equal(t, c.blue, s.status("/audit-logs/team/702"))
			assert.Equal(t, c.redDetail, s.status("/audit-logs/77/red"))
			assert.Equal(t, c.redDetail, s.status("/audit-logs/red"))
			assert.Equal(t, c.blueDetail, s.status("/audit-logs/77/blue"))
			assert.Equal(t, c.organizationRow, s.status("/audit-logs/77/all"))
		})
	}
}

func TestPlanWithoutAuditLogsIsPaymentRequired(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("poor", time.Hour, func(e *makesim.Entry) { e.OrganizationID = cheap; e.TeamID = 901 }))
	for _, path := range []string{
		"/audit-logs/organization/99", "/audit-logs/organization/99/filters", "/audit-logs/team/901",
		"/audit-logs/team/901/filters", "/audit-logs/99/poor", "/audit-logs/poor",
	} {
		s.refuses(http.StatusPaymentRequired, path)
	}
	var e struct{ Message string }
	require.NoError(t, json.Unmarshal(s.send("/audit-logs/organization/99").body, &e))
	assert.Contains(t, e.Message, "There was an error while gener")
}

func TestUnknownAndForeignPlacesAreNotFound(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("away", time.Hour, func(e *makesim.Entry) { e.OrganizationID = foreign }))
	for _, path := range []string{
		"/audit-logs/organization/88", "/audit-logs/organization/88/filters", "/audit-logs/organization/12345",
		"/audit-logs/team/801", "/audit-logs/team/12345", "/audit-logs/team/801/filters",
		"/audit-logs/88/away", "/audit-logs/away", "/audit-logs/77/away", "/audit-logs/77/nothing", "/audit-logs/nothing",
		"/organizations/88", "/teams/801", "/teams?organizationId=88", "/users?organizationId=88", "/users?teamId=801",
	} {
		s.refuses(http.StatusNotFound, path)
	}
}

func TestPathsAreTakenToTheLetter(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("one", time.Hour))
	for _, path := range []string{
		"/", "/nothing", "/audit-logs", "/audit-logs/", listPath + "/", listPath + "/filters/", listPath + "/Filters",
		"/Audit-Logs/organization/77", "/audit-logs/Team/701/filters", "//audit-logs/organization/77",
		"/audit-logs//organization/77", "/audit-logs/77/one/", "/organizations/", "/users/", "/users/me/", "/users/Me",
		"/users/nobody", "/teams/", "/teams/701/", "/organizations/77/teams", "/ping/",
	} {
		s.refuses(http.StatusNotFound, path)
	}
	for _, path := range []string{"/audit-logs/organization/abc", "/audit-logs/team/-1", "/audit-logs/x1/one", "/organizations/0",
		"/teams/1.5"} {
		s.refuses(http.StatusBadRequest, path)
	}
	outside := &sim{t: t, base: s.base[:len(s.base)-len(makesim.BasePath)], token: ownerToken}
	assert.Equal(t, http.StatusNotFound, outside.status(listPath), "outside of the base path")
}

func TestOnlyGETIsAllowed(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead} {
		r := s.send(listPath, func(r *http.Request) { r.Method = method })
		assert.Equal(t, http.StatusMethodNotAllowed, r.status, method)
	}
}

func TestUnknownParametersAreRefused(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("one", time.Hour))
	for _, path := range []string{
		listPath + "?limit=5", listPath + "?pg[size]=5", listPath + "?cols[]=uuid", listPath + "?targetId=3000", listPath + "?pg=5",
		listPath + "/filters?event=x", "/audit-logs/team/701?team=701", "/audit-logs/team/701/filters?a=b",
		"/audit-logs/77/one?cols[]=details", "/audit-logs/one?x=y", "/organizations?x=y", "/organizations/77?x=y",
		"/teams?organizationId=77&x=y", "/teams/701?x=y", "/users?organizationId=77&x=y", "/users/me?x=y",
		"/users/me/current-authorization?x=y", "/users/roles?x=y",
	} {
		s.refuses(http.StatusBadRequest, path)
	}
}
