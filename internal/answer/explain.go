package answer

import (
	"context"
	"errors"
	"strings"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// maxExplanation bounds an error's text; clients cut longer ones anyway.
const maxExplanation = 8_000

// Explain puts an error into words that say what was wrong and what to do next.
// Errors of our own making are clean already; all others may carry others' text.
func Explain(err error) string {
	var text string
	var advice interface{ NextStep() string }
	switch {
	case isOurs(err):
		text = err.Error()
	case errors.As(err, &advice):
		text = strings.TrimRight(auditlog.Text(err.Error()).CleanTo(maxExplanation), ". ") + ". Next: " + auditlog.Text(advice.NextStep()).CleanTo(maxExplanation)
	case errors.Is(err, context.DeadlineExceeded):
		text = "the time for one call was used up before anything could be answered. Next: ask again, since what was read is kept for a few minutes, or narrow the window or the filters"
	default:
		text = auditlog.Text(err.Error()).CleanTo(maxExplanation)
	}
	if runes := []rune(text); len(runes) > maxExplanation {
		text = string(runes[:maxExplanation]) + "…"
	}
	return text
}

// isOurs tells errors whose text is put together here, with others' words
// quoted and cleaned.
func isOurs(err error) bool {
	var (
		argument     *schemas.ArgumentError
		moment       *auditlog.TimeError
		name         *auditlog.NameError
		access       *auditlog.AccessError
		organization *analysis.OrganizationError
		cursor       *analysis.CursorError
		target       *analysis.AmbiguousTargetError
	)
	return errors.As(err, &argument) || errors.As(err, &moment) || errors.As(err, &name) ||
		errors.As(err, &access) || errors.As(err, &organization) || errors.As(err, &cursor) ||
		errors.As(err, &target)
}
