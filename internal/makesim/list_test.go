package makesim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

const day = 24 * time.Hour

func TestListShowsAnEntryAsDocumented(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("one", time.Hour, written(clock().Add(-30*time.Minute+879*time.Millisecond))))
	assert.JSONEq(t, `{
		"auditLogs": [{
			"uuid": "one", "createdAt": "2026-05-20T11:30:00.879Z", "triggeredAt": "2026-05-20T11:00:00Z",
			"organizationId": 77, "organization": {"id": 77, "name": "Home"}, "eventName": "webhook_created",
			"team": {"id": 701, "name": "Red"}, "actor": {"id": 3, "name": "Mia Member", "email": "mia@example.com"},
			"targetId": "3000", "version": {"from": "1.0.0", "to": "1.0.1"}
		}],
		"pg": {"sortBy": "triggeredAt", "sortDir": "desc", "limit": 100, "offset": 0, "returnTotalCount": false}
	}`, string(s.send(listPath).body))
}

func TestDetailIsTheEntryWithDetails(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("one", time.Hour))
	for _, path := range []string{"/audit-logs/77/one", "/audit-logs/one"} {
		var got item
		s.get(path, &got)
		details := got.Details
		got.Details = nil
		assert.Equal(t, s.list("").AuditLogs[0], got)
		assert.Equal(t, map[string]any{"webhookName": "Hook", "webhookType": "http"}, details)
	}
}

func TestAbsentFieldsAreLeftOut(t *testing.T) {
	t.Parallel()
	bare := makesim.Entry{UUID: "bare", OrganizationID: organization, TriggeredAt: clock().Add(-time.Hour), Event: "organization_created"}
	s := serveEntries(t, makesim.Quirks{}, bare)
	body := string(s.send(listPath).body)
	for _, field := range []string{"team", "actor", "targetId", "version", "details"} {
		assert.NotContains(t, body, `"`+field+`":`)
	}
	var detail item
	s.get("/audit-logs/77/bare", &detail)
	assert.Equal(t, map[string]any{}, detail.Details)
}

func TestTextThatIsNotPlainSurvives(t *testing.T) {
	t.Parallel()
	name := "Jiří \"<b>\" \\ \u202e\u2028\x1b[31m\U000e0041"
	s := serveEntries(t, makesim.Quirks{}, entry("one", time.Hour, by(&makesim.Actor{ID: 9, Name: name})))
	assert.Equal(t, name, s.list("").AuditLogs[0].Actor.Name)
}

func TestPagesCutTheListAndEchoTheRequest(t *testing.T) {
	t.Parallel()
	var entries []makesim.Entry
	for i := range 250 {
		entries = append(entries, entry(fmt.Sprintf("e%03d", i), time.Duration(i)*time.Minute))
	}
	s := serveEntries(t, makesim.Quirks{}, entries...)
	assert.Len(t, s.list("").AuditLogs, 100, "the default")
	assert.Equal(t, []string{"e007", "e008", "e009"}, s.uuids("pg[offset]=7&pg[limit]=3"), "raw brackets")
	assert.Equal(t, []string{"e007", "e008", "e009"}, s.uuids("pg%5Boffset%5D=7&pg%5Blimit%5D=3"), "encoded brackets")
	assert.Len(t, s.list("pg[offset]=200&pg[limit]=100").AuditLogs, 50)
	assert.Len(t, s.list("pg[limit]=100000").AuditLogs, 250)
	assert.Equal(t, map[string]any{"sortBy": "actor", "sortDir": "asc", "limit": 3.0, "offset": 7.0, "returnTotalCount": false},
		s.list("pg[offset]=7&pg[limit]=3&pg[sortBy]=actor&pg[sortDir]=asc").PG)
	beyond := s.list("pg[offset]=250")
	assert.Empty(t, beyond.AuditLogs)
	assert.NotNil(t, beyond.AuditLogs, "an empty list is []")
}

func TestTotalIsCountedOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", time.Hour), entry("b", 2*time.Hour), entry("c", 3*time.Hour, event("key_created")))
	assert.NotContains(t, s.list("pg[returnTotalCount]=false").PG, "totalCount")
	pg := s.list("pg[returnTotalCount]=true&event=webhook_created&pg[limit]=1").PG
	assert.InDelta(t, 2, pg["totalCount"], 0)
	assert.Equal(t, true, pg["returnTotalCount"])
}

func TestLastKeyContinuesAList(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", 1*time.Hour), entry("b", 2*time.Hour), entry("c", 3*time.Hour))
	first := s.list("pg[last]=0&pg[limit]=2")
	assert.Equal(t, []string{"a", "b"}, first.uuids())
	assert.Equal(t, true, first.PG["showLast"])
	assert.NotContains(t, first.PG, "offset")
	assert.Equal(t, []string{"c"}, s.uuids(fmt.Sprintf("pg[last]=%v", first.PG["last"])))
	s.refuses(http.StatusBadRequest, listPath+"?pg[last]=12345")
	s.refuses(http.StatusBadRequest, listPath+"?pg[last]=abc")
	s.refuses(http.StatusBadRequest, listPath+"?pg[last]=1&pg[offset]=1")
}

func TestMalformedParametersAreRefused(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	for _, query := range []string{
		"pg[limit]=ten", "pg[limit]=1.5", "pg[limit]=-1", "pg[limit]=0", "pg[limit]=", "pg[limit]=1&pg[limit]=2",
		"pg[offset]=ten", "pg[offset]=-1", "pg[sortBy]=uuid", "pg[sortBy]=TriggeredAt", "pg[sortDir]=up", "pg[sortDir]=DESC",
		"pg[returnTotalCount]=1", "dateFrom=yesterday", "dateFrom=2026-13-01", "dateTo=2026-02-30", "dateFrom=2026-5-1", "dateFrom=",
		"dateTo=20260501", "dateFrom=2026-05-01T00:00:00", "dateFrom=1747699200", "dateFrom=2026-05-01&dateFrom=2026-05-02",
		"event=", "event[0]=a&event[1]=", "event[21]=a", "event[name]=a", "event[-1]=a", "author[21]=1", "team[x]=1",
		"event=%zz", "event=a;author=b",
	} {
		s.refuses(http.StatusBadRequest, listPath+"?"+query)
	}
}

func TestFiltersTakeEveryFormOfArray(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{},
		entry("a", 1*time.Hour, event("key_created")),
		entry("b", 2*time.Hour, event("webhook_deleted")),
		entry("c", 3*time.Hour))
	for _, query := range []string{
		"event[0]=key_created&event[1]=webhook_deleted", "event%5B0%5D=key_created&event%5B20%5D=webhook_deleted",
		"event[]=key_created&event[]=webhook_deleted", "event=key_created&event=webhook_deleted",
		"event=key_created&event[0]=webhook_deleted", "event[]=key_created&event[7]=webhook_deleted",
	} {
		assert.Equal(t, []string{"a", "b"}, s.uuids(query), query)
	}
	assert.Equal(t, []string{"a"}, s.uuids("event=key_created"))
	assert.Empty(t, s.uuids("event=no_such_event"))
}

func TestTeamsAndAuthorsAreTakenByIDOrName(t *testing.T) {
	t.Parallel()
	gone := &makesim.Actor{ID: 6, Name: "Gone Girl"}
	s := serveEntries(t, makesim.Quirks{},
		entry("a", 1*time.Hour), entry("b", 2*time.Hour, team(teamBlue), by(gone)), entry("c", 3*time.Hour, team(0), by(nil)))
	for query, want := range map[string][]string{
		encoded("team", "701"):                         {"a"},
		encoded("team", "Blue"):                        {"b"},
		encoded("team[0]", "Red", "team[1]", "702"):    {"a", "b"},
		encoded("team", "blue"):                        {},
		encoded("author", "3"):                         {"a"},
		encoded("author", "Gone Girl"):                 {"b"},
		encoded("author[]", "6", "author[]", "Nobody"): {"b"},
		encoded("author", "6", "team", "Red"):          {},
	} {
		assert.Equal(t, want, s.uuids(query), query)
	}
}

func TestTeamListHoldsThatTeamOnly(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", 1*time.Hour), entry("b", 2*time.Hour, team(teamBlue)),
		entry("c", 3*time.Hour, team(0)))
	var l listing
	s.get("/audit-logs/team/702?pg[returnTotalCount]=true", &l)
	assert.Equal(t, []string{"b"}, l.uuids())
	assert.InDelta(t, 1, l.PG["totalCount"], 0)
}

func TestDatesIncludeTheirDays(t *testing.T) {
	t.Parallel()
	at := func(text string) func(*makesim.Entry) {
		instant, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
		return happened(instant)
	}
	s := serveEntries(t, makesim.Quirks{},
		entry("before", 0, at("2026-05-09T23:59:59.999Z")),
		entry("first", 0, at("2026-05-10T00:00:00Z")),
		entry("midday", 0, at("2026-05-10T12:00:00Z")),
		entry("last", 0, at("2026-05-10T23:59:59.999Z")),
		entry("after", 0, at("2026-05-11T00:00:00Z")))
	for query, want := range map[string][]string{
		"dateFrom=2026-05-10&dateTo=2026-05-10":                          {"last", "midday", "first"},
		"dateFrom=2026-05-11":                                            {"after"},
		"dateTo=2026-05-09":                                              {"before"},
		"dateFrom=2026-05-10T12:00:00.000Z":                              {"after", "last", "midday"},
		"dateTo=2026-05-10T12:00:00Z":                                    {"midday", "first", "before"},
		"dateTo=2026-05-10T14:00:00%2B02:00":                             {"midday", "first", "before"},
		"dateFrom=2026-05-12":                                            {},
		"dateFrom=2026-05-11&dateTo=2026-05-09":                          {},
		"dateFrom=2026-05-10&dateTo=2026-05-10&event=webhook_created":    {"last", "midday", "first"},
		"dateFrom=2026-05-10&dateTo=2026-05-10&pg[sortDir]=asc&team=701": {"first", "midday", "last"},
	} {
		assert.Equal(t, want, s.uuids(query), query)
	}
}

func TestEverySortOrderWorksBothWays(t *testing.T) {
	t.Parallel()
	mia, leo := &makesim.Actor{ID: 3, Name: "Mia"}, &makesim.Actor{ID: 2, Name: "Leo"}
	s := serveEntries(t, makesim.Quirks{},
		entry("a", 3*time.Hour, event("b_created"), team(teamRed), by(mia), target("2"), written(clock().Add(-1*time.Minute))),
		entry("b", 2*time.Hour, event("c_created"), team(teamBlue), by(leo), target("10"), written(clock().Add(-3*time.Minute))),
		entry("c", 1*time.Hour, event("a_created"), team(0), by(nil), target("3"), written(clock().Add(-2*time.Minute))))
	for sortBy, ascending := range map[string]string{
		"triggeredAt": "abc", "createdAt": "bca", "eventName": "cab", "team": "cba", "actor": "cba", "targetId": "bac",
	} {
		up := s.uuids("pg[sortDir]=asc&pg[sortBy]=" + sortBy)
		assert.Equal(t, ascending, strings.Join(up, ""), sortBy)
		down := s.uuids("pg[sortBy]=" + sortBy)
		slices.Reverse(up)
		assert.Equal(t, up, down, sortBy)
	}
	assert.Equal(t, []string{"a", "b", "c"}, s.uuids("pg[sortBy]=organization"), "all equal: as they were added")
}

func TestTiesAreNotOrderedByUUID(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("m", time.Hour), entry("z", time.Hour), entry("a", time.Hour))
	assert.Equal(t, []string{"m", "z", "a"}, s.uuids(""))
	s.AddEntries(entry("k", time.Hour))
	assert.Equal(t, []string{"m", "z", "a", "k"}, s.uuids("pg[sortDir]=asc"))
}

func TestFutureLateAndExpiredEntriesCannotBeSeen(t *testing.T) {
	t.Parallel()
	now := clock()
	w := smallWorld()
	w.Entries = []makesim.Entry{
		entry("future", -time.Minute),
		entry("late", time.Hour, written(clock().Add(2*time.Minute))),
		entry("now", 0),
		entry("oldest", 30*day-time.Second),
		entry("expired", 30*day),
	}
	s := serve(t, w, makesim.Options{Now: func() time.Time { return now }})
	assert.Equal(t, []string{"now", "oldest"}, s.uuids(""))
	assert.Equal(t, []string{"now", "oldest"}, s.uuids("author=3"))
	for _, uuid := range []string{"future", "late", "expired"} {
		s.refuses(http.StatusNotFound, "/audit-logs/77/"+uuid)
	}
	now = clock().Add(2 * time.Minute)
	assert.Equal(t, []string{"future", "now", "late"}, s.uuids(""))
	assert.Equal(t, []string{"future", "now", "late"}, s.uuids("author=3"))
	now = clock().Add(-time.Minute)
	assert.Equal(t, []string{"oldest", "expired"}, s.uuids(""), "a clock may go back")
}

func TestFiltersHoldThoseWhoAreThereNow(t *testing.T) {
	t.Parallel()
	gone := &makesim.Actor{ID: 6, Name: "Gone Girl", Email: "gone@example.com"}
	s := serveEntries(t, makesim.Quirks{}, entry("a", time.Hour, by(gone)))
	type filters struct {
		Users  []named                 `json:"users"`
		Teams  []named                 `json:"teams"`
		Events []makesim.EventCategory `json:"events"`
	}
	var all, red filters
	s.get(listPath+"/filters", &all)
	assert.Equal(t, []named{{4.0, "Cem Custom", "cem@example.com"}, {2.0, "Leo Lead", "leo@example.com"},
		{3.0, "Mia Member", "mia@example.com"}, {1.0, "Olga Owner", "olga@example.com"}}, all.Users)
	assert.Equal(t, []named{{ID: 701.0, Name: "Red"}, {ID: 702.0, Name: "Blue"}}, all.Teams)
	assert.Equal(t, makesim.DocumentedEvents(), all.Events)

	s.get("/audit-logs/team/701/filters", &red)
	assert.Equal(t, []named{{2.0, "Leo Lead", "leo@example.com"}, {3.0, "Mia Member", "mia@example.com"}}, red.Users)
	assert.Equal(t, all.Events, red.Events)
	assert.NotContains(t, string(s.send("/audit-logs/team/701/filters").body), `"teams"`)
}
