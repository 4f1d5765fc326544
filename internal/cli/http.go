package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/transport"
)

// httpCommand serves MCP over the network.
type httpCommand struct {
	Address   string
	BasePath  string
	PublicURL string
	TLSCert   string
	TLSKey    string
	SSE       bool

	AllowedHosts   []string
	AllowedOrigins []string

	AuthTokenFile string
	OAuthIssuer   string
	OAuthAudience string
	OAuthClients  []string
	OAuthScopes   []string

	CallerCredentials bool
	AllowedZones      []string

	RateLimit      float64
	TotalRateLimit float64
	SessionIdle    time.Duration
	Drain          time.Duration
	Health         bool
	resultForm
	toolChoice
	backgroundSync

	MetricsAddress string
}

// newHTTPCommand makes the command.
func newHTTPCommand(line *commandLine) *cobra.Command {
	var c httpCommand
	command := &cobra.Command{
		Use:   "http",
		Short: "Serve MCP over the network: streamable HTTP, and SSE for older clients.",
		Long: `Streamable HTTP is at /mcp (protocol 2026-07-28 and the older revisions), HTTP+SSE for older clients at /sse; /healthz and /readyz answer probes, /metrics is for Prometheus.

Who may call: on loopback everybody; on any other address a bearer token (MCP_AUTH_TOKEN or a file) or an OAuth issuer is needed. Whose log: the operator's key (MAKE_API_KEY) answers for all, or with --caller-credentials each caller's own.

Examples:
  make-audit-mcp --demo http
  MCP_AUTH_TOKEN=$(openssl rand -hex 32) make-audit-mcp http --address 0.0.0.0:8080 --public-url https://audit.example.com
  make-audit-mcp http --address :8443 --tls-cert tls.crt --tls-key tls.key --public-url https://audit.example.com --oauth-issuer https://login.example.com

Traces go out if OTEL_EXPORTER_OTLP_ENDPOINT is set. One line per call is logged, without arguments.`,
		RunE: line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.text(&c.Address, "address", "HOST:PORT").byDefault("127.0.0.1:8080").env("MCP_ADDRESS").
		help("Where to listen; default: 127.0.0.1:8080.")
	flags.text(&c.BasePath, "base-path", "PATH").env("MCP_BASE_PATH").help("Path before /mcp and /sse.")
	flags.text(&c.PublicURL, "public-url", "URL").env("MCP_PUBLIC_URL").
		help("Where clients reach this server, e.g. https://audit.example.com; its host is allowed.")
	flags.path(&c.TLSCert, "tls-cert", "FILE").env("MCP_TLS_CERT").
		help("Certificate file (PEM); read again when it changes.")
	flags.path(&c.TLSKey, "tls-key", "FILE").env("MCP_TLS_KEY").help("Key file (PEM).")
	flags.negatable(&c.SSE, "sse").byDefault("true").env("MCP_SSE").
		help("Also serve the deprecated HTTP+SSE transport at /sse.")
	flags.list(&c.AllowedHosts, "allowed-hosts", "HOST").env("MCP_ALLOWED_HOSTS").
		help("Host names that are let in, besides localhost and the public URL's; * for all.")
	flags.list(&c.AllowedOrigins, "allowed-origins", "ORIGIN").env("MCP_ALLOWED_ORIGINS").
		help("Origins of web pages that may call, e.g. https://app.example.com.")
	flags.path(&c.AuthTokenFile, "auth-token-file", "FILE").env("MCP_AUTH_TOKEN_FILE").
		help("File with the bearer token that callers show, instead of MCP_AUTH_TOKEN; read again when it changes.")
	flags.text(&c.OAuthIssuer, "oauth-issuer", "URL").env("MCP_OAUTH_ISSUER").
		help("Accept access tokens (JWT) of this OAuth 2.1 issuer.")
	flags.text(&c.OAuthAudience, "oauth-audience", "AUDIENCE").env("MCP_OAUTH_AUDIENCE").
		help("Audience that they must have; default: the public URL of /mcp.")
	flags.list(&c.OAuthClients, "oauth-clients", "ID").env("MCP_OAUTH_CLIENTS").
		help("Clients, by client_id, whose tokens are taken though they name no audience at all, as Amazon Cognito's.")
	flags.list(&c.OAuthScopes, "oauth-scopes", "SCOPE").env("MCP_OAUTH_SCOPES").help("Scopes that they must have.")
	flags.toggle(&c.CallerCredentials, "caller-credentials").env("MCP_CALLER_CREDENTIALS").
		help("Ask Make with each caller's own key, from the header X-Make-Api-Key, and never with the operator's.")
	flags.list(&c.AllowedZones, "allowed-zones", "HOST").env("MCP_ALLOWED_ZONES").
		help("Zones that callers may name in the header X-Make-Zone; default: MAKE_ZONE.")
	flags.number(&c.RateLimit, "rate-limit", "N").byDefault("50").env("MCP_RATE_LIMIT").
		help("Requests per second of one caller.")
	flags.number(&c.TotalRateLimit, "total-rate-limit", "N").byDefault("500").env("MCP_TOTAL_RATE_LIMIT").
		help("Requests per second of all callers.")
	flags.duration(&c.SessionIdle, "session-idle").byDefault("30m").env("MCP_SESSION_IDLE").
		help("End sessions that nobody used for so long.")
	flags.duration(&c.Drain, "drain").byDefault("25s").env("MCP_DRAIN").
		help("How long requests under way may go on after SIGTERM.")
	flags.toggle(&c.Health, "health").
		help("Ask the server that listens at --address whether it is alive, and exit with 0 or 1; for containers without a shell.")
	c.resultForm.declare(flags)
	c.toolChoice.declare(flags)
	c.backgroundSync.declare(flags)
	flags.text(&c.MetricsAddress, "metrics-address", "HOST:PORT").env("MCP_METRICS_ADDRESS").
		help("Serve /metrics (Prometheus) here, to everybody, instead of beside /mcp to callers.")
	return command
}

// Run serves until the process is stopped.
func (c *httpCommand) Run(r *runtime) error {
	if c.Health {
		return c.health(r.ctx)
	}
	address, err := c.serverAddress()
	if err != nil {
		return err
	}
	if r.tools, err = c.chosen(); err != nil {
		return err
	}
	if err := r.startTelemetry(true); err != nil {
		return err
	}
	defer r.stopTelemetry()
	admission, err := c.whoMayCall(address, r.settings.readSecret)
	if err != nil {
		return err
	}
	c.warn(r, address)
	r.textOnly, r.sharer = c.isTextOnly(), sharerOf
	backend, err := c.whoseLog(r, admission.authenticator)
	if err != nil {
		return err
	}
	defer closeArchive(backend.archive)
	fills, stop := c.start(r, backend.operator)
	defer stop()
	backend.measure(r, fills)
	return c.serve(r, address, admission, backend)
}

// warn warns of what works, and is probably not meant.
func (c *httpCommand) warn(r *runtime, address *serverAddress) {
	if !address.loopback && !address.isSecure() {
		r.logger.WarnContext(r.ctx, "tokens and answers go over the network in clear: give --tls-cert and --tls-key, or --public-url "+
			"https://… with a TLS proxy in front")
	}
	if os.Getenv(environmentAuthToken) != "" && c.AuthTokenFile != "" {
		r.logger.WarnContext(r.ctx, environmentAuthToken+" and MCP_AUTH_TOKEN_FILE are both set: "+environmentAuthToken+
			" counts, the file is not read")
	}
	if !address.loopback && address.public == nil && len(c.AllowedHosts) == 0 {
		r.logger.WarnContext(r.ctx, "only requests to localhost are answered: give --public-url or --allowed-hosts")
	}
}

// serve serves MCP, and the metrics, until the process is stopped.
func (c *httpCommand) serve(r *runtime, address *serverAddress, admission *admission, backend *backend) error {
	served := &transport.HTTP{
		Server: r.mcpServer(backend.service), Authenticator: backend.authenticator, Metadata: admission.metadata,
		PublicURL: address.public, AllowedHosts: c.AllowedHosts, AllowedOrigins: c.AllowedOrigins, BasePath: c.BasePath, WithoutSSE: !c.SSE,
		Limits:      transport.Limits{PerCaller: c.RateLimit, Overall: c.TotalRateLimit},
		SessionIdle: c.SessionIdle, DrainTimeout: c.Drain, Ready: backend.ready.upstream, Standing: backend.standing,
		Logger: r.logger, Telemetry: r.telemetry, GoesBy: backend.ready.goesBy,
	}
	if backend.archive != nil {
		served.Store = backend.ready.store
	}
	group, ctx := errgroup.WithContext(r.ctx)
	if c.MetricsAddress == "" {
		// Whoever reads metrics needs no Make key.
		served.Metrics, served.MetricsAuthenticator = r.telemetry.Handler(), admission.authenticator
	} else if err := c.serveMetrics(ctx, group, r.telemetry.Handler()); err != nil {
		return err
	}
	listener, err := listen(r.ctx, c.Address)
	if err != nil {
		return err
	}
	scheme := "http"
	if address.tls != nil {
		scheme = "https"
	}
	url := scheme + "://" + listener.Addr().String() + transport.CleanBase(c.BasePath) + "/mcp"
	r.logger.InfoContext(r.ctx, "listening", "url", url, "sse", c.SSE)
	group.Go(func() error { return served.Serve(ctx, listener, address.tls) })
	return group.Wait()
}

// serveMetrics serves the metrics on an address of their own.
func (c *httpCommand) serveMetrics(ctx context.Context, group *errgroup.Group, metrics http.Handler) error {
	listener, err := listen(ctx, c.MetricsAddress)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	served := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
	stop := context.AfterFunc(ctx, func() { _ = served.Close() })
	group.Go(func() error {
		defer stop()
		if err := served.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving metrics on %s: %w", c.MetricsAddress, err)
		}
		return nil
	})
	return nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &SettingError{Problem: "cannot listen on " + address + ": " + err.Error(),
			Next: "choose a free address with --address, e.g. 127.0.0.1:8081"}
	}
	return listener, nil
}

// health asks the server on this machine whether it is alive.
func (c *httpCommand) health(ctx context.Context) error {
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		return &SettingError{Problem: "--address " + c.Address + " is no host:port",
			Next: "give the address that the server listens on, e.g. 127.0.0.1:8080"}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme, transport := "http", &http.Transport{}
	if c.TLSCert != "" {
		// The certificate is for the public name, and this is the same machine.
		scheme, transport.TLSClientConfig = "https", &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second) // below what container runtimes give a check
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", http.NoBody)
	if err != nil {
		return fmt.Errorf("asking for health: %w", err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return &exitError{code: exitFailed, message: "not alive: " + err.Error()}
	}
	defer response.Body.Close() //nolint:errcheck // nothing is read
	if response.StatusCode != http.StatusOK {
		return &exitError{code: exitFailed, message: "not alive: " + response.Status}
	}
	return nil
}
