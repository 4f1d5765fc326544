package makesim

import (
	"encoding/json"
	"slices"
	"strconv"
)

// defaultLimit is the page size of audit logs where none is asked for. Make does not state it; its examples show 100.
const defaultLimit = 100

func (c *call) listOrganization(id int64) ([]byte, error) {
	if err := c.mayReadOrganization(id); err != nil {
		return nil, err
	}
	return c.list(id, 0)
}

func (c *call) listTeam(id int64) ([]byte, error) {
	organization, err := c.mayReadTeam(id)
	if err != nil {
		return nil, err
	}
	return c.list(organization, id)
}

// mayReadOrganization returns why the caller may not read an organization's log.
func (c *call) mayReadOrganization(id int64) error {
	d := c.server.directory
	o, ok := d.served(id)
	switch {
	case !ok:
		return notFound()
	case c.quirks.ForbidOrganizationList || !d.readsOrganizationLog(c.caller.user.ID, id):
		return forbidden()
	case o.AuditLogsDays == 0:
		return planWithoutAuditLogs()
	}
	return nil
}

// mayReadTeam returns whose the team is, or why the caller may not read its log.
func (c *call) mayReadTeam(id int64) (organization int64, err error) {
	d := c.server.directory
	t, ok := d.servedTeam(id)
	switch {
	case !ok:
		return 0, notFound()
	case !d.readsTeamLog(c.caller.user.ID, t.organization, id):
		return 0, forbidden()
	case d.organizations[t.organization].AuditLogsDays == 0:
		return 0, planWithoutAuditLogs()
	}
	return t.organization, nil
}

// paging is which part of a list is asked for.
type paging struct {
	limit      int
	offset     int
	last       int64
	byLast     bool
	totalCount bool
}

// list answers the list of an organization, or of one team of it.
func (c *call) list(organization, team int64) ([]byte, error) {
	want, paging := c.readList(team)
	accepted := []string{"dateFrom", "dateTo", "event", "author", "pg[offset]", "pg[limit]", "pg[last]",
		"pg[sortBy]", "pg[sortDir]", "pg[returnTotalCount]"}
	if team == 0 {
		accepted = append(accepted, "team")
	}
	c.query.accept(accepted...)
	c.checkFilterValues(organization, want)
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	d := c.server.directory
	view := c.server.visible(organization, c.now)
	records := want.pick(view, d.teamNames)
	total := len(records)
	if c.quirks.TotalCountOfOrganization {
		all := selection{onlyTeam: team, sortBy: sortByTriggeredAt}
		total = len(all.pick(view, d.teamNames))
	}
	if paging.byLast {
		after, err := following(records, paging.last)
		if err != nil {
			return nil, err
		}
		records = after
	}
	limit := paging.limit
	if c.quirks.PageCap > 0 {
		limit = min(limit, c.quirks.PageCap)
	}
	var rows []*record
	if c.quirks.UnstableTies {
		rows = shuffledPage(records, paging.offset, limit, want.sameKey(d.teamNames), c.random())
	} else {
		rows = page(records, paging.offset, limit)
	}
	encoder := encoder{quirks: c.quirks, directory: d, seed: c.server.options.Seed}
	out := encoder.list(append(make([]byte, 0, 512*(len(rows)+1)), `{"auditLogs":`...), rows)
	out = append(out, `,"pg":`...)
	out = c.appendPaging(out, want, paging, limit, total, rows)
	return append(out, '}'), nil
}

// readList reads the parameters of a list.
func (c *call) readList(team int64) (selection, paging) {
	q, quirks := c.query, c.quirks
	want := selection{
		onlyTeam:    team,
		byCreatedAt: quirks.FilterByCreatedAt,
		events:      q.list("event", quirks.IndexedArraysOnly),
		authors:     q.list("author", quirks.IndexedArraysOnly),
		teams:       q.list("team", quirks.IndexedArraysOnly),
		sortBy: q.oneOf("pg[sortBy]", sortByTriggeredAt, sortByCreatedAt, sortByTriggeredAt, sortByEvent,
			sortByOrganization, sortByTeam, sortByActor, sortByTarget),
		ascending: q.oneOf("pg[sortDir]", "desc", "asc", "desc") == "asc",
	}
	want.from, want.to = q.window(quirks)
	p := paging{
		limit:      int(q.integer("pg[limit]", defaultLimit, 1)),
		offset:     int(q.integer("pg[offset]", 0, 0)),
		last:       q.integer("pg[last]", 0, 0),
		totalCount: q.flag("pg[returnTotalCount]"),
	}
	_, p.byLast = q.parameters["pg[last]"]
	_, byOffset := q.parameters["pg[offset]"]
	switch {
	case p.byLast && byOffset:
		q.fail("Parameters 'pg[last]' and 'pg[offset]' exclude each other.")
	case p.byLast && quirks.RejectLast:
		q.fail("Parameter 'pg[last]' is not supported.")
	case quirks.MaxLimit > 0 && p.limit > quirks.MaxLimit:
		q.fail("Parameter 'pg[limit]' must be at most %d.", quirks.MaxLimit)
	case quirks.MaxOffset > 0 && (p.offset > quirks.MaxOffset || p.limit > quirks.MaxOffset-p.offset):
		q.fail("Result window is too large: offset + limit must be at most %d.", quirks.MaxOffset)
	case p.totalCount && quirks.RejectTotalCount:
		q.fail("Parameter 'pg[returnTotalCount]' is supported only for session authentication.")
	}
	return want, p
}

// checkFilterValues refuses values that the filters do not hold, where the quirk asks for it.
func (c *call) checkFilterValues(organization int64, want selection) {
	if !c.quirks.RejectUnknownFilterValues {
		return
	}
	d := c.server.directory
	known := map[string]bool{}
	for _, t := range d.organizations[organization].Teams {
		known["team "+t.Name], known["team "+strconv.FormatInt(t.ID, 10)] = true, true
	}
	for _, u := range c.filterUsers(organization, 0) {
		known["author "+u.Name], known["author "+strconv.FormatInt(u.ID, 10)] = true, true
	}
	for _, category := range d.world.Events {
		for _, e := range category.Items {
			known["event "+e.Value] = true
		}
	}
	check := func(name string, values []string) {
		for _, value := range values {
			if !known[name+" "+value] {
				c.query.fail("Parameter '%s' has an unknown value '%s'.", name, value)
			}
		}
	}
	check("team", want.teams)
	check("author", want.authors)
	check("event", want.events)
}

// following are the records after the one with the number last; 0: all. Make's key is undocumented; here it is the number of the entry.
func following(records []*record, last int64) ([]*record, error) {
	if last == 0 {
		return records, nil
	}
	i := slices.IndexFunc(records, func(r *record) bool { return r.number == last })
	if i < 0 {
		return nil, invalid("Parameter 'pg[last]' is no key of this list.")
	}
	return records[i+1:], nil
}

// appendPaging writes the pg block of a list.
func (c *call) appendPaging(out []byte, want selection, p paging, limit, total int, rows []*record) []byte {
	direction := "desc"
	if want.ascending {
		direction = "asc"
	}
	if c.quirks.EchoRequestedLimit {
		limit = p.limit
	}
	out = append(out, `{"sortBy":"`+want.sortBy+`","sortDir":"`+direction+`","limit":`...)
	out = strconv.AppendInt(out, int64(limit), 10)
	if p.byLast {
		last := p.last
		if len(rows) > 0 {
			last = rows[len(rows)-1].number
		}
		out = append(out, `,"last":"`+strconv.FormatInt(last, 10)+`","showLast":true`...)
	} else {
		out = append(out, `,"offset":`...)
		out = strconv.AppendInt(out, int64(p.offset), 10)
	}
	counts := p.totalCount && !c.quirks.IgnoreTotalCount
	out = append(out, `,"returnTotalCount":`...)
	out = strconv.AppendBool(out, counts)
	if counts {
		text := strconv.Itoa(total)
		if c.quirks.TotalCountAsString {
			text = strconv.Quote(text)
		}
		out = append(out, `,"totalCount":`+text...)
	}
	return append(out, '}')
}

// showEntry answers a detail call.
func (c *call) showEntry(uuid string, organization int64) ([]byte, error) {
	c.query.accept()
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	d := c.server.directory
	r, ok := c.server.byUUID[uuid]
	if !ok || r.OrganizationID != organization && !c.quirks.DetailIgnoresOrganization {
		// Whether the caller may know of the organization goes first.
		if _, served := d.served(organization); served && !d.isMember(c.caller.user.ID, organization) {
			return nil, forbidden()
		}
		return nil, notFound()
	}
	o, ok := d.served(r.OrganizationID)
	if !ok {
		return nil, notFound()
	}
	user := c.caller.user.ID
	mayRead := d.readsOrganizationLog(user, o.ID)
	if r.TeamID != 0 {
		mayRead = d.readsTeamLog(user, o.ID, r.TeamID)
	}
	if !mayRead {
		return nil, forbidden()
	}
	if o.AuditLogsDays == 0 {
		return nil, planWithoutAuditLogs()
	}
	if !slices.Contains(between(c.server.visible(o.ID, c.now).newestFirst, r.TriggeredAt, r.TriggeredAt.Add(1)), r) {
		return nil, notFound() // not written down yet, or expired
	}
	return encoder{quirks: c.quirks, directory: d, seed: c.server.options.Seed}.detail(r)
}

// filterUser and filterTeam are rows of the filters.
type filterUser struct {
	ID    any    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type filterTeam struct {
	ID   any    `json:"id"`
	Name string `json:"name"`
}

func (c *call) organizationFilters(id int64) ([]byte, error) {
	if err := c.mayReadOrganization(id); err != nil {
		return nil, err
	}
	teams := []filterTeam{}
	for _, t := range c.server.directory.organizations[id].Teams {
		teams = append(teams, filterTeam{ID: c.filterID(t.ID), Name: t.Name})
	}
	return c.filters(id, 0, teams)
}

func (c *call) teamFilters(id int64) ([]byte, error) {
	organization, err := c.mayReadTeam(id)
	if err != nil {
		return nil, err
	}
	return c.filters(organization, id, nil)
}

// filters answers the filters of an organization, or of one team of it.
func (c *call) filters(organization, team int64, teams []filterTeam) ([]byte, error) {
	c.query.accept()
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	users := []filterUser{}
	for _, u := range c.filterUsers(organization, team) {
		users = append(users, filterUser{ID: c.filterID(u.ID), Name: u.Name, Email: u.Email})
	}
	return json.Marshal(struct {
		Users  []filterUser    `json:"users"`
		Teams  []filterTeam    `json:"teams,omitzero"`
		Events []EventCategory `json:"events"`
	}{users, teams, c.server.directory.world.Events})
}

// filterUsers are the people in the filters: those who are there now.
func (c *call) filterUsers(organization, team int64) []Actor {
	d := c.server.directory
	members := d.organizationUsers(organization)
	if team != 0 {
		members = d.teamUsers(team)
	}
	var users []Actor
	known := map[int64]bool{}
	for _, u := range members {
		known[u.ID] = true
		users = append(users, Actor{ID: u.ID, Name: u.Name, Email: u.Email})
	}
	if !c.quirks.FormerUsersInFilters {
		return users
	}
	for _, r := range c.server.visible(organization, c.now).newestFirst {
		if r.Actor != nil && (team == 0 || r.TeamID == team) && !known[r.Actor.ID] {
			known[r.Actor.ID] = true
			users = append(users, *r.Actor)
		}
	}
	return users
}

func (c *call) filterID(id int64) any {
	if c.quirks.IDsAsText {
		return strconv.FormatInt(id, 10)
	}
	return id
}
