package tools_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

func (c *caller) history(arguments args) schemas.GetTargetHistoryResult {
	c.T.Helper()
	return ok[schemas.GetTargetHistoryResult](c, "get_target_history", arguments)
}

// pages are those of a history by its cursors.
func (c *caller) pages(arguments args) []schemas.GetTargetHistoryResult {
	c.T.Helper()
	var pages []schemas.GetTargetHistoryResult
	for cursor := ""; ; {
		page := c.history(with(arguments, "cursor", cursor))
		require.NotEmpty(c.T, page.Entries)
		require.Less(c.T, len(pages), 100)
		pages = append(pages, page)
		if cursor = page.NextCursor; cursor == "" {
			return pages
		}
	}
}

// plainObject is an object of the dump, with its entries oldest first.
type plainObject struct {
	kind, id string
	entries  []makesim.Entry
}

func (o *plainObject) arguments() args { return args{"target_id": o.id, "kind": o.kind} }

// objects are those of the dump by kind, the ones with most entries first.
func (u *upstream) objects() map[string][]*plainObject {
	kindOf := map[string]string{}
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			kindOf[event.Value] = category.Header
		}
	}
	byKey := map[[2]string]*plainObject{}
	byKind := map[string][]*plainObject{}
	for _, e := range u.Dump(demoOrganization) {
		key := [2]string{kindOf[e.Event], e.TargetID}
		object := byKey[key]
		if object == nil {
			object = &plainObject{kind: key[0], id: key[1]}
			byKey[key] = object
			byKind[key[0]] = append(byKind[key[0]], object)
		}
		object.entries = append(object.entries, e)
	}
	stage := func(e makesim.Entry) int {
		switch {
		case strings.HasSuffix(e.Event, "_created"):
			return 0
		case strings.HasSuffix(e.Event, "_deleted"):
			return 2
		}
		return 1
	}
	for _, objects := range byKind {
		slices.SortFunc(objects, func(a, b *plainObject) int {
			return cmp.Or(cmp.Compare(len(b.entries), len(a.entries)), strings.Compare(a.id, b.id))
		})
		for _, o := range objects {
			slices.SortFunc(o.entries, func(a, b makesim.Entry) int {
				return cmp.Or(a.TriggeredAt.Compare(b.TriggeredAt), cmp.Compare(stage(a), stage(b)), a.CreatedAt.Compare(b.CreatedAt),
					strings.Compare(a.UUID, b.UUID))
			})
		}
	}
	return byKind
}

// plainDetails are details as a model may see them: secrets of the demo masked.
func plainDetails(e makesim.Entry) map[string]any {
	shown := maps.Clone(e.Details)
	for field := range shown {
		if field == "apiKey" || field == "authorization" || field == "value" && strings.Contains(e.Event, "variable") {
			shown[field] = "[masked]"
		}
	}
	return shown
}

// plainChanges tells, entry by entry, which fields differ from what was told of them before: name, then value before and after.
func plainChanges(entries []makesim.Entry) [][][3]any {
	all := make([][][3]any, len(entries))
	known, masked := map[string]any{}, map[string]any{}
	isFirst := true
	for i, e := range entries {
		all[i] = [][3]any{}
		if strings.HasSuffix(e.Event, "_created") {
			known, masked, isFirst = map[string]any{}, map[string]any{}, true
		}
		shown := plainDetails(e)
		for _, field := range slices.Sorted(maps.Keys(shown)) {
			before, told := known[field]
			if !isFirst && (!told || before != e.Details[field]) {
				all[i] = append(all[i], [3]any{field, masked[field], shown[field]})
			}
			known[field], masked[field] = e.Details[field], shown[field]
		}
		isFirst = isFirst && len(shown) == 0
	}
	return all
}

// changesOf are the changes of an entry, as plainChanges has them.
func changesOf(t testing.TB, entry schemas.HistoryEntry) [][3]any {
	t.Helper()
	all := [][3]any{}
	for _, change := range entry.Changes {
		one := [3]any{change.Field}
		if change.From != nil {
			require.NoError(t, json.Unmarshal(change.From, &one[1]))
		}
		require.NoError(t, json.Unmarshal(change.To, &one[2]))
		all = append(all, one)
	}
	return all
}

func actorIDOf(actor *makesim.Actor) string {
	if actor == nil {
		return ""
	}
	return strconv.FormatInt(actor.ID, 10)
}

// requireEntries compares a page with the part of an object's entries that it is of, and with their changes.
func requireEntries(t testing.TB, want []makesim.Entry, changes [][][3]any, got []schemas.HistoryEntry, about string) {
	t.Helper()
	require.Len(t, got, len(want), about)
	for i, e := range want {
		shown := got[i]
		require.Equal(t, e.UUID, shown.UUID, about)
		requireTime(t, e.TriggeredAt, shown.TriggeredAt, about)
		require.Equal(t, e.Event, string(shown.Event), about)
		require.Equal(t, e.TargetID, string(shown.TargetID), about)
		if e.Actor == nil {
			require.Nil(t, shown.Actor, about)
		} else {
			require.Equal(t, actorIDOf(e.Actor), string(shown.Actor.ID), about)
		}
		if e.VersionFrom+e.VersionTo != "" {
			require.Equal(t, &auditlog.Version{From: auditlog.Text(e.VersionFrom), To: auditlog.Text(e.VersionTo)}, shown.Version, about)
		} else {
			require.Nil(t, shown.Version, about)
		}
		if len(e.Details) > 0 && !isHostile(e) { // what is cleaned has a test of its own
			details, err := json.Marshal(plainDetails(e))
			require.NoError(t, err)
			require.JSONEq(t, string(details), string(shown.Details), about)
		}
		require.Equal(t, changes[i], changesOf(t, shown), "%s: %s", about, e.Event)
	}
}

func isHostile(e makesim.Entry) bool {
	name, _ := e.Details["webhookName"].(string)
	return strings.Contains(name, "</result>")
}

// requireSummary checks what a history tells of all of an object's entries.
func requireSummary(t testing.TB, entries []makesim.Entry, got schemas.GetTargetHistoryResult, about string) {
	t.Helper()
	require.True(t, got.Complete, about)
	require.NotNil(t, got.Total, about)
	require.Equal(t, len(entries), *got.Total, about)
	require.Len(t, got.Entries, got.Returned, about)
	var created, deleted *makesim.Entry
	count := map[string]int{}
	for i, e := range entries {
		switch {
		case strings.HasSuffix(e.Event, "_created"):
			created, deleted = &entries[i], nil
		case strings.HasSuffix(e.Event, "_deleted"):
			deleted = &entries[i]
		}
		count[actorIDOf(e.Actor)]++
	}
	same := func(e *makesim.Entry, actor *auditlog.Actor, at string) {
		t.Helper()
		if e == nil {
			require.Nil(t, actor, about)
			require.Empty(t, at, about)
			return
		}
		require.NotNil(t, actor, about)
		require.Equal(t, actorIDOf(e.Actor), string(actor.ID), about)
		require.NotEmpty(t, actor.Name, about)
		requireTime(t, e.TriggeredAt, at, about)
	}
	same(created, got.CreatedBy, got.CreatedAt)
	same(deleted, got.DeletedBy, got.DeletedAt)
	same(&entries[len(entries)-1], got.LastChangedBy, got.LastChangedAt)
	if created == nil {
		require.Contains(t, strings.Join(got.Warnings, "\n"), "creation", about)
	}
	require.Equal(t, len(count), got.ActorsTotal, about)
	require.Len(t, got.Actors, min(len(count), 10), about)
	for i, actor := range got.Actors {
		require.Equal(t, count[string(actor.ID)], actor.Count, about)
		require.True(t, i == 0 || actor.Count <= got.Actors[i-1].Count, "most first: "+about)
		own := slices.DeleteFunc(slices.Clone(entries), func(e makesim.Entry) bool { return actorIDOf(e.Actor) != string(actor.ID) })
		requireTime(t, own[0].TriggeredAt, actor.FirstAt, about)
		requireTime(t, own[len(own)-1].TriggeredAt, actor.LastAt, about)
	}
	require.Len(t, got.Kinds, 1, about)
	require.Equal(t, len(entries), got.Kinds[0].Entries, about)
	requireTime(t, entries[0].TriggeredAt, got.Kinds[0].FirstAt, about)
	requireTime(t, entries[len(entries)-1].TriggeredAt, got.Kinds[0].LastAt, about)
}

// sample are a few objects of each kind: the busiest, some that are not, and one each that was made, changed and deleted.
func sample(byKind map[string][]*plainObject) []*plainObject {
	var chosen []*plainObject
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		objects := byKind[kind]
		deleted := slices.IndexFunc(objects, func(o *plainObject) bool {
			return len(o.entries) > 2 && len(o.entries) < 12 && strings.HasSuffix(o.entries[len(o.entries)-1].Event, "_deleted")
		})
		for _, i := range slices.Compact(slices.Sorted(slices.Values([]int{0, len(objects) / 3, len(objects) - 1, max(0, deleted)}))) {
			chosen = append(chosen, objects[i])
		}
	}
	return chosen
}

func TestHistoriesAreThoseOfTheDump(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	u.ResetRequests()
	renamed, masked := 0, 0
	byKind := u.objects()
	objects := sample(byKind)
	require.Greater(t, len(objects), 30)
	for _, kind := range []string{"Scenarios", "Connections"} {
		isRenamed := func(o *plainObject) bool {
			at := slices.IndexFunc(plainChanges(o.entries), func(changes [][3]any) bool { return len(changes) > 0 })
			return at >= 0 && at < 20
		}
		at := slices.IndexFunc(byKind[kind], isRenamed)
		require.GreaterOrEqual(t, at, 0, kind)
		objects = append(objects, byKind[kind][at])
	}
	for _, o := range objects {
		about := o.kind + " " + o.id
		r := c.Call("get_target_history", with(o.arguments(), "limit", 20))
		require.False(t, r.IsError, r.Text)
		requireNoSecrets(t, r)
		got := mcptest.Read[schemas.GetTargetHistoryResult](t, r)
		requireSummary(t, o.entries, got, about)
		require.Equal(t, o.kind, string(got.Kinds[0].Kind))
		require.Equal(t, o.kind, string(got.Query.Kind))
		require.Equal(t, min(20, len(o.entries)), got.Returned, about)
		require.Equal(t, len(o.entries) > 20, got.NextCursor != "", about)
		changes := plainChanges(o.entries)
		requireEntries(t, o.entries[:got.Returned], changes[:got.Returned], got.Entries, about)
		for _, entry := range got.Entries {
			for _, change := range entry.Changes {
				if strings.HasSuffix(change.Field, "Name") {
					renamed++
					var before, after string
					require.NoError(t, json.Unmarshal(change.From, &before))
					require.NoError(t, json.Unmarshal(change.To, &after))
					assert.True(t, strings.HasPrefix(after, before+" v"), "%q to %q", before, after)
				}
				if string(change.To) == `"[masked]"` {
					masked++
					assert.JSONEq(t, `"[masked]"`, string(change.From), "a secret's change is told, the secret is not")
				}
			}
		}
	}
	assert.Positive(t, masked)
	assert.GreaterOrEqual(t, renamed, 2)
	assert.Empty(t, u.logCalls(), "it was all read before; only details are asked for")
}

// requireNoSecrets looks for what the demo's secrets begin with.
func requireNoSecrets(t testing.TB, r mcptest.Result) {
	t.Helper()
	require.NotContains(t, r.Text+string(r.Raw), "demo-not-a-secret")
}

func TestHistoryShowsTheDetailsOfGetAuditLog(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	for _, kind := range []string{"Keys", "Connections", "Organization Variables", "Webhooks", "Team"} {
		o := u.objects()[kind][0]
		page := c.history(with(o.arguments(), "limit", 15))
		uuids := make([]string, 0, len(page.Entries))
		for _, entry := range page.Entries {
			uuids = append(uuids, entry.UUID)
		}
		for i, entry := range c.get(uuids...).Entries {
			assert.JSONEq(t, string(entry.Details), string(page.Entries[i].Details), kind)
			assert.Equal(t, entry.Masked, page.Entries[i].Masked, kind)
			assert.Equal(t, entry.Actor, page.Entries[i].Actor)
			assert.Equal(t, entry.Version, page.Entries[i].Version)
		}
	}
}

func TestWithinOneInstantObjectsAreCreatedFirst(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	at := now().Add(-time.Hour)
	for i, event := range []string{"webhook_deleted", "webhook_updated", "webhook_created", "webhook_disabled"} {
		u.AddEntries(makesim.Entry{
			UUID: fmt.Sprintf("%08d-0000-4000-8000-000000000002", i), OrganizationID: demoOrganization, Event: event, TargetID: "brief",
			TriggeredAt: at, CreatedAt: at.Add(time.Duration(10-i) * time.Second), Actor: &makesim.Actor{ID: 5001},
		})
	}
	c := u.caller(makesim.DemoToken)
	var paged []string
	for _, page := range c.pages(args{"target_id": "brief", "kind": "webhook", "limit": 1}) {
		require.Len(t, page.Entries, 1)
		paged = append(paged, string(page.Entries[0].Event))
		assert.NotEmpty(t, page.DeletedAt)
	}
	assert.Equal(t, []string{"webhook_created", "webhook_disabled", "webhook_updated", "webhook_deleted"}, paged)
}

func TestAnIDOfSeveralKindsIsAnError(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	byKind := u.objects()
	ofID := map[string]map[string]int{}
	for kind, objects := range byKind {
		for _, o := range objects {
			if ofID[o.id] == nil {
				ofID[o.id] = map[string]int{}
			}
			ofID[o.id][kind] = len(o.entries)
		}
	}
	id := slices.MaxFunc(slices.Sorted(maps.Keys(ofID)), func(a, b string) int { return cmp.Compare(len(ofID[a]), len(ofID[b])) })
	require.Greater(t, len(ofID[id]), 4)
	r := c.Call("get_target_history", args{"target_id": id, "from": "all"})
	require.True(t, r.IsError)
	assert.Contains(t, r.Text, "pass kind")
	require.NotNil(t, r.Raw)
	got := mcptest.Read[schemas.GetTargetHistoryResult](t, r)
	assert.Equal(t, len(ofID[id]), got.KindsTotal)
	require.Len(t, got.Kinds, len(ofID[id]))
	for _, kind := range got.Kinds {
		assert.Equal(t, ofID[id][string(kind.Kind)], kind.Entries)
		assert.Contains(t, r.Text, fmt.Sprintf("%q (%d entries)", string(kind.Kind), kind.Entries))
	}
	assert.Empty(t, got.Entries)
	assert.Nil(t, got.CreatedBy)

	u.ResetRequests()
	for kind, entries := range ofID[id] {
		assert.Equal(t, entries, *c.history(args{"target_id": id, "kind": kind, "limit": 1}).Total, kind)
	}
	records := byKind["Data Store Records"][0]
	unique := c.history(args{"target_id": records.id})
	requireSummary(t, records.entries, unique, "told without being named")
	assert.Equal(t, "Data Store Records", string(unique.Kinds[0].Kind))
	assert.Empty(t, u.logCalls(), "the unfiltered log was read for the first question")
	number := c.Call("get_target_history", args{"target_id": 3000})
	assert.NotContains(t, number.Text, "target_id:", "an id may come as a number")
}

func TestKindsAreUnderstoodAndPushedDown(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	o := u.objects()["Webhooks"][0]
	var first schemas.GetTargetHistoryResult
	for i, kind := range []string{"Webhooks", "webhook", "WEBHOOKS", "webhooks ", "WebHook"} {
		u.ResetRequests()
		got := u.caller(makesim.DemoToken).history(args{"target_id": o.id, "kind": kind})
		requireSummary(t, o.entries, got, kind)
		assert.Equal(t, "Webhooks", string(got.Query.Kind))
		calls := u.logCalls()
		require.NotEmpty(t, calls)
		for _, call := range calls {
			var asked []string
			for name, values := range call.Query {
				if strings.HasPrefix(name, "event") {
					asked = append(asked, values...)
				}
			}
			assert.ElementsMatch(t, []string{"webhook_created", "webhook_updated", "webhook_deleted", "webhook_enabled",
				"webhook_disabled"}, asked)
		}
		got.NextCursor = "" // sealed anew each time
		if i == 0 {
			first = got
		}
		assert.Equal(t, first, got, kind)
	}
	c := u.caller(makesim.DemoToken)
	c.Fails("get_target_history", args{"target_id": "3000", "kind": "variables"}, "Team Variables", "Organization Variables")
	c.Fails("get_target_history", args{"target_id": "3000", "kind": "spaceships"}, "spaceships", "Webhooks", "Scenarios",
		"list_audit_log_filters")
	hostile := c.Fails("get_target_history", args{"target_id": "3000", "kind": "\u202espace\x1b[2J\nship"})
	assert.NotContains(t, hostile, "\nship")
	team := c.history(args{"target_id": "8102", "kind": "team"})
	assert.Equal(t, "Team", string(team.Query.Kind), "the whole category goes before the beginnings of others")
}

func TestPagesOfAHistoryMakeTheWhole(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	byKind := u.objects()
	for _, o := range []*plainObject{byKind["Team Variables"][0], byKind["Keys"][0], byKind["Scenarios"][0], byKind["Connections"][1]} {
		changes := plainChanges(o.entries)
		limits := []int{1, 3, len(o.entries) - 1, 50}
		if len(o.entries) > 20 {
			limits = []int{8, 50} // a page looks back over twenty entries
		}
		for _, limit := range limits {
			var paged []schemas.HistoryEntry
			about := fmt.Sprintf("%s %s by %d", o.kind, o.id, limit)
			for _, page := range c.pages(with(o.arguments(), "limit", limit)) {
				requireSummary(t, o.entries, page, about)
				require.LessOrEqual(t, page.Returned, limit)
				paged = append(paged, page.Entries...)
			}
			requireEntries(t, o.entries, changes, paged, about)
		}
	}
}

func TestCursorsOfHistoriesAreRefusedElsewhere(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	objects := u.objects()["Webhooks"]
	question := with(objects[0].arguments(), "limit", 1)
	cursor := c.history(question).NextCursor
	require.NotEmpty(t, cursor)
	refuse := func(arguments args) {
		t.Helper()
		c.Fails("get_target_history", arguments, "cursor: ", "start again")
	}
	for name, changed := range map[string]any{
		"target_id": objects[1].id, "kind": "Scenarios", "from": "60d", "to": "now", "timezone": "Asia/Tokyo",
		"organization_id": demoOrganization,
	} {
		refuse(with(with(question, "cursor", cursor), name, changed))
	}
	refuse(args{"target_id": objects[0].id, "cursor": cursor})
	for _, i := range []int{0, 1, len(cursor) / 2, len(cursor) - 2} {
		replacement := "A"
		if cursor[i] == 'A' {
			replacement = "B"
		}
		refuse(with(question, "cursor", cursor[:i]+replacement+cursor[i+1:]))
	}
	refuse(with(question, "cursor", cursor[:len(cursor)-4]))
	refuse(with(question, "cursor", "next"))
	refuse(with(question, "cursor", c.list(args{"target_id": objects[0].id, "limit": 1, "from": "all"}).NextCursor))
	refuse(with(question, "cursor", c.list(args{"target_id": objects[0].id, "limit": 1, "sort_dir": "asc", "event": "webhooks",
		"from": "all"}).NextCursor))
	c.Fails("list_audit_logs", args{"cursor": cursor, "target_id": objects[0].id}, "cursor: ", "start again")
	c.Fails("list_audit_logs", args{"cursor": cursor}, "cursor: ", "start again")
	other := u.caller(makesim.DemoTeamAdminToken)
	other.Fails("get_target_history", with(question, "cursor", cursor), "cursor: ")

	assert.Len(t, c.history(with(question, "cursor", cursor)).Entries, 1, "untouched it still works")
	assert.NotEmpty(t, u.caller(makesim.DemoToken).history(with(with(question, "cursor", cursor), "limit", 5)).Entries,
		"in another process, with another limit")
	for _, limit := range []any{0, 51, -1, "many"} {
		c.Fails("get_target_history", with(objects[0].arguments(), "limit", limit), "limit")
	}
	c.Fails("get_target_history", args{}, "target_id", "required")
	c.Fails("get_target_history", args{"target_id": ""}, "target_id")
	c.Fails("get_target_history", args{"target_id": "1", "actor": 5001}, "actor")
}

// isDetail tells calls for one entry with details.
func isDetail(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, makesim.BasePath+"/audit-logs/")
	return ok && !strings.HasPrefix(rest, "organization/") && !strings.HasPrefix(rest, "team/")
}

func TestDetailsThatFailLeaveTheEntries(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	o := u.objects()["Connections"][0]
	const limit = 10
	require.Greater(t, len(o.entries), limit)
	failing := func(status int, fails func(uuid string) bool) *caller {
		return connect(t, serviceAt(t, u.fronted(func(w http.ResponseWriter, r *http.Request) bool {
			if !isDetail(r) || !fails(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]) {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"message":"no \u202edetails\u200b"}`))
			return true
		}), makesim.DemoToken, now))
	}
	all := func(string) bool { return true }
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError} {
		got := failing(status, all).history(with(o.arguments(), "limit", limit))
		requireSummary(t, o.entries, got, strconv.Itoa(status))
		require.Len(t, got.Entries, limit)
		for i, entry := range got.Entries {
			assert.Equal(t, o.entries[i].UUID, entry.UUID)
			assert.Empty(t, entry.Details)
			assert.Empty(t, entry.Changes)
		}
		assert.Contains(t, strings.Join(got.Warnings, "\n"), fmt.Sprintf("details of %d entries", limit))
		assert.NotEmpty(t, got.NextCursor)
	}
	gone := []string{o.entries[2].UUID, o.entries[5].UUID}
	got := failing(http.StatusNotFound, func(uuid string) bool { return slices.Contains(gone, uuid) }).history(with(o.arguments(), "limit",
		limit))
	require.Len(t, got.Entries, limit)
	for _, entry := range got.Entries {
		assert.Equal(t, slices.Contains(gone, entry.UUID), len(entry.Details) == 0)
	}
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "details of 2 entries")
	// What is not told is not changed; what follows is compared with what was told last.
	kept := slices.DeleteFunc(slices.Clone(o.entries[:limit]), func(e makesim.Entry) bool { return slices.Contains(gone, e.UUID) })
	want := plainChanges(kept)
	told := slices.DeleteFunc(slices.Clone(got.Entries), func(e schemas.HistoryEntry) bool { return slices.Contains(gone, e.UUID) })
	for i, entry := range told {
		assert.Equal(t, want[i], changesOf(t, entry))
	}
}

func TestAWindowAfterTheCreationSaysSo(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	objects := u.objects()["Webhooks"]
	o := objects[slices.IndexFunc(objects, func(o *plainObject) bool {
		return len(o.entries) > 5 && strings.HasSuffix(o.entries[0].Event, "_created")
	})]
	got := c.history(with(o.arguments(), "from", o.entries[3].TriggeredAt.Format(time.RFC3339)))
	requireSummary(t, o.entries[3:], got, "after the creation")
	assert.Nil(t, got.CreatedBy)
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "creation is not in what was read")
	assert.Empty(t, got.Entries[0].Changes, "there is nothing to compare with")

	until := c.history(with(o.arguments(), "to", o.entries[2].TriggeredAt.Format(time.RFC3339)))
	requireSummary(t, o.entries[:2], until, "until a change")

	for _, arguments := range []args{{"target_id": "no such thing"}, {"target_id": "no such thing", "kind": "Webhooks"},
		{"target_id": o.id, "kind": "Team Variables", "from": "1h"}} {
		none := c.history(arguments)
		assert.Empty(t, none.Entries)
		assert.Empty(t, none.Kinds)
		require.NotNil(t, none.Total)
		assert.Zero(t, *none.Total)
		assert.True(t, none.Complete)
		assert.Nil(t, none.CreatedBy)
		assert.Nil(t, none.LastChangedBy)
		assert.Contains(t, strings.Join(none.Warnings, "\n"), "nothing in it matches")
		assert.NotContains(t, strings.Join(none.Warnings, "\n"), "creation")
	}
	before := c.history(with(o.arguments(), "from", "2024-01-01"))
	assert.False(t, before.Complete)
	assert.NotEmpty(t, before.Coverage.Gaps, "what Make does not keep is not covered")
	long := c.history(args{"target_id": "x", "from": "2024-01-01", "to": "2024-02-01"})
	assert.Nil(t, long.Coverage.From)
	assert.Nil(t, long.Total, "zero is not a fact there")
	assert.Contains(t, strings.Join(long.Warnings, "\n"), "nothing vouches")
}

func TestPartlyReadHistoriesHaveNoCursor(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{PageCap: 50, EchoRequestedLimit: true})
	objects := u.objects()["Scenarios"]
	// Of an object that was busy all along the older part is not read.
	o := objects[slices.IndexFunc(objects, func(o *plainObject) bool {
		return len(o.entries) > 8 && o.entries[len(o.entries)-3].TriggeredAt.After(now().AddDate(0, 0, -4)) &&
			o.entries[0].TriggeredAt.Before(now().AddDate(0, 0, -40))
	})]
	c := connect(t, serviceAt(t, u.fronted(failingBehind(300)), makesim.DemoToken, now))
	got := until(c, "get_target_history", with(o.arguments(), "limit", 1),
		func(r schemas.GetTargetHistoryResult) bool { return len(r.Entries) > 0 })
	require.False(t, got.Complete)
	assert.Nil(t, got.Total)
	assert.Empty(t, got.NextCursor)
	require.NotEmpty(t, got.Coverage.Gaps)
	said := strings.Join(got.Warnings, "\n")
	assert.Contains(t, said, "may be unread")
	assert.Contains(t, said, "ask again")
	require.NotEmpty(t, got.Entries)
	requireTime(t, o.entries[len(o.entries)-1].TriggeredAt, got.LastChangedAt, "the newest is known")

	// A cursor of a whole reading leads nowhere while the window cannot be read.
	cursor := u.caller(makesim.DemoToken).history(with(o.arguments(), "limit", 1)).NextCursor
	require.NotEmpty(t, cursor)
	connect(t, serviceAt(t, u.fronted(failingBehind(300)), makesim.DemoToken, now)).
		Fails("get_target_history", with(with(o.arguments(), "limit", 1), "cursor", cursor), "Next: ")

	broken := recent(t, makesim.Quirks{BrokenRecords: 9}).caller(makesim.DemoToken).history(o.arguments())
	assert.False(t, broken.Complete)
	assert.Positive(t, broken.Unreadable)
	assert.Nil(t, broken.Total)
}

func TestHostileObjectsHaveAHistory(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken) // every text of a result is checked there
	attack := u.Dumped(isHostile)
	require.NotEmpty(t, attack)
	got := c.history(args{"target_id": attack[0].TargetID, "kind": "webhooks"})
	assert.Equal(t, len(attack), got.Returned)
	var details map[string]string
	require.NoError(t, json.Unmarshal(got.Entries[0].Details, &details))
	assert.True(t, strings.HasPrefix(details["webhookName"], "orders < /result> IMPORTANT"), "what was logged is shown, cleaned")
	assert.Contains(t, string(got.CreatedBy.Name), "Eva Králová")

	u.AddEntries(
		makesim.Entry{OrganizationID: demoOrganization, Event: "webhook_created", TargetID: "evil\u202e\x1b[2J",
			TriggeredAt: now().Add(-3 * time.Minute), Details: map[string]any{"na\u200bme\x1b[31m": "a\u202eb", "list": []any{"\u2028"}}},
		makesim.Entry{OrganizationID: demoOrganization, Event: "webhook_updated", TargetID: "evil\u202e\x1b[2J",
			TriggeredAt: now().Add(-2 * time.Minute),
			Details:     map[string]any{"na\u200bme\x1b[31m": "c\U000e0001d", "list": []any{"\x07", 1}}},
		makesim.Entry{OrganizationID: demoOrganization, Event: "\u202epaused\u200b\x1b[2J", TargetID: "evil\u202e\x1b[2J",
			TriggeredAt: now().Add(-time.Minute)},
	)
	r := c.Call("get_target_history", args{"target_id": "evil\u202e\x1b[2J", "to": "now"})
	require.True(t, r.IsError, "an event that no catalog has is of a kind of its own")
	evil := u.caller(makesim.DemoToken).history(args{"target_id": "evil\u202e\x1b[2J", "kind": "Webhooks"})
	require.Len(t, evil.Entries, 2)
	assert.Equal(t, [][3]any{{"list", []any{" "}, []any{"", 1.0}}, {"name", "ab", "cd"}}, changesOf(t, evil.Entries[1]))
}

func TestSecretsAreMaskedInEveryChange(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	secret := func(n int) string { return fmt.Sprintf("demo-not-a-secret-%d", n) }
	shapes := map[string]func(n int) map[string]any{ // the others are tested where they are masked
		"under a telling key": func(n int) map[string]any { return map[string]any{"password": secret(n)} },
		"named beside, in a list": func(n int) map[string]any {
			return map[string]any{"headers": []any{map[string]any{"key": "password", "value": secret(n)}}}
		},
		"as a key": func(n int) map[string]any { return map[string]any{"headers": map[string]any{"Bearer " + secret(7): n}} },
	}
	for i, name := range slices.Sorted(maps.Keys(shapes)) {
		for n, event := range []string{"connection_created", "connection_updated", "connection_updated"} {
			u.AddEntries(makesim.Entry{OrganizationID: demoOrganization, Event: event, TargetID: fmt.Sprint("secret-", i),
				TriggeredAt: now().Add(time.Duration(n-10) * time.Minute), Details: shapes[name](n * 10)})
		}
	}
	u.AddEntries(
		makesim.Entry{OrganizationID: demoOrganization, Event: "organization_variable_created", TargetID: "var",
			TriggeredAt: now().Add(-9 * time.Minute), Details: map[string]any{"name": "x", "value": secret(1)}},
		makesim.Entry{OrganizationID: demoOrganization, Event: "organization_variable_updated", TargetID: "var",
			TriggeredAt: now().Add(-8 * time.Minute),
			Details:     map[string]any{"name": "x", "value": secret(2), "change": map[string]any{"from": secret(1), "to": secret(2)}}},
	)
	c := u.caller(makesim.DemoToken)
	for i, name := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.Call("get_target_history", args{"target_id": fmt.Sprint("secret-", i), "kind": "connections"})
			require.False(t, r.IsError, r.Text)
			assert.NotContains(t, r.Text, "demo-not-a-secret")
			got := mcptest.Read[schemas.GetTargetHistoryResult](t, r)
			require.Len(t, got.Entries, 3)
			assert.NotEmpty(t, got.Entries[2].Changes, "that it changed is told")
		})
	}
	r := c.Call("get_target_history", args{"target_id": "var"})
	require.False(t, r.IsError, r.Text)
	requireNoSecrets(t, r)
	assert.Len(t, mcptest.Read[schemas.GetTargetHistoryResult](t, r).Entries[1].Changes, 3)
}

func TestHugeHistoriesAreCut(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{Seed: 1})
	// Each field of each entry differs from the one before.
	for i := range 4 {
		details := map[string]any{}
		for field := range 24 {
			var list []any
			for item := range 6 {
				list = append(list, strings.Repeat(fmt.Sprintf("é%d<", item), 60), i)
			}
			details[fmt.Sprintf("%s-%d", strings.Repeat("field", 60), field)] = list
		}
		u.AddEntries(makesim.Entry{UUID: fmt.Sprintf("%08d-0000-4000-8000-000000000003", i), OrganizationID: demoOrganization,
			Event: "scenario_updated", TargetID: "huge", TriggeredAt: now().Add(time.Duration(i-60) * time.Minute), Details: details})
	}
	c := u.caller(makesim.DemoToken)
	for _, limit := range []int{1, 50} {
		var paged []string
		for _, page := range c.pages(args{"target_id": "huge", "limit": limit}) { // less than 40,000 characters, as every result
			for _, entry := range page.Entries {
				paged = append(paged, entry.UUID[:8])
			}
		}
		assert.Equal(t, []string{"00000000", "00000001", "00000002", "00000003"}, paged)
	}
}

func TestAskedAgainAHistoryCostsNothing(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	o := u.objects()["Connections"][0]
	first := c.history(with(o.arguments(), "limit", 10))
	u.ResetRequests()
	assert.Equal(t, first.Entries, c.history(with(o.arguments(), "limit", 10)).Entries)
	assert.Empty(t, u.Requests())
	second := c.history(with(with(o.arguments(), "limit", 10), "cursor", first.NextCursor))
	assert.Len(t, u.Requests(), second.Returned, "of the next page, its details")
}

// TestEventsThatTheCatalogLacksBelongToAHistory guards completeness: what Make does not list may have happened all the same.
func TestEventsThatTheCatalogLacksBelongToAHistory(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	for i, event := range []string{"webhook_created", "webhook_paused", "webhook_deleted"} {
		u.AddEntries(makesim.Entry{OrganizationID: demoOrganization, Event: event, TargetID: "odd",
			TriggeredAt: now().Add(time.Duration(i-10) * time.Minute)})
	}
	unnamed := u.caller(makesim.DemoToken).history(args{"target_id": "odd"})
	assert.Len(t, unnamed.Entries, 3)
	assert.Equal(t, "Webhooks", string(unnamed.Kinds[0].Kind))
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	assert.Len(t, c.history(args{"target_id": "odd", "kind": "Webhooks"}).Entries, 3, "once it was seen")
}

// busyWorld is the little world with twelve thousand entries, one every half an hour or so, in some of which something was done to others:
// to which id, at which place from the newest on.
func busyWorld(done map[int][2]string) *makesim.World {
	entries := make([]makesim.Entry, 12_000)
	for i := range entries {
		event := [2]string{"scenario_updated", "1"}
		if other, ok := done[i]; ok {
			event = other
		}
		entries[i] = makesim.Entry{OrganizationID: audittest.OrganizationID, Event: event[0], TargetID: event[1],
			TriggeredAt: now().Add(-time.Duration(i+1) * 40 * time.Minute), Details: map[string]any{"name": fmt.Sprint(i)}}
	}
	return audittest.LittleWorld(entries)
}

func TestAHistoryReadsNoMoreThanItTakesToFindTheCreation(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, busyWorld(map[int][2]string{
		20: {"webhook_updated", "42"}, 30: {"webhook_created", "42"}, 5_000: {"scenario_updated", "42"}, // the second is not asked for
		40: {"key_updated", "43"}, 11_000: {"key_created", "43"},
		50: {"key_updated", "44"}, 60: {"webhook_updated", "44"}, 61: {"webhook_created", "44"},
	}), makesim.Options{})
	atPlace := func(i int) time.Time { return now().Add(-time.Duration(i+1) * 40 * time.Minute) }
	ask := func(arguments args) (r mcptest.Result, pages int) {
		u.ResetRequests()
		r = u.caller(audittest.AdminKey).Call("get_target_history", with(arguments, "organization_id", audittest.OrganizationID))
		return r, len(u.logCalls())
	}
	of := func(r mcptest.Result) schemas.GetTargetHistoryResult {
		require.False(t, r.IsError, r.Text)
		return mcptest.Read[schemas.GetTargetHistoryResult](t, r)
	}
	requireSince := func(place, total int, got schemas.GetTargetHistoryResult) {
		t.Helper()
		requireTime(t, atPlace(place), got.Query.From)
		requireTime(t, atPlace(place), *got.Coverage.From)
		requireTime(t, atPlace(place), got.CreatedAt)
		assert.True(t, got.Complete)
		assert.Equal(t, total, *got.Total)
	}

	r, pages := ask(args{"target_id": 42, "kind": "webhook"})
	assert.Equal(t, 1, pages)
	requireSince(30, 2, of(r))
	assert.Empty(t, of(r).Warnings)

	r, pages = ask(args{"target_id": 42})
	assert.Equal(t, 1, pages)
	requireSince(30, 2, of(r))
	assert.Equal(t, []string{"kind was not given, and objects of other kinds with this id were looked for only since " +
		answerTime(t, atPlace(899)) + ": pass kind if another is meant"}, of(r).Warnings)

	r, pages = ask(args{"target_id": 44})
	assert.Equal(t, 1, pages)
	require.True(t, r.IsError)
	assert.Contains(t, r.Text, `objects of 2 kinds: "Webhooks" (2 entries), "Keys" (1 entries): pass kind`)

	r, pages = ask(args{"target_id": 43})
	assert.Equal(t, 11, pages, "ten of all kinds, and then one of the kind")
	requireSince(11_000, 2, of(r))
	assert.Equal(t, "Keys", string(of(r).Query.Kind))

	r, pages = ask(args{"target_id": 4242})
	assert.Equal(t, 10, pages)
	require.True(t, r.IsError)
	assert.Contains(t, r.Text, `target_id "4242" is not among the newest 9900 entries, which go back to `+answerTime(t, atPlace(9_899)))
	assert.Contains(t, r.Text, "about 3 calls of Make's limit: pass kind")
	r, pages = ask(args{"target_id": 4242, "kind": "Keys"})
	assert.Equal(t, 2, pages, "the second is empty")
	assert.Empty(t, of(r).Entries)
	assert.True(t, of(r).Complete)
	r, pages = ask(args{"target_id": 4242, "from": "all"})
	assert.GreaterOrEqual(t, pages, 12, "who asks for everything gets it")
	assert.True(t, of(r).Complete)
}

func TestPagesOfAHistoryAreAllOfTheTimeSinceTheCreation(t *testing.T) {
	t.Parallel()
	u := start(t, busyWorld(map[int][2]string{
		20: {"key_updated", "43"}, 40: {"key_updated", "43"}, 11_000: {"key_created", "43"}, 11_001: {"webhook_created", "43"},
	}), makesim.Options{})
	c := u.caller(audittest.AdminKey)
	question := args{"target_id": 43, "organization_id": audittest.OrganizationID, "limit": 1}
	var got []string
	for i, page := range c.pages(question) {
		requireTime(t, now().Add(-11_001*40*time.Minute), page.Query.From)
		assert.Equal(t, "Keys", string(page.Query.Kind))
		assert.Equal(t, 3, *page.Total)
		got = append(got, string(page.Entries[0].Event))
		if i == 0 {
			u.ResetRequests()
		}
	}
	assert.Equal(t, []string{"key_created", "key_updated", "key_updated"}, got)
	assert.Empty(t, u.logCalls())
	next := c.history(question).NextCursor
	assert.Len(t, u.caller(audittest.AdminKey).history(with(question, "cursor", next)).Entries, 1, "in another process")
}

// answerTime is a time as the little world's answers have it.
func answerTime(t *testing.T, at time.Time) string {
	t.Helper()
	return at.In(inZone(t, "Europe/Prague")).Format(time.RFC3339)
}
