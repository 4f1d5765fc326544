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
const tooLargeHere = `"[too large here: get_audit_log shows them]"`

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

// History shows what happened to one object; the entries are whole, so that the caller can cut them and make a cursor.
func History(asked *question.Question, kind auditlog.Text, h *analysis.History) *schemas.GetTargetHistoryResult {
	location := asked.Query.Window.Location
	result := &schemas.GetTargetHistoryResult{
		Answer: Common(asked, h.Report), Kinds: []schemas.TargetKind{}, KindsTotal: len(h.Kinds),
		Entries: []schemas.HistoryEntry{}, Actors: []schemas.TargetActor{}, ActorsTotal: len(h.Actors),
	}
	result.Query.Kind = kind
	for _, k := range h.Kinds[:min(len(h.Kinds), maxKinds)] {
		result.Kinds = append(result.Kinds, schemas.TargetKind{Kind: k.Kind, Entries: k.Entries, FirstAt: Time(k.FirstAt, location),
			LastAt: Time(k.LastAt, location)})
	}
	if h.Total >= 0 {
		result.Total = &h.Total
	}
	result.CreatedBy, result.CreatedAt = by(h.Created, location)
	result.LastChangedBy, result.LastChangedAt = by(h.Last, location)
	result.DeletedBy, result.DeletedAt = by(h.Deleted, location)
	for _, actor := range h.Actors[:min(len(h.Actors), maxActors)] {
		shown := schemas.TargetActor{Actor: actor.Actor, Count: actor.Count, FirstAt: Time(actor.FirstAt, location),
			LastAt: Time(actor.LastAt, location)}
		if actor.Actor == (auditlog.Actor{}) {
			shown.Actor = actorOf(nil)
		}
		result.Actors = append(result.Actors, shown)
	}
	style := EntryStyle{Location: location}
	for _, entry := range h.Entries {
		result.Entries = append(result.Entries, schemas.HistoryEntry{Entry: style.Entry(entry.Entry), Changes: changes(entry),
			ChangesTotal: len(entry.Changes)})
	}
	warnOfHistory(result, h)
	return result
}

func by(entry *auditlog.Entry, location *time.Location) (*auditlog.Actor, string) {
	if entry == nil {
		return nil, ""
	}
	actor := actorOf(entry.Actor)
	return &actor, Time(entry.TriggeredAt, location)
}

func warnOfHistory(result *schemas.GetTargetHistoryResult, h *analysis.History) {
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

// changes shows what an entry changed, as much of it as fits beside its details.
func changes(entry analysis.HistoryEntry) []schemas.Change {
	shown := []schemas.Change{}
	for _, change := range entry.Changes[:min(len(entry.Changes), maxChanges)] {
		shown = append(shown, schemas.Change{Field: change.Path, From: change.From, To: change.To})
	}
	return shown[:Fit(shown, maxChangesSize)]
}
