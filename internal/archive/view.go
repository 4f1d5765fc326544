package archive

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"maps"
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
	columns *columns
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
		loaded, err := a.load(ctx, log.head, log.Number)
		if err == nil {
			return &view{
				archive: a, log: log.Number, of: of, head: log.head, state: log.state, columns: loaded, access: access,
				rights: scopeOf(access),
			}, nil
		}
		// A sync may have replaced rows meanwhile.
		if stored, errHead := a.store.Head(ctx); errHead != nil || bytes.Equal(stored, log.head.stored) {
			return nil, err
		}
	}
}

// matcher says which rows answer a query, by the ids of the dictionaries. What it allows is what auditlog.Query.MatchesFilters does.
type matcher struct {
	actor, team, event allowed
	target             int32 // 0 for any, -1 for one that nothing has
}

// allowed are the ids of a dictionary that a filter lets through; nil is all of them.
type allowed []bool

func allow[T any](words []T, isAllowed func(T) bool) allowed {
	ids, all := make(allowed, len(words)), true
	for id, word := range words {
		ids[id] = isAllowed(word)
		all = all && ids[id]
	}
	if all {
		return nil
	}
	return ids
}

func (a allowed) has(id int32) bool { return a == nil || a[id] }

func (v *view) matcher(ctx context.Context, q *auditlog.Query) (*matcher, error) {
	m := &matcher{}
	if q.TargetID != "" {
		var err error
		if m.target, err = v.archive.targetID(ctx, v.head, q.TargetID); err != nil {
			return nil, err
		}
		m.target = cmp.Or(m.target, -1)
	}
	w := v.columns.words
	people := auditlog.Query{Actors: q.Actors, System: q.System, ExcludeActors: q.ExcludeActors, ExcludeSystem: q.ExcludeSystem}
	m.actor = allow(w.actors.words, func(actor *auditlog.Actor) bool { return people.MatchesFilters(&auditlog.Entry{Actor: actor}) })
	teams := auditlog.Query{Teams: q.Teams, NoTeam: q.NoTeam}
	m.team = allow(w.refs.words, func(team *auditlog.Ref) bool {
		entry := &auditlog.Entry{Team: team}
		return teams.MatchesFilters(entry) && v.rights.sees(entry)
	})
	events := auditlog.Query{Events: q.Events, ExcludeEvents: q.ExcludeEvents}
	m.event = allow(w.events.words, func(event auditlog.Text) bool { return events.MatchesFilters(&auditlog.Entry{Event: event}) })
	return m, nil
}

func (m *matcher) matches(row *counted) bool {
	return m.event.has(row.event) && m.actor.has(row.actor) && m.team.has(row.team) && (m.target == 0 || m.target == row.target)
}

// seesRow reports whether an entry that is in memory may be seen.
func (v *view) seesRow(row *counted) bool {
	return v.rights.Organization || v.rights.sees(&auditlog.Entry{Team: v.columns.words.ref(row.team)})
}

// sees reports whether an entry is in the scope.
func (s scope) sees(e *auditlog.Entry) bool {
	return s.Organization || e.Team != nil && slices.Contains(s.Teams, e.Team.ID)
}

// fetched is how many rows are fetched at a time.
const fetched = 256

// read calls yield with the entries of a query, as auditlog.Reader has it. It returns whether all were yielded.
func (v *view) read(ctx context.Context, q *auditlog.Query, yield func(*auditlog.Entry) bool) (all bool, err error) {
	m, err := v.matcher(ctx, q)
	if err != nil {
		return false, err
	}
	news := v.news(q)
	isBehind := func(e *auditlog.Entry) bool { return q.Resume == nil || q.Resume.After.IsBefore(e) }
	from, to := v.columns.window(q.Window.From, q.Window.To)
	if q.Resume != nil {
		reached, _ := v.columns.window(q.Window.From, q.Resume.After.TriggeredAt.Add(1))
		from = max(from, reached)
	}
	for batch, err := range v.batches(ctx, q, m, v.columns.rows[min(from, to):to]) {
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

// batches yields the entries of the rows that match. Where all are wanted, the next ones are fetched while some are looked at.
func (v *view) batches(ctx context.Context, q *auditlog.Query, m *matcher, rows []counted) iter.Seq2[[]*auditlog.Entry, error] {
	size, all := fetched, q.Want == 0
	if !all {
		size = min(size, q.Want+1)
	}
	type batch struct {
		entries []*auditlog.Entry
		err     error
	}
	fetch := func(ctx context.Context) <-chan batch { // nil if there are no more
		var some []counted
		for len(rows) > 0 && len(some) < size {
			if m.matches(&rows[0]) {
				some = append(some, rows[0])
			}
			rows = rows[1:]
		}
		if len(some) == 0 {
			return nil
		}
		done := make(chan batch, 1)
		go func() {
			entries, err := v.fetch(ctx, some, q.WithDetails)
			done <- batch{entries, err}
		}()
		return done
	}
	return func(yield func([]*auditlog.Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var ahead <-chan batch
		defer func() {
			if cancel(); ahead != nil {
				<-ahead // so that nothing goes on reading
			}
		}()
		for next := fetch(ctx); next != nil; next = ahead {
			if ahead = nil; all {
				ahead = fetch(ctx)
			}
			if got := <-next; !yield(got.entries, cmp.Or(got.err, ctx.Err())) || got.err != nil {
				return
			}
			if !all {
				ahead = fetch(ctx)
			}
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
	entries, err := v.archive.whole(ctx, v.of, links, nil, v.keepRaw || withDetails)
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
			w := v.columns.words // of which there is one for all
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

// targetsOf returns the ids of the targets of some rows. Few are asked for by themselves; for many, all are read, once.
func (v *view) targetsOf(ctx context.Context, rows []counted) (func(id int32) auditlog.Text, error) {
	if len(rows) == fetched {
		all, err := v.archive.targetTexts(ctx, v.head)
		return func(id int32) auditlog.Text { return wordOf(all, id) }, err
	}
	texts := map[int32]auditlog.Text{}
	for _, row := range rows {
		texts[row.target] = ""
	}
	var read chain
	for word, err := range v.archive.store.WordsAt(ctx, Targets, slices.Collect(maps.Keys(texts))) {
		if err != nil {
			return nil, err
		}
		if read.add(word.Texts[:]...); read.isBeyond(v.columns.targets) {
			return nil, v.archive.refused(nil, "there is more of the words that its entries refer to than was signed")
		}
		texts[word.ID] = textOf(word.Texts)
	}
	return func(id int32) auditlog.Text { return texts[id] }, nil
}

// checkNew holds an entry against what is counted of it by now.
func (v *view) checkNew(ctx context.Context, e *auditlog.Entry, link *Row) error {
	now := v
	if max(link.ID, link.Record, link.Details) >= v.head.Tree.Size {
		var err error
		if now, err = v.archive.view(ctx, v.of, v.access); err != nil {
			return err
		}
	}
	targets, err := v.archive.targetTexts(ctx, now.head)
	if err != nil {
		return err
	}
	begin, end := now.columns.window(e.TriggeredAt, e.TriggeredAt.Add(time.Microsecond))
	for i := begin; i < end && max(link.ID, link.Record, link.Details) < now.head.Tree.Size; i++ {
		if row := &now.columns.rows[i]; int64(row.id) == link.ID {
			return now.check(e, link, row, wordOf(targets, row.target))
		}
	}
	return v.archive.refused(nil, "the entry %s is not one that was signed", auditlog.Text(link.Key.UUID).Clean())
}

// check holds an entry against what is counted of it.
func (v *view) check(e *auditlog.Entry, link *Row, row *counted, target auditlog.Text) error {
	w := v.columns.words
	same := func(a, b *auditlog.Ref) bool { return a == b || a != nil && b != nil && *a == *b }
	actor := w.actor(row.actor)
	isSame := link.Key == keyOf(e) && micros(e.TriggeredAt) == row.at && e.Event == w.event(row.event) &&
		e.TargetID == target && same(e.Team, w.ref(row.team)) && (e.Actor == actor || e.Actor != nil && actor != nil && *e.Actor == *actor)
	if !isSame {
		return v.archive.refused(nil, "the entry %s is not what its record holds", auditlog.Text(link.Key.UUID).Clean())
	}
	return nil
}

// targetID is the id that a target has in the dictionary; 0 if it has none.
func (a *Archive) targetID(ctx context.Context, h *head, target auditlog.Text) (int32, error) {
	texts, err := a.targetTexts(ctx, h)
	return int32(max(0, slices.Index(texts, target))), err //nolint:gosec // ids fit
}
