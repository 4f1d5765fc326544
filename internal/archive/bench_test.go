package archive_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
)

const (
	// benchRows is how many entries the benchmarks are about, if not 1,000,000.
	benchRows = "ARCHIVE_BENCH_ROWS"
	// benchKeep asks the archive that an earlier run filled, if any.
	benchKeep = "ARCHIVE_BENCH_KEEP"
	// benchProfiles is a folder for profiles of the children, if any are wanted.
	benchProfiles = "ARCHIVE_BENCH_PROFILES"
	// benchRole names what a child process of the benchmarks does.
	benchRole = "ARCHIVE_BENCH_ROLE"
	// benchURL is the upstream of a child, benchAddress where the archive lies if it is no file.
	benchURL, benchAddress = "ARCHIVE_BENCH_URL", "ARCHIVE_BENCH_ADDRESS"
	// rareEvent is one entry's of 20,000, emptyEvent no entry's.
	rareEvent, emptyEvent = "two_factor_authentication_enforcement_disabled", "organization_created"
)

func rows(t testing.TB) int {
	t.Helper()
	asked := os.Getenv(benchRows)
	if asked == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(asked)
	require.NoError(t, err)
	return n
}

// largeLog is a year of a large organization: 60 people, 44 kinds of event, ten teams, 40,000 objects.
func largeLog(count int) []makesim.Entry {
	var actors []makesim.Actor
	for i := range int64(60) {
		actors = append(actors, makesim.Actor{ID: 1000 + i, Name: fmt.Sprintf("Person Number%d", i),
			Email: fmt.Sprintf("person.number%d@acme.example", i)})
	}
	var events []string
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			if event.Value != rareEvent && event.Value != emptyEvent {
				events = append(events, event.Value)
			}
		}
	}
	teams := []int64{0}
	for _, team := range tenTeams() {
		teams = append(teams, team.ID)
	}
	bulk := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: count, From: storetest.Begin().AddDate(0, 0, -364),
		To: storetest.Begin().Add(-time.Hour), Seed: 5,
		BurstSize: count / 1000, Teams: teams, Actors: actors, Events: events,
	})
	for i := range bulk {
		// An object is of one kind: 40,000 of fourteen.
		kind := bulk[i].Event[:strings.LastIndexByte(bulk[i].Event, '_')]
		bulk[i].TargetID = strconv.Itoa(100_000 + 10_000*len(kind) + i*7919%2_900)
		switch {
		case i%20_000 == 0:
			bulk[i].Event, bulk[i].Details = rareEvent, map[string]any{"reason": "asked for by support"}
		case i%40 == 0:
			bulk[i].VersionFrom, bulk[i].VersionTo = strconv.Itoa(i%17), strconv.Itoa(i%17+1)
		case i%50 == 0:
			bulk[i].Actor = nil
		}
	}
	return bulk
}

func tenTeams() []makesim.Team {
	var teams []makesim.Team
	for i := range int64(10) {
		teams = append(teams, makesim.Team{ID: 500 + i, Name: fmt.Sprintf("Team Number%d", i)})
	}
	return teams
}

// startLarge is an upstream with the large organization.
func startLarge(t testing.TB, entries []makesim.Entry) *storetest.Upstream {
	u := storetest.Start(t, entries, makesim.Quirks{})
	u.Update(func(w *makesim.World) { w.Organizations[0].Teams = tenTeams() })
	return u
}

// measured is what a child process has to say.
type measured struct {
	Entries        int
	Insert, Whole  time.Duration // of a fill: without waiting for the source, and with
	First          time.Duration // the first answer of a process, with opening the archive
	Started, Peak  float64       // MB resident, before and at most
	Second, Listed time.Duration // an answer after the first, and a page

	Again     time.Duration // a sync when there is nothing new
	AgainPeak float64
}

// TestChildOfTheBenchmarks is the main of the benchmarks' children: one serves Make's API, one fills the archive from it, one answers
// questions. What each needs of memory is its own then.
func TestChildOfTheBenchmarks(t *testing.T) {
	t.Parallel()
	path := os.Getenv(storetest.ChildPlace)
	result := measured{Started: resident(t)}
	switch os.Getenv(benchRole) {
	case "serve":
		u := startLarge(t, largeLog(rows(t)))
		fmt.Println(u.URL)
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is done
		return
	case "fill", "again":
		fill(t, path, &result)
	case "answer":
		answer(t, path, &result, analysis.GroupByActor)
	case "answer by target":
		answer(t, path, &result, analysis.GroupByTarget)
	default:
		t.Skip("it runs as a child of BenchmarkArchive")
	}
	result.Peak = resident(t)
	text, err := json.Marshal(result)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".measured", text, 0o600))
}

// resident is the most that was resident so far, in MB.
func resident(t testing.TB) float64 { return ofStatus(t, "VmHWM") }

// residentNow is what is resident, in MB.
func residentNow(t testing.TB) float64 { return ofStatus(t, "VmRSS") }

func ofStatus(t testing.TB, name string) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0 // Linux only
	}
	match := regexp.MustCompile(name + `:\s*(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, match)
	kilobytes, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	return float64(kilobytes) / 1024
}

// timedSource measures how long a sync waits for entries.
type timedSource struct {
	archive.Source
	waited time.Duration
}

func (s *timedSource) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	began := time.Now()
	defer func() { s.waited += time.Since(began) }()
	return s.Source.Read(ctx, q, yield)
}

func (s *timedSource) Written(ctx context.Context, organization auditlog.Ref, since time.Time,
	yield func(*auditlog.Entry)) (time.Time, auditlog.Report, error) {
	began := time.Now()
	defer func() { s.waited += time.Since(began) }()
	return s.Source.Written(ctx, organization, since, yield)
}

func (s *timedSource) Detail(ctx context.Context, organization auditlog.ID, uuid string) (*auditlog.Entry, error) {
	return s.Source.Detail(ctx, organization, uuid) // several at once: counted as work of the sync
}

// openLarge opens the archive of the benchmarks; where that is a database, the path is that of what lies beside it.
func openLarge(t testing.TB, path string) *archive.Archive { return openWithin(t, path, 0) }

// openWithin is the same with so much memory for logs; a negative number leaves everything to the store.
func openWithin(t testing.TB, path string, memory int64) *archive.Archive {
	t.Helper()
	var store archive.Store
	var err error
	if address := os.Getenv(benchAddress); address != "" {
		store, err = postgres.Open(t.Context(), address, postgres.Options{Create: true})
	} else {
		store, err = sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
	}
	require.NoError(t, err)
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: path + ".key", Now: storetest.Begin, CacheMemory: memory})
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

func fill(t *testing.T, path string, result *measured) {
	u := storetest.Elsewhere(t, os.Getenv(benchURL), storetest.Begin())
	a := openLarge(t, path)
	source := &timedSource{Source: u.Session(audittest.AdminKey, live.Options{KeepRaw: true, MaxKept: 1})} // as internal/cli sets it
	how := storetest.SyncOptions()
	how.Details, how.IsNotable = archive.NotableDetails, func(event auditlog.Text) bool { return event == rareEvent }
	began := time.Now()
	summary, err := a.Sync(t.Context(), source, how)
	require.NoError(t, err)
	result.Entries, result.Whole = summary.Span.Entries, time.Since(began)
	result.Insert = result.Whole - source.waited
}

func answer(t *testing.T, path string, result *measured, by analysis.Dimension) {
	u := startLarge(t, nil)
	reader := u.Reader(nil, audittest.AdminKey)
	_, err := reader.Source.Catalog(t.Context(), "77")
	require.NoError(t, err)
	began := time.Now()
	reader.Archive = openLarge(t, path)
	s := service(reader)
	result.Entries = countBy(by)(t, s)
	result.First = time.Since(began)
	began = time.Now()
	countBy(analysis.GroupByDay, analysis.GroupByEvent)(t, s)
	result.Second = time.Since(began)
	began = time.Now()
	page(question.Filter{Events: []string{rareEvent}}, 50)(t, s)
	result.Listed = time.Since(began)
}

func service(reader *archive.Reader) *analysis.Service {
	return &analysis.Service{Entries: reader, Resolver: question.Resolver{Reader: reader, Directory: reader}}
}

// largeArchive fills an archive once a run.
var largeArchive = sync.OnceValues(func() (path string, result *measured) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "make-audit-mcp-bench", "archive.db"), &measured{}
})

// filled is an archive with the large log, and what it took to fill it.
func filled(b *testing.B) (path string, result *measured) {
	b.Helper()
	path, result = largeArchive()
	isFile := os.Getenv(benchAddress) == ""
	if !isFile {
		path, result = filepath.Join(b.TempDir(), "database"), &measured{}
	}
	if result.Entries > 0 {
		return path, result
	}
	kept := path + ".filled"
	if text, err := os.ReadFile(kept); err == nil && isFile && os.Getenv(benchKeep) != "" {
		require.NoError(b, json.Unmarshal(text, result))
		return path, result
	}
	require.NoError(b, os.RemoveAll(filepath.Dir(path)))
	require.NoError(b, os.MkdirAll(filepath.Dir(path), 0o700))
	serving := storetest.Child(b, "TestChildOfTheBenchmarks", path, benchRole+"=serve")
	keepAlive, err := serving.StdinPipe()
	require.NoError(b, err)
	output, err := serving.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, serving.Start())
	lines := bufio.NewScanner(output)
	require.True(b, lines.Scan())
	*result = runChild(b, path, "fill", benchURL+"="+lines.Text())
	again := runChild(b, path, "again", benchURL+"="+lines.Text())
	result.Again, result.AgainPeak = again.Whole, again.Peak
	require.NoError(b, keepAlive.Close())
	_, _ = io.Copy(io.Discard, output)
	require.NoError(b, serving.Wait())
	text, err := json.Marshal(result)
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(kept, text, 0o600))
	return path, result
}

func runChild(b *testing.B, path, role string, env ...string) (result measured) {
	b.Helper()
	c := storetest.Child(b, "TestChildOfTheBenchmarks", path, append(env, benchRole+"="+role, "GOGC=50")...) // as internal/cli sets it
	if folder := os.Getenv(benchProfiles); folder != "" {
		c.Args = append(c.Args, "-test.cpuprofile", filepath.Join(folder, role+".cpu"), "-test.memprofile",
			filepath.Join(folder, role+".mem"))
	}
	output, err := c.CombinedOutput()
	require.NoError(b, err, string(output))
	text, err := os.ReadFile(path + ".measured")
	require.NoError(b, err)
	require.NoError(b, json.Unmarshal(text, &result))
	return result
}

// ask is a question that the tools ask; it returns how many entries the answer is about.
type ask func(t testing.TB, s *analysis.Service) int

func resolve(t testing.TB, s *analysis.Service, f question.Filter) auditlog.Query {
	if f.From == "" {
		f.From = "365d"
	}
	f.OrganizationID = auditlog.ID(strconv.Itoa(audittest.OrganizationID))
	understood, err := s.Resolve(t.Context(), f, 30)
	require.NoError(t, err)
	return understood.Query
}

func countBy(by ...analysis.Dimension) ask { return countIn("", by...) }

func countIn(hours string, by ...analysis.Dimension) ask {
	return func(t testing.TB, s *analysis.Service) int {
		parsed, err := question.ParseHours(hours)
		require.NoError(t, err)
		counting, err := s.Count(t.Context(), resolve(t, s, question.Filter{}),
			analysis.CountRequest{GroupBy: by, Hours: parsed, OrderBy: analysis.OrderByCount})
		require.NoError(t, err)
		require.Equal(t, auditlog.SourceArchive, counting.Report.Source)
		return counting.Total
	}
}

func page(f question.Filter, limit int) ask {
	return func(t testing.TB, s *analysis.Service) int {
		listing, err := s.List(t.Context(), resolve(t, s, f), question.Order{}, nil, limit)
		require.NoError(t, err)
		require.Equal(t, auditlog.SourceArchive, listing.Report.Source)
		return len(listing.Entries)
	}
}

// of asks another service.
func of(s *analysis.Service, what ask) ask {
	return func(t testing.TB, _ *analysis.Service) int { return what(t, s) }
}

func activity(from string) ask {
	return func(t testing.TB, s *analysis.Service) int {
		found, err := s.Activity(t.Context(), resolve(t, s, question.Filter{From: from, Actors: []string{"1007"}}),
			analysis.DefaultBaselineDays)
		require.NoError(t, err)
		return len(found.Entries) + found.Baseline.Entries
	}
}

// suspicions looks for what stands out of a month, against 90 days before: a third of what the archive holds.
func suspicions(t testing.TB, s *analysis.Service) int {
	detector, err := detect.New()
	require.NoError(t, err)
	s.Detector = detector
	found, err := s.Suspicions(t.Context(), resolve(t, s, question.Filter{From: "30d"}), analysis.SuspicionRequest{})
	require.NoError(t, err)
	require.Equal(t, auditlog.SourceArchive, found.Read.Source)
	return found.Baseline.Entries
}

// BenchmarkArchive measures both stores, one after the other.
func BenchmarkArchive(b *testing.B) {
	b.Run("file", benchmarkArchive)
	b.Run("PostgreSQL", func(b *testing.B) {
		b.Setenv(benchAddress, postgrestest.Start(b, "shared_buffers=256MB").Address("benchmarks"))
		benchmarkArchive(b)
	})
}

// benchmarkArchive measures an archive of a million entries against the limits that were set, which each benchmark reports beside its
// median. Limits are for medians on two cores.
func benchmarkArchive(b *testing.B) {
	path, fill := filled(b)
	b.Run("insert", func(b *testing.B) {
		for b.Loop() { // it was done once, before
		}
		b.ReportMetric(float64(fill.Entries)/fill.Insert.Seconds(), "entries/s")
		b.ReportMetric(20_000, "at-least/s")
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/float64(fill.Entries), "B/entry")
			b.ReportMetric(600, "limit-B")
		}
		b.ReportMetric(fill.Whole.Seconds(), "whole-s")
		b.ReportMetric(fill.Peak, "peak-MB")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("sync again", func(b *testing.B) {
		for b.Loop() { // as above
		}
		b.ReportMetric(milliseconds(fill.Again), "ms")
		b.ReportMetric(fill.AgainPeak, "peak-MB")
		b.ReportMetric(0, "ns/op")
	})
	for _, role := range []string{"answer", "answer by target"} { // 40,000 groups
		b.Run("cold "+role, func(b *testing.B) {
			var first, second []time.Duration
			peak, started := 0.0, 0.0
			for b.Loop() {
				result := runChild(b, path, role)
				require.Equal(b, fill.Entries, result.Entries)
				first, second = append(first, result.First), append(second, result.Second)
				peak, started = max(peak, result.Peak), result.Started
			}
			b.ReportMetric(milliseconds(median(first)), "first-ms")
			b.ReportMetric(3_000, "limit-ms")
			b.ReportMetric(milliseconds(median(second)), "second-ms")
			b.ReportMetric(peak, "peak-MB")
			b.ReportMetric(100, "limit-MB")
			b.ReportMetric(started, "bare-MB")
		})
	}
	pushedCount, pushedPage := 400.0, 20.0
	if os.Getenv(benchAddress) == "" {
		pushedCount, pushedPage = 0, 0 // a file has no index by time, and SQLite sorts what it groups: it reads and sorts all of a log
	}
	u := startLarge(b, nil)
	a := openLarge(b, path)
	s := service(u.Reader(a, audittest.AdminKey))
	without := service(u.Reader(openWithin(b, path, -1), audittest.AdminKey)) // which leaves everything to the store
	some, err := s.List(b.Context(), resolve(b, s, question.Filter{Events: []string{rareEvent}}), question.Order{}, nil, 1)
	require.NoError(b, err)
	require.NotEmpty(b, some.Entries)
	for _, asked := range []struct {
		name  string
		limit float64 // milliseconds
		ask   ask
	}{
		{"count by actor, left to the store", pushedCount, of(without, countBy(analysis.GroupByActor))},
		{"count by day and event, left to the store", 0, of(without, countBy(analysis.GroupByDay, analysis.GroupByEvent))},
		{"count by target, left to the store", 0, of(without, countBy(analysis.GroupByTarget))},
		{"page, left to the store", pushedPage, of(without, page(question.Filter{}, 50))},
		{"page of one actor, left to the store", pushedPage, of(without, page(question.Filter{Actors: []string{"1007"}}, 50))},
		{"page of one object, left to the store", 0, of(without, page(question.Filter{TargetID: "171234"}, 50))},
		{"page of nothing, left to the store", 0, of(without, page(question.Filter{Events: []string{emptyEvent}}, 50))},
		{"count by actor", 250, countBy(analysis.GroupByActor)},
		{"page", 20, page(question.Filter{}, 50)},
		{"count by day and event", 400, countBy(analysis.GroupByDay, analysis.GroupByEvent)},
		{"count by target", 400, countBy(analysis.GroupByTarget)},
		{"count by hour of day at night", 400, countIn("22:15-06", analysis.GroupByHourOfDay)},
		{"count by weekday and team", 400, countBy(analysis.GroupByWeekday, analysis.GroupByTeam)},
		{"page of a rare event", 10, page(question.Filter{Events: []string{rareEvent}}, 50)},
		{"page of one actor", 10, page(question.Filter{Actors: []string{"1007"}}, 50)},
		{"page of nothing", 10, page(question.Filter{Events: []string{emptyEvent}}, 50)},
		{"page of one object", 10, page(question.Filter{TargetID: "171234"}, 50)},
		{"activity of a month", 300, activity("30d")},
		{"activity of a year", 300, activity("365d")},
		{"what stands out of a month", 2_000, suspicions}, // for ARCHIVE_BENCH_ROWS=180000, of which 60,000 are read
		{"entry with details", 10, func(t testing.TB, s *analysis.Service) int {
			entries, failures := s.Details(t.Context(), "77", []string{some.Entries[0].UUID})
			require.NoError(t, failures[0])
			require.NotEmpty(t, entries[0].Details)
			return 1
		}},
	} {
		b.Run(asked.name, func(b *testing.B) {
			var took []time.Duration
			count := 0
			for b.Loop() {
				began := time.Now()
				count = asked.ask(b, s)
				took = append(took, time.Since(began))
			}
			b.ReportMetric(milliseconds(median(took)), "median-ms")
			if asked.limit > 0 {
				b.ReportMetric(asked.limit, "limit-ms")
			}
			b.ReportMetric(float64(count), "entries")
		})
	}
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			found, err := a.Verify(b.Context(), archive.VerifyOptions{})
			require.NoError(b, err)
			require.Empty(b, found.Problems)
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
	})
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
