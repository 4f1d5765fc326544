package tools_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/makeapi"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

// filled is an archive that was filled with the admin's key.
func (u *upstream) filled() *archive.Archive {
	u.T.Helper()
	store, err := sqlite.Open(u.T.Context(), filepath.Join(u.T.TempDir(), "audit.db"), sqlite.Options{Create: true})
	require.NoError(u.T, err)
	return u.filledIn(store)
}

// filledIn is the same in a store.
func (u *upstream) filledIn(store archive.Store) *archive.Archive {
	u.T.Helper()
	clock := u.clock
	if clock == nil {
		clock = now
	}
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: filepath.Join(u.T.TempDir(), "key"), Now: clock})
	u.T.Cleanup(func() { require.NoError(u.T, a.Close()) })
	u.sync(a)
	return a
}

// sync fills an archive up.
func (u *upstream) sync(a *archive.Archive) {
	u.T.Helper()
	access := u.Access(makesim.DemoToken)
	access.Live.KeepRaw = true
	u.syncFrom(a, access.Reader(u.T))
}

func (u *upstream) syncFrom(a *archive.Archive, source *live.Reader) {
	u.T.Helper()
	organizations, err := source.Organizations(u.T.Context())
	require.NoError(u.T, err)
	for _, organization := range organizations {
		if organization.ID == "4721" {
			_, err = a.Sync(u.T.Context(), source, archive.SyncOptions{Instance: "test", Organization: organization,
				Details: archive.NoDetails})
			require.NoError(u.T, err)
		}
	}
}

// archived is a service that answers from an archive with somebody's key.
func (u *upstream) archived(a *archive.Archive, key string) *analysis.Service {
	u.T.Helper()
	service, _ := u.archivedReader(a, key)
	return service
}

// archivedReader is such a service and its reader.
func (u *upstream) archivedReader(a *archive.Archive, key string) (*analysis.Service, *archive.Reader) {
	u.T.Helper()
	return u.archivedReaderAt(a, key, now)
}

// archivedReaderAt is the same by a clock.
func (u *upstream) archivedReaderAt(a *archive.Archive, key string, clock func() time.Time) (*analysis.Service, *archive.Reader) {
	u.T.Helper()
	service := serviceAt(u.T, u.URL, key, clock)
	source, ok := service.Reader.(archive.Source)
	require.True(u.T, ok)
	reader := &archive.Reader{Source: source, Archive: a, Instance: "test", IsUnreachable: makeapi.IsUnreachable}
	service.Reader, service.Directory, service.Entries = reader, reader, reader
	return service, reader
}

func TestPagesFromTheArchiveMakeOneListing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{Seed: 1})
	c := connect(t, u.archived(u.filled(), makesim.DemoToken))
	for _, question := range []args{{"from": "3d", "limit": 40}, {"from": "3d", "limit": 40, "sort_by": "actor"}} {
		uuids, pages := walk(t, func(cursor string) (*caller, args) { return c, with(question, "cursor", cursor) })
		whole := uuidsOf(connect(t, u.Service(makesim.DemoToken)).list(with(question, "limit", 500)).Entries)
		require.GreaterOrEqual(t, len(uuids), len(whole))
		assert.Equal(t, whole, uuids[:len(whole)])
		total := pages[len(pages)-1].Total
		require.NotNil(t, total)
		assert.Len(t, uuids, *total)
	}
}

func TestTheArchiveReachesBeyondWhatMakeKeeps(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{Seed: 1})
	a := u.filled()
	var gone []string
	for _, entry := range u.Dump(demoOrganization) {
		if entry.TriggeredAt.Before(now().AddDate(0, 0, -10)) {
			gone = append(gone, entry.UUID)
		}
	}
	u.RemoveEntries(gone...)
	question := args{"from": "all", "to": "2026-11-08", "group_by": "actor"}
	fromMake := ok[schemas.CountAuditLogsResult](u.caller(makesim.DemoToken), "count_audit_logs", with(question, "from", "2026-11-05"))
	assert.Nil(t, fromMake.Total, "Make keeps nothing of it")
	assert.False(t, fromMake.Complete)
	fromArchive := ok[schemas.CountAuditLogsResult](connect(t, u.archived(a, makesim.DemoToken)), "count_audit_logs", question)
	assert.Positive(t, *fromArchive.Total)
	assert.True(t, fromArchive.Complete)
	assert.Equal(t, auditlog.SourceArchive, fromArchive.Source)
}

func TestWhatWasKnownAtTheLastSyncIsSaidToBe(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := start(t, lastWeeks(), makesim.Options{Seed: 1}).filled()
	gone := &upstream{Upstream: &audittest.Upstream{T: t, URL: "http://127.0.0.1:1" + makesim.BasePath}}
	service, reader := gone.archivedReader(a, makesim.DemoToken)
	reader.IsOwn = true
	c := connect(t, service)
	const said = "what is known of organization 4721 is from the archive's last sync, 2026-11-20T12:00:00Z, since Make cannot be asked now"

	organizations := ok[schemas.ListOrganizationsResult](c, "list_organizations", args{})
	require.Len(t, organizations.Organizations, 1)
	assert.True(t, organizations.Organizations[0].CanReadAuditLogs)
	assert.Contains(t, strings.Join(organizations.Warnings, "\n"), said)
	filters := ok[schemas.ListFiltersResult](c, "list_audit_log_filters", args{})
	assert.NotEmpty(t, filters.Users)
	assert.Contains(t, strings.Join(filters.Warnings, "\n"), said)
	nobody := c.Call("list_audit_logs", args{"actor": "Nobody Known"})
	assert.True(t, nobody.IsError)
	assert.Contains(t, nobody.Text, said)
}
