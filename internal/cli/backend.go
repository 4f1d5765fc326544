package cli

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/makeapi"
)

// serviceOf returns the service of the caller that a request's context belongs to.
type serviceOf func(ctx context.Context) (*analysis.Service, error)

// operatorService answers everybody with the operator's key. Whatever keeps it from answering (no key, say) is said by each tool call,
// since clients show a server that does not start only as failed. The error is that reason, and the upstream is nil then; the service is
// usable all the same.
func (r *runtime) operatorService(create bool) (serviceOf, *upstream, error) {
	operator, err := r.operator(create)
	service := func(context.Context) (*analysis.Service, error) {
		if err != nil {
			return nil, err
		}
		return operator.service, nil
	}
	return service, operator, err
}

// backend is what calls are answered from: everybody's from the log that the operator's key reads, or each caller's own.
type backend struct {
	service serviceOf
	// authenticator lets in who may call, and brings what the service needs.
	authenticator auth.Authenticator
	ready         *readiness
	// standing says what Make thinks of a caller's own key; nil where the operator's answers for all.
	standing func(auth.Caller) auth.Standing
	operator *upstream        // nil where callers bring keys of their own
	archive  *archive.Archive // nil if there is none
	detector *detect.Detector
}

func (c *httpCommand) whoseLog(r *runtime, mayCall auth.Authenticator) (*backend, error) {
	if c.CallerCredentials {
		return c.callersLogs(r, mayCall)
	}
	if len(c.AllowedZones) > 0 {
		return nil, &SettingError{Problem: "--allowed-zones is for callers with keys of their own",
			Next: "give --caller-credentials, too, or leave it out"}
	}
	service, operator, err := r.operatorService(c.fills(r))
	if err != nil {
		return nil, err
	}
	return &backend{service: service, authenticator: mayCall, operator: operator, archive: operator.archive,
		detector: operator.common.detector,
		ready:    &readiness{client: operator.client, archive: operator.archive, instance: operator.instance}}, nil
}

// measure has the budget measured, and the archive, if there is one. fills reports whether this process fills a log; it is nil where it
// fills none.
func (b *backend) measure(r *runtime, fills func(auditlog.ID) bool) {
	r.measureBudget(b.ready.client.Budget())
	if b.archive == nil {
		return
	}
	s := &surveyor{archive: b.archive, detector: b.detector, now: time.Now, fills: fills}
	if b.operator != nil {
		s.now, s.instance = b.operator.live.Now, b.operator.instance
	}
	r.measureArchive(s)
}

func (c *httpCommand) callersLogs(r *runtime, mayCall auth.Authenticator) (*backend, error) {
	zones, err := c.zones(r)
	if err != nil {
		return nil, err
	}
	if len(zones) > 0 && r.settings.Zone == "" && r.settings.APIURL == "" {
		r.settings.Zone = zones[0]
	}
	all, err := r.upstreams()
	if err != nil {
		return nil, err
	}
	stored, err := r.archiveToAnswer(false)
	if err != nil {
		return nil, err
	}
	all.options.Origin = originOf
	callers := newCallers(all, stored)
	r.telemetry.Gauge("callers", "Callers with a key of their own whose sessions with Make are kept.",
		func() float64 { return float64(callers.proven.Len() + callers.unproven.Len()) })
	keyless := all.with(all.options.BaseURL, makeapi.StaticKey(""))
	return &backend{
		service: callers.service, authenticator: &auth.CallerKeys{Next: mayCall, Zones: zones},
		ready: &readiness{client: keyless.client, archive: stored}, archive: stored, standing: callers.standing, detector: all.detector,
	}, nil
}

// backgroundKey is the key under which a context says that its calls are no client's: the archive is filled up.
type backgroundKey struct{}

// sharerOf is who a call to Make is made for, among those who share a budget; empty for the one client of stdio, and for the server itself.
func sharerOf(ctx context.Context) string {
	if ctx.Value(backgroundKey{}) != nil {
		return "in the background"
	}
	caller, ok := auth.FromContext(ctx)
	if !ok {
		return ""
	}
	return caller.Sharer()
}

// originOf is where the key of a caller comes from.
func originOf(ctx context.Context) string {
	caller, _ := auth.FromContext(ctx)
	return caller.Origin()
}

// zones are those that callers may name. A whole base URL leaves none to choose.
func (c *httpCommand) zones(r *runtime) ([]string, error) {
	if r.settings.APIURL != "" || r.settings.Demo {
		if len(c.AllowedZones) > 0 {
			return nil, &SettingError{Problem: "--allowed-zones has no meaning beside MAKE_API_URL or --demo, which say where all calls go",
				Next: "leave one of them out"}
		}
		return nil, nil
	}
	zones := c.AllowedZones
	if r.settings.Zone != "" {
		zones = append([]string{r.settings.Zone}, zones...)
	}
	for i, zone := range zones {
		base, err := makeapi.ZoneURL(zone)
		if err != nil {
			return nil, &SettingError{Problem: "zone " + auditlog.Text(zone).Quote() + ": " + err.Error(),
				Next: "name hosts such as eu1.make.com"}
		}
		zones[i] = base.Host
	}
	return zones, nil
}

// callers keeps the upstream of each caller with a key of their own, for a while after the last call: clients, caches and cursors belong to
// one credential.
type callers struct {
	upstreams *upstreams
	// archive is what each is answered from, as far as Make says that the key may read it; nil if there is none.
	archive *archive.Archive

	// Those of keys that Make has not accepted take no place of the others'.
	mu       sync.Mutex
	proven   *expirable.LRU[string, *upstream]
	unproven *expirable.LRU[string, *upstream]
}

func newCallers(all *upstreams, stored *archive.Archive) *callers {
	const longest, mostProven, mostUnproven = 10 * time.Minute, 256, 64
	all.maxKept = 20_000 // about 6 MB a caller
	return &callers{upstreams: all, archive: stored, proven: expirable.NewLRU[string, *upstream](mostProven, nil, longest),
		unproven: expirable.NewLRU[string, *upstream](mostUnproven, nil, longest)}
}

// base is the instance of Make that a caller's key is for. The guards let only zones through that the operator allows, and none where all
// calls go to one address.
func (c *callers) base(caller auth.Caller) (*url.URL, error) {
	if caller.MakeZone == "" {
		return c.upstreams.options.BaseURL, nil
	}
	return makeapi.ZoneURL(caller.MakeZone)
}

// standing is what Make thinks of a caller's key.
func (c *callers) standing(caller auth.Caller) auth.Standing {
	base, err := c.base(caller)
	if err != nil {
		return auth.Unproven
	}
	switch c.upstreams.options.Budget.Standing(base.String(), caller.MakeKey) {
	case makeapi.Accepted:
		return auth.Accepted
	case makeapi.Refused:
		return auth.Refused
	case makeapi.Unproven:
	}
	return auth.Unproven
}

// service is the service of the caller that ctx belongs to. It never falls back to the operator's key.
func (c *callers) service(ctx context.Context) (*analysis.Service, error) {
	caller, ok := auth.FromContext(ctx)
	if !ok || caller.MakeKey == "" {
		// The guards refuse such a request before it comes here.
		return nil, &SettingError{Problem: "this server asks Make with each caller's own key, and the request brought none",
			Next: "send it in the header " + auth.HeaderMakeKey}
	}
	kept, others := c.unproven, c.proven
	if c.standing(caller) == auth.Accepted {
		kept, others = c.proven, c.unproven
	}
	id := caller.ID()
	c.mu.Lock()
	defer c.mu.Unlock()
	own, ok := kept.Get(id)
	if !ok {
		own, ok = others.Get(id)
		others.Remove(id)
	}
	if !ok {
		base, err := c.base(caller)
		if err != nil {
			return nil, err
		}
		own = c.upstreams.with(base, makeapi.StaticKey(caller.MakeKey))
		own.answerFrom(c.archive, false)
	}
	kept.Add(id, own) // used now, so not forgotten soon
	return own.service, nil
}
