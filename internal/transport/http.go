package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/telemetry"
)

const (
	defaultReadTimeout = 15 * time.Second
	// httpDrain is how long requests under way may go on after SIGTERM; it is what container runtimes give before they kill.
	httpDrain = 25 * time.Second
)

// HTTP serves MCP to many clients: streamable HTTP at /mcp, in the revision 2026-07-28 without sessions and in the older ones with them,
// and the deprecated HTTP+SSE at /sse, all behind the same guards.
type HTTP struct {
	Server *server.MCPServer
	// Authenticator says who may call; nil lets everyone in, which the operator may want on loopback only.
	Authenticator auth.Authenticator
	// Metadata is served as OAuth protected resource metadata (RFC 9728); nil means none.
	Metadata map[string]any
	// PublicURL is where clients reach the server, if that is not where it listens; its host is allowed. nil for none.
	PublicURL *url.URL
	// AllowedHosts are Host values that are let in besides this machine's loopback names: "name", "name:port", or "*" for all.
	AllowedHosts []string
	// AllowedOrigins are the origins of web pages that may call, e.g. https://app.example.com.
	AllowedOrigins []string
	// BasePath is put before /mcp and /sse, e.g. /make.
	BasePath string
	// WithoutSSE leaves the deprecated transport out.
	WithoutSSE bool
	// ReadTimeout is how long the head of a request, and its body, may each take to arrive; 0 means 15 s.
	ReadTimeout time.Duration
	// Limits bound what callers may ask for.
	Limits Limits
	// Standing says what Make thinks of a caller's own key; nil means that it accepts all.
	Standing func(auth.Caller) auth.Standing
	// SessionIdle ends sessions that nobody used for so long; 0 means 30 minutes.
	SessionIdle time.Duration
	// Heartbeat is how often idle streams are written to, so that no proxy cuts them; 0 means 25 s.
	Heartbeat time.Duration
	// DrainTimeout is how long requests under way may go on when the server is to stop; 0 means 25 s.
	DrainTimeout time.Duration
	// Ready says whether Make answers; nil means that it always does. It is asked at most twice a minute.
	Ready func(ctx context.Context) error
	// Store says whether the archive can be read; nil means that there is none. It is asked at most every five seconds. Its error says why
	// not, in words that anybody may read.
	Store func(ctx context.Context) error
	// GoesBy returns what else /readyz says of a server that is ready; nil means nothing.
	GoesBy func() string
	// Metrics is served at /metrics, to those whom MetricsAuthenticator lets in; nil means nothing is.
	Metrics http.Handler
	// MetricsAuthenticator is Authenticator if it is nil.
	MetricsAuthenticator auth.Authenticator
	// Logger and Telemetry may be nil.
	Logger    *slog.Logger
	Telemetry *telemetry.Telemetry
}

// Handler returns what serves all addresses. When ctx ends, streams that have no end of their own are closed; the requests under way go on.
func (h *HTTP) Handler(ctx context.Context) http.Handler {
	g := h.guards()
	mux := http.NewServeMux()
	h.serveMCP(ctx, mux, g)
	if h.Metadata != nil {
		// The form with the resource's path is RFC 9728's, section 3.1; some clients ask for the one without.
		metadata := g.browserSafe(serveJSON(h.Metadata))
		mux.Handle(MetadataPath, metadata)
		mux.Handle(MetadataPath+h.publicPath()+"/mcp", metadata)
	}
	if h.Metrics != nil {
		operators := *g
		operators.authenticator = cmp.Or(h.MetricsAuthenticator, g.authenticator)
		mux.Handle("/metrics", operators.protect(h.Metrics))
	}
	// Probes know neither the public name nor a token.
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { probe(w, http.StatusOK, "ok") })
	mux.Handle("/readyz", &readiness{
		upstream: probed{ask: h.Ready, goodFor: readyFor, within: readyTimeout},
		store:    probed{ask: h.Store, goodFor: storeFor, within: storeTimeout},
		goesBy:   h.GoesBy, ended: ctx,
	})
	mux.Handle("/", g.browserSafe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "nothing is here; MCP is at "+h.publicPath()+"/mcp")
	})))
	return g.withDeadlines(mux)
}

// guards are those that the settings ask for.
func (h *HTTP) guards() *guards {
	logger := cmp.Or(h.Logger, slog.New(slog.DiscardHandler))
	g := &guards{
		logger:        logger,
		telemetry:     h.Telemetry,
		hosts:         append([]string{"localhost", "127.0.0.1", "[::1]"}, h.AllowedHosts...),
		authenticator: cmp.Or[auth.Authenticator](h.Authenticator, auth.Anonymous{}),
		limits:        newLimits(h.Limits, h.holder),
		refused:       &tally{logger: logger, kinds: map[string]*more{}},
		bodyTimeout:   orDefault(h.ReadTimeout, defaultReadTimeout),
	}
	for _, origin := range h.AllowedOrigins {
		g.origins = append(g.origins, strings.ToLower(strings.TrimSuffix(origin, "/")))
	}
	if h.PublicURL != nil {
		g.hosts = append(g.hosts, hostHeader(h.PublicURL))
	}
	return g
}

// holder is who holds what a caller takes.
func (h *HTTP) holder(caller auth.Caller) (name string, proven bool) {
	standing := auth.Accepted
	if h.Standing != nil && caller.MakeKey != "" {
		standing = h.Standing(caller)
	}
	return caller.Holder(standing)
}

// serveMCP puts the transports behind the guards.
func (h *HTTP) serveMCP(ctx context.Context, mux *http.ServeMux, g *guards) {
	base, heartbeat := CleanBase(h.BasePath), orDefault(h.Heartbeat, defaultHeartbeat)
	record := func(transport string) *recorder {
		return &recorder{logger: g.logger, telemetry: h.Telemetry, transport: transport, who: h.holder, refused: g.refused}
	}
	open := newSessions(h.SessionIdle, h.holder)
	streams := newStreamable(ctx, h.Server, open, heartbeat, record("http"))
	go streams.sweep()
	h.Telemetry.Gauge("sessions", "Open sessions of streamable HTTP.", func() float64 { return float64(streams.sessions.count()) })
	// Each with a slash behind it, too: clients and people add one, and a redirect would lose what is posted.
	handle := func(path string, next http.Handler) {
		mux.Handle(base+path, g.protect(next))
		mux.Handle(base+path+"/{$}", g.protect(next))
	}
	handle("/mcp", streams)
	if h.WithoutSSE {
		return
	}
	legacy := &sse{
		server: h.Server, recorder: record("sse"), limits: g.limits, messages: h.publicPath() + "/message", ended: ctx,
		heartbeat: heartbeat, drainTimeout: orDefault(h.DrainTimeout, httpDrain), streams: map[string]*sseStream{},
	}
	h.Telemetry.Gauge("sse_streams", "Open streams of HTTP+SSE.", func() float64 { return float64(legacy.count()) })
	handle("/sse", http.HandlerFunc(legacy.serveStream))
	handle("/message", http.HandlerFunc(legacy.serveMessage))
}

// MetadataPath is where RFC 9728, section 3, has a resource's metadata.
const MetadataPath = "/.well-known/oauth-protected-resource"

// CleanBase is a base path with a leading and without a trailing slash; "" for none.
func CleanBase(path string) string {
	return strings.TrimSuffix("/"+strings.Trim(path, "/"), "/")
}

// publicPath is the base path as clients see it.
func (h *HTTP) publicPath() string {
	if h.PublicURL != nil {
		return CleanBase(h.PublicURL.Path)
	}
	return CleanBase(h.BasePath)
}

// Serve serves on listener, with TLS if a configuration is given, until ctx ends. Then new requests are refused, streams are closed, and
// requests under way get DrainTimeout to end; after that they are cut. It returns nil, or what broke.
func (h *HTTP) Serve(ctx context.Context, listener net.Listener, secure *tls.Config) error {
	handler := h.Handler(ctx)
	logger := cmp.Or(h.Logger, slog.New(slog.DiscardHandler))
	served := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: orDefault(h.ReadTimeout, defaultReadTimeout),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		TLSConfig:         secure,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // broken handshakes, mostly
	}
	ended, end := context.WithCancel(ctx)
	var stopping sync.WaitGroup
	defer stopping.Wait()
	defer end()
	stopping.Go(func() {
		<-ended.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), orDefault(h.DrainTimeout, httpDrain)+2*stopGrace)
		defer cancel()
		if err := served.Shutdown(drain); err != nil {
			logger.WarnContext(drain, "requests are still under way: cutting them")
			_ = served.Close()
		}
	})
	var err error
	if secure != nil {
		err = served.ServeTLS(listener, "", "")
	} else {
		err = served.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
}

// serveJSON serves what never changes.
func serveJSON(value map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "want GET")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=300")
		_ = json.NewEncoder(w).Encode(value)
	})
}

// orDefault returns value if it is positive, else otherwise.
func orDefault[T int | float64 | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}
