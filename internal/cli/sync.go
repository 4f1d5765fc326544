package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
)

// syncCommand fills the archive.
type syncCommand struct {
	Every   time.Duration
	Details string
	NewKey  bool
}

// newSyncCommand makes the command.
func newSyncCommand(line *commandLine) *cobra.Command {
	var c syncCommand
	command := &cobra.Command{
		Use:   "sync",
		Short: "Fill the archive: a local copy of the log that outlives what Make keeps.",
		Long: `Fills the archive (MAKE_AUDIT_ARCHIVE, or --archive) from Make: at first everything that Make keeps, later what was written since, late entries too. It can be interrupted at any time; the next one goes on from there. Only one at a time fills an archive; reading it goes on meanwhile.

What takes longer is told on standard error: how much is done, counted over all syncs, when it will be, and that Make's limit is waited for.

Each sync ends with a signed checkpoint, printed here. Keep some of them elsewhere: make-audit-mcp verify --checkpoint FILE then proves that nothing was changed since. The signing key lies beside the archive, in a file that ends in .key; whoever holds both can sign anew.

Examples:
  MAKE_AUDIT_ARCHIVE=audit.db make-audit-mcp sync
  make-audit-mcp --archive audit.db sync --every 15m --details all
  make-audit-mcp --demo --archive demo.db sync`,
		RunE: line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.duration(&c.Every, "every").help("Go on, and fill it up so often; without it, once.")
	flags.choice(&c.Details, "details", "DETAILS", "all", "notable", "none").byDefault("notable").env("MAKE_AUDIT_SYNC_DETAILS").
		help("Which entries' details to fetch, a call each: all, notable or none.")
	flags.toggle(&c.NewKey, "new-key").
		help("Go on with another signing key, if that which signed the archive is lost; a new one is made if none is there.")
	return command
}

// Run syncs once, or until the process is stopped.
func (c *syncCommand) Run(r *runtime) error {
	if c.Every < 0 {
		return &SettingError{Problem: "--every is negative", Next: "give a time such as 15m"}
	}
	fills, err := c.open(r)
	if err != nil {
		return err
	}
	defer leave(fills.client.Budget(), fills.archive)
	for round := 0; ; round++ {
		err := c.once(r, fills, round > 0)
		switch {
		case r.ctx.Err() != nil && c.Every > 0:
			return nil
		case r.ctx.Err() != nil:
			return &exitError{code: exitFailed, message: "interrupted; what was read is stored, and the next sync goes on from there"}
		case c.Every == 0:
			return err
		case err != nil:
			r.logger.ErrorContext(r.ctx, "this sync failed; the next one goes on from there", "error", explain(err))
		}
		select {
		case <-r.ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

// open opens the archive to be filled with the operator's key. A key that may read nothing must not leave an empty one behind.
func (c *syncCommand) open(r *runtime) (*filler, error) {
	upstreams, err := r.upstreams()
	if err != nil {
		return nil, err
	}
	operator, err := upstreams.operator()
	if err != nil {
		return nil, err
	}
	fills := operator.filler(nil, archive.Details(c.Details))
	if r.settings.Archive != "" && !r.hasArchive() {
		if _, err := fills.organizations(r.ctx); err != nil {
			return nil, err
		}
	}
	if fills.archive, err = r.openArchive(true, c.NewKey); err != nil {
		return nil, err
	}
	r.shareBudget(fills.client.Budget(), fills.archive)
	return fills, nil
}

// once syncs every organization, even if one of them fails. A further round prints only what is new.
func (c *syncCommand) once(r *runtime, fills *filler, further bool) error {
	organizations, err := fills.organizations(r.ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, organization := range organizations {
		line := newProgressLine(r.streams.Err, 0)
		summary, err := fills.fill(r.ctx, organization, line.show)
		line.end()
		if summary != nil && summary.Checkpoint != nil && (!further || summary.Added+summary.Changed+summary.Details > 0) {
			why := ""
			switch {
			case r.ctx.Err() != nil:
				why = "interrupted"
			case err != nil:
				why = explain(err)
			}
			printSummary(r.streams.Out, summary, why)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("organization %s: %w", organization.ID, err))
			if r.ctx.Err() != nil {
				break
			}
		}
	}
	return errors.Join(failures...)
}

// printSummary prints what a sync did, and why it did not do all of it.
func printSummary(to io.Writer, s *archive.Summary, whyNotAll string) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(to, format+"\n", args...) }
	say("organization %s %s: %d entries added, %d changed, %d details", s.Organization.ID, s.Organization.Name.Quote(), s.Added, s.Changed,
		s.Details)
	say("  holds %d entries, covered from %s to %s", s.Span.Entries, day(s.Span.From), s.Span.AsOf.UTC().Format(time.RFC3339))
	for _, gap := range s.Gaps {
		say("  GAP from %s to %s: %s", gap.From.UTC().Format(time.RFC3339), gap.To.UTC().Format(time.RFC3339), gap.Reason)
	}
	if s.Unreadable > 0 {
		say("  %d records of Make's could not be read", s.Unreadable)
	}
	for _, doubt := range s.Doubts {
		say("  note: %s", auditlog.Text(doubt).Clean())
	}
	if s.Wanted.Wanted > 0 {
		text := fmt.Sprintf("details: %d of %d done", s.Wanted.Done(), s.Wanted.Wanted)
		if s.Wanted.Gone > 0 {
			text += fmt.Sprintf(", %d of which Make does not have", s.Wanted.Gone)
		}
		if s.Wanted.Left > 0 {
			text += fmt.Sprintf(", %d left: %s", s.Wanted.Left, whyNotAll)
		}
		say("  %s", text)
	}
	say("  public key: %s", s.PublicKey)
	say("  checkpoint:\n    %s", strings.ReplaceAll(strings.TrimRight(s.Checkpoint.Note, "\n"), "\n", "\n    "))
}

func day(t time.Time) string {
	if t.IsZero() {
		return "now"
	}
	return t.UTC().Format(time.DateOnly)
}
