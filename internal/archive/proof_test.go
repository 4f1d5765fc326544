package archive_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/makesim"
)

func TestGapsAreListed(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u, a := synced(t, 60)
	u.Clock.Advance(500 * 24 * time.Hour) // Make keeps 365 days
	u.Happens("key_created", storetest.Begin().AddDate(0, 0, 400))
	summary := u.Sync(a, audittest.AdminKey)
	require.Len(t, summary.Gaps, 1)
	assert.Equal(t, 61, summary.Span.Entries, "what Make has dropped stays")
	found := storetest.Intact(t, a)
	assert.False(t, found.Covered())
	q := storetest.Year()
	q.Window.To = u.Clock.Now()
	lines, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), q)
	assert.NotEmpty(t, lines)
	assert.False(t, report.Complete)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "no sync ran")
	inside := q
	inside.Window.From = storetest.Begin().AddDate(0, 0, 20)
	inside.Window.To = storetest.Begin().AddDate(0, 0, 30)
	lines, report = storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), inside)
	assert.Empty(t, lines)
	assert.False(t, report.Complete, "zero is no fact there")
}

// TestOneProcessFillsAnArchiveWhileOthersReadAndVerify has the others see one state each time: otherwise they would find records that
// nobody signed amiss, or columns ahead of the records.
func TestOneProcessFillsAnArchiveWhileOthersReadAndVerify(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(120), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	a, other := open(t, path), open(t, path)
	watched := storetest.AllDetails()
	looked := 0
	watched.OnProgress = func(archive.SyncProgress) {
		looked++
		storetest.Intact(t, other)
		_, err := other.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
		var busy *archive.BusyError
		assert.ErrorAs(t, err, &busy)
		lines, _ := storetest.ReadAll(t, u.Reader(other, audittest.AdminKey), storetest.Year())
		assert.Len(t, lines, 120)
	}
	u.SyncWith(a, watched)
	assert.Greater(t, looked, 5)
	u.Same(other)
}
