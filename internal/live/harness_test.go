package live_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// now is the simulator's clock in tests that pin it.
func now() time.Time { return audittest.Now() }

// upstream is a simulated Make with the little world.
type upstream struct{ *audittest.Upstream }

func start(t testing.TB, entries []makesim.Entry, options makesim.Options) *upstream {
	t.Helper()
	return &upstream{audittest.Start(t, audittest.LittleWorld(entries), options)}
}

// reader is a new client with a key, with nothing kept.
func (u *upstream) reader(key string, options live.Options) *live.Reader {
	u.T.Helper()
	return u.readerAt(key, now, nil, options)
}

// readerAt is a reader with a clock and, unless it is nil, a budget of its own.
func (u *upstream) readerAt(key string, clock func() time.Time, budget *makeapi.Budget, options live.Options) *live.Reader {
	u.T.Helper()
	return audittest.Access{URL: u.URL, Key: key, Now: clock, Budget: budget, Live: options}.Reader(u.T)
}

func window(from, to time.Time) auditlog.Window {
	return auditlog.Window{From: from, To: to, Location: time.UTC}
}

func everything() auditlog.Window { return window(now().AddDate(0, 0, -364), now()) }

func query(w auditlog.Window) auditlog.Query {
	return auditlog.Query{Organization: auditlog.Ref{ID: "77", Name: "Acme"}, Window: w}
}

// read reads a query up to most entries, -1 to its end, and checks what holds of every read: newest first, nothing twice, nothing outside
// the window.
func read(t testing.TB, reader auditlog.Reader, q auditlog.Query, most int) ([]*auditlog.Entry, auditlog.Report) {
	t.Helper()
	got, report, err := readUntil(t.Context(), reader, q, most)
	require.NoError(t, err)
	for i, e := range got {
		require.True(t, q.Window.Contains(e.TriggeredAt), "%s is outside the window", e.TriggeredAt)
		require.True(t, i == 0 || auditlog.CompareNewestFirst(got[i-1], e) < 0, "entry %d is out of order or twice", i)
	}
	return got, report
}

func readUntil(ctx context.Context, reader auditlog.Reader, q auditlog.Query, most int) ([]*auditlog.Entry, auditlog.Report, error) {
	var got []*auditlog.Entry
	report, err := reader.Read(ctx, q, func(e *auditlog.Entry) bool {
		got = append(got, e)
		return len(got) != most
	})
	return got, report, err
}

// readAll reads a query to its end and returns the uuids.
func readAll(t testing.TB, reader auditlog.Reader, q auditlog.Query) ([]string, auditlog.Report) {
	t.Helper()
	got, report := read(t, reader, q, -1)
	return uuids(got), report
}

func uuids(entries []*auditlog.Entry) []string {
	var uuids []string
	for _, e := range entries {
		uuids = append(uuids, e.UUID)
	}
	return uuids
}

// missing are those of want that are not among the entries.
func missing(entries []*auditlog.Entry, want []string) []string {
	got := map[string]bool{}
	for _, e := range entries {
		got[e.UUID] = true
	}
	return slices.DeleteFunc(want, func(uuid string) bool { return got[uuid] })
}

// resume goes on behind an entry.
func resume(triggeredAt time.Time, uuid string, offset int) *auditlog.Resume {
	return &auditlog.Resume{After: auditlog.Position{TriggeredAt: triggeredAt, UUID: uuid}, Offset: offset}
}

// crowd are entries of one instant.
func crowd(size int, at time.Time) []makesim.Entry {
	entries := make([]makesim.Entry, size)
	for i := range entries {
		entries[i] = makesim.Entry{UUID: fmt.Sprintf("c0000000-0000-4000-8000-%012d", i), OrganizationID: audittest.OrganizationID,
			Event: "webhook_created", TriggeredAt: at}
	}
	return entries
}

// expected counts on its own what a read must deliver.
func (u *upstream) expected(keep func(makesim.Entry) bool) []string {
	var uuids []string
	for _, entry := range u.Dump(audittest.OrganizationID) {
		if keep(entry) {
			uuids = append(uuids, entry.UUID)
		}
	}
	slices.Sort(uuids)
	return uuids
}

func within(w auditlog.Window) func(makesim.Entry) bool {
	return func(e makesim.Entry) bool { return w.Contains(e.TriggeredAt) }
}

func sorted(uuids []string) []string {
	uuids = slices.Clone(uuids)
	slices.Sort(uuids)
	return uuids
}

// lists are the calls for the organization's list, newest first.
func (u *upstream) lists() []makesim.Request {
	return slices.DeleteFunc(u.calls("/audit-logs/organization/77"), func(r makesim.Request) bool {
		return r.Query.Get("pg[sortDir]") != "desc"
	})
}

func (u *upstream) calls(path string) []makesim.Request {
	return slices.DeleteFunc(u.Requests(), func(r makesim.Request) bool { return r.Path != makesim.BasePath+path })
}
