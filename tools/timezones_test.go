package tools_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

// Clocks that governments changed in 2026: the rules are newer than those of Go and of the machine.
func TestAnswersGoByTheNewestRulesOfTimeZones(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	c := demo(t, makesim.Quirks{}).caller(makesim.DemoToken)
	for zone, want := range map[string]string{
		"America/Vancouver": "2026-11-20T00:00:00-07:00",
		"America/Edmonton":  "2026-11-20T00:00:00-06:00",
		"America/Winnipeg":  "2026-11-20T00:00:00-05:00",
		"America/Havana":    "2026-11-20T00:00:00-04:00",
		"Africa/Casablanca": "2026-11-20T00:00:00Z",
		"Africa/El_Aaiun":   "2026-11-20T00:00:00Z",
	} {
		page := c.list(args{"from": "2026-11-20", "timezone": zone, "limit": 1})
		assert.Equal(t, want, page.Query.From, zone)
		assert.Equal(t, zone, page.Query.Timezone)
	}
}
