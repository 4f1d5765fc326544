package makesim

import (
	"cmp"
	"slices"
	"time"
)

// record is an entry in the store.
type record struct {
	Entry
	// number counts entries in the order in which they were added. It decides ties, because Make's second sort key is unknown and a client
	// must not get away with believing that it is the uuid.
	number int64
	// encoded is the entry as lists show it, made once for as long as the quirks and the directory stay the same.
	encoded []byte
}

// appears is when the entry becomes visible: once it happened and was written down.
func (r *record) appears() time.Time {
	if r.CreatedAt.After(r.TriggeredAt) {
		return r.CreatedAt
	}
	return r.TriggeredAt
}

func compareNewestFirst(a, b *record) int {
	return cmp.Or(b.TriggeredAt.Compare(a.TriggeredAt), cmp.Compare(a.number, b.number))
}

// organizationLog holds the entries of one organization in the default order of lists.
type organizationLog struct {
	newestFirst []*record
	current     *view
}

// view is what of a log can be seen during [from, until).
type view struct {
	from, until time.Time // a zero until is open
	newestFirst []*record
	// picked keeps the answers to earlier selections: a walk asks for the same one page after page.
	picked map[string][]*record
}

// insert adds records, which are newer in number than those that are there.
func (l *organizationLog) insert(added []*record) {
	slices.SortFunc(added, compareNewestFirst)
	merged := make([]*record, 0, len(l.newestFirst)+len(added))
	old := l.newestFirst
	for _, r := range added {
		older := 0
		for older < len(old) && compareNewestFirst(old[older], r) < 0 {
			older++
		}
		merged = append(append(merged, old[:older]...), r)
		old = old[older:]
	}
	l.newestFirst = append(merged, old...)
	l.current = nil
}

// remove drops the records that gone is true of.
func (l *organizationLog) remove(gone func(*record) bool) {
	l.newestFirst = slices.DeleteFunc(l.newestFirst, gone)
	l.current = nil
}

// visible is the view at an instant. Entries of the future, entries that are written down later and entries past the retention are not in
// it. It is kept until the next entry appears or expires.
func (l *organizationLog) visible(now time.Time, retention time.Duration) *view {
	if v := l.current; v != nil && !now.Before(v.from) && (v.until.IsZero() || now.Before(v.until)) {
		return v
	}
	v := &view{from: now, picked: map[string][]*record{}}
	endsBy := func(t time.Time) {
		if v.until.IsZero() || t.Before(v.until) {
			v.until = t
		}
	}
	for _, r := range l.newestFirst {
		if appears := r.appears(); appears.After(now) {
			endsBy(appears)
			continue
		}
		expires := r.TriggeredAt.Add(retention)
		if !expires.After(now) {
			break // so is every older one
		}
		endsBy(expires)
		v.newestFirst = append(v.newestFirst, r)
	}
	l.current = v
	return v
}

// between cuts records, newest first, to a half-open window by binary search.
func between(newestFirst []*record, from, to time.Time) []*record {
	if !to.IsZero() {
		start, _ := slices.BinarySearchFunc(newestFirst, to, func(r *record, to time.Time) int {
			if r.TriggeredAt.Before(to) {
				return 1
			}
			return -1
		})
		newestFirst = newestFirst[start:]
	}
	if !from.IsZero() {
		end, _ := slices.BinarySearchFunc(newestFirst, from, func(r *record, from time.Time) int {
			if r.TriggeredAt.Before(from) {
				return 1
			}
			return -1
		})
		newestFirst = newestFirst[:end]
	}
	return newestFirst
}
