package answer

import (
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// WhyEmpty says why there are no entries: an empty list must not be taken for more than it says.
func WhyEmpty(a *schemas.Answer, q *auditlog.Query) string {
	switch {
	case a.Coverage.From == nil:
		return "no entries, and nothing vouches for this window: see coverage.gaps"
	case len(a.Coverage.Gaps) > 0:
		return "no entries in the covered part of the window; what happened in coverage.gaps is not known"
	case !a.Complete:
		return "no entries that could be read; unreadable and warnings say what may be missing"
	case hasFilters(q) && strings.ContainsFunc(string(q.TargetID), func(r rune) bool { return r < '0' || r > '9' }):
		return "the whole window was read, and nothing in it matches these filters; target_id was taken for an id: objects are known by " +
			"name only where an archive holds their details"
	case hasFilters(q):
		return "the whole window was read, and nothing in it matches these filters"
	}
	return "the whole window was read, and it has no entries"
}

func hasFilters(q *auditlog.Query) bool {
	return len(q.Teams)+len(q.Actors)+len(q.ExcludeActors)+len(q.Events) > 0 || q.NoTeam || q.System || q.ExcludeSystem || q.TargetID != ""
}
