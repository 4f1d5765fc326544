package export

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

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

// ParseFormat reads the name of a format, in capitals or not.
func ParseFormat(name string) (Format, error) {
	format := Format(strings.ToLower(strings.TrimSpace(name)))
	if !slices.Contains(Formats(), format) {
		return "", unknownFormat(name)
	}
	return format, nil
}

func unknownFormat(name string) error {
	var known []string
	for _, format := range Formats() {
		known = append(known, strconv.Quote(string(format)))
	}
	return fmt.Errorf("the format %s is not known; accepted are %s", auditlog.Text(name).Quote(), strings.Join(known, ", "))
}

// Options are what entries do not say of themselves. All may be left out.
type Options struct {
	// Organization is whose log is exported: for entries that do not name theirs.
	Organization auditlog.Ref
	// Zone is the host of Make's zone, e.g. eu1.make.com.
	Zone string
	// ProductVersion is the version of this program, which OCSF names as a logger of the event and ECS as its agent. Make's own version is
	// not known.
	ProductVersion string
	// Category returns the category that Make puts over an event, "" if it has none. It is written next to the event, and asked where the
	// event's name alone does not say what it is about.
	Category func(event auditlog.Text) auditlog.Text
	// Continued means that the sink has earlier entries already: CSV then has no header.
	Continued bool
}

// organizationOf returns whose entry it is: what the entry says, and what the options add to it.
func (o *Options) organizationOf(e *auditlog.Entry) auditlog.Ref {
	switch {
	case e.Organization == nil || e.Organization.ID == "" && e.Organization.Name == "":
		return o.Organization
	case e.Organization.Name == "" && e.Organization.ID == o.Organization.ID:
		return o.Organization
	}
	return *e.Organization
}

// Writer writes entries in one format. It is not safe for concurrent use.
type Writer struct {
	format Format
	out    *bufio.Writer
	encode func(*auditlog.Entry) error
	count  int
	err    error

	changedCells int
}

// NewWriter returns a Writer to a sink. What is written is buffered: call Flush at the end. Nothing reaches the sink before the first Write
// or Flush; CSV has its header even without entries, unless the export is continued.
func NewWriter(to io.Writer, format Format, options Options) (*Writer, error) {
	if options.Category == nil {
		options.Category = func(auditlog.Text) auditlog.Text { return "" }
	}
	w := &Writer{format: format, out: bufio.NewWriterSize(to, 64<<10)}
	switch format {
	case NDJSON:
		w.encode = newNDJSON(visibleJSON{w.out}, options)
	case CSV:
		w.encode = newCSV(w.out, options, &w.changedCells)
	case OCSF:
		w.encode = newOCSF(visibleJSON{w.out}, options)
	case ECS:
		w.encode = newECS(visibleJSON{w.out}, options)
	default:
		return nil, unknownFormat(string(format))
	}
	return w, nil
}

// Write writes an entry, which it does not keep or change. After an error every further call returns that error: what has reached the sink
// by then may end within an entry.
func (w *Writer) Write(entry *auditlog.Entry) error {
	if w.err != nil {
		return w.err
	}
	w.check(w.encode(entry))
	w.count++
	return w.err
}

// Count is how many entries were written.
func (w *Writer) Count() int { return w.count }

// ChangedCells is how many cells of CSV do not say exactly what the log says, since text in them is cleaned, bounded and no formula.
func (w *Writer) ChangedCells() int { return w.changedCells }

// Flush hands everything written so far to the sink. Its errors are those of Write.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.check(w.out.Flush())
	}
	return w.err
}

func (w *Writer) check(err error) {
	if err != nil {
		w.err = fmt.Errorf("export as %s: %w", w.format, err)
	}
}

// instant is a time as Make writes it: RFC 3339 in UTC with milliseconds; "" for none.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}
