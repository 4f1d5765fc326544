package resources_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

func TestTheStatusOfTheArchiveIsTold(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = world.Entries[len(world.Entries)-1500:]
	u := start(t, &world, makesim.Quirks{})
	none := ok[schemas.ArchiveStatus](u.caller(makesim.DemoToken), "make://archive/status")
	assert.False(t, none.Archive)
	assert.Contains(t, none.Warnings[0], "make-audit-mcp sync")

	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "audit.db"), sqlite.Options{Create: true})
	require.NoError(t, err)
	stored := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: now})
	t.Cleanup(func() { require.NoError(t, stored.Close()) })
	source := u.session(makesim.DemoToken, live.Options{Zone: "eu1.make.com", KeepRaw: true})
	_, err = stored.Sync(t.Context(), source, archive.SyncOptions{
		Instance: "test", Organization: auditlog.Organization{Ref: auditlog.Ref{ID: "4721", Name: "Northwind Automation"}, Here: true},
		Details: archive.NoDetails,
	})
	require.NoError(t, err)
	asks := func(key string) schemas.ArchiveStatus {
		reader := &archive.Reader{Source: u.session(key, live.Options{Zone: "eu1.make.com"}), Archive: stored, Instance: "test",
			IsUnreachable: live.IsUnreachable}
		service := &analysis.Service{Entries: reader, Resolver: question.Resolver{Reader: reader, Directory: reader}}
		return ok[schemas.ArchiveStatus](connect(t, func(context.Context) (*analysis.Service, error) { return service, nil }),
			"make://archive/status")
	}

	status := asks(makesim.DemoToken)
	assert.True(t, status.Archive)
	assert.Contains(t, status.Checkpoint, "make-audit-mcp/")
	require.Len(t, status.Logs, 1)
	assert.Equal(t, len(u.Dump(makesim.DemoOrganizationID)), status.Logs[0].Entries)
	assert.Equal(t, "2026-11-20T13:00:00+01:00", status.Logs[0].LastSync)
	assert.Empty(t, status.Logs[0].Gaps)

	ofTeam := asks(makesim.DemoTeamAdminToken)
	require.Len(t, ofTeam.Logs, 1)
	assert.Less(t, ofTeam.Logs[0].Entries, status.Logs[0].Entries, "of the own team only")
	assert.Empty(t, asks(makesim.DemoMemberToken).Logs, "who may not read the log learns nothing of it")
}
