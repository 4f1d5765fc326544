package makeapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

func numbered(prefix string, count int) []string {
	values := make([]string, count)
	for i := range values {
		values[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return values
}

func TestListOptionsOnTheWire(t *testing.T) {
	t.Parallel()
	twenty := url.Values{}
	for i, value := range numbered("e", 20) {
		twenty.Set(fmt.Sprintf("event[%d]", i), value)
	}
	for name, test := range map[string]struct {
		options makeapi.ListOptions
		want    url.Values
	}{
		"nothing":       {makeapi.ListOptions{}, url.Values{}},
		"empty lists":   {makeapi.ListOptions{Teams: []string{}, Events: []string{}, Authors: []string{}}, url.Values{}},
		"one team":      {makeapi.ListOptions{Teams: []string{"701"}}, url.Values{"team": {"701"}}},
		"two teams":     {makeapi.ListOptions{Teams: []string{"701", "Blue"}}, url.Values{"team[0]": {"701"}, "team[1]": {"Blue"}}},
		"one author":    {makeapi.ListOptions{Authors: []string{"Olga & Co. = 100%"}}, url.Values{"author": {"Olga & Co. = 100%"}}},
		"two authors":   {makeapi.ListOptions{Authors: []string{"1", "2"}}, url.Values{"author[0]": {"1"}, "author[1]": {"2"}}},
		"one event":     {makeapi.ListOptions{Events: []string{"key_created"}}, url.Values{"event": {"key_created"}}},
		"two events":    {makeapi.ListOptions{Events: []string{"a", "b"}}, url.Values{"event[0]": {"a"}, "event[1]": {"b"}}},
		"twenty events": {makeapi.ListOptions{Events: numbered("e", 20)}, twenty},
		"dates": {makeapi.ListOptions{DateFrom: "2026-05-01", DateTo: "2026-05-31"},
			url.Values{"dateFrom": {"2026-05-01"}, "dateTo": {"2026-05-31"}}},
		"offset": {makeapi.ListOptions{Offset: 300}, url.Values{"pg[offset]": {"300"}}},
		"limit":  {makeapi.ListOptions{Limit: 1000}, url.Values{"pg[limit]": {"1000"}}},
		"last":   {makeapi.ListOptions{Last: "1632371803593_x.y"}, url.Values{"pg[last]": {"1632371803593_x.y"}}},
		"total":  {makeapi.ListOptions{ReturnTotalCount: true}, url.Values{"pg[returnTotalCount]": {"true"}}},
		"newest first": {makeapi.ListOptions{SortBy: makeapi.SortByTriggeredAt, SortDir: makeapi.Descending},
			url.Values{"pg[sortBy]": {"triggeredAt"}, "pg[sortDir]": {"desc"}}},
		"written first": {makeapi.ListOptions{SortBy: makeapi.SortByCreatedAt, SortDir: makeapi.Ascending},
			url.Values{"pg[sortBy]": {"createdAt"}, "pg[sortDir]": {"asc"}}},
		"negative is not sent":  {makeapi.ListOptions{Offset: -1, Limit: -1}, url.Values{}},
		"a value cannot escape": {makeapi.ListOptions{Teams: []string{"x&pg[limit]=1#?/.."}}, url.Values{"team": {"x&pg[limit]=1#?/.."}}},
		"all at once": {
			makeapi.ListOptions{
				Teams: []string{"701"}, Authors: []string{"1"}, Events: []string{"a"}, DateFrom: "2026-05-01", DateTo: "2026-05-02",
				Offset: 10, Limit: 20, Last: "7", SortBy: "actor", SortDir: makeapi.Ascending, ReturnTotalCount: true,
			},
			url.Values{
				"team": {"701"}, "author": {"1"}, "event": {"a"}, "dateFrom": {"2026-05-01"}, "dateTo": {"2026-05-02"},
				"pg[offset]": {"10"}, "pg[limit]": {"20"}, "pg[last]": {"7"}, "pg[sortBy]": {"actor"}, "pg[sortDir]": {"asc"},
				"pg[returnTotalCount]": {"true"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, says(http.StatusOK, emptyPage))
			client := newClient(t, api.url)
			_, err := client.AuditLogs.ListOrganization(t.Context(), home, test.options)
			require.NoError(t, err)
			_, err = client.AuditLogs.ListTeam(t.Context(), home, red, test.options)
			require.NoError(t, err)
			received := api.received()
			require.Len(t, received, 2)
			for i, wantPath := range []string{"/api/v2/audit-logs/organization/77", "/api/v2/audit-logs/team/701"} {
				path, raw, _ := strings.Cut(received[i].path, "?")
				assert.Equal(t, wantPath, path)
				assert.NotContains(t, raw, "[", "brackets are percent-encoded")
				assert.NotContains(t, raw, "]")
				values, err := url.ParseQuery(raw)
				require.NoError(t, err)
				assert.Equal(t, test.want, values)
			}
		})
	}
}

func TestMoreValuesThanFitAreRefusedUnsent(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	client := newClient(t, api.url)
	many := numbered("v", makeapi.MaxListValues+1)
	for name, options := range map[string]makeapi.ListOptions{
		"team": {Teams: many}, "author": {Authors: many}, "event": {Events: many},
	} {
		_, err := client.AuditLogs.ListOrganization(t.Context(), home, options)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "21")
		require.ErrorContains(t, err, "20")
	}
	assert.Zero(t, api.count())
}

func TestOrganizationListIsDecoded(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	page, err := newClient(t, base).AuditLogs.ListOrganization(t.Context(), home, makeapi.ListOptions{Limit: 3, ReturnTotalCount: true})
	require.NoError(t, err)
	require.Len(t, page.Entries, 3)
	assert.Equal(t, 3, page.Received)
	assert.Empty(t, page.Unreadable)
	assert.Equal(t, makeapi.AuditLog{
		UUID: firstUUID, CreatedAt: now().Add(-time.Hour + 1500*time.Millisecond), TriggeredAt: now().Add(-time.Hour),
		Organization: &makeapi.Ref{ID: home, Name: "Home"}, EventName: "key_created",
		Team: &makeapi.Ref{ID: red, Name: "Red"}, Actor: &makeapi.User{ID: "1", Name: "Olga Owner", Email: "olga@example.com"},
		TargetID: "3000", Version: &makeapi.Version{From: "1.0.0", To: "1.0.1"},
	}, page.Entries[0])
	assert.Nil(t, page.Entries[2].Team, "an entry of the whole organization")
	assert.Nil(t, page.Entries[2].Actor, "what the system did")
	total := 4
	assert.Equal(t, makeapi.Pagination{SortBy: "triggeredAt", SortDir: "desc", Limit: 3, TotalCount: &total}, page.Pagination)
}

func TestTeamListHoldsTheTeamOnly(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	client := newClient(t, base, withKey(leadKey))
	page, err := client.AuditLogs.ListTeam(t.Context(), home, red, makeapi.ListOptions{})
	require.NoError(t, err)
	require.Len(t, page.Entries, 2)
	for _, entry := range page.Entries {
		assert.Equal(t, red, entry.Team.ID)
	}
	_, err = client.AuditLogs.ListOrganization(t.Context(), home, makeapi.ListOptions{})
	assert.Equal(t, makeapi.KindForbidden, answerError(t, err).Kind)
	_, err = client.AuditLogs.ListTeam(t.Context(), home, blue, makeapi.ListOptions{})
	assert.Equal(t, makeapi.KindForbidden, answerError(t, err).Kind)
	_, err = client.AuditLogs.ListTeam(t.Context(), home, red, makeapi.ListOptions{Teams: []string{"701"}})
	assert.Equal(t, makeapi.KindBadRequest, answerError(t, err).Kind, "Make's team list takes no team, and says so")
}

func TestLastIsGivenBackAsAKey(t *testing.T) {
	t.Parallel()
	sim, base := simulate(t, makesim.Quirks{})
	client := newClient(t, base)
	page, err := client.AuditLogs.ListOrganization(t.Context(), home, makeapi.ListOptions{Last: "0", Limit: 1})
	require.NoError(t, err)
	var walked []string
	for len(page.Entries) > 0 {
		walked = append(walked, page.Entries[0].UUID)
		require.NotEmpty(t, page.Pagination.Last)
		page, err = client.AuditLogs.ListOrganization(t.Context(), home, makeapi.ListOptions{Last: page.Pagination.Last, Limit: 1})
		require.NoError(t, err)
	}
	assert.Len(t, slices.Compact(walked), 4)
	assert.Len(t, sim.Requests(), 5)
}

func TestFiltersOfAnOrganizationAndATeam(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]makesim.Quirks{"ids as numbers": {}, "ids as text": {IDsAsText: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, base := simulate(t, quirks)
			client := newClient(t, base)
			filters, err := client.AuditLogs.OrganizationFilters(t.Context(), home)
			require.NoError(t, err)
			assert.ElementsMatch(t, []makeapi.User{
				{ID: "1", Name: "Olga Owner", Email: "olga@example.com"}, {ID: "2", Name: "Leo Lead", Email: "leo@example.com"},
			}, filters.Users)
			assert.ElementsMatch(t, []makeapi.Ref{{ID: red, Name: "Red"}, {ID: blue, Name: "Blue"}}, filters.Teams)
			require.NotEmpty(t, filters.Events)
			for _, category := range filters.Events {
				assert.NotEmpty(t, category.Header)
				assert.NotEmpty(t, category.Items)
			}
			webhooks := slices.IndexFunc(filters.Events, func(c makeapi.EventCategory) bool {
				return slices.ContainsFunc(c.Items, func(i makeapi.EventItem) bool { return i.Value == "webhook_created" && i.Label != "" })
			})
			assert.NotEqual(t, -1, webhooks)

			team, err := client.AuditLogs.TeamFilters(t.Context(), home, red)
			require.NoError(t, err)
			assert.Equal(t, []makeapi.User{{ID: "2", Name: "Leo Lead", Email: "leo@example.com"}}, team.Users)
			assert.Empty(t, team.Teams)
			assert.Equal(t, filters.Events, team.Events)
			assert.Equal(t, []string{"/audit-logs/organization/77/filters", "/audit-logs/team/701/filters"}, paths(sim))
		})
	}
}

func TestDetailFindsAndRemembersTheForm(t *testing.T) {
	t.Parallel()
	const (
		withOrganization = "/audit-logs/77/"
		bare             = "/audit-logs/"
		unknown          = "bbbbbbbb-0000-4000-8000-000000000001"
	)
	for form, test := range map[string]struct{ first, again, notFound []string }{
		makesim.DetailPathBoth: {[]string{withOrganization}, []string{withOrganization}, []string{withOrganization}},
		makesim.DetailPathTwo:  {[]string{withOrganization}, []string{withOrganization}, []string{withOrganization}},
		makesim.DetailPathOne:  {[]string{withOrganization, bare}, []string{bare}, []string{bare}},
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			sim, base := simulate(t, makesim.Quirks{DetailPath: form})
			client := newClient(t, base)
			get := func(uuid string, want []string) (*makeapi.AuditLog, error) {
				sim.ResetRequests()
				entry, err := client.AuditLogs.Get(t.Context(), home, uuid)
				var expected []string
				for _, prefix := range want {
					expected = append(expected, prefix+uuid)
				}
				assert.Equal(t, expected, paths(sim))
				return entry, err
			}
			// Nothing is learned from two refusals.
			_, err := get(unknown, []string{withOrganization, bare})
			assert.Equal(t, makeapi.KindNotFound, answerError(t, err).Kind)

			entry, err := get(firstUUID, test.first)
			require.NoError(t, err)
			assert.Equal(t, firstUUID, entry.UUID)
			assert.Equal(t, &makeapi.Ref{ID: home, Name: "Home"}, entry.Organization)
			assert.JSONEq(t, `{"webhookName":"Hook","webhookType":"http"}`, string(entry.Details))

			_, err = get(firstUUID, test.again)
			require.NoError(t, err)

			_, err = get(unknown, test.notFound)
			assert.Equal(t, makeapi.KindNotFound, answerError(t, err).Kind)
		})
	}
}

func TestDetailTakesABadRequestAsARefusalOfTheForm(t *testing.T) {
	t.Parallel()
	const uuid = "aaaaaaaa-0000-4000-8000-000000000009"
	api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/audit-logs/"+uuid {
			write(w, http.StatusOK, `{"uuid":"`+uuid+`","triggeredAt":1716560536}`)
			return
		}
		write(w, http.StatusBadRequest, `{"message":"Validation failed","code":"SC400"}`)
	})
	client := newClient(t, api.url)
	for range 2 {
		entry, err := client.AuditLogs.Get(t.Context(), home, uuid)
		require.NoError(t, err)
		assert.Equal(t, uuid, entry.UUID)
	}
	assert.Equal(t, 3, api.count(), "two to learn the form, one to use it")
	_, err := client.AuditLogs.Get(t.Context(), home, "other")
	assert.Equal(t, makeapi.KindBadRequest, answerError(t, err).Kind)
	assert.Equal(t, 4, api.count())
}

func TestDetailTellsTheOutageThatKeptItFromAnswering(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]makeapi.Kind{
		http.StatusInternalServerError: makeapi.KindUnavailable, http.StatusForbidden: makeapi.KindBlocked,
	} {
		api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
			if number == 0 {
				write(w, http.StatusNotFound, `{"message":"Not Found"}`)
				return
			}
			write(w, status, "")
		})
		_, err := newClient(t, api.url).AuditLogs.Get(t.Context(), home, firstUUID)
		assert.Equal(t, kind, answerError(t, err).Kind, "the second form was not refused")
	}
}

func TestDetailThatIsNoEntryIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"uuid":"x"}`, `{"auditLogs":[]}`, `{"triggeredAt":null}`} {
		api := serve(t, says(http.StatusOK, body))
		_, err := newClient(t, api.url).AuditLogs.Get(t.Context(), home, firstUUID)
		assert.Equal(t, makeapi.KindNotJSON, answerError(t, err).Kind, body)
		assert.Equal(t, 1, api.count())
	}
}

func TestIdsThatWouldChangeThePathAreRefusedUnsent(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	client := newClient(t, api.url)
	ctx := t.Context()
	for _, id := range []string{"", ".", "..", "../users/me", "7/7", "7%2F7", "77?x=1", "77#x", "7 7", "77\n", "ü",
		strings.Repeat("7", 129)} {
		odd := makeapi.ID(id)
		for name, call := range map[string]func() error{
			"list": func() error {
				_, err := client.AuditLogs.ListOrganization(ctx, odd, makeapi.ListOptions{})
				return err
			},
			"team list":            func() error { _, err := client.AuditLogs.ListTeam(ctx, home, odd, makeapi.ListOptions{}); return err },
			"organization filters": func() error { _, err := client.AuditLogs.OrganizationFilters(ctx, odd); return err },
			"team filters":         func() error { _, err := client.AuditLogs.TeamFilters(ctx, home, odd); return err },
			"detail":               func() error { _, err := client.AuditLogs.Get(ctx, home, id); return err },
			"detail organization":  func() error { _, err := client.AuditLogs.Get(ctx, odd, firstUUID); return err },
			"organization":         func() error { _, err := client.Organizations.Get(ctx, odd); return err },
			"team":                 func() error { _, err := client.Teams.Get(ctx, odd); return err },
		} {
			assert.ErrorContains(t, call(), "cannot be an id", "%s of %q", name, id)
		}
	}
	assert.Zero(t, api.count())
}

func TestCallsFromManyGoroutines(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{DetailPath: makesim.DetailPathOne})
	client := newClient(t, base)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, err := client.AuditLogs.Get(t.Context(), home, firstUUID)
			assert.NoError(t, err)
			_, err = listHome(t.Context(), client)
			assert.NoError(t, err)
		})
	}
	group.Wait()
}
