package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/internal/question"
)

// HistoryRequest asks for what happened to one object.
type HistoryRequest struct {
	Query auditlog.Query // with TargetID, and Events if the kind is known
	// SinceCreation narrows the window to the time since the object's creation, so that no more is read than it takes to find that.
	SinceCreation bool
	// After is where the page before ended; nil for the first page.
	After *question.Cursor
	// Limit is how many entries the page has at most.
	Limit int
}

// History is a page of what happened to one object, oldest first, and who did it altogether.
type History struct {
	// Query is what it answers: the one asked, narrowed to the time since the object's creation and to its kind where that was found.
	Query auditlog.Query
	// Kind is what the object is taken for where no kind was named and not all was read; entries of objects of other kinds were looked for
	// since OthersSince only, if that is set.
	Kind        auditlog.Text
	OthersSince time.Time
	// Kinds are the kinds of object with that id, most entries first. Several mean that nothing else is known.
	Kinds []TargetKind
	// Entries are the page's, with details where they could be read.
	Entries []HistoryEntry
	// More says that entries follow.
	More bool
	// Total is how many entries there are in all, or -1 if that is not known.
	Total int
	// Created and Deleted are the entries that say so, Last the newest; nil if there is none. Deleted is nil for what was created anew.
	Created, Deleted, Last *auditlog.Entry
	// Actors are all who touched it, most entries first.
	Actors []TargetActor
	// Before counts the entries of earlier pages.
	Before int
	// Unsettled says that unread entries may come before those shown, so that no page can go on from them.
	Unsettled bool
	// DetailsMissing counts the page's entries whose details could not be read, for DetailsError.
	DetailsMissing int
	DetailsError   error
	Report         auditlog.Report
}

// TargetKind is a kind of object with the id.
type TargetKind struct {
	Kind            auditlog.Text
	Entries         int
	FirstAt, LastAt time.Time
}

// TargetActor is somebody who touched the object; the zero Actor is the system.
type TargetActor struct {
	Actor           auditlog.Actor
	Count           int
	FirstAt, LastAt time.Time
}

// HistoryEntry is an entry and what its details say otherwise than earlier ones.
type HistoryEntry struct {
	*auditlog.Entry
	Changes []Change
}

// AmbiguousTargetError says that objects of several kinds have the id.
type AmbiguousTargetError struct {
	TargetID auditlog.Text
	Kinds    []TargetKind
	// Since is when what was looked at begins; zero where that is all that was asked for.
	Since time.Time
}

func (e *AmbiguousTargetError) Error() string {
	kinds := make([]string, len(e.Kinds))
	for i, kind := range e.Kinds {
		kinds[i] = fmt.Sprintf("%s (%d entries)", kind.Kind.Quote(), kind.Entries)
	}
	since, others := "", ""
	if !e.Since.IsZero() {
		since, others = ", since "+e.Since.Format(time.RFC3339)+" alone,", "; it may be one that had no entries since then"
	}
	return fmt.Sprintf("target_id %s is%s the id of objects of %d kinds: %s: pass kind to choose one%s", e.TargetID.Quote(), since,
		len(kinds), strings.Join(kinds, ", "), others)
}

// CallersMistake reports that other arguments would help.
func (*AmbiguousTargetError) CallersMistake() bool { return true }

// lookBack is how many entries before a page are read for their details, so that the page's first changes are known.
const lookBack = 20

// detailsShare is the part of a call's time that is kept for details.
const detailsShare = 5

// TargetHistory reads what happened to one object. An id that several kinds of object have is an [AmbiguousTargetError], and the history
// then returns the kinds. Since its creation, an object that is not among the newest entries, and whose kind is not known, is a
// [KindNeededError].
func (s *Service) TargetHistory(ctx context.Context, request HistoryRequest) (*History, error) {
	catalog, err := s.Directory.Catalog(ctx, request.Query.Organization.ID)
	if err != nil {
		return nil, err
	}
	readCtx, cancel := keepingTime(ctx)
	defer cancel()
	read := s.traceWindow
	if request.SinceCreation {
		read = s.traceToCreation
	}
	t, err := read(readCtx, request.Query, catalog)
	if err != nil {
		return nil, err
	}
	entries := t.entries
	// Within one instant an object is created before it is changed: Make's times of writing say it better than uuids.
	slices.SortFunc(entries, func(a, b *auditlog.Entry) int {
		if c := a.TriggeredAt.Compare(b.TriggeredAt); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(stage(a.Event), stage(b.Event)), a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.UUID, b.UUID))
	})
	h := &History{Query: t.query, Kind: t.kind, OthersSince: t.othersSince, Kinds: kindsOf(entries, catalog), Report: t.report, Total: -1}
	if len(h.Query.Events) == 0 && len(h.Kinds) > 1 {
		ambiguous := &AmbiguousTargetError{TargetID: request.Query.TargetID, Kinds: h.Kinds}
		if h.Query.Window.From.After(request.Query.Window.From) {
			ambiguous.Since = h.Query.Window.From
		}
		return h, ambiguous
	}
	if isExact(&h.Report, h.Query.Window) {
		h.Total = len(entries)
	}
	h.Unsettled = !h.Report.Exhausted
	if h.Unsettled && request.After != nil {
		return nil, &UnsortedError{Reason: "the window was not read to its beginning"}
	}
	h.summarize(entries)
	begin := after(entries, request.After)
	end := min(begin+request.Limit, len(entries))
	h.Before, h.More = begin, end < len(entries)
	s.addDetails(ctx, h, request.Query.Organization.ID, entries, begin, end)
	return h, nil
}

// stage orders what happens to an object within one instant.
func stage(event auditlog.Text) int {
	switch (auditlog.Event{Value: event}).Verb() {
	case auditlog.VerbCreated:
		return 0
	case auditlog.VerbDeleted:
		return 2
	}
	return 1
}

// keepingTime leaves a part of the call's time for what follows the read.
func keepingTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/detailsShare))
}

// after returns where the page behind a place begins.
func after(entries []*auditlog.Entry, place *question.Cursor) int {
	if place == nil {
		return 0
	}
	if at := slices.IndexFunc(entries, func(e *auditlog.Entry) bool { return e.UUID == place.UUID }); at >= 0 {
		return at + 1
	}
	// It is kept no more; so is everything before it.
	at := slices.IndexFunc(entries, func(e *auditlog.Entry) bool { return e.TriggeredAt.After(place.TriggeredAt) })
	if at < 0 {
		return len(entries)
	}
	return at
}

func kindsOf(entries []*auditlog.Entry, catalog *auditlog.Catalog) []TargetKind {
	var kinds []TargetKind
	for _, entry := range entries {
		kind := catalog.Kind(entry.Event)
		i := slices.IndexFunc(kinds, func(k TargetKind) bool { return k.Kind == kind })
		if i < 0 {
			i = len(kinds)
			kinds = append(kinds, TargetKind{Kind: kind, FirstAt: entry.TriggeredAt})
		}
		kinds[i].Entries++
		kinds[i].LastAt = entry.TriggeredAt
	}
	order.By(kinds, func(a, b TargetKind) int { return cmp.Compare(b.Entries, a.Entries) })
	return kinds
}

// summarize fills in what holds of all entries, which come oldest first.
func (h *History) summarize(entries []*auditlog.Entry) {
	indexes := map[string]int{}
	for _, entry := range entries {
		switch (auditlog.Event{Value: entry.Event}).Verb() {
		case auditlog.VerbCreated:
			h.Created, h.Deleted = entry, nil
		case auditlog.VerbDeleted:
			h.Deleted = entry
		}
		h.Last = entry
		i, ok := indexes[actorKey(entry)]
		if !ok {
			i = len(h.Actors)
			indexes[actorKey(entry)] = i
			h.Actors = append(h.Actors, TargetActor{FirstAt: entry.TriggeredAt})
		}
		actor := &h.Actors[i]
		if entry.Actor != nil {
			actor.Actor = *entry.Actor
		}
		actor.Count++
		actor.LastAt = entry.TriggeredAt
	}
	order.By(h.Actors, func(a, b TargetActor) int { return cmp.Compare(b.Count, a.Count) })
}

// addDetails fills in the page with details and what they changed.
func (s *Service) addDetails(ctx context.Context, h *History, organization auditlog.ID, entries []*auditlog.Entry, begin, end int) {
	if begin == end {
		return
	}
	first := max(0, begin-lookBack)
	uuids := make([]string, 0, end-first)
	for _, entry := range entries[first:end] {
		uuids = append(uuids, entry.UUID)
	}
	detailed, failures := s.Details(ctx, organization, uuids)
	var known state
	for i, entry := range entries[first:end] {
		full := *entry
		if failures[i] == nil && detailed[i] != nil {
			full.Details = detailed[i].Details
		}
		changes := known.apply(&full)
		if first+i < begin {
			continue
		}
		if failures[i] != nil {
			h.DetailsMissing++
			h.DetailsError = failures[i]
			var bare *auditlog.DetailsError
			if errors.As(failures[i], &bare) {
				h.DetailsError = bare.Reason
			}
		}
		h.Entries = append(h.Entries, HistoryEntry{Entry: &full, Changes: changes})
	}
}
