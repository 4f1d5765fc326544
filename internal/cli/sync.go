package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
)

// syncCommand fills the archive.
type syncCommand struct {
	Every   time.Duration `help:"Go on, and fill it up so often; without it, once." placeholder:"TIME"`
	Details string        `help:"Which entries' details to fetch, a call each: ${enum}." enum:"all,notable,none" default:"notable" env:"MAKE_AUDIT_SYNC_DETAILS"`
}

// Help says what to expect.
func (*syncCommand) Help() string {
	return `Fills the archive (MAKE_AUDIT_ARCHIVE, or --archive) from Make: at first everything that Make keeps, later what was written since, late entries too. It can be interrupted at any time; the next one goes on from there. Only one at a time fills an archive; reading it goes on meanwhile.

Each sync ends with a signed checkpoint, printed here. Keep some of them elsewhere: make-audit-mcp verify --checkpoint FILE then proves that nothing was changed since. The signing key lies beside the archive, in a file that ends in .key; whoever holds both can sign anew.

Examples:
  MAKE_AUDIT_ARCHIVE=audit.db make-audit-mcp sync
  make-audit-mcp --archive audit.db sync --every 15m --details all
  make-audit-mcp --demo --archive demo.db sync`
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
	defer closeArchive(fills.archive)
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
	fills.archive, err = r.openArchive(true)
	return fills, err
}

// once syncs every organization, even if one of them fails. A further round prints only what is new.
func (c *syncCommand) once(r *runtime, fills *filler, further bool) error {
	organizations, err := fills.organizations(r.ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, organization := range organizations {
		progress := newSyncProgress(r.streams.Err, organization)
		summary, err := fills.fill(r.ctx, organization, progress.show)
		progress.line.end()
		if err != nil {
			failures = append(failures, fmt.Errorf("organization %s: %w", organization.ID, err))
			if r.ctx.Err() != nil {
				break
			}
			continue
		}
		if !further || summary.Added+summary.Changed+summary.Details > 0 {
			printSummary(r.streams.Out, summary)
		}
	}
	return errors.Join(failures...)
}

// printSummary prints what a sync did.
func printSummary(to io.Writer, s *archive.Summary) {
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
	say("  public key: %s", s.PublicKey)
	say("  checkpoint:\n    %s", strings.ReplaceAll(strings.TrimRight(s.Checkpoint.Note, "\n"), "\n", "\n    "))
}

func day(t time.Time) string {
	if t.IsZero() {
		return "now"
	}
	return t.UTC().Format(time.DateOnly)
}

// syncProgress shows how a sync goes: on a terminal as a bar, elsewhere as a line now and then.
type syncProgress struct {
	line  *progressLine
	name  string
	begun time.Time
	last  time.Time
	stage string
}

// lineEvery is how often a line is written where there is no terminal.
const lineEvery = 5 * time.Second

func newSyncProgress(to io.Writer, organization auditlog.Organization) *syncProgress {
	return &syncProgress{line: newProgressLine(to), name: auditlog.Text(organization.ID).Clean(), begun: time.Now(), last: time.Now()}
}

func (s *syncProgress) show(p archive.SyncProgress) {
	isDue := time.Since(s.last) >= lineEvery || s.stage != p.Stage && time.Since(s.begun) >= lineEvery
	if isDue {
		s.last = time.Now()
	}
	s.stage = p.Stage
	s.line.show(s.text(p), isDue)
}

func (s *syncProgress) text(p archive.SyncProgress) string {
	text := s.name + ": " + p.Stage
	if p.Of > 0 {
		const width = 24
		share := min(1, p.Done/p.Of)
		full := int(share * width)
		text = fmt.Sprintf("%s: %-28s [%s%s] %3.0f %%", s.name, p.Stage, strings.Repeat("#", full), strings.Repeat(".", width-full),
			100*share)
	}
	text += fmt.Sprintf("  %d entries added", p.Added)
	if !p.Reached.IsZero() {
		text += ", back to " + p.Reached.UTC().Format(time.DateOnly)
	}
	return text
}
