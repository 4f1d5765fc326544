package question

import (
	"fmt"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// Order is how a listing is sorted. The zero Order is newest first.
type Order struct {
	By        SortKey `json:"b,omitempty"`
	Ascending bool    `json:"a,omitempty"`
}

// SortKey is what a listing is sorted by, in the words of Make's API, and by delay, which is ours.
type SortKey string

// The sort keys; the empty one means triggeredAt.
const (
	ByTriggeredAt  SortKey = "triggeredAt"
	ByCreatedAt    SortKey = "createdAt"
	ByEventName    SortKey = "eventName"
	ByOrganization SortKey = "organization"
	ByTeam         SortKey = "team"
	ByActor        SortKey = "actor"
	ByTargetID     SortKey = "targetId"
	// ByDelay is by how long after it happened an entry was written.
	ByDelay SortKey = "delay"
)

// IsNewestFirst reports whether this is the order that entries are read in, so that a page needs no more reading than its entries.
func (o Order) IsNewestFirst() bool { return (o.By == "" || o.By == ByTriggeredAt) && !o.Ascending }

// maxSortText bounds what is compared, and what a cursor has to hold of it.
const maxSortText = 200

// SortText is what an entry is sorted by, as text whose bytes sort right: names without regard to case and accents, numbers by value and
// before text, and what is absent first. Of long text only the first 200 bytes count.
func SortText(e *auditlog.Entry, by SortKey) string {
	text := sortText(e, by)
	return strings.ToValidUTF8(text[:min(len(text), maxSortText)], "")
}

func sortText(e *auditlog.Entry, by SortKey) string {
	named := func(name auditlog.Text, id auditlog.ID) string {
		return "1" + auditlog.Fold(string(name)) + "\x00" + idText(id)
	}
	switch {
	case by == ByCreatedAt && !e.CreatedAt.IsZero():
		return e.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000000")
	case by == ByDelay && !e.CreatedAt.IsZero():
		const zero = 1 << 63                                                     // so that what was written too early sorts first
		return fmt.Sprintf("%020d", uint64(e.CreatedAt.Sub(e.TriggeredAt))+zero) //nolint:gosec // wraps as it should
	case by == ByEventName:
		return string(e.Event)
	case by == ByOrganization && e.Organization != nil:
		return named(e.Organization.Name, e.Organization.ID)
	case by == ByTeam && e.Team != nil:
		return named(e.Team.Name, e.Team.ID)
	case by == ByActor && e.Actor != nil:
		return named(e.Actor.Name, e.Actor.ID)
	case by == ByTargetID && e.TargetID != "":
		return idText(auditlog.ID(e.TargetID))
	}
	return "" // what is absent, or the instant, which follows in any order
}

func idText(id auditlog.ID) string {
	if n, ok := id.Integer(); ok {
		return fmt.Sprintf("0%020d", n)
	}
	return "1" + string(id)
}
