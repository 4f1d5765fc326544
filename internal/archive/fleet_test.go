package archive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

const (
	// fleetLogs and fleetEntries are how many organizations there are, and how many entries each has, if not a few.
	fleetLogs, fleetEntries = "ARCHIVE_FLEET_LOGS", "ARCHIVE_FLEET_ENTRIES"
	// fleetMemory is the memory for logs of the process that answers, fleetAddress the archive: for the child.
	fleetMemory, fleetAddress = "ARCHIVE_FLEET_MEMORY", "ARCHIVE_FLEET_ADDRESS"
	// fleetPeople, fleetObjects are what each organization has of its own.
	fleetPeople, fleetObjects = 200, 500
)

// fleet is an upstream of many organizations, each with as many entries of one week. Making them over HTTP would take most of the time.
type fleet struct {
	archive.Source // of another organization; what is not of entries is its to say

	logs, entries int
	// isNew has all entries written since the last sync.
	isNew bool
}

func (f *fleet) organization(number int) auditlog.Organization {
	id := auditlog.ID(strconv.Itoa(1000 + number))
	return auditlog.Organization{Ref: auditlog.Ref{ID: id, Name: "Fleet"}, Zone: audittest.Zone, Here: true}
}

// at is when an entry was triggered; the first is the newest.
func (f *fleet) at(i int) time.Time {
	return storetest.Begin().Add(-time.Hour - time.Duration(i)*(6*24*time.Hour/time.Duration(f.entries))).Truncate(time.Millisecond)
}

func (f *fleet) entry(organization auditlog.ID, i int) *auditlog.Entry {
	at := f.at(i).Format("2006-01-02T15:04:05.000Z")
	person, team := i*7919%fleetPeople, i%10
	raw := fmt.Appendf(nil, `{"uuid":"%08d-0000-4000-8000-%012[2]s","createdAt":%[3]q,"triggeredAt":%[3]q,"organizationId":%[2]s,`+
		`"organization":{"id":%[2]s,"name":"Fleet"},"eventName":"%[4]s_%[5]s","actor":{"id":%[2]s%03[6]d,"name":"Person Number%[6]d of %[2]s",`+
		`"email":"person.number%[6]d@of%[2]s.example"},"team":{"id":%[2]s%[7]d,"name":"Team Number%[7]d"},"targetId":"%[2]s%04[8]d"}`,
		i, organization, at, []string{"webhook", "scenario", "connection", "key"}[i%4], []string{"created", "updated", "deleted"}[i/4%3],
		person, team, i*31%fleetObjects)
	entry, ok := live.Decode(raw)
	if !ok {
		panic("it is no entry: " + string(raw))
	}
	entry.Raw = raw
	return entry
}

func (f *fleet) Access(context.Context, auditlog.ID) (*auditlog.Access, error) {
	return &auditlog.Access{Organization: true, RetentionDays: 365, Oldest: f.at(f.entries - 1)}, nil
}

func (f *fleet) Catalog(context.Context, auditlog.ID) (*auditlog.Catalog, error) {
	return &auditlog.Catalog{}, nil
}

func (f *fleet) Read(_ context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	report := auditlog.Report{Exhausted: true, Coverage: auditlog.Coverage{From: q.Window.From, To: q.Window.To}}
	for i := range f.entries {
		if at := f.at(i); at.Before(q.Window.From) || !at.Before(q.Window.To) {
			continue
		}
		if !yield(f.entry(q.Organization.ID, i)) {
			break
		}
	}
	return report, nil
}

func (f *fleet) Written(_ context.Context, organization auditlog.Ref, _ time.Time, yield func(*auditlog.Entry)) (time.Time,
	auditlog.Report, error) {
	for i := 0; f.isNew && i < f.entries; i++ {
		yield(f.entry(organization.ID, i))
	}
	return storetest.Begin(), auditlog.Report{Exhausted: true}, nil
}

// newFleet is one with the settings of the environment, or a small one.
func newFleet(t testing.TB) *fleet {
	number := func(name string, otherwise int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	u := storetest.Start(t, nil, makesim.Quirks{})
	return &fleet{Source: u.Source(audittest.AdminKey), logs: number(fleetLogs, 12), entries: number(fleetEntries, 300)}
}

func (f *fleet) open(t testing.TB, address, key string, memory int64) *archive.Archive {
	store, err := postgres.Open(t.Context(), address, postgres.Options{Create: true})
	require.NoError(t, err)
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: key, Now: storetest.Begin, CacheMemory: memory})
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

// fleetAnswers is what the process that answers has to say.
type fleetAnswers struct {
	Resident, Peak float64 // MB
	Questions      int
	Took           time.Duration // all of them
	Slowest        time.Duration
	Stats          archive.CacheStats
}

// TestAFleetStaysWithinItsMemory has one process answer questions about many organizations, in random order, with less memory than their
// logs take. scripts/long asks 1,000 organizations of 10,000 entries.
func TestAFleetStaysWithinItsMemory(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	f := newFleet(t)
	address, key := postgrestest.Start(t, "shared_buffers=256MB", "fsync=off").Address("fleet"), filepath.Join(t.TempDir(), "key")
	began := time.Now()
	a := f.open(t, address, key, 0)
	for i := range f.logs {
		summary, err := a.Sync(t.Context(), f, archive.SyncOptions{Instance: audittest.Zone, Organization: f.organization(i),
			Details: archive.NoDetails})
		require.NoError(t, err)
		require.Equal(t, f.entries, summary.Span.Entries)
		if i%50 == 49 {
			t.Logf("%d organizations filled after %.0f s", i+1, time.Since(began).Seconds())
		}
	}
	memory := int64(archive.DefaultCacheMemory)
	if os.Getenv(fleetLogs) == "" { // half of what the small one takes
		memory = int64(f.logs) * int64(f.entries*16+fleetPeople*180+fleetObjects*40)
	}
	if text := os.Getenv(fleetMemory); text != "" {
		var err error
		memory, err = strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
	}
	child := storetest.Child(t, "TestChildOfTheFleet", key, fleetAddress+"="+address, fleetMemory+"="+strconv.FormatInt(memory, 10),
		"GOGC=50") // as internal/cli sets it
	if folder := os.Getenv(benchProfiles); folder != "" {
		child.Args = append(child.Args, "-test.cpuprofile", filepath.Join(folder, "fleet.cpu"))
	}
	output, err := child.CombinedOutput()
	require.NoError(t, err, string(output))
	text, err := os.ReadFile(key + ".answers")
	require.NoError(t, err)
	var got fleetAnswers
	require.NoError(t, json.Unmarshal(text, &got))
	t.Logf("%d organizations of %d entries, %d MB for logs: resident %.0f MB, %.0f at most; %d questions, one each %.1f ms, the slowest took "+
		"%d ms; %+v",
		f.logs, f.entries, memory/1_000_000, got.Resident, got.Peak, got.Questions, float64(got.Took.Milliseconds())/float64(got.Questions),
		got.Slowest.Milliseconds(), got.Stats)
	assert.Less(t, got.Peak, 512.0)
	assert.LessOrEqual(t, got.Stats.Bytes, got.Stats.Limit)
	assert.Positive(t, got.Stats.Hits)
}

// TestChildOfTheFleet is the main of the process that answers.
func TestChildOfTheFleet(t *testing.T) {
	t.Parallel()
	address := os.Getenv(fleetAddress)
	if address == "" {
		t.Skip("it runs as a child of TestAFleetStaysWithinItsMemory")
	}
	f := newFleet(t)
	memory, err := strconv.ParseInt(os.Getenv(fleetMemory), 10, 64)
	require.NoError(t, err)
	key := os.Getenv(storetest.ChildPlace)
	a := f.open(t, address, key, memory)
	reader := &archive.Reader{Source: f, Archive: a, Instance: audittest.Zone, IsUnreachable: func(error) bool { return false }}
	var slowest, questions atomic.Int64
	random := rand.New(rand.NewPCG(7, 7))
	var order []int
	for range 3 {
		order = append(order, random.Perm(f.logs)...)
	}
	began := time.Now()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for _, number := range order {
		group.Go(func() error {
			kinds := []func(context.Context, *archive.Reader, auditlog.Query) (int, error){f.countByActor, f.countByDay, f.page}
			for _, question := range kinds {
				asked := time.Now()
				q := auditlog.Query{Organization: f.organization(number).Ref, Window: storetest.Year().Window}
				count, err := question(ctx, reader, q)
				if err != nil {
					return err
				}
				assert.Equal(t, f.entries, count)
				took := int64(time.Since(asked))
				for last := slowest.Load(); took > last; last = slowest.Load() {
					slowest.CompareAndSwap(last, took)
				}
				questions.Add(1)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	result := fleetAnswers{Resident: residentNow(t), Peak: resident(t), Questions: int(questions.Load()), Took: time.Since(began),
		Slowest: time.Duration(slowest.Load()), Stats: a.CacheStats()}
	text, err := json.Marshal(result)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key+".answers", text, 0o600))
}

func (f *fleet) countByActor(ctx context.Context, r *archive.Reader, q auditlog.Query) (count int, err error) {
	people := map[auditlog.ID]bool{}
	_, err = r.Tally(ctx, q, auditlog.TallyBy{Actor: true}, func(bin auditlog.Bin) {
		count += bin.Count
		people[bin.Entry.ActorID()] = true
	})
	if err == nil && len(people) != min(f.entries, fleetPeople) {
		err = fmt.Errorf("there are %d people in %s", len(people), q.Organization.ID)
	}
	return count, err
}

func (f *fleet) countByDay(ctx context.Context, r *archive.Reader, q auditlog.Query) (count int, err error) {
	by := auditlog.TallyBy{Event: true, Target: true, Clock: auditlog.ByDate}
	_, err = r.Tally(ctx, q, by, func(bin auditlog.Bin) { count += bin.Count })
	return count, err
}

// page asks for the newest entries, and returns how many there are if they are the right ones.
func (f *fleet) page(ctx context.Context, r *archive.Reader, q auditlog.Query) (int, error) {
	q.Want = 20
	var got, want []string
	_, err := r.Read(ctx, q, func(e *auditlog.Entry) bool {
		got = append(got, e.UUID)
		return len(got) < q.Want
	})
	for i := range min(q.Want, f.entries) {
		want = append(want, f.entry(q.Organization.ID, i).UUID)
	}
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("the page of %s has %q", q.Organization.ID, got)
	}
	return f.entries, err
}
