package postgres_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
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

// newPlace is the address of a schema, whose sessions are called like it.
func newPlace(server *postgrestest.Server) string {
	schema := server.Schema()
	return server.Address(schema) + "&application_name=" + schema
}

func schemaOf(t *testing.T, place string) string {
	t.Helper()
	address, err := url.Parse(place)
	require.NoError(t, err)
	return address.Query().Get("search_path")
}

// awaitGone waits until the server has done what processes that were killed said last.
func awaitGone(t *testing.T, server *postgrestest.Server, schema string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return server.Query(t, "", "SELECT count(*)::text FROM pg_stat_activity WHERE '/' || application_name LIKE '%/"+schema+"'")[0][0] == "0"
	}, time.Minute, 10*time.Millisecond)
}

// The server syncs to disk, as it does where nobody tells it otherwise.
func TestASyncSurvivesBeingKilled(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	storetest.Kill(t, "TestChildThatSyncs", storetest.Places{
		New:  func() string { return newPlace(server) },
		Open: opener,
		Died: func(place string) {
			schema := schemaOf(t, place)
			awaitGone(t, server, schema)
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

// shortLease has others take over soon; where the machine is busy it also runs out while its holder lives.
const shortLease = time.Second

func openReplica(t testing.TB, place string, create bool) archive.Store {
	t.Helper()
	if !create {
		return opener(t, place, create)
	}
	// Each process has a name of its own.
	place = strings.Replace(place, "application_name=", fmt.Sprintf("application_name=%d%%2F", os.Getpid()), 1)
	return open(t, place, postgres.Options{Create: true, Lease: shortLease})
}

func TestReplicaThatFills(t *testing.T) {
	t.Parallel()
	storetest.FillAsChild(t, storetest.Places{Open: openReplica})
}

// Whatever replicas die or come back too late, no two writers commit under one term.
func TestReplicasThatAreKilledFillALogOnce(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, postgrestest.Followed()...)
	var commits *postgrestest.Commits
	terms := 0
	end := func() {
		if commits != nil {
			terms += len(commits.Writers)
			commits.End(t)
		}
	}
	storetest.KillReplicas(t, "TestReplicaThatFills", storetest.Places{
		New: func() string {
			end()
			place := newPlace(server)
			commits = server.Follow(t, schemaOf(t, place), nil)
			return place
		},
		Open: openReplica,
		Died: func(place string) {
			awaitGone(t, server, schemaOf(t, place))
			commits.RequireOneWriterATerm(t)
		},
	})
	end()
	t.Logf("something was committed under %d terms", terms)
}
