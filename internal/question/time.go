package question

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Years that a time may be written with. Make is younger than the first; the second catches slips of the finger.
const (
	minYear = 2000
	maxYear = 2100

	yearsAllowed = "the year must lie between 2000 and 2100"
)

// What the arguments accept, for error messages.
const (
	periodForms = "a date (2026-10-03), a month (2026-10), a quarter (2026-Q3), a week (2026-W46), a year (2026), today, yesterday, a weekday " +
		"(monday: the last one that has begun), this or last week, month, quarter or year (last week)"
	timeForms = "RFC 3339 (2026-10-03T14:00:00+02:00), a local time (2026-10-03T14:00), Unix seconds or milliseconds, " + periodForms +
		", now, days, weeks, months or years back (7d, 2w, 3 months ago, last 7 days, 1y), hours or minutes back (24h, 90min, now-36h), all " +
		"in from (as far back as Make keeps)"
)

// all is as far back as entries are kept.
const all = "all"

// TimeError says that a time, a window or a time zone could not be read.
type TimeError struct {
	// Argument is the argument at fault: from, to, period, timezone, hours or weekdays.
	Argument string
	// Value is what was given, raw, and Problem what is wrong with it.
	Value, Problem string
	// Accepted lists the forms that are accepted, with examples; empty where the form is not what was wrong.
	Accepted string
}

// Error names the argument, quotes its value and says what is wrong and what is accepted.
func (e *TimeError) Error() string {
	message := fmt.Sprintf("%s %s: %s", e.Argument, auditlog.Text(e.Value).Quote(), e.Problem)
	if e.Accepted != "" {
		message += "; accepted: " + e.Accepted
	}
	return message
}

// CallersMistake reports that other arguments would help.
func (*TimeError) CallersMistake() bool { return true }

// moment is what one argument means: a period from start to end, or an instant, for which the two are the same.
type moment struct {
	start, end time.Time
	isPeriod   bool
	// isNamed marks keywords, which nobody takes to reach beyond now.
	isNamed bool
}

// timeParser reads one argument.
type timeParser struct {
	argument  string
	value     string
	now       time.Time // in the window's location
	beginning time.Time // of all; zero: there is no such time
	weekStart WeekStart
	notes     []string
}

// lazily compiles an expression when it is first used: those of times took more of a start than all else of ours that is made beforehand.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// The ways to write a time.
//
//nolint:gochecknoglobals // they never change
var (
	// writtenTime is a year, month, date, local time or RFC 3339, distinguished by which groups are there: year, month, day, hour, minute,
	// second, fraction, offset.
	writtenTime = lazily(
		`^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?: ?(Z|[+-]\d{2}:?\d{2}))?)?)?)?$`)

	// numberedPeriod is a quarter or an ISO week: year, quarter, week.
	numberedPeriod = lazily(`^(\d{4})-?(?:Q(\d)|W(\d{2}))$`)

	// unixTime is seconds or milliseconds since 1970, with a fraction or without.
	unixTime = lazily(`^(\d{9,13})(?:\.(\d+))?$`)

	// relativeTime is an amount and its unit, with now and a sign or words around it or without. Without an amount it is one: past week.
	relativeTime = lazily(
		`^(?:(?:now ?)?([+-]) ?|(?:last|past)[ _-])?(\d+)[ _-]?([a-z]+)(?:[ _-]ago)?$|^past[ _-]([a-z]+)$`)
)

func (p *timeParser) parse() (moment, error) {
	if strings.ContainsFunc(p.value, func(r rune) bool { return r < ' ' || r > '~' }) {
		// Changing case would make plain letters of some of them.
		return moment{}, p.fail("holds characters that times are not written with")
	}
	if m := writtenTime().FindStringSubmatch(strings.ToUpper(p.value)); m != nil {
		return p.written(m)
	}
	if m := numberedPeriod().FindStringSubmatch(strings.ToUpper(p.value)); m != nil {
		return p.numbered(m[1], m[2], m[3])
	}
	if m := unixTime().FindStringSubmatch(p.value); m != nil {
		return p.unix(m[1], m[2])
	}
	lower := strings.ToLower(p.value)
	if m := relativeTime().FindStringSubmatch(lower); m != nil {
		return p.relative(m[1], cmp.Or(m[2], "1"), cmp.Or(m[3], m[4]))
	}
	words := strings.FieldsFunc(lower, func(r rune) bool { return r == ' ' || r == '_' || r == '-' })
	m, err := p.named(strings.Join(words, " "))
	m.isNamed = true
	return m, err
}

// fail makes the error for an argument that cannot be read.
func (p *timeParser) fail(problem string) *TimeError {
	accepted := timeForms
	if p.argument == "period" {
		accepted = periodForms
	}
	return &TimeError{Argument: p.argument, Value: p.value, Problem: problem, Accepted: accepted}
}

// named reads a keyword: now, or the name of a period.
func (p *timeParser) named(name string) (moment, error) {
	year, month, day := p.now.Date()
	week := p.weekStart.date(p.now)
	quarter := month - (month-1)%3
	switch name {
	case all:
		if p.argument != "from" {
			return moment{}, p.fail("is where a window may begin: it stands in from")
		}
		if !p.beginning.IsZero() {
			return moment{start: p.beginning, end: p.beginning}, nil
		}
	case "now":
		return moment{start: p.now, end: p.now}, nil
	case "tomorrow", "next week", "next month", "next quarter", "next year":
		return moment{}, p.fail("lies in the future, where there are no entries yet")
	}
	days, ok := map[string][2]date{
		"today":        {{year, month, day}, {year, month, day + 1}},
		"yesterday":    {{year, month, day - 1}, {year, month, day}},
		"this week":    {week, {week.year, week.month, week.day + 7}},
		"last week":    {{week.year, week.month, week.day - 7}, week},
		"this month":   {{year, month, 1}, {year, month + 1, 1}},
		"last month":   {{year, month - 1, 1}, {year, month, 1}},
		"this quarter": {{year, quarter, 1}, {year, quarter + 3, 1}},
		"last quarter": {{year, quarter - 3, 1}, {year, quarter, 1}},
		"this year":    {{year, 1, 1}, {year + 1, 1, 1}},
		"last year":    {{year - 1, 1, 1}, {year, 1, 1}},
	}[name]
	if weekday, isWeekday := parseWeekday(name); isWeekday {
		day -= (WeekdayIndex(p.now.Weekday()) - weekday + 7) % 7
		return p.period(date{year, month, day}, date{year, month, day + 1}), nil
	}
	if !ok {
		return moment{}, p.fail("is not a time")
	}
	return p.period(days[0], days[1]), nil
}

// relative reads an amount of time back from now.
func (p *timeParser) relative(sign, digits, unit string) (moment, error) {
	// Larger amounts in any unit reach back beyond minYear.
	const maxAmount = 60_000_000
	amount, err := strconv.Atoi(digits)
	switch {
	case sign == "+":
		return moment{}, p.fail("lies in the future, where there are no entries yet; for the past write now-" + digits + unit)
	case err == nil && amount == 0:
		return moment{}, p.fail("goes back by nothing: the amount must be at least 1")
	case err != nil || amount > maxAmount:
		return moment{}, p.fail(fmt.Sprintf("goes back beyond the year %d", minYear))
	}
	var at time.Time
	switch unit {
	case "d", "day", "days":
		at = p.daysBefore(p.now, amount)
	case "w", "week", "weeks":
		at = p.daysBefore(p.now, 7*amount)
	case "month", "months":
		at = p.monthsBefore(amount)
	case "y", "year", "years":
		at = p.monthsBefore(12 * amount)
	case "h", "hr", "hrs", "hour", "hours":
		at = p.back(amount, time.Hour)
	case "min", "mins", "minute", "minutes":
		at = p.back(amount, time.Minute)
	case "m":
		return moment{}, p.fail("m could mean minutes or months: write " + digits + "min or " + digits + " months")
	default:
		return moment{}, p.fail("has an unknown unit " + auditlog.Text(unit).Quote() + ": units are d, w, months, y, h and min")
	}
	if at.Year() < minYear {
		return moment{}, p.fail(fmt.Sprintf("goes back beyond the year %d", minYear))
	}
	return moment{start: at, end: at}, nil
}

// back goes back from now by an exact amount of time, in steps that cannot overflow a Duration.
func (p *timeParser) back(amount int, unit time.Duration) time.Time {
	return time.Unix(p.now.Unix()-int64(amount)*int64(unit/time.Second), int64(p.now.Nanosecond())).In(p.now.Location())
}

// daysBefore goes back from t by calendar days, to the same local time; from the beginning of a day to the beginning of a day.
func (p *timeParser) daysBefore(t time.Time, days int) time.Time {
	return p.dayTime(wallClock(t).AddDate(0, 0, -days))
}

// monthsBefore goes back from now by calendar months, to the same local time of the same day, or the last one that the month has.
func (p *timeParser) monthsBefore(months int) time.Time {
	clock := wallClock(p.now)
	first := clock.AddDate(0, -months, 1-clock.Day())
	return p.dayTime(first.AddDate(0, 0, min(clock.Day(), daysIn(first.Year(), first.Month()))-1))
}

// dayTime is local, but for a midnight that nobody asked for: the day then begins when it begins.
func (p *timeParser) dayTime(clock time.Time) time.Time {
	if isMidnight(clock) {
		return instantOf(clock, p.now.Location())
	}
	return p.local(clock)
}

// numbered reads a quarter or an ISO week, of which the first is the one with 4 January.
func (p *timeParser) numbered(yearDigits, quarterDigit, weekDigits string) (moment, error) {
	year, _ := strconv.Atoi(yearDigits) // digits by the expression; none is 0
	quarter, _ := strconv.Atoi(quarterDigit)
	week, _ := strconv.Atoi(weekDigits)
	if year < minYear || year > maxYear {
		return moment{}, p.fail(yearsAllowed)
	}
	if quarterDigit != "" {
		if quarter < 1 || quarter > 4 {
			return moment{}, p.fail("there is no quarter " + quarterDigit + ": a year has 1 to 4")
		}
		first := time.Month(3*quarter - 2)
		return p.period(date{year, first, 1}, date{year, first + 3, 1}), nil
	}
	_, weeks := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek() // always in the last
	if week < 1 || week > weeks {
		return moment{}, p.fail(fmt.Sprintf("there is no week %s: %d has 1 to %d", weekDigits, year, weeks))
	}
	monday := WeekStart(0).date(time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC))
	monday.day += 7 * (week - 1)
	return p.period(monday, date{monday.year, monday.month, monday.day + 7}), nil
}

// unix reads seconds since 1970, or, where there are more digits than seconds can have, milliseconds.
func (p *timeParser) unix(digits, fraction string) (moment, error) {
	const mostSecondDigits = 10
	if len(digits) > mostSecondDigits {
		digits, fraction = digits[:len(digits)-3], digits[len(digits)-3:]+fraction
	}
	seconds, _ := strconv.ParseInt(digits, 10, 64) // digits by the expression
	at := time.Unix(seconds, nanoseconds(fraction)).In(p.now.Location())
	if at.Year() < minYear || at.Year() > maxYear {
		return moment{}, p.fail(yearsAllowed)
	}
	return moment{start: at, end: at}, nil
}

// nanoseconds reads the digits behind a second's point; what is finer is cut off.
func nanoseconds(fraction string) int64 {
	n, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64) // digits by the expressions
	return n
}

// written reads the groups of writtenTime.
func (p *timeParser) written(m []string) (moment, error) {
	number := func(group int) int {
		n, _ := strconv.Atoi(m[group]) // digits by the expression; none is 0
		return n
	}
	year, month, day := number(1), time.Month(number(2)), number(3)
	hasMonth, hasDay, hasClock := m[2] != "", m[3] != "", m[4] != ""
	switch {
	case year < minYear || year > maxYear:
		return moment{}, p.fail(yearsAllowed)
	case !hasMonth:
		return p.period(date{year, 1, 1}, date{year + 1, 1, 1}), nil
	case month < 1 || month > 12:
		return moment{}, p.fail(fmt.Sprintf("there is no month %s", m[2]))
	case !hasDay:
		return p.period(date{year, month, 1}, date{year, month + 1, 1}), nil
	case day < 1 || day > daysIn(year, month):
		return moment{}, p.fail(fmt.Sprintf("there is no such day: %s %d has days 1 to %d", month, year, daysIn(year, month)))
	case !hasClock:
		return p.period(date{year, month, day}, date{year, month, day + 1}), nil
	}
	hour, minute, second := number(4), number(5), number(6)
	if hour > 23 || minute > 59 || second > 59 {
		return moment{}, p.fail("there is no such time of day: it must lie between 00:00:00 and 23:59:59")
	}
	clock := time.Date(year, month, day, hour, minute, second, int(nanoseconds(m[7])), time.UTC)
	if m[8] == "" {
		at := p.local(clock)
		return moment{start: at, end: at}, nil
	}
	offset, ok := parseOffset(m[8])
	if !ok {
		return moment{}, p.fail("there is no such offset " + m[8] + ": it must lie between -23:59 and +23:59")
	}
	at := clock.Add(-offset).In(p.now.Location())
	return moment{start: at, end: at}, nil
}

// parseOffset reads Z or an offset from UTC of the form +02:00 or +0200.
func parseOffset(s string) (time.Duration, bool) {
	if s == "Z" {
		return 0, true
	}
	hours, _ := strconv.Atoi(s[1:3]) // digits by the expression
	minutes, _ := strconv.Atoi(s[len(s)-2:])
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, hours <= 23 && minutes <= 59
}

// period is the moment from the beginning of one day to that of another.
func (p *timeParser) period(first, next date) moment {
	location := p.now.Location()
	return moment{start: first.start(location), end: next.start(location), isPeriod: true}
}

// local returns the instant at which clocks of the window's zone show what clock shows in UTC. What a clock change makes unclear is
// resolved so that the window becomes wider, and noted.
func (p *timeParser) local(clock time.Time) time.Time {
	location := p.now.Location()
	reading := readClock(clock, location)
	at := reading.earlier
	switch reading.kind {
	case clockSkipped:
		p.note("%s: the local time %s does not exist in %s (clocks skip it): %s is used",
			p.argument, clock.Format(clockLayout), location, stamp(at))
	case clockRepeated:
		which := "earlier"
		if p.argument == "to" {
			at, which = reading.later, "later"
		}
		p.note("%s: the local time %s occurs twice in %s (clocks go back): the %s, %s, is used",
			p.argument, clock.Format(clockLayout), location, which, stamp(at))
	}
	return at
}

func (p *timeParser) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// clockLayout prints a local time without an offset.
const clockLayout = "2006-01-02T15:04:05.999999999"

// stamp prints an instant for messages.
func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }
