package auditlog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog"
)

func TestWindowContainsItsStartAndNotItsEnd(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 1)
	window := auditlog.Window{From: from, To: to, Location: time.UTC}
	assert.True(t, window.Contains(from))
	assert.True(t, window.Contains(to.Add(-1)))
	assert.False(t, window.Contains(to))
	assert.False(t, window.Contains(from.Add(-1)))
}
