// Package otlp writes spans as OpenTelemetry's protocol has them (ExportTraceServiceRequest), in Protocol Buffers or JSON, and reads what
// collectors answer. It says of spans what OpenTelemetry's own exporter says, and of links also the state of their traces. That exporter is
// built on packages of Protocol Buffers and gRPC, which would be a tenth of this program. Text that is no UTF-8, for which it drops a whole
// batch, has its wrong bytes replaced.
package otlp

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// requestOf is an ExportTraceServiceRequest: spans by resource and scope, in the order in which these come first.
//
// Source, here as below: trace, resource and common in
// https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto
func requestOf(spans []trace.ReadOnlySpan) message {
	type scope struct {
		is    instrumentation.Scope
		spans []message
	}
	type origin struct {
		is     *resource.Resource
		key    attribute.Distinct
		scopes []*scope
	}
	var origins []*origin
	for _, span := range spans {
		from := find(&origins, &origin{is: span.Resource(), key: span.Resource().Equivalent()},
			func(a, b *origin) bool { return a.key == b.key })
		in := find(&from.scopes, &scope{is: span.InstrumentationScope()}, func(a, b *scope) bool { return a.is == b.is })
		in.spans = append(in.spans, spanMessage(span))
	}
	var resourceSpans []message
	for _, from := range origins {
		var scopeSpans []message
		for _, in := range from.scopes {
			var m message
			if in.is != (instrumentation.Scope{}) {
				m.put(1, "scope", scopeMessage(in.is))
			}
			m.add(2, "spans", in.spans)
			m.add(3, "schemaUrl", in.is.SchemaURL)
			scopeSpans = append(scopeSpans, m)
		}
		var m message
		if from.is != nil {
			var about message
			about.add(1, "attributes", attributes(from.is.Attributes()))
			m.put(1, "resource", about)
		}
		m.add(2, "scopeSpans", scopeSpans)
		m.add(3, "schemaUrl", from.is.SchemaURL())
		resourceSpans = append(resourceSpans, m)
	}
	var request message
	request.add(1, "resourceSpans", resourceSpans)
	return request
}

// find returns the one of all that is the same as wanted, which is added if there is none.
func find[T any](all *[]*T, wanted *T, same func(a, b *T) bool) *T {
	for _, one := range *all {
		if same(one, wanted) {
			return one
		}
	}
	*all = append(*all, wanted)
	return wanted
}

func scopeMessage(scope instrumentation.Scope) (m message) {
	m.add(1, "name", scope.Name)
	m.add(2, "version", scope.Version)
	m.add(3, "attributes", attributes(scope.Attributes.ToSlice()))
	return m
}

func spanMessage(span trace.ReadOnlySpan) (m message) {
	own, parent := span.SpanContext(), span.Parent()
	traceID, spanID, parentID := own.TraceID(), own.SpanID(), parent.SpanID()
	m.put(1, "traceId", id(traceID[:]))
	m.put(2, "spanId", id(spanID[:]))
	m.add(3, "traceState", own.TraceState().String())
	if parentID.IsValid() {
		m.put(4, "parentSpanId", id(parentID[:]))
	}
	m.add(5, "name", span.Name())
	m.add(6, "kind", kind(span.SpanKind()))
	m.add(7, "startTimeUnixNano", nanoseconds(span.StartTime()))
	m.add(8, "endTimeUnixNano", nanoseconds(span.EndTime()))
	m.add(9, "attributes", attributes(span.Attributes()))
	m.add(10, "droppedAttributesCount", dropped(span.DroppedAttributes()))
	m.add(11, "events", events(span.Events()))
	m.add(12, "droppedEventsCount", dropped(span.DroppedEvents()))
	m.add(13, "links", links(span.Links()))
	m.add(14, "droppedLinksCount", dropped(span.DroppedLinks()))
	m.put(15, "status", statusMessage(span.Status()))
	m.add(16, "flags", flags(own, parent))
	return m
}

func kind(k api.SpanKind) uint32 {
	switch k {
	case api.SpanKindInternal:
		return 1
	case api.SpanKindServer:
		return 2
	case api.SpanKindClient:
		return 3
	case api.SpanKindProducer:
		return 4
	case api.SpanKindConsumer:
		return 5
	}
	return 0
}

func statusMessage(status trace.Status) (m message) {
	m.add(2, "message", status.Description)
	switch status.Code {
	case codes.Ok:
		m.add(3, "code", uint32(1))
	case codes.Error:
		m.add(3, "code", uint32(2))
	}
	return m
}

// flags are W3C's of a trace, and whether the other span, a parent or the one that a link leads to, is in another process.
func flags(own, other api.SpanContext) fixed32 {
	const isKnown, isRemote = 0x100, 0x200
	all := fixed32(own.TraceFlags()) | isKnown
	if other.IsRemote() {
		all |= isRemote
	}
	return all
}

func events(all []trace.Event) (written []message) {
	for _, event := range all {
		var m message
		m.add(1, "timeUnixNano", nanoseconds(event.Time))
		m.add(2, "name", event.Name)
		m.add(3, "attributes", attributes(event.Attributes))
		m.add(4, "droppedAttributesCount", dropped(event.DroppedAttributeCount))
		written = append(written, m)
	}
	return written
}

func links(all []trace.Link) (written []message) {
	for _, link := range all {
		traceID, spanID := link.SpanContext.TraceID(), link.SpanContext.SpanID()
		var m message
		m.put(1, "traceId", id(traceID[:]))
		m.put(2, "spanId", id(spanID[:]))
		m.add(3, "traceState", link.SpanContext.TraceState().String())
		m.add(4, "attributes", attributes(link.Attributes))
		m.add(5, "droppedAttributesCount", dropped(link.DroppedAttributeCount))
		m.add(6, "flags", flags(link.SpanContext, link.SpanContext))
		written = append(written, m)
	}
	return written
}

func attributes(all []attribute.KeyValue) (written []message) {
	for _, one := range all {
		var m message
		m.add(1, "key", string(one.Key))
		m.put(2, "value", anyValue(one.Value))
		written = append(written, m)
	}
	return written
}

// anyValue is one of its fields, of which each says more than nothing even where it is empty.
func anyValue(value attribute.Value) (m message) {
	switch value.Type() {
	case attribute.EMPTY:
	case attribute.STRING:
		m.put(1, "stringValue", value.AsString())
	case attribute.BOOL:
		m.put(2, "boolValue", value.AsBool())
	case attribute.INT64:
		m.put(3, "intValue", value.AsInt64())
	case attribute.FLOAT64:
		m.put(4, "doubleValue", value.AsFloat64())
	case attribute.STRINGSLICE:
		m.put(5, "arrayValue", array(value.AsStringSlice(), attribute.StringValue))
	case attribute.BOOLSLICE:
		m.put(5, "arrayValue", array(value.AsBoolSlice(), attribute.BoolValue))
	case attribute.INT64SLICE:
		m.put(5, "arrayValue", array(value.AsInt64Slice(), attribute.Int64Value))
	case attribute.FLOAT64SLICE:
		m.put(5, "arrayValue", array(value.AsFloat64Slice(), attribute.Float64Value))
	case attribute.SLICE:
		m.put(5, "arrayValue", array(value.AsSlice(), func(item attribute.Value) attribute.Value { return item }))
	case attribute.MAP:
		var list message
		list.add(1, "values", attributes(value.AsMap()))
		m.put(6, "kvlistValue", list)
	case attribute.BYTESLICE:
		m.put(7, "bytesValue", value.AsByteSlice())
	default: // of a later SDK
		m.put(1, "stringValue", "INVALID")
	}
	return m
}

func array[T any](items []T, value func(T) attribute.Value) (m message) {
	var written []message
	for _, item := range items {
		written = append(written, anyValue(value(item)))
	}
	m.add(1, "values", written)
	return m
}

func nanoseconds(t time.Time) fixed64 {
	return fixed64(max(0, t.UnixNano()))
}

func dropped(count int) uint32 {
	return uint32(min(max(0, int64(count)), math.MaxUint32))
}
