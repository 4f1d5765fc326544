package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/telemetry"
)

// received is a request that a collector got.
type received struct {
	path, query string
	header      http.Header
	body        []byte
	peer        string // of the client's certificate
}

// inbox is a collector on loopback that keeps what it gets, and answers as told, in the end with 200.
type inbox struct {
	mu      sync.Mutex
	got     []received
	answers []http.HandlerFunc
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request := received{path: r.URL.Path, query: r.URL.RawQuery, header: r.Header, body: body}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		request.peer = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	i.mu.Lock()
	i.got = append(i.got, request)
	var answer http.HandlerFunc
	if len(i.answers) > 0 {
		answer, i.answers = i.answers[0], i.answers[1:]
	}
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

// export sends one span as the environment says, and returns what was logged.
func export(t *testing.T) string {
	t.Helper()
	var log bytes.Buffer
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "make-audit-mcp", Version: "1.2.3", OTLPEndpoint: true,
		CollectorWait: time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	operate(t, m, telemetry.Operation{Method: "ping", Transport: "stdio"}, "ok")
	require.NoError(t, m.Shutdown(t.Context()))
	return log.String()
}

// collect starts a collector that answers so, and has traces sent to it.
func collect(t *testing.T, answers ...http.HandlerFunc) *inbox {
	t.Helper()
	to := &inbox{answers: answers}
	served := httptest.NewServer(to)
	t.Cleanup(served.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", served.URL)
	return to
}

// status answers with a status, and headers by name and value.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// ping is the name of the one span in a request of [export], as Protocol Buffers have it: field 5, 4 bytes.
const ping = "\x2a\x04ping"

func TestSpansGoToTheAddressThatTheEnvironmentNames(t *testing.T) {
	for name, c := range map[string]struct{ all, traces, want string }{
		"of all signals":          {all: "{}", want: "/v1/traces"},
		"of all signals, a slash": {all: "{}/", want: "/v1/traces"},
		"of all signals, a path":  {all: "{}/otel/", want: "/otel/v1/traces"},
		"of traces":               {traces: "{}/own/path/", want: "/own/path/"},
		"of traces, no path":      {traces: "{}", want: "/"},
		"of both":                 {all: "http://127.0.0.1:1/other", traces: " {}/own ", want: "/own"},
		"neither user nor query":  {all: "http://user:secret@" + "{host}?key=secret", want: "/v1/traces"},
	} {
		t.Run(name, func(t *testing.T) {
			to := &inbox{}
			served := httptest.NewServer(to)
			defer served.Close()
			place := strings.NewReplacer("{}", served.URL, "{host}", served.Listener.Addr().String())
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", place.Replace(c.all))
			t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", place.Replace(c.traces))
			assert.Empty(t, export(t))
			require.Len(t, to.got, 1)
			assert.Equal(t, c.want, to.got[0].path)
			assert.Empty(t, to.got[0].query)
			assert.NotContains(t, to.got[0].header, "Authorization")
			assert.Equal(t, "application/x-protobuf", to.got[0].header.Get("Content-Type"))
			assert.Contains(t, string(to.got[0].body), ping)
		})
	}
}

func TestAnAddressThatIsNoneIsAnErrorAtTheStart(t *testing.T) {
	for _, address := range []string{" ", "localhost:4318", "/v1/traces", "http://", "http://%zz"} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
		_, err := telemetry.New(t.Context(), telemetry.Options{OTLPEndpoint: true})
		assert.EqualError(t, err, "OTEL_EXPORTER_OTLP_ENDPOINT is no address: want a URL, for example http://localhost:4318", address)
	}
}

func TestHeadersForTheCollectorComeFromTheEnvironment(t *testing.T) {
	to := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=general,Other=1")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=a%20secret%3D, X-Tenant = acme ,secret,bad name=secret,X-Bad=%zzsecret,"+
		"Content-Type=text/plain")
	log := export(t)
	header := to.got[0].header
	assert.Equal(t, []string{"a secret="}, header["Api-Key"])
	assert.Equal(t, []string{"acme"}, header["X-Tenant"])
	assert.Equal(t, []string{"make-audit-mcp/1.2.3 (OTLP exporter; Go)"}, header["User-Agent"])
	assert.NotContains(t, header, "Other", "those of traces stand in place of those of all signals")
	assert.NotContains(t, header, "X-Bad")
	assert.Equal(t, []string{"application/x-protobuf"}, header["Content-Type"])
	for _, number := range []int{3, 4, 5} {
		assert.Contains(t, log, fmt.Sprintf("header %d is not name=value", number))
	}
	assert.NotContains(t, log, "secret")
}

func TestSpansAreCompressedWhereTheEnvironmentSaysSo(t *testing.T) {
	to := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	assert.Empty(t, export(t))
	assert.Equal(t, "gzip", to.got[0].header.Get("Content-Encoding"))
	plain, err := gzip.NewReader(bytes.NewReader(to.got[0].body))
	require.NoError(t, err)
	body, err := io.ReadAll(plain)
	require.NoError(t, err)
	assert.Contains(t, string(body), ping)
}

func TestSpansGoOutAsJSONWithIDsInHexadecimal(t *testing.T) {
	to := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "make-audit-mcp", OTLPEndpoint: true})
	require.NoError(t, err)
	_, end := m.Begin(t.Context(), telemetry.Operation{Method: "ping", Transport: "stdio"},
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "")
	end("error")
	require.NoError(t, m.Shutdown(t.Context()))
	assert.Equal(t, "application/json", to.got[0].header.Get("Content-Type"))
	var request struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Spans []struct {
					TraceID, SpanID, ParentSpanID, Name string
					Kind                                int
					StartTimeUnixNano                   string
					Status                              struct{ Code int }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(to.got[0].body, &request))
	span := request.ResourceSpans[0].ScopeSpans[0].Spans[0]
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", span.TraceID)
	assert.Equal(t, "b7ad6b7169203331", span.ParentSpanID)
	assert.Regexp(t, "^[0-9a-f]{16}$", span.SpanID)
	assert.Regexp(t, "^[0-9]{19}$", span.StartTimeUnixNano)
	assert.Equal(t, "ping", span.Name)
	assert.Equal(t, 2, span.Kind, "a server's")
	assert.Equal(t, 2, span.Status.Code, "an error")
}

func TestSettingsThatCannotBeUsedAreLoggedAndLeftOut(t *testing.T) {
	to := collect(t)
	for variable, value := range map[string]string{
		"PROTOCOL": "grpc", "TIMEOUT": "10s", "CERTIFICATE": filepath.Join(t.TempDir(), "none.pem"),
		"CLIENT_CERTIFICATE": filepath.Join(t.TempDir(), "none.pem"), "CLIENT_KEY": filepath.Join(t.TempDir(), "none.key"),
		"COMPRESSION": "none",
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_"+variable, value)
	}
	log := export(t)
	for _, variable := range []string{"PROTOCOL", "TIMEOUT", "CERTIFICATE", "CLIENT_CERTIFICATE"} {
		assert.Contains(t, log, "variable=OTEL_EXPORTER_OTLP_"+variable+" ")
	}
	assert.Contains(t, string(to.got[0].body), ping)
}

// writePEM writes a block into a file of its own.
func writePEM(t *testing.T, kind string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
	return path
}

func TestCollectorsMayAskForCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "audit"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	encodedKey, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	to := &inbox{}
	served := httptest.NewUnstartedServer(to)
	served.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	served.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	served.StartTLS()
	defer served.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", served.URL)

	assert.Contains(t, export(t), "certificate signed by unknown authority")
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", writePEM(t, "CERTIFICATE", served.Certificate().Raw))
	assert.Contains(t, export(t), "certificate required")
	require.Empty(t, to.got)
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", writePEM(t, "CERTIFICATE", certificate))
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", writePEM(t, "EC PRIVATE KEY", encodedKey))
	assert.Empty(t, export(t))
	require.Len(t, to.got, 1)
	assert.Equal(t, "audit", to.got[0].peer)

	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
	_, err = telemetry.New(t.Context(), telemetry.Options{OTLPEndpoint: true})
	require.ErrorContains(t, err, "certificates are set, but an address without TLS: want https://")
}

func TestInsecureGoesBeforeTheAddressesScheme(t *testing.T) {
	to := &inbox{}
	served := httptest.NewServer(to)
	defer served.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", strings.Replace(served.URL, "http:", "https:", 1))
	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
	assert.Empty(t, export(t))
	assert.Len(t, to.got, 1)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "false")
	assert.Contains(t, export(t), "server gave HTTP response to HTTPS client")
}

func TestABusyCollectorIsAskedAgain(t *testing.T) {
	to := collect(t, status(http.StatusTooManyRequests), status(http.StatusBadGateway),
		status(http.StatusServiceUnavailable, "Retry-After", "0"),
		status(http.StatusGatewayTimeout, "Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT"))
	assert.Empty(t, export(t))
	require.Len(t, to.got, 5)
	for _, request := range to.got {
		assert.Contains(t, string(request.body), ping)
	}
}

func TestACollectorThatHangsIsAskedAgainAfterTheTimeout(t *testing.T) {
	to := collect(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "20")
	assert.Empty(t, export(t))
	assert.Len(t, to.got, 2)
}

func TestNobodyIsAskedAgainWhereItDoesNotHelp(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a refusal":                         status(http.StatusBadRequest),
		"a wait longer than spans are kept": status(http.StatusServiceUnavailable, "Retry-After", "3600"),
		"a date later than that": status(http.StatusTooManyRequests, "Retry-After",
			time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)),
		"moved, and spans would not go along": status(http.StatusFound, "Location", "/elsewhere"),
	} {
		t.Run(name, func(t *testing.T) {
			to := collect(t, answer)
			assert.Contains(t, export(t), "traces cannot be sent")
			assert.Len(t, to.got, 1)
		})
	}
}

func TestSpansAreSentToNoOtherHost(t *testing.T) {
	other := &inbox{}
	elsewhere := httptest.NewServer(other)
	defer elsewhere.Close()
	to := collect(t, status(http.StatusTemporaryRedirect, "Location", elsewhere.URL))
	assert.Contains(t, export(t), "answered 307 Temporary Redirect")
	assert.Len(t, to.got, 1)
	assert.Empty(t, other.got)

	to = collect(t, status(http.StatusPermanentRedirect, "Location", "/v1/traces/"))
	assert.Empty(t, export(t))
	require.Len(t, to.got, 2)
	assert.Equal(t, "/v1/traces/", to.got[1].path)
	assert.Contains(t, string(to.got[1].body), ping)
}

func TestSpansThatACollectorRefusesAreLogged(t *testing.T) {
	// Field 1, a message: of its fields, number 1 is 300, number 2 the text.
	partial := []byte("\x0a\x0c\x08\xac\x02\x12\x07too old")
	answering := func(contentType string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		}
	}
	collect(t, answering("application/x-protobuf", partial))
	assert.Contains(t, export(t), "the collector refused 300 of them: too old")
	collect(t, answering("application/json; charset=utf-8", []byte(`{"partialSuccess":{"rejectedSpans":"7","errorMessage":"quota"}}`)))
	assert.Contains(t, export(t), "the collector refused 7 of them: quota")
	for contentType, body := range map[string]string{
		"application/json": `{"partialSuccess":{}}`, "application/x-protobuf": "\xff\xff", "": "ok",
	} {
		collect(t, answering(contentType, []byte(body)))
		assert.Empty(t, export(t), contentType)
	}
}

func TestALongAnswerOfACollectorIsLoggedShort(t *testing.T) {
	collect(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(bytes.Repeat([]byte("no\xff"), 1<<20))
	})
	log := export(t)
	assert.Contains(t, log, "answered 400 Bad Request: no?no?")
	assert.Less(t, len(log), 1000)
}
