package analysis

import (
	"context"
	"fmt"
	"sync"

	"make-audit-mcp/internal/auditlog"
)

// remembered are findings that were looked for already, by what was asked.
type remembered struct {
	mu    sync.Mutex
	found map[string]*Suspicions
}

type rememberedKey struct{}

// Remember returns a context in which what stands out of a window is looked for once: for a document, which tells of it in several places
// and as of one moment.
func Remember(ctx context.Context) context.Context {
	return context.WithValue(ctx, rememberedKey{}, &remembered{found: map[string]*Suspicions{}})
}

// suspicionsKey identifies a question about what stands out.
func suspicionsKey(q *auditlog.Query, request SuspicionRequest) string {
	w := q.Window
	return fmt.Sprintf("%q %d %d %q %q %v %q %v %q %q %v %q %q %v", q.Organization.ID, w.From.UnixNano(), w.To.UnixNano(), w.Location.String(),
		q.Teams, q.NoTeam, q.Actors, q.System, q.Events, q.ExcludeActors, q.ExcludeSystem, q.ExcludeEvents, q.TargetID, request)
}

// recall returns what was found before; nil where nothing is remembered.
func recall(ctx context.Context, key string) *Suspicions {
	memory, ok := ctx.Value(rememberedKey{}).(*remembered)
	if !ok {
		return nil
	}
	memory.mu.Lock()
	defer memory.mu.Unlock()
	return memory.found[key]
}

// memorize keeps what was found, where anything is remembered.
func memorize(ctx context.Context, key string, found *Suspicions) {
	if memory, ok := ctx.Value(rememberedKey{}).(*remembered); ok {
		memory.mu.Lock()
		defer memory.mu.Unlock()
		memory.found[key] = found
	}
}
