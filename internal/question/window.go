package question

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// WindowRequest is a window as someone asked for it.
type WindowRequest struct {
	// From and To, or Period instead of both, are as written by the caller; empty means not given.
	From, To, Period string
	// Location is the zone of local times and days.
	Location *time.Location
	// WeekStart is where weeks begin.
	WeekStart WeekStart
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
	// AsOf is the window's end where that is when the log was last read, and not the moment of asking; else zero.
	AsOf time.Time
	// Notes say what was resolved in a way that the caller may not expect, such as a local time that a clock change skipped or repeated.
	Notes []string
}

// ParseWindow resolves a requested window. Whatever it returns without an error satisfies From < To <= Now; a time that cannot be read,
// lies in the future or makes the window empty is a [TimeError].
//
//   - From alone: from its beginning until Now.
//   - To alone: the DefaultDays calendar days before it.
//   - Neither: the DefaultDays calendar days before Now, at its local time.
//   - A period in To means the period's end. A To in the future becomes Now.
//   - Period: the whole of it, as far as it is past.
func ParseWindow(r WindowRequest) (ParsedWindow, error) {
	r.Now = r.Now.Round(0).In(r.Location) // Round drops the monotonic clock
	r.From, r.To, r.Period = strings.TrimSpace(r.From), strings.TrimSpace(r.To), strings.TrimSpace(r.Period)
	var window ParsedWindow
	var err error
	if r.Period != "" {
		window, err = r.period()
	} else {
		window, err = r.fromTo()
	}
	if err != nil {
		return ParsedWindow{}, err
	}
	window.From, window.To, window.Location = window.From.In(r.Location), window.To.In(r.Location), r.Location
	window.OpenEnd = !window.To.Before(r.Now)
	window.Notes = append(window.Notes, NotesOnClocks(window.Window)...)
	return window, nil
}

// parser reads one of the arguments.
func (r *WindowRequest) parser(argument, value string) *timeParser {
	return &timeParser{argument: argument, value: value, now: r.Now, beginning: r.Beginning, weekStart: r.WeekStart}
}

// period resolves Period.
func (r *WindowRequest) period() (ParsedWindow, error) {
	parser := r.parser("period", r.Period)
	if r.From != "" || r.To != "" {
		return ParsedWindow{}, &TimeError{Argument: "period", Value: r.Period,
			Problem: "stands instead of from and to, which are given as well: leave out period, or both of them"}
	}
	asked, err := parser.parse()
	switch {
	case err != nil:
		return ParsedWindow{}, err
	case !asked.isPeriod:
		return ParsedWindow{}, parser.fail("is no day, week, month, quarter or year: for the time since then, give it as from")
	case !asked.start.Before(r.Now):
		return ParsedWindow{}, parser.fail(fmt.Sprintf("begins at %s, which is not before now (%s): there are no entries yet",
			stamp(asked.start), stamp(r.Now)))
	case !asked.start.Before(asked.end):
		return ParsedWindow{}, parser.fail("is empty: clocks leave it out in " + r.Location.String())
	case asked.end.After(r.Now):
		asked.end = r.Now
	}
	return ParsedWindow{Window: auditlog.Window{From: asked.start, To: asked.end}}, nil
}

// fromTo resolves From and To.
func (r *WindowRequest) fromTo() (ParsedWindow, error) {
	from, to := r.parser("from", r.From), r.parser("to", r.To)
	begin, end := moment{}, moment{end: r.Now}
	var err error
	if r.From != "" {
		if begin, err = from.parse(); err != nil {
			return ParsedWindow{}, err
		}
		if !begin.start.Before(r.Now) {
			return ParsedWindow{}, &TimeError{Argument: "from", Value: r.From, Problem: fmt.Sprintf(
				"begins at %s, but must begin before now (%s), for example at 7d or yesterday", stamp(begin.start), stamp(r.Now))}
		}
		if r.To == "" && begin.isPeriod && !begin.end.After(r.Now) {
			quoted := auditlog.Text(r.From).Quote()
			from.note("from %s without to: the window goes on until now; period %s is the whole of it and no more", quoted, quoted)
		}
	}
	if r.To != "" {
		if end, err = to.parse(); err != nil {
			return ParsedWindow{}, err
		}
	}
	if end.end.After(r.Now) {
		if !end.isNamed {
			to.note("to %s ends in the future, at %s: now (%s) is used", auditlog.Text(r.To).Quote(), stamp(end.end), stamp(r.Now))
		}
		end.end = r.Now
	}
	if r.From == "" {
		begin.start = from.daysBefore(end.end.In(r.Location), max(1, r.DefaultDays))
	}
	if !begin.start.Before(end.end) {
		return ParsedWindow{}, &TimeError{Argument: "to", Value: r.To, Problem: fmt.Sprintf(
			"the window would be empty: it begins at %s and ends at %s; to must be later than from", stamp(begin.start), stamp(end.end))}
	}
	return ParsedWindow{Window: auditlog.Window{From: begin.start, To: end.end}, Notes: append(from.notes, to.notes...)}, nil
}

// resolveWindow understands a window. One without an end ends where what was read lately does, so that questions that follow each other are
// about the same entries and cost no call; but never before one that was asked for earlier.
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
	asOf := r.Directory.AsOf(ctx, organization)
	if !asOf.IsZero() {
		asOf = r.ends.latest(organization, asOf)
	}
	if request.To == "" && asOf.Before(now) && dateOf(asOf.In(request.Location)) == dateOf(now.In(request.Location)) {
		request.Now = asOf
		// What was asked for may have begun only since.
		if window, err := ParseWindow(request); err == nil {
			if window.OpenEnd && now.Sub(asOf) >= time.Second {
				window.AsOf = window.To
			}
			return window, nil
		}
	}
	request.Now = now
	window, err := ParseWindow(request)
	if err == nil && window.OpenEnd {
		r.ends.latest(organization, now)
	}
	return window, err
}

// openEnds are where windows without an end ended so far: the latest of each organization.
type openEnds struct {
	mu   sync.Mutex
	ends map[auditlog.ID]time.Time
}

// latest takes in one more, and returns the latest.
func (o *openEnds) latest(organization auditlog.ID, end time.Time) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ends[organization].Before(end) {
		if o.ends == nil {
			o.ends = map[auditlog.ID]time.Time{}
		}
		o.ends[organization] = end
	}
	return o.ends[organization]
}
