package question

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Resolver understands the questions of one credential.
type Resolver struct {
	Reader    auditlog.Reader
	Directory auditlog.Directory
	Cursors   *Sealer
	// Organization is the one that questions are about when they name none; empty if none is set.
	Organization auditlog.ID
	// Location is the zone in which days are meant; nil means the user's.
	Location *time.Location
}
