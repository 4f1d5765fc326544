package question_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func TestThePeriodBeforeIsFairlyCompared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zone, from, to string
		want           string
	}{
		"a month":                            {"Europe/Prague", "2026-10-01T00:00", "2026-11-01T00:00", "2026-09-01T00:00"},
		"a month after a short one":          {"UTC", "2026-03-01T00:00", "2026-04-01T00:00", "2026-02-01T00:00"},
		"a quarter":                          {"UTC", "2026-01-01T00:00", "2026-04-01T00:00", "2025-10-01T00:00"},
		"a year":                             {"UTC", "2025-01-01T00:00", "2026-01-01T00:00", "2024-01-01T00:00"},
		"a month of another zone":            {"UTC", "2026-09-30T22:00", "2026-10-31T23:00", "2026-08-30T21:00"},
		"days":                               {"UTC", "2026-10-03T13:00", "2026-11-02T13:00", "2026-09-03T13:00"},
		"the day on which clocks go forward": {"Europe/Prague", "2026-03-29T00:00", "2026-03-30T00:00", "2026-03-28T00:00"},
		"the day on which clocks go back":    {"Europe/Prague", "2026-10-25T00:00", "2026-10-26T00:00", "2026-10-24T00:00"},
		"by half an hour":                    {"Australia/Lord_Howe", "2026-04-05T00:00", "2026-04-06T00:00", "2026-04-04T00:00"},
		"a week":                             {"Asia/Kathmandu", "2026-11-16T00:00", "2026-11-23T00:00", "2026-11-09T00:00"},
		"the leap day":                       {"UTC", "2028-02-29T00:00", "2028-03-01T00:00", "2028-02-28T00:00"},
		"the month with it":                  {"UTC", "2028-02-01T00:00", "2028-03-01T00:00", "2028-01-01T00:00"},
		"days over the end of a month":       {"UTC", "2028-03-01T00:00", "2028-03-03T00:00", "2028-02-28T00:00"},
		"hours":                              {"UTC", "2026-10-03T08:00", "2026-10-03T18:00", "2026-10-02T22:00"},
		"hours over a change of clocks":      {"Europe/Prague", "2026-03-29T01:00", "2026-03-29T05:00", "2026-03-28T22:00"},
		"a time of day that the day before skips": {"Europe/Prague", "2026-03-30T02:30", "2026-03-31T02:30", "2026-03-29T03:30"},
	} {
		location, err := time.LoadLocation(test.zone)
		require.NoError(t, err)
		at := func(text string) time.Time {
			parsed, err := time.ParseInLocation("2006-01-02T15:04", text, location)
			require.NoError(t, err)
			return parsed
		}
		previous := question.Previous(auditlog.Window{From: at(test.from), To: at(test.to), Location: location})
		assert.True(t, at(test.want).Equal(previous.From), "%s: %s", name, previous.From)
		assert.True(t, at(test.from).Equal(previous.To), name)
	}
}

func TestPeriodsBeforeAdjoinAndAreNeverEmpty(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		zone := []string{"UTC", "Europe/Prague", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns",
			"Asia/Kathmandu"}[random.IntN(6)]
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		from := time.Date(2010, 1, 1, 0, 0, 0, 0, location).AddDate(0, 0, random.IntN(6000))
		if random.IntN(2) == 0 {
			from = from.Add(time.Duration(random.IntN(86_400)) * time.Second)
		}
		w := auditlog.Window{From: from, To: from.AddDate(0, 0, 1+random.IntN(400)), Location: location}
		for _, previous := range []auditlog.Window{question.Previous(w), question.DaysBefore(w, 1+random.IntN(100))} {
			assert.True(t, previous.To.Equal(w.From))
			assert.True(t, previous.From.Before(previous.To), "%s", w.From)
		}
		previous := question.Previous(w)
		difference := (w.To.Sub(w.From) - previous.To.Sub(previous.From)).Abs()
		assert.Less(t, difference, 4*24*time.Hour, "as long but for the length of months and changes of clocks: %s to %s", w.From, w.To)
	}
}
