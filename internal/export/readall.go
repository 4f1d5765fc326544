package export

import (
	"context"
	"errors"

	"make-audit-mcp/internal/auditlog"
)

// ReadAll writes every entry that answers a query, newest first. What a bound cuts short is read on, until nothing more comes. It returns
// the report of the last read: unless that is Exhausted, entries are missing.
func ReadAll(ctx context.Context, from auditlog.Reader, q auditlog.Query, write func(*auditlog.Entry) error) (auditlog.Report, error) {
	for {
		var failure error
		more := false
		report, err := from.Read(ctx, q, func(entry *auditlog.Entry) bool {
			failure = write(entry)
			if failure != nil {
				return false
			}
			more = true
			q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: entry.TriggeredAt, UUID: entry.UUID}}
			return true
		})
		if err != nil || failure != nil || report.Exhausted || !more {
			return report, errors.Join(err, failure)
		}
	}
}
