package tools_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/makeapi"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

// filled is an archive that was filled with the admin's key.
func (u *upstream) filled() *archive.Archive {
	u.T.Helper()
	store, err := sqlite.Open(u.T.Context(), filepath.Join(u.T.TempDir(), "audit.db"), sqlite.Options{Create: true})
	require.NoError(u.T, err)
	return u.filledIn(store)
}

// filledIn is the same in a store.
func (u *upstream) filledIn(store archive.Store) *archive.Archive {
	u.T.Helper()
	clock := u.clock
	if clock == nil {
		clock = now
	}
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: filepath.Join(u.T.TempDir(), "key"), Now: clock})
	u.T.Cleanup(func() { require.NoError(u.T, a.Close()) })
	u.sync(a)
	return a
}

// sync fills an archive up.
func (u *upstream) sync(a *archive.Archive) {
	u.T.Helper()
	access := u.Access(makesim.DemoToken)
	access.Live.KeepRaw = true
	u.syncFrom(a, access.Reader(u.T))
}

func (u *upstream) syncFrom(a *archive.Archive, source *live.Reader) {
	u.T.Helper()
	organizations, err := source.Organizations(u.T.Context())
	require.NoError(u.T, err)
	for _, organization := range organizations {
		if organization.ID == "4721" {
			_, err = a.Sync(u.T.Context(), source, archive.SyncOptions{Instance: "test", Organization: organization,
				Details: archive.NoDetails})
			require.NoError(u.T, err)
		}
	}
}

// archived is a service that answers from an archive with somebody's key.
func (u *upstream) archived(a *archive.Archive, key string) *analysis.Service {
	u.T.Helper()
	service, _ := u.archivedReader(a, key)
	return service
}

// archivedReader is such a service and its reader.
func (u *upstream) archivedReader(a *archive.Archive, key string) (*analysis.Service, *archive.Reader) {
	u.T.Helper()
	return u.archivedReaderAt(a, key, now)
}

// archivedReaderAt is the same by a clock.
func (u *upstream) archivedReaderAt(a *archive.Archive, key string, clock func() time.Time) (*analysis.Service, *archive.Reader) {
	u.T.Helper()
	service := serviceAt(u.T, u.URL, key, clock)
	source, ok := service.Reader.(archive.Source)
	require.True(u.T, ok)
	reader := &archive.Reader{Source: source, Archive: a, Instance: "test", IsUnreachable: makeapi.IsUnreachable}
	service.Reader, service.Directory, service.Entries = reader, reader, reader
	return service, reader
}

// questionsOfAllTools are questions of every sort, about the demo's last 70 days.
func questionsOfAllTools() map[string][]args {
	return map[string][]args{
		"list_organizations":     {{}},
		"list_audit_log_filters": {{}, {"kind": "users", "search": "nov"}, {"kind": "events", "limit": 500}},
		"list_audit_logs": {
			{}, {"limit": 500, "from": "10d"}, {"from": "20d", "limit": 500, "response_format": "detailed", "event": "*_deleted"},
			{"from": "60d", "actor": "Marek Havelka", "limit": 300}, {"from": "30d", "actor": "none"},
			{"from": "30d", "exclude_actor": []any{5004, "none"}, "team": "Marketing"},
			{"from": "30d", "team": "none", "limit": 300}, {"from": "60d", "target_id": "3000"}, {"from": "60d", "target_id": "no such"},
			{"from": "yesterday"}, {"period": "yesterday"}, {"period": "2026-10"},
			{"from": "12d", "sort_by": "actor", "limit": 100}, {"from": "12d", "sort_by": "targetId", "sort_dir": "asc", "limit": 100},
			{"from": "12d", "sort_by": "createdAt", "limit": 100}, {"from": "12d", "sort_by": "delay", "limit": 100},
			{"from": "40d", "event": []string{"Webhooks", "key_created"}, "timezone": "Asia/Kathmandu", "limit": 500},
		},
		"count_audit_logs": {
			{}, {"from": "60d", "group_by": "actor", "limit": 200},
			{"from": "60d", "group_by": "event", "order_by": "last_at", "limit": 200},
			{"from": "60d", "group_by": []string{"category", "team"}, "limit": 200},
			{"from": "60d", "group_by": "target", "limit": 200, "order_by": "first_at"},
			{"from": "60d", "group_by": []string{"day", "event"}, "limit": 200},
			{"from": "60d", "group_by": "week", "timezone": "America/New_York"},
			{"from": "60d", "group_by": []string{"month", "actor"}, "limit": 200},
			{"from": "60d", "group_by": []string{"weekday", "hour_of_day"}, "limit": 200, "timezone": "Australia/Lord_Howe"},
			{"from": "30d", "hours": "22-06", "group_by": "actor"},
			{"from": "30d", "hours": "08:30-17:15", "weekdays": "weekend", "group_by": "hour_of_day"},
			{"from": "20d", "compare_to_previous": true, "group_by": "actor", "limit": 200},
			{"from": "this month", "compare_to_previous": true, "group_by": []string{"event", "team"}, "limit": 200},
			{"from": "60d", "actor": []any{5028, "none"}, "event": "*_deleted", "group_by": "target"},
			{"from": "60d", "team": []any{8102, "none"}, "group_by": "team"},
			{"from": "60d", "weekdays": "mon-fri", "group_by": "day", "order_by": "key", "limit": 200},
			{"period": "2026-10-25", "group_by": "hour_of_day"},
			{"from": "2026-10-20", "to": "2026-11-03", "group_by": []string{"day", "week"}, "timezone": "America/Havana"},
			{"period": "2026-10-25", "group_by": "hour_of_day", "timezone": "Atlantic/Azores", "compare_to_previous": true},
			{"from": "60d", "event": "*ed", "exclude_event": []any{"Scenarios", "*_updated"}, "group_by": "event", "limit": 200},
			{"from": "2026-10-25", "group_by": "hour", "distinct": "target", "limit": 200},
			{"from": "60d", "group_by": "actor", "distinct": "team", "min_count": 3, "order_by": "distinct"},
			{"from": "20d", "group_by": "actor", "compare_to_previous": true, "order_by": "change", "order_dir": "asc"},
		},
		"list_people": {{"from": "50d", "limit": 200}, {"from": "2026-10-01", "to": "2026-10-31", "status": []string{"gone", "new"}},
			{"from": "20d", "team": 8104, "limit": 200}, {"from": "20d", "search": "marek"}},
		"get_actor_activity": {{"actor": "Marek Havelka"}, {"actor": 5004, "from": "20d", "baseline_days": 30},
			{"actor": "none", "from": "20d", "baseline_days": 30}, {"actor": 5028, "from": "50d", "baseline_days": 10}, {"actor": 987654}},
		"get_target_history": {{"target_id": "3000", "from": "60d", "limit": 50}, {"target_id": "3001", "from": "60d", "kind": "Webhooks"},
			{"target_id": "no such", "from": "60d"}},
	}
}

// essenceOf is a result without what may differ: where it came from, sealed cursors, and what the archive alone can say.
func essenceOf(t *testing.T, r mcptest.Result) string {
	t.Helper()
	if r.IsError {
		return r.Text
	}
	var value map[string]any
	require.NoError(t, json.Unmarshal(r.Raw, &value))
	delete(value, "source")
	delete(value, "next_cursor")
	if coverage, ok := value["coverage"].(map[string]any); ok {
		for _, gap := range coverage["gaps"].([]any) {
			delete(gap.(map[string]any), "reason")
		}
	}
	if organizations, ok := value["organizations"].([]any); ok {
		for _, organization := range organizations {
			delete(organization.(map[string]any), "archive")
		}
	}
	for _, list := range []string{"entries", "notable"} {
		entries, _ := value[list].([]any)
		for _, entry := range entries {
			delete(entry.(map[string]any), "target_name")
		}
	}
	text, err := json.MarshalIndent(value, "", " ")
	require.NoError(t, err)
	return string(text)
}

func TestTheArchiveAnswersEveryQuestionAsMakeDoes(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for store, filled := range map[string]func(u *upstream) *archive.Archive{
		"in a file": (*upstream).filled,
		"in PostgreSQL": func(u *upstream) *archive.Archive {
			store, err := postgres.Open(u.T.Context(), postgrestest.Shared(u.T).Empty(), postgres.Options{Create: true})
			require.NoError(u.T, err)
			return u.filledIn(store)
		},
	} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			u := recent(t, makesim.Quirks{})
			a := filled(u)
			for name, key := range map[string]string{"an admin": makesim.DemoToken, "a team's admin": makesim.DemoTeamAdminToken,
				"somebody without rights": makesim.DemoMemberToken} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					u.answersAsMake(t, a, key)
				})
			}
		})
	}
}

// answersAsMake asks all questions of Make and of an archive.
func (u *upstream) answersAsMake(t *testing.T, a *archive.Archive, key string) {
	t.Helper()
	fromMake, fromArchive := connect(t, u.Service(key)), connect(t, u.archived(a, key))
	for tool, questions := range questionsOfAllTools() {
		for _, question := range questions {
			want, got := fromMake.Call(tool, question), fromArchive.Call(tool, question)
			require.Equal(t, essenceOf(t, want), essenceOf(t, got), "%s %v", tool, question)
			if !got.IsError && strings.Contains(string(want.Raw), `"source"`) {
				assert.Contains(t, string(got.Raw), `"source":"archive"`, "%s %v", tool, question)
			}
		}
	}
}

func TestPagesFromTheArchiveMakeOneListing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{Seed: 1})
	c := connect(t, u.archived(u.filled(), makesim.DemoToken))
	for _, question := range []args{{"from": "3d", "limit": 40}, {"from": "3d", "limit": 40, "sort_by": "actor"}} {
		uuids, pages := walk(t, func(cursor string) (*caller, args) { return c, with(question, "cursor", cursor) })
		whole := uuidsOf(connect(t, u.Service(makesim.DemoToken)).list(with(question, "limit", 500)).Entries)
		require.GreaterOrEqual(t, len(uuids), len(whole))
		assert.Equal(t, whole, uuids[:len(whole)])
		total := pages[len(pages)-1].Total
		require.NotNil(t, total)
		assert.Len(t, uuids, *total)
	}
}

func TestTheArchiveReachesBeyondWhatMakeKeeps(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{Seed: 1})
	a := u.filled()
	var gone []string
	for _, entry := range u.Dump(demoOrganization) {
		if entry.TriggeredAt.Before(now().AddDate(0, 0, -10)) {
			gone = append(gone, entry.UUID)
		}
	}
	u.RemoveEntries(gone...)
	question := args{"from": "all", "to": "2026-11-08", "group_by": "actor"}
	fromMake := ok[schemas.CountAuditLogsResult](u.caller(makesim.DemoToken), "count_audit_logs", with(question, "from", "2026-11-05"))
	assert.Nil(t, fromMake.Total, "Make keeps nothing of it")
	assert.False(t, fromMake.Complete)
	fromArchive := ok[schemas.CountAuditLogsResult](connect(t, u.archived(a, makesim.DemoToken)), "count_audit_logs", question)
	assert.Positive(t, *fromArchive.Total)
	assert.True(t, fromArchive.Complete)
	assert.Equal(t, auditlog.SourceArchive, fromArchive.Source)
}

func TestWhatWasKnownAtTheLastSyncIsSaidToBe(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := start(t, lastWeeks(), makesim.Options{Seed: 1}).filled()
	gone := &upstream{Upstream: &audittest.Upstream{T: t, URL: "http://127.0.0.1:1" + makesim.BasePath}}
	service, reader := gone.archivedReader(a, makesim.DemoToken)
	reader.IsOwn = true
	c := connect(t, service)
	const said = "what is known of organization 4721 is from the archive's last sync, 2026-11-20T12:00:00Z, since Make cannot be asked now"

	organizations := ok[schemas.ListOrganizationsResult](c, "list_organizations", args{})
	require.Len(t, organizations.Organizations, 1)
	assert.True(t, organizations.Organizations[0].CanReadAuditLogs)
	assert.Contains(t, strings.Join(organizations.Warnings, "\n"), said)
	filters := ok[schemas.ListFiltersResult](c, "list_audit_log_filters", args{})
	assert.NotEmpty(t, filters.Users)
	assert.Contains(t, strings.Join(filters.Warnings, "\n"), said)
	nobody := c.Call("list_audit_logs", args{"actor": "Nobody Known"})
	assert.True(t, nobody.IsError)
	assert.Contains(t, nobody.Text, said)
}
