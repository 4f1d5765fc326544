package questions

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

// pageRows is how much a page of the wrapper holds: 100 entries are about 10,000 tokens, and clients hand models no results much larger.
const pageRows = 100

// Pager reads Make's log page by page through the wrapper's tools, and keeps what it read.
type Pager struct {
	analyst *Analyst
	log     *Log
	// events are those that Make lists, once they were asked for.
	events []string
}

func newPager(a *Analyst) *Pager {
	zones := map[string]*time.Location{}
	for _, name := range zonesOfQuestions() {
		if zone, err := tz.Load(name); err == nil {
			zones[name] = zone
		}
	}
	return &Pager{analyst: a, log: &Log{zones: zones}}
}

// pages is which part of the log is read. Make's days are UTC's, so dates are a day wider than those of a question in another zone.
type pages struct {
	from, to string
	events   []string
	people   []string
	teams    []string
	oldest   bool // only the oldest page
	newest   bool // only the newest page
}

// row is an entry as Make writes it.
type row struct {
	UUID        string    `json:"uuid"`
	CreatedAt   time.Time `json:"createdAt"`
	TriggeredAt time.Time `json:"triggeredAt"`
	EventName   string    `json:"eventName"`
	Team        struct {
		ID int64 `json:"id"`
	} `json:"team"`
	Actor *struct {
		ID    int64  `json:"id"`
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"actor"`
	TargetID string         `json:"targetId"`
	Version  *version       `json:"version"`
	Details  map[string]any `json:"details"`
}

type version struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func (r row) entry() makesim.Entry {
	e := makesim.Entry{UUID: r.UUID, CreatedAt: r.CreatedAt, TriggeredAt: r.TriggeredAt, Event: r.EventName, TeamID: r.Team.ID,
		TargetID: r.TargetID, Details: r.Details}
	if r.Actor != nil {
		e.Actor = &makesim.Actor{ID: r.Actor.ID, Name: r.Actor.Name, Email: r.Actor.Email}
	}
	if r.Version != nil {
		e.VersionFrom, e.VersionTo = r.Version.From, r.Version.To
	}
	return e
}

// decode reads a reply, which is JSON.
func (p *Pager) decode(r reply, into any) bool {
	if p.analyst.stopped || p.analyst.failure != "" {
		return false
	}
	if err := json.Unmarshal([]byte(r.said), into); err != nil {
		p.analyst.fail("the wrapper returned what cannot be read: %v", err)
		return false
	}
	return true
}

// read adds entries to the log, page after page. Values of a filter go out one by one: the wrapper would write several as one text with
// commas, for which Make has nothing.
func (p *Pager) read(want pages) {
	for _, event := range orAll(p.expand(want.events)) {
		for _, person := range orAll(want.people) {
			for _, team := range orAll(want.teams) {
				p.readOf(want, event, person, team)
			}
		}
	}
	slices.SortStableFunc(p.log.Entries, func(a, b makesim.Entry) int { return b.TriggeredAt.Compare(a.TriggeredAt) })
}

// orAll is one value that filters nothing, where there are none.
func orAll(values []string) []string {
	if values == nil {
		return []string{""}
	}
	return values
}

func (p *Pager) readOf(want pages, event, person, team string) {
	arguments := map[string]any{"organizationId": makesim.DemoOrganizationID, "pg[limit]": pageRows}
	for name, value := range map[string]string{"dateFrom": want.from, "dateTo": want.to} {
		if value != "" {
			arguments[name] = value
		}
	}
	for name, value := range map[string]string{"event[]": event, "author[]": person, "team[]": team} {
		if value != "" {
			arguments[name] = []string{value}
		}
	}
	if want.oldest {
		arguments["pg[sortDir]"] = "asc"
	}
	var read []makesim.Entry
	for more := true; more; {
		arguments["pg[offset]"] = len(read)
		encoded, err := json.Marshal(arguments)
		if err != nil { // texts and numbers alone
			p.analyst.fail("arguments: %v", err)
		}
		var page struct {
			AuditLogs []row `json:"auditLogs"`
		}
		if !p.decode(p.analyst.ask("get-organization-audit-logs", "%s", encoded), &page) {
			return
		}
		for _, r := range page.AuditLogs {
			read = append(read, r.entry())
		}
		more = len(page.AuditLogs) == pageRows && !want.oldest && !want.newest
	}
	for _, e := range read {
		if !slices.ContainsFunc(p.log.Entries, func(known makesim.Entry) bool { return known.UUID == e.UUID }) {
			p.log.Entries = append(p.log.Entries, e)
		}
	}
}

// expand turns patterns into events, which Make's call needs one by one.
func (p *Pager) expand(patterns []string) []string {
	if !strings.Contains(strings.Join(patterns, ""), "*") {
		return patterns
	}
	if p.events == nil {
		var catalog struct {
			Events []makesim.EventCategory `json:"events"`
		}
		if !p.decode(p.analyst.ask("get-organization-audit-logs-filters", `{"organizationId": %d}`, makesim.DemoOrganizationID), &catalog) {
			return nil
		}
		for _, category := range catalog.Events {
			for _, item := range category.Items {
				p.events = append(p.events, item.Value)
			}
		}
	}
	var fit []string
	for _, value := range p.events {
		if slices.ContainsFunc(patterns, func(pattern string) bool { ok, _ := path.Match(pattern, value); return ok }) &&
			!slices.Contains(fit, value) {
			fit = append(fit, value)
		}
	}
	return fit
}

// readDetails fetches the details of entries that were read, one call each.
func (p *Pager) readDetails(conditions ...where) {
	for i, e := range p.log.Entries {
		if slices.ContainsFunc(conditions, func(holds where) bool { return !holds(e) }) {
			continue
		}
		var detail row
		if !p.decode(p.analyst.ask("get-audit-log-detail", `{"organizationId": %d, "uuid": %q}`, makesim.DemoOrganizationID, e.UUID), &detail) {
			return
		}
		p.log.Entries[i].Details = detail.Details
	}
}

// readMembers fetches the users of the organization.
func (p *Pager) readMembers() {
	var list struct {
		Users []struct {
			ID        int64     `json:"id"`
			Name      string    `json:"name"`
			Email     string    `json:"email"`
			LastLogin time.Time `json:"lastLogin"`
			TFAStatus int       `json:"tfaStatus"`
		} `json:"users"`
	}
	if !p.decode(p.analyst.ask("lst-usrs", `{"organizationId": %d}`, makesim.DemoOrganizationID), &list) {
		return
	}
	for _, u := range list.Users {
		p.log.Members = append(p.log.Members, makesim.User{ID: u.ID, Name: u.Name, Email: u.Email, LastLogin: u.LastLogin,
			WithoutTwoFactor: u.TFAStatus == 0})
	}
}

// lookAround is what an analyst reads before saying that something cannot be known: what there is.
func (p *Pager) lookAround() {
	p.analyst.ask("get-organization-audit-logs-filters", `{"organizationId": %d}`, makesim.DemoOrganizationID)
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
