package archive_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// told is an entry of Acme that says in its details what its target is called; hours before the world begins.
func told(hours int, event, target string, details map[string]any) makesim.Entry {
	return makesim.Entry{OrganizationID: audittest.OrganizationID, TeamID: audittest.OpsTeam, Event: event, TargetID: target,
		TriggeredAt: storetest.Begin().Add(-time.Duration(hours) * time.Hour), Details: details}
}

func TestAnObjectIsCalledAsItsNewestDetailsSay(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, []makesim.Entry{
		told(9, "webhook_created", "42", map[string]any{"webhookName": "Zebra"}),
		told(8, "webhook_updated", "42", map[string]any{"name": "Alpha"}),
		told(7, "webhook_disabled", "42", map[string]any{"webhookType": "http"}),
		told(9, "scenario_created", "42", map[string]any{"scenarioName": "Quotes"}),
		// Renamed, and back.
		told(9, "connection_created", "43", map[string]any{"connectionName": "CRM"}),
		told(8, "connection_updated", "43", map[string]any{"connectionName": "CRM 2"}),
		told(7, "connection_updated", "43", map[string]any{"connectionName": "CRM"}),
		told(9, "data_store_created", "44", map[string]any{"dataStoreName": "Customers"}),
		told(8, "data_store_record_created", "44", map[string]any{"name": "row 1"}),
		told(7, "key_created", "45", nil),
	}, makesim.Quirks{})
	a := newArchive(t)
	u.SyncWith(a, storetest.AllDetails())
	names := func(key string) map[auditlog.Target][]auditlog.Text {
		named, err := u.Reader(a, key).TargetNames(t.Context(), "77", []auditlog.Target{
			{Kind: "webhook", ID: "42"}, {Kind: "scenario", ID: "42"}, {Kind: "connection", ID: "43"}, {Kind: "data_store", ID: "44"},
			{Kind: "key", ID: "45"}, {Kind: "webhook", ID: "43"}, {Kind: "webhook", ID: "none"},
		})
		require.NoError(t, err)
		return named
	}
	want := map[auditlog.Target][]auditlog.Text{
		{Kind: "webhook", ID: "42"}: {"Alpha", "Zebra"}, {Kind: "scenario", ID: "42"}: {"Quotes"},
		{Kind: "connection", ID: "43"}: {"CRM", "CRM 2"}, {Kind: "data_store", ID: "44"}: {"Customers"},
	}
	assert.Equal(t, want, names(audittest.AdminKey))
	assert.Empty(t, names(audittest.TeamAdminKey), "of another team")

	u.AddEntries(told(0, "webhook_updated", "42", map[string]any{"webhookName": "Zebra"}),
		told(0, "connection_updated", "43", map[string]any{"connectionName": "CRM 3"}))
	lost := told(-1, "webhook_disabled", "42", nil)
	lost.UUID = "10570000-0000-4000-8000-000000000000"
	u.AddEntries(lost)
	u.Clock.Advance(2 * time.Hour)
	options := storetest.AllDetails()
	options.OnProgress = func(p archive.SyncProgress) {
		if p.Details.Wanted > 0 {
			u.RemoveEntries(lost.UUID) // listed, but Make has no details of it
		}
	}
	assert.Equal(t, 1, u.SyncWith(a, options).Wanted.Gone)
	named := names(audittest.AdminKey)
	assert.Equal(t, auditlog.Text("Zebra"), named[auditlog.Target{Kind: "webhook", ID: "42"}][0])
	assert.Equal(t, auditlog.Text("CRM 3"), named[auditlog.Target{Kind: "connection", ID: "43"}][0])
}

func TestAUserIsCalledAsTheyActed(t *testing.T) {
	t.Parallel()
	acted := func(hours int, team int64, name string) makesim.Entry {
		e := told(hours, "key_created", "1", nil)
		e.TeamID, e.Actor = team, &makesim.Actor{ID: 12, Name: name}
		return e
	}
	u := storetest.Start(t, []makesim.Entry{acted(9, audittest.OpsTeam, "Ann Old")}, makesim.Quirks{})
	a := newArchive(t)
	u.Sync(a, audittest.AdminKey)
	u.AddEntries(acted(0, audittest.OpsTeam, "Ann New"))
	u.Clock.Advance(time.Hour)
	u.Sync(a, audittest.AdminKey)
	users := []auditlog.Target{{Kind: auditlog.KindUser, ID: "12"}, {Kind: auditlog.KindUser, ID: "13"}}
	named, err := u.Reader(a, audittest.AdminKey).TargetNames(t.Context(), "77", users)
	require.NoError(t, err)
	assert.Equal(t, map[auditlog.Target][]auditlog.Text{users[0]: {"Ann New", "Ann Old"}}, named)
	named, err = u.Reader(a, audittest.TeamAdminKey).TargetNames(t.Context(), "77", users)
	require.NoError(t, err)
	assert.Empty(t, named, "acted in another team")
}

// askedStore counts what is asked of a store for names.
type askedStore struct {
	archive.Store
	mu    sync.Mutex // a read asks from two goroutines
	asked map[string]int
}

func (s *askedStore) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[what]++
}

func (s *askedStore) Words(ctx context.Context, d archive.Dictionary, after int32) iter.Seq2[*archive.Word, error] {
	s.note("Words")
	return s.Store.Words(ctx, d, after)
}

func (s *askedStore) RowsAt(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	s.note("RowsAt")
	return s.Store.RowsAt(ctx, log, ids)
}

func TestTheNamesOfAPageAreAskedForAtOnce(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	var made []makesim.Entry
	var page []auditlog.Target
	for i := range 300 {
		id := fmt.Sprint(1000 + i)
		made = append(made, told(9, "webhook_created", id, map[string]any{"webhookName": "Old " + id}))
		page = append(page, auditlog.Target{Kind: "webhook", ID: auditlog.Text(id)})
	}
	made = append(made, told(8, "webhook_updated", "1000", map[string]any{"webhookName": "New 1000"}))
	u := storetest.Start(t, made, makesim.Quirks{})
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "audit.db"), sqlite.Options{Create: true})
	require.NoError(t, err)
	asked := &askedStore{Store: store, asked: map[string]int{}}
	a := archive.New(asked, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin})
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	u.SyncWith(a, storetest.AllDetails())
	reader := u.Reader(a, audittest.AdminKey)
	_, err = reader.Read(t.Context(), storetest.Year(), func(*auditlog.Entry) bool { return true })
	require.NoError(t, err)
	clear(asked.asked)
	u.ResetRequests()
	named, err := reader.TargetNames(t.Context(), "77", page)
	require.NoError(t, err)
	assert.Len(t, named, 300)
	assert.Equal(t, []auditlog.Text{"New 1000", "Old 1000"}, named[page[0]])
	assert.Equal(t, map[string]int{"RowsAt": 1}, asked.asked, "the ids were read for the entries")
	assert.Empty(t, u.Requests(), "nothing is asked of Make")
}
