package answer

import (
	"context"
	"errors"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// maxExplanation bounds an error's text; clients cut longer ones anyway.
const maxExplanation = 8_000

// Explain puts an error into words that say what was wrong and what to do next. The text of a caller's mistake, and of a role that is
// lacking, is put together here, with others' words quoted and cleaned; all others may carry others' text.
func Explain(err error) string {
	var text string
	var denied *auditlog.AccessError
	switch {
	case IsCallersMistake(err), errors.As(err, &denied):
		text = withTools(err)
	case nextStep(err) != "":
		text = strings.TrimRight(auditlog.Text(err.Error()).CleanTo(maxExplanation), ". ") + ". Next: " +
			auditlog.Text(nextStep(err)).CleanTo(maxExplanation)
	case errors.Is(err, context.DeadlineExceeded):
		text = "the time for one call was used up before anything could be answered. Next: ask again, since what was read is kept for a " +
			"few minutes, or narrow the window or the filters; if nothing ever comes, check the network and https://status.make.com"
	default:
		text = auditlog.Text(err.Error()).CleanTo(maxExplanation)
	}
	if runes := []rune(text); len(runes) > maxExplanation {
		text = string(runes[:maxExplanation]) + "…"
	}
	return text
}

// IsCallersMistake reports whether other arguments would help, as the error says itself.
func IsCallersMistake(err error) bool {
	var mistake interface{ CallersMistake() bool }
	return errors.As(err, &mistake) && mistake.CallersMistake()
}

// nextStep returns what to do about an error that knows; empty if it does not.
func nextStep(err error) string {
	var advice interface{ NextStep() string }
	if errors.As(err, &advice) {
		return advice.NextStep()
	}
	return ""
}

// withTools returns the error's text with the tools that help, which only this package knows by name.
func withTools(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, one := range joined.Unwrap() {
			lines = append(lines, withTools(one))
		}
		return strings.Join(lines, "\n")
	}
	var missing *auditlog.NotFoundError
	if errors.As(err, &missing) {
		return err.Error() + ". Next: take uuids from list_audit_logs, and check the organization; Make keeps entries for 12 months"
	}
	listed := map[string]string{"actor": "users for the names", "team": "teams for the names", "kind": "events for the categories",
		"event": "events for the events"}
	var name *question.NameError
	if errors.As(err, &name) && !name.Ambiguous && listed[name.What] != "" {
		return err.Error() + "; call list_audit_log_filters with kind " + listed[name.What] + " valid now"
	}
	return err.Error()
}
