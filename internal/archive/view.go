package archive

import (
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
	rows    *columns
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
	rows, err := a.load(ctx, log)
	if err != nil {
		return nil, err
	}
	return &view{archive: a, log: log.Number, state: state, rows: rows, access: access, rights: scopeOf(access)}, nil
}

// matcher says which rows answer a query, by the ids of the dictionaries. What it allows is what auditlog.Query.MatchesFilters does.
type matcher struct {
	actor, team, event []bool
	target             int32 // 0 for any
	nothing            bool
}

func (v *view) matcher(ctx context.Context, q *auditlog.Query) (*matcher, error) {
	m := &matcher{}
	if q.TargetID != "" {
		var err error
		if m.target, err = v.archive.targetID(ctx, v.log, q.TargetID); err != nil {
			return nil, err
		}
		m.nothing = m.target == 0
	}
	w := v.rows.words
	people := auditlog.Query{Actors: q.Actors, System: q.System, ExcludeActors: q.ExcludeActors, ExcludeSystem: q.ExcludeSystem}
	m.actor = make([]bool, len(w.actors))
	for id, actor := range w.actors {
		m.actor[id] = people.MatchesFilters(&auditlog.Entry{Actor: actor})
	}
	teams := auditlog.Query{Teams: q.Teams, NoTeam: q.NoTeam}
	m.team = make([]bool, len(w.refs))
	for id, ref := range w.refs {
		entry := &auditlog.Entry{Team: ref}
		m.team[id] = teams.MatchesFilters(entry) && v.rights.sees(entry)
	}
	events := auditlog.Query{Events: q.Events}
	m.event = make([]bool, len(w.events))
	for id, event := range w.events {
		m.event[id] = events.MatchesFilters(&auditlog.Entry{Event: event})
	}
	return m, nil
}

func (m *matcher) matches(c *columns, row int) bool {
	return m.actor[c.actor[row]] && m.team[c.team[row]] && m.event[c.event[row]] && (m.target == 0 || m.target == c.target[row])
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
	from, to := v.rows.window(q.Window.From, q.Window.To)
	if q.Resume != nil {
		reached, _ := v.rows.window(q.Window.From, q.Resume.After.TriggeredAt.Add(1))
		from = max(from, reached)
	}
	if m.nothing {
		to = from
	}
	pending := make([]int, 0, fetched)
	size := fetched
	if q.Want > 0 {
		size = min(size, q.Want+1)
	}
	for row := from; row < to || len(pending) > 0; {
		for ; row < to && len(pending) < size; row++ {
			if m.matches(v.rows, row) {
				pending = append(pending, row)
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
func (v *view) fetch(ctx context.Context, rows []int) ([]*auditlog.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int32, len(rows))
	for i, row := range rows {
		ids[i] = v.rows.id[row]
	}
	byID := make(map[int32]*auditlog.Entry, len(rows))
	var records map[int64]*Row
	if v.keepRaw {
		records = make(map[int64]*Row, len(rows))
	}
	for row, err := range v.archive.store.RowsAt(ctx, v.log, ids) {
		if err != nil {
			return nil, err
		}
		if byID[int32(row.ID)], err = v.beyondColumns(row); err != nil { //nolint:gosec // one of ids
			return nil, err
		}
		if v.keepRaw {
			copied := *row
			records[row.ID] = &copied
		}
	}
	if len(records) > 0 {
		if err := v.addRaw(ctx, records, byID); err != nil {
			return nil, err
		}
	}
	targets, err := v.targetsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	entries := make([]*auditlog.Entry, 0, len(rows))
	for _, row := range rows {
		entry := byID[v.rows.id[row]]
		if entry == nil {
			return nil, v.archive.refused(nil, "an entry is gone from it")
		}
		entry.TriggeredAt = fromMicros(v.rows.at[row])
		entry.Event, entry.Actor, entry.Team = v.rows.words.event(v.rows.event[row]), v.rows.words.actor(
			v.rows.actor[row]), v.rows.words.ref(v.rows.team[row])
		entry.TargetID = targets[v.rows.target[row]]
		entries = append(entries, entry)
	}
	return entries, nil
}

// beyondColumns is what an entry has beyond the columns in memory.
func (v *view) beyondColumns(row *Row) (*auditlog.Entry, error) {
	entry := &auditlog.Entry{UUID: row.Key.UUID, Organization: v.rows.words.ref(row.Organization), Version: row.Version}
	if row.Written != NoTime {
		entry.CreatedAt = fromMicros(row.Written)
	}
	if row.Extra != "" {
		if err := json.Unmarshal([]byte(row.Extra), &entry.Extra); err != nil {
			return nil, v.archive.refused(err, "entry %s is damaged", entry.UUID)
		}
	}
	return entry, nil
}

// addRaw gives entries what Make sent, and their details.
func (v *view) addRaw(ctx context.Context, rows map[int64]*Row, byID map[int32]*auditlog.Entry) error {
	var numbers []int64
	for _, row := range rows {
		numbers = append(numbers, row.records()...)
	}
	packed, err := v.archive.packed(ctx, numbers)
	if err != nil {
		return err
	}
	for id, row := range rows {
		whole, err := v.archive.wholeRow(row, packed)
		if err != nil {
			return err
		}
		entry := byID[int32(id)] //nolint:gosec // it was read by such an id
		entry.Raw, entry.Details = whole.Raw, whole.Details
	}
	return nil
}

// targetsOf are the target ids of rows, by their ids in the dictionary.
func (v *view) targetsOf(ctx context.Context, rows []int) (map[int32]auditlog.Text, error) {
	ids := map[int32]auditlog.Text{}
	for _, row := range rows {
		if id := v.rows.target[row]; id != 0 {
			ids[id] = ""
		}
	}
	return ids, v.archive.targets(ctx, v.log, ids)
}

// targets fills in the texts of a map's keys.
func (a *Archive) targets(ctx context.Context, log int64, texts map[int32]auditlog.Text) error {
	if len(texts) == 0 {
		return nil
	}
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
