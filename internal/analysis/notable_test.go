package analysis_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
)

func TestWhatTouchesAccessIsNotable(t *testing.T) {
	t.Parallel()
	// From the weightiest down; the last are not notable at all.
	weighty := []auditlog.Text{
		"two_factor_authentication_enforcement_disabled", "team_role_updated", "organization_created", "key_created",
		"credential_request_authorized", "connection_deleted", "webhook_deleted", "organization_variable_updated", "connection_updated", "webhook_created",
	}
	plain := []auditlog.Text{"scenario_updated", "scenario_created", "webhook_updated", "team_variable_updated"}
	var entries []*auditlog.Entry
	for i, event := range append(plain, weighty...) {
		entries = append(entries, did(ada(), event, now().Add(-time.Duration(i+1)*time.Hour)))
	}
	notable := activityOf(t, ada(), time.UTC, "", entries...).Notable
	var found []auditlog.Text
	for i, one := range notable {
		found = append(found, one.Entry.Event)
		assert.NotEmpty(t, one.Why)
		assert.True(t, i == 0 || one.Weight <= notable[i-1].Weight)
	}
	assert.Equal(t, weighty, found)
}

func TestNotableEntriesOfOneWeightComeNewestFirst(t *testing.T) {
	t.Parallel()
	older, newer := did(ada(), "key_deleted", now().Add(-2*time.Hour)), did(ada(), "key_created", now().Add(-time.Hour))
	notable := activityOf(t, ada(), time.UTC, "", older, newer, did(ada(), "key_created", windowStart().Add(-time.Hour))).Notable
	require.Len(t, notable, 2, "the baseline's are not")
	assert.Equal(t, []*auditlog.Entry{newer, older}, []*auditlog.Entry{notable[0].Entry, notable[1].Entry})
}

func TestEventsOfAnyNameAreJudgedByTheirWords(t *testing.T) {
	t.Parallel()
	for event, want := range map[auditlog.Text]bool{
		"sso_enabled": true, "user_2fa_reset": true, "organization_member_added": true, "API_KEYS_ROTATED": true, "certificate_created": true, "folder_deleted": true,
		"folder_removed": true, "keyboard_created": false, "monkey_updated": false, "folder_created": false, "": false, "_": false, "\u202ekey_created": true,
	} {
		notable := activityOf(t, ada(), time.UTC, "", did(ada(), event, now().Add(-time.Hour))).Notable
		assert.Equal(t, want, len(notable) == 1, "%q", string(event))
	}
}

func TestEventsOfASortAreFoundInTheCatalog(t *testing.T) {
	t.Parallel()
	known := &directory{organizations: []auditlog.Organization{organization("1", true)}, catalog: documented()}
	service := &analysis.Service{Directory: known}
	access, err := service.AccessEvents(t.Context(), "")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"two_factor_authentication_enforcement_disabled", "team_role_updated", "team_member_removed", "team_created", "organization_created",
		"key_created", "key_updated", "key_deleted", "credential_request_authorized",
	}, access)
	membership, err := service.MembershipEvents(t.Context(), "1")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"team_role_updated", "team_member_removed"}, membership)
	ownership, err := service.OwnershipEvents(t.Context(), "1")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"key_created", "connection_created", "webhook_created"}, ownership)

	known.catalog = &auditlog.Catalog{Events: []auditlog.EventType{{Value: "scenario_updated", Category: "Scenarios"}}}
	_, err = service.MembershipEvents(t.Context(), "1")
	require.ErrorContains(t, err, "none of this sort")
	known.catalog = nil
	_, err = service.AccessEvents(t.Context(), "1")
	require.ErrorContains(t, err, "no catalog")
}
