package live

import (
	"cmp"
	"fmt"
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// noteUnreadable keeps the page's unreadable records with the times of their neighbours. What stands behind the last readable row stands in
// the next page too, unless this is the last one.
func (m *merger) noteUnreadable(result *pageResult) {
	l, places := result.listing, result.places()
	for _, place := range result.page.Unreadable {
		next, _ := slices.BinarySearch(places, place) // the readable row behind it
		around := auditlog.Span{To: l.upper}
		key := ""
		if next > 0 {
			around.To = result.entries[next-1].TriggeredAt
			key = fmt.Sprintf("%s+%d", result.entries[next-1].Key(), place-places[next-1])
		}
		if next < len(result.entries) {
			around.From = result.entries[next].TriggeredAt
			key = fmt.Sprintf("%s-%d", result.entries[next].Key(), places[next]-place)
		} else if !l.done && len(result.entries) > 0 {
			continue
		}
		if key == "" {
			key = fmt.Sprintf("%s %s %d", l.options.DateFrom, l.options.DateTo, result.offset+place)
		}
		if around.From.After(around.To) {
			around.From, around.To = around.To, around.From
		}
		if m.unreadable == nil {
			m.unreadable = map[string]auditlog.Span{}
		}
		m.unreadable[key] = around
	}
}

// unreadableIn are the unreadable records that may belong to a window, newest first.
func (m *merger) unreadableIn(window auditlog.Window) []auditlog.Span {
	var spans []auditlog.Span
	for _, around := range m.unreadable {
		if around.From.Before(window.To) && !around.To.Before(window.From) {
			spans = append(spans, around)
		}
	}
	slices.SortFunc(spans, func(a, b auditlog.Span) int {
		return cmp.Or(b.To.Compare(a.To), b.From.Compare(a.From))
	})
	return spans
}
