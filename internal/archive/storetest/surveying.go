package storetest

import (
	"path/filepath"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// surveys has an archive tell of itself, with its log in memory and without.
func (s *suite) surveys() {
	var entries []makesim.Entry
	for hour := range 100 * 24 { // every six hours, but for two days
		if hour%6 == 0 && (hour <= 1200 || hour >= 1248) {
			entries = append(entries, makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created", TargetID: "1",
				TriggeredAt: Begin().Add(-time.Duration(hour+30) * time.Hour)})
		}
	}
	u := Start(s, entries, makesim.Quirks{})
	key := filepath.Join(s.TempDir(), "key")
	with := func(memory int64) *archive.Archive {
		return archive.New(s.store, archive.Options{Decode: live.Decode, KeyFile: key, Now: Begin, CacheMemory: memory})
	}
	empty, err := with(0).Survey(s.Context())
	require.NoError(s, err)
	assert.Empty(s, empty.Logs)
	assert.Nil(s, empty.Checkpoint)
	for i, memory := range []int64{0, -1} {
		filled := with(memory)
		summary := u.Sync(filled, audittest.AdminKey)
		survey, err := filled.Survey(s.Context())
		require.NoError(s, err)
		require.Len(s, survey.Logs, 1)
		assert.Equal(s, summary.Checkpoint.Size, survey.Records)
		assert.Equal(s, summary.Checkpoint.Note, survey.Checkpoint.Note)
		log := survey.Logs[0]
		assert.Equal(s, archive.LogKey{Instance: audittest.Zone, Organization: "77"}, log.LogKey)
		assert.Equal(s, auditlog.Text("Acme"), log.Name)
		assert.Equal(s, len(entries)+i, log.Entries)
		assert.WithinDuration(s, u.Clock.Now(), log.AsOf, time.Second)
		assert.WithinDuration(s, Begin().Add(-30*time.Hour), log.Written, time.Minute)
		require.NotNil(s, log.Pulse)
		assert.Equal(s, 48*time.Hour, log.Pulse.Longest.Round(time.Hour), "not the time since the last entry, which may go on")
		assert.InDelta(s, 90*24, log.Pulse.Time.Hours(), 1)
		assert.InDelta(s, 87, log.Pulse.Days, 2)
		assert.InDelta(s, 348, log.Pulse.Entries, 8)
		u.Clock.Advance(time.Hour)
		u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created", TargetID: "1",
			TriggeredAt: Begin().AddDate(0, 0, -95), CreatedAt: Begin().Add(-31 * time.Hour)})
	}
	public, err := with(0).CanSign(s.Context())
	require.NoError(s, err)
	assert.Contains(s, public, s.store.ID())
	_, err = archive.New(s.store, archive.Options{KeyFile: key + ".none"}).CanSign(s.Context())
	assert.ErrorContains(s, err, "the signing key is not at hand")
	require.NoError(s, with(0).CanRead(s.Context()))
}
