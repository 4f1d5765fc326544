package telemetry_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"make-audit-mcp/internal/telemetry"
	"make-audit-mcp/internal/telemetry/otlp"
)

// client keeps what OpenTelemetry's exporter would send.
type client struct{ sent []*tracepb.ResourceSpans }

func (*client) Start(context.Context) error { return nil }
func (*client) Stop(context.Context) error  { return nil }
func (c *client) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	c.sent = spans
	return nil
}

// reference is what OpenTelemetry's own exporter makes of spans, with resources in the order in which they come first, and with what it
// leaves out: the state of the traces that links lead to.
func reference(t *testing.T, spans []sdktrace.ReadOnlySpan) *collectorpb.ExportTraceServiceRequest {
	t.Helper()
	var to client
	exporter, err := otlptrace.New(t.Context(), &to)
	require.NoError(t, err)
	require.NoError(t, exporter.ExportSpans(t.Context(), spans))
	request := &collectorpb.ExportTraceServiceRequest{}
	seen := map[attribute.Distinct]bool{}
	for _, span := range spans {
		if seen[span.Resource().Equivalent()] {
			continue
		}
		seen[span.Resource().Equivalent()] = true
		id := span.SpanContext().SpanID()
		for _, resource := range to.sent {
			if string(resource.GetScopeSpans()[0].GetSpans()[0].GetSpanId()) == string(id[:]) {
				request.ResourceSpans = append(request.ResourceSpans, resource)
			}
		}
	}
	states := map[string][]sdktrace.Link{}
	for _, span := range spans {
		id := span.SpanContext().SpanID()
		states[string(id[:])] = span.Links()
	}
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				for i, link := range span.GetLinks() {
					require.Empty(t, link.GetTraceState(), "the exporter writes it by now: this is no longer needed")
					link.TraceState = states[string(span.GetSpanId())][i].SpanContext.TraceState().String()
				}
			}
		}
	}
	return request
}

// same fails unless both encodings of spans are read as what OpenTelemetry's own exporter sends.
func same(t *testing.T, want *collectorpb.ExportTraceServiceRequest, spans []sdktrace.ReadOnlySpan) {
	t.Helper()
	body, err := otlp.Protobuf(spans)
	require.NoError(t, err)
	var got collectorpb.ExportTraceServiceRequest
	require.NoError(t, proto.Unmarshal(body, &got))
	require.True(t, proto.Equal(want, &got), "want %v\ngot  %v", want, &got)
	// To the byte, so that there is nothing either that the types do not know.
	exact, err := proto.MarshalOptions{Deterministic: true}.Marshal(want)
	require.NoError(t, err)
	require.Len(t, body, len(exact))

	text, err := otlp.JSON(spans)
	require.NoError(t, err)
	var document any
	require.NoError(t, json.Unmarshal(text, &document))
	asBase64(t, document)
	text, err = json.Marshal(document)
	require.NoError(t, err)
	var fromJSON collectorpb.ExportTraceServiceRequest
	require.NoError(t, protojson.Unmarshal(text, &fromJSON), string(text))
	require.True(t, proto.Equal(want, &fromJSON), "want %v\ngot  %v", want, &fromJSON)
}

// asBase64 writes ids as protojson reads them.
func asBase64(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			asBase64(t, item)
		}
	case map[string]any:
		for name, item := range value {
			switch name {
			case "traceId", "spanId", "parentSpanId":
				id, err := hex.DecodeString(item.(string))
				require.NoError(t, err)
				require.Equal(t, strings.ToLower(item.(string)), item)
				value[name] = base64.StdEncoding.EncodeToString(id)
			default:
				asBase64(t, item)
			}
		}
	}
}

// maker makes spans at random.
type maker struct{ *rand.Rand }

func pick[T any](m maker, from ...T) T { return from[m.IntN(len(from))] }

func several[T any](m maker, most int, one func() T) []T {
	all := make([]T, m.IntN(most+1))
	for i := range all {
		all[i] = one()
	}
	return all
}

func (m maker) text() string {
	return pick(m, "", "a", "tools/call", "é\u202e\x00<&>\u2028", `"\`, strings.Repeat("long ", 100), "traceId", "0af7651916cd43dd")
}

func (m maker) whole() int64 {
	return pick(m, 0, 1, -1, 127, 128, 1<<53+1, math.MaxInt32, math.MinInt64, math.MaxInt64, int64(m.Uint64()))
}

func (m maker) float() float64 {
	return pick(m, 0, math.Copysign(0, -1), .1, -1.5, 1e21, 1e-9, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1),
		math.NaN(), m.NormFloat64())
}

func (m maker) count() int { return pick(m, 0, 0, 1, -1, 300, math.MaxUint32, math.MaxUint32+1) }

func (m maker) instant() time.Time {
	return pick(m, time.Unix(0, 0), time.Unix(0, 1), time.Unix(-5, 0), time.Unix(0, math.MaxInt64), time.Unix(1_790_000_000, m.Int64N(1e9)))
}

func (m maker) value(depth int) attribute.Value {
	if depth > 0 && m.IntN(3) == 0 {
		if m.IntN(2) == 0 {
			return attribute.SliceValue(several(m, 3, func() attribute.Value { return m.value(depth - 1) })...)
		}
		return attribute.MapValue(several(m, 3, func() attribute.KeyValue { return m.attribute(depth - 1) })...)
	}
	return pick(m,
		attribute.Value{},
		attribute.StringValue(m.text()), attribute.BoolValue(m.IntN(2) == 0), attribute.Int64Value(m.whole()),
		attribute.Float64Value(m.float()), attribute.ByteSliceValue([]byte(m.text())),
		attribute.StringSliceValue(several(m, 3, m.text)), attribute.BoolSliceValue(several(m, 3, func() bool { return m.IntN(2) == 0 })),
		attribute.Int64SliceValue(several(m, 3, m.whole)), attribute.Float64SliceValue(several(m, 3, m.float)),
	)
}

func (m maker) attribute(depth int) attribute.KeyValue {
	return attribute.KeyValue{Key: attribute.Key(m.text()), Value: m.value(depth)}
}

func (m maker) attributes() []attribute.KeyValue {
	return several(m, 4, func() attribute.KeyValue { return m.attribute(3) })
}

func (m maker) context(t *testing.T) trace.SpanContext {
	state, err := trace.ParseTraceState(pick(m, "", "vendor=1", "vendor=1,other@x=2"))
	require.NoError(t, err)
	config := trace.SpanContextConfig{TraceFlags: trace.TraceFlags(m.IntN(256)), TraceState: state, Remote: m.IntN(2) == 0}
	for i := range config.TraceID {
		config.TraceID[i] = byte(m.Uint32())
	}
	for i := range config.SpanID {
		config.SpanID[i] = byte(m.Uint32())
	}
	return trace.NewSpanContext(config)
}

// batch is some spans of a few resources and scopes.
func (m maker) batch(t *testing.T) []sdktrace.ReadOnlySpan {
	resources := append(several(m, 3, func() *resource.Resource {
		return resource.NewWithAttributes(pick(m, "", "https://opentelemetry.io/schemas/1.43.0"), m.attributes()...)
	}), resource.Empty(), nil)
	scopes := append(several(m, 3, func() instrumentation.Scope {
		about := attribute.NewSet(m.attributes()...)
		return instrumentation.Scope{Name: m.text(), Version: m.text(), SchemaURL: m.text(), Attributes: about}
	}), instrumentation.Scope{})
	var spans tracetest.SpanStubs
	for range m.IntN(8) {
		one := tracetest.SpanStub{
			Name: m.text(), SpanContext: m.context(t), SpanKind: trace.SpanKind(m.IntN(7)),
			StartTime: m.instant(), EndTime: m.instant(), Attributes: m.attributes(),
			Status:            sdktrace.Status{Code: codes.Code(m.IntN(4)), Description: m.text()},
			DroppedAttributes: m.count(), DroppedEvents: m.count(), DroppedLinks: m.count(),
			Resource: pick(m, resources...), InstrumentationScope: pick(m, scopes...),
			Events: several(m, 3, func() sdktrace.Event {
				return sdktrace.Event{Name: m.text(), Time: m.instant(), Attributes: m.attributes(), DroppedAttributeCount: m.count()}
			}),
			Links: several(m, 3, func() sdktrace.Link {
				return sdktrace.Link{SpanContext: m.context(t), Attributes: m.attributes(), DroppedAttributeCount: m.count()}
			}),
		}
		if m.IntN(3) > 0 {
			one.Parent = m.context(t)
		}
		spans = append(spans, one)
	}
	return spans.Snapshots()
}

func TestSpansAreWrittenAsOpenTelemetrysExporterWritesThem(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		spans := maker{rand.New(rand.NewPCG(seed, 0))}.batch(t)
		same(t, reference(t, spans), spans)
	}
}

func TestEveryKindOfAttributeIsWritten(t *testing.T) {
	t.Parallel()
	kinds := map[attribute.Type]bool{}
	m := maker{rand.New(rand.NewPCG(1, 1))}
	for range 1000 {
		kinds[m.value(1).Type()] = true
	}
	assert.Len(t, kinds, int(attribute.MAP)+1, "a kind that the tests above do not make")
	assert.True(t, strings.HasPrefix((attribute.MAP+1).String(), "Type("), "the SDK has a kind more")
}

// Where OpenTelemetry's exporter sends nothing at all.
func TestTextThatIsNoUTF8CostsNoSpan(t *testing.T) {
	t.Parallel()
	made := func(text string) []sdktrace.ReadOnlySpan {
		list := []attribute.KeyValue{attribute.String(text, text), attribute.StringSlice("all", []string{text}),
			attribute.Map("map", attribute.String(text, text))}
		return tracetest.SpanStubs{{
			Name: text, Attributes: list, Status: sdktrace.Status{Code: codes.Error, Description: text},
			Events:   []sdktrace.Event{{Name: text, Attributes: list}},
			Links:    []sdktrace.Link{{Attributes: list}},
			Resource: resource.NewWithAttributes(text, list...), InstrumentationScope: instrumentation.Scope{Name: text, Version: text},
		}}.Snapshots()
	}
	_, err := proto.Marshal(reference(t, made("a\xff")))
	require.Error(t, err)
	same(t, reference(t, made("a\uFFFDb")), made("a\xff\xc3b"))
}

func TestAnswersOfCollectorsAreRead(t *testing.T) {
	t.Parallel()
	for _, spans := range []int64{0, 1, 127, 128, math.MaxInt64} {
		for _, reason := range []string{"", "too old", strings.Repeat("é", 200)} {
			response := &collectorpb.ExportTraceServiceResponse{
				PartialSuccess: &collectorpb.ExportTracePartialSuccess{RejectedSpans: spans, ErrorMessage: reason},
			}
			asProtobuf, err := proto.Marshal(response)
			require.NoError(t, err)
			asJSON, err := protojson.Marshal(response)
			require.NoError(t, err)
			for contentType, answer := range map[string][]byte{"application/x-protobuf": asProtobuf, "application/json": asJSON} {
				gotSpans, gotReason := otlp.Refused(contentType, answer)
				assert.Equal(t, uint64(spans), gotSpans)
				assert.Equal(t, reason, gotReason)
			}
		}
	}
}

// The whole way, as operators set it up: it sets the environment, and so is not parallel.
func TestACollectorReadsWhatTheServerSends(t *testing.T) {
	requests := make(chan *collectorpb.ExportTraceServiceRequest, 1)
	served := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "application/x-protobuf", r.Header.Get("Content-Type"))
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		var request collectorpb.ExportTraceServiceRequest
		assert.NoError(t, proto.Unmarshal(body, &request))
		requests <- &request
	}))
	defer served.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", served.URL)
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "make-audit-mcp", Version: "1.2.3", OTLPEndpoint: true})
	require.NoError(t, err)
	m.KnownTargets("list_audit_logs")
	_, end := m.Begin(t.Context(), telemetry.Operation{Method: "tools/call", Target: "list_audit_logs", Transport: "http"},
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1")
	end("error")
	require.NoError(t, m.Shutdown(t.Context()))
	span := (<-requests).GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
	assert.Equal(t, "tools/call list_audit_logs", span.GetName())
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", hex.EncodeToString(span.GetTraceId()))
	assert.Equal(t, "b7ad6b7169203331", hex.EncodeToString(span.GetParentSpanId()))
	assert.Equal(t, "vendor=1", span.GetTraceState())
	assert.Equal(t, tracepb.Span_SPAN_KIND_SERVER, span.GetKind())
	assert.Equal(t, tracepb.Status_STATUS_CODE_ERROR, span.GetStatus().GetCode())
}
