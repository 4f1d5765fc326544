package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
)

// missing is a command that asks Make for an entry that is nowhere, by a budget of so many requests.
func missing(ceiling, number int) []string {
	return []string{fmt.Sprint("--requests-per-minute=", ceiling), "--log-level", "info", "call", "get_audit_log",
		fmt.Sprintf(`{"uuid":["%08x-0000-4000-8000-00000000abcd"]}`, number)}
}

func TestProcessesThatUseOneArchiveShareTheBudget(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for name, place := range map[string]func(*acme){
		"a file":     func(*acme) {},
		"PostgreSQL": func(a *acme) { a.inPostgres() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAcme(t)
			place(a)
			a.sync("--archive-key", a.signingKey(), "--details", "none")
			var calls, ofNone atomic.Int64
			a.each(func(r *http.Request) {
				calls.Add(1)
				if strings.Contains(r.URL.Path, "/users/") {
					ofNone.Add(1)
				}
			})
			a.run(missing(1000, 0)...).fails("none of these uuids exists")
			ceiling := 3*int(calls.Load()) + 1
			for i := range 2 {
				a.run(missing(ceiling, i+1)...).fails("none of these uuids exists")
			}
			a.start(missing(ceiling, 3)...).logs(fmt.Sprintf("the budget of %d requests per minute", ceiling))
			assert.LessOrEqual(t, int(calls.Load()-ofNone.Load()), ceiling)
			assert.LessOrEqual(t, int(calls.Load()), ceiling+1, "the first of a process belongs to no organization")
		})
	}
}

func TestWhereTheBudgetCannotBeSharedEachProcessCountsByItself(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for name, in := range map[string]func(*testing.T, *acme) (lose func()){
		"beside a file": func(t *testing.T, a *acme) func() {
			return func() { require.NoError(t, os.Mkdir(a.archive+"-budget.lock", 0o700)) } // which stops root as well
		},
		"as a role that may only read": func(t *testing.T, a *acme) func() {
			server, schema := a.inPostgres()
			return func() {
				role := "r" + schema
				server.Exec(t, schema, "CREATE ROLE "+role+" LOGIN; GRANT USAGE ON SCHEMA "+schema+" TO "+role+
					"; GRANT SELECT ON ALL TABLES IN SCHEMA "+schema+" TO "+role)
				a.archive = server.AddressOf(role, schema)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAcme(t)
			lose := in(t, a)
			a.sync("--archive-key", a.signingKey(), "--details", "none")
			_ = os.Remove(a.archive + "-budget.lock")
			lose()
			got := a.run(missing(1000, 1)...).fails("none of these uuids exists")
			assert.Equal(t, 1, strings.Count(got.errOut, "cannot share the budget"), got.errOut)
		})
	}
}

func TestWhatIsSharedOfTheBudgetIsTheOwnersAlone(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	a.run(missing(1000, 1)...).fails("none of these uuids exists")
	for _, beside := range []string{"-budget", "-budget.lock"} {
		isPrivate(t, a.archive+beside)
	}
	assert.NotContains(t, readFile(t, a.archive+"-budget"), ownerKey)
	assert.NoFileExists(t, a.archive+"-budget.new")
	found, err := filepath.Glob(a.archive + "*")
	require.NoError(t, err)
	assert.Len(t, found, 5, found)
}
