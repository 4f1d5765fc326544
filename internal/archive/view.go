package archive

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// view is a log as somebody may see it: its rows as of one moment, and what was read of Make since.
type view struct {
	archive *Archive
	log     int64
	of      LogKey
	head    *head
	state   *logState
	rows    rowSet
	// done ends the use of the rows.
	done func()
	// words are the dictionaries', signed their sums as of the rows.
	words  words
	signed signedWords
	// isProven says whether all that was looked at was held against what was signed; entries that are shown always are.
	isProven bool
	// access is what may be read with the key, rights whose entries that is: never more than the log holds.
	access *auditlog.Access
	rights scope
	// tail is what was written since the log was filled, newest first; nil if nobody asked.
	tail *tail
	// warnings say what the query asks for and may not see.
	warnings []string
	// keepRaw has entries carry what Make sent, and their details.
	keepRaw bool
}

// view opens a log; it is nil if the archive does not have it filled.
func (a *Archive) view(ctx context.Context, of LogKey, access *auditlog.Access) (*view, error) {
	for {
		log, err := a.findLog(ctx, of)
		if err != nil || log == nil || log.state.AsOf.IsZero() {
			return nil, err
		}
		v := &view{archive: a, log: log.Number, of: of, head: log.head, state: log.state, access: access, rights: scopeOf(access)}
		if err = v.load(ctx); err == nil {
			return v, nil
		}
		// A sync may have replaced rows meanwhile.
		if stored, errHead := a.store.Head(ctx); errHead != nil || bytes.Equal(stored, log.head.stored) {
			return nil, err
		}
	}
}

// load finds a view's rows and words.
func (v *view) load(ctx context.Context) (err error) {
	if v.rows, v.done, err = v.archive.rowsOf(ctx, v.head, v.log); err != nil {
		return err
	}
	v.isProven, v.signed = v.rows.isProven(), v.rows.words()
	if v.words, err = v.archive.wordsOf(ctx, v.signed); err != nil {
		v.done()
	}
	return err
}

// close ends the use of a view; nil is none.
func (v *view) close() {
	if v != nil {
		v.done()
	}
}

// selection chooses the rows that answer a query. What it lets through is what auditlog.Query.MatchesFilters does.
func (v *view) selection(ctx context.Context, q *auditlog.Query) (of *Selection, err error) {
	of = &Selection{IDs: anywhere(), At: inMicros(q.Window.From, q.Window.To)}
	if q.TargetID != "" {
		target, isProven, err := v.archive.targetID(ctx, v.signed, q.TargetID)
		if err != nil {
			return nil, err
		}
		v.isProven = v.isProven && isProven
		of.Targets = []int32{cmp.Or(target, -1)} // which nothing has
	}
	w := v.words
	if len(q.Actors)+len(q.ExcludeActors) > 0 || q.System || q.ExcludeSystem {
		people := auditlog.Query{Actors: q.Actors, System: q.System, ExcludeActors: q.ExcludeActors, ExcludeSystem: q.ExcludeSystem}
		of.Actors, err = v.allowing(ctx, Actors, func(id int32) bool { return people.MatchesFilters(&auditlog.Entry{Actor: w.actor(id)}) })
	}
	if err == nil && (len(q.Teams) > 0 || q.NoTeam || !v.rights.Organization) {
		teams := auditlog.Query{Teams: q.Teams, NoTeam: q.NoTeam}
		of.Teams, err = v.allowing(ctx, Refs, func(id int32) bool {
			entry := &auditlog.Entry{Team: w.ref(id)}
			return teams.MatchesFilters(entry) && v.rights.sees(entry)
		})
	}
	if err == nil && len(q.Events)+len(q.ExcludeEvents) > 0 {
		events := auditlog.Query{Events: q.Events, ExcludeEvents: q.ExcludeEvents}
		of.Events, err = v.allowing(ctx, Events, func(id int32) bool { return events.MatchesFilters(&auditlog.Entry{Event: w.event(id)}) })
	}
	return of, err
}

// allowing are the words that rows have and a filter lets through; nil is all of them.
func (v *view) allowing(ctx context.Context, d Dictionary, isAllowed func(id int32) bool) ([]int32, error) {
	used, err := v.rows.used(ctx, d)
	if err != nil {
		return nil, err
	}
	ids := make([]int32, 0, len(used))
	for _, id := range used {
		if isAllowed(id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == len(used) {
		return nil, nil
	}
	return ids, nil
}

// visible chooses the rows that may be seen.
func (v *view) visible(ctx context.Context) (of Selection, err error) {
	of = Selection{IDs: anywhere(), At: anywhere()}
	if !v.rights.Organization {
		of.Teams, err = v.allowing(ctx, Refs, func(id int32) bool { return v.rights.sees(&auditlog.Entry{Team: v.words.ref(id)}) })
	}
	return of, err
}

// sees reports whether an entry is in the scope.
func (s scope) sees(e *auditlog.Entry) bool {
	return s.Organization || e.Team != nil && slices.Contains(s.Teams, e.Team.ID)
}

// fetched is how many rows are fetched at a time.
const fetched = 256

// read calls yield with the entries of a query, as auditlog.Reader has it. It returns whether all were yielded.
func (v *view) read(ctx context.Context, q *auditlog.Query, yield func(*auditlog.Entry) bool) (all bool, err error) {
	of, err := v.selection(ctx, q)
	if err != nil {
		return false, err
	}
	news := v.news(q)
	isBehind := func(e *auditlog.Entry) bool { return q.Resume == nil || q.Resume.After.IsBefore(e) }
	if q.Resume != nil {
		reached := q.Resume.After.TriggeredAt
		of.At = of.At.within(inMicros(time.Time{}, reached.Add(1)))
	}
	for batch, err := range v.batches(ctx, q, of) {
		if err != nil {
			return false, err
		}
		for _, entry := range batch {
			for len(news) > 0 && auditlog.CompareNewestFirst(news[0], entry) <= 0 {
				if isSame := auditlog.CompareNewestFirst(news[0], entry) == 0; !isSame && isBehind(news[0]) && !yield(news[0]) {
					return false, nil
				}
				news = news[1:]
			}
			if isBehind(entry) && !yield(entry) {
				return false, nil
			}
		}
	}
	for _, entry := range news {
		if isBehind(entry) && !yield(entry) {
			return false, nil
		}
	}
	return true, nil
}

// batches yields the entries of a selection. Where all are wanted, the next ones are fetched while some are looked at.
func (v *view) batches(ctx context.Context, q *auditlog.Query, of *Selection) iter.Seq2[[]*auditlog.Entry, error] {
	size, all := fetched, q.Want == 0
	if !all {
		size = min(size, q.Want+1)
	}
	type batch struct {
		entries []*auditlog.Entry
		err     error
	}
	return func(yield func([]*auditlog.Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var ahead chan batch // nil if nothing is fetched
		defer func() {
			if cancel(); ahead != nil {
				<-ahead // so that nothing goes on reading
			}
		}()
		fetch := func(some []counted) chan batch {
			done := make(chan batch, 1)
			go func() {
				entries, err := v.fetch(ctx, some, q.WithDetails)
				done <- batch{entries, err}
			}()
			return done
		}
		// hand yields what was fetched ahead, while the next ones are fetched.
		hand := func(some []counted) bool {
			next := ahead
			if ahead = nil; len(some) > 0 {
				ahead = fetch(some)
			}
			if !all {
				next, ahead = ahead, nil
			}
			if next == nil {
				return true
			}
			got := <-next
			return yield(got.entries, cmp.Or(got.err, ctx.Err())) && got.err == nil
		}
		var some []counted
		for row, err := range v.rows.list(ctx, *of, size) {
			if err != nil {
				yield(nil, err)
				return
			}
			if some = append(some, row); len(some) == size {
				if !hand(some) {
					return
				}
				some = nil
			}
		}
		if hand(some) {
			hand(nil)
		}
	}
}

// news are the entries of the tail that answer a query.
func (v *view) news(q *auditlog.Query) []*auditlog.Entry {
	if v.tail == nil {
		return nil
	}
	var news []*auditlog.Entry
	for _, entry := range v.tail.entries {
		if q.Matches(entry) && v.rights.sees(entry) {
			news = append(news, entry)
		}
	}
	return news
}

// fetch reads whole entries, with their details if they are wanted: what their records hold, which must be what is counted of them.
func (v *view) fetch(ctx context.Context, rows []counted, withDetails bool) ([]*auditlog.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int32, len(rows))
	at := make(map[int32]int, len(rows))
	for i, row := range rows {
		ids[i], at[row.id] = row.id, i
	}
	targets, err := v.targetsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	links := make([]Row, len(rows))
	for row, err := range v.archive.store.RowsAt(ctx, v.log, ids) {
		if err != nil {
			return nil, err
		}
		links[at[int32(row.ID)]] = *row //nolint:gosec // one of ids
	}
	entries, err := v.archive.whole(ctx, v.log, v.of, links, nil, v.keepRaw || withDetails)
	if err != nil {
		return nil, err
	}
	for i, entry := range entries {
		if links[i].ID != int64(rows[i].id) {
			return nil, v.archive.refused(nil, "an entry is gone from it")
		}
		if max(links[i].Record, links[i].Details) >= v.head.Tree.Size { // a sync stored it meanwhile
			if err := v.checkNew(ctx, entry, &links[i]); err != nil {
				return nil, err
			}
		} else {
			if err := v.check(entry, &links[i], &rows[i], targets(rows[i].target)); err != nil {
				return nil, err
			}
			w := v.words // of which there is one for all
			entry.Event, entry.Actor, entry.Team = w.event(rows[i].event), w.actor(rows[i].actor), w.ref(rows[i].team)
		}
		if !v.keepRaw {
			entry.Raw = nil
			if !withDetails {
				entry.Details = nil
			}
		}
	}
	return entries, nil
}

// targetsOf returns the ids of the targets of some rows. Few are asked for by themselves; for many, all are read, once, if they are held.
func (v *view) targetsOf(ctx context.Context, rows []counted) (of func(id int32) auditlog.Text, err error) {
	ids := make([]int32, len(rows))
	for i, row := range rows {
		ids[i] = row.target
	}
	if len(rows) == fetched {
		of, _, err = v.archive.textsOf(ctx, v.signed, ids) // what they are held against is the entries
		return of, err
	}
	return v.archive.storedTexts(ctx, v.signed, ids)
}

// textsOf are the ids of some targets.
func (v *view) textsOf(ctx context.Context, ids []int32) (func(id int32) auditlog.Text, error) {
	of, areProven, err := v.archive.textsOf(ctx, v.signed, ids)
	v.isProven = v.isProven && areProven
	return of, err
}

// checkNew holds an entry against what is counted of it by now.
func (v *view) checkNew(ctx context.Context, e *auditlog.Entry, link *Row) error {
	now := v
	if max(link.ID, link.Record, link.Details) >= v.head.Tree.Size {
		var err error
		if now, err = v.archive.view(ctx, v.of, v.access); err != nil {
			return err
		}
		defer now.close()
	}
	at := micros(e.TriggeredAt)
	for row, err := range now.rows.list(ctx, Selection{IDs: anywhere(), At: Range{at, at + 1}}, fetched) {
		if err != nil {
			return err
		}
		if max(link.ID, link.Record, link.Details) >= now.head.Tree.Size {
			break
		}
		if int64(row.id) == link.ID {
			targets, err := now.textsOf(ctx, []int32{row.target})
			if err != nil {
				return err
			}
			return now.check(e, link, &row, targets(row.target))
		}
	}
	return v.archive.refused(nil, "the entry %s is not one that was signed", auditlog.Text(link.Key.UUID).Clean())
}

// check holds an entry against what is counted of it.
func (v *view) check(e *auditlog.Entry, link *Row, row *counted, target auditlog.Text) error {
	w := v.words
	same := func(a, b *auditlog.Ref) bool { return a == b || a != nil && b != nil && *a == *b }
	actor := w.actor(row.actor)
	isSame := link.Key == keyOf(e) && micros(e.TriggeredAt) == row.at && e.Event == w.event(row.event) &&
		e.TargetID == target && same(e.Team, w.ref(row.team)) && (e.Actor == actor || e.Actor != nil && actor != nil && *e.Actor == *actor)
	if !isSame {
		return v.archive.refused(nil, "the entry %s is not what its record holds", auditlog.Text(link.Key.UUID).Clean())
	}
	return nil
}
