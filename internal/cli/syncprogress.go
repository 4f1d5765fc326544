package cli

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
)

const (
	// sayEvery is how often it is said how a sync goes, where that is no line that changes.
	sayEvery = 30 * time.Second
	// stillWaiting is how long after a wait another one is likely: where the limit holds a sync up, waits are many, and most are short.
	stillWaiting = 5 * time.Second
)

// syncProgress says how the sync of one organization goes: how much of it is done, whichever sync did it, what it waits for, and when it
// will be done.
type syncProgress struct {
	organization auditlog.ID
	// say is told whenever something changes; isDue means that it is time for a line.
	say func(text string, isDue bool)
	// now is Make's clock, as for all of a sync; times are shown in zone.
	now  func() time.Time
	zone *time.Location
	// ceiling is how many calls a minute the sync may make, of Make's limit; 0 or less where there is none, or none is known.
	ceiling, limit int

	mu      sync.Mutex
	said    time.Time // until when the last line speaks
	at      archive.SyncProgress
	reading int // entries that were read and are not stored yet
	wait    auditlog.Progress
	waits   time.Time // until when
	// When this process began with the details, and how many were done before.
	begun  time.Time
	before int
}

// show takes what the archive reports.
func (s *syncProgress) show(p archive.SyncProgress) {
	s.change(func(now time.Time) {
		if s.begun.IsZero() && p.Details.Wanted > 0 {
			s.begun, s.before = now, p.Details.Done()
		}
		s.at, s.reading = p, 0
	}, 0)
}

// heard takes what the calls to Make report, from several goroutines.
func (s *syncProgress) heard(p auditlog.Progress) {
	s.change(func(now time.Time) {
		if p.Wait > 0 {
			s.wait, s.waits = p, now.Add(p.Wait+stillWaiting)
		} else {
			s.reading = p.Entries
		}
	}, p.Wait)
}

// change takes something new, which holds for a while: a long wait is told when it begins.
func (s *syncProgress) change(how func(now time.Time), holds time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.said.IsZero() {
		s.said = now // what is done soon needs no line
	}
	how(now)
	until := now.Add(holds)
	isDue := until.Sub(s.said) >= sayEvery
	if isDue {
		s.said = until
	}
	s.say(s.text(now), isDue)
}

func (s *syncProgress) text(now time.Time) string {
	text := auditlog.Text(s.organization).Clean() + ": "
	switch details := s.at.Details; {
	case details.Wanted > 0:
		text += fmt.Sprintf("details: %s of %s done", grouped(details.Done()), grouped(details.Wanted))
		if end, isKnown := s.end(now); isKnown {
			text += ", all done at about " + s.clock(end, now)
		}
	case !s.at.Reached.IsZero():
		text += fmt.Sprintf("entries: %s stored, back to %s (%.0f %% of the time)", grouped(s.at.Entries), day(s.at.Reached), 100*s.at.Share)
	default:
		text += "entries: " + s.at.Stage
	}
	if s.reading > 0 {
		text += fmt.Sprintf(", %s more read", grouped(s.reading))
	}
	switch {
	case now.After(s.waits):
		return text
	case !s.wait.Limit:
		return text + "; waiting: " + s.wait.Reason
	case s.ceiling <= 0:
		return text + "; waiting for Make's limit"
	case s.limit <= 0:
		return text + fmt.Sprintf("; waiting for Make's limit (%s calls a minute are ours)", grouped(s.ceiling))
	}
	return text + fmt.Sprintf("; waiting for Make's limit (%s of %s calls a minute are ours)", grouped(s.ceiling), grouped(s.limit))
}

// end is when the details will be done, if they go on as they did in this process: no faster than the ceiling allows, which the first of a
// minute do not show.
func (s *syncProgress) end(now time.Time) (end time.Time, isKnown bool) {
	perMinute := float64(s.ceiling)
	fetched, took := s.at.Details.Done()-s.before, now.Sub(s.begun)
	if fetched > 0 && took > 0 {
		observed := float64(fetched) / took.Minutes()
		if s.ceiling <= 0 || observed < perMinute {
			perMinute = observed
		}
	}
	if perMinute <= 0 {
		return time.Time{}, false
	}
	return now.Add(time.Duration(float64(s.at.Details.Left) / perMinute * float64(time.Minute))), true
}

// clock is a time to the minute, with its day where that is not today.
func (s *syncProgress) clock(t, now time.Time) string {
	t = t.In(s.zone).Round(time.Minute)
	if t.Format(time.DateOnly) == now.In(s.zone).Format(time.DateOnly) {
		return t.Format("15:04 MST")
	}
	return t.Format("2006-01-02 15:04 MST")
}

// grouped is a number of which people see how large it is.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
