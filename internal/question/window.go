package question

import (
	"context"
	"fmt"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// WindowRequest is a window as someone asked for it.
type WindowRequest struct {
	// From and To are as written by the caller; empty means not given.
	From, To string
	// Location is the zone of local times and days.
	Location *time.Location
	// Now is the end of what can be asked for.
	Now time.Time
	// Beginning is what all means: before it there is nothing to be read. Where it is zero, all is refused.
	Beginning time.Time
	// DefaultDays is how many calendar days before the window's end it begins when From is not given: at least 1.
	DefaultDays int
}

// ParsedWindow is a window as it was resolved.
type ParsedWindow struct {
	auditlog.Window
	// OpenEnd says that the window ends at the request's Now, because nothing earlier was asked for.
	OpenEnd bool
	// Notes say what was resolved in a way that the caller may not expect, such as a local time that a clock change skipped or repeated.
	Notes []string
}

// ParseWindow resolves a requested window. Whatever it returns without an error satisfies From < To <= Now; a time that cannot be read,
// lies in the future or makes the window empty is a [TimeError].
//
//   - From alone: a date, a month, a year or a named period means the whole of it, as far as it is past; any other form means from then
//     until Now.
//   - To alone: the DefaultDays calendar days before it.
//   - Neither: the DefaultDays calendar days before Now, at its local time.
//   - A period in To means the period's end. A To in the future becomes Now.
func ParseWindow(r WindowRequest) (ParsedWindow, error) {
	now := r.Now.Round(0).In(r.Location) // Round drops the monotonic clock
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
			return ParsedWindow{}, &TimeError{Argument: "from", Value: fromText, Problem: fmt.Sprintf(
				"begins at %s, but must begin before now (%s), for example at 7d or yesterday", stamp(begin.start), stamp(now))}
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
			to.note("to %s ends in the future, at %s: now (%s) is used", auditlog.Text(toText).Quote(), stamp(end.end), stamp(now))
		}
		end.end = now
	}
	if fromText == "" {
		begin.start = from.daysBefore(end.end, max(1, r.DefaultDays))
	}
	if !begin.start.Before(end.end) {
		empty := &TimeError{Argument: "to", Value: toText, Problem: fmt.Sprintf(
			"the window would be empty: it begins at %s and ends at %s; to must be later than from", stamp(begin.start), stamp(end.end))}
		if toText == "" {
			empty.Argument, empty.Value = "from", fromText
		}
		return ParsedWindow{}, empty
	}
	return ParsedWindow{
		Window:  auditlog.Window{From: begin.start.In(r.Location), To: end.end.In(r.Location), Location: r.Location},
		OpenEnd: !end.end.Before(now),
		Notes:   append(from.notes, to.notes...),
	}, nil
}

// resolveWindow understands a window. One without an end ends where what was read lately does, so that questions that follow each other are
// about the same entries and cost no call.
func (r *Resolver) resolveWindow(ctx context.Context, organization auditlog.ID, request WindowRequest) (ParsedWindow, error) {
	now := r.Directory.Now().Truncate(time.Millisecond)
	if strings.EqualFold(strings.TrimSpace(request.From), all) {
		access, err := r.Directory.Access(ctx, organization)
		if err != nil {
			return ParsedWindow{}, err
		}
		request.Beginning = access.Oldest
		if kept := now.AddDate(0, 0, -access.RetentionDays); kept.After(request.Beginning) {
			request.Beginning = kept
		}
		if archive := access.Archive; archive != nil && !archive.From.IsZero() && archive.From.Before(request.Beginning) {
			request.Beginning = archive.From
		}
	}
	if asOf := r.Directory.AsOf(ctx, organization); request.To == "" && asOf.Before(now) && isSameDay(asOf, now, request.Location) {
		request.Now = asOf
		// What was asked for may have begun only since.
		if window, err := ParseWindow(request); err == nil {
			if window.OpenEnd && now.Sub(asOf) >= time.Second {
				window.Notes = append(window.Notes, "as of "+asOf.In(request.Location).Format(time.RFC3339)+
					", when it was read: what happened since is not in it; to \"now\" reads anew")
			}
			return window, nil
		}
	}
	request.Now = now
	return ParseWindow(request)
}

// isSameDay reports whether named days mean the same at two instants.
func isSameDay(a, b time.Time, location *time.Location) bool {
	year, month, day := a.In(location).Date()
	otherYear, otherMonth, otherDay := b.In(location).Date()
	return year == otherYear && month == otherMonth && day == otherDay
}
