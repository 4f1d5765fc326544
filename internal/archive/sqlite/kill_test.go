package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog/logtest"
)

// places are files.
func places(t *testing.T) storetest.Places {
	return storetest.Places{
		New: func() string { return filepath.Join(t.TempDir(), "audit.db") },
		Open: func(t testing.TB, place string, create bool) archive.Store {
			t.Helper()
			if !create && !sqlite.Exists(place) {
				return nil
			}
			store, err := sqlite.Open(t.Context(), place, sqlite.Options{Create: true})
			require.NoError(t, err)
			return store
		},
		Died: func(string) {},
	}
}

func TestChildThatSyncs(t *testing.T) {
	t.Parallel()
	storetest.SyncAsChild(t, places(t))
}

func TestASyncSurvivesBeingKilled(t *testing.T) {
	t.Parallel()
	storetest.Kill(t, "TestChildThatSyncs", places(t))
}

func TestChildThatChanges(t *testing.T) {
	t.Parallel()
	storetest.ChangeAsChild(t, places(t))
}

func TestAValueSurvivesItsChangersBeingKilled(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	storetest.KillChanges(t, "TestChildThatChanges", places(t))
}
