// Package telemetry measures one server process: metrics for Prometheus, and traces for OpenTelemetry with MCP's semantic conventions.
//
// Nothing that clients or Make's users wrote becomes a label, a span's name or an attribute without being known before, so that neither the
// number of series nor what stands in them is in others' hands. All methods work on a nil *[Telemetry], and do nothing then.
package telemetry
