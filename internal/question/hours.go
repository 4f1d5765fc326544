package question

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Hours is a part of the day by local clocks: From inclusive, To exclusive, in minutes after midnight. Where From is later than To it goes
// over midnight. The zero Hours is the whole day.
type Hours struct{ From, To int }

const (
	minutesPerDay = 24 * 60
	hourForms     = "two times of day, such as 22-06, 9-17 or 08:30-17:00; the second is exclusive"
)

// writtenHours is two times of day: hour, minute, hour, minute.
var writtenHours = lazily(`^(\d{1,2})(?::(\d{2}))? ?(?:-|–|to) ?(\d{1,2})(?::(\d{2}))?$`) //nolint:gochecknoglobals // it never changes

// ParseHours reads a part of the day; empty means the whole day. What cannot be read is an [TimeError].
func ParseHours(text string) (Hours, error) {
	trimmed := strings.ToLower(strings.TrimSpace(text))
	if trimmed == "" {
		return Hours{}, nil
	}
	refuse := func(problem string) (Hours, error) {
		return Hours{}, &TimeError{Argument: "hours", Value: text, Problem: problem, Accepted: hourForms}
	}
	m := writtenHours().FindStringSubmatch(trimmed)
	if m == nil {
		return refuse("is not a part of the day")
	}
	minutes := func(hour, minute string) int {
		h, _ := strconv.Atoi(hour) // digits by the expression
		m, _ := strconv.Atoi(minute)
		if m > 59 {
			return minutesPerDay + 1
		}
		return 60*h + m
	}
	hours := Hours{From: minutes(m[1], m[2]), To: minutes(m[3], m[4])}
	switch {
	case hours.From >= minutesPerDay || hours.To > minutesPerDay:
		return refuse("there is no such time of day: it must lie between 00:00 and 24:00")
	case hours.From == hours.To:
		return refuse("is empty: it ends when it begins")
	}
	return hours, nil
}

// IsWholeDay reports whether every time of day is in it.
func (h Hours) IsWholeDay() bool { return h == Hours{} || h == Hours{To: minutesPerDay} }

// Contains reports whether a local time lies in the hours.
func (h Hours) Contains(local time.Time) bool {
	if h.IsWholeDay() {
		return true
	}
	minute := 60*local.Hour() + local.Minute()
	if h.From < h.To {
		return h.From <= minute && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

// String writes the hours as 22:00-06:00.
func (h Hours) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// Weekdays is a set of weekdays; the zero set stands for all of them.
type Weekdays uint8

// WeekdayIndex counts from Monday, as weeks do here.
func WeekdayIndex(day time.Weekday) int { return (int(day) + 6) % 7 }

const weekdayForms = "mon, tue, wed, thu, fri, sat, sun, their full names, ranges such as mon-fri, weekend, workdays"

// ParseWeekdays reads a set of weekdays. What cannot be read is an [TimeError].
func ParseWeekdays(texts []string) (Weekdays, error) {
	var set Weekdays
	for _, text := range texts {
		plain := strings.NewReplacer("–", "-", " to ", "-").Replace(strings.ToLower(text))
		for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == ',' || r == ';' }) {
			days, ok := parseWeekdays(strings.TrimSpace(part))
			if !ok {
				return 0, &TimeError{Argument: "weekdays", Value: text, Problem: "is not a weekday", Accepted: weekdayForms}
			}
			set |= days
		}
	}
	if len(texts) > 0 && set == 0 {
		return 0, &TimeError{Argument: "weekdays", Value: strings.Join(texts, ","), Problem: "names no weekday", Accepted: weekdayForms}
	}
	return set, nil
}

func parseWeekdays(text string) (Weekdays, bool) {
	switch text {
	case "weekend", "weekends":
		return rangeOfWeekdays(5, 6), true
	case "workday", "workdays", "weekday", "weekdays":
		return rangeOfWeekdays(0, 4), true
	}
	first, last, isRange := strings.Cut(text, "-")
	from, ok := parseWeekday(strings.TrimSpace(first))
	if !ok || !isRange {
		return rangeOfWeekdays(from, from), ok
	}
	to, ok := parseWeekday(strings.TrimSpace(last))
	return rangeOfWeekdays(from, to), ok
}

// parseWeekday reads one weekday, shortened to not less than three letters or not.
func parseWeekday(text string) (int, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if len(text) >= 3 && strings.HasPrefix(strings.ToLower(day.String()), text) {
			return WeekdayIndex(day), true
		}
	}
	return 0, false
}

// rangeOfWeekdays is from one weekday to another, over Sunday if need be.
func rangeOfWeekdays(from, to int) Weekdays {
	var set Weekdays
	for day := from; ; day = (day + 1) % 7 {
		set |= 1 << day
		if day == to {
			return set
		}
	}
}

// Contains reports whether a local time lies on one of the weekdays.
func (w Weekdays) Contains(local time.Time) bool {
	return w == 0 || w&(1<<WeekdayIndex(local.Weekday())) != 0
}

// Names are the weekdays in full, from Monday on; none for all of them.
func (w Weekdays) Names() []string {
	var names []string
	for day := range 7 {
		if w&(1<<day) != 0 {
			names = append(names, time.Weekday((day+1)%7).String())
		}
	}
	return names
}
