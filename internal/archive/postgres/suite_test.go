package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/audittest/postgrestest"
)

func open(t testing.TB, address string, options postgres.Options) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), address, options)
	require.NoError(t, err)
	return store
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) func() archive.Store {
		address := postgrestest.Shared(t).Empty()
		return func() archive.Store { return open(t, address, postgres.Options{Create: true}) }
	})
}
