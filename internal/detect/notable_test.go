package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

func TestEveryPowerSaysWhyItIsNotable(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for power := auditlog.PowerNone + 1; power <= auditlog.PowerSignOn; power++ {
		why := detect.Notable{Power: power}.Why()
		assert.NotEmpty(t, why, power)
		said[why] = true
	}
	assert.Len(t, said, int(auditlog.PowerSignOn)-1, "only the two powers of connections share their words")
}

func TestWhatTouchesAccessIsNotable(t *testing.T) {
	t.Parallel()
	// From the weightiest down; the last are not notable at all.
	weighty := []auditlog.Text{
		"two_factor_authentication_enforcement_disabled", "team_role_updated", "organization_created", "key_created",
		"credential_request_authorized", "connection_deleted", "webhook_deleted", "organization_variable_updated", "connection_updated",
		"webhook_created",
	}
	plain := []auditlog.Text{"scenario_updated", "scenario_created", "webhook_updated", "team_variable_updated"}
	var entries []*auditlog.Entry
	for i, event := range append(plain, weighty...) {
		entries = append(entries, logtest.Did(logtest.Ada(), event, now().Add(-time.Duration(i+1)*time.Hour)))
	}
	notable := judgeAda(entries...).Notable
	var found []auditlog.Text
	for i, one := range notable {
		found = append(found, one.Entry.Event)
		assert.NotEmpty(t, one.Why())
		assert.True(t, i == 0 || one.Power <= notable[i-1].Power)
	}
	assert.Equal(t, weighty, found)
}

func TestNotableEntriesOfOneWeightComeNewestFirst(t *testing.T) {
	t.Parallel()
	older, newer := logtest.Did(logtest.Ada(), "key_deleted", now().Add(-2*time.Hour)), logtest.Did(logtest.Ada(), "key_created",
		now().Add(-time.Hour))
	notable := judgeAda(older, newer,
		logtest.Did(logtest.Ada(), "key_created", windowStart().Add(-time.Hour))).Notable
	require.Len(t, notable, 2, "the baseline's are not")
	assert.Equal(t, []*auditlog.Entry{newer, older}, []*auditlog.Entry{notable[0].Entry, notable[1].Entry})
}

func TestEventsOfAnyNameAreJudgedByTheirWords(t *testing.T) {
	t.Parallel()
	for event, want := range map[auditlog.Text]bool{
		"sso_enabled": true, "user_2fa_reset": true, "organization_member_added": true, "API_KEYS_ROTATED": true,
		"certificate_created": true, "folder_deleted": true,
		"folder_removed": true, "keyboard_created": false, "monkey_updated": false, "folder_created": false, "": false, "_": false,
		"\u202ekey_created": true,
	} {
		notable := judgeAda(logtest.Did(logtest.Ada(), event, now().Add(-time.Hour))).Notable
		assert.Equal(t, want, len(notable) == 1, "%q", string(event))
	}
}
