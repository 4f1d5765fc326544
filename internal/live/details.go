package live

import (
	"context"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// Entries with details are remembered within these bounds: together 8 MB at most.
const (
	maxDetails     = 500
	maxDetailBytes = 16 << 10
)

// A uuid that Make does not know is remembered for missingKeep, and maxMissing of them, 1 MB at most: whoever makes up uuids asks again.
const (
	missingKeep = time.Minute
	maxMissing  = 5_000
)

// details remembers single entries for a while, so that an object's history asked again, or its next page, costs no call.
//
// It is the plain cache with a time of our own: the expirable one starts a goroutine per cache that cannot be stopped.
type details struct {
	keep    time.Duration
	cache   *lru.Cache[detailKey, keptDetail]
	missing *lru.Cache[detailKey, time.Time] // until when
}

type detailKey struct {
	organization auditlog.ID
	uuid         string // in lower case
}

type keptDetail struct {
	entry auditlog.Entry
	until time.Time
}

func newDetails(keep time.Duration) *details {
	cache, _ := lru.New[detailKey, keptDetail](maxDetails) // refuses sizes below 1 only
	missing, _ := lru.New[detailKey, time.Time](maxMissing)
	return &details{keep: keep, cache: cache, missing: missing}
}

func (d *details) find(key detailKey) (entry auditlog.Entry, ok bool) {
	kept, ok := d.cache.Get(key)
	return kept.entry, ok && time.Now().Before(kept.until)
}

func (d *details) add(key detailKey, entry auditlog.Entry) {
	if len(entry.Details) <= maxDetailBytes {
		d.cache.Add(key, keptDetail{entry: entry, until: time.Now().Add(d.keep)})
	}
}

func (d *details) isMissing(key detailKey) bool {
	until, ok := d.missing.Get(key)
	return ok && time.Now().Before(until)
}

func (d *details) addMissing(key detailKey) {
	d.missing.Add(key, time.Now().Add(min(d.keep, missingKeep)))
}

// Detail returns an entry with its details. An entry of another organization is not found: the bare form of the path does not name one.
func (r *Reader) Detail(ctx context.Context, organization auditlog.ID, uuid string) (*auditlog.Entry, error) {
	key := detailKey{organization, strings.ToLower(uuid)}
	if entry, ok := r.details.find(key); ok {
		return &entry, nil
	}
	if r.details.isMissing(key) {
		return nil, &auditlog.NotFoundError{UUID: uuid}
	}
	wire, err := r.client.AuditLogs.Get(ctx, makeapi.ID(organization), uuid)
	switch {
	case makeapi.IsKind(err, makeapi.KindNotFound, makeapi.KindBadRequest):
		r.details.addMissing(key)
		return nil, &auditlog.NotFoundError{UUID: uuid}
	case err != nil:
		return nil, err
	}
	if !r.options.KeepRaw {
		wire.Raw = nil
	}
	entry := newInterner().entry(wire)
	if entry.Organization == nil || entry.Organization.ID != organization || !strings.EqualFold(entry.UUID, uuid) {
		r.details.addMissing(key)
		return nil, &auditlog.NotFoundError{UUID: uuid}
	}
	r.details.add(key, *entry)
	return entry, nil
}
