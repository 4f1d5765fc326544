package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/live"
)

func TestAFileIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) func() archive.Store {
		path := filepath.Join(t.TempDir(), "audit.db")
		return func() archive.Store {
			store, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
			require.NoError(t, err)
			return store
		}
	})
}

func openWith(ctx context.Context, path string, options sqlite.Options) (*archive.Archive, error) {
	store, err := sqlite.Open(ctx, path, options)
	if err != nil {
		return nil, err
	}
	return archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin}), nil
}

func open(t testing.TB, path string) *archive.Archive {
	t.Helper()
	a, err := openWith(t.Context(), path, sqlite.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}
