package live

import (
	"maps"
	"slices"
)

// lookahead is the pages that were asked for of one listing and whose turn has not come. Only the fetcher uses it.
type lookahead struct {
	underWay map[int]bool       // pages asked for, by offset
	waiting  map[int]pageResult // pages that came before their turn, by offset
	// generation parts pages asked for before the places moved from later ones.
	generation int
	// joinsDue is how many more pages have to join before reading ahead again.
	joinsDue int
}

func newLookahead() *lookahead {
	return &lookahead{underWay: map[int]bool{}, waiting: map[int]pageResult{}}
}

// joinsAfterStepBack is how many pages must join after a step back before pages are asked for ahead again.
const joinsAfterStepBack = 4

// forgetUnderWay forgets the pages under way: whoever asked for them is gone.
func (a *lookahead) forgetUnderWay() {
	clear(a.underWay)
	a.generation++
}

// drop forgets the pages asked for ahead, those under way as well.
func (a *lookahead) drop() {
	clear(a.waiting)
	a.generation++
}

// dropMoved drops them because places have moved: they show old ones.
func (a *lookahead) dropMoved() {
	a.drop()
	a.joinsDue = joinsAfterStepBack
}

func (a *lookahead) noteJoined() { a.joinsDue = max(0, a.joinsDue-1) }

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

// uncovered is the first offset from next on that no page under way or waiting covers; a page is good for stride rows.
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
