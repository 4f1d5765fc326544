package export

import (
	"slices"
	"strconv"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// Format is a form in which entries are written.
type Format string

// The formats.
const (
	// NDJSON is one JSON object a line (https://github.com/ndjson/ndjson-spec), in Make's own field names: the faithful form, for archives
	// and for programs.
	NDJSON Format = "ndjson"
	// CSV is RFC 4180 for people with a spreadsheet. It is not faithful: text is cleaned and bounded. Programs should read NDJSON.
	CSV Format = "csv"
	// OCSF is the Open Cybersecurity Schema Framework, release 1.7.0, one event a line.
	OCSF Format = "ocsf"
	// ECS is the Elastic Common Schema 8.11, one document a line.
	ECS Format = "ecs"
)

// Formats returns all formats, the faithful one first.
func Formats() []Format {
	return []Format{NDJSON, CSV, OCSF, ECS}
}

// ParseFormat reads the name of a format, in capitals or not. The error is a [*FormatError].
func ParseFormat(name string) (Format, error) {
	format := Format(strings.ToLower(strings.TrimSpace(name)))
	if !slices.Contains(Formats(), format) {
		return "", &FormatError{Given: name}
	}
	return format, nil
}

// FormatError says that a format is not known, and which are.
type FormatError struct {
	// Given is the name as it was given, raw.
	Given string
}

func (e *FormatError) Error() string {
	var known []string
	for _, format := range Formats() {
		known = append(known, strconv.Quote(string(format)))
	}
	return "the format " + auditlog.Text(e.Given).Quote() + " is not known; accepted are " + strings.Join(known, ", ")
}
