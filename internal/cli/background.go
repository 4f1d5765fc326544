package cli

import (
	"context"
	"errors"
	"sync"
	"time"

	"make-audit-mcp/internal/archive"
)

// backgroundSync are the flags of servers that keep their archive filled up.
type backgroundSync struct {
	SyncEvery   time.Duration `help:"With an archive: how often to fill it up in the background, default: 15m; 0 leaves that to make-audit-mcp sync." default:"15m" env:"MAKE_AUDIT_SYNC_EVERY" placeholder:"TIME"`
	SyncDetails string        `help:"Which entries' details to fetch, a call each: ${enum}." enum:"all,notable,none" default:"notable" env:"MAKE_AUDIT_SYNC_DETAILS"`
}

// creates says whether the server fills an archive, so that it may begin one.
func (b *backgroundSync) creates() bool { return b.SyncEvery > 0 }

// start keeps the archive of the operator's upstream, nil for none, filled up until the function that it returns is called, which waits for
// a sync under way to store what it has.
func (b *backgroundSync) start(r *runtime, operator *upstream) (stop func()) {
	if operator == nil || operator.archive == nil || b.SyncEvery <= 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(r.ctx)
	fills := operator.filler(operator.archive, archive.Details(b.SyncDetails))
	var running sync.WaitGroup
	running.Go(func() {
		for {
			b.once(ctx, r, fills)
			select {
			case <-ctx.Done():
				return
			case <-time.After(b.SyncEvery):
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

func (b *backgroundSync) once(ctx context.Context, r *runtime, fills *filler) {
	organizations, err := fills.organizations(ctx)
	if err != nil && ctx.Err() == nil {
		r.logger.WarnContext(ctx, "the archive could not be filled up", "error", explain(err))
	}
	for _, organization := range organizations {
		summary, err := fills.fill(ctx, organization, nil)
		var busy *archive.BusyError
		switch {
		case ctx.Err() != nil:
			return
		case errors.As(err, &busy):
			r.logger.DebugContext(ctx, "another process is filling the archive")
		case err != nil:
			r.logger.WarnContext(ctx, "the archive could not be filled up", "organization", string(organization.ID), "error", explain(err))
		default:
			r.logger.InfoContext(ctx, "archive filled up", "organization", string(organization.ID), "added", summary.Added, "details",
				summary.Details, "entries", summary.Span.Entries)
		}
	}
}
