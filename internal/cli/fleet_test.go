package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/makesim"
)

// fleetCallers asks for a large fleet, and says how many call it.
const fleetCallers = "MAKE_AUDIT_FLEET_CALLERS"

// Three replicas behind nginx, over PostgreSQL with a standby. The one that fills the archive dies amid it, another one while all ask, then
// the primary does. No answer is wrong, and the log is filled once.
func TestAFleetSurvivesItsReplicasAndThePrimary(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	f := newFleet(t)
	f.start(0)
	<-f.stuck
	f.kill(0)
	f.each(nil)
	died, term := time.Now(), f.term(f.database.Primary)
	f.start(1)
	f.start(2)
	asking := f.ask()
	if !f.isLarge { // where it runs out by itself, and how soon is told
		asking.await("while the lease is that of one who is dead")
	}
	f.endLease(f.database.Primary)
	require.Eventually(t, func() bool { return f.term(f.database.Primary) != term }, time.Minute, 50*time.Millisecond)
	t.Logf("another replica filled the archive %s after the one that did had died", time.Since(died).Round(100*time.Millisecond))
	f.filled()
	stop := f.goOn()
	asking.await("from the archive")
	f.kill(1)
	asking.await("after another replica died")
	f.start(0)
	f.commits.RequireOneWriterATerm(t)
	f.database.FailOver(t)
	f.commits = f.database.Standby.Follow(t, f.schema, f.commits)
	asking.await("after the primary died")
	f.endLease(f.database.Standby) // whose holder could not release it
	f.filled()
	f.start(1)
	asking.await("when all are back")
	stop()
	asking.end()
	f.isWhole()
}

// fleet is replicas behind a proxy, over one archive.
type fleet struct {
	*acme
	isLarge  bool
	crowd    int
	issuer   *issuer
	truth    fleetTruth
	database *postgrestest.Pair
	schema   string
	commits  *postgrestest.Commits
	// stuck is closed when the filler is amid its work, and stays there.
	stuck    chan struct{}
	replicas []*fleetReplica
	proxy    *proxy
}

// fleetReplica is one process, which may be started again at its address.
type fleetReplica struct {
	*running
	address string
	process *exec.Cmd
	started int // times
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	entries, crowd := 1500, 6
	world := acmeWorld()
	world.Entries = nil
	// By the machine's clock, which a replica goes by until it has heard of Make's.
	f := &fleet{acme: newAcmeOf(t, world, time.Now().UTC().Truncate(time.Second)), schema: "fleet"}
	if _, err := fmt.Sscan(os.Getenv(fleetCallers), &crowd); err == nil {
		f.isLarge, entries = true, 20_000
	}
	f.crowd = crowd
	f.issuer = startIssuer(t)
	f.inhabit(entries)
	f.truth = f.tell()
	f.database = postgrestest.StartPair(t)
	f.archive = f.database.Address(f.schema)
	f.commits = f.database.Primary.Follow(t, f.schema, nil)
	f.stuck = make(chan struct{})
	var asked atomic.Int64
	f.each(func(r *http.Request) {
		if !isLog(r) {
			return
		}
		if asked.Add(1) == 4 {
			close(f.stuck)
		}
		if asked.Load() >= 4 {
			<-r.Context().Done()
		}
	})
	var addresses []string
	for range 3 {
		address := fmt.Sprint("127.0.0.1:", postgrestest.FreePort(t))
		addresses = append(addresses, address)
		f.replicas = append(f.replicas, &fleetReplica{address: address})
	}
	f.proxy = startProxy(t, addresses)
	return f
}

// bearer is what a caller shows.
func (f *fleet) bearer(caller int) string {
	return "Bearer " + f.issuer.token(fmt.Sprint("caller ", caller), "https://"+proxyName+"/mcp")
}

// inhabit gives the organization entries.
func (f *fleet) inhabit(entries int) {
	actors := make([]makesim.Actor, 7)
	for i := range actors {
		actors[i] = makesim.Actor{ID: int64(100 + i), Name: fmt.Sprint("Actor ", i), Email: fmt.Sprintf("actor%d@acme.example", i)}
	}
	f.AddEntries(makesim.Bulk(makesim.BulkOptions{OrganizationID: acmeID, Count: entries, From: f.clock.Now().AddDate(0, 0, -300),
		To: f.clock.Now().Add(-time.Hour), Seed: 5, Actors: actors, Teams: []int64{0, salesTeam, opsTeam},
		Events: []string{"scenario_updated", "scenario_created", "data_store_updated"}})...)
}

// start starts a replica, as deploy has it: it fills under the lease.
func (f *fleet) start(number int) {
	f.t.Helper()
	replica := f.replicas[number]
	replica.running = newRunning(f.t)
	replica.started++
	named := fmt.Sprintf("%s&application_name=replica-%d-%d", f.archive, number, replica.started)
	replica.process = childProcess(f.t, append(f.flags(ownerKey), "--archive", named, "--log-level", "debug", "--archive-key",
		f.signingKey(), "http",
		"--address", replica.address, "--public-url", "https://"+proxyName, "--oauth-issuer", f.issuer.url, "--sync-every", "200ms",
		"--sync-details", "none", "--rate-limit", "10000", "--total-rate-limit", "10000")...)
	replica.process.Stderr = replica.log
	require.NoError(f.t, replica.process.Start())
	replica.listening()
}

// kill ends a replica as a machine that loses its power does.
func (f *fleet) kill(number int) {
	f.t.Helper()
	require.NoError(f.t, f.replicas[number].process.Process.Kill())
	_ = f.replicas[number].process.Wait()
}

// endLease ends the lease to fill, as time does, for which large fleets wait.
func (f *fleet) endLease(server *postgrestest.Server) {
	f.t.Helper()
	if !f.isLarge {
		server.Exec(f.t, f.schema, "UPDATE leases SET until = clock_timestamp() WHERE name = 'fill'")
	}
}

// term is the last one that was granted.
func (f *fleet) term(server *postgrestest.Server) string {
	f.t.Helper()
	return server.Query(f.t, f.schema, "SELECT term::text FROM leases WHERE name = 'fill'")[0][0]
}

// goOn has more and more happen, all of it after the time that is asked about, until stop is called.
func (f *fleet) goOn() (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	var happening sync.WaitGroup
	happening.Go(func() {
		for ctx.Err() == nil {
			f.clock.Advance(time.Second)
			f.happen(time.Second)
			time.Sleep(50 * time.Millisecond)
		}
	})
	return func() {
		cancel()
		happening.Wait()
	}
}

// filled waits until one of the replicas has filled the archive once more.
func (f *fleet) filled() {
	f.t.Helper()
	times := func() (n int) {
		for _, r := range f.replicas {
			n += strings.Count(r.log.String(), "archive filled up")
		}
		return n
	}
	before := times()
	require.Eventually(f.t, func() bool { return times() > before }, 10*time.Minute, 20*time.Millisecond, "nobody fills the archive")
}

// isWhole requires that the archive has each entry once, proves it, and is what every replica answers from.
func (f *fleet) isWhole() {
	f.t.Helper()
	f.clock.Advance(time.Hour) // past what may still be late
	f.filled()                 // which had perhaps begun before
	f.filled()
	for _, r := range f.replicas {
		counted := r.answers("count_audit_logs", f.truth.window(""), "Authorization", f.bearer(0))
		assert.Equal(f.t, "archive", counted.Source)
		assert.Equal(f.t, f.truth.total, *counted.Total)
		require.NoError(f.t, r.process.Process.Signal(os.Interrupt))
		assert.NoError(f.t, r.process.Wait(), r.log.String())
	}
	f.commits.RequireOneWriterATerm(f.t)
	f.t.Logf("written under %d terms since the standby was promoted", len(f.commits.Writers))
	f.run("verify", "--archive-key", f.signingKey()).succeeds()
	var got, want []string
	for line := range strings.Lines(f.run("export", "--from", "all").succeeds().out) {
		got = append(got, regexp.MustCompile(`"uuid":"([^"]+)"`).FindStringSubmatch(line)[1])
	}
	for _, entry := range f.Dump(acmeID) {
		want = append(want, entry.UUID)
	}
	slices.Sort(got)
	slices.Sort(want)
	assert.True(f.t, slices.Equal(want, got), "the archive has %d entries, Make %d", len(got), len(want))
	records := f.database.Standby.Query(f.t, f.schema, "SELECT count(*)::text, count(DISTINCT key)::text FROM entries")
	assert.Equal(f.t, []string{fmt.Sprint(len(want)), fmt.Sprint(len(want))}, records[0])
}

// fleetTruth is what is right of the window that all ask about, in which nothing happens any more.
type fleetTruth struct {
	to      time.Time
	total   int
	byActor map[string]int
	// listed are the entries of a part of it, by uuid, with when they were triggered.
	listedFrom time.Time
	listed     map[string]time.Time
}

func (f *fleet) tell() fleetTruth {
	truth := fleetTruth{to: f.clock.Now().Add(-time.Hour), byActor: map[string]int{}, listed: map[string]time.Time{}}
	entries := f.Dump(acmeID)
	truth.listedFrom = entries[300].TriggeredAt // newest first
	for _, entry := range entries {
		if !entry.TriggeredAt.Before(truth.to) {
			continue
		}
		truth.total++
		if entry.Actor != nil {
			truth.byActor[fmt.Sprint(entry.Actor.ID)]++
		}
		if !entry.TriggeredAt.Before(truth.listedFrom) {
			truth.listed[entry.UUID] = entry.TriggeredAt
		}
	}
	return truth
}

// window is the arguments of a question about it, and more of them.
func (truth *fleetTruth) window(more string) string {
	return fmt.Sprintf(`{"from":"all","to":%q%s}`, truth.to.Format(time.RFC3339), more)
}

// asking is callers at work.
type asking struct {
	*fleet
	stop    context.CancelFunc
	callers sync.WaitGroup
	right   []atomic.Int64 // answers, by caller
	partial atomic.Int64   // that said so

	mu       sync.Mutex
	wrong    []string
	failures map[string]int // reasons that were given
}

// ask has all callers begin, half of them with sessions.
func (f *fleet) ask() *asking {
	f.t.Helper()
	ctx, stop := context.WithCancel(f.t.Context())
	a := &asking{fleet: f, stop: stop, right: make([]atomic.Int64, f.crowd), failures: map[string]int{}}
	for number := range f.crowd {
		caller := &fleetCaller{asking: a, number: number, random: rand.New(rand.NewPCG(uint64(number), 11))}
		a.callers.Go(func() {
			defer caller.leave()
			for ctx.Err() == nil {
				caller.visit(ctx)
			}
		})
	}
	f.t.Cleanup(stop)
	return a
}

// await waits until each caller got some more right answers.
func (a *asking) await(when string) {
	a.t.Helper()
	const more = 3
	before := make([]int64, len(a.right))
	for i := range a.right {
		before[i] = a.right[i].Load()
	}
	waiting := len(a.right)
	for deadline := time.Now().Add(10 * time.Minute); waiting > 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		waiting = 0
		for i := range a.right {
			if a.right[i].Load() < before[i]+more {
				waiting++
			}
		}
	}
	require.Zero(a.t, waiting, "%s: callers who wait for right answers; failures so far: %v", when, a.reasons())
	if a.isLarge {
		a.t.Log("all were answered ", when)
	}
}

// end has the callers leave, and requires that nobody was told anything wrong.
func (a *asking) end() {
	a.t.Helper()
	a.stop()
	a.callers.Wait()
	right := int64(0)
	for i := range a.right {
		right += a.right[i].Load()
	}
	a.t.Logf("%d callers got %d right answers, %d that said they were incomplete, and these failures: %v", a.crowd, right,
		a.partial.Load(), a.failures)
	assert.Empty(a.t, a.wrong, "what was answered wrong")
	for reason := range a.failures {
		assert.Regexp(a.t, goodReasons, reason, "a failure names its reason")
	}
}

// goodReasons are what callers may be told while something is down.
var goodReasons = regexp.MustCompile(`session terminated|status 50[24]|it cannot be reached|EOF|the time for one call was used up`)

func (a *asking) isWrong(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
}

// reasons are those of failures, with how often they were given.
func (a *asking) reasons() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.failures)
}

func (a *asking) failed(reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures[reason]++
}

// fleetCaller is one of them.
type fleetCaller struct {
	*asking
	number int
	random *rand.Rand
	client *client.Client
	walk   *fleetWalk
}

// fleetWalk is a listing under way.
type fleetWalk struct {
	cursor string
	seen   map[string]bool
	last   time.Time
	ragged bool // a page was incomplete
}

// visit asks one question.
func (c *fleetCaller) visit(ctx context.Context) {
	switch c.random.IntN(4) {
	case 0:
		c.check(ctx, "count_audit_logs", c.truth.window(""), func(found *fleetAnswer) { c.same("entries", found.Total, c.truth.total) })
	case 1:
		c.check(ctx, "count_audit_logs", c.truth.window(`,"group_by":["actor"]`), func(found *fleetAnswer) {
			c.same("entries of all", found.Total, c.truth.total)
			for _, group := range found.Groups {
				if actor := group.Key.Actor.ID.String(); actor != "" {
					c.same("entries of "+actor, &group.Count, c.truth.byActor[actor])
				}
			}
		})
	case 2:
		actor := fmt.Sprint(100 + c.random.IntN(7))
		c.check(ctx, "get_actor_activity", c.truth.window(`,"actor":"`+actor+`"`), func(found *fleetAnswer) {
			c.same("entries of "+actor, found.Total, c.truth.byActor[actor])
		})
	default:
		c.page(ctx)
	}
}

func (c *fleetCaller) same(what string, got *int, want int) {
	if got == nil || *got != want {
		c.isWrong("%s: %v, not %d", what, got, want)
	}
}

// page asks for the next page of a listing, wherever the one before came from.
func (c *fleetCaller) page(ctx context.Context) {
	if c.walk == nil {
		c.walk = &fleetWalk{seen: map[string]bool{}, last: c.truth.to}
	}
	arguments := fmt.Sprintf(`{"from":%q,"to":%q,"limit":40}`, c.truth.listedFrom.Format(time.RFC3339Nano), c.truth.to.Format(time.RFC3339))
	if c.walk.cursor != "" {
		arguments = fmt.Sprintf(`{"cursor":%q,"limit":40}`, c.walk.cursor)
	}
	found := c.call(ctx, "list_audit_logs", arguments)
	if found == nil {
		return
	}
	c.walk.ragged = c.walk.ragged || !found.Complete
	for _, entry := range found.Entries {
		at, known := c.truth.listed[entry.UUID]
		if !known || c.walk.seen[entry.UUID] || at.After(c.walk.last) {
			c.isWrong("%s is listed twice, out of order, or not of this window", entry.UUID)
		}
		c.walk.seen[entry.UUID], c.walk.last = true, at
	}
	c.walk.cursor = found.NextCursor
	if found.NextCursor == "" {
		if !c.walk.ragged && len(c.walk.seen) != len(c.truth.listed) {
			c.isWrong("%d entries are listed of %d", len(c.walk.seen), len(c.truth.listed))
		}
		c.walk = nil
	}
	c.count(found)
}

// check asks a question whose answer is right, or says that it is not complete.
func (c *fleetCaller) check(ctx context.Context, tool, arguments string, isRight func(*fleetAnswer)) {
	found := c.call(ctx, tool, arguments)
	if found == nil {
		return
	}
	if found.Complete {
		isRight(found)
	}
	c.count(found)
}

func (c *fleetCaller) count(found *fleetAnswer) {
	if found.Complete {
		c.right[c.number].Add(1)
	} else {
		c.partial.Add(1)
	}
}

// fleetAnswer is what is looked at of a result.
type fleetAnswer struct {
	Complete bool
	Total    *int
	Groups   []struct {
		Key   struct{ Actor struct{ ID json.Number } }
		Count int
	}
	Entries    []struct{ UUID string }
	NextCursor string `json:"next_cursor"`
}

// call calls a tool; nil if that failed. A session that ended is opened again, as clients do.
func (c *fleetCaller) call(ctx context.Context, tool, arguments string) *fleetAnswer {
	result, err := c.send(ctx, tool, arguments)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		c.failed(err.Error())
		c.leave()
		return nil
	case result.IsError:
		text, _ := result.Content[0].(mcp.TextContent)
		c.failed(text.Text)
		return nil
	}
	found := &fleetAnswer{}
	if err := json.Unmarshal(result.RawStructuredContent, found); err != nil {
		c.isWrong("%s: %s", err, result.RawStructuredContent)
	}
	return found
}

func (c *fleetCaller) send(ctx context.Context, tool, arguments string) (*mcp.CallToolResult, error) {
	if c.client == nil {
		opened, err := c.proxy.open(ctx, c.bearer(c.number), []string{"2025-06-18", mcp.LATEST_PROTOCOL_VERSION}[c.number%2])
		if err != nil {
			return nil, err
		}
		c.client = opened
	}
	return ask(ctx, c.client, tool, arguments)
}

// ask has a client call a tool.
func ask(ctx context.Context, with *client.Client, tool, arguments string) (*mcp.CallToolResult, error) {
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = tool, json.RawMessage(arguments)
	return with.CallTool(ctx, request)
}

// leave ends the caller's session, if it has one.
func (c *fleetCaller) leave() {
	if c.client != nil {
		_ = c.client.Close()
		c.client = nil
	}
}
