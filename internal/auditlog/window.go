package auditlog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Years that a time may be written with. Make is younger than the first; the
// second catches slips of the finger.
const (
	minYear = 2000
	maxYear = 2100
)

// timeForms is what the arguments from and to accept, for error messages.
const timeForms = "RFC 3339 (2026-10-03T14:00:00+02:00), a local time (2026-10-03T14:00), " +
	"a date (2026-10-03), a month (2026-10), a year (2026), now, today, yesterday, " +
	"this or last week, month, quarter or year (last week), " +
	"days or weeks back (7d, 2w), hours or minutes back (24h, 90min, now-36h), " +
	"all in from (as far back as Make keeps)"

// all is as far back as entries are kept.
const all = "all"

// IsAll tells whether a from asks for everything that is kept.
func IsAll(from string) bool { return strings.EqualFold(strings.TrimSpace(from), all) }

// Window is a stretch of time: From inclusive, To exclusive. Location is the
// time zone in which its days and hours are meant.
type Window struct {
	From, To time.Time
	Location *time.Location
}

// Contains tells whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.From) && t.Before(w.To)
}

// WindowRequest is a window as someone asked for it.
type WindowRequest struct {
	// From and To are as written by the caller; empty means not given.
	From, To string
	// Location is the zone of local times and days; nil means UTC.
	Location *time.Location
	// Now is the end of what can be asked for.
	Now time.Time
	// Beginning is what all means: before it there is nothing to be read. Where it
	// is zero, all is refused.
	Beginning time.Time
	// DefaultDays is how many calendar days before the window's end it begins
	// when From is not given: at least 1.
	DefaultDays int
}

// ParsedWindow is a window as it was resolved.
type ParsedWindow struct {
	Window
	// OpenEnd tells that the window ends at the request's Now, because nothing
	// earlier was asked for.
	OpenEnd bool
	// Notes say what was resolved in a way that the caller may not expect, such
	// as a local time that a clock change skipped or repeated.
	Notes []string
}

// TimeError says that a time, a window or a time zone could not be read.
type TimeError struct {
	// Argument is the argument at fault: from, to or timezone.
	Argument string
	// Value is what was given, raw.
	Value string
	// Problem says what is wrong with it.
	Problem string
	// Accepted lists the forms that are accepted, with examples; empty where the
	// form is not what was wrong.
	Accepted string
}

// Error names the argument, quotes its value and says what is wrong and what
// is accepted.
func (e *TimeError) Error() string {
	message := fmt.Sprintf("%s %s: %s", e.Argument, Text(e.Value).Quote(), e.Problem)
	if e.Accepted != "" {
		message += "; accepted: " + e.Accepted
	}
	return message
}

// ParseLocation returns the time zone of an IANA name such as Europe/Prague. An
// unknown name, an empty one and "Local" (which would mean the server's own zone)
// are a [TimeError] that names similar zones.
func ParseLocation(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	refuse := func(problem string) (*time.Location, error) {
		examples := Nearest(name, wellKnownZones(), 3)
		if len(examples) == 0 {
			examples = []string{"UTC", "Europe/Prague", "America/New_York"}
		}
		return nil, &TimeError{
			Argument: "timezone", Value: name, Problem: problem,
			Accepted: "an IANA time zone name, such as " + strings.Join(examples, ", "),
		}
	}
	switch {
	case name == "":
		return refuse("is empty")
	case strings.EqualFold(name, "UTC"):
		return time.UTC, nil
	case strings.EqualFold(name, "Local"):
		return refuse("does not say which zone")
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return refuse("is not a known time zone")
	}
	return location, nil
}

// wellKnownZones are the zones that error messages choose their examples from:
// Go cannot list those it knows.
func wellKnownZones() []string {
	return []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
		"America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver",
		"America/Halifax", "America/Lima", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
		"America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/Toronto", "America/Vancouver",
		"Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem",
		"Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul",
		"Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Australia/Brisbane",
		"Australia/Melbourne", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens",
		"Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest", "Europe/Copenhagen",
		"Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon",
		"Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome",
		"Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland",
	}
}

// ParseWindow resolves a requested window. Whatever it returns without an error
// satisfies From < To <= Now; a time that cannot be read, lies in the future or
// makes the window empty is a [TimeError].
//
//   - From alone: a date, a month, a year or a named period means the whole of
//     it, as far as it is past; any other form means from then until Now.
//   - To alone: the DefaultDays calendar days before it.
//   - Neither: the DefaultDays calendar days before Now, at its local time.
//   - A period in To means the period's end. A To in the future becomes Now.
func ParseWindow(r WindowRequest) (ParsedWindow, error) {
	location := r.Location
	if location == nil {
		location = time.UTC
	}
	now := r.Now.Round(0).In(location) // Round drops the monotonic clock
	fromText, toText := strings.TrimSpace(r.From), strings.TrimSpace(r.To)
	from := timeParser{argument: "from", value: fromText, now: now, beginning: r.Beginning}
	to := timeParser{argument: "to", value: toText, now: now}

	var begin, end moment
	var err error
	if fromText != "" {
		if begin, err = from.parse(); err != nil {
			return ParsedWindow{}, err
		}
		if !begin.start.Before(now) {
			return ParsedWindow{}, from.fail(fmt.Sprintf("begins at %s, but must begin before now (%s), for example at 7d or yesterday",
				stamp(begin.start), stamp(now)), false)
		}
	}
	switch {
	case toText != "":
		if end, err = to.parse(); err != nil {
			return ParsedWindow{}, err
		}
	case fromText != "" && begin.isPeriod:
		end = begin
	default:
		end = moment{end: now}
	}
	if end.end.After(now) {
		if toText != "" && !end.isNamed {
			to.notes = append(to.notes, fmt.Sprintf("to %s ends in the future, at %s: now (%s) is used",
				Text(toText).Quote(), stamp(end.end), stamp(now)))
		}
		end.end = now
	}
	if fromText == "" {
		begin.start = from.daysBefore(end.end, max(1, r.DefaultDays))
	}
	if !begin.start.Before(end.end) {
		at := &to
		if toText == "" {
			at = &from
		}
		return ParsedWindow{}, at.fail(fmt.Sprintf("the window would be empty: it begins at %s and ends at %s; to must be later than from",
			stamp(begin.start), stamp(end.end)), false)
	}
	return ParsedWindow{
		Window:  Window{From: begin.start.In(location), To: end.end.In(location), Location: location},
		OpenEnd: !end.end.Before(now),
		Notes:   append(from.notes, to.notes...),
	}, nil
}

// moment is what one argument means: a period from start to end, or an instant,
// for which the two are the same.
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

// writtenTime is a year, month, date, local time or RFC 3339, told apart by which
// groups are there: year, month, day, hour, minute, second, fraction, offset.
var writtenTime = regexp.MustCompile(
	`^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$`)

// relativeTime is an amount and its unit, with now and a sign or without.
var relativeTime = regexp.MustCompile(`^(?:now ?([+-]) ?)?(\d+) ?([a-z]+)$`)

func (p *timeParser) parse() (moment, error) {
	if !isPrintableASCII(p.value) {
		// Changing case would make plain letters of some of them.
		return moment{}, p.fail("holds characters that times are not written with", true)
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

// fail makes the error for this argument; withForms adds what is accepted.
func (p *timeParser) fail(problem string, withForms bool) *TimeError {
	e := &TimeError{Argument: p.argument, Value: p.value, Problem: problem}
	if withForms {
		e.Accepted = timeForms
	}
	return e
}

// named reads a keyword: now, or the name of a period.
func (p *timeParser) named(name string) (moment, error) {
	year, month, day := p.now.Date()
	monday := day - (int(p.now.Weekday())+6)%7
	quarter := month - (month-1)%3
	switch name {
	case all:
		if p.argument != "from" {
			return moment{}, p.fail("is where a window may begin, not where it may end", true)
		}
		if !p.beginning.IsZero() {
			return moment{start: p.beginning, end: p.beginning}, nil
		}
	case "now":
		return moment{start: p.now, end: p.now}, nil
	case "today":
		return p.period(date{year, month, day}, date{year, month, day + 1}), nil
	case "yesterday":
		return p.period(date{year, month, day - 1}, date{year, month, day}), nil
	case "this week":
		return p.period(date{year, month, monday}, date{year, month, monday + 7}), nil
	case "last week":
		return p.period(date{year, month, monday - 7}, date{year, month, monday}), nil
	case "this month":
		return p.period(date{year, month, 1}, date{year, month + 1, 1}), nil
	case "last month":
		return p.period(date{year, month - 1, 1}, date{year, month, 1}), nil
	case "this quarter":
		return p.period(date{year, quarter, 1}, date{year, quarter + 3, 1}), nil
	case "last quarter":
		return p.period(date{year, quarter - 3, 1}, date{year, quarter, 1}), nil
	case "this year":
		return p.period(date{year, 1, 1}, date{year + 1, 1, 1}), nil
	case "last year":
		return p.period(date{year - 1, 1, 1}, date{year, 1, 1}), nil
	case "tomorrow", "next week", "next month", "next quarter", "next year":
		return moment{}, p.fail("lies in the future, where there are no entries yet", true)
	}
	return moment{}, p.fail("is not a time", true)
}

// relative reads an amount of time back from now.
func (p *timeParser) relative(sign, digits, unit string) (moment, error) {
	// Larger amounts in any unit reach back beyond minYear.
	const maxAmount = 60_000_000
	amount, err := strconv.Atoi(digits)
	switch {
	case sign == "+":
		return moment{}, p.fail("lies in the future, where there are no entries yet; for the past write now-"+digits+unit, true)
	case err == nil && amount == 0:
		return moment{}, p.fail("goes back by nothing: the amount must be at least 1", true)
	case err != nil || amount > maxAmount:
		return moment{}, p.fail(fmt.Sprintf("goes back beyond the year %d", minYear), true)
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
		return moment{}, p.fail("m could mean minutes or months: write "+digits+"min for minutes, or days, such as 30d for a month", true)
	default:
		return moment{}, p.fail("has an unknown unit "+Text(unit).Quote()+": units are d, w, h and min", true)
	}
	if at.Year() < minYear {
		return moment{}, p.fail(fmt.Sprintf("goes back beyond the year %d", minYear), true)
	}
	return moment{start: at, end: at}, nil
}

// back goes back from now by an exact amount of time, in steps that cannot
// overflow a Duration.
func (p *timeParser) back(amount int, unit time.Duration) time.Time {
	return time.Unix(p.now.Unix()-int64(amount)*int64(unit/time.Second), int64(p.now.Nanosecond())).In(p.now.Location())
}

// daysBefore goes back from t by calendar days, to the same local time.
func (p *timeParser) daysBefore(t time.Time, days int) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return p.local(time.Date(year, month, day-days, hour, minute, second, t.Nanosecond(), time.UTC))
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
		return moment{}, p.fail(fmt.Sprintf("the year must lie between %d and %d", minYear, maxYear), true)
	case !hasMonth:
		return p.period(date{year, 1, 1}, date{year + 1, 1, 1}), nil
	case month < 1 || month > 12:
		return moment{}, p.fail(fmt.Sprintf("there is no month %s", m[2]), true)
	case !hasDay:
		return p.period(date{year, month, 1}, date{year, month + 1, 1}), nil
	case day < 1 || day > daysIn(year, month):
		return moment{}, p.fail(fmt.Sprintf("there is no such day: %s %d has days 1 to %d", month, year, daysIn(year, month)), true)
	case !hasClock:
		return p.period(date{year, month, day}, date{year, month, day + 1}), nil
	}
	hour, minute, second := number(4), number(5), number(6)
	if hour > 23 || minute > 59 || second > 59 {
		return moment{}, p.fail("there is no such time of day: it must lie between 00:00:00 and 23:59:59", true)
	}
	nanosecond, _ := strconv.Atoi((m[7] + "000000000")[:9]) // finer than a nanosecond is cut off
	clock := time.Date(year, month, day, hour, minute, second, nanosecond, time.UTC)
	if m[8] == "" {
		at := p.local(clock)
		return moment{start: at, end: at}, nil
	}
	offset, ok := parseOffset(m[8])
	if !ok {
		return moment{}, p.fail("there is no such offset "+m[8]+": it must lie between -23:59 and +23:59", true)
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

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// date is a calendar day; fields beyond their range carry over as in time.Date.
type date struct {
	year  int
	month time.Month
	day   int
}

// start returns the first instant of the day in a zone. Where clocks go back over
// midnight it is the earlier midnight; where they skip midnight, the end of the gap.
func (d date) start(location *time.Location) time.Time {
	midnight := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC)
	reading := readClock(midnight, location)
	if reading.kind == clockSkipped {
		return reading.gapEnd
	}
	return reading.earlier
}

// period is the moment from the beginning of one day to that of another.
func (p *timeParser) period(first, next date) moment {
	location := p.now.Location()
	return moment{start: first.start(location), end: next.start(location), isPeriod: true}
}

// local returns the instant at which clocks of the window's zone show what clock
// shows in UTC. What a clock change makes unclear is resolved so that the window
// becomes wider, and noted.
func (p *timeParser) local(clock time.Time) time.Time {
	location := p.now.Location()
	reading := readClock(clock, location)
	at := reading.earlier
	switch reading.kind {
	case clockSkipped:
		p.notes = append(p.notes, fmt.Sprintf("%s: the local time %s does not exist in %s (clocks skip it): %s is used",
			p.argument, clock.Format(clockLayout), location, stamp(at)))
	case clockRepeated:
		which := "earlier"
		if p.argument == "to" {
			at, which = reading.later, "later"
		}
		p.notes = append(p.notes, fmt.Sprintf("%s: the local time %s occurs twice in %s (clocks go back): the %s, %s, is used",
			p.argument, clock.Format(clockLayout), location, which, stamp(at)))
	}
	return at
}

// clockLayout prints a local time without an offset.
const clockLayout = "2006-01-02T15:04:05.999999999"

// stamp prints an instant for messages.
func stamp(t time.Time) string {
	return t.Format(time.RFC3339Nano)
}

// clockKind tells how often clocks show a local time.
type clockKind int

const (
	clockOnce clockKind = iota
	clockSkipped
	clockRepeated
)

// clockReading is what a local time means in a zone. A time that is shown once has
// earlier and later the same. For one that is skipped both are the instant that
// the offset before the gap leads to; gapEnd is the instant of the clock change.
type clockReading struct {
	kind           clockKind
	earlier, later time.Time
	gapEnd         time.Time
}

// readClock finds the instants at which clocks in location show what clock shows
// in UTC. time.Date alone leaves open which one it takes around clock changes.
func readClock(clock time.Time, location *time.Location) clockReading {
	year, month, day := clock.Date()
	hour, minute, second := clock.Clock()
	guess := time.Date(year, month, day, hour, minute, second, clock.Nanosecond(), location)
	start, end := guess.ZoneBounds()
	for _, change := range []time.Time{start, end} {
		if change.IsZero() {
			continue // the zone does not change on that side
		}
		before, after := offsetAt(change.Add(-1)), offsetAt(change)
		// What clocks show at the change, by the old offset and by the new.
		oldShown, newShown := change.UTC().Add(before), change.UTC().Add(after)
		switch {
		case before < after && !clock.Before(oldShown) && clock.Before(newShown):
			at := clock.Add(-before).In(location)
			return clockReading{kind: clockSkipped, earlier: at, later: at, gapEnd: change}
		case after < before && !clock.Before(newShown) && clock.Before(oldShown):
			return clockReading{
				kind:    clockRepeated,
				earlier: clock.Add(-before).In(location),
				later:   clock.Add(-after).In(location),
			}
		}
	}
	return clockReading{earlier: guess, later: guess}
}

// offsetAt returns how far the clocks of t's zone are ahead of UTC at t.
func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
