package transport

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// tellEvery is how often the log is told how many lines of a kind it was spared.
const tellEvery = time.Minute

// tally logs what anybody can cause: the first of a kind at once, and how many more there were once a minute.
type tally struct {
	logger *slog.Logger

	mu    sync.Mutex
	kinds map[string]*more
}

// more is how many lines of a kind were spared since the log was last told, and the last of them.
type more struct {
	times   int
	message string
	level   slog.Level
	last    []slog.Attr
}

// log logs a line of a kind, of which there must be few.
func (t *tally) log(ctx context.Context, kind string, level slog.Level, message string, attributes ...slog.Attr) {
	t.mu.Lock()
	spared := t.kinds[kind]
	if spared != nil {
		spared.times++
		spared.message, spared.level, spared.last = message, level, attributes
	} else {
		t.kinds[kind] = &more{}
		time.AfterFunc(tellEvery, func() { t.tell(kind) })
	}
	t.mu.Unlock()
	if spared == nil {
		t.logger.LogAttrs(context.WithoutCancel(ctx), level, message, attributes...) //nolint:sloglint // a constant of who calls
	}
}

// tell tells the log what it was spared of a kind; after a minute without any, the next is a first again.
func (t *tally) tell(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	spared := *t.kinds[kind]
	if spared.times == 0 {
		delete(t.kinds, kind)
		return
	}
	t.kinds[kind] = &more{}
	time.AfterFunc(tellEvery, func() { t.tell(kind) })
	told := append([]slog.Attr{slog.Int("times", spared.times)}, spared.last...)
	message := spared.message + " again; this is the last"
	t.logger.LogAttrs(context.Background(), spared.level, message, told...) //nolint:sloglint // see log
}
