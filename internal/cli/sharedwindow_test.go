package cli_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// Three replicas, each with a store of its own, as on three machines, use the budget of a short minute up, and no more: the simulated Make
// counts.
func TestReplicasOverRealStoresKeepToOneBudget(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	const replicas, ceiling, minute, minutes = 3, 60, 3 * time.Second, 4
	for name, place := range map[string]func(t *testing.T) func() (archive.Store, error){
		"PostgreSQL": func(t *testing.T) func() (archive.Store, error) {
			address := postgrestest.Shared(t).Empty()
			return func() (archive.Store, error) {
				return postgres.Open(t.Context(), address, postgres.Options{Create: true})
			}
		},
		"a file": func(t *testing.T) func() (archive.Store, error) {
			path := filepath.Join(t.TempDir(), "audit.db")
			return func() (archive.Store, error) {
				return sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var arrivals []time.Time
			simulated := makesim.New(acmeWorld(), makesim.Options{})
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				arrivals = append(arrivals, time.Now())
				mu.Unlock()
				simulated.ServeHTTP(w, r)
			}))
			t.Cleanup(web.Close)
			base, err := makeapi.ParseBaseURL(web.URL + makesim.BasePath)
			require.NoError(t, err)

			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			open := place(t)
			var group sync.WaitGroup
			for range replicas {
				store, err := open()
				require.NoError(t, err)
				t.Cleanup(func() { _ = store.Close() })
				budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: ceiling, Minute: minute})
				budget.Share(archive.New(store, archive.Options{}), nil)
				client := makeapi.New(makeapi.Options{BaseURL: base, Credential: makeapi.StaticKey(ownerKey), Budget: budget})
				for range 4 {
					group.Go(func() {
						for ctx.Err() == nil {
							_, err := client.AuditLogs.ListOrganization(ctx, "77", makeapi.ListOptions{Limit: 1})
							assert.True(t, err == nil || ctx.Err() != nil, "%v", err)
						}
					})
				}
			}
			time.AfterFunc(minutes*minute, stop)
			group.Wait()

			slices.SortFunc(arrivals, time.Time.Compare)
			most, first := 0, 0
			for i, at := range arrivals {
				for at.Sub(arrivals[first]) >= minute {
					first++
				}
				most = max(most, i-first+1)
			}
			t.Logf("%d of %d calls, most in a minute %d of %d", len(arrivals), minutes*ceiling, most, ceiling)
			assert.LessOrEqual(t, most, ceiling+ceiling*2/100)
			assert.Greater(t, len(arrivals), minutes*ceiling/2, "how near it comes to the ceiling is up to the machine, and measured in makeapi")
			assert.NotContains(t, strings.ToLower(budgetValue(t, open)), "token")
		})
	}
}

// budgetValue is what lies in the store of the organization's budget.
func budgetValue(t *testing.T, open func() (archive.Store, error)) (text string) {
	t.Helper()
	store, err := open()
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	require.NoError(t, store.Change(t.Context(), "make-audit-mcp replicas", func(value []byte, _ time.Time) []byte {
		text = string(value)
		return value
	}))
	require.NotEmpty(t, text)
	return text
}
