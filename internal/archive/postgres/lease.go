package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/jackc/puddle/v2"

	"make-audit-mcp/internal/archive"
)

// The leases that there are.
const (
	leaseToFill    = "fill"
	leaseToMigrate = "migrate"
)

// lease is the right to do something alone until a time, by the database's clock. Each that is granted has a term of its own; what is
// written under it proves in its transaction that no other was granted since.
type lease struct {
	store  *Store
	name   string
	term   int64
	holder string
	stop   context.CancelFunc
	ended  sync.WaitGroup
}

// acquire takes a lease that nobody holds, or whose holder let it run out, and renews it until it is released.
func (s *Store) acquire(ctx context.Context, name string) (*lease, error) {
	l := &lease{store: s, name: name, holder: rand.Text()}
	var before []string // who had it last
	err := s.transact(ctx, func(of *connection) (err error) {
		before, err = all(each(ctx, reads{store: s, within: of}, func(holder *string, row values) { *holder = row.text(0) },
			"SELECT holder FROM leases WHERE name = $1", name))
		if err == nil {
			err = s.grant(ctx, of, l)
		}
		return err
	})
	switch {
	case codeOf(err) == lockTimeout:
		return nil, &archive.BusyError{Store: s.name}
	case err != nil:
		return nil, err
	case len(before) == 0:
		return nil, s.refuse("its lease "+name+" is gone", nextRestore, nil)
	case l.term == 0:
		return nil, &archive.BusyError{Store: s.name}
	}
	if name == leaseToFill && before[0] != nobody && before[0] != l.holder {
		s.takeovers.Add(1)
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.ended.Go(func() { l.renew(renewing) })
	return l, nil
}

// grant gives the lease the next term, if it can be had. A commit of it that was not heard of is known by its holder. A lease that runs for
// longer than any is granted for was granted by a clock that was ahead, as that of a primary before a failover may have been.
func (s *Store) grant(ctx context.Context, of *connection, l *lease) (err error) {
	l.term, err = first(each(ctx, reads{store: s, within: of}, func(term *int64, row values) { *term = row.int64(0) },
		"UPDATE leases SET term = CASE WHEN holder = $2 THEN term ELSE term + 1 END, holder = $2, "+
			"until = clock_timestamp() + $3 * INTERVAL '1 microsecond' WHERE name = $1 AND (until <= clock_timestamp() OR holder = $2 "+
			"OR until > clock_timestamp() + 2 * $3 * INTERVAL '1 microsecond') RETURNING term", l.name, l.holder,
		s.options.Lease.Microseconds()))
	return err
}

// stillHeld extends a lease unless another one was granted since.
const stillHeld = "UPDATE leases SET until = clock_timestamp() + $4 * INTERVAL '1 microsecond' " +
	"WHERE name = $1 AND term = $2 AND holder = $3"

func (l *lease) parameters() []any {
	return []any{l.name, l.term, l.holder, l.store.options.Lease.Microseconds()}
}

// prove fails, with a BusyError, unless the lease is held. Nobody else gets it before the transaction ends.
func (l *lease) prove(ctx context.Context, of *connection) error {
	held, err := of.run(ctx, stillHeld, l.parameters()...)
	if err == nil && held == 0 {
		err = &archive.BusyError{Store: l.store.name}
	}
	return err
}

// renew extends the lease now and then, until it is lost. While the server is away, it may come back in time.
func (l *lease) renew(ctx context.Context) {
	ticks := time.NewTicker(l.store.options.Lease / 4)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		held, err := l.store.run(ctx, stillHeld, l.parameters()...)
		if err == nil && held == 0 || errors.Is(err, puddle.ErrClosedPool) {
			return
		}
	}
}

// nobody holds a lease that was released.
const nobody = ""

// release ends the lease, for others to have it at once. Where that fails it runs out.
func (l *lease) release() {
	l.stop()
	l.ended.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), l.store.options.Retry)
	defer cancel()
	_, _ = l.store.run(ctx, "UPDATE leases SET until = clock_timestamp(), holder = $4 WHERE name = $1 AND term = $2 AND holder = $3", l.name,
		l.term, l.holder, nobody)
}

// Lock implements archive.Store, by a lease.
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) {
	held, err := s.acquire(ctx, leaseToFill)
	if err != nil {
		return nil, s.explain(ctx, "locking it", err)
	}
	s.held.Store(held)
	return func() {
		s.held.CompareAndSwap(held, nil)
		held.release()
	}, nil
}
