package question

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Years that a time may be written with. Make is younger than the first; the second catches slips of the finger.
const (
	minYear = 2000
	maxYear = 2100
)

// timeForms is what the arguments from and to accept, for error messages.
const timeForms = "RFC 3339 (2026-10-03T14:00:00+02:00), a local time (2026-10-03T14:00), a date (2026-10-03), a month (2026-10), a year " +
	"(2026), now, today, yesterday, this or last week, month, quarter or year (last week), days or weeks back (7d, 2w), hours or minutes " +
	"back (24h, 90min, now-36h), all in from (as far back as Make keeps)"

// all is as far back as entries are kept.
const all = "all"

// TimeError says that a time, a window or a time zone could not be read.
type TimeError struct {
	// Argument is the argument at fault: from, to, timezone, hours or weekdays.
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
	notes     []string
}

// writtenTime is a year, month, date, local time or RFC 3339, distinguished by which groups are there: year, month, day, hour, minute,
// second, fraction, offset.
var writtenTime = regexp.MustCompile(
	`^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$`)

// relativeTime is an amount and its unit, with now and a sign or without.
var relativeTime = regexp.MustCompile(`^(?:now ?([+-]) ?)?(\d+) ?([a-z]+)$`)

func (p *timeParser) parse() (moment, error) {
	if strings.ContainsFunc(p.value, func(r rune) bool { return r < ' ' || r > '~' }) {
		// Changing case would make plain letters of some of them.
		return moment{}, p.fail("holds characters that times are not written with")
	}
	if m := writtenTime.FindStringSubmatch(strings.ToUpper(p.value)); m != nil {
		return p.written(m)
	}
	lower := strings.ToLower(p.value)
	if m := relativeTime.FindStringSubmatch(lower); m != nil {
		return p.relative(m[1], m[2], m[3])
	}
	words := strings.FieldsFunc(lower, func(r rune) bool { return r == ' ' || r == '_' || r == '-' })
	m, err := p.named(strings.Join(words, " "))
	m.isNamed = true
	return m, err
}

// fail makes the error for an argument that cannot be read.
func (p *timeParser) fail(problem string) *TimeError {
	return &TimeError{Argument: p.argument, Value: p.value, Problem: problem, Accepted: timeForms}
}

// named reads a keyword: now, or the name of a period.
func (p *timeParser) named(name string) (moment, error) {
	year, month, day := p.now.Date()
	monday := day - (int(p.now.Weekday())+6)%7
	quarter := month - (month-1)%3
	switch name {
	case all:
		if p.argument != "from" {
			return moment{}, p.fail("is where a window may begin, not where it may end")
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
		"this week":    {{year, month, monday}, {year, month, monday + 7}},
		"last week":    {{year, month, monday - 7}, {year, month, monday}},
		"this month":   {{year, month, 1}, {year, month + 1, 1}},
		"last month":   {{year, month - 1, 1}, {year, month, 1}},
		"this quarter": {{year, quarter, 1}, {year, quarter + 3, 1}},
		"last quarter": {{year, quarter - 3, 1}, {year, quarter, 1}},
		"this year":    {{year, 1, 1}, {year + 1, 1, 1}},
		"last year":    {{year - 1, 1, 1}, {year, 1, 1}},
	}[name]
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
	case "d":
		at = p.daysBefore(p.now, amount)
	case "w":
		at = p.daysBefore(p.now, 7*amount)
	case "h":
		at = p.back(amount, time.Hour)
	case "min":
		at = p.back(amount, time.Minute)
	case "m":
		return moment{}, p.fail("m could mean minutes or months: write " + digits + "min for minutes, or days, such as 30d for a month")
	default:
		return moment{}, p.fail("has an unknown unit " + auditlog.Text(unit).Quote() + ": units are d, w, h and min")
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

// daysBefore goes back from t by calendar days, to the same local time.
func (p *timeParser) daysBefore(t time.Time, days int) time.Time {
	return p.local(clockBefore(t, days))
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
		return moment{}, p.fail(fmt.Sprintf("the year must lie between %d and %d", minYear, maxYear))
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
	nanosecond, _ := strconv.Atoi((m[7] + "000000000")[:9]) // finer than a nanosecond is cut off
	clock := time.Date(year, month, day, hour, minute, second, nanosecond, time.UTC)
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

// parseOffset reads Z or an offset from UTC of the form +02:00.
func parseOffset(s string) (time.Duration, bool) {
	if s == "Z" {
		return 0, true
	}
	hours, _ := strconv.Atoi(s[1:3]) // digits by the expression
	minutes, _ := strconv.Atoi(s[4:6])
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
