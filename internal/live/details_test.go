package live_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

const detailUUID = "abcdef00-0000-4000-8000-000000000001"

func withDetails(details string) []makesim.Entry {
	return []makesim.Entry{{
		UUID: detailUUID, OrganizationID: organizationID, Event: "webhook_created", TriggeredAt: now().Add(-time.Hour),
		Details: map[string]any{"name": details},
	}}
}

func TestDetailsAskedAgainCostNoCall(t *testing.T) {
	t.Parallel()
	u := start(t, withDetails("hook"), makesim.Options{})
	reader := u.reader(adminKey, live.Options{})
	first, err := reader.Detail(t.Context(), "77", detailUUID)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"hook"}`, string(first.Details))
	want := *first
	first.Event, first.Details, first.Actor = "changed", nil, &auditlog.Actor{}
	u.ResetRequests()
	for _, uuid := range []string{detailUUID, strings.ToUpper(detailUUID), detailUUID} {
		again, err := reader.Detail(t.Context(), "77", uuid)
		require.NoError(t, err)
		assert.Equal(t, &want, again)
		again.Event = "changed"
	}
	assert.Empty(t, u.Requests())

	_, err = reader.Detail(t.Context(), "78", detailUUID)
	require.Error(t, err, "what is kept of one organization is not shown of another")
}

func TestDetailsAreNotRememberedForLongNorIfLarge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		details string
		keep    time.Duration
	}{
		"expired": {"hook", time.Nanosecond},
		"large":   {strings.Repeat("x", 16<<10), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, withDetails(test.details), makesim.Options{})
			reader := u.reader(adminKey, live.Options{Keep: test.keep})
			for range 2 {
				u.ResetRequests()
				entry, err := reader.Detail(t.Context(), "77", detailUUID)
				require.NoError(t, err)
				assert.Contains(t, string(entry.Details), test.details)
				assert.Len(t, u.Requests(), 1)
			}
		})
	}
}

func TestAnEntryThatWasNotFoundIsAskedForAgain(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Options{})
	reader := u.reader(adminKey, live.Options{})
	var notFound *auditlog.NotFoundError
	_, err := reader.Detail(t.Context(), "77", detailUUID)
	require.ErrorAs(t, err, &notFound)
	u.AddEntries(withDetails("hook")...)
	entry, err := reader.Detail(t.Context(), "77", detailUUID)
	require.NoError(t, err)
	assert.Equal(t, detailUUID, entry.UUID)
}
