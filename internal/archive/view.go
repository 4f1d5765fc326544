package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// view is a log as somebody may see it: its rows as of one moment, and what was read of Make since.
type view struct {
	archive *Archive
	log     int64
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
	log, err := a.findLog(ctx, of)
	if err != nil || log == nil {
		return nil, err
	}
	state, err := a.stateOf(log)
	if err != nil || state.AsOf.IsZero() {
		return nil, err
	}
	loaded, err := a.load(ctx, log)
	if err != nil {
		return nil, err
	}
	return &view{archive: a, log: log.Number, state: state, columns: loaded, access: access, rights: scopeOf(access)}, nil
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
		if m.target, err = v.archive.targetID(ctx, v.log, q.TargetID); err != nil {
			return nil, err
		}
		m.target = cmp.Or(m.target, -1)
	}
	w := v.columns.words
	people := auditlog.Query{Actors: q.Actors, System: q.System, ExcludeActors: q.ExcludeActors, ExcludeSystem: q.ExcludeSystem}
	m.actor = allow(w.actors, func(actor *auditlog.Actor) bool { return people.MatchesFilters(&auditlog.Entry{Actor: actor}) })
	teams := auditlog.Query{Teams: q.Teams, NoTeam: q.NoTeam}
	m.team = allow(w.refs, func(team *auditlog.Ref) bool {
		entry := &auditlog.Entry{Team: team}
		return teams.MatchesFilters(entry) && v.rights.sees(entry)
	})
	events := auditlog.Query{Events: q.Events, ExcludeEvents: q.ExcludeEvents}
	m.event = allow(w.events, func(event auditlog.Text) bool { return events.MatchesFilters(&auditlog.Entry{Event: event}) })
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
	pending := make([]counted, 0, fetched)
	size := fetched
	if q.Want > 0 {
		size = min(size, q.Want+1)
	}
	for row := from; row < to || len(pending) > 0; {
		for ; row < to && len(pending) < size; row++ {
			if m.matches(&v.columns.rows[row]) {
				pending = append(pending, v.columns.rows[row])
			}
		}
		entries, err := v.fetch(ctx, pending)
		if err != nil {
			return false, err
		}
		pending = pending[:0]
		for _, entry := range entries {
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
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	for _, entry := range news {
		if isBehind(entry) && !yield(entry) {
			return false, nil
		}
	}
	return true, nil
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

// fetch reads whole entries.
func (v *view) fetch(ctx context.Context, rows []counted) ([]*auditlog.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int32, len(rows))
	targets := map[int32]auditlog.Text{}
	for i, row := range rows {
		ids[i] = row.id
		if row.target != 0 {
			targets[row.target] = ""
		}
	}
	if err := v.archive.targets(ctx, v.log, targets); err != nil {
		return nil, err
	}
	byID := make(map[int32]*auditlog.Entry, len(rows))
	var raw []Row // those whose records are wanted as well
	for row, err := range v.archive.store.RowsAt(ctx, v.log, ids) {
		if err != nil {
			return nil, err
		}
		if byID[int32(row.ID)], err = v.beyondColumns(row); err != nil { //nolint:gosec // one of ids
			return nil, err
		}
		if v.keepRaw {
			raw = append(raw, *row)
		}
	}
	sent, err := v.archive.whole(ctx, raw, nil)
	if err != nil {
		return nil, err
	}
	for i, whole := range sent {
		entry := byID[int32(raw[i].ID)] //nolint:gosec // as above
		entry.Raw, entry.Details = whole.Raw, whole.Details
	}
	w := v.columns.words
	entries := make([]*auditlog.Entry, len(rows))
	for i, row := range rows {
		entry := byID[row.id]
		if entry == nil {
			return nil, v.archive.refused(nil, "an entry is gone from it")
		}
		entry.TriggeredAt, entry.Event, entry.Actor = fromMicros(row.at), w.event(row.event), w.actor(row.actor)
		entry.Team, entry.TargetID = w.ref(row.team), targets[row.target]
		entries[i] = entry
	}
	return entries, nil
}

// beyondColumns is what an entry has beyond the columns in memory.
func (v *view) beyondColumns(row *Row) (*auditlog.Entry, error) {
	entry := &auditlog.Entry{UUID: row.Key.UUID, Organization: v.columns.words.ref(row.Organization), Version: row.Version}
	if row.Written != NoTime {
		entry.CreatedAt = fromMicros(row.Written)
	}
	var err error
	if row.Extra != "" {
		err = json.Unmarshal([]byte(row.Extra), &entry.Extra)
	}
	if err != nil || row.Written == NoNumber {
		return nil, v.archive.refused(err, "entry %s is damaged", entry.UUID)
	}
	return entry, nil
}

// targets fills in the texts of the targets that are keys of a map.
func (a *Archive) targets(ctx context.Context, log int64, texts map[int32]auditlog.Text) error {
	words := a.store.Words(ctx, log, Targets, 0)
	if len(texts) <= fetched { // beyond it is quicker to read the whole dictionary
		words = a.store.WordsAt(ctx, log, Targets, slices.Collect(maps.Keys(texts)))
	}
	for word, err := range words {
		if err != nil {
			return err
		}
		if _, wanted := texts[word.ID]; wanted {
			texts[word.ID] = auditlog.Text(word.Texts[0])
		}
	}
	return nil
}

// targetID is the id that a target has in the dictionary; 0 if it has none.
func (a *Archive) targetID(ctx context.Context, log int64, target auditlog.Text) (int32, error) {
	ids, err := a.store.WordIDs(ctx, log, Targets, []Texts{{string(target)}})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}
