package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/makeapi"
)

// environmentAuthToken holds the token that callers show.
const environmentAuthToken = "MCP_AUTH_TOKEN"

// httpCommand serves MCP over the network.
type httpCommand struct {
	Address   string `help:"Where to listen; default: 127.0.0.1:8080." default:"127.0.0.1:8080" env:"MCP_ADDRESS" placeholder:"HOST:PORT"`
	BasePath  string `help:"Path before /mcp and /sse." env:"MCP_BASE_PATH" placeholder:"PATH"`
	PublicURL string `name:"public-url" help:"Where clients reach this server, e.g. https://audit.example.com; its host is allowed." env:"MCP_PUBLIC_URL" placeholder:"URL"`
	TLSCert   string `name:"tls-cert" help:"Certificate file (PEM); read again when it changes." env:"MCP_TLS_CERT" placeholder:"FILE"`
	TLSKey    string `name:"tls-key" help:"Key file (PEM)." env:"MCP_TLS_KEY" placeholder:"FILE"`
	SSE       bool   `name:"sse" help:"Also serve the deprecated HTTP+SSE transport at /sse." default:"true" negatable:"" env:"MCP_SSE"`

	AllowedHosts   []string `help:"Host names that are let in, besides localhost and the public URL's; * for all." env:"MCP_ALLOWED_HOSTS" placeholder:"HOST"`
	AllowedOrigins []string `help:"Origins of web pages that may call, e.g. https://app.example.com." env:"MCP_ALLOWED_ORIGINS" placeholder:"ORIGIN"`

	AuthTokenFile string   `help:"File with the bearer token that callers show, instead of MCP_AUTH_TOKEN; read again when it changes." env:"MCP_AUTH_TOKEN_FILE" placeholder:"FILE"`
	OAuthIssuer   string   `name:"oauth-issuer" help:"Accept access tokens (JWT) of this OAuth 2.1 issuer." env:"MCP_OAUTH_ISSUER" placeholder:"URL"`
	OAuthAudience string   `name:"oauth-audience" help:"Audience that they must have; default: the public URL of /mcp." env:"MCP_OAUTH_AUDIENCE" placeholder:"AUDIENCE"`
	OAuthScopes   []string `name:"oauth-scopes" help:"Scopes that they must have." env:"MCP_OAUTH_SCOPES" placeholder:"SCOPE"`

	CallerCredentials bool     `help:"Ask Make with each caller's own key, from the header X-Make-Api-Key, and never with the operator's." env:"MCP_CALLER_CREDENTIALS"`
	AllowedZones      []string `help:"Zones that callers may name in the header X-Make-Zone; default: MAKE_ZONE." env:"MCP_ALLOWED_ZONES" placeholder:"HOST"`

	RateLimit      float64       `help:"Requests per second of one caller." default:"50" env:"MCP_RATE_LIMIT" placeholder:"N"`
	TotalRateLimit float64       `help:"Requests per second of all callers." default:"500" env:"MCP_TOTAL_RATE_LIMIT" placeholder:"N"`
	SessionIdle    time.Duration `help:"End sessions that nobody used for so long." default:"30m" env:"MCP_SESSION_IDLE" placeholder:"TIME"`
	Drain          time.Duration `help:"How long requests under way may go on after SIGTERM." default:"25s" env:"MCP_DRAIN" placeholder:"TIME"`
	Health         bool          `help:"Ask the server that listens at --address whether it is alive, and exit with 0 or 1; for containers without a shell."`
	backgroundSync

	MetricsAddress string `help:"Serve /metrics (Prometheus) here, to everybody, instead of beside /mcp to callers." env:"MCP_METRICS_ADDRESS" placeholder:"HOST:PORT"`
}

// Help teaches by example.
func (*httpCommand) Help() string {
	return `Streamable HTTP is at /mcp (protocol 2026-07-28 and the older revisions), HTTP+SSE for older clients at /sse; /healthz and /readyz answer probes, /metrics is for Prometheus.

Who may call: on loopback everybody; on any other address a bearer token (MCP_AUTH_TOKEN or a file) or an OAuth issuer is needed. Whose log: the operator's key (MAKE_API_KEY) answers for all, or with --caller-credentials each caller's own.

Examples:
  make-audit-mcp --demo http
  MCP_AUTH_TOKEN=$(openssl rand -hex 32) make-audit-mcp http --address 0.0.0.0:8080 --public-url https://audit.example.com
  make-audit-mcp http --address :8443 --tls-cert tls.crt --tls-key tls.key --public-url https://audit.example.com --oauth-issuer https://login.example.com

Traces go out if OTEL_EXPORTER_OTLP_ENDPOINT is set. One line per call is logged, without arguments.`
}

// Run serves until the process is told to stop.
func (c *httpCommand) Run(r *runtime) error {
	if c.Health {
		return c.health(r.ctx)
	}
	public, err := c.publicURL()
	if err != nil {
		return err
	}
	if strings.ContainsFunc(c.BasePath, func(r rune) bool {
		return !strings.ContainsRune("/-._~", r) && (r > '~' || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return &SettingError{Problem: "--base-path " + auditlog.Text(c.BasePath).Quote() + " is no plain path", Next: "use letters, digits, - . _ ~ and /, e.g. /make"}
	}
	if err := c.checkAllowed(); err != nil {
		return err
	}
	secure, err := c.tls()
	if err != nil {
		return err
	}
	loopback, err := transport.IsLoopback(c.Address)
	if err != nil {
		return &SettingError{Problem: err.Error(), Next: "correct --address"}
	}
	if err := r.startTelemetry(true); err != nil {
		return err
	}
	defer r.stopTelemetry()
	authenticator, metadata, err := c.authenticator(public)
	if err != nil {
		return err
	}
	switch {
	case authenticator == nil && public != nil && !isLoopbackHost(public):
		return &SettingError{Problem: "--public-url says that others reach this server, and nothing says who may call", Next: "set " + environmentAuthToken + " (or --auth-token-file), or --oauth-issuer"}
	case authenticator == nil && len(c.AllowedHosts) > 0:
		return &SettingError{Problem: "--allowed-hosts says that others reach this server, and nothing says who may call", Next: "set " + environmentAuthToken + " (or --auth-token-file), or --oauth-issuer"}
	case authenticator == nil && !loopback:
		return &SettingError{Problem: c.Address + " can be reached from other machines, and nothing says who may call", Next: "set " + environmentAuthToken + " (or --auth-token-file), or --oauth-issuer; or listen on 127.0.0.1"}
	case authenticator == nil:
		authenticator = auth.Anonymous{}
	case !loopback && secure == nil && (public == nil || public.Scheme != "https"):
		r.logger.WarnContext(r.ctx, "tokens and answers go over the network in clear: give --tls-cert and --tls-key, or --public-url https://… with a TLS proxy in front")
	}
	if !loopback && public == nil && len(c.AllowedHosts) == 0 {
		r.logger.WarnContext(r.ctx, "only requests to localhost are answered: give --public-url or --allowed-hosts")
	}
	operators := authenticator // who need no Make key of their own
	authenticator, services, connected, err := c.upstreams(r, authenticator)
	if err != nil {
		return err
	}
	defer connected.close()
	defer c.start(r, connected)()
	served := &transport.HTTP{
		Server: r.mcpServer(services), Authenticator: authenticator, Metadata: metadata, PublicURL: public,
		AllowedHosts: c.AllowedHosts, AllowedOrigins: c.AllowedOrigins, BasePath: c.BasePath, WithoutSSE: !c.SSE,
		Limits:      transport.Limits{PerCaller: c.RateLimit, Overall: c.TotalRateLimit},
		SessionIdle: c.SessionIdle, DrainTimeout: c.Drain, Ready: connected.client.Ping, Logger: r.logger, Telemetry: r.telemetry,
	}
	group, ctx := errgroup.WithContext(r.ctx)
	if c.MetricsAddress == "" {
		served.Metrics, served.MetricsAuthenticator = r.telemetry.Handler(), operators
	} else if err := c.serveMetrics(ctx, r, group); err != nil {
		return err
	}
	listener, err := listen(r.ctx, c.Address)
	if err != nil {
		return err
	}
	scheme := "http"
	if secure != nil {
		scheme = "https"
	}
	r.logger.InfoContext(r.ctx, "listening", "url", scheme+"://"+listener.Addr().String()+transport.CleanBase(c.BasePath)+"/mcp", "sse", c.SSE)
	group.Go(func() error { return served.Serve(ctx, listener, secure) })
	return group.Wait()
}

// upstreams says whose log calls are about: everybody's of the operator's key, or
// each caller's own.
// The upstream is the operator's, or one without a key that only pings.
func (c *httpCommand) upstreams(r *runtime, authenticator auth.Authenticator) (auth.Authenticator, services, *upstream, error) {
	if !c.CallerCredentials {
		if len(c.AllowedZones) > 0 {
			return nil, nil, nil, &SettingError{Problem: "--allowed-zones is for callers with keys of their own", Next: "give --caller-credentials, too, or leave it out"}
		}
		connected, err := r.connect(c.creates())
		if err != nil {
			return nil, nil, nil, err
		}
		return authenticator, serveOne(connected.service), connected, nil
	}
	zones, err := c.zones(r)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(zones) > 0 && r.settings.Zone == "" && r.settings.APIURL == "" {
		r.settings.Zone = zones[0]
	}
	shared, err := r.connection()
	if err != nil {
		return nil, nil, nil, err
	}
	stored, err := r.archiveToAnswer(false)
	if err != nil {
		return nil, nil, nil, err
	}
	known := newCallers(shared, stored)
	r.telemetry.Gauge("callers", "Callers with a key of their own whose sessions with Make are kept.", func() float64 { return float64(known.count()) })
	// A ping needs no key.
	pinged := shared.upstream(shared.options.BaseURL, makeapi.StaticKey(""))
	pinged.archive, pinged.isOthers = stored, true
	return &auth.CallerKeys{Next: authenticator, Zones: zones}, known.service, pinged, nil
}

// zones are those that callers may name. A whole base URL leaves none to choose.
func (c *httpCommand) zones(r *runtime) ([]string, error) {
	if r.settings.APIURL != "" || r.settings.Demo {
		if len(c.AllowedZones) > 0 {
			return nil, &SettingError{Problem: "--allowed-zones has no meaning beside MAKE_API_URL or --demo, which say where all calls go", Next: "leave one of them out"}
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
			return nil, &SettingError{Problem: "zone " + auditlog.Text(zone).Quote() + ": " + err.Error(), Next: "name hosts such as eu1.make.com"}
		}
		zones[i] = base.Host
	}
	return zones, nil
}

// authenticator is made of the settings; nil where they name none.
func (c *httpCommand) authenticator(public *url.URL) (auth.Authenticator, map[string]any, error) {
	token := os.Getenv(environmentAuthToken)
	switch {
	case c.OAuthIssuer != "" && (token != "" || c.AuthTokenFile != ""):
		return nil, nil, &SettingError{Problem: "both a bearer token and an OAuth issuer are set", Next: "leave one of them out: a token that never expires would undo what the issuer checks"}
	case c.OAuthIssuer != "":
		return c.oauth(public)
	case len(c.OAuthScopes) > 0 || c.OAuthAudience != "":
		return nil, nil, &SettingError{Problem: "OAuth scopes or an audience are set, and no issuer", Next: "give --oauth-issuer"}
	case token != "":
		static, err := auth.NewStaticToken(token)
		if err != nil {
			return nil, nil, &SettingError{Problem: environmentAuthToken + ": " + err.Error(), Next: "make one with: openssl rand -hex 32"}
		}
		return static, nil, nil
	case c.AuthTokenFile != "":
		static, err := auth.NewStaticTokenFile(c.AuthTokenFile)
		if err != nil {
			return nil, nil, &SettingError{Problem: "--auth-token-file: " + err.Error(), Next: "make one with: openssl rand -hex 32 > FILE"}
		}
		return static, nil, nil
	}
	return nil, nil, nil
}

func (c *httpCommand) oauth(public *url.URL) (auth.Authenticator, map[string]any, error) {
	options := auth.OAuthOptions{Issuer: c.OAuthIssuer, Audience: c.OAuthAudience, Scopes: c.OAuthScopes}
	if public != nil {
		resource := strings.TrimSuffix(public.String(), "/") + "/mcp"
		if options.Audience == "" {
			options.Audience = resource
		}
		options.MetadataURL = public.Scheme + "://" + public.Host + transport.MetadataPath + transport.CleanBase(public.Path) + "/mcp"
	}
	if options.Audience == "" {
		return nil, nil, &SettingError{Problem: "it is not known which audience tokens must have", Next: "give --public-url, or --oauth-audience"}
	}
	known, err := auth.NewOAuth(options)
	if err != nil {
		return nil, nil, &SettingError{Problem: "--oauth-issuer: " + err.Error(), Next: "give the issuer's URL as its tokens have it in iss"}
	}
	metadata := known.Metadata()
	if public != nil {
		metadata["resource"] = strings.TrimSuffix(public.String(), "/") + "/mcp"
	}
	return known, metadata, nil
}

func (c *httpCommand) publicURL() (*url.URL, error) {
	if c.PublicURL == "" {
		return nil, nil
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Scheme != "https" && public.Scheme != "http" || public.Host == "" || public.RawQuery != "" || public.Fragment != "" || public.User != nil {
		return nil, &SettingError{Problem: "--public-url " + auditlog.Text(c.PublicURL).Quote() + " is no http or https URL", Next: "give it as clients see it, without /mcp, e.g. https://audit.example.com"}
	}
	if path := transport.CleanBase(public.Path); path != "" && c.BasePath != "" && path != transport.CleanBase(c.BasePath) && !strings.HasSuffix(path, transport.CleanBase(c.BasePath)) {
		return nil, &SettingError{Problem: "the path of --public-url does not end with --base-path", Next: "make them fit, e.g. https://example.com/make and /make"}
	}
	if public.Path == "" {
		public.Path = transport.CleanBase(c.BasePath)
	}
	return public, nil
}

// checkAllowed refuses hosts and origins that no request can have.
func (c *httpCommand) checkAllowed() error {
	for _, host := range c.AllowedHosts {
		if address, err := url.Parse("https://" + host); host != "*" && (err != nil || address.Host != host || host == "") {
			return &SettingError{Problem: "--allowed-hosts has " + auditlog.Text(host).Quote() + ", which is no host", Next: "give what clients send as Host, e.g. audit.example.com or 10.0.0.5:8080"}
		}
	}
	for _, origin := range c.AllowedOrigins {
		origin = strings.TrimSuffix(origin, "/")
		if address, err := url.Parse(origin); err != nil || address.Host == "" || !strings.EqualFold(address.Scheme+"://"+address.Host, origin) {
			return &SettingError{Problem: "--allowed-origins has " + auditlog.Text(origin).Quote() + ", which is no origin", Next: "name each with its scheme and without a path, e.g. https://app.example.com"}
		}
	}
	return nil
}

// isLoopbackHost tells whether an address is this machine's for itself.
func isLoopbackHost(address *url.URL) bool {
	loopback, err := transport.IsLoopback(net.JoinHostPort(address.Hostname(), "0"))
	return err == nil && loopback
}

// tls reads the certificate now, so that a mistake shows, and again whenever the
// file has changed, so that a renewed one needs no restart.
func (c *httpCommand) tls() (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil, nil
	}
	if c.TLSCert == "" || c.TLSKey == "" {
		return nil, &SettingError{Problem: "only one of --tls-cert and --tls-key is given", Next: "give both, or neither"}
	}
	files := &certificateFiles{certificate: c.TLSCert, key: c.TLSKey}
	if _, err := files.get(nil); err != nil {
		return nil, &SettingError{Problem: "the certificate cannot be used: " + err.Error(), Next: "give PEM files that belong together"}
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get}, nil
}

// serveMetrics serves the metrics on an address of their own.
func (c *httpCommand) serveMetrics(ctx context.Context, r *runtime, group *errgroup.Group) error {
	listener, err := listen(ctx, c.MetricsAddress)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", r.telemetry.Handler())
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
		return nil, &SettingError{Problem: "cannot listen on " + address + ": " + err.Error(), Next: "choose a free address with --address, e.g. 127.0.0.1:8081"}
	}
	return listener, nil
}
