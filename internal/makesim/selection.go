package makesim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	sortByCreatedAt    = "createdAt"
	sortByTriggeredAt  = "triggeredAt"
	sortByEvent        = "eventName"
	sortByOrganization = "organization"
	sortByTeam         = "team"
	sortByActor        = "actor"
	sortByTarget       = "targetId"
)

// selection is what a list asks for, apart from the page.
type selection struct {
	onlyTeam    int64 // the team whose list it is; 0: the organization's list
	from, to    time.Time
	byCreatedAt bool
	events      []string
	teams       []string // ids or names
	authors     []string // ids or names
	sortBy      string
	ascending   bool
}

// pick returns the records of the view that fit, in the order asked for. The result is shared and must not be changed.
func (s selection) pick(v *view, teamNames map[int64]string) []*record {
	inWindow := v.newestFirst
	if !s.byCreatedAt {
		inWindow = between(inWindow, s.from, s.to)
	}
	if s.isPlainWindow() {
		return inWindow
	}
	key := fmt.Sprintf("%#v", s)
	if picked, ok := v.picked[key]; ok {
		return picked
	}
	var picked []*record
	fits := s.filter(teamNames)
	for _, r := range inWindow {
		if fits(r) {
			picked = append(picked, r)
		}
	}
	if compare := s.comparison(teamNames); compare != nil {
		slices.SortFunc(picked, compare)
	}
	const enough = 64 // of selections to remember
	if len(v.picked) >= enough {
		clear(v.picked)
	}
	v.picked[key] = picked
	return picked
}

// isPlainWindow recognizes the common selection, which costs no pass over the log.
func (s selection) isPlainWindow() bool {
	return s.onlyTeam == 0 && !s.byCreatedAt && len(s.events)+len(s.teams)+len(s.authors) == 0 && s.isDefaultOrder()
}

func (s selection) isDefaultOrder() bool {
	return s.sortBy == sortByTriggeredAt && !s.ascending
}

func (s selection) filter(teamNames map[int64]string) func(*record) bool {
	teamIDs, authorIDs := integers(s.teams), integers(s.authors)
	return func(r *record) bool {
		if s.onlyTeam != 0 && r.TeamID != s.onlyTeam {
			return false
		}
		if s.byCreatedAt && (r.CreatedAt.Before(s.from) || !s.to.IsZero() && !r.CreatedAt.Before(s.to)) {
			return false
		}
		if s.events != nil && !slices.Contains(s.events, r.Event) {
			return false
		}
		if s.teams != nil && (r.TeamID == 0 || !slices.Contains(teamIDs, r.TeamID) && !slices.Contains(s.teams, teamNames[r.TeamID])) {
			return false
		}
		return s.authors == nil || r.Actor != nil && (slices.Contains(authorIDs, r.Actor.ID) || slices.Contains(s.authors, r.Actor.Name))
	}
}

// integers are those of the texts that are numbers.
func integers(texts []string) []int64 {
	var ids []int64
	for _, text := range texts {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// sameKey compares two records by what is sorted by, and nothing else.
func (s selection) sameKey(teamNames map[int64]string) func(a, b *record) int {
	actor := func(r *record) string {
		if r.Actor == nil {
			return ""
		}
		return r.Actor.Name
	}
	switch s.sortBy {
	case sortByCreatedAt:
		return func(a, b *record) int { return a.CreatedAt.Compare(b.CreatedAt) }
	case sortByEvent:
		return func(a, b *record) int { return strings.Compare(a.Event, b.Event) }
	case sortByOrganization:
		return func(a, b *record) int { return cmp.Compare(a.OrganizationID, b.OrganizationID) }
	case sortByTeam:
		return func(a, b *record) int { return strings.Compare(teamNames[a.TeamID], teamNames[b.TeamID]) }
	case sortByActor:
		return func(a, b *record) int { return strings.Compare(actor(a), actor(b)) }
	case sortByTarget:
		return func(a, b *record) int { return strings.Compare(a.TargetID, b.TargetID) }
	default:
		return func(a, b *record) int { return a.TriggeredAt.Compare(b.TriggeredAt) }
	}
}

// comparison orders records as asked for, ties by their number. Nil means that they are in that order as they are.
func (s selection) comparison(teamNames map[int64]string) func(a, b *record) int {
	if s.isDefaultOrder() {
		return nil
	}
	key := s.sameKey(teamNames)
	return func(a, b *record) int {
		byKey := key(a, b)
		if !s.ascending {
			byKey = -byKey
		}
		return cmp.Or(byKey, cmp.Compare(a.number, b.number))
	}
}

// page cuts [offset, offset+limit) out of the records.
func page(records []*record, offset, limit int) []*record {
	start := min(offset, len(records))
	end := min(start+limit, len(records))
	return records[start:end]
}

// shuffledPage is the page of a list whose ties come in another order at every request: groups of equals that touch the page are shuffled
// as a whole, so that an entry may move to another page.
func shuffledPage(records []*record, offset, limit int, key func(a, b *record) int, random *rand.Rand) []*record {
	start := min(offset, len(records))
	end := min(start+limit, len(records))
	if start == end {
		return nil
	}
	first, last := start, end
	for first > 0 && key(records[first-1], records[start]) == 0 {
		first--
	}
	for last < len(records) && key(records[last], records[end-1]) == 0 {
		last++
	}
	touched := slices.Clone(records[first:last])
	for from := 0; from < len(touched); {
		to := from + 1
		for to < len(touched) && key(touched[to], touched[from]) == 0 {
			to++
		}
		group := touched[from:to]
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		from = to
	}
	return touched[start-first : end-first]
}
