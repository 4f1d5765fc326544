package analysis

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// Listing is a page of entries.
type Listing struct {
	Entries []*auditlog.Entry
	// More says that entries follow, or may follow where the read was stopped half-way.
	More bool
	// Unsettled says that unread entries may sort before those shown, so that no page can go on from them.
	Unsettled bool
	// Total is how many match in all, or -1 if that is not known exactly.
	Total  int
	Report auditlog.Report
}

// List reads the page of at most limit entries that follows a place; nil means the first page.
func (s *Service) List(ctx context.Context, q auditlog.Query, order question.Order, after *question.Cursor, limit int) (*Listing, error) {
	if order.IsNewestFirst() {
		return s.listNewestFirst(ctx, q, after, limit)
	}
	return s.listSorted(ctx, q, order, after, limit)
}

func (s *Service) listNewestFirst(ctx context.Context, q auditlog.Query, after *question.Cursor, limit int) (*Listing, error) {
	before := 0
	if after != nil {
		before = after.Before
		q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: after.TriggeredAt, UUID: after.UUID}, Offset: after.Offset}
	}
	q.Want = limit + 1
	listing := &Listing{Total: -1}
	var err error
	listing.Report, err = s.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
		if len(listing.Entries) == limit {
			listing.More = true
			return false
		}
		listing.Entries = append(listing.Entries, entry)
		return true
	})
	if err != nil {
		return nil, err
	}
	if isExact(&listing.Report, q.Window) {
		listing.Total = before + len(listing.Entries)
	}
	listing.More = listing.More || !listing.Report.Exhausted
	return listing, nil
}

// isExact reports whether the entries that were read are all there are: an unreadable record may be one more, and nothing can be said of a
// window that nothing vouches for. What Make no longer keeps is no entry.
func isExact(report *auditlog.Report, window auditlog.Window) bool {
	readWhole := report.Exhausted && !report.Coverage.IsEmpty() && report.Coverage.To.Equal(window.To)
	return readWhole && len(report.Unreadable) == 0 && (report.Complete || len(report.Coverage.Gaps) > 0)
}

// UnsortedError says that a page behind a cursor is not known, because the window was not read whole: entries that sort before it may be
// unread.
type UnsortedError struct{ Reason string }

func (e *UnsortedError) Error() string {
	return "this page cannot be told yet, since any order but newest first needs the whole window: " + e.Reason
}

// NextStep says how to go on.
func (e *UnsortedError) NextStep() string {
	return "ask again with the same cursor: what was read is kept for a few minutes"
}

// listSorted reads the whole window and sorts it here: how Make collates text and breaks ties is not known. Where the window was not read
// whole there is no place to go on from.
func (s *Service) listSorted(ctx context.Context, q auditlog.Query, order question.Order, after *question.Cursor,
	limit int) (*Listing, error) {
	type keyed struct {
		key   string
		entry *auditlog.Entry
	}
	var all []keyed
	report, err := s.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
		all = append(all, keyed{key: question.SortText(entry, order.By), entry: entry})
		return true
	})
	if err != nil {
		return nil, err
	}
	whole := report.Exhausted && (report.Coverage.IsEmpty() || report.Coverage.To.Equal(q.Window.To))
	if !whole && after != nil {
		reason := "it was not read to its end"
		if gaps := report.Coverage.Gaps; len(gaps) > 0 {
			reason = gaps[len(gaps)-1].Reason
		}
		return nil, &UnsortedError{Reason: reason}
	}
	compare := func(a, b keyed) int {
		c := strings.Compare(a.key, b.key)
		if c == 0 {
			c = a.entry.TriggeredAt.Compare(b.entry.TriggeredAt)
		}
		if !order.Ascending {
			c = -c
		}
		if c == 0 {
			c = strings.Compare(a.entry.UUID, b.entry.UUID)
		}
		return c
	}
	slices.SortFunc(all, compare)
	begin := 0
	if after != nil {
		last := keyed{key: after.Key, entry: &auditlog.Entry{TriggeredAt: after.TriggeredAt, UUID: after.UUID}}
		var found bool
		if begin, found = slices.BinarySearchFunc(all, last, compare); found {
			begin++
		}
	}
	end := min(begin+limit, len(all))
	listing := &Listing{More: end < len(all), Unsettled: !whole, Total: -1, Report: report}
	if isExact(&report, q.Window) {
		listing.Total = len(all)
	}
	if !whole {
		listing.Report.Warnings = append(listing.Report.Warnings,
			"only the covered part of the window is sorted here, and there is no next_cursor: ask again, since what was read is kept for "+
				"a few minutes, or narrow the window")
	}
	for _, item := range all[begin:end] {
		listing.Entries = append(listing.Entries, item.entry)
	}
	return listing, nil
}
