package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// writtenSince are the uuids of what was written since an instant.
func writtenSince(t *testing.T, reader *live.Reader, since time.Time) (map[string]bool, auditlog.Report) {
	t.Helper()
	found := map[string]bool{}
	var last *auditlog.Entry
	asOf, report, err := reader.Written(t.Context(), auditlog.Ref{ID: "77", Name: "Acme"}, since, func(entry *auditlog.Entry) {
		assert.False(t, found[entry.UUID], "none comes twice")
		assert.True(t, last == nil || auditlog.CompareNewestFirst(last, entry) < 0, "newest first")
		found[entry.UUID], last = true, entry
	})
	require.NoError(t, err)
	assert.Equal(t, now(), asOf)
	return found, report
}

func TestWhatWasWrittenSinceIsRead(t *testing.T) {
	t.Parallel()
	entries := makesim.Bulk(makesim.BulkOptions{OrganizationID: organizationID, Count: 1200, From: now().AddDate(0, 0, -200),
		To: now().Add(-time.Minute), Seed: 4, Teams: []int64{0, salesTeam, opsTeam}})
	for i := range 40 { // written down weeks after they happened
		entries[i].TriggeredAt, entries[i].CreatedAt = now().AddDate(0, 0, -60-i), now().Add(-time.Duration(i)*10*time.Hour)
	}
	for name, quirks := range map[string]makesim.Quirks{
		"as documented": {}, "small pages": {PageCap: 30}, "limits": {MaxLimit: 100}, "unstable ties": {UnstableTies: true, PageCap: 50},
		"dates by creation": {FilterByCreatedAt: true}, "failing now and then": {FailEvery: 4},
	} {
		for key, sees := range map[string]func(*makesim.Entry) bool{
			adminKey:     func(*makesim.Entry) bool { return true },
			teamAdminKey: func(e *makesim.Entry) bool { return e.TeamID == salesTeam },
		} {
			t.Run(name+" for "+key, func(t *testing.T) {
				t.Parallel()
				u := start(t, entries, makesim.Options{Quirks: quirks})
				for _, since := range []time.Duration{30 * time.Minute, 30 * time.Hour, 20 * 24 * time.Hour, 400 * 24 * time.Hour} {
					found, report := writtenSince(t, u.reader(key, live.Options{}), now().Add(-since))
					assert.True(t, report.Exhausted)
					for _, entry := range u.Dump(organizationID) {
						if !entry.CreatedAt.Before(now().Add(-since)) && sees(&entry) != found[entry.UUID] {
							assert.Fail(t, "lost, or not to be seen", "since %s: %s", since, entry.UUID)
						}
					}
				}
			})
		}
	}
}

func TestABoundOnWhatWasWrittenIsTold(t *testing.T) {
	t.Parallel()
	u := start(t, makesim.Bulk(makesim.BulkOptions{OrganizationID: organizationID, Count: 3000, From: now().AddDate(0, 0, -20), To: now(),
		Seed: 5}), makesim.Options{})
	found, report := writtenSince(t, u.reader(adminKey, live.Options{MaxEntries: 1000, Parallel: 1}), now().AddDate(0, 0, -30))
	assert.NotEmpty(t, found)
	assert.Less(t, len(found), 3000)
	assert.False(t, report.Exhausted)
	assert.False(t, report.Complete)
	assert.Contains(t, fmt.Sprint(report.Warnings), "bound")
}

func TestEntriesCarryWhatMakeSentIfAsked(t *testing.T) {
	t.Parallel()
	u := start(t, makesim.Bulk(makesim.BulkOptions{OrganizationID: organizationID, Count: 50, From: now().AddDate(0, 0, -2), To: now(),
		Seed: 6}), makesim.Options{Quirks: makesim.Quirks{UnknownFields: true}})
	q := auditlog.Query{Organization: auditlog.Ref{ID: "77"},
		Window: auditlog.Window{From: now().AddDate(0, 0, -3), To: now(), Location: time.UTC}}
	var plain, kept []*auditlog.Entry
	for keep, into := range map[bool]*[]*auditlog.Entry{false: &plain, true: &kept} {
		_, err := u.reader(adminKey, live.Options{KeepRaw: keep}).Read(t.Context(), q, func(entry *auditlog.Entry) bool {
			*into = append(*into, entry)
			return true
		})
		require.NoError(t, err)
	}
	require.Len(t, kept, len(plain))
	for i, entry := range kept {
		assert.Empty(t, plain[i].Raw)
		require.NotEmpty(t, entry.Raw)
		back, ok := live.Decode(entry.Raw)
		require.True(t, ok)
		back.Raw, back.Offset = entry.Raw, entry.Offset
		assert.Equal(t, entry, back, "what was sent says all that the entry says")
	}
	detailed, err := u.reader(adminKey, live.Options{KeepRaw: true}).Detail(t.Context(), "77", kept[0].UUID)
	require.NoError(t, err)
	assert.Contains(t, string(detailed.Raw), `"details"`)
	for _, bad := range []string{"", "{}", "[]", `{"uuid":`, `{"uuid":"x"}`} {
		_, ok := live.Decode([]byte(bad))
		assert.False(t, ok, bad)
	}
}
