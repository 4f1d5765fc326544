package cli

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auth"
	"make-audit-mcp/makeapi"
)

const (
	// maxCallers bounds the callers whose sessions with Make are kept, callerIdle how
	// long they are kept after the last call.
	maxCallers = 256
	callerIdle = 10 * time.Minute
	// maxKeptPerCaller bounds the entries kept for each caller's next question, about
	// 6 MB of them.
	maxKeptPerCaller = 20_000
)

// callers keeps what each caller asks Make with, by caller: clients, caches and
// cursors belong to one credential. The budget is shared, since Make limits
// organizations.
type callers struct {
	shared *connection
	// archive is what each is answered from, as far as Make says that the key may read it.
	archive *archive.Archive

	mu   sync.Mutex
	kept *expirable.LRU[string, *upstream]
}

func newCallers(shared *connection, stored *archive.Archive) *callers {
	shared.maxKept = maxKeptPerCaller
	return &callers{shared: shared, archive: stored, kept: expirable.NewLRU[string, *upstream](maxCallers, nil, callerIdle)}
}

// service is the services of the caller that ctx belongs to. It never falls back to
// the operator's key.
func (c *callers) service(ctx context.Context) (*analysis.Service, error) {
	caller, ok := auth.FromContext(ctx)
	if !ok || caller.MakeKey == "" {
		// The guards refuse such a request before it comes here.
		return nil, &SettingError{Problem: "this server asks Make with each caller's own key, and the request brought none", Next: "send it in the header " + auth.HeaderMakeKey}
	}
	id := caller.ID()
	c.mu.Lock()
	defer c.mu.Unlock()
	own, ok := c.kept.Get(id)
	if !ok {
		base, err := c.base(caller.MakeZone)
		if err != nil {
			return nil, err
		}
		own = c.shared.upstream(base, makeapi.StaticKey(caller.MakeKey))
		own.withArchive(c.archive, false)
	}
	c.kept.Add(id, own) // used now, so not forgotten soon
	return own.service, nil
}

// base is where a caller's zone is; the guards let only zones through that the
// operator allows, and none where all calls go to one address.
func (c *callers) base(zone string) (*url.URL, error) {
	if zone == "" {
		return c.shared.options.BaseURL, nil
	}
	return makeapi.ZoneURL(zone)
}

func (c *callers) count() int { return c.kept.Len() }
