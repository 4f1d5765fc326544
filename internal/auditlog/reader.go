package auditlog

import (
	"context"
)

// Reader is what entries are read through, wherever they come from.
type Reader interface {
	// Read calls yield with every entry that answers the query, newest first in the order of CompareNewestFirst, none twice, until yield
	// returns false or there are no more. It returns an error only if nothing can be said; where a bound or a failure stops it half-way,
	// what was yielded is the newest contiguous part and the report says how far it goes. yield must be quick, since other readers may wait
	// for it, and must not call Read.
	Read(ctx context.Context, q Query, yield func(*Entry) bool) (Report, error)
}
