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
	// maxCallers bounds the callers whose upstreams are kept, callerIdle how long they are kept after the last call.
	maxCallers = 256
	callerIdle = 10 * time.Minute
	// maxKeptPerCaller bounds the entries kept for each caller's next question, about 6 MB of them.
	maxKeptPerCaller = 20_000
)

// callers keeps the upstream of each caller with a key of their own: clients, caches and cursors belong to one credential.
type callers struct {
	upstreams *upstreams
	// archive is what each is answered from, as far as Make says that the key may read it; nil if there is none.
	archive *archive.Archive

	mu   sync.Mutex
	byID *expirable.LRU[string, *upstream]
}

func newCallers(all *upstreams, stored *archive.Archive) *callers {
	all.maxKept = maxKeptPerCaller
	return &callers{upstreams: all, archive: stored, byID: expirable.NewLRU[string, *upstream](maxCallers, nil, callerIdle)}
}

// service is the service of the caller that ctx belongs to. It never falls back to the operator's key.
func (c *callers) service(ctx context.Context) (*analysis.Service, error) {
	caller, ok := auth.FromContext(ctx)
	if !ok || caller.MakeKey == "" {
		// The guards refuse such a request before it comes here.
		return nil, &SettingError{Problem: "this server asks Make with each caller's own key, and the request brought none",
			Next: "send it in the header " + auth.HeaderMakeKey}
	}
	id := caller.ID()
	c.mu.Lock()
	defer c.mu.Unlock()
	own, ok := c.byID.Get(id)
	if !ok {
		base, err := c.base(caller.MakeZone)
		if err != nil {
			return nil, err
		}
		own = c.upstreams.with(base, makeapi.StaticKey(caller.MakeKey))
		own.answerFrom(c.archive, false)
	}
	c.byID.Add(id, own) // used now, so not forgotten soon
	return own.service, nil
}

// base is where a caller's zone is; the guards let only zones through that the operator allows, and none where all calls go to one address.
func (c *callers) base(zone string) (*url.URL, error) {
	if zone == "" {
		return c.upstreams.options.BaseURL, nil
	}
	return makeapi.ZoneURL(zone)
}

func (c *callers) count() int { return c.byID.Len() }
