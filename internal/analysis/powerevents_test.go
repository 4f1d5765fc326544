package analysis_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/question"
)

func TestEventsOfASortAreFoundInTheCatalog(t *testing.T) {
	t.Parallel()
	known := &directory{organizations: []auditlog.Organization{{Ref: auditlog.Ref{ID: "1"}, Here: true}}, catalog: logtest.Documented()}
	service := &analysis.Service{Resolver: question.Resolver{Directory: known}}
	access, err := service.AccessEvents(t.Context(), "")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"two_factor_authentication_enforcement_disabled", "team_role_updated", "team_member_removed", "team_created",
		"organization_created",
		"key_created", "key_updated", "key_deleted", "credential_request_authorized",
	}, access)
	membership, err := service.MembershipEvents(t.Context(), "1")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"team_role_updated", "team_member_removed"}, membership)
	ownership, err := service.OwnershipEvents(t.Context(), "1")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"key_created", "connection_created", "webhook_created"}, ownership)

	known.catalog = &auditlog.Catalog{Events: []auditlog.Event{{Value: "scenario_updated", Category: "Scenarios"}}}
	_, err = service.MembershipEvents(t.Context(), "1")
	require.ErrorContains(t, err, "none of this sort")
	known.catalog = nil
	_, err = service.AccessEvents(t.Context(), "1")
	require.ErrorContains(t, err, "no catalog")
}
