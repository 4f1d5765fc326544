package answer

import (
	"encoding/json"
	"fmt"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

const (
	// maxActors, maxKinds and maxChanges bound the lists of a history; maxChangesSize the changes of one entry together, in characters.
	maxActors      = 10
	maxKinds       = 20
	maxChanges     = 30
	maxChangesSize = 2_000
)

// tooLargeHere stands for details that leave no room for anything else.
const tooLargeHere = `"[too large here: read the entry by its uuid]"`

// ShrinkHistory makes room where a single entry is more than a result may be.
func ShrinkHistory(r *schemas.GetTargetHistoryResult, size int) {
	for i := range r.Entries {
		entry := &r.Entries[i]
		if Size(r) > size {
			entry.Details, entry.Masked = json.RawMessage(tooLargeHere), nil
		}
		for Size(r) > size && len(entry.Changes) > 0 {
			entry.Changes = withoutLast(entry.Changes)
		}
	}
}

// History shows what happened to one object, and what it is called; the entries are whole, so that the caller can cut them and make a
// cursor.
func History(asked *question.Question, kind auditlog.Text, h *analysis.History,
	names analysis.TargetNames) *schemas.GetTargetHistoryResult {
	location := asked.Query.Window.Location
	result := &schemas.GetTargetHistoryResult{Answer: Common(asked, h.Report)}
	result.Query.Kind = kind
	result.Kinds, result.KindsTotal = firstOf(h.Kinds, maxKinds, func(k analysis.TargetKind) schemas.TargetKind {
		return schemas.TargetKind{Kind: k.Kind, Entries: k.Entries, FirstAt: Time(k.FirstAt, location), LastAt: Time(k.LastAt, location)}
	})
	if h.Total >= 0 {
		result.Total = &h.Total
	}
	result.CreatedBy, result.CreatedAt = by(h.Created, location)
	result.LastChangedBy, result.LastChangedAt = by(h.Last, location)
	result.DeletedBy, result.DeletedAt = by(h.Deleted, location)
	result.Actors, result.ActorsTotal = firstOf(h.Actors, maxActors, func(a analysis.TargetActor) schemas.TargetActor {
		if a.Actor == (auditlog.Actor{}) {
			a.Actor = actorOf(nil)
		}
		return schemas.TargetActor{Actor: a.Actor, Count: a.Count, FirstAt: Time(a.FirstAt, location), LastAt: Time(a.LastAt, location)}
	})
	style := EntryStyle{Location: location, WithKind: true, Names: names}
	result.Entries, _ = firstOf(h.Entries, len(h.Entries), func(e analysis.HistoryEntry) schemas.HistoryEntry {
		changes, total := firstOf(e.Changes, maxChanges, func(c analysis.Change) schemas.Change {
			return schemas.Change{Field: c.Path, From: c.From, To: c.To}
		})
		// As many as fit beside the details.
		return schemas.HistoryEntry{Entry: style.Entry(e.Entry), Changes: changes[:Fit(changes, maxChangesSize)], ChangesTotal: total}
	})
	warnOfHistory(result, h, location)
	return result
}

func by(entry *auditlog.Entry, location *time.Location) (*auditlog.Actor, string) {
	if entry == nil {
		return nil, ""
	}
	actor := actorOf(entry.Actor)
	return &actor, Time(entry.TriggeredAt, location)
}

func warnOfHistory(result *schemas.GetTargetHistoryResult, h *analysis.History, location *time.Location) {
	if !h.OthersSince.IsZero() {
		result.Warn("kind was not given, and objects of other kinds with this id were looked for only since " +
			Time(h.OthersSince, location) + ": pass kind if another is meant")
	}
	if h.Last != nil && h.Created == nil {
		result.Warn("its creation is not in what was read: it may be older, or Make may not log it")
	}
	if h.DetailsMissing > 0 {
		result.Warn(fmt.Sprintf("the details of %d entries could not be read, so changes may be missing: %s", h.DetailsMissing,
			auditlog.Text(Explain(h.DetailsError)).Clean()))
	}
	if h.Unsettled {
		result.Warn("older entries of this object may be unread, so created_by and changes are of the covered part only, and there is no " +
			"next_cursor: ask again, since what was read is kept for a few minutes")
	}
}
