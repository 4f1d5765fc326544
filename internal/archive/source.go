package archive

import (
	"context"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Source is the log itself, as one credential sees it: what an archive is filled from, and what says who may read it. Entries carry what
// Make sent (Raw).
type Source interface {
	auditlog.Reader
	auditlog.Directory
	// Written calls yield with every entry written down since an instant, whenever it was triggered, and returns the instant up to which it
	// read.
	Written(ctx context.Context, organization auditlog.Ref, since time.Time, yield func(*auditlog.Entry)) (asOf time.Time,
		report auditlog.Report, err error)
}
