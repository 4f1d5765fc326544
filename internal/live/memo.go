package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// memo remembers answers for a while. Two callers of one key make one call; an error is not remembered.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	cells map[K]*cell[V]
}

type cell[V any] struct {
	turn  chan struct{} // holds one token: whose turn it is to look or ask
	value V
	until time.Time
}

func (m *memo[K, V]) get(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	m.mu.Lock()
	c, ok := m.cells[key]
	if !ok {
		if m.cells == nil {
			m.cells = map[K]*cell[V]{}
		}
		c = &cell[V]{turn: make(chan struct{}, 1)}
		m.cells[key] = c
	}
	m.mu.Unlock()

	var none V
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return none, fmt.Errorf("%w: %w", auditlog.ErrBehindAnother, ctx.Err())
	}
	if time.Now().Before(c.until) {
		return c.value, nil
	}
	value, err := ask(ctx)
	if err != nil {
		return none, err
	}
	c.value, c.until = value, time.Now().Add(directoryKeep)
	return value, nil
}

// answered is what Make answered: a value, or a refusal, which is an answer as well and is remembered as one.
type answered[V any] struct {
	value   V
	refusal error
}

// getAnswer is memo.get for what Make may refuse.
func getAnswer[K comparable, V any](ctx context.Context, m *memo[K, answered[V]], key K,
	ask func(context.Context) (V, error)) (value V, err error) {
	kept, err := m.get(ctx, key, func(ctx context.Context) (answered[V], error) {
		value, err := ask(ctx)
		if isRefusal(err) {
			return answered[V]{refusal: err}, nil
		}
		return answered[V]{value: value}, err
	})
	if err != nil {
		return value, err
	}
	return kept.value, kept.refusal
}
