package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/makeapi"
)

// filler fills an archive with an upstream's key.
type filler struct {
	archive *archive.Archive
	client  *makeapi.Client
	// source is a reader of its own: entries that carry what Make sent are large, and none of them is asked for again.
	source   *live.Reader
	instance string
	details  archive.Details
	zone     *time.Location // in which times are shown
	// only is the one organization to fill; empty for all that can be read.
	only auditlog.ID
	// listed are the organizations that were to be filled last; nil before the first time.
	listed atomic.Pointer[[]auditlog.ID]
}

// fills reports whether an organization is one of those that are filled, as far as that is known.
func (f *filler) fills(organization auditlog.ID) bool {
	listed := f.listed.Load()
	return listed == nil || slices.Contains(*listed, organization)
}

// filler fills an archive with the upstream's key.
func (u *upstream) filler(into *archive.Archive, details archive.Details) *filler {
	return &filler{
		archive: into, client: u.client, instance: u.instance, details: details, only: u.common.organization,
		zone: cmp.Or(u.common.location, time.Local), //nolint:gosmopolitan // they are for whoever sits at this machine
		source: live.New(u.client, live.Options{Zone: u.common.zone, KeepRaw: true, MaxKept: 1, Keep: time.Minute,
			MaxEntries: 100_000}), // that one reading holds, about 1 KB each
	}
}

// organizations are those to fill: here, and readable.
func (f *filler) organizations(ctx context.Context) ([]auditlog.Organization, error) {
	all, err := f.source.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	var here []auditlog.Organization
	var listed []auditlog.ID
	for _, organization := range all {
		if !organization.Here || f.only != "" && organization.ID != f.only {
			continue
		}
		access, err := f.source.Access(ctx, organization.ID)
		if err != nil {
			return nil, err
		}
		if access.Readable() {
			here, listed = append(here, organization), append(listed, organization.ID)
		}
	}
	if len(here) == 0 {
		return nil, &exitError{code: exitFailed,
			message: "there is no organization here whose audit log this key may read. Next: make-audit-mcp check tells why"}
	}
	f.listed.Store(&listed)
	return here, nil
}

// fill syncs one organization. It tells say how that goes, and when a line is due.
func (f *filler) fill(ctx context.Context, organization auditlog.Organization,
	say func(text string, isDue bool)) (*archive.Summary, error) {
	catalog, err := f.source.Catalog(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	access, err := f.source.Access(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	progress := &syncProgress{
		organization: organization.ID, say: say, now: f.source.Now, zone: f.zone, limit: access.APILimit,
		ceiling: f.client.Budget().Ceiling(f.client.Instance(), makeapi.ID(organization.ID)),
	}
	return f.archive.Sync(auditlog.WithProgress(ctx, progress.heard), f.source, archive.SyncOptions{
		Instance: f.instance, Organization: organization, Details: f.details, OnProgress: progress.show,
		IsNotable: func(event auditlog.Text) bool { return detect.PowerOf(event, catalog) != auditlog.PowerNone },
	})
}

// backgroundSync are the flags of servers that keep their archive filled up.
type backgroundSync struct {
	SyncEvery   time.Duration
	SyncDetails string
}

func (b *backgroundSync) declare(flags flagSet) {
	flags.duration(&b.SyncEvery, "sync-every").byDefault("15m").env("MAKE_AUDIT_SYNC_EVERY").
		help("With an archive: how often to fill it up in the background, default: 15m; 0 leaves that to make-audit-mcp sync.")
	flags.choice(&b.SyncDetails, "sync-details", "DETAILS", "all", "notable", "none").byDefault("notable").env("MAKE_AUDIT_SYNC_DETAILS").
		help("Which entries' details to fetch, a call each: all, notable or none.")
}

// fills says whether the server fills an archive, so that it may begin one.
func (b *backgroundSync) fills(r *runtime) bool { return b.SyncEvery > 0 && r.settings.canSign() }

// takeover is how soon a server tries again where another process fills the archive, so that it goes on if that one died.
const takeover = 5 * time.Second

// start keeps the archive of the operator's upstream, nil for none, filled up until stop is called, which waits for a sync under way to
// store what it has. fills reports whether it fills an organization's log; it is nil where it fills none.
func (b *backgroundSync) start(r *runtime, operator *upstream) (fills func(auditlog.ID) bool, stop func()) {
	if operator == nil || operator.archive == nil || b.SyncEvery <= 0 {
		return nil, func() {}
	}
	if !b.fills(r) {
		r.logger.InfoContext(r.ctx, "the archive is only read: without --archive-key this process cannot sign what it would store")
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.ctx, backgroundKey{}, true))
	filling := operator.filler(operator.archive, archive.Details(b.SyncDetails))
	var running sync.WaitGroup
	running.Go(func() {
		for {
			wait := b.SyncEvery
			if b.once(ctx, r, filling) {
				wait = min(wait, takeover)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	})
	return filling.fills, func() {
		cancel()
		running.Wait()
	}
}

// once fills every organization. It returns whether another process is at it.
func (b *backgroundSync) once(ctx context.Context, r *runtime, fills *filler) (isElsewhere bool) {
	var busy *archive.BusyError
	if errors.As(fills.archive.CanFill(ctx), &busy) { // asked first, since it costs no call to Make
		r.logger.DebugContext(ctx, "another process is filling the archive")
		return true
	}
	organizations, err := fills.organizations(ctx)
	if err != nil && ctx.Err() == nil {
		r.logger.WarnContext(ctx, "the archive could not be filled up", "error", explain(err))
	}
	for _, organization := range organizations {
		if r.settings.isShared() && fills.isFresh(ctx, organization.ID, b.SyncEvery/2) {
			continue
		}
		summary, err := fills.fill(ctx, organization, func(text string, isDue bool) {
			if isDue {
				r.logger.InfoContext(ctx, "filling the archive up", "progress", text)
			}
		})
		about := []any{"organization", string(organization.ID)}
		if summary != nil {
			about = append(about, "added", summary.Added, "details", summary.Details, "details_done", summary.Wanted.Done(),
				"details_wanted", summary.Wanted.Wanted)
		}
		switch {
		case ctx.Err() != nil:
			return false
		case errors.As(err, &busy):
			r.logger.DebugContext(ctx, "another process is filling the archive")
			isElsewhere = true
		case err != nil:
			r.logger.WarnContext(ctx, "the archive could not be filled up", append(about, "error", explain(err))...)
		default:
			r.logger.InfoContext(ctx, "archive filled up", append(about, "entries", summary.Span.Entries)...)
		}
	}
	return isElsewhere
}

// isFresh reports that another process filled an organization's log less than some time ago.
func (f *filler) isFresh(ctx context.Context, organization auditlog.ID, within time.Duration) bool {
	asOf, err := f.archive.FilledUpTo(ctx, archive.LogKey{Instance: f.instance, Organization: string(organization)})
	return err == nil && !asOf.IsZero() && f.source.Now().Sub(asOf) < within
}
