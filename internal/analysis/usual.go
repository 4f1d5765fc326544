package analysis

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Usual is what the baseline tells of the hours that somebody works in.
type Usual struct {
	// Location is the zone that the hours are meant in; IsOwn tells that it is the
	// person's, as Make tells it.
	Location *time.Location
	IsOwn    bool
	// hours has a bit for each hour of the day; none if they are not known.
	hours uint32
	// Reason says why the hours are not known.
	Reason string
}

// How much must have been seen before any hour is called unusual, and how often an
// hour must have been worked in, or next to, to be usual: on so many days, and on
// such a share of the active ones.
const (
	minBaselineEntries = 30
	minBaselineDays    = 10
	minUsualDays       = 2
	minUsualShare      = 0.05
)

// IsKnown tells whether anything can be called unusual.
func (u *Usual) IsKnown() bool { return u.hours != 0 }

// Contains tells whether an instant lies in the usual hours.
func (u *Usual) Contains(at time.Time) bool { return u.hours&(1<<at.In(u.Location).Hour()) != 0 }

// Ranges are the usual hours as 08-18, from midnight on.
func (u *Usual) Ranges() []string {
	const hoursPerDay = 24
	if bits.OnesCount32(u.hours) == hoursPerDay {
		return []string{"00-24"}
	}
	var ranges []string
	for hour := range hoursPerDay {
		if u.hours&(1<<hour) == 0 || hour > 0 && u.hours&(1<<(hour-1)) != 0 {
			continue
		}
		end := hour + 1
		for end < hoursPerDay && u.hours&(1<<end) != 0 {
			end++
		}
		ranges = append(ranges, fmt.Sprintf("%02d-%02d", hour, end))
	}
	return ranges
}

// learnUsual learns from the entries of a baseline.
func learnUsual(baseline []*auditlog.Entry, location *time.Location) *Usual {
	usual := &Usual{Location: location}
	type dayHour struct {
		day  string
		hour int
	}
	worked := map[dayHour]bool{}
	days := map[string]bool{}
	for _, entry := range baseline {
		local := entry.TriggeredAt.In(location)
		day := local.Format(time.DateOnly)
		days[day] = true
		// Work at 08:58 makes 9 o'clock no less usual.
		for _, hour := range []int{local.Hour() - 1, local.Hour(), local.Hour() + 1} {
			worked[dayHour{day, (hour + 24) % 24}] = true
		}
	}
	if len(baseline) < minBaselineEntries || len(days) < minBaselineDays {
		usual.Reason = fmt.Sprintf("too little was seen in the baseline: %d entries on %d days, and at least %d entries on %d days are needed",
			len(baseline), len(days), minBaselineEntries, minBaselineDays)
		return usual
	}
	var daysOf [24]int
	for at := range worked {
		daysOf[at.hour]++
	}
	for hour, count := range daysOf {
		if count >= minUsualDays && float64(count) >= minUsualShare*float64(len(days)) {
			usual.hours |= 1 << hour
		}
	}
	return usual
}

// aroundTheClock is in how many hours of the day somebody must have acted, and in
// how many entries, to be taken for a machine.
const (
	aroundTheClock        = 20
	aroundTheClockEntries = 100
)

// looksLikeService tells service accounts by name or by hours, as Make does not
// tell them; empty for people.
func looksLikeService(actor auditlog.Actor, entries ...[]*auditlog.Entry) string {
	local, _, _ := strings.Cut(string(actor.Email), "@")
	words := strings.FieldsFunc(auditlog.Fold(string(actor.Name)+" "+local), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	telling := []string{"svc", "service", "robot", "automation", "deploy", "deployer", "cicd", "daemon", "noreply"}
	if !strings.Contains(strings.TrimSpace(string(actor.Name)), " ") {
		// People are called so, too, but not by one name alone.
		telling = append(telling, "bot", "ci", "cd", "system", "api", "integration")
	}
	for _, word := range words {
		if slices.Contains(telling, word) {
			return "its name or address has the word " + auditlog.Text(word).Quote()
		}
	}
	var hours uint32
	count := 0
	for _, entry := range slices.Concat(entries...) {
		hours |= 1 << entry.TriggeredAt.UTC().Hour()
		count++
	}
	if count >= aroundTheClockEntries && bits.OnesCount32(hours) >= aroundTheClock {
		return fmt.Sprintf("it acted in %d of the 24 hours of the day", bits.OnesCount32(hours))
	}
	return ""
}
