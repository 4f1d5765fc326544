package question_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/question"
)

func TestDaysBeginByTheNewestRulesOfTheirZone(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"America/Vancouver": "2026-11-20T00:00:00-07:00", // summer time all year since 2026
		"Canada/Pacific":    "2026-11-20T00:00:00-07:00",
		"America/Edmonton":  "2026-11-20T00:00:00-06:00",
		"America/Inuvik":    "2026-11-20T00:00:00-06:00",
		"America/Winnipeg":  "2026-11-20T00:00:00-05:00",
		"Africa/Casablanca": "2026-11-20T00:00:00Z", // Greenwich time since September 2026
		"Africa/El_Aaiun":   "2026-11-20T00:00:00Z",
		"America/Coyhaique": "2026-11-20T00:00:00-03:00", // a zone since 2025
		"Europe/Prague":     "2026-11-20T00:00:00+01:00",
	} {
		location, err := question.ParseLocation(zone)
		require.NoError(t, err)
		assert.Equal(t, zone, location.String())
		window, err := question.ParseWindow(question.WindowRequest{From: "2026-11-20", Location: location, Now: instant(t, "2026-12-01T00:00:00Z")})
		require.NoError(t, err, zone)
		assert.Equal(t, want, window.From.Format(time.RFC3339), zone)
	}
}

func TestZonesThatAreFilesOfTheServerAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"localtime", "posixrules", "right/UTC", "posix/Europe/Prague", "tzdata.zi", "Europe"} {
		_, err := question.ParseLocation(name)
		assert.ErrorContains(t, err, "is not a known time zone; accepted: an IANA time zone name, such as ", name)
	}
}
