// Package analysis answers questions about the log: listings, counts, who is there, what one actor did, what happened to one object, and
// what an organization is.
//
// It takes resolved questions ([make-audit-mcp/internal/question]), reads entries through auditlog's interfaces, and returns answers as
// plain values: exact, or with a report that says what is missing. It knows neither MCP nor HTTP, nor how an answer looks.
package analysis

import (
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
)

// Service answers the questions of one credential: it understands them as its Resolver does, and reads what they ask for.
type Service struct {
	question.Resolver
	// Entries gives single entries, with their details.
	Entries auditlog.Details
	// Detector finds what stands out; nil goes by baselines alone.
	Detector *detect.Detector
}
