package question_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/tz"
)

// A Wednesday afternoon in Prague, in summer time.
const wednesday = "2026-10-14T15:30:00+02:00"

func TestParseWindow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to         string
		wantFrom, wantTo string
		open             bool
	}{
		"neither means the default days": {"", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"RFC 3339": {"2026-10-03T14:00:00+02:00", "2026-10-03T13:00:00Z", "2026-10-03T14:00:00+02:00",
			"2026-10-03T15:00:00+02:00", false},
		"RFC 3339 in lower case":       {"2026-10-03t14:00:00.25z", "now", "2026-10-03T16:00:00.25+02:00", wednesday, true},
		"an instant reaches until now": {"2026-10-03T14:00:00Z", "", "2026-10-03T16:00:00+02:00", wednesday, true},
		"local times": {"2026-10-03T14:00", "2026-10-03 14:00:05", "2026-10-03T14:00:00+02:00",
			"2026-10-03T14:00:05+02:00", false},
		"fractions": {"2026-10-03T14:00:00.5", "2026-10-03T14:00:00,750", "2026-10-03T14:00:00.5+02:00",
			"2026-10-03T14:00:00.75+02:00", false},
		"fractions finer than a nanosecond": {"2026-10-03T14:00:00.1234567899", "now", "2026-10-03T14:00:00.123456789+02:00", wednesday,
			true},
		"a date alone is since": {"2026-10-03", "", "2026-10-03T00:00:00+02:00", wednesday, true},
		"a date as to is its end": {"2026-10-01", "2026-10-03", "2026-10-01T00:00:00+02:00",
			"2026-10-04T00:00:00+02:00", false},
		"a date with a change of clocks": {"2026-03-29", "", "2026-03-29T00:00:00+01:00", wednesday, true},
		"a month alone is since":         {"2026-09", "", "2026-09-01T00:00:00+02:00", wednesday, true},
		"the month that is not over":     {"2026-10", "", "2026-10-01T00:00:00+02:00", wednesday, true},
		"a month as to is its end":       {"2026-01", "2026-03", "2026-01-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00", false},
		"a year alone is since":          {"2025", "", "2025-01-01T00:00:00+01:00", wednesday, true},
		"a year as to is its end":        {"2024-02-29", "2024", "2024-02-29T00:00:00+01:00", "2025-01-01T00:00:00+01:00", false},
		"today":                          {"today", "", "2026-10-14T00:00:00+02:00", wednesday, true},
		"today as to ends now":           {"yesterday", "today", "2026-10-13T00:00:00+02:00", wednesday, true},
		"yesterday":                      {"yesterday", "", "2026-10-13T00:00:00+02:00", wednesday, true},
		"yesterday as to is its end": {"2026-10-12", "yesterday", "2026-10-12T00:00:00+02:00",
			"2026-10-14T00:00:00+02:00", false},
		"this week begins on Monday":           {"this week", "", "2026-10-12T00:00:00+02:00", wednesday, true},
		"last week":                            {"last week", "", "2026-10-05T00:00:00+02:00", wednesday, true},
		"last week with an underscore":         {"Last_Week", "", "2026-10-05T00:00:00+02:00", wednesday, true},
		"last week with a hyphen":              {" LAST-WEEK ", "", "2026-10-05T00:00:00+02:00", wednesday, true},
		"this month":                           {"this month", "", "2026-10-01T00:00:00+02:00", wednesday, true},
		"last month":                           {"last month", "", "2026-09-01T00:00:00+02:00", wednesday, true},
		"this quarter":                         {"this quarter", "", "2026-10-01T00:00:00+02:00", wednesday, true},
		"last quarter":                         {"last quarter", "", "2026-07-01T00:00:00+02:00", wednesday, true},
		"this year":                            {"this year", "", "2026-01-01T00:00:00+01:00", wednesday, true},
		"last year":                            {"last year", "", "2025-01-01T00:00:00+01:00", wednesday, true},
		"days back":                            {"7d", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"weeks back":                           {"2w", "", "2026-09-30T15:30:00+02:00", wednesday, true},
		"calendar days keep the time of day":   {"365d", "", "2025-10-14T15:30:00+02:00", wednesday, true},
		"days back across a change of clocks":  {"30w", "", "2026-03-18T15:30:00+01:00", wednesday, true},
		"hours back":                           {"24h", "", "2026-10-13T15:30:00+02:00", wednesday, true},
		"hours back across a change of clocks": {"5040h", "", "2026-03-18T14:30:00+01:00", wednesday, true},
		"minutes back":                         {"90min", "", "2026-10-14T14:00:00+02:00", wednesday, true},
		"back from now":                        {"now-36h", "now-7h", "2026-10-13T03:30:00+02:00", "2026-10-14T08:30:00+02:00", false},
		"back from now with spaces":            {"now - 7d", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"days in words":                        {"7 days", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"30 days":                              {"30 days", "", "2026-09-14T15:30:00+02:00", wednesday, true},
		"days ago":                             {"7 days ago", "1 day ago", "2026-10-07T15:30:00+02:00", "2026-10-13T15:30:00+02:00", false},
		"a sign alone":                         {"-7d", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"the last days are no calendar week":   {"last 7 days", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"the last days, joined":                {"LAST_7_DAYS", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"past hours":                           {"past 24 hours", "", "2026-10-13T15:30:00+02:00", wednesday, true},
		"past hours across a change of clocks": {"past 5040 hours", "", "2026-03-18T14:30:00+01:00", wednesday, true},
		"the past week is seven days":          {"past week", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"the past hour":                        {"past hour", "", "2026-10-14T14:30:00+02:00", wednesday, true},
		"a week ago":                           {"1 week ago", "", "2026-10-07T15:30:00+02:00", wednesday, true},
		"minutes in words":                     {"90 minutes ago", "", "2026-10-14T14:00:00+02:00", wednesday, true},
		"months back":                          {"3 months", "", "2026-07-14T15:30:00+02:00", wednesday, true},
		"months back across the new year":      {"last 11 months", "", "2025-11-14T15:30:00+01:00", wednesday, true},
		"a year back":                          {"1y", "", "2025-10-14T15:30:00+02:00", wednesday, true},
		"a weekday is the last that has begun": {"monday", "", "2026-10-12T00:00:00+02:00", wednesday, true},
		"today's weekday has begun":            {"Wednesday", "", "2026-10-14T00:00:00+02:00", wednesday, true},
		"tomorrow's weekday was last week":     {"thursday", "fri", "2026-10-08T00:00:00+02:00", "2026-10-10T00:00:00+02:00", false},
		"a quarter alone is since":             {"2026-Q3", "", "2026-07-01T00:00:00+02:00", wednesday, true},
		"quarters":                             {"2025-q4", "2026Q1", "2025-10-01T00:00:00+02:00", "2026-04-01T00:00:00+02:00", false},
		"a week alone is since":                {"2026-W40", "", "2026-09-28T00:00:00+02:00", wednesday, true},
		"weeks":                                {"2026-W01", "2026-w02", "2025-12-29T00:00:00+01:00", "2026-01-12T00:00:00+01:00", false},
		"Unix seconds": {"1760000000", "1760000000.25", "2025-10-09T10:53:20+02:00",
			"2025-10-09T10:53:20.25+02:00", false},
		"Unix milliseconds":        {"1760000000500", "", "2025-10-09T10:53:20.5+02:00", wednesday, true},
		"Unix time of nine digits": {"999999999", "", "2001-09-09T03:46:39+02:00", wednesday, true},
		"an offset without a colon": {"2026-10-03T14:00:00+0000", "2026-10-03 14:00:00 -0130", "2026-10-03T16:00:00+02:00",
			"2026-10-03T17:30:00+02:00", false},
		"to alone counts from there": {"", "2026-10-03", "2026-09-27T00:00:00+02:00", "2026-10-04T00:00:00+02:00", false},
		"to alone now":               {"", "NOW", "2026-10-07T15:30:00+02:00", wednesday, true},
		"to in the future is now":    {"2026-10-03T14:00", "2026-12-31", "2026-10-03T14:00:00+02:00", wednesday, true},
		"one nanosecond is a window": {"2026-10-03T14:00:00", "2026-10-03T14:00:00.000000001", "2026-10-03T14:00:00+02:00",
			"2026-10-03T14:00:00.000000001+02:00", false},
	} {
		got, err := question.ParseWindow(request(t, test.from, test.to, "Europe/Prague", wednesday))
		require.NoError(t, err, name)
		assert.Equal(t, test.wantFrom, got.From.Format(time.RFC3339Nano), "%s: from", name)
		assert.Equal(t, test.wantTo, got.To.Format(time.RFC3339Nano), "%s: to", name)
		assert.Equal(t, test.open, got.OpenEnd, name)
		assert.Equal(t, "Europe/Prague", got.Location.String(), name)
	}
}

func TestParseWindowRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to string
		argument string
		says     []string
	}{
		"nonsense":                 {"soonish", "", "from", []string{`from "soonish": is not a time`, "2026-10-03", "last week", "now-36h"}},
		"a day that is not":        {"2026-02-30", "", "from", []string{"there is no such day: February 2026 has days 1 to 28"}},
		"a leap day that is not":   {"2025-02-29", "", "from", []string{"days 1 to 28"}},
		"day zero":                 {"2026-02-00", "", "from", []string{"no such day"}},
		"a month that is not":      {"", "2026-13", "to", []string{`to "2026-13": there is no month 13`}},
		"an hour that is not":      {"2026-10-03T24:00", "", "from", []string{"time of day", "23:59:59"}},
		"a leap second":            {"2026-06-30T23:59:60Z", "", "from", []string{"time of day"}},
		"an offset that is not":    {"2026-10-03T14:00:00+24:00", "", "from", []string{"no such offset +24:00"}},
		"a year long ago":          {"1999", "", "from", []string{"between 2000 and 2100"}},
		"a year far ahead":         {"", "2101-01-01", "to", []string{"between 2000 and 2100"}},
		"minutes or months":        {"3m", "", "from", []string{"minutes or months", "3min", "3 months"}},
		"an unknown unit":          {"3s", "", "from", []string{`unknown unit "s"`, "d, w, months, y, h and min"}},
		"nothing back":             {"0d", "", "from", []string{"at least 1"}},
		"too far back":             {"99999d", "", "from", []string{"beyond the year 2000"}},
		"more than a number":       {"99999999999999999999h", "", "from", []string{"beyond the year 2000"}},
		"a relative future":        {"", "now+1h", "to", []string{"future", "now-1h"}},
		"a named future":           {"next week", "", "from", []string{"future"}},
		"from in the future":       {"2026-10-15", "", "from", []string{"2026-10-15T00:00:00+02:00", "must begin before now", wednesday}},
		"from now":                 {"now", "", "from", []string{"must begin before now"}},
		"digits of other scripts":  {"٢٠٢٦-١٠-٠٣", "", "from", []string{"characters"}},
		"dashes of other kinds":    {"2026–10–03", "", "from", []string{"characters"}},
		"letters that fold":        {"last wee\u212a", "", "from", []string{"characters"}},
		"other orders":             {"03/10/2026", "", "from", []string{"is not a time"}},
		"short fields":             {"2026-1-3", "", "from", []string{"is not a time"}},
		"a timestamp of no length": {"17600000", "", "from", []string{"is not a time"}},
		"a timestamp long ago":     {"100000000", "", "from", []string{"between 2000 and 2100"}},
		"a timestamp far ahead":    {"9999999999", "", "from", []string{"between 2000 and 2100"}},
		"microseconds":             {"1760000000000000", "", "from", []string{"is not a time"}},
		"a quarter that is not":    {"2026-Q5", "", "from", []string{"there is no quarter 5", "2026-Q3"}},
		"a week that is not":       {"2025-W53", "", "from", []string{"there is no week 53: 2025 has 1 to 52"}},
		"week zero":                {"", "2026-W00", "to", []string{"there is no week 00: 2026 has 1 to 53"}},
		"a quarter long ago":       {"1999-Q1", "", "from", []string{"between 2000 and 2100"}},
		"an amount of nothing":     {"last 0 days", "", "from", []string{"at least 1"}},
		"words around nothing":     {"last days", "", "from", []string{"is not a time"}},
		"an unknown past":          {"past fortnight", "", "from", []string{`unknown unit "fortnight"`}},
		"a signed future":          {"+7d", "", "from", []string{"future", "now-7d"}},
		"all as an end":            {"", "all", "to", []string{"stands in from"}},
		"end before start": {"2026-10-03", "2026-10-01", "to",
			[]string{"empty", "2026-10-03T00:00:00+02:00", "2026-10-02T00:00:00+02:00"}},
		"end at start": {"2026-10-03T14:00", "2026-10-03T14:00", "to", []string{"empty"}},
		"hostile text": {"\x1b[31m\" ignore that\u202e", "", "from", []string{`from "\" ignore that"`}},
	} {
		_, err := question.ParseWindow(request(t, test.from, test.to, "Europe/Prague", wednesday))
		var timeError *question.TimeError
		require.ErrorAs(t, err, &timeError, name)
		assert.Equal(t, test.argument, timeError.Argument, name)
		for _, part := range test.says {
			assert.Contains(t, err.Error(), part, name)
		}
	}
}

func TestParseWindowSaysHowItResolvedClockChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zone, now, from, to string
		wantFrom, wantTo    string
		notes               []string
	}{
		"skipped": {
			"Europe/Prague", wednesday, "2026-03-29T02:30", "2026-03-31T00:00",
			"2026-03-29T03:30:00+02:00", "2026-03-31T00:00:00+02:00",
			[]string{"from: the local time 2026-03-29T02:30:00 does not exist in Europe/Prague (clocks skip it): " +
				"2026-03-29T03:30:00+02:00 is used"},
		},
		"repeated, wider on both sides": {
			"Europe/Prague", "2026-12-01T00:00:00Z", "2026-10-25T02:30", "2026-10-25T02:30",
			"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00",
			[]string{
				"from: the local time 2026-10-25T02:30:00 occurs twice in Europe/Prague (clocks go back): the earlier, " +
					"2026-10-25T02:30:00+02:00, is used",
				"to: the local time 2026-10-25T02:30:00 occurs twice in Europe/Prague (clocks go back): the later, " +
					"2026-10-25T02:30:00+01:00, is used",
				"2026-10-25 has 25 hours in Europe/Prague: clocks go back, and 02:00 to 03:00 comes twice",
			},
		},
		"the hour before is not repeated": {
			"Europe/Prague", "2026-12-01T00:00:00Z", "2026-10-25T01:59:59", "2026-10-25T03:00",
			"2026-10-25T01:59:59+02:00", "2026-10-25T03:00:00+01:00",
			[]string{"2026-10-25 has 25 hours in Europe/Prague: clocks go back, and 02:00 to 03:00 comes twice"},
		},
		"days back into a gap": {
			"Europe/Prague", "2026-03-30T02:30:00+02:00", "1d", "",
			"2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00",
			[]string{"from: the local time 2026-03-29T02:30:00 does not exist in Europe/Prague (clocks skip it): " +
				"2026-03-29T03:30:00+02:00 is used"},
		},
		"half an hour skipped": {
			"Australia/Lord_Howe", wednesday, "2026-10-04T02:15", "2026-10-05",
			"2026-10-04T02:45:00+11:00", "2026-10-06T00:00:00+11:00",
			[]string{"from: the local time 2026-10-04T02:15:00 does not exist in Australia/Lord_Howe (clocks skip it): " +
				"2026-10-04T02:45:00+11:00 is used"},
		},
		"a future end": {
			"UTC", "2026-10-14T00:00:00Z", "2026-10-01", "2027-01-01T00:00",
			"2026-10-01T00:00:00Z", "2026-10-14T00:00:00Z",
			[]string{`to "2027-01-01T00:00" ends in the future, at 2027-01-01T00:00:00Z: now (2026-10-14T00:00:00Z) is used`},
		},
		"a keyword's end needs no note": {
			"UTC", "2026-10-14T00:00:00Z", "2026-10-01", "this year",
			"2026-10-01T00:00:00Z", "2026-10-14T00:00:00Z", nil,
		},
	} {
		got, err := question.ParseWindow(request(t, test.from, test.to, test.zone, test.now))
		require.NoError(t, err, name)
		assert.Equal(t, test.wantFrom, got.From.Format(time.RFC3339Nano), "%s: from", name)
		assert.Equal(t, test.wantTo, got.To.Format(time.RFC3339Nano), "%s: to", name)
		assert.Equal(t, test.notes, got.Notes, name)
	}
}

func TestParseLocation(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Prague", " Asia/Kathmandu ", "UTC", "utc", "Etc/GMT-2"} {
		location, err := question.ParseLocation(name)
		require.NoError(t, err, name)
		assert.True(t, strings.EqualFold(strings.TrimSpace(name), location.String()))
	}
	for name, says := range map[string]string{
		"":                 `timezone "": is empty; accepted: an IANA time zone name, such as UTC, Europe/Prague`,
		"Local":            "does not say which zone",
		"Prague":           "such as Europe/Prague",
		"europe/pargue":    "such as Europe/Prague",
		"America/New York": "such as America/New_York",
		"../etc/passwd":    "is not a known time zone",
		"+02:00":           "is not a known time zone",
	} {
		_, err := question.ParseLocation(name)
		var timeError *question.TimeError
		require.ErrorAs(t, err, &timeError, name)
		assert.Contains(t, err.Error(), says)
	}
}

// Days, weeks and months of zones with every habit of changing clocks leave no instant out and count none twice.
func TestPeriodsOfAnyZoneAbut(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{
		"Europe/Prague", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
		"America/Santiago", "Pacific/Apia", "Africa/Cairo", "America/Havana", "Africa/Casablanca", "Asia/Beirut", "America/Asuncion",
		"Atlantic/Azores", "America/Nuuk", "Asia/Gaza",
	} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			parse := func(period, now string) question.ParsedWindow {
				window, err := question.ParseWindow(wholeOf(t, period, zone, now))
				require.NoError(t, err, period)
				return window
			}
			var lastDay, lastMonth question.ParsedWindow
			for day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2028; day = day.AddDate(0, 0, 1) {
				window := parse(day.Format(time.DateOnly), "2030-01-01T00:00:00Z")
				require.Equal(t, day.Format(time.DateOnly), window.From.Format(time.DateOnly))
				require.NotEqual(t, day.Format(time.DateOnly), window.From.Add(-1).Format(time.DateOnly), "the first instant of the day")
				if !lastDay.To.IsZero() {
					require.True(t, lastDay.To.Equal(window.From), "%s ends at %s, %s begins at %s", lastDay.From, lastDay.To, day,
						window.From)
				}
				lastDay = window

				week := parse("last week", day.Add(12*time.Hour).Format(time.RFC3339))
				require.Equal(t, time.Monday, week.From.Weekday())
				require.Equal(t, time.Monday, week.To.Weekday())
				require.Equal(t, week.From.AddDate(0, 0, 7).Format(time.DateOnly), week.To.Format(time.DateOnly))

				if day.Day() == 1 {
					month := parse(day.Format("2006-01"), "2030-01-01T00:00:00Z")
					require.True(t, month.From.Equal(window.From))
					require.True(t, lastMonth.To.IsZero() || lastMonth.To.Equal(month.From))
					lastMonth = month
				}
			}
		})
	}
}

// Whatever was accepted is a window before now, and reads back as itself.
func TestParseWindowOfAcceptedFormsIsInOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	zones := []string{"UTC", "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"}
	for range 500 {
		zone := zones[random.Intn(len(zones))]
		now := time.Unix(1_700_000_000+random.Int63n(100_000_000), random.Int63n(1e9))
		past := now.AddDate(0, 0, -2-random.Intn(700)).UTC()
		forms := []string{
			past.Format(time.RFC3339Nano), past.Format("2006-01-02T15:04"), past.Format("2006-01-02 15:04:05.999"),
			past.Format(time.DateOnly), past.Format("2006-01"), past.Format("2006"),
			"yesterday", "today", "this week", "last week", "this month", "last month", "this quarter",
			"last quarter", "this year", "last year", "monday", "sunday",
			fmt.Sprint(past.Unix()), fmt.Sprint(past.UnixMilli()), fmt.Sprintf("%d-Q%d", past.Year()-1, 1+random.Intn(4)),
			fmt.Sprintf("%d-W%02d", past.Year()-1, 1+random.Intn(52)), fmt.Sprintf("last %d days", 1+random.Intn(1000)),
			fmt.Sprintf("%d months ago", 1+random.Intn(100)),
			fmt.Sprintf("%dd", 1+random.Intn(1000)), fmt.Sprintf("%dw", 1+random.Intn(100)),
			fmt.Sprintf("%dh", 1+random.Intn(10_000)), fmt.Sprintf("now-%dmin", 1+random.Intn(10_000)),
		}
		for _, form := range forms {
			r := request(t, form, "", zone, now.Format(time.RFC3339Nano))
			window, err := question.ParseWindow(r)
			require.NoError(t, err, "%s in %s at %s", form, zone, now)
			requireValid(t, r, window)

			again, err := question.ParseWindow(request(t, window.From.Format(time.RFC3339Nano),
				window.To.Format(time.RFC3339Nano), zone, now.Format(time.RFC3339Nano)))
			require.NoError(t, err)
			require.True(t, again.From.Equal(window.From) && again.To.Equal(window.To), "%s reads back as %s", window, again)
		}
	}
}

func FuzzParseWindow(f *testing.F) {
	for _, seed := range []string{
		"", "2026-10-03T14:00:00+02:00", "2026-10-03 14:00", "2026-02-30", "2026", "last_week", "7d", "now - 36h",
		"now+1h", "3m", "99999999999h", "2026–10", "2026-03-29T02:30", "2026-Q3", "2026W53", "1760000000.5", "past week", "last 7 days",
		"sunday", "1y",
	} {
		f.Add(seed, "", int64(1_790_000_000), uint8(0))
		f.Add("2025", seed, int64(1_774_746_000), uint8(1))
	}
	zones := []string{"UTC", "Europe/Prague", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"}
	f.Fuzz(func(t *testing.T, from, to string, now int64, zone uint8) {
		const year2100 = 4_102_444_800
		r := request(t, from, to, zones[int(zone)%len(zones)], wednesday)
		r.Now = time.Unix(((now%year2100)+year2100)%year2100, 0)
		window, err := question.ParseWindow(r)
		if err == nil {
			requireValid(t, r, window)
		}
	})
}

func requireValid(t *testing.T, r question.WindowRequest, window question.ParsedWindow) {
	t.Helper()
	require.True(t, window.From.Before(window.To), "%+v gives %s", r, window)
	require.False(t, window.To.After(r.Now), "%+v gives %s", r, window)
	require.Equal(t, window.OpenEnd, window.To.Equal(r.Now), "%+v gives %s", r, window)
	require.NotNil(t, window.Location)
}

func request(t *testing.T, from, to, zone, now string) question.WindowRequest {
	t.Helper()
	location, err := tz.Load(zone)
	require.NoError(t, err)
	return question.WindowRequest{From: from, To: to, Location: location, Now: instant(t, now), DefaultDays: 7}
}

// wholeOf asks for a period.
func wholeOf(t *testing.T, period, zone, now string) question.WindowRequest {
	t.Helper()
	r := request(t, "", "", zone, now)
	r.Period = period
	return r
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return at
}

func TestAllBeginsWhereTheCallerSaysThatThingsBegin(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)
	beginning := at.AddDate(-1, 0, 3)
	parse := func(from, to string, beginning time.Time) (question.ParsedWindow, error) {
		return question.ParseWindow(question.WindowRequest{From: from, To: to, Location: time.UTC, Now: at, Beginning: beginning})
	}
	window, err := parse(" All ", "", beginning)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Window{From: beginning, To: at, Location: time.UTC}, window.Window)
	assert.True(t, window.OpenEnd)
	window, err = parse("all", "2026-10-01", beginning)
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), window.To)

	for name, test := range map[string]struct {
		from, to  string
		beginning time.Time
	}{
		"in to":                   {"", "all", beginning},
		"something else":          {"all of it", "", beginning},
		"where nothing begins":    {"all", "", time.Time{}},
		"where nothing has begun": {"all", "", at.Add(time.Hour)},
		"that ends before it":     {"all", "2024-01-01", beginning},
	} {
		_, err := parse(test.from, test.to, test.beginning)
		var wrong *question.TimeError
		require.ErrorAs(t, err, &wrong, name)
	}
}

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
		location, err := tz.Load(test.zone)
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

// TestAnHourThatComesTwiceIsComparedWithTheHourBefore has both ends of the window at the same time by the clock.
func TestAnHourThatComesTwiceIsComparedWithTheHourBefore(t *testing.T) {
	t.Parallel()
	location, err := tz.Load("Europe/Prague")
	require.NoError(t, err)
	previous := question.Previous(auditlog.Window{From: instant(t, "2026-10-25T00:30:00Z"), To: instant(t, "2026-10-25T01:30:00Z"),
		Location: location})
	assert.Equal(t, instant(t, "2026-10-24T23:30:00Z"), previous.From.UTC())
	assert.Equal(t, instant(t, "2026-10-25T00:30:00Z"), previous.To.UTC())
}

func TestPeriodsBeforeAdjoinAndAreNeverEmpty(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(2))
	for range 5_000 {
		zone := []string{"UTC", "Europe/Prague", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns",
			"Asia/Kathmandu"}[random.Intn(6)]
		location, err := tz.Load(zone)
		require.NoError(t, err)
		from := time.Date(2010, 1, 1, 0, 0, 0, 0, location).AddDate(0, 0, random.Intn(6000))
		if random.Intn(2) == 0 {
			from = from.Add(time.Duration(random.Intn(86_400)) * time.Second)
		}
		w := auditlog.Window{From: from, To: from.AddDate(0, 0, 1+random.Intn(400)), Location: location}
		for _, previous := range []auditlog.Window{question.Previous(w), question.DaysBefore(w, 1+random.Intn(100))} {
			assert.True(t, previous.To.Equal(w.From))
			assert.True(t, previous.From.Before(previous.To), "%s", w.From)
		}
		previous := question.Previous(w)
		difference := (w.To.Sub(w.From) - previous.To.Sub(previous.From)).Abs()
		assert.Less(t, difference, 4*24*time.Hour, "as long but for the length of months and changes of clocks: %s to %s", w.From, w.To)
	}
}
