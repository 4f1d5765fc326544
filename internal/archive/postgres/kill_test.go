package postgres_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// opener opens what lies at an address.
func opener(t testing.TB, place string, create bool) archive.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), place, postgres.Options{Create: create})
	var is *archive.StoreError
	if !create && err != nil {
		require.ErrorAs(t, err, &is)
		require.Equal(t, "it is empty", is.Problem)
		return nil
	}
	require.NoError(t, err)
	return store
}

func TestChildThatSyncs(t *testing.T) {
	t.Parallel()
	storetest.SyncAsChild(t, storetest.Places{Open: opener})
}

// The server syncs to disk, as it does where nobody tells it otherwise.
func TestASyncSurvivesBeingKilled(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	storetest.Kill(t, "TestChildThatSyncs", storetest.Places{
		New: func() string {
			schema := server.Schema()
			return server.Address(schema) + "&application_name=" + schema
		},
		Open: opener,
		Died: func(place string) {
			address, err := url.Parse(place)
			require.NoError(t, err)
			schema := address.Query().Get("search_path")
			require.Eventually(t, func() bool { // what it said last may still be done
				return server.Query(t, "", "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = '"+schema+"'")[0][0] == "0"
			}, time.Minute, 10*time.Millisecond)
			server.Exec(t, "", "DO $$ BEGIN IF to_regclass('"+schema+".leases') IS NOT NULL THEN "+
				"UPDATE "+schema+".leases SET until = clock_timestamp(); END IF; END $$")
		},
	})
}

func TestChildThatChanges(t *testing.T) {
	t.Parallel()
	storetest.ChangeAsChild(t, storetest.Places{Open: opener})
}

func TestAValueSurvivesItsChangersBeingKilled(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	server := postgrestest.Shared(t)
	storetest.KillChanges(t, "TestChildThatChanges", storetest.Places{New: server.Empty, Open: opener, Died: func(string) {}})
}
