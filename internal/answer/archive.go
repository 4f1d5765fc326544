package answer

import (
	"strings"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// maxGapsListed bounds the gaps that are listed of one log.
const maxGapsListed = 50

// cleanLines cleans a text whose lines mean something.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = auditlog.Text(line).Clean()
	}
	return strings.Join(lines, "\n")
}

// ArchiveStatus shows what the archive holds of the logs that the key may read; no status means that there is no archive.
func ArchiveStatus(status *analysis.ArchiveStatus) *schemas.ArchiveStatus {
	result := &schemas.ArchiveStatus{Logs: []schemas.ArchiveLog{}, Warnings: []string{}}
	if status == nil {
		result.Warnings = append(result.Warnings,
			"this server has no archive: every question is answered from Make, and nothing is kept beyond what Make keeps; "+
				"make-audit-mcp sync fills one")
		return result
	}
	location := status.Location
	result.Archive, result.Checkpoint = true, cleanLines(status.Checkpoint)
	if !status.CheckpointAt.IsZero() {
		result.CheckpointAt = Time(status.CheckpointAt, location)
	}
	for _, log := range status.Logs {
		shown := schemas.ArchiveLog{
			Organization: log.Organization, LastSync: Time(log.Span.AsOf, location), Entries: log.Span.Entries,
			GapsTotal: len(log.Gaps), Unreadable: log.Unreadable,
			Gaps: coverage(auditlog.Coverage{Gaps: log.Gaps[:min(len(log.Gaps), maxGapsListed)]}, location).Gaps,
		}
		if !log.Span.From.IsZero() {
			shown.CoveredFrom = Time(log.Span.From, location)
		}
		if log.Span.Entries > 0 {
			shown.FirstAt, shown.LastAt = Time(log.Span.FirstAt, location), Time(log.Span.LastAt, location)
		}
		result.Logs = append(result.Logs, shown)
		for _, doubt := range log.Doubts {
			result.Warnings = append(result.Warnings, auditlog.Text(doubt).Clean())
		}
	}
	if len(status.Logs) == 0 {
		result.Warnings = append(result.Warnings, "the archive holds no log that this key may read: make-audit-mcp sync fills it")
	}
	return result
}
