package storetest

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// archiveIn is the archive in a store that another process has open as well.
func (s *suite) archiveIn(store archive.Store, key string) *archive.Archive {
	return archive.New(store, archive.Options{Decode: live.Decode, KeyFile: key, Now: Begin})
}

// fillsUp has processes take turns in filling one log, while entries come of every age.
func (s *suite) fillsUp() {
	u := Start(s, Entries(300), makesim.Quirks{})
	key := filepath.Join(s.TempDir(), "key")
	turns := []*archive.Archive{s.archiveIn(s.store, key), s.archiveIn(s.open(), key)}
	u.Sync(turns[0], audittest.AdminKey)
	for i := range 6 {
		u.Clock.Advance(7 * time.Minute)
		late := makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TargetID: "9001",
			TriggeredAt: Begin().AddDate(0, 0, -10*i), CreatedAt: u.Clock.Now().Add(-time.Minute)}
		u.AddEntries(late)
		u.Happens("key_created", u.Clock.Now().Add(-2*time.Minute))
		summary := u.Sync(turns[i%2], audittest.AdminKey)
		assert.Equal(s, 2, summary.Added)
		for _, a := range turns {
			u.Same(a)
		}
	}
	_, err := s.archiveIn(s.open(), filepath.Join(s.TempDir(), "another")).Sync(s.Context(), u.Source(audittest.AdminKey), SyncOptions())
	var refused *archive.StoreError
	require.ErrorAs(s, err, &refused, "it has another signing key")
}

// keepsApart fills two organizations' logs, and one of the same number of another instance of Make, in turns.
func (s *suite) keepsApart() {
	entries := Entries(60)
	for i := range 40 {
		entries = append(entries, makesim.Entry{OrganizationID: audittest.OtherID, Event: "key_created", TargetID: "1",
			TriggeredAt: Begin().Add(-time.Duration(i+1) * time.Hour)})
	}
	u, elsewhere := Start(s, entries, makesim.Quirks{}), Start(s, Entries(25), makesim.Quirks{})
	a := s.archiveIn(s.store, filepath.Join(s.TempDir(), "key"))
	other := Acme()
	other.Ref = auditlog.Ref{ID: "78", Name: "Beta"}
	logs := []struct {
		from         *Upstream
		instance     string
		organization auditlog.Organization
	}{{u, audittest.Zone, Acme()}, {u, audittest.Zone, other}, {elsewhere, "us1.make.com", Acme()}}
	for turn := range 3 {
		for _, log := range logs {
			options := SyncOptions()
			options.Instance, options.Organization = log.instance, log.organization
			log.from.SyncWith(a, options)
			q := log.from.UpToNow()
			q.Organization = log.organization.Ref
			want, _ := ReadAll(s, log.from.Session(audittest.AdminKey, live.Options{}), q)
			reader := log.from.Reader(a, audittest.AdminKey)
			reader.Instance = log.instance
			got, report := ReadAll(s, reader, q)
			assert.Equal(s, want, got)
			assert.NotEmpty(s, got)
			assert.Equal(s, auditlog.SourceArchive, report.Source)
		}
		for _, from := range []*Upstream{u, elsewhere} {
			from.Clock.Advance(time.Hour)
			from.Happens("key_created", from.Clock.Now().Add(-time.Duration(turn+1)*time.Minute))
		}
	}
	assert.Len(s, Intact(s, a).Logs, len(logs))
	stored, err := s.store.Logs(s.Context(), archive.LogKey{})
	require.NoError(s, err)
	assert.True(s, slices.IsSortedFunc(stored, func(a, b archive.Log) int { return int(a.Number - b.Number) }))
}
