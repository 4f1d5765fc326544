package question_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/question"
)

func TestWhatTheLogDoesNotHoldIsSaid(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"login", "Logins", "user_login", "log in", "*sign-in*", "failed logins", "IP", "ip address",
		"scenario_run", "runs", "invited", "SSO", "api token", "executions"} {
		assert.NotEmpty(t, question.NotLoggedHint(want), want)
		_, err := question.MatchEvents(kinds(), want)
		require.ErrorContains(t, err, "does not hold logins", want)
	}
	for _, want := range []string{"webhook", "shipment", "tripped", "running shoes", "catalog", "", "pruned", "ssot"} {
		assert.Empty(t, question.NotLoggedHint(want), want)
	}
}
