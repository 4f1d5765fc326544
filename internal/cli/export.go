package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/export"
	"make-audit-mcp/internal/question"
)

// exportCommand writes entries for other programs.
type exportCommand struct {
	Format string
	Output string
	Force  bool

	SinceCheckpoint string

	From string
	filterFlags

	Findings bool
}

// newExportCommand makes the command.
func newExportCommand(line *commandLine) *cobra.Command {
	var c exportCommand
	command := &cobra.Command{
		Use:   "export",
		Short: "Write entries for other programs: NDJSON, CSV, OCSF or ECS.",
		Long: `Writes entries one by one, from the archive where there is one, else from Make. ndjson is each entry as Make gave it; csv is for spreadsheets, its text cleaned so that none runs it as a formula; ocsf (1.7.0) and ecs (8.11) are for SIEMs. Unlike answers to an agent, exports hold details unmasked.

Filters by team, person and event can each be given several times; names may have commas.

A file that is there is overwritten only with --force, and refused if others may read it. A window is written newest first. With --since-checkpoint, entries come in the order in which they became known, late ones too, and each only once: run it again and again, e.g. after every sync. A file given with -o is then continued, and what an export that failed had written of it is written anew.

Examples:
  make-audit-mcp export --period "last month" --event '*_deleted' -o deletions.csv
  make-audit-mcp sync && make-audit-mcp export --format ocsf --since-checkpoint siem.json | forwarder
  make-audit-mcp --demo export --from 24h --format ecs`,
		RunE: line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.text(&c.Format, "format", "FORMAT").offers("ndjson", "csv", "ocsf", "ecs").
		help("How to write entries: ndjson, csv, ocsf or ecs; default: what the file's name ends with, else ndjson.")
	flags.pathP(&c.Output, "output", "o", "FILE").help("File to write to, - for standard output, which is the default.")
	flags.toggle(&c.Force, "force").help("Overwrite the file, if there is one.")
	flags.path(&c.SinceCheckpoint, "since-checkpoint", "FILE").
		help("File that remembers how far the last export came: go on from there, with what is new. It is made by the first one.")
	flags.text(&c.From, "from", "TIME").help("Beginning of the window, e.g. 30d, 2026-10-03; default: all.")
	c.filterFlags.declare(flags)
	flags.toggle(&c.Findings, "findings").
		help("Write what stands out of the window instead of its entries, as OCSF events of the class Detection Finding; detect has more of " +
			"it.")
	return command
}

// Run exports once.
func (c *exportCommand) Run(r *runtime) (err error) {
	defer func() {
		if err != nil && r.ctx.Err() != nil {
			err = &exitError{code: exitFailed, message: "interrupted"}
		}
	}()
	if c.Output == "-" {
		c.Output = ""
	}
	if err := r.settings.private(c.Output); err != nil { // details are not masked in it
		return err
	}
	format, err := c.format()
	if err != nil {
		return &SettingError{Problem: err.Error(), Next: "name one of them with --format"}
	}
	r.keepRaw = true
	from, err := r.operator(false)
	if err != nil {
		return err
	}
	defer from.close()
	e, err := c.configure(r, from, format)
	if err != nil {
		return err
	}
	ctx := r.ctx
	if c.Output != "" || !isTerminal(r.streams.Out) { // else the entries themselves tell
		progress := newProgressLine(r.streams.Err, slowRead)
		defer progress.end()
		ctx, e.streams.Err = progress.read(ctx), progress
	}
	switch {
	case c.Findings:
		return e.findings(ctx)
	case c.SinceCheckpoint != "":
		return e.sinceCheckpoint(ctx)
	}
	return e.window(ctx)
}

// format is the one that was asked for, else the one that the output's name ends with.
func (c *exportCommand) format() (export.Format, error) {
	if c.Format != "" {
		return export.ParseFormat(c.Format)
	}
	named := export.Format(strings.ToLower(strings.TrimPrefix(filepath.Ext(c.Output), ".")))
	if slices.Contains(export.Formats(), named) {
		return named, nil
	}
	return export.NDJSON, nil
}

// configure finds out what is asked for.
func (c *exportCommand) configure(r *runtime, from *upstream, format export.Format) (*exporting, error) {
	if c.Period == "" {
		otherwise := "all"
		if c.Findings {
			otherwise = defaultFindingsFrom
		}
		c.From = cmp.Or(c.From, otherwise)
	}
	asked, err := r.resolve(from, c.filter(c.From), 0)
	if err != nil {
		return nil, err
	}
	options, err := r.exportOptions(from, asked.Query.Organization)
	if err != nil {
		return nil, err
	}
	return &exporting{
		exportCommand: c, from: from, asked: asked, query: asked.Query, format: format, streams: r.streams, options: options,
	}, nil
}

// exportOptions are what entries and findings of an organization do not say of themselves.
func (r *runtime) exportOptions(from *upstream, organization auditlog.Ref) (export.Options, error) {
	catalog, err := from.service.Directory.Catalog(r.ctx, organization.ID)
	if err != nil {
		return export.Options{}, err
	}
	return export.Options{
		Organization: organization, Zone: cmp.Or(from.common.zone, from.client.Host()), ProductVersion: r.version,
		Category: func(event auditlog.Text) auditlog.Text { return catalog.Event(event).Category },
	}, nil
}

// exporting is one export.
type exporting struct {
	*exportCommand
	from    *upstream
	asked   *question.Question
	query   auditlog.Query
	format  export.Format
	options export.Options
	streams Streams
}

// words are the filter as it was asked for, in an order that says nothing.
func (c *exportCommand) words() []string {
	var words []string
	for name, values := range map[string][]string{
		"from": {c.From}, "to": {c.To}, "period": {c.Period}, "team": c.Team, "actor": c.Actor, "exclude-actor": c.ExcludeActor,
		"event": c.Event, "exclude-event": c.ExcludeEvent, "target-id": {c.TargetID},
	} {
		for _, value := range values {
			if value != "" && (name != "from" || value != "all") {
				words = append(words, name+": "+value)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// series is the series of exports that this one belongs to. An end that was not asked for does not bound what comes.
func (e *exporting) series() *export.Incremental {
	series := &export.Incremental{
		Series: export.Series{Organization: e.query.Organization.ID, Format: e.format, Output: e.Output, Question: e.words()},
		Query:  e.query, Make: e.from.live,
	}
	if stored := e.from.archived; stored != nil {
		organization := auditlog.Organization{Ref: e.query.Organization}
		series.Archive = func(ctx context.Context, from export.ArchivePosition, yield func(*auditlog.Entry) error) (
			export.ArchivePosition, error) {
			next, err := stored.Since(ctx, organization, archive.Position(from), yield)
			return export.ArchivePosition(next), err
		}
	}
	if e.From != "all" {
		series.From = e.query.Window.From
	}
	if e.To != "" || e.Period != "" {
		series.Until = e.query.Window.To
	}
	return series
}

// window exports the window that was asked for.
func (e *exporting) window(ctx context.Context) (err error) {
	out, err := newOutput(e.Output, e.streams.Out, e.Force)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	w, err := export.NewWriter(out, e.format, e.options)
	if err != nil {
		return err
	}
	report, err := export.ReadAll(ctx, e.from.service.Reader, e.query, w.Write)
	err = cmp.Or(err, w.Flush())
	if err != nil {
		return err
	}
	summarizeExport(e.streams.Err, w.Count(), &report)
	e.noteChanges(w)
	e.noteUnfound(ctx)
	if !report.Exhausted {
		return &exitError{code: exitFailed, message: "not all of it could be read; see above"}
	}
	return nil
}

// sinceCheckpoint exports what is new since the last time. How far it came is remembered only once everything is written.
func (e *exporting) sinceCheckpoint(ctx context.Context) (err error) {
	series := e.series()
	file, err := newCheckpointFile(e.SinceCheckpoint, e.Output)
	if err != nil {
		return err
	}
	if err := file.probe(); err != nil {
		return err
	}
	unlock, err := file.lock()
	if err != nil {
		return err
	}
	defer unlock()
	last, err := file.load(series)
	if err != nil {
		return err
	}
	var out *output
	if last == nil {
		out, err = newOutput(e.Output, e.streams.Out, e.Force)
	} else {
		out, err = continueOutput(e.Output, e.streams.Out, last.Bytes)
	}
	if err != nil {
		return err
	}
	e.options.Continued = last != nil && !out.made
	defer func() {
		if err != nil {
			out.discard() // the next export begins it anew
		}
		err = errors.Join(err, out.close())
	}()
	w, err := export.NewWriter(out, e.format, e.options)
	if err != nil {
		return err
	}
	next, err := series.Run(ctx, last, w.Write)
	err = cmp.Or(err, w.Flush())
	if err != nil {
		return err
	}
	next.Bytes, err = out.commit()
	if err != nil {
		return err
	}
	if err := file.save(next); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.streams.Err, "%d entries exported\n", w.Count())
	if last != nil && out.made {
		_, _ = fmt.Fprintln(e.streams.Err, "note: the output of the last export was moved away or emptied, so a new one was begun")
	}
	if series.Archive == nil {
		_, _ = fmt.Fprintf(e.streams.Err, "note: what Make shows more than %.0f minutes after it was written is missed by exports from Make; "+
			"those from an archive (make-audit-mcp sync) miss nothing\n", export.Overlap.Minutes())
	}
	e.noteChanges(w)
	e.noteUnfound(ctx)
	return nil
}

// noteChanges says what a format that is not faithful changed.
func (e *exporting) noteChanges(w *export.Writer) {
	if n := w.ChangedCells(); n > 0 {
		_, _ = fmt.Fprintf(e.streams.Err, "note: text in %d cells is not exactly the log's: formulas begin with an apostrophe, what cannot be seen "+
			"is left out, long text is cut; --format ndjson has it as it is\n", n)
	}
}

// noteUnfound says which ids of the filter nothing has.
func (e *exporting) noteUnfound(ctx context.Context) {
	for _, note := range e.from.service.Unfound(ctx, e.asked) {
		_, _ = fmt.Fprintf(e.streams.Err, "note: %s\n", note)
	}
}

// findings exports what stands out of the window that was asked for.
func (e *exporting) findings(ctx context.Context) (err error) {
	if e.SinceCheckpoint != "" || e.format != export.OCSF && e.Format != "" {
		return &SettingError{Problem: "--findings are of a window, and in one format", Next: "leave --since-checkpoint and --format out"}
	}
	found, err := e.from.service.Suspicions(ctx, e.query, analysis.SuspicionRequest{})
	if err != nil {
		return err
	}
	out, err := newOutput(e.Output, e.streams.Out, e.Force)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	if err := writeFindings(out, found.Findings, e.from.service.Directory.Now(), e.options); err != nil {
		return err
	}
	sayFindings(e.streams.Err, found)
	e.noteUnfound(ctx)
	return judgedWhole(found)
}

// writeFindings writes findings as OCSF events.
func writeFindings(to io.Writer, findings []detect.Finding, now time.Time, options export.Options) error {
	w := export.NewFindingWriter(to, now, options)
	for i := range findings {
		if err := w.Write(&findings[i]); err != nil {
			return err
		}
	}
	return w.Flush()
}

// summarizeExport says what was written and what is missing.
func summarizeExport(to io.Writer, written int, report *auditlog.Report) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(to, format+"\n", args...) }
	say("%d entries exported, from %s", written, report.Source)
	for _, gap := range report.Coverage.Gaps {
		say("not covered: %s to %s: %s", gap.From.UTC().Format(time.RFC3339), gap.To.UTC().Format(time.RFC3339),
			auditlog.Text(gap.Reason).Clean())
	}
	if n := len(report.Unreadable); n > 0 {
		say("%d records of Make's could not be read", n)
	}
	for _, warning := range report.Warnings {
		say("note: %s", auditlog.Text(warning).Clean())
	}
}
