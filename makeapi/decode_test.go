package makeapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/makeapi"
)

// decodePage reads a body as a list's answer.
func decodePage(t testing.TB, body string) (*makeapi.AuditLogPage, error) {
	t.Helper()
	client := newClient(t, "https://make.test", withTransport(answering(http.StatusOK, []byte(body))))
	return listHome(t.Context(), client)
}

// decodeEntry reads a body as a list of one entry.
func decodeEntry(t testing.TB, record string) makeapi.AuditLog {
	t.Helper()
	page, err := decodePage(t, `{"auditLogs":[`+record+`]}`)
	require.NoError(t, err)
	require.Len(t, page.Entries, 1, record)
	return page.Entries[0]
}

// instant is the time that entries of these tests have.
func instant() time.Time { return time.Date(2024, 4, 19, 12, 5, 22, 0, time.UTC) }

func TestAuditLogsInEveryShape(t *testing.T) {
	t.Parallel()
	const one = `{"uuid":"a","triggeredAt":"2024-04-19T12:05:22Z"}`
	for body, want := range map[string]struct {
		entries, received int
		unreadable        []int
	}{
		`{"auditLogs":[` + one + `]}`: {1, 1, nil},
		`{"auditLogs":` + one + `}`:   {1, 1, nil},
		`{"auditLogs":null}`:          {},
		`{}`:                          {},
		`{"auditLogs":[]}`:            {},
		`{"auditLogs":{}}`:            {0, 1, []int{0}},
		`{"auditLogs":"none"}`:        {},
		`{"auditLogs":5}`:             {},
		`{"auditLogs":[null,` + one + `,"x",[1],5,true,{}]}`:        {1, 7, []int{0, 2, 3, 4, 5, 6}},
		`{"auditLogs":[` + one + `,{"uuid":"b","triggeredAt":""}]}`: {1, 2, []int{1}},
		` { "pg" : [] , "auditLogs" : [ ` + one + ` ] } `:           {1, 1, nil},
		`{"auditLogs":[` + one + `],"pg":null,"more":{"a":[1,2]}}`:  {1, 1, nil},
	} {
		page, err := decodePage(t, body)
		if !assert.NoError(t, err, body) {
			continue
		}
		assert.NotNil(t, page.Entries, body)
		assert.Len(t, page.Entries, want.entries, body)
		assert.Equal(t, want.received, page.Received, body)
		assert.Equal(t, want.unreadable, page.Unreadable, body)
	}
}

func TestTriggeredAtInEveryForm(t *testing.T) {
	t.Parallel()
	at := instant()
	milli := at.Add(879 * time.Millisecond)
	for value, want := range map[string]time.Time{
		`"2024-04-19T12:05:22Z"`:           at,
		`"2024-04-19T12:05:22.879Z"`:       milli,
		`"2024-04-19T14:05:22+02:00"`:      at,
		`"2024-04-19T14:05:22+0200"`:       at,
		`"2024-04-19T12:05:22"`:            at,
		`"2024-04-19 12:05:22"`:            at,
		`"2024-04-19 14:05:22.879+02:00"`:  milli,
		`"2024-04-19 12:05:22Z"`:           at,
		`" 2024-04-19T12:05:22Z "`:         at,
		`"2024-04-19"`:                     time.Date(2024, 4, 19, 0, 0, 0, 0, time.UTC),
		`"2024\u002d04-19T12:05:22Z"`:      at,
		strconv.FormatInt(at.Unix(), 10):   at,
		`1713528322.879`:                   milli,
		`1.713528322e9`:                    at,
		`1713528322879`:                    milli,
		`1713528322879.0`:                  milli,
		`"1713528322"`:                     at,
		`"1713528322879"`:                  milli,
		`1`:                                time.Unix(1, 0).UTC(),
		`99999999999`:                      time.Unix(99999999999, 0).UTC(),
		`100000000000`:                     time.UnixMilli(100000000000).UTC(),
		`"0001-01-01T00:00:01Z"`:           time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
		`"9999-12-31T23:59:59.999999999Z"`: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		entry := decodeEntry(t, `{"uuid":"a","triggeredAt":`+value+`}`)
		assert.Equal(t, want, entry.TriggeredAt, value)
		assert.Empty(t, entry.Extra, value)
	}
}

func TestRecordWithoutATimeIsUnreadable(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`null`, `""`, `" "`, `"yesterday"`, `"2024-13-01"`, `"2024-02-30T00:00:00Z"`, `true`, `{}`, `[]`, `[1713528322]`, `0`, `-1`,
		`-1713528322`, `1e14`, `1e300`, `1e999`, `-1e999`, `"NaN"`, `"Inf"`, `"1e999"`, `"0001-01-01T00:00:00Z"`,
		`"9999-12-31T23:59:59-23:59"`, `"0001-01-01T00:00:00+23:59"`, `"0000-05-05T00:00:00Z"`, `{"$date":1713528322}`,
	} {
		page, err := decodePage(t, `{"auditLogs":[{"uuid":"a","triggeredAt":`+value+`}]}`)
		require.NoError(t, err, value)
		assert.Empty(t, page.Entries, value)
		assert.Equal(t, []int{0}, page.Unreadable, value)
		assert.Equal(t, 1, page.Received, value)
	}
}

// A record of otherwise good fields with one more.
func with(field string) string {
	return `{"uuid":"a","triggeredAt":"2024-04-19T12:05:22Z"` + "," + field + `}`
}

func TestFieldsInEveryForm(t *testing.T) {
	t.Parallel()
	type log = makeapi.AuditLog
	type extra = map[string]json.RawMessage
	raw := func(name, value string) extra { return extra{name: json.RawMessage(value)} }
	for field, want := range map[string]log{
		// Identifiers.
		`"organizationId":77`:                               {Organization: &makeapi.Ref{ID: "77"}},
		`"organizationId":"77"`:                             {Organization: &makeapi.Ref{ID: "77"}},
		`"organizationId":" 77 "`:                           {Organization: &makeapi.Ref{ID: "77"}},
		`"organizationId":77.0`:                             {Organization: &makeapi.Ref{ID: "77"}},
		`"organizationId":7.7e1`:                            {Organization: &makeapi.Ref{ID: "77"}},
		`"organizationId":77.5`:                             {Organization: &makeapi.Ref{ID: "77.5"}},
		`"organizationId":90071992547409931`:                {Organization: &makeapi.Ref{ID: "90071992547409931"}},
		`"organizationId":null`:                             {},
		`"organizationId":""`:                               {},
		`"organizationId":true`:                             {Extra: raw("organizationId", `true`)},
		`"organizationId":[77]`:                             {Extra: raw("organizationId", `[77]`)},
		`"organization":{"id":77,"name":"Home"}`:            {Organization: &makeapi.Ref{ID: "77", Name: "Home"}},
		`"organization":{"name":"Home"},"organizationId":7`: {Organization: &makeapi.Ref{ID: "7", Name: "Home"}},
		`"organization":{"id":5},"organizationId":7`:        {Organization: &makeapi.Ref{ID: "5"}},
		`"organization":null,"organizationId":7`:            {Organization: &makeapi.Ref{ID: "7"}},
		`"organization":"Home","organizationId":7`:          {Organization: &makeapi.Ref{ID: "7"}, Extra: raw("organization", `"Home"`)},

		// Team.
		`"team":null`:                     {},
		`"team":{}`:                       {},
		`"team":{"id":null,"name":null}`:  {},
		`"team":{"id":701,"name":"Red"}`:  {Team: &makeapi.Ref{ID: red, Name: "Red"}},
		`"team":{"id":"701"}`:             {Team: &makeapi.Ref{ID: red}},
		`"team":{"name":"Red"}`:           {Team: &makeapi.Ref{Name: "Red"}},
		`"team":{"id":701,"name":["x"]}`:  {Team: &makeapi.Ref{ID: red}, Extra: raw("team", `{"id":701,"name":["x"]}`)},
		`"team":{"id":{},"name":"Red"}`:   {Team: &makeapi.Ref{Name: "Red"}, Extra: raw("team", `{"id":{},"name":"Red"}`)},
		`"team":701`:                      {Extra: raw("team", `701`)},
		`"team":[{"id":701}]`:             {Extra: raw("team", `[{"id":701}]`)},
		`"team":{"id":701,"type":"pers"}`: {Team: &makeapi.Ref{ID: red}, Extra: raw("team", `{"type":"pers"}`)},

		// Actor.
		`"actor":null`: {},
		`"actor":{}`:   {},
		`"actor":{"id":1,"name":"O","email":"o@example.com"}`: {Actor: &makeapi.User{ID: "1", Name: "O", Email: "o@example.com"}},
		`"actor":{"email":"o@example.com"}`:                   {Actor: &makeapi.User{Email: "o@example.com"}},
		`"actor":{"id":null,"name":"Gone"}`:                   {Actor: &makeapi.User{Name: "Gone"}},
		`"actor":{"id":1,"name":5,"email":null}`:              {Actor: &makeapi.User{ID: "1", Name: "5"}},
		`"actor":{"id":1,"email":["a"]}`: {Actor: &makeapi.User{ID: "1"},
			Extra: raw("actor", `{"id":1,"email":["a"]}`)},
		`"actor":{"id":1,"name":{"first":"O"}}`: {Actor: &makeapi.User{ID: "1"},
			Extra: raw("actor", `{"id":1,"name":{"first":"O"}}`)},
		`"actor":{"id":[],"email":"o@example.com"}`: {Actor: &makeapi.User{Email: "o@example.com"},
			Extra: raw("actor", `{"id":[],"email":"o@example.com"}`)},
		`"actor":"system"`: {Extra: raw("actor", `"system"`)},
		`"actor":false`:    {Extra: raw("actor", `false`)},
		`"actor":{"id":1,"tfa":{"on":true},"avatar":null}`: {Actor: &makeapi.User{ID: "1"}, Extra: raw("actor", `{"tfa":{"on":true}}`)},
		`"actor":{"kind":"service"}`:                       {Extra: raw("actor", `{"kind":"service"}`)},

		// Target.
		`"targetId":"3000"`:        {TargetID: "3000"},
		`"targetId":3000`:          {TargetID: "3000"},
		`"targetId":3000.0`:        {TargetID: "3000"},
		`"targetId":null`:          {},
		`"targetId":true`:          {TargetID: "true"},
		`"targetId":{"id":"3000"}`: {Extra: raw("targetId", `{"id":"3000"}`)},
		`"targetId":["3000"]`:      {Extra: raw("targetId", `["3000"]`)},

		// Version.
		`"version":{"from":"1.0.0","to":"1.0.1"}`: {Version: &makeapi.Version{From: "1.0.0", To: "1.0.1"}},
		`"version":{"to":"1.0.1"}`:                {Version: &makeapi.Version{To: "1.0.1"}},
		`"version":{"from":null,"to":"1.0.1"}`:    {Version: &makeapi.Version{To: "1.0.1"}},
		`"version":{"from":1,"to":2.50}`:          {Version: &makeapi.Version{From: "1", To: "2.50"}},
		`"version":{"from":null,"to":null}`:       {},
		`"version":{}`:                            {},
		`"version":null`:                          {},
		`"version":"1.0.1"`:                       {Extra: raw("version", `"1.0.1"`)},
		`"version":{"from":{},"to":"2"}`:          {Extra: raw("version", `{"from":{},"to":"2"}`)},
		`"version":{"to":"2","by":"x"}`:           {Version: &makeapi.Version{To: "2"}, Extra: raw("version", `{"by":"x"}`)},

		// The rest.
		`"eventName":"key_created"`:          {EventName: "key_created"},
		`"eventName":null`:                   {},
		`"eventName":["x"]`:                  {Extra: raw("eventName", `["x"]`)},
		`"createdAt":"2024-04-19T12:05:22Z"`: {CreatedAt: instant()},
		`"createdAt":1713528322879`:          {CreatedAt: instant().Add(879 * time.Millisecond)},
		`"createdAt":null`:                   {},
		`"createdAt":"soon"`:                 {Extra: raw("createdAt", `"soon"`)},
		`"details":{"a":[1, 2]}`:             {Details: json.RawMessage(`{"a":[1, 2]}`)},
		`"detail":{"a":1}`:                   {Details: json.RawMessage(`{"a":1}`)},
		`"details":null`:                     {},
		`"details":"text"`:                   {Details: json.RawMessage(`"text"`)},
		`"ipAddress":"192.0.2.7"`:            {Extra: raw("ipAddress", `"192.0.2.7"`)},
		`"a":{"b":[{"c":1.0}]},"d":null`:     {Extra: raw("a", `{"b":[{"c":1.0}]}`)},
		`"i\u0070":1,"":2`:                   {Extra: extra{"ip": json.RawMessage(`1`), "": json.RawMessage(`2`)}},
		`"eventName":"\ud83d\ude00\u0000<"`:  {EventName: "😀\x00<"},
		`"UUID":"b"`:                         {Extra: raw("UUID", `"b"`)},
	} {
		want.UUID, want.TriggeredAt = "a", instant()
		assert.Equal(t, want, decodeEntry(t, with(field)), field)
	}
}

func TestTotalsAndPagingInEveryForm(t *testing.T) {
	t.Parallel()
	for pg, want := range map[string]makeapi.Pagination{
		`null`:                 {},
		`[]`:                   {},
		`"x"`:                  {},
		`{}`:                   {},
		`{"totalCount":60}`:    {TotalCount: new(60)},
		`{"totalCount":"60"}`:  {TotalCount: new(60)},
		`{"totalCount":60.0}`:  {TotalCount: new(60)},
		`{"totalCount":0}`:     {TotalCount: new(0)},
		`{"totalCount":null}`:  {},
		`{"totalCount":""}`:    {},
		`{"totalCount":"x"}`:   {},
		`{"totalCount":-1}`:    {},
		`{"totalCount":[60]}`:  {},
		`{"totalCount":true}`:  {},
		`{"totalCount":1e300}`: {},
		`{"sortBy":"actor","sortDir":"asc","limit":"50","offset":100,"last":"k1","showLast":true,"returnTotalCount":false}`: {SortBy: "actor", SortDir: "asc", Limit: 50, Offset: 100, Last: "k1"},
		`{"last":10,"limit":null}`: {Last: "10"},
	} {
		page, err := decodePage(t, `{"auditLogs":[],"pg":`+pg+`}`)
		require.NoError(t, err)
		assert.Equal(t, want, page.Pagination, pg)
	}
}

func TestFiltersInEveryForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*makeapi.Filters{
		`{}`: {},
		`{"users":null,"teams":null,"events":null}`: {},
		`{"users":"x","teams":5,"events":true}`:     {},
		`{"users":{"id":1,"name":"O","email":"o@example.com"},"teams":{"id":"701","name":"Red"},"events":{"header":"Keys","items":{"label":"Key created","value":"key_created"}}}`: {
			Users:  []makeapi.User{{ID: "1", Name: "O", Email: "o@example.com"}},
			Teams:  []makeapi.Ref{{ID: red, Name: "Red"}},
			Events: []makeapi.EventCategory{{Header: "Keys", Items: []makeapi.EventItem{{Label: "Key created", Value: "key_created"}}}},
		},
		`{"users":[null,{"id":2,"name":["odd"]},{"email":"x@example.com"}],"teams":[[],{"id":5,"type":"personal"}],"events":[{"items":[{"value":"a"},{"label":"no value"},null]},{"header":"Empty"}]}`: {
			Users:  []makeapi.User{{ID: "2"}, {Email: "x@example.com"}},
			Teams:  []makeapi.Ref{{ID: "5"}},
			Events: []makeapi.EventCategory{{Items: []makeapi.EventItem{{Value: "a"}}}, {Header: "Empty"}},
		},
	} {
		client := newClient(t, "https://make.test", withTransport(answering(http.StatusOK, []byte(body))))
		filters, err := client.AuditLogs.OrganizationFilters(t.Context(), home)
		require.NoError(t, err, body)
		assert.Equal(t, want, filters, body)
	}
}

func TestBodiesThatAreNotAnObjectAreErrors(t *testing.T) {
	t.Parallel()
	const megabyte = 1 << 20
	for name, body := range map[string]string{
		"nothing":            "",
		"null":               "null",
		"an array":           "[]",
		"text":               `"auditLogs"`,
		"HTML":               "<html>hello</html>",
		"cut JSON":           `{"auditLogs":[{"uuid":"a"`,
		"two objects":        `{}{}`,
		"a trailing comma":   `{"auditLogs":[],}`,
		"brackets":           strings.Repeat("[", megabyte),
		"braces":             strings.Repeat(`{"a":`, megabyte/5),
		"deep array":         strings.Repeat("[", megabyte/2) + strings.Repeat("]", megabyte/2),
		"deep below entries": `{"auditLogs":` + strings.Repeat("[", megabyte/2) + strings.Repeat("]", megabyte/2) + `}`,
	} {
		_, err := decodePage(t, body)
		answer := answerError(t, err)
		assert.Equal(t, makeapi.KindNotJSON, answer.Kind, name)
		assert.NotEmpty(t, answer.NextStep())
		assert.Less(t, len(answer.Error()), 1000)
	}
}

func TestNestingThatJSONAllowsIsRead(t *testing.T) {
	t.Parallel()
	const depth = 9_000
	nested := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	page, err := decodePage(t, `{"auditLogs":`+nested+`}`)
	require.NoError(t, err)
	assert.Equal(t, []int{0}, page.Unreadable)
	objects := strings.Repeat(`{"actor":`, depth) + "1" + strings.Repeat("}", depth)
	entry := decodeEntry(t, with(`"details":`+nested+`,"actor":`+objects+`,"team":`+nested+`,"odd":`+objects))
	assert.JSONEq(t, nested, string(entry.Details))
	assert.Len(t, entry.Extra, 3)
}

func FuzzDecodePage(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `{"auditLogs":null}`, `{"auditLogs":{}}`, emptyPage, `[[[[`, `{"auditLogs":[[],5,"x",{}]}`,
		`{"auditLogs":[` + with(`"actor":{"id":1,"x":{}},"team":5,"version":{"from":{}},"details":{"a":1},"n":[1e999]`) +
			`],"pg":{"totalCount":"7"}}`,
		`{"auditLogs":[{"triggeredAt":1e11},{"triggeredAt":"9999-12-31T23:59:59-01:00"}],"pg":{"limit":-1e99}}`,
		`{"uuid":"a","triggeredAt":1,"organizationId":77,"details":{}}`, "{\"auditLogs\":[{\"triggeredAt\":1,\"\xff\":\"\xfe\"}]}",
		`{"users":[{"id":1}],"teams":[{"id":2}],"events":[{"items":[{"value":"v"}]}],"authUser":{"id":1,"userTeamRoles":[{}]},"organization":{"id":1,"license":{}},"team":{"id":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client := newClient(t, "https://make.test", withTransport(answering(http.StatusOK, body)))
		ctx := t.Context()
		page, err := listHome(ctx, client)
		if !json.Valid(body) || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
			require.Equal(t, makeapi.KindNotJSON, answerError(t, err).Kind)
			return
		}
		require.NoError(t, err, "a JSON object is a page")
		require.Equal(t, page.Received, len(page.Entries)+len(page.Unreadable))
		for i, place := range page.Unreadable {
			require.Less(t, place, page.Received)
			require.True(t, i == 0 || page.Unreadable[i-1] < place)
		}
		require.True(t, page.Pagination.TotalCount == nil || *page.Pagination.TotalCount >= 0)
		for _, entry := range page.Entries {
			checkEntry(t, entry)
		}
		if entry, err := client.AuditLogs.Get(ctx, home, firstUUID); err == nil {
			checkEntry(t, *entry)
		} else {
			require.Equal(t, makeapi.KindNotJSON, answerError(t, err).Kind)
		}
		_, err = client.AuditLogs.OrganizationFilters(ctx, home)
		require.NoError(t, err)
		// Whether these find what they look for depends on the body.
		_, _ = client.Users.Me(ctx)
		_, _ = client.Organizations.Get(ctx, home)
		_, _ = client.Teams.Get(ctx, red)
	})
}

// checkEntry checks what holds of every entry that was read.
func checkEntry(t *testing.T, entry makeapi.AuditLog) {
	t.Helper()
	require.False(t, entry.TriggeredAt.IsZero())
	require.Equal(t, time.UTC, entry.TriggeredAt.Location())
	for _, at := range []time.Time{entry.TriggeredAt, entry.CreatedAt} {
		_, err := at.MarshalJSON()
		require.NoError(t, err)
	}
	require.True(t, entry.Details == nil || json.Valid(entry.Details))
	for name, raw := range entry.Extra {
		require.True(t, json.Valid(raw), "%q", name)
	}
	_, err := json.Marshal(entry)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(entry.Version), "%!")
}
