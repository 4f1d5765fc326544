package live

import (
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// pageResult is a page that arrived, or why it did not.
type pageResult struct {
	listing    *listing
	generation int // of the listing's lookahead, when the page was asked for
	offset     int
	limit      int
	largest    int // the largest page received of this kind of list; set when its turn has come
	page       *makeapi.AuditLogPage
	entries    []*auditlog.Entry // those of the page, in its order
	err        error
}

// places returns the place in the page of each entry, and then the place behind the page: unreadable records lie between.
func (r *pageResult) places() []int {
	places := make([]int, 0, len(r.entries)+1)
	unreadable := r.page.Unreadable
	for place := range r.page.Received {
		if len(unreadable) > 0 && unreadable[0] == place {
			unreadable = unreadable[1:]
			continue
		}
		places = append(places, place)
	}
	return append(places, r.page.Received)
}

// joining is how a page joined what was read of its listing before it.
type joining int

const (
	// joined: without a gap.
	joined joining = iota
	// joinedCrowded: without a gap, but one instant fills pages from here on, and pages must overlap more than those asked for so far.
	joinedCrowded
	// steppedBack: not; the listing goes on further up, where places have moved.
	steppedBack
	// beganAgain: the listing was begun at a wrong place, and goes on from its top.
	beganAgain
)
