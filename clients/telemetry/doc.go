// Package telemetry compares the server's metrics and traces with what the packages of Prometheus and OpenTelemetry make of the same, and
// has them read ours. It is a module of its own, so that the server's module does not depend on those packages.
package telemetry
