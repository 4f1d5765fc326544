package archive

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// view is a log as somebody may see it: its rows as of one moment, and what was read
// of Make since.
type view struct {
	archive *Archive
	log     int64
	state   *logState
	rows    *columns
	// access is what may be read with the key, rights whose entries that is: never more
	// than the log holds.
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
func (a *Archive) view(ctx context.Context, of owner, access *auditlog.Access) (*view, error) {
	log, rewritten, state, err := a.findLog(ctx, a.db, of)
	if err != nil || log == 0 || state.AsOf.IsZero() {
		return nil, err
	}
	rows, err := a.load(ctx, log, rewritten)
	if err != nil {
		return nil, err
	}
	return &view{archive: a, log: log, state: state, rows: rows, access: access, rights: scopeOf(access)}, nil
}

// matcher tells which rows answer a query, by the ids of the dictionaries. What it
// allows is what auditlog.Query.MatchesFilters does.
type matcher struct {
	actor, team, event []bool
	target             int32 // 0 for any
	nothing            bool
}

func (v *view) matcher(ctx context.Context, q *auditlog.Query) (*matcher, error) {
	m := &matcher{}
	if q.TargetID != "" {
		var id sql.NullInt32
		err := v.archive.db.QueryRowContext(ctx, "SELECT max(id) FROM targets WHERE value = ?", string(q.TargetID)).Scan(&id)
		if err != nil {
			return nil, v.archive.explain("reading it", err)
		}
		m.target, m.nothing = id.Int32, !id.Valid
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

// sees tells whether an entry is in the scope.
func (s scope) sees(e *auditlog.Entry) bool {
	return s.Organization || e.Team != nil && slices.Contains(s.Teams, e.Team.ID)
}

// fetched is how many rows are fetched at a time.
const fetched = 256

// read calls yield with the entries of a query, as auditlog.Reader has it. It
// returns whether all were yielded.
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
	if err := eachRow(ctx, v.archive.db, "SELECT id, key, written, organization, version_from, version_to, extra FROM entries WHERE +log = ? AND id IN "+listOf(ids), v.log, func(found *sql.Rows) error {
		id, entry, err := v.scan(found)
		byID[id] = entry
		return err
	}); err != nil {
		return nil, v.archive.explain("reading it", err)
	}
	if v.keepRaw {
		if err := v.addRaw(ctx, listOf(ids), byID); err != nil {
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
			return nil, &FileError{Path: v.archive.path, Problem: "an entry is gone from it", Next: "run make-audit-mcp verify"}
		}
		entry.TriggeredAt = fromMicros(v.rows.at[row])
		entry.Event, entry.Actor, entry.Team = v.rows.words.event(v.rows.event[row]), v.rows.words.actor(v.rows.actor[row]), v.rows.words.ref(v.rows.team[row])
		entry.TargetID = targets[v.rows.target[row]]
		entries = append(entries, entry)
	}
	return entries, nil
}

// scan reads what an entry has beyond the columns in memory.
func (v *view) scan(found *sql.Rows) (id int32, entry *auditlog.Entry, err error) {
	var key any
	var written sql.NullInt64
	var organization sql.NullInt32
	var versionFrom, versionTo, extra sql.NullString
	if err := found.Scan(&id, &key, &written, &organization, &versionFrom, &versionTo, &extra); err != nil {
		return id, nil, err
	}
	entry = &auditlog.Entry{UUID: uuidOf(key), Organization: v.rows.words.ref(organization.Int32)}
	if written.Valid {
		entry.CreatedAt = fromMicros(written.Int64)
	}
	if versionFrom.Valid {
		entry.Version = &auditlog.Version{From: auditlog.Text(versionFrom.String), To: auditlog.Text(versionTo.String)}
	}
	if extra.Valid {
		if err := json.Unmarshal([]byte(extra.String), &entry.Extra); err != nil {
			return id, nil, &FileError{Path: v.archive.path, Problem: "entry " + entry.UUID + " is damaged", Next: "run make-audit-mcp verify", Err: err}
		}
	}
	return id, entry, nil
}

// targetsOf are the target ids of rows, by their ids in the dictionary.
func (v *view) targetsOf(ctx context.Context, rows []int) (map[int32]auditlog.Text, error) {
	ids := map[int32]auditlog.Text{}
	for _, row := range rows {
		if id := v.rows.target[row]; id != 0 {
			ids[id] = ""
		}
	}
	return ids, v.archive.targets(ctx, ids)
}

// targets fills in the texts of a map's keys.
func (a *Archive) targets(ctx context.Context, texts map[int32]auditlog.Text) error {
	if len(texts) == 0 {
		return nil
	}
	// Beyond some hundred it is quicker to read the whole dictionary.
	query := "SELECT id, value FROM targets WHERE id > ?"
	if len(texts) <= fetched {
		query += " AND id IN " + listOf(slices.Collect(maps.Keys(texts)))
	}
	return a.explain("reading it", eachRow(ctx, a.db, query, 0, func(rows *sql.Rows) error {
		var id int32
		var value string
		err := rows.Scan(&id, &value)
		if _, wanted := texts[id]; wanted {
			texts[id] = auditlog.Text(value)
		}
		return err
	}))
}
