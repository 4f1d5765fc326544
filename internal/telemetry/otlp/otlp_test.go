package otlp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"make-audit-mcp/internal/telemetry/otlp"
)

// clients/telemetry compares what is written with OpenTelemetry's own exporter.

// ping is a span with a little of everything.
func ping(name string) []sdktrace.ReadOnlySpan {
	of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{7: 2}, TraceFlags: 1})
	return tracetest.SpanStubs{{
		Name: name, SpanContext: of, SpanKind: trace.SpanKindServer, StartTime: time.Unix(0, 3), EndTime: time.Unix(0, 4),
		Attributes: []attribute.KeyValue{attribute.Int64("n", -1), attribute.Bool("b", false), attribute.ByteSlice("x", []byte{0xff})},
		Status:     sdktrace.Status{Code: codes.Error}, DroppedAttributes: 300,
		Resource: resource.Empty(), InstrumentationScope: instrumentation.Scope{Name: "s"},
	}}.Snapshots()
}

func TestASpanIsWrittenInProtocolBuffers(t *testing.T) {
	t.Parallel()
	body, err := otlp.Protobuf(ping("ping"))
	require.NoError(t, err)
	// Numbers of fields times 8, and how they go on: 0 a number, 1 eight bytes, 2 so many bytes, 5 four bytes.
	assert.Equal(t, ""+
		"\x0a\x73"+ // resource_spans
		"\x0a\x00"+ // resource
		"\x12\x6f"+ // scope_spans
		"\x0a\x03\x0a\x01s"+ // scope, name
		"\x12\x68"+ // spans
		"\x0a\x10\xab\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"+ // trace_id
		"\x12\x08\x00\x00\x00\x00\x00\x00\x00\x02"+ // span_id
		"\x2a\x04ping"+ // name
		"\x30\x02"+ // kind
		"\x39\x03\x00\x00\x00\x00\x00\x00\x00\x41\x04\x00\x00\x00\x00\x00\x00\x00"+ // start and end
		"\x4a\x10\x0a\x01n\x12\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"+ // attributes, int_value
		"\x4a\x07\x0a\x01b\x12\x02\x10\x00"+ // bool_value
		"\x4a\x08\x0a\x01x\x12\x03\x3a\x01\xff"+ // bytes_value
		"\x50\xac\x02"+ // dropped_attributes_count
		"\x7a\x02\x18\x02"+ // status, code
		"\x85\x01\x01\x01\x00\x00", // flags
		string(body))
}

func TestASpanIsWrittenInJSON(t *testing.T) {
	t.Parallel()
	body, err := otlp.JSON(ping("a\xffb"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "s"}, "spans": [{
		"traceId": "ab000000000000000000000000000001", "spanId": "0000000000000002", "name": "a\ufffdb", "kind": 2,
		"startTimeUnixNano": "3", "endTimeUnixNano": "4", "droppedAttributesCount": 300, "status": {"code": 2}, "flags": 257,
		"attributes": [{"key": "n", "value": {"intValue": "-1"}}, {"key": "b", "value": {"boolValue": false}},
			{"key": "x", "value": {"bytesValue": "/w=="}}]
	}]}]}]}`, string(body))
}

func TestWithoutSpansThereIsNothingToSay(t *testing.T) {
	t.Parallel()
	body, err := otlp.Protobuf(nil)
	require.NoError(t, err)
	assert.Empty(t, body)
	body, err = otlp.JSON(nil)
	require.NoError(t, err)
	assert.JSONEq(t, "{}", string(body))
}

// FuzzRefused holds that no answer of a collector is too odd to be read, in bounded time, and that none in another form means anything.
func FuzzRefused(f *testing.F) {
	for _, answer := range []string{
		"\x0a\x0c\x08\xac\x02\x12\x07too old", "\x0a\x00", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x0a\x05\x08", "\x0b\x0c",
		"\x0a\x0b\x1d\x00\x00\x00\x00\x21\x00\x00\x00\x00\x00\x00\x00\x00\x08\x07", `{"partialSuccess":{"rejectedSpans":"7"}}`,
		`{"partialSuccess":{"rejectedSpans":-1}}`, "\xff\xff",
	} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		_, reason := otlp.Refused("application/x-protobuf", answer)
		assert.LessOrEqual(t, len(reason), len(answer))
		_, _ = otlp.Refused("application/json; charset=utf-8", answer)
		spans, reason := otlp.Refused("text/html", answer)
		assert.Zero(t, spans)
		assert.Empty(t, reason)
	})
}

func TestFieldsThatAreNotKnownAreSkipped(t *testing.T) {
	t.Parallel()
	// Numbers 3 to 6, of each kind, around the two that are known.
	spans, reason := otlp.Refused("application/x-protobuf",
		[]byte("\x18\x01\x0a\x1b\x1d\x01\x02\x03\x04\x08\xac\x02\x21\x01\x02\x03\x04\x05\x06\x07\x08\x12\x03old\x2a\x01x\x32\x00"))
	assert.Equal(t, uint64(300), spans)
	assert.Equal(t, "old", reason)
	// What is cut off says as much as is there.
	spans, reason = otlp.Refused("application/x-protobuf", []byte("\x0a\x05\x08\x07\x12\x7fo"))
	assert.Equal(t, uint64(7), spans)
	assert.Empty(t, reason)
}
