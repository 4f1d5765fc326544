package postgres

import (
	"bytes"
	"context"
	"time"
)

// maxChanging is how many connections there are for Change at most: one that waits for another process keeps up one other name alone.
const maxChanging = 2

// beginChanging bounds waits for others, and how long one that has died half-way keeps others waiting.
const beginChanging = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '5s'; " +
	"SET LOCAL idle_in_transaction_session_timeout = '2s'"

// kept is what there is of a name.
type kept struct {
	value []byte
	at    int64 // by the server's clock, in microseconds since 1970
	is    bool
}

// Change implements archive.Store. What is changed is a row, which is locked meanwhile.
func (s *Store) Change(ctx context.Context, name string, change func(value []byte, now time.Time) []byte) error {
	err := s.transactOn(ctx, s.changing, beginChanging, func(of *connection) error {
		found, err := s.lockKept(ctx, of, name)
		if err == nil && !found.is {
			// Of two that do so at once, one waits for the other here.
			if _, err = of.run(ctx, "INSERT INTO budget (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", []byte(name), []byte{}); err == nil {
				found, err = s.lockKept(ctx, of, name)
			}
		}
		if err != nil {
			return err
		}
		value := change(found.value, time.UnixMicro(found.at).UTC())
		if bytes.Equal(value, found.value) {
			return nil
		}
		_, err = of.run(ctx, "UPDATE budget SET value = $2 WHERE name = $1", []byte(name), value)
		return err
	})
	return s.explain(ctx, "sharing the budget through it", err)
}

// lockKept locks what there is of a name and reads it; the clock is read once it is locked.
func (s *Store) lockKept(ctx context.Context, of *connection, name string) (kept, error) {
	return first(each(ctx, reads{store: s, within: of}, func(k *kept, row values) { *k = kept{row.bytes(0), row.int64(1), true} },
		"WITH held AS MATERIALIZED (SELECT value FROM budget WHERE name = $1 FOR UPDATE) "+
			"SELECT value, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM held", []byte(name)))
}
