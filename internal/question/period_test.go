package question_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func TestAPeriodIsTheWholeOfIt(t *testing.T) {
	t.Parallel()
	for period, want := range map[string][2]string{
		"2026-10-03":   {"2026-10-03T00:00:00+02:00", "2026-10-04T00:00:00+02:00"},
		"2026-03-29":   {"2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		"2026-09":      {"2026-09-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00"},
		"2026-10":      {"2026-10-01T00:00:00+02:00", wednesday},
		"2025":         {"2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"},
		"2026-Q3":      {"2026-07-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00"},
		"2026-q4":      {"2026-10-01T00:00:00+02:00", wednesday},
		"2026-W41":     {"2026-10-05T00:00:00+02:00", "2026-10-12T00:00:00+02:00"},
		"2026W42":      {"2026-10-12T00:00:00+02:00", wednesday},
		"2026-W01":     {"2025-12-29T00:00:00+01:00", "2026-01-05T00:00:00+01:00"},
		"2020-W53":     {"2020-12-28T00:00:00+01:00", "2021-01-04T00:00:00+01:00"},
		"2021-W01":     {"2021-01-04T00:00:00+01:00", "2021-01-11T00:00:00+01:00"},
		"today":        {"2026-10-14T00:00:00+02:00", wednesday},
		" Yesterday ":  {"2026-10-13T00:00:00+02:00", "2026-10-14T00:00:00+02:00"},
		"monday":       {"2026-10-12T00:00:00+02:00", "2026-10-13T00:00:00+02:00"},
		"this week":    {"2026-10-12T00:00:00+02:00", wednesday},
		"LAST_WEEK":    {"2026-10-05T00:00:00+02:00", "2026-10-12T00:00:00+02:00"},
		"this month":   {"2026-10-01T00:00:00+02:00", wednesday},
		"last-month":   {"2026-09-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00"},
		"this quarter": {"2026-10-01T00:00:00+02:00", wednesday},
		"last quarter": {"2026-07-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00"},
		"this year":    {"2026-01-01T00:00:00+01:00", wednesday},
		"last year":    {"2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"},
	} {
		window, err := question.ParseWindow(wholeOf(t, period, "Europe/Prague", wednesday))
		require.NoError(t, err, period)
		assert.Equal(t, want, [2]string{window.From.Format(time.RFC3339Nano), window.To.Format(time.RFC3339Nano)}, period)
		assert.Equal(t, want[1] == wednesday, window.OpenEnd, period)
	}
}

func TestAPeriodThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		period, from, to string
		says             string
	}{
		"beside from":        {"2026-09", "2026-09-03", "", `period "2026-09": stands instead of from and to, which are given as well: leave out`},
		"beside to":          {"2026-09", "", "now", "stands instead of from and to"},
		"tomorrow":           {"2026-10-15", "", "", "begins at 2026-10-15T00:00:00+02:00, which is not before now"},
		"a later month":      {"2026-11", "", "", "begins at 2026-11-01T00:00:00+01:00"},
		"a later quarter":    {"2027-Q1", "", "", "begins at 2027-01-01T00:00:00+01:00"},
		"a later week":       {"2026-W43", "", "", "begins at 2026-10-19T00:00:00+02:00"},
		"a later year":       {"2027", "", "", "begins at 2027-01-01T00:00:00+01:00"},
		"a named future":     {"next month", "", "", "lies in the future"},
		"an amount":          {"7d", "", "", "is no day, week, month, quarter or year: for the time since then, give it as from"},
		"an amount in words": {"last 7 days", "", "", "give it as from"},
		"an instant":         {"2026-10-03T14:00", "", "", "give it as from"},
		"Unix time":          {"1760000000", "", "", "give it as from"},
		"now":                {"now", "", "", "give it as from"},
		"all":                {"all", "", "", "it stands in from"},
		"nonsense":           {"a while", "", "", `period "a while": is not a time; accepted: a date (2026-10-03), a month`},
		"no such day":        {"2026-02-30", "", "", "February 2026 has days 1 to 28"},
		"no such week":       {"2025-W53", "", "", "2025 has 1 to 52"},
	} {
		r := request(t, test.from, test.to, "Europe/Prague", wednesday)
		r.Period = test.period
		_, err := question.ParseWindow(r)
		var wrong *question.TimeError
		require.ErrorAs(t, err, &wrong, name)
		assert.Equal(t, "period", wrong.Argument, name)
		assert.Contains(t, err.Error(), test.says, name)
	}
}

// Samoa left out the whole of 30 December 2011.
func TestADayThatAZoneLeftOutIsNoPeriod(t *testing.T) {
	t.Parallel()
	_, err := question.ParseWindow(wholeOf(t, "2011-12-30", "Pacific/Apia", wednesday))
	require.ErrorContains(t, err, `period "2011-12-30": is empty: clocks leave it out in Pacific/Apia`)
}

func TestAWindowWithoutAnEndGoesOnUntilNow(t *testing.T) {
	t.Parallel()
	for _, over := range []string{
		"2026-09-29", "2026-09", "2025", "2026-Q3", "2026-W40", "yesterday", "last week", "last month", "last quarter", "last year",
		"tuesday",
	} {
		window, err := question.ParseWindow(request(t, over, "", "Europe/Prague", wednesday))
		require.NoError(t, err, over)
		whole, err := question.ParseWindow(wholeOf(t, over, "Europe/Prague", wednesday))
		require.NoError(t, err, over)
		assert.True(t, whole.From.Equal(window.From), over)
		assert.Equal(t, wednesday, window.To.Format(time.RFC3339Nano), over)
		assert.Equal(t, []string{`from "` + over + `" without to: the window goes on until now; period "` + over +
			`" is the whole of it and no more`}, window.Notes, over)
		assert.Empty(t, whole.Notes, over)
	}
	for _, goesOn := range []string{
		"2026-10-14", "2026-10", "2026", "2026-Q4", "2026-W42", "today", "this week", "this month", "this quarter", "this year",
		"wednesday",
		"7d", "last 7 days", "2026-10-03T14:00", "1760000000",
	} {
		window, err := question.ParseWindow(request(t, goesOn, "", "Europe/Prague", wednesday))
		require.NoError(t, err, goesOn)
		assert.Equal(t, wednesday, window.To.Format(time.RFC3339Nano), goesOn)
		assert.Empty(t, window.Notes, goesOn)
	}
	window, err := question.ParseWindow(request(t, "2026-09-29", "2026-09-29", "Europe/Prague", wednesday))
	require.NoError(t, err)
	assert.Empty(t, window.Notes, "the end was said")
}

func TestWeeksBeginWhereItIsSaid(t *testing.T) {
	t.Parallel()
	var sunday question.WeekStart
	require.NoError(t, sunday.UnmarshalText([]byte(" Sunday ")))
	for name, test := range map[string]struct {
		now, period string
		want        [2]string
	}{
		"this week":                {"2026-10-14T15:30:00Z", "this week", [2]string{"2026-10-11", "2026-10-14"}},
		"last week":                {"2026-10-14T15:30:00Z", "last week", [2]string{"2026-10-04", "2026-10-11"}},
		"on a Sunday":              {"2026-10-18T15:30:00Z", "this week", [2]string{"2026-10-18", "2026-10-18"}},
		"on a Saturday":            {"2026-10-17T15:30:00Z", "this week", [2]string{"2026-10-11", "2026-10-17"}},
		"last week of the year":    {"2027-01-04T00:00:00Z", "last week", [2]string{"2026-12-27", "2027-01-03"}},
		"a numbered week":          {"2026-10-14T15:30:00Z", "2026-W41", [2]string{"2026-10-05", "2026-10-12"}},
		"a numbered week's Monday": {"2026-10-18T15:30:00Z", "2026-W42", [2]string{"2026-10-12", "2026-10-18"}},
	} {
		r := wholeOf(t, test.period, "UTC", test.now)
		r.WeekStart = sunday
		window, err := question.ParseWindow(r)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, [2]string{window.From.Format(time.DateOnly), window.To.Format(time.DateOnly)}, name)
	}
	at := instant(t, "2026-10-18T23:59:59Z") // a Sunday
	assert.Equal(t, "2026-10-18", sunday.Of(at))
	assert.Equal(t, "2026-10-12", question.WeekStart(0).Of(at))
	assert.Equal(t, "2026-10-11", sunday.Of(at.AddDate(0, 0, -1)))

	var unset question.WeekStart
	require.NoError(t, unset.UnmarshalText([]byte("monday")))
	assert.Zero(t, unset)
	for _, text := range []string{"friday", "0", "mon"} {
		require.ErrorContains(t, unset.UnmarshalText([]byte(text)), "accepted: monday, sunday", text)
	}
}

// Days of zones whose clocks skip midnight, or show it twice.
func TestDaysBeginAtTheirFirstInstant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zone, day     string
		from, to      string
		before        string // where the day before begins
		weekBefore    string // where the week before that of this day and the six after it begins
		wholeWeekEnds string
		isOdd         bool
	}{
		"Santiago, spring": {"America/Santiago", "2026-09-06", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00",
			"2026-09-05T00:00:00-04:00", "2026-08-30T00:00:00-04:00", "2026-09-13T00:00:00-03:00", true},
		"Santiago, the day after": {"America/Santiago", "2026-09-07", "2026-09-07T00:00:00-03:00", "2026-09-08T00:00:00-03:00",
			"2026-09-06T01:00:00-03:00", "2026-08-31T00:00:00-04:00", "2026-09-14T00:00:00-03:00", false},
		"Santiago, the week after": {"America/Santiago", "2026-09-13", "2026-09-13T00:00:00-03:00", "2026-09-14T00:00:00-03:00",
			"2026-09-12T00:00:00-03:00", "2026-09-06T01:00:00-03:00", "2026-09-20T00:00:00-03:00", false},
		"Santiago, autumn": {"America/Santiago", "2026-04-04", "2026-04-04T00:00:00-03:00", "2026-04-05T00:00:00-04:00",
			"2026-04-03T00:00:00-03:00", "2026-03-28T00:00:00-03:00", "2026-04-11T00:00:00-04:00", true},
		"Cairo": {"Africa/Cairo", "2026-04-24", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00",
			"2026-04-23T00:00:00+02:00", "2026-04-17T00:00:00+02:00", "2026-05-01T00:00:00+03:00", true},
		"Beirut": {"Asia/Beirut", "2026-03-29", "2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00",
			"2026-03-28T00:00:00+02:00", "2026-03-22T00:00:00+02:00", "2026-04-05T00:00:00+03:00", true},
		"Asuncion": {"America/Asuncion", "2023-10-01", "2023-10-01T01:00:00-03:00", "2023-10-02T00:00:00-03:00",
			"2023-09-30T00:00:00-04:00", "2023-09-24T00:00:00-04:00", "2023-10-08T00:00:00-03:00", true},
		"the Azores, spring": {"Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z",
			"2026-03-28T00:00:00-01:00", "2026-03-22T00:00:00-01:00", "2026-04-05T00:00:00Z", true},
		"the Azores, midnight twice": {"Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00-01:00",
			"2026-10-24T00:00:00Z", "2026-10-18T00:00:00Z", "2026-11-01T00:00:00-01:00", true},
		"Havana, midnight twice": {"America/Havana", "2025-11-02", "2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00",
			"2025-11-01T00:00:00-04:00", "2025-10-26T00:00:00-04:00", "2025-11-09T00:00:00-05:00", true},
	} {
		const later = "2026-12-01T12:00:00Z"
		shown := func(at time.Time) string { return at.Format(time.RFC3339) }
		day, err := question.ParseWindow(wholeOf(t, test.day, test.zone, later))
		require.NoError(t, err, name)
		assert.Equal(t, test.from, shown(day.From), name)
		assert.Equal(t, test.to, shown(day.To), name)
		assert.Equal(t, test.isOdd, len(day.Notes) == 1, "%s: %s", name, day.Notes)
		assert.Equal(t, test.before, shown(question.Previous(day.Window).From), "%s: the period before", name)
		assert.Equal(t, test.before, shown(question.DaysBefore(day.Window, 1).From), "%s: a baseline of a day", name)

		begin, err := time.Parse(time.DateOnly, test.day)
		require.NoError(t, err)
		week, err := question.ParseWindow(request(t, test.day, begin.AddDate(0, 0, 6).Format(time.DateOnly), test.zone, later))
		require.NoError(t, err, name)
		assert.Equal(t, test.wholeWeekEnds, shown(week.To), name)
		assert.Empty(t, week.Notes, name)
		assert.Equal(t, test.weekBefore, shown(question.Previous(week.Window).From), "%s: the week before", name)
		assert.Equal(t, test.weekBefore, shown(question.DaysBefore(week.Window, 7).From), "%s: a baseline of a week", name)

		dayBefore := begin.AddDate(0, 0, -1).Format(time.DateOnly)
		r := request(t, "", dayBefore, test.zone, later)
		r.DefaultDays = 1
		byDefault, err := question.ParseWindow(r)
		require.NoError(t, err, name)
		assert.Equal(t, [2]string{test.before, test.from}, [2]string{shown(byDefault.From), shown(byDefault.To)},
			"%s: to alone, of the day before", name)
	}
}

func TestADayOfAnotherLengthIsSaid(t *testing.T) {
	t.Parallel()
	const forward, back = "2026-03-29 has 23 hours in Europe/Prague: clocks go forward, and 02:00 to 03:00 is missing",
		"2026-10-25 has 25 hours in Europe/Prague: clocks go back, and 02:00 to 03:00 comes twice"
	for name, test := range map[string]struct {
		zone, from, to string
		want           []string
	}{
		"the day on which clocks go forward": {"Europe/Prague", "2026-03-29", "2026-03-29", []string{forward}},
		"the day on which clocks go back":    {"Europe/Prague", "2026-10-25", "2026-10-25", []string{back}},
		"a part of the day with it":          {"Europe/Prague", "2026-10-25T01:00", "2026-10-25T04:00", []string{back}},
		"24 hours over it":                   {"Europe/Prague", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", []string{back}},
		"a part of the day before it":        {"Europe/Prague", "2026-10-25T00:00", "2026-10-25T01:00", nil},
		"the day before":                     {"Europe/Prague", "2026-10-24", "2026-10-24", nil},
		"two days with it":                   {"Europe/Prague", "2026-10-24", "2026-10-25", nil},
		"half an hour": {"Australia/Lord_Howe", "2026-04-05", "2026-04-05",
			[]string{"2026-04-05 has 24.5 hours in Australia/Lord_Howe: clocks go back, and 01:30 to 02:00 comes twice"}},
		"midnight is missing": {"America/Santiago", "2026-09-06", "2026-09-06",
			[]string{"2026-09-06 has 23 hours in America/Santiago: clocks go forward, and 00:00 to 01:00 is missing"}},
		"the hour before midnight comes twice": {"America/Santiago", "2026-04-04", "2026-04-04",
			[]string{"2026-04-04 has 25 hours in America/Santiago: clocks go back, and 23:00 to 00:00 comes twice"}},
		"the last hour is missing": {"America/Nuuk", "2026-03-28", "2026-03-28",
			[]string{"2026-03-28 has 23 hours in America/Nuuk: clocks go forward, and 23:00 to 00:00 is missing"}},
		"the day after one without its last hour": {"America/Nuuk", "2026-03-29", "2026-03-29", nil},
		"the last hour comes twice": {"America/Scoresbysund", "2026-10-24", "2026-10-24",
			[]string{"2026-10-24 has 25 hours in America/Scoresbysund: clocks go back, and 23:00 to 00:00 comes twice"}},
		"the day after one that was left out": {"Pacific/Apia", "2011-12-31", "2011-12-31", nil},
		"no change":                           {"Asia/Kathmandu", "2026-10-25", "2026-10-25", nil},
	} {
		window, err := question.ParseWindow(request(t, test.from, test.to, test.zone, "2026-12-01T00:00:00Z"))
		require.NoError(t, err, name)
		assert.Equal(t, test.want, window.Notes, name)
	}
}

func TestOddDaysOfALongWindowAreFound(t *testing.T) {
	t.Parallel()
	location, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	odd := question.OddDays(auditlog.Window{From: instant(t, "2025-01-01T00:00:00Z"), To: instant(t, "2026-10-01T00:00:00Z"),
		Location: location})
	var found []string
	for _, day := range odd {
		found = append(found, day.Date+" "+day.Length.String())
	}
	assert.Equal(t, []string{"2025-03-30 23h0m0s", "2025-10-26 25h0m0s", "2026-03-29 23h0m0s"}, found)
	assert.Empty(t, question.OddDays(auditlog.Window{From: instant(t, "2020-01-01T00:00:00Z"), To: instant(t, "2026-10-01T00:00:00Z"),
		Location: time.UTC}))
}

// Months have days of their own: the day that a month lacks is its last.
func TestMonthsBackKeepToTheMonth(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"1 month ago": "2026-02-28T12:00:00Z", "2 months": "2026-01-31T12:00:00Z", "4 months": "2025-11-30T12:00:00Z",
		"13 months ago": "2025-02-28T12:00:00Z", "past month": "2026-02-28T12:00:00Z", "past year": "2025-03-31T12:00:00Z",
		"2 years": "2024-03-31T12:00:00Z",
	} {
		window, err := question.ParseWindow(request(t, from, "", "UTC", "2026-03-31T12:00:00Z"))
		require.NoError(t, err, from)
		assert.Equal(t, want, window.From.Format(time.RFC3339), from)
	}
	window, err := question.ParseWindow(request(t, "1y", "", "UTC", "2028-02-29T00:00:00Z"))
	require.NoError(t, err)
	assert.Equal(t, "2027-02-28T00:00:00Z", window.From.Format(time.RFC3339))
}
