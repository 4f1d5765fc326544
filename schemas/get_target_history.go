package schemas

import (
	"encoding/json"

	"make-audit-mcp/internal/auditlog"
)

// GetTargetHistoryArguments ask about one object.
type GetTargetHistoryArguments struct {
	TargetID       string `json:"target_id" jsonschema:"minLength=1" jsonschema_description:"Id of the object, or its name if there is an archive."`
	Kind           string `json:"kind,omitempty" jsonschema_description:"Kind of object, as an event category, e.g. Webhooks: finds an old one in few calls."`
	OrganizationID int64  `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Needed only if several are visible and no default is set."`
	Window
	Limit  int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=50" jsonschema_description:"Entries, each a call to Make for its details; default 15."`
	Cursor string `json:"cursor,omitempty" jsonschema:"maxLength=4000" jsonschema_description:"next_cursor of the page before."`
}

// GetTargetHistoryResult is everything that happened to one object.
type GetTargetHistoryResult struct {
	Answer
	Kinds         []TargetKind    `json:"kinds" jsonschema_description:"Kinds of object with this id; several: kind chooses."`
	KindsTotal    int             `json:"kinds_total"`
	Entries       []HistoryEntry  `json:"entries" jsonschema_description:"Oldest first."`
	Returned      int             `json:"returned"`
	Total         *int            `json:"total" jsonschema:"nullable" jsonschema_description:"Null if not known exactly."`
	CreatedBy     *auditlog.Actor `json:"created_by,omitempty" jsonschema_description:"Absent: the creation was not read. A null id is the system."`
	CreatedAt     string          `json:"created_at,omitempty"`
	LastChangedBy *auditlog.Actor `json:"last_changed_by,omitempty" jsonschema_description:"Who did the newest entry."`
	LastChangedAt string          `json:"last_changed_at,omitempty"`
	DeletedAt     string          `json:"deleted_at,omitempty"`
	DeletedBy     *auditlog.Actor `json:"deleted_by,omitempty"`
	Actors        []TargetActor   `json:"actors" jsonschema_description:"Everybody who touched it, most first."`
	ActorsTotal   int             `json:"actors_total"`
	NextCursor    string          `json:"next_cursor,omitempty"`
}

// Summary implements [Result].
func (r *GetTargetHistoryResult) Summary() Summary { return r.summary(len(r.Entries)) }

// TargetKind is a kind of object that has the id.
type TargetKind struct {
	Kind    auditlog.Text `json:"kind"`
	Entries int           `json:"entries"`
	FirstAt string        `json:"first_at"`
	LastAt  string        `json:"last_at"`
}

// HistoryEntry is an entry with what it changed.
type HistoryEntry struct {
	Entry
	Changes      []Change `json:"changes" jsonschema_description:"What its details tell otherwise than the details of earlier entries."`
	ChangesTotal int      `json:"changes_total,omitempty"`
}

// Change is a field that changed.
type Change struct {
	Field string          `json:"field"`
	From  json.RawMessage `json:"from,omitempty" jsonschema_description:"Absent: earlier details do not have the field."`
	To    json.RawMessage `json:"to" jsonschema_description:"Any JSON; secrets read [masked]."`
}

// TargetActor is somebody who touched an object; a null id stands for the system.
type TargetActor struct {
	auditlog.Actor
	Count   int    `json:"count"`
	FirstAt string `json:"first_at"`
	LastAt  string `json:"last_at"`
}
