package postgres_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// long is a lease that is not renewed while a test runs.
const long = time.Hour

// replicas are so many stores of one archive, as processes on several machines have it.
type replicas struct {
	*testing.T
	server *postgrestest.Server
	schema string
	stores []*postgres.Store
}

func startReplicas(t *testing.T, count int, options postgres.Options) *replicas {
	t.Helper()
	server := postgrestest.Shared(t)
	r := &replicas{T: t, server: server, schema: server.Schema()}
	options.Create = true
	for range count {
		store := open(t, server.Address(r.schema), options)
		t.Cleanup(func() { _ = store.Close() })
		r.stores = append(r.stores, store)
	}
	return r
}

// runOut ends the lease to fill, as time does.
func (r *replicas) runOut() {
	r.Helper()
	r.server.Exec(r, r.schema, "UPDATE leases SET until = clock_timestamp() WHERE name = 'fill'")
}

// lock has a store hold the lock until the test ends.
func (r *replicas) lock(store int) {
	r.Helper()
	unlock, err := r.stores[store].Lock(r.Context())
	require.NoError(r, err)
	r.Cleanup(unlock)
}

// batch is one that goes on from a head.
func batch(before, head string) *archive.Batch {
	return &archive.Batch{Log: 1, Of: archive.LogKey{Instance: "eu1.make.com", Organization: "77"}, Before: []byte(before), Head: []byte(head),
		State: []byte("{}")}
}

func (r *replicas) head() string {
	r.Helper()
	head, err := r.stores[0].Head(r.Context())
	require.NoError(r, err)
	return string(head)
}

func isBusy(t assert.TestingT, err error) bool {
	var busy *archive.BusyError
	return assert.ErrorAs(t, err, &busy)
}

func TestAWriterThatLostItsLeaseCannotCommit(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 2, postgres.Options{Lease: long})
	r.lock(0)
	require.NoError(t, r.stores[0].Append(t.Context(), batch("", "one")))
	isBusy(t, r.stores[1].Append(t.Context(), batch("one", "two of another")))
	r.runOut()
	require.NoError(t, r.stores[0].Append(t.Context(), batch("one", "two")), "nobody else took it")
	_, err := r.stores[1].Lock(t.Context())
	isBusy(t, err)
	r.runOut()
	r.lock(1)
	isBusy(t, r.stores[0].Append(t.Context(), batch("two", "three")))
	assert.Equal(t, "two", r.head())
	require.NoError(t, r.stores[1].Append(t.Context(), batch("two", "three of another")))
	r.runOut()
	isBusy(t, r.stores[0].Append(t.Context(), batch("three of another", "four")))
	assert.Equal(t, "three of another", r.head())
}

func TestUnlockingTakesNothingFromTheNextWriter(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 3, postgres.Options{Lease: long})
	unlock, err := r.stores[0].Lock(t.Context())
	require.NoError(t, err)
	r.runOut()
	r.lock(1)
	unlock()
	_, err = r.stores[2].Lock(t.Context())
	isBusy(t, err)
	require.NoError(t, r.stores[1].Append(t.Context(), batch("", "one")))
}

func TestALeaseIsRenewedWhileItsHolderLives(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 2, postgres.Options{Lease: 2 * time.Second})
	r.lock(0)
	var terms, untils []string
	require.Eventually(t, func() bool {
		term, until := r.lease()
		terms, untils = append(terms, term), append(untils, until)
		_, err := r.stores[1].Lock(t.Context())
		isBusy(t, err)
		return untils[0] < until
	}, time.Minute, 100*time.Millisecond)
	assert.Equal(t, terms[0], terms[len(terms)-1])
}

// lease is what the database knows of the one to fill.
func (r *replicas) lease() (term, until string) {
	r.Helper()
	found := r.server.Query(r, r.schema, "SELECT term::text, until::text FROM leases WHERE name = 'fill'")
	return found[0][0], found[0][1]
}

func TestTheLeaseOfOneWhoDiedIsTaken(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 2, postgres.Options{Lease: 500 * time.Millisecond})
	_, err := r.stores[0].Lock(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.stores[0].Append(t.Context(), batch("", "one")))
	require.NoError(t, r.stores[0].Close()) // as far as the database can tell it died
	require.Eventually(t, func() bool {
		unlock, err := r.stores[1].Lock(t.Context())
		if err == nil {
			t.Cleanup(unlock)
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, r.stores[1].Append(t.Context(), batch("one", "two")))
}

// A clock that jumps, as it does where a failover ends on a machine whose clock is behind, keeps nobody out for longer than two leases
// last, and takes the lease from nobody who goes on renewing it.
func TestALeaseOfAClockThatWasAheadIsNone(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 2, postgres.Options{Lease: long})
	r.lock(0)
	jump := func(back string) {
		r.server.Exec(t, r.schema, "UPDATE leases SET until = until + INTERVAL '"+back+"' WHERE name = 'fill'")
	}
	jump("55 minutes")
	_, err := r.stores[1].Lock(t.Context())
	isBusy(t, err)
	require.NoError(t, r.stores[0].Append(t.Context(), batch("", "one")), "which renews it by the clock as it is now")
	jump("2 hours")
	r.lock(1)
	isBusy(t, r.stores[0].Append(t.Context(), batch("one", "two")))
	require.NoError(t, r.stores[1].Append(t.Context(), batch("one", "two of another")))
}

// A writer whose transaction stays open, as that of a machine that lost its network does, keeps others waiting, but not for ever.
func TestNobodyWaitsLongForALeaseThatIsInUse(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 1, postgres.Options{Lease: long})
	release := r.server.Hold(t, r.schema, "SELECT 1 FROM leases WHERE name = 'fill' FOR UPDATE")
	_, err := r.stores[0].Lock(t.Context())
	isBusy(t, err)
	release()
	r.lock(0)
}

// Many take turns, and lose their leases at any moment: each term has one writer, and no batch is lost or stored twice.
func TestNoTwoWritersCommitUnderOneTerm(t *testing.T) {
	t.Parallel()
	const writers, turns = 4, 12
	r := startReplicas(t, writers, postgres.Options{Lease: long})
	var mu sync.Mutex
	committed := map[string]string{} // heads by those before
	var group sync.WaitGroup
	for i, store := range r.stores {
		group.Go(func() {
			for turn := 0; turn < turns; {
				unlock, err := store.Lock(t.Context())
				if err != nil {
					if !isBusy(t, err) {
						return
					}
					r.runOut()
					continue
				}
				turn++
				before, err := store.Head(t.Context())
				assert.NoError(t, err)
				head := fmt.Sprintf("%d of %d", turn, i)
				switch err := store.Append(t.Context(), batch(string(before), head)); err {
				case nil:
					mu.Lock()
					assert.NotContains(t, committed, string(before))
					committed[string(before)] = head
					mu.Unlock()
				default:
					isBusy(t, err)
				}
				unlock()
			}
		})
	}
	group.Wait()
	last := ""
	for range committed {
		next, ok := committed[last]
		require.True(t, ok)
		last = next
	}
	assert.Equal(t, last, r.head())
}

func TestWhatTheServerDoesNotHearIsSaidAgain(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]event{"a broken connection": isCut, "a failure of serialization": fails} {
		for _, said := range []string{"SET LOCAL", "UPDATE leases", "COPY records", "UPDATE archive", "COMMIT"} {
			t.Run(name+" at "+said, func(t *testing.T) {
				t.Parallel()
				server := postgrestest.Shared(t)
				schema := server.Schema()
				address, connection := breakable(t, server, schema)
				store := open(t, address, postgres.Options{Create: true, Lease: long})
				t.Cleanup(func() { _ = store.Close() })
				unlock, err := store.Lock(t.Context())
				require.NoError(t, err)
				t.Cleanup(unlock)
				full := func(before, head string, number int64) *archive.Batch {
					b := batch(before, head)
					b.Records = []archive.Record{{Number: number, Log: 1, Kind: 3, Hash: []byte("hash"), Packed: []byte("packed")}}
					return b
				}
				require.NoError(t, store.Append(t.Context(), full("", "one", 0)))
				connection.once(what, said)
				require.NoError(t, store.Append(t.Context(), full("one", "two", 1)))
				connection.once(isUnheard, "COMMIT")
				require.NoError(t, store.Append(t.Context(), full("two", "three", 2)), "it was committed")
				numbers := []int64{}
				for record, err := range store.Records(t.Context(), 0, 0, 10) {
					require.NoError(t, err)
					numbers = append(numbers, record.Number)
				}
				assert.Equal(t, []int64{0, 1, 2}, numbers)
			})
		}
	}
}

// A disk that is full takes nothing from what was stored, and what comes once there is room is stored as ever.
func TestADiskThatIsFullIsSaidToBe(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	address, connection := breakable(t, server, server.Schema())
	store := open(t, address, postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	unlock, err := store.Lock(t.Context())
	require.NoError(t, err)
	t.Cleanup(unlock)
	for i, said := range []string{"COPY records", "UPDATE archive", "COMMIT"} {
		b := batch(map[bool]string{true: "", false: fmt.Sprint(i)}[i == 0], fmt.Sprint(i+1))
		b.Records = []archive.Record{{Number: int64(i), Log: 1, Kind: 3, Hash: []byte("hash"), Packed: []byte("packed")}}
		connection.once(isFull, said)
		var is *archive.StoreError
		require.ErrorAs(t, store.Append(t.Context(), b), &is, said)
		assert.Contains(t, is.Error(), "its disk is full; what was stored before is kept")
		assert.Contains(t, is.NextStep(), "free space")
		require.NoError(t, store.Append(t.Context(), b), said)
	}
}

func TestReadersComeBackWhenConnectionsBreak(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	address, connection := breakable(t, server, server.Schema())
	store := open(t, address, postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	for _, what := range []event{isCut, isUnheard, fails} {
		connection.once(what, "logs")
		_, err := store.Logs(t.Context(), archive.LogKey{})
		require.NoError(t, err)
		connection.once(what, "BEGIN")
		require.NoError(t, store.Snapshot(t.Context(), func(from archive.Reads) error {
			_, err := from.Head(t.Context())
			return err
		}))
	}
}
