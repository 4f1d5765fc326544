// Package postgres is the store of archives that lie in PostgreSQL, for several processes on several machines.
//
// An archive is a schema of its own, make_audit unless the address says otherwise. Connections to other machines are made with TLS and
// prove the server; the password comes from where libpq takes it and is in no message. One process at a time writes, under a lease that it
// renews; each batch proves in its own transaction that the lease is still the writer's, so that one that was thought dead cannot commit.
// Failures that pass (serialization, deadlocks, connections that break) are tried again. What can be read with the rights to select needs
// no others.
//
// Only such SQL is used as engines have, too, that speak PostgreSQL's protocol and spread over machines (Citus, CockroachDB, YugabyteDB):
// tables keyed by log first, no advisory locks, no LISTEN, no sequences. Texts are kept as bytes, since PostgreSQL's lack U+0000. All SQL
// of the store is here.
package postgres

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/archive"
)

// Options set a store up.
type Options struct {
	// Create makes the tables if they are not there, and brings older ones up to date.
	Create bool
	// ID is that of the archive which a store that is made is to be a copy of; empty makes one up.
	ID string
	// World keeps archives apart that must never be mixed, such as the demo's and real ones; empty is a world like any other.
	World string
	// Private, if set, refuses files of secrets that others may read.
	Private func(path string) error
	// Lease is how long a writer that no longer renews its lease keeps others out; 0 is 20 s.
	Lease time.Duration
	// Retry is how long failures that pass are tried again; 0 is 5 s.
	Retry time.Duration
}

const (
	defaultLease = 20 * time.Second
	defaultRetry = 5 * time.Second
)

// Store is an archive's schema in a database. It implements [archive.Store].
type Store struct {
	reads
	name    string // for messages
	schema  string
	options Options
	pool    pool
	// changing are connections for Change alone, which must not wait for those that read.
	changing pool
	id       string
	// held is the lease that this process writes under; nil for none.
	held atomic.Pointer[lease]
	// takeovers counts the leases to fill that were taken from one who let them run out.
	takeovers atomic.Int64
}

var _ archive.Store = (*Store)(nil)

// Open connects to a database. What cannot be an archive, has in its schema what this program did not make, or is of another version, is an
// [archive.StoreError], one of another world an [archive.WorldError].
func Open(ctx context.Context, address string, options Options) (*Store, error) {
	options.Lease = cmp.Or(options.Lease, defaultLease)
	options.Retry = cmp.Or(options.Retry, defaultRetry)
	s := &Store{name: Redact(address), options: options}
	s.reads = reads{store: s}
	config, connections, err := s.parse(address)
	if err != nil {
		return nil, err
	}
	if s.pool, err = newPool(config, connections); err != nil {
		return nil, s.explain(ctx, "opening it", err)
	}
	if s.changing, err = newPool(config, maxChanging); err != nil {
		return nil, s.explain(ctx, "opening it", err)
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// ID implements archive.Store.
func (s *Store) ID() string { return s.id }

// String is the address, without secrets.
func (s *Store) String() string { return s.name }

// Close implements archive.Store.
func (s *Store) Close() error {
	s.pool.Close()
	s.changing.Close()
	return nil
}

// Snapshot implements archive.Store.
func (s *Store) Snapshot(ctx context.Context, read func(archive.Reads) error) error {
	var of *connection
	var release func()
	err := s.persist(ctx, func() (err error) {
		if of, release, err = s.pool.acquire(ctx); err != nil {
			return err
		}
		// The moment is that of the first reading.
		if err = of.do(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT version FROM archive"); err != nil {
			s.rollback(ctx, of)
			release()
		}
		return err
	})
	if err != nil {
		return s.explain(ctx, "reading it", err)
	}
	defer release()
	defer s.rollback(ctx, of)
	return read(reads{store: s, within: of})
}

// rollback ends a transaction even where its context has ended. A connection that it fails on is closed.
func (s *Store) rollback(ctx context.Context, of *connection) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Retry)
	defer cancel()
	_ = of.do(ctx, "ROLLBACK")
}

// beginWriting begins a transaction, and bounds how long its statements wait for others, and how long the server keeps it where its client
// says nothing: one that stays open keeps the next writer out.
const beginWriting = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '60s'; " +
	"SET LOCAL idle_in_transaction_session_timeout = '10s'"

// transact runs write in a transaction that is committed if it succeeds, again if it fails for a reason that passes.
func (s *Store) transact(ctx context.Context, write func(*connection) error) error {
	return s.transactOn(ctx, s.pool, beginWriting, write)
}

// transactOn does so on a connection of a pool, in a transaction that begin begins.
func (s *Store) transactOn(ctx context.Context, from pool, begin string, write func(*connection) error) error {
	return s.persist(ctx, func() error {
		of, release, err := from.acquire(ctx)
		if err != nil {
			return err
		}
		defer release()
		if err := of.do(ctx, begin); err != nil {
			s.rollback(ctx, of)
			return err
		}
		if err := write(of); err != nil {
			s.rollback(ctx, of)
			return err
		}
		return of.do(ctx, "COMMIT")
	})
}

// run runs one statement by itself, and counts the rows that it changed or found.
func (s *Store) run(ctx context.Context, statement string, args ...any) (int64, error) {
	of, release, err := s.pool.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	return of.run(ctx, statement, args...)
}
