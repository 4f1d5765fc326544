package live

import (
	"maps"
	"slices"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// pageResult is a page that arrived, or why it did not.
type pageResult struct {
	listing    *listing
	generation int // of the listing's lookahead, when the page was asked for
	offset     int
	limit      int
	page       *makeapi.AuditLogPage
	entries    []*auditlog.Entry // those of the page, in its order
	err        error
}

// places tells the place in the page of each entry, and then the place behind
// the page: unreadable records lie between.
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

// lookahead is what a listing has asked for whose turn has not come.
type lookahead struct {
	underWay map[int]bool       // pages asked for, by offset
	waiting  map[int]pageResult // pages that came before their turn, by offset
	// generation parts pages asked for before the places moved from later ones.
	generation int
	// settling is how many more pages have to join before reading ahead again.
	settling int
	// fresh counts the entries that the listing was the first to bring.
	fresh int
}

// settlePages is how many pages must join after a step back.
const settlePages = 4

// reset forgets the pages under way: whoever asked for them is gone.
func (a *lookahead) reset() {
	a.underWay = nil
	a.generation++
}

// drop forgets the pages asked for ahead, those under way as well.
func (a *lookahead) drop() {
	a.waiting = nil
	a.generation++
}

// shaken notes that places have moved: pages asked for ahead show old ones.
func (a *lookahead) shaken() {
	a.drop()
	a.settling = settlePages
}

func (a *lookahead) joined() { a.settling = max(0, a.settling-1) }

func (a *lookahead) ask(offset int) {
	if a.underWay == nil {
		a.underWay = map[int]bool{}
	}
	a.underWay[offset] = true
}

func (a *lookahead) keep(result pageResult) {
	if a.waiting == nil {
		a.waiting = map[int]pageResult{}
	}
	a.waiting[result.offset] = result
}

// pop returns the first waiting page that begins at or above an offset.
func (a *lookahead) pop(offset int) (pageResult, bool) {
	if len(a.waiting) == 0 {
		return pageResult{}, false
	}
	first := slices.Min(slices.Collect(maps.Keys(a.waiting)))
	if first > offset {
		return pageResult{}, false
	}
	result := a.waiting[first]
	delete(a.waiting, first)
	return result, true
}

func (a *lookahead) pages() int { return len(a.underWay) + len(a.waiting) }

// uncovered is the first offset from next on that no page under way or waiting
// covers; a page is good for stride rows.
func (a *lookahead) uncovered(next, stride int) int {
	stride = max(1, stride)
	for offset := next; ; {
		reach := offset
		for at := range a.underWay {
			if at <= offset {
				reach = max(reach, at+stride)
			}
		}
		for at := range a.waiting {
			if at <= offset {
				reach = max(reach, at+stride)
			}
		}
		if reach == offset {
			return offset
		}
		offset = reach
	}
}
