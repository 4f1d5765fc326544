package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/makeapi"
)

// sharedBudget is what an archive has of the budget that its processes share.
type sharedBudget struct{ archive *archive.Archive }

// Change implements makeapi.Shared.
func (s sharedBudget) Change(ctx context.Context, name string, change func(value []byte, now time.Time) []byte) error {
	err := s.archive.Change(ctx, name, change)
	if is, ok := errors.AsType[*archive.StoreError](err); ok && !is.IsAway {
		return fmt.Errorf("%w: %w", makeapi.ErrNotShared, err)
	}
	return err
}

// shareBudget has all processes that open an archive, nil for none, share the budget of Make's rate limit. The demo has a Make of its own
// in each.
func (r *runtime) shareBudget(budget *makeapi.Budget, through *archive.Archive) {
	if through == nil || r.settings.Demo {
		return
	}
	budget.Share(sharedBudget{through}, func(is makeapi.Sharing) {
		switch {
		case is.Own:
			r.logger.WarnContext(r.ctx, "this process counts its calls to Make by itself: it cannot share the budget with others that use "+
				"this archive", "error", explain(is.Err))
		case is.Err != nil:
			r.logger.WarnContext(r.ctx, "what the budget is shared through cannot be reached: calls wait for what others may have used, and "+
				"then keep to an equal part", "processes", is.Replicas, "error", explain(is.Err))
		default:
			r.logger.InfoContext(r.ctx, "the budget is shared again", "processes", is.Replicas)
		}
	})
}

// leave ends the use of an archive, nil for none, and of the budget that is shared through it.
func leave(budget *makeapi.Budget, opened *archive.Archive) {
	budget.Close(context.Background()) // also where the command was interrupted; it takes little time
	closeArchive(opened)
}
