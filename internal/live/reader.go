package live

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// Defaults of Options.
const (
	DefaultParallel   = 8
	defaultMaxEntries = 200_000
	defaultKeep       = 5 * time.Minute
	// defaultMaxKept bounds the entries kept for the next question, about 30 MB of them.
	defaultMaxKept = 100_000
	// directoryKeep is how long organizations, roles and catalogs are believed.
	directoryKeep = 10 * time.Minute
)

// Options sets up a Reader; zero values mean the defaults.
type Options struct {
	// Parallel is how many calls a read makes side by side.
	Parallel int
	// MaxEntries bounds the entries that one read takes in.
	MaxEntries int
	// Zone is the zone that the client talks to, where its host does not show it.
	Zone string
	// Keep is how long entries that were read, and details, are kept for the next question.
	Keep time.Duration
	// MaxKept bounds the entries that are kept, some 300 bytes each.
	MaxKept int
	// KeepRaw has entries carry what Make sent, for copies and exports.
	KeepRaw bool
}

// Reader reads the log with one credential. It implements auditlog.Reader and auditlog.Directory, and is safe for use by several
// goroutines.
type Reader struct {
	client  *makeapi.Client
	options Options

	account       memo[struct{}, *makeapi.CurrentUser]
	organizations memo[struct{}, []makeapi.Organization]
	access        memo[auditlog.ID, *auditlog.Access]
	catalogs      memo[auditlog.ID, *auditlog.Catalog]
	teamCatalogs  memo[auditlog.ID, *auditlog.Catalog]
	teamOwners    memo[auditlog.ID, auditlog.ID]
	members       memo[auditlog.ID, answered[[]makeapi.Member]]
	held          memo[endpoint, answered[[]makeapi.UserRole]]
	roles         memo[auditlog.ID, answered[[]makeapi.Role]] // that there are in an organization
	permissions   memo[struct{}, answered[[]makeapi.Permission]]
	timezones     memo[auditlog.ID, map[auditlog.ID]string] // of an organization's users
	pageSizes     pageSizes
	// datesByTriggered means that this instance has been observed to compare dates with triggeredAt, so that nothing was written too late
	// for an upper date.
	datesByTriggered atomic.Bool
	// filtersRefused holds the signatures of plans whose filters Make refused, so that they are applied here only.
	filtersRefused sync.Map
	walks          walkCache
	details        *details
	observing      sync.Mutex // guards observed
	observed       map[auditlog.ID]*observed
}

var (
	_ auditlog.Reader    = (*Reader)(nil)
	_ auditlog.Directory = (*Reader)(nil)
)

// New returns a reader over a client. It calls nothing yet.
func New(client *makeapi.Client, options Options) *Reader {
	options.Parallel = cmp.Or(options.Parallel, DefaultParallel)
	options.MaxEntries = cmp.Or(options.MaxEntries, defaultMaxEntries)
	options.Keep = cmp.Or(options.Keep, defaultKeep)
	options.MaxKept = cmp.Or(options.MaxKept, defaultMaxKept)
	return &Reader{
		client: client, options: options, details: newDetails(options.Keep), observed: map[auditlog.ID]*observed{},
		pageSizes: pageSizes{organization: pageSize{ask: largePage}, team: pageSize{ask: largePage}},
		walks:     walkCache{keep: options.Keep, maxEntries: options.MaxKept},
	}
}

// Now is Make's clock.
func (r *Reader) Now() time.Time { return r.client.Now() }

// AsOf is the instant as of which what was read lately can be asked again without any call; zero if nothing is kept. It is the oldest such
// instant, so that a question without an upper end gets the same end for as long as the first answer is kept, whatever was asked in
// between.
func (r *Reader) AsOf(_ context.Context, organization auditlog.ID) time.Time {
	return r.walks.asOf(organization, r.Now().Add(-r.options.Keep)).Truncate(time.Millisecond)
}

// ReportWait passes the waits of a client on to whoever follows the progress of the call; it is meant as makeapi.Options.OnWait.
func ReportWait(ctx context.Context, wait makeapi.Wait) {
	auditlog.ReportProgress(ctx, auditlog.Progress{Wait: wait.For, Reason: wait.Reason, Limit: wait.Limit})
}
