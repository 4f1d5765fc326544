package tools_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

// quirksOfMake are the ways in which Make may differ; each must not change an answer.
func quirksOfMake() map[string]makesim.Quirks {
	return map[string]makesim.Quirks{
		"null when empty":             {NullWhenEmpty: true},
		"single object":               {SingleObject: true, PageCap: 50},
		"one a page":                  {SingleObject: true, PageCap: 1},
		"seconds":                     {NumericTriggeredAt: makesim.TriggeredAtSeconds},
		"milliseconds":                {NumericTriggeredAt: makesim.TriggeredAtMilliseconds},
		"no total count":              {RejectTotalCount: true},
		"total count ignored":         {IgnoreTotalCount: true},
		"total count as text":         {TotalCountAsString: true, TotalCountOfOrganization: true},
		"bare dates":                  {BareDatesOnly: true, DateToMidnight: true},
		"truncated timestamps":        {TruncateTimestamps: true},
		"dates in Kiritimati":         {DateZone: time.FixedZone("+14", 14*3600), DateToMidnight: true},
		"dates by creation":           {FilterByCreatedAt: true},
		"dates by creation, midnight": {FilterByCreatedAt: true, DateToMidnight: true, BareDatesOnly: true},
		"pages of 100":                {PageCap: 100, EchoRequestedLimit: true},
		"pages of 50":                 {PageCap: 50, EchoRequestedLimit: true},
		"pages of 7":                  {PageCap: 7, EchoRequestedLimit: true},
		"limit of 100":                {MaxLimit: 100},
		"no pg[last]":                 {RejectLast: true},
		"unstable ties":               {UnstableTies: true},
		"unknown fields":              {UnknownFields: true},
		"odd types":                   {OddTypes: true},
		"ids as text":                 {IDsAsText: true},
		"null actor and team":         {NullActorTeam: true},
		"detail with both":            {DetailPath: makesim.DetailPathTwo},
		"detail bare":                 {DetailPath: makesim.DetailPathOne},
		"detail of anyone":            {DetailIgnoresOrganization: true},
		"unknown values refused":      {RejectUnknownFilterValues: true},
		"indexed arrays":              {IndexedArraysOnly: true},
		"former users":                {FormerUsersInFilters: true},
		"503 now and then":            {FailEvery: 5},
		"502 now and then":            {FailEvery: 6, FailStatus: 502},
		"bodies cut":                  {CutBodyEvery: 6},
		"HTML without an agent":       {HTMLForbiddenWithoutUserAgent: true},
		"error objects":               {ErrorDetailObject: true},
		"all at once": {
			NullWhenEmpty: true, SingleObject: true, NumericTriggeredAt: makesim.TriggeredAtMilliseconds, NullActorTeam: true,
			UnknownFields: true, OddTypes: true, IDsAsText: true, RejectTotalCount: true, BareDatesOnly: true, DateToMidnight: true,
			FilterByCreatedAt: true,
			PageCap:           50, EchoRequestedLimit: true, MaxLimit: 100, RejectLast: true, UnstableTies: true, IndexedArraysOnly: true,
			DetailPath: makesim.DetailPathOne, FailEvery: 13, PlainText429: true, RetryAfter: "0", HTMLForbiddenWithoutUserAgent: true,
		},
	}
}

// answers are what the tools say to the same questions, apart from what a quirk may show of itself: unknown fields, and odd ids and
// versions.
func answers(t *testing.T, u *upstream, key string) map[string]any {
	t.Helper()
	c := u.caller(key)
	found := map[string]any{}
	essence := func(entries []schemas.Entry) []any {
		kept := []any{}
		for _, e := range entries {
			one := []any{e.UUID, stampOf(t, e.TriggeredAt).Truncate(time.Second).Format(time.RFC3339), e.Event, nil, nil}
			if e.Actor != nil {
				one[3] = *e.Actor
			}
			if e.Team != nil {
				one[4] = *e.Team
			}
			kept = append(kept, one)
		}
		return kept
	}
	for name, question := range map[string]args{
		"newest":   {"from": "12h", "limit": 300},
		"detailed": {"from": "3h", "limit": 300, "response_format": "detailed"},
		"ordered":  {"from": "16h", "sort_by": "actor", "sort_dir": "asc", "limit": 300},
		"filtered": {"from": "6d", "event": []string{"*_deleted", "Keys"}, "actor": []any{5028, 5001, "none", 5019}, "exclude_actor": 5006,
			"limit": 300},
		"one":      {"from": "2d", "event": "data_store_deleted"},
		"none":     {"from": "1h", "to": "now", "event": "key_deleted", "team": 8102, "target_id": "no such"},
		"org only": {"from": "3d", "team": "none", "limit": 300},
		"a team":   {"from": "20h", "team": 8102, "limit": 300},
		"old":      {"from": "2025-01-01", "to": "2025-12-01", "event": "team_created", "limit": 300},
	} {
		var entries []any
		for cursor := ""; ; {
			page := c.list(with(question, "cursor", cursor))
			entries = append(entries, essence(page.Entries)...)
			if cursor = page.NextCursor; cursor == "" {
				found[name+" is complete"], found[name+" covers"], found[name+" total"] = page.Complete, page.Coverage, page.Total
				break
			}
		}
		found[name] = entries
	}
	for _, question := range []args{
		{"from": "3d", "group_by": "actor"},
		{"from": "3d", "group_by": []string{"team", "hour_of_day"}, "order_by": "key"},
		{"from": "3d", "group_by": []string{"day", "category"}, "hours": "9-12"},
		{"from": "3d", "event": "*_deleted", "group_by": "event", "actor": []any{5001, 5010, 5028, "none"}},
	} {
		counted := c.count(question)
		groups := []any{*counted.Total, counted.Complete, counted.GroupCount}
		for _, group := range counted.Groups {
			groups = append(groups, group.Key, group.Count)
		}
		found[fmt.Sprint("counted ", question)] = groups
	}
	activity := c.activity(args{"actor": 5008, "from": "3d", "baseline_days": 5})
	require.Positive(t, *activity.Total+activity.Baseline.Entries)
	found["activity"] = []any{activity.Actor, activity.Total, activity.ByEvent, activity.ByTeam, activity.ByHour, activity.ActiveDays,
		activity.NewEventsTotal, activity.NewTeamsTotal, activity.OutsideUsualHours.Count, activity.NotableTotal, activity.FindingsTotal,
		activity.Complete, activity.Baseline.Entries}
	webhooks := u.objects()["Webhooks"]
	ofTeam := slices.IndexFunc(webhooks, func(o *plainObject) bool { return o.entries[0].TeamID == 8102 })
	history := c.history(webhooks[ofTeam].arguments())
	require.NotEmpty(t, history.Entries)
	found["history"] = []any{history.Total, history.CreatedBy, history.LastChangedBy, history.DeletedBy, history.Complete}
	var changed []any
	for _, entry := range history.Entries {
		changed = append(changed, []any{essence([]schemas.Entry{entry.Entry}), entry.Changes})
	}
	found["history's entries"] = changed
	held := u.Dump(demoOrganization)
	var own []string
	for _, entry := range held {
		if entry.TeamID == 8102 && len(own) < 3 {
			own = append(own, entry.UUID)
		}
	}
	details := c.get(append(own, missingUUID)...)
	found["details"], found["not found"] = essence(details.Entries), details.NotFound
	for i, entry := range details.Entries {
		found["details of "+own[i]] = string(entry.Details)
	}
	organizations := c.organizations()
	for i := range organizations.Organizations {
		organizations.Organizations[i].Reason = "" // in Make's words
	}
	found["organizations"] = organizations
	filters := c.filters(args{"limit": 1000})
	filters.Users, filters.UsersTotal = nil, 0 // those who left may be among them
	found["filters"] = filters
	return found
}

// changesTeamLists picks the quirks for which reading the lists of teams, instead of the organization's, is not just the same again.
func changesTeamLists(quirk string) bool {
	return slices.Contains([]string{
		"null when empty", "pages of 7", "unstable ties", "dates by creation, midnight", "ids as text", "null actor and team",
		"unknown values refused", "detail bare", "503 now and then", "all at once",
	}, quirk)
}

func TestNoQuirkChangesAnAnswer(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	world := lastDays(8)
	for _, key := range []string{makesim.DemoToken, makesim.DemoTeamAdminToken} {
		plain := answers(t, start(t, world, makesim.Options{Seed: 1}), key)
		for name, quirks := range logtest.Sample(quirksOfMake()) {
			if key != makesim.DemoToken && !changesTeamLists(name) {
				continue
			}
			t.Run(name+" for "+key[len(key)-4:], func(t *testing.T) {
				t.Parallel()
				got := answers(t, start(t, world, makesim.Options{Quirks: quirks, Seed: 1}), key)
				for question, want := range plain {
					if quirks.OddTypes && strings.HasPrefix(question, "history") {
						continue // ids of objects are among what is odd
					}
					requireSame(t, question, want, got[question], name == "seconds")
				}
				assert.Len(t, got, len(plain))
			})
		}
	}
}

// requireSame compares as JSON, so that a failure is short; entries of one second may change places where Make tells seconds only.
func requireSame(t *testing.T, question string, want, got any, anyOrder bool) {
	t.Helper()
	if entries, isList := want.([]any); isList && anyOrder {
		gotEntries, _ := got.([]any)
		require.ElementsMatch(t, entries, gotEntries, question)
		return
	}
	wantJSON, err := json.Marshal(want)
	require.NoError(t, err)
	gotJSON, err := json.Marshal(got)
	require.NoError(t, err)
	if string(wantJSON) != string(gotJSON) {
		at := 0
		for at < min(len(wantJSON), len(gotJSON)) && wantJSON[at] == gotJSON[at] {
			at++
		}
		from := max(0, at-200)
		require.Failf(t, "another answer", "%s: want %d bytes …%.400s\n got %d bytes …%.400s", question, len(wantJSON), wantJSON[from:],
			len(gotJSON), gotJSON[from:])
	}
}
