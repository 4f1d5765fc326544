package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/question"
)

// exportCommand writes entries for other programs.
type exportCommand struct {
	Format string `help:"How to write entries: ndjson, csv, ocsf or ecs." default:"ndjson" placeholder:"FORMAT"`
	Output string `short:"o" help:"File to write to; default: standard output." type:"path" placeholder:"FILE"`

	SinceCheckpoint string `help:"File that remembers how far the last export came: go on from there, with what is new. It is made by the first one." type:"path" placeholder:"FILE"`

	From         string   `help:"Beginning of the window, e.g. 30d, 2026-10, last month, all." default:"all" placeholder:"TIME"`
	To           string   `help:"Its end; default: now." placeholder:"TIME"`
	Team         []string `help:"Only these teams, by name or id; none for the organization itself." placeholder:"TEAM"`
	Actor        []string `help:"Only what these people did, by name, address or id; none for the system." placeholder:"ACTOR"`
	ExcludeActor []string `help:"Not what these people did." placeholder:"ACTOR"`
	Event        []string `help:"Only these events, by value, label, category or pattern." placeholder:"EVENT"`
	TargetID     string   `name:"target-id" help:"Only what was done to this object." placeholder:"ID"`
}

// Help teaches by example.
func (*exportCommand) Help() string {
	return `Writes entries one by one, from the archive where there is one, else from Make. ndjson is each entry as Make gave it; csv is for spreadsheets, its text cleaned so that none runs it as a formula; ocsf (1.7.0) and ecs (8.11) are for SIEMs. Unlike answers to an agent, exports hold details unmasked.

A window is written newest first. With --since-checkpoint, entries come in the order in which they became known, late ones too, and each only once: run it again and again, e.g. after every sync. A file given with -o is then continued, and what an export that failed had written of it is written anew.

Examples:
  make-audit-mcp export --format csv --from "last month" --event '*_deleted' -o deletions.csv
  make-audit-mcp sync && make-audit-mcp export --format ocsf --since-checkpoint siem.json | forwarder
  make-audit-mcp --demo export --from 24h --format ecs`
}

// Run exports once.
func (c *exportCommand) Run(r *runtime) error {
	err := c.run(r)
	if err != nil && r.ctx.Err() != nil {
		return &exitError{code: exitFailed, message: "interrupted"}
	}
	return err
}

func (c *exportCommand) run(r *runtime) error {
	format, err := export.ParseFormat(c.Format)
	if err != nil {
		return &SettingError{Problem: err.Error(), Next: "name one of them with --format"}
	}
	session, err := c.open(r)
	if err != nil {
		return err
	}
	defer session.close()
	asked, err := session.service.Resolve(r.ctx, question.Filter{
		From: c.From, To: c.To, TargetID: c.TargetID,
		Teams: c.Team, Actors: c.Actor, ExcludeActors: c.ExcludeActor, Events: c.Event,
	}, 0)
	if err != nil {
		return err
	}
	for _, note := range asked.Notes {
		r.logger.InfoContext(r.ctx, "the filter was understood", "note", auditlog.Text(note).Clean())
	}
	e := &exporting{command: c, runtime: r, upstream: session, format: format, question: asked, to: r.streams.Out}
	if e.categories, err = session.service.Directory.Catalog(r.ctx, asked.Query.Organization.ID); err != nil {
		return err
	}
	if c.SinceCheckpoint != "" {
		return e.sinceCheckpoint()
	}
	return e.window()
}

// open connects with sessions that keep what Make sent.
func (c *exportCommand) open(r *runtime) (*upstream, error) {
	shared, err := r.connection()
	if err != nil {
		return nil, err
	}
	shared.keepRaw = true
	connected, err := shared.own()
	if err != nil {
		return nil, err
	}
	if connected.archive, err = r.archiveToAnswer(false); err != nil {
		return nil, err
	}
	connected.withArchive(connected.archive, true)
	return connected, nil
}

// exporting is one export.
type exporting struct {
	command    *exportCommand
	runtime    *runtime
	upstream   *upstream
	format     export.Format
	question   *question.Question
	categories *auditlog.Catalog
	to         io.Writer
	written    int
}

func (e *exporting) writer(continued bool) (*export.Writer, error) {
	category := map[auditlog.Text]auditlog.Text{}
	for _, event := range e.categories.Events {
		category[event.Value] = event.Category
	}
	return export.NewWriter(e.to, e.format, export.Options{
		Organization: e.question.Query.Organization, Zone: e.upstream.zone(), ProductVersion: e.runtime.version, Continued: continued,
		Category: func(event auditlog.Text) auditlog.Text { return category[event] },
	})
}

// zone is the host of Make's zone.
func (u *upstream) zone() string {
	if u.shared.zone != "" {
		return u.shared.zone
	}
	return u.client.Host()
}

// window exports the window that was asked for.
func (e *exporting) window() (err error) {
	if e.command.Output != "" {
		file, openErr := os.OpenFile(e.command.Output, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if openErr != nil {
			return &SettingError{Problem: "the output cannot be written: " + openErr.Error(), Next: "name another file with -o"}
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		e.to = file
	}
	w, err := e.writer(false)
	if err != nil {
		return err
	}
	report, err := e.read(e.runtime.ctx, w)
	if flushErr := w.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		return err
	}
	e.summarize(&report)
	if !report.Exhausted {
		return &exitError{code: exitFailed, message: "not all of it could be read; see above"}
	}
	return nil
}

// read writes the window. What a bound cuts short is read on, until nothing more comes.
func (e *exporting) read(ctx context.Context, w *export.Writer) (auditlog.Report, error) {
	q := e.question.Query
	for {
		before := e.written
		var writeErr error
		report, err := e.upstream.service.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
			if writeErr = w.Write(entry); writeErr != nil {
				return false
			}
			e.written++
			q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: entry.TriggeredAt, UUID: entry.UUID}}
			return true
		})
		switch {
		case err != nil || writeErr != nil:
			return report, errors.Join(err, writeErr)
		case report.Exhausted || e.written == before:
			return report, nil
		}
	}
}

// summarize tells on standard error what was written and what is missing.
func (e *exporting) summarize(report *auditlog.Report) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(e.runtime.streams.Err, format+"\n", args...) }
	say("%d entries exported, from %s", e.written, report.Source)
	for _, gap := range report.Coverage.Gaps {
		say("not covered: %s to %s: %s", gap.From.UTC().Format(time.RFC3339), gap.To.UTC().Format(time.RFC3339), auditlog.Text(gap.Reason).Clean())
	}
	if n := len(report.Unreadable); n > 0 {
		say("%d records of Make's could not be read", n)
	}
	for _, warning := range report.Warnings {
		say("note: %s", auditlog.Text(warning).Clean())
	}
}

// reader is the archive's, nil without one.
func (e *exporting) reader() *archive.Reader {
	reader, _ := e.upstream.service.Reader.(*archive.Reader)
	return reader
}

// session is the live one.
func (e *exporting) session() *live.Reader { return e.upstream.session }
