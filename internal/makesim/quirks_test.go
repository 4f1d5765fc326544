package makesim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

// rawList is a list whose entries may have any shape.
type rawList struct {
	AuditLogs json.RawMessage `json:"auditLogs"`
}

func (s *sim) raw(query string) string {
	s.t.Helper()
	var l rawList
	s.get(listPath+"?"+query, &l)
	return string(l.AuditLogs)
}

// hundred are entries a minute apart.
func hundred() []makesim.Entry {
	var entries []makesim.Entry
	for i := range 100 {
		entries = append(entries, entry(fmt.Sprintf("e%03d", i), time.Duration(i)*time.Minute))
	}
	return entries
}

func TestNullWhenEmpty(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{NullWhenEmpty: true}, entry("a", time.Hour))
	assert.Equal(t, "null", s.raw("event=nothing"))
	assert.Equal(t, []string{"a"}, s.uuids(""))
}

func TestSingleObject(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{SingleObject: true}, entry("a", time.Hour), entry("b", 2*time.Hour))
	var one item
	require.NoError(t, json.Unmarshal([]byte(s.raw("pg[limit]=1")), &one))
	assert.Equal(t, "a", one.UUID)
	assert.Equal(t, []string{"a", "b"}, s.uuids(""))
	assert.Equal(t, "[]", s.raw("event=nothing"))
}

func TestNumericTriggeredAt(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", 0, happened(clock().Add(-1500*time.Millisecond))))
	seconds := float64(clock().Unix())
	for form, want := range map[string]any{
		"":                              "2026-05-20T11:59:58.500Z",
		makesim.TriggeredAtSeconds:      seconds - 2,
		makesim.TriggeredAtMilliseconds: seconds*1000 - 1500,
	} {
		s.SetQuirks(makesim.Quirks{NumericTriggeredAt: form})
		assert.Equal(t, want, s.list("").AuditLogs[0].TriggeredAt)
		var detail item
		s.get("/audit-logs/77/a", &detail)
		assert.Equal(t, want, detail.TriggeredAt)
	}
}

func TestTotalCountQuirks(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", time.Hour), entry("b", 2*time.Hour, event("key_created")),
		entry("c", time.Hour, team(teamBlue)))
	const query = "event=key_created&pg[returnTotalCount]=true"

	s.SetQuirks(makesim.Quirks{RejectTotalCount: true})
	s.refuses(http.StatusBadRequest, listPath+"?"+query)
	assert.Equal(t, []string{"b"}, s.uuids("event=key_created&pg[returnTotalCount]=false"))

	s.SetQuirks(makesim.Quirks{IgnoreTotalCount: true})
	assert.NotContains(t, s.list(query).PG, "totalCount")

	s.SetQuirks(makesim.Quirks{TotalCountAsString: true})
	assert.Equal(t, "1", s.list(query).PG["totalCount"])

	s.SetQuirks(makesim.Quirks{TotalCountOfOrganization: true})
	assert.InDelta(t, 3, s.list(query).PG["totalCount"], 0)
}

func TestDateQuirks(t *testing.T) {
	t.Parallel()
	prague, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	instant := func(text string) func(*makesim.Entry) {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return happened(at)
	}
	s := serveEntries(t, makesim.Quirks{},
		entry("eve", 0, instant("2026-05-09T22:30:00Z")), // the 10th in Prague
		entry("midnight", 0, instant("2026-05-10T00:00:00Z")),
		entry("noon", 0, instant("2026-05-10T12:00:00Z"), func(e *makesim.Entry) { e.CreatedAt = e.CreatedAt.Add(48 * time.Hour) }),
		entry("night", 0, instant("2026-05-10T22:30:00Z"))) // the 11th in Prague
	const tenth = "dateFrom=2026-05-10&dateTo=2026-05-10"
	for _, c := range []struct {
		name   string
		quirks makesim.Quirks
		query  string
		want   []string
	}{
		{"none", makesim.Quirks{}, tenth, []string{"night", "noon", "midnight"}},
		{"to midnight", makesim.Quirks{DateToMidnight: true}, tenth, []string{"midnight"}},
		{"zone", makesim.Quirks{DateZone: prague}, tenth, []string{"noon", "midnight", "eve"}},
		{"zone to midnight", makesim.Quirks{DateZone: prague, DateToMidnight: true}, "dateTo=2026-05-11",
			[]string{"noon", "midnight", "eve"}},
		{"created", makesim.Quirks{FilterByCreatedAt: true}, tenth, []string{"night", "midnight"}},
		{"created later", makesim.Quirks{FilterByCreatedAt: true}, "dateFrom=2026-05-12", []string{"noon"}},
		{"timestamps cut", makesim.Quirks{TruncateTimestamps: true},
			"dateFrom=2026-05-10T11:00:00Z&dateTo=2026-05-10T13:00:00Z", []string{"night", "noon", "midnight"}},
		{"bare dates", makesim.Quirks{BareDatesOnly: true}, tenth, []string{"night", "noon", "midnight"}},
	} {
		s.SetQuirks(c.quirks)
		assert.Equal(t, c.want, s.uuids(c.query), c.name)
	}
	s.SetQuirks(makesim.Quirks{BareDatesOnly: true})
	s.refuses(http.StatusBadRequest, listPath+"?dateFrom=2026-05-10T11:00:00Z")
}

func TestPagingQuirks(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, hundred()...)

	s.SetQuirks(makesim.Quirks{PageCap: 10})
	l := s.list("pg[limit]=50&pg[offset]=5")
	assert.Len(t, l.AuditLogs, 10)
	assert.Equal(t, "e005", l.AuditLogs[0].UUID)
	assert.InDelta(t, 10, l.PG["limit"], 0)

	s.SetQuirks(makesim.Quirks{PageCap: 10, EchoRequestedLimit: true})
	l = s.list("pg[limit]=50")
	assert.Len(t, l.AuditLogs, 10)
	assert.InDelta(t, 50, l.PG["limit"], 0)

	s.SetQuirks(makesim.Quirks{MaxLimit: 20})
	s.refuses(http.StatusBadRequest, listPath+"?pg[limit]=21")
	s.refuses(http.StatusBadRequest, listPath)
	assert.Len(t, s.uuids("pg[limit]=20"), 20)

	s.SetQuirks(makesim.Quirks{MaxOffset: 60})
	assert.Len(t, s.uuids("pg[limit]=20&pg[offset]=40"), 20)
	s.refuses(http.StatusBadRequest, listPath+"?pg[limit]=20&pg[offset]=41")
	s.refuses(http.StatusBadRequest, listPath+"?pg[limit]=20&pg[offset]=9223372036854775807")

	s.SetQuirks(makesim.Quirks{RejectLast: true})
	s.refuses(http.StatusBadRequest, listPath+"?pg[last]=0")
}

func TestUnknownFields(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{UnknownFields: true}, entry("a", time.Hour))
	var rows []map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.raw("")), &rows))
	row := rows[0]
	assert.Contains(t, row, "ipAddress")
	for object, field := range map[string]string{"organization": "zone", "team": "type", "actor": "tfa", "source": "kind"} {
		assert.Contains(t, row[object], field)
	}
	assert.Equal(t, []string{"a"}, s.uuids(""), "the known fields are as ever")
}

func TestOddTypesAreMixedAndStable(t *testing.T) {
	t.Parallel()
	entries := makesim.Bulk(makesim.BulkOptions{OrganizationID: organization, Count: 400, From: clock().Add(-day), To: clock()})
	for i := range entries {
		entries[i].VersionFrom, entries[i].VersionTo = "1.0.0", "1.0.1"
	}
	s := serveEntries(t, makesim.Quirks{OddTypes: true}, entries...)
	seen := map[string]int{}
	rows := s.list("pg[limit]=400").AuditLogs
	for _, row := range rows {
		seen[fmt.Sprintf("target %T", row.TargetID)]++
		seen[fmt.Sprintf("version %T", row.Version)]++
		seen[fmt.Sprintf("organization %T", row.OrganizationID)]++
		if version, ok := row.Version.(map[string]any); ok {
			seen[fmt.Sprintf("version from %T", version["from"])]++
		}
	}
	for _, form := range []string{
		"target string", "target float64", "target map[string]interface {}", "target []interface {}", "target bool", "target <nil>",
		"version map[string]interface {}", "version string", "version <nil>", "version from <nil>", "version from float64",
		"version from string", "organization string", "organization float64",
	} {
		assert.Positive(t, seen[form], form)
	}
	assert.Equal(t, rows, s.list("pg[limit]=400").AuditLogs, "the same at every request")
	s.SetQuirks(makesim.Quirks{})
	s.SetQuirks(makesim.Quirks{OddTypes: true})
	assert.Equal(t, rows, s.list("pg[limit]=400").AuditLogs, "and after the quirks changed")
}

func TestNullActorTeam(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{NullActorTeam: true},
		makesim.Entry{UUID: "bare", OrganizationID: organization, TriggeredAt: clock(), Event: "organization_created"}, entry("full",
			time.Hour))
	var rows []map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.raw("")), &rows))
	for _, field := range []string{"team", "actor", "targetId", "version"} {
		value, present := rows[0][field]
		assert.True(t, present, field)
		assert.Nil(t, value, field)
		assert.NotNil(t, rows[1][field], field)
	}
}

func TestIDsAsText(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{IDsAsText: true}, entry("a", time.Hour))
	row := s.list("").AuditLogs[0]
	assert.Equal(t, []any{"77", "77", "701", "3"}, []any{row.OrganizationID, row.Organization.ID, row.Team.ID, row.Actor.ID})
	var filters struct{ Users, Teams []named }
	s.get(listPath+"/filters", &filters)
	assert.Equal(t, "701", filters.Teams[0].ID)
	assert.Equal(t, "4", filters.Users[0].ID)
	assert.Equal(t, []string{"a"}, s.uuids("author=3&team=701"))
}

func TestBrokenRecordsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{BrokenRecords: 5}, hundred()...)
	whole, unreadable := 0, 0
	forms := map[byte]bool{}
	for offset := 0; offset < 100; offset += 10 {
		var rows []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(s.raw(fmt.Sprintf("pg[limit]=10&pg[offset]=%d", offset))), &rows))
		require.Len(t, rows, 10)
		for _, row := range rows {
			var i item
			_ = json.Unmarshal(row, &i) // what is no object stays empty
			if text, ok := i.TriggeredAt.(string); ok {
				if _, err := time.Parse(time.RFC3339, text); err == nil {
					whole++
					continue
				}
			}
			unreadable++
			forms[row[0]] = true
		}
	}
	assert.Equal(t, 80, whole)
	assert.Equal(t, 20, unreadable)
	assert.Equal(t, map[byte]bool{'"': true, '{': true, 'n': true, '[': true}, forms)
}

func TestUnstableTiesChangeFromRequestToRequest(t *testing.T) {
	t.Parallel()
	var entries []makesim.Entry
	for i := range 60 {
		entries = append(entries, entry(fmt.Sprintf("e%02d", i), time.Hour+time.Duration(i/20)*time.Minute))
	}
	s := serveEntries(t, makesim.Quirks{UnstableTies: true}, entries...)
	first, second := s.uuids("pg[offset]=10&pg[limit]=30"), s.uuids("pg[offset]=10&pg[limit]=30")
	assert.NotEqual(t, first, second)
	for _, uuids := range [][]string{first, second} {
		assert.Len(t, uuids, 30)
		for _, uuid := range uuids[:10] {
			assert.Less(t, uuid, "e20", "groups keep their place")
		}
		for _, uuid := range uuids[10:] {
			assert.True(t, uuid >= "e20" && uuid < "e40", uuid)
		}
	}
	all := s.uuids("")
	slices.Sort(all)
	assert.Len(t, slices.Compact(all), 60)
	assert.Empty(t, s.uuids("pg[offset]=60"))

	again := serveEntries(t, makesim.Quirks{UnstableTies: true}, entries...)
	assert.Equal(t, first, again.uuids("pg[offset]=10&pg[limit]=30"), "by the seed and the count of requests")
}

func TestFilterQuirks(t *testing.T) {
	t.Parallel()
	gone := &makesim.Actor{ID: 6, Name: "Gone Girl", Email: "gone@example.com"}
	s := serveEntries(t, makesim.Quirks{}, entry("a", time.Hour, by(gone)), entry("b", 2*time.Hour, by(gone), team(teamBlue)))
	assert.NotContains(t, string(s.send(listPath+"/filters").body), "Gone Girl")

	s.SetQuirks(makesim.Quirks{FormerUsersInFilters: true})
	var filters struct{ Users []named }
	s.get(listPath+"/filters", &filters)
	assert.Len(t, filters.Users, 5)
	s.get("/audit-logs/team/701/filters", &filters)
	assert.Contains(t, filters.Users, named{6.0, "Gone Girl", "gone@example.com"})

	s.SetQuirks(makesim.Quirks{RejectUnknownFilterValues: true})
	for _, query := range []string{"author=6", "author=Gone+Girl", "team=Green", "event=nothing_happened",
		"event[]=key_created&event[]=x"} {
		s.refuses(http.StatusBadRequest, listPath+"?"+query)
	}
	assert.Equal(t, http.StatusOK, s.status(listPath+"?author=3&team=Red&event=key_created"))

	s.SetQuirks(makesim.Quirks{IndexedArraysOnly: true})
	s.refuses(http.StatusBadRequest, listPath+"?event[]=key_created")
	assert.Equal(t, http.StatusOK, s.status(listPath+"?event[0]=key_created"))
}

func TestDetailPathQuirks(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", time.Hour))
	for path, want := range map[string][2]int{
		"":                     {http.StatusOK, http.StatusOK},
		makesim.DetailPathBoth: {http.StatusOK, http.StatusOK},
		makesim.DetailPathTwo:  {http.StatusOK, http.StatusNotFound},
		makesim.DetailPathOne:  {http.StatusNotFound, http.StatusOK},
	} {
		s.SetQuirks(makesim.Quirks{DetailPath: path})
		assert.Equal(t, want, [2]int{s.status("/audit-logs/77/a"), s.status("/audit-logs/a")}, path)
	}
	s.SetQuirks(makesim.Quirks{DetailIgnoresOrganization: true})
	assert.Equal(t, http.StatusOK, s.status("/audit-logs/12345/a"))
}

func TestRefusalQuirks(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})

	s.SetQuirks(makesim.Quirks{ForbidOrganizationList: true})
	s.refuses(http.StatusForbidden, listPath)
	s.refuses(http.StatusForbidden, listPath+"/filters")
	assert.Equal(t, http.StatusOK, s.status("/audit-logs/team/701"))

	s.SetQuirks(makesim.Quirks{HideForbidden: true})
	s.as(memberToken).refuses(http.StatusNotFound, listPath)

	s.SetQuirks(makesim.Quirks{ErrorDetailObject: true})
	var e struct {
		Detail    map[string]any      `json:"detail"`
		SubErrors []map[string]string `json:"suberrors"`
	}
	require.NoError(t, json.Unmarshal(s.send(listPath+"?x=y").body, &e))
	assert.Equal(t, "Unknown parameter 'x'.", e.Detail["reason"])
	assert.Equal(t, "Unknown parameter 'x'.", e.SubErrors[0]["message"])
}

func TestLibraryUserAgentsAreRefusedByTheProxy(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{HTMLForbiddenWithoutUserAgent: true})
	for _, agent := range []string{"", "Go-http-client/1.1", "Python-urllib/3.12", "python-requests/2.32"} {
		r := s.send(listPath, func(r *http.Request) { r.Header.Set("User-Agent", agent) })
		assert.Equal(t, http.StatusForbidden, r.status, agent)
		assert.Contains(t, r.header.Get("Content-Type"), "text/html")
		assert.Contains(t, string(r.body), "1010")
	}
	assert.Equal(t, http.StatusOK, s.status(listPath))
	s.SetQuirks(makesim.Quirks{})
	r := s.send(listPath, func(r *http.Request) { r.Header.Set("User-Agent", "") })
	assert.Equal(t, http.StatusOK, r.status)
}

func TestEveryNthRequestFails(t *testing.T) {
	t.Parallel()
	for status, contentType := range map[int]string{0: "json", 500: "json", 502: "html", 503: "json", 504: "html"} {
		s := serveEntries(t, makesim.Quirks{FailEvery: 3, FailStatus: status})
		var statuses []int
		for range 6 {
			r := s.send(listPath)
			statuses = append(statuses, r.status)
			if r.status != http.StatusOK {
				assert.Contains(t, r.header.Get("Content-Type"), contentType)
			}
		}
		failed := status
		if status == 0 {
			failed = http.StatusServiceUnavailable
		}
		assert.Equal(t, []int{200, 200, failed, 200, 200, failed}, statuses)
	}
}

func TestEveryNthBodyIsCut(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{CutBodyEvery: 2}, hundred()...)
	whole, cut := s.send(listPath), s.send(listPath)
	require.NoError(t, whole.err)
	require.Error(t, cut.err)
	assert.Equal(t, http.StatusOK, cut.status)
	assert.Less(t, len(cut.body), len(whole.body))
}

func TestNotJSON(t *testing.T) {
	t.Parallel()
	r := serveEntries(t, makesim.Quirks{NotJSON: true}).send(listPath)
	assert.Equal(t, http.StatusOK, r.status)
	assert.Contains(t, r.header.Get("Content-Type"), "text/html")
	assert.False(t, json.Valid(r.body))
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	r := serveEntries(t, makesim.Quirks{Redirect: "https://elsewhere.example/"}).send(listPath)
	assert.Equal(t, http.StatusTemporaryRedirect, r.status)
	assert.Equal(t, "https://elsewhere.example/", r.header.Get("Location"))
}
