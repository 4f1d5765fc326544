package storetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// The environment of a child process: this test binary once more, as the main of which serves one test function.
const (
	ChildPlace = "ARCHIVE_CHILD_PLACE" // where the archive lies
	childURL   = "ARCHIVE_CHILD_URL"   // the upstream
	childNow   = "ARCHIVE_CHILD_NOW"   // Make's time
	childKey   = "ARCHIVE_CHILD_KEY"   // the file of the signing key
)

// Places are where stores may lie, for processes that come and go.
type Places struct {
	// New is a place where nothing is yet.
	New func() string
	// Open opens what lies there. If nothing does, it makes an empty store if create is set, and else returns nil.
	Open func(t testing.TB, place string, create bool) archive.Store
	// Died is called when a process that had it open was killed.
	Died func(place string)
}

// Child prepares to run a test function of this binary as a process of its own.
func Child(t testing.TB, function, place string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), self, "-test.run", "^"+function+"$", "-test.timeout", "30m")
	c.Env = append(os.Environ(), append(env, ChildPlace+"="+place)...)
	return c
}

// The stages of a sync, as the child names them: those of its progress, and some of its own.
const (
	stageBegun    = "begun"
	stageOpen     = "open"
	stageFill     = "reading back"
	stageWritten  = "reading what was written since"
	stageDetails  = "reading details"
	stageConclude = "concluding"
)

// notableEvent is the one whose details the syncs of this test fetch.
const notableEvent = "webhook_deleted"

func isNotable(event auditlog.Text) bool { return event == notableEvent }

// telling is a source that tells when a sync is about to sign.
type telling struct{ archive.Source }

func (s telling) Account(ctx context.Context) (auditlog.Account, error) {
	fmt.Println(stageConclude)
	return s.Source.Account(ctx)
}

// SyncAsChild is the main of the process that [Kill] kills.
func SyncAsChild(t *testing.T, places Places) {
	url := os.Getenv(childURL)
	if url == "" {
		t.Skip("it runs as a child of the test that kills it")
	}
	now, err := time.Parse(time.RFC3339, os.Getenv(childNow))
	require.NoError(t, err)
	u := Elsewhere(t, url, now)
	fmt.Println(stageBegun)
	store := places.Open(t, os.Getenv(ChildPlace), true)
	fmt.Println(stageOpen)
	how := SyncOptions()
	how.Details, how.IsNotable = archive.NotableDetails, isNotable
	how.OnProgress = func(p archive.SyncProgress) { fmt.Println(p.Stage) }
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: os.Getenv(childKey), Now: Begin})
	_, err = a.Sync(t.Context(), telling{u.Source(audittest.AdminKey)}, how)
	require.NoError(t, err)
	require.NoError(t, a.Close())
}

// moment is when a child is killed: some time after it came to a stage for the nth time.
type moment struct {
	stage string
	nth   int
	delay time.Duration
}

// killing is a series of syncs that are killed.
type killing struct {
	*Upstream
	child   string
	random  *rand.Rand
	latency time.Duration
	places  Places
	place   string
	key     string
	stored  int // entries in the store, at the last look
	kills   map[string]int
	done    int
	renewed int
}

// Kill kills syncs, at any moment: whatever was stored stays, nothing is there twice, everything verifies, and the syncs after it make up
// for it. child names the test function that calls [SyncAsChild] with these places. ARCHIVE_KILLS says how many kills, over 60,000
// entries; ARCHIVE_KILLS_SEED repeats a series.
func Kill(t *testing.T, child string, places Places) {
	k, kills, count := newKilling(t, child, places, 6)
	k.begin(t, count)
	for killed := 0; killed < kills; {
		before := k.done
		k.run(k.pick())
		if k.done == before {
			killed++
			k.check()
			if killed%20 == 0 {
				t.Logf("%d kills", killed)
			}
			continue
		}
		k.compare()
		if k.random.IntN(3) == 0 {
			k.renew()
		} else {
			k.addLate()
		}
	}
	k.run(moment{stage: "never"})
	k.check()
	k.compare()
	t.Logf("killed %v, %d syncs ran through, %d stores", k.kills, k.done, k.renewed)
}

// newKilling prepares a series, of so many kills unless the environment asks for a long one.
func newKilling(t *testing.T, child string, places Places, few int) (k *killing, kills, entries int) {
	t.Helper()
	k = &killing{child: child, places: places, latency: 5 * time.Millisecond, kills: map[string]int{}}
	kills, entries = few, 3000
	if asked := os.Getenv("ARCHIVE_KILLS"); asked != "" {
		var err error
		kills, err = strconv.Atoi(asked)
		require.NoError(t, err)
		entries, k.latency = 60_000, 20*time.Millisecond
	} else {
		logtest.NotUnderRace(t) // it takes half a minute there, and sees nothing of other processes
	}
	seed := uint64(time.Now().UnixNano())
	if asked := os.Getenv("ARCHIVE_KILLS_SEED"); asked != "" {
		var err error
		seed, err = strconv.ParseUint(asked, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ARCHIVE_KILLS_SEED=%d", seed)
	k.random = rand.New(rand.NewPCG(seed, 1))
	return k, kills, entries
}

// begin starts the upstream: over HTTP, and slow, so that a sync waits as well as works.
func (k *killing) begin(t *testing.T, count int) {
	bulk := Entries(count)
	for i := range bulk {
		if i%200 == 0 {
			bulk[i].Event, bulk[i].Details = notableEvent, map[string]any{"webhookName": fmt.Sprintf("Orders %d", i)}
		}
	}
	k.Upstream = Start(t, bulk, makesim.Quirks{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(k.latency)
		k.ServeHTTP(w, r)
	}))
	t.Cleanup(slow.Close)
	k.URL = slow.URL + makesim.BasePath
	k.renew()
}

// renew goes on with a new store.
func (k *killing) renew() {
	k.renewed++
	k.stored = 0
	k.place, k.key = k.places.New(), filepath.Join(k.T.TempDir(), "key")
}

// pick draws a moment, more often than by chance one of those that are short.
func (k *killing) pick() moment {
	upTo := func(longest time.Duration) time.Duration { return time.Duration(k.random.Int64N(int64(longest))) }
	isNew := k.stored == 0
	switch n := k.random.IntN(12); {
	case n < 1 || isNew && n < 3:
		return moment{stageBegun, 1, upTo(40 * time.Millisecond)} // the store is made
	case n < 4:
		return moment{stageOpen, 1, upTo(8 * k.latency)}
	case n < 7:
		return moment{stageFill, 1 + k.random.IntN(6), upTo(60 * k.latency)}
	case n < 8:
		return moment{stageWritten, 1, upTo(8 * k.latency)}
	case n < 10:
		return moment{stageDetails, 1 + k.random.IntN(6), upTo(20 * k.latency)}
	default:
		return moment{stageConclude, 1, upTo(3 * k.latency)} // the key is made, the checkpoint signed
	}
}

// process is the child, not yet started.
func (k *killing) process() *exec.Cmd {
	k.T.Helper()
	return Child(k.T, k.child, k.place, childURL+"="+k.URL, childNow+"="+k.Clock.Now().Format(time.RFC3339), childKey+"="+k.key)
}

// run runs one sync in a process of its own and kills it at a moment, unless it is done before.
func (k *killing) run(at moment) {
	k.T.Helper()
	c := k.process()
	output, err := c.StdoutPipe()
	require.NoError(k.T, err)
	var said, failure bytes.Buffer
	c.Stderr = &failure
	require.NoError(k.T, c.Start())
	stage := ""
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		stage = lines.Text()
		fmt.Fprintln(&said, stage)
		if stage != at.stage {
			continue
		}
		if at.nth--; at.nth == 0 {
			time.AfterFunc(at.delay, func() { _ = c.Process.Kill() }) // it may be done
		}
	}
	err = c.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		k.done++
	case errors.As(err, &exit) && wasKilled(exit.ProcessState):
		k.kills[stage]++
		k.places.Died(k.place)
	default:
		require.NoError(k.T, err, "%s%s", said.String(), failure.String())
	}
}

func wasKilled(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signal() == syscall.SIGKILL
}

// check holds the store against all that must be true of it at any time.
func (k *killing) check() {
	k.T.Helper()
	a := k.open()
	if a == nil {
		return // it was killed before there was something
	}
	defer func() { assert.NoError(k.T, a.Close()) }()
	found, err := a.Verify(context.Background(), archive.VerifyOptions{})
	require.NoError(k.T, err)
	require.Empty(k.T, found.Problems)
	stored := k.look()
	require.Len(k.T, stored.keys, stored.rows)
	require.Equal(k.T, stored.rows, stored.brought, "nothing changed upstream, so that each entry came once")
	require.GreaterOrEqual(k.T, stored.rows, k.stored, "something that was stored is lost")
	k.stored = stored.rows
}

// looked is what is in a store.
type looked struct {
	rows, brought int // and the records that brought entries
	keys          map[archive.Key]bool
	details       map[int64]bool
}

// look asks the store itself.
func (k *killing) look() looked {
	k.T.Helper()
	store := k.places.Open(k.T, k.place, false)
	defer func() { assert.NoError(k.T, store.Close()) }()
	found := looked{keys: map[archive.Key]bool{}, details: map[int64]bool{}}
	for row, err := range store.Links(context.Background()) {
		require.NoError(k.T, err)
		found.rows++
		found.keys[row.Key] = true
		if row.Details > 0 {
			found.details[row.Details] = true
		}
	}
	for record, err := range store.Records(context.Background(), 0, 0, math.MaxInt) {
		require.NoError(k.T, err)
		if record.Kind.String() == "entry" {
			found.brought++
		}
	}
	return found
}

// open opens the archive, as it was left; nil if there is none.
func (k *killing) open() *archive.Archive {
	k.T.Helper()
	store := k.places.Open(k.T, k.place, false)
	if store == nil {
		return nil
	}
	return archive.New(store, archive.Options{Decode: live.Decode, Now: Begin})
}

// compare holds what the archive answers after a whole sync against what is upstream.
func (k *killing) compare() {
	k.T.Helper()
	a := k.open()
	defer func() { assert.NoError(k.T, a.Close()) }()
	reader := k.Reader(a, audittest.AdminKey)
	q := Year()
	q.Window.From, q.Window.To = Begin().AddDate(-1, 0, 0), k.Clock.Now()
	got, report := ReadAll(k.T, reader, q)
	assert.True(k.T, report.Exhausted)
	assert.Equal(k.T, auditlog.SourceArchive, report.Source)
	upstream := k.Dump(audittest.OrganizationID)
	want := make([]string, 0, len(upstream))
	notable := 0
	for i := range upstream {
		want = append(want, Line(k.shown(&upstream[i])))
		if upstream[i].Event == notableEvent {
			notable++
			entry, err := reader.Detail(context.Background(), "77", upstream[i].UUID)
			require.NoError(k.T, err)
			details, err := json.Marshal(upstream[i].Details)
			require.NoError(k.T, err)
			require.JSONEq(k.T, string(details), string(entry.Details))
		}
	}
	slices.Sort(want) // within one instant Make has an order of its own
	slices.Sort(got)
	require.True(k.T, slices.Equal(want, got), "the archive has %d entries that are not the %d upstream", len(got), len(want))
	require.Len(k.T, k.look().details, notable)
}

// shown is an entry of the simulator as a reader must show it.
func (k *killing) shown(e *makesim.Entry) *auditlog.Entry {
	entry := &auditlog.Entry{
		UUID: e.UUID, TriggeredAt: e.TriggeredAt, CreatedAt: e.CreatedAt, Organization: &auditlog.Ref{ID: "77", Name: "Acme"},
		Event: auditlog.Text(e.Event), TargetID: auditlog.Text(e.TargetID),
	}
	if e.Actor != nil {
		entry.Actor = &auditlog.Actor{ID: auditlog.ID(strconv.FormatInt(e.Actor.ID, 10)), Name: auditlog.Text(e.Actor.Name),
			Email: auditlog.Text(e.Actor.Email)}
	}
	if name, ok := map[int64]auditlog.Text{audittest.SalesTeam: "Sales", audittest.OpsTeam: "Ops"}[e.TeamID]; ok {
		entry.Team = &auditlog.Ref{ID: auditlog.ID(strconv.FormatInt(e.TeamID, 10)), Name: name}
	}
	if e.VersionFrom != "" {
		entry.Version = &auditlog.Version{From: auditlog.Text(e.VersionFrom), To: auditlog.Text(e.VersionTo)}
	}
	return entry
}

// addLate has Make write down, some minutes later, what happened weeks ago.
func (k *killing) addLate() {
	k.Clock.Advance(5 * time.Minute)
	late := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: 1 + k.random.IntN(300), From: Begin().AddDate(0, 0, -22),
		To:   Begin().AddDate(0, 0, -21),
		Seed: k.random.Uint64(), Events: []string{"scenario_updated", notableEvent},
	})
	for i := range late {
		late[i].CreatedAt = k.Clock.Now().Add(-time.Duration(k.random.IntN(60)) * time.Second)
		if late[i].Event == notableEvent && i%20 != 0 {
			late[i].Event = "webhook_created"
		}
		if late[i].Event == notableEvent {
			late[i].Details = map[string]any{"webhookName": "Late"}
		}
	}
	k.AddEntries(late...)
}
