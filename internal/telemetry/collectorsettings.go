package telemetry

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/telemetry/otlp"
)

// endpointVariable is where all signals go, unless traces have an address of their own.
const endpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"

// newCollector reads from the environment where spans go, and how. What cannot be used there is logged and left out, as OpenTelemetry
// wants it, except for the address.
//
// Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func newCollector(options Options, logger *slog.Logger) (*collector, error) {
	s := collectorSettings{logger}
	address, err := s.address()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert,errcheck // nobody replaces it here
	if transport.TLSClientConfig = s.tls(); transport.TLSClientConfig != nil && address.Scheme != "https" {
		return nil, errors.New("certificates are set, but an address without TLS: want https:// in " + endpointVariable + ", and no " +
			"OTEL_EXPORTER_OTLP_INSECURE=true")
	}
	c := &collector{
		address: address.String(), headers: s.headers(options.ServiceName + "/" + options.Version), encode: otlp.Protobuf,
		firstWait: cmp.Or(options.CollectorWait, firstCollectorWait),
		http:      &http.Client{Transport: transport, Timeout: s.timeout(), CheckRedirect: staysThere},
	}
	contentType := otlp.ProtobufType
	if s.asJSON() {
		contentType, c.encode = otlp.JSONType, otlp.JSON
	}
	c.headers.Set("Content-Type", contentType)
	if _, compression := s.lookup("COMPRESSION"); compression == "gzip" {
		c.headers.Set("Content-Encoding", "gzip")
		c.isCompressed = true
	}
	return c, nil
}

// collectorSettings are the variables OTEL_EXPORTER_OTLP_*.
type collectorSettings struct{ logger *slog.Logger }

// lookup returns a setting and its variable: that of traces goes before that of all signals.
func (collectorSettings) lookup(name string) (variable, value string) {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_TRACES_" + name, "OTEL_EXPORTER_OTLP_" + name} {
		if value := strings.TrimSpace(os.Getenv(variable)); value != "" {
			return variable, value
		}
	}
	return "", ""
}

// leftOut logs a variable that cannot be used; reasons hold no values, which may be secret.
func (s collectorSettings) leftOut(variable, reason string) {
	s.logger.Warn("a setting of traces cannot be used and is left out", "variable", variable, "reason", reason)
}

// address is where spans are posted to.
func (s collectorSettings) address() (*url.URL, error) {
	variable, value := s.lookup("ENDPOINT")
	given, err := url.Parse(value)
	if err != nil || given.Host == "" {
		return nil, fmt.Errorf("%s is no address: want a URL, for example http://localhost:4318",
			cmp.Or(variable, endpointVariable))
	}
	// Neither user nor query, which would stand in the log.
	address := &url.URL{Scheme: "https", Host: given.Host, Path: given.Path}
	if variable == endpointVariable { // of all signals, to which each adds its own path
		address.Path = path.Join("/", given.Path, "v1/traces")
	}
	insecure := strings.EqualFold(given.Scheme, "http")
	if _, said := s.lookup("INSECURE"); said != "" {
		insecure = strings.EqualFold(said, "true")
	}
	if insecure {
		address.Scheme = "http"
	}
	return address, nil
}

// headers are those of every request, which comes from a program of that name and version.
func (s collectorSettings) headers(program string) http.Header {
	const tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" // RFC 9110, 5.6.2
	headers := http.Header{"User-Agent": {program + " (OTLP exporter; Go)"}}
	variable, list := s.lookup("HEADERS")
	if list == "" {
		return headers
	}
	for i, pair := range strings.Split(list, ",") {
		name, escaped, isPair := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(escaped)
		if !isPair || err != nil || name == "" || strings.Trim(name, tokens) != "" {
			s.leftOut(variable, fmt.Sprintf("header %d is not name=value, the value with %%20 for a space", i+1))
			continue
		}
		headers.Set(name, strings.TrimSpace(value))
	}
	return headers
}

// timeout bounds each try.
func (s collectorSettings) timeout() time.Duration {
	const otherwise = 10 * time.Second
	variable, value := s.lookup("TIMEOUT")
	if value == "" {
		return otherwise
	}
	milliseconds, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		s.leftOut(variable, "want milliseconds, for example 10000")
		return otherwise
	}
	return time.Duration(milliseconds) * time.Millisecond
}

// asJSON reports whether spans go out as JSON instead of Protocol Buffers.
func (s collectorSettings) asJSON() bool {
	variable, protocol := s.lookup("PROTOCOL")
	if protocol == "grpc" {
		s.leftOut(variable, "want http/protobuf or http/json: there is no gRPC here; the port for HTTP is mostly 4318")
	}
	return protocol == "http/json"
}

// tls holds the certificates that are set; nil without any.
func (s collectorSettings) tls() *tls.Config {
	var config *tls.Config
	if variable, file := s.lookup("CERTIFICATE"); file != "" {
		pool := x509.NewCertPool()
		if text, err := os.ReadFile(file); err != nil || !pool.AppendCertsFromPEM(text) { //nolint:gosec // the operator names it
			s.leftOut(variable, "want a file of certificates in PEM that can be read")
		} else {
			config = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		}
	}
	variable, certificate := s.lookup("CLIENT_CERTIFICATE")
	_, key := s.lookup("CLIENT_KEY")
	if certificate == "" || key == "" {
		return config
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		s.leftOut(variable, "want a certificate and its key, files in PEM that can be read: "+err.Error())
		return config
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.Certificates = []tls.Certificate{pair}
	return config
}
