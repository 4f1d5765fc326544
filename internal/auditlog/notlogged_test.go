package auditlog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
)

func TestWhatTheLogDoesNotHoldIsSaid(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"login", "Logins", "user_login", "log in", "*sign-in*", "failed logins", "IP", "ip address", "scenario_run", "runs", "invited", "SSO", "api token", "executions"} {
		assert.NotEmpty(t, auditlog.NotLoggedHint(want), want)
		_, err := kinds().MatchEvents(want)
		require.ErrorContains(t, err, "does not hold logins", want)
	}
	for _, want := range []string{"webhook", "shipment", "tripped", "running shoes", "catalog", "", "pruned", "ssot"} {
		assert.Empty(t, auditlog.NotLoggedHint(want), want)
	}
}
