package archive_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

var _ archive.Source = (*live.Reader)(nil)

func open(t testing.TB, path string) *archive.Archive {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
	require.NoError(t, err)
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin})
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

func newArchive(t testing.TB) *archive.Archive {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "audit.db"))
}

// synced is an archive of so many entries, and what it is filled from.
func synced(t testing.TB, entries int) (*storetest.Upstream, *archive.Archive) {
	t.Helper()
	u := storetest.Start(t, storetest.Entries(entries), makesim.Quirks{})
	a := newArchive(t)
	u.Sync(a, audittest.AdminKey)
	return u, a
}

// called fits one name.
func called(want string) func(auditlog.Text) bool {
	return func(name auditlog.Text) bool { return string(name) == want }
}
