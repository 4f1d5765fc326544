// Package analysis says what a question means: which organization, which window
// in which zone, which people, teams and events, in which order.
//
// It turns a [Filter], in the words of whoever asks, into a [Question] that is
// resolved to ids and instants, or into an error that names everything that could not
// be understood. It reads entries through auditlog's interfaces and knows
// neither MCP nor HTTP.
package analysis
