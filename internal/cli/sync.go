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

// Run syncs once, or until the process is told to stop.
func (c *syncCommand) Run(r *runtime) error {
	if c.Every < 0 {
		return &SettingError{Problem: "--every is negative", Next: "give a time such as 15m"}
	}
	shared, err := r.connection()
	if err != nil {
		return err
	}
	connected, err := shared.own()
	if err != nil {
		return err
	}
	fills := connected.filler(archive.Details(c.Details))
	if r.settings.Archive != "" && !archive.Exists(r.settings.Archive) {
		// A key that may read nothing must not leave an empty archive behind.
		if _, err := fills.organizations(r.ctx); err != nil {
			return err
		}
	}
	if fills.archive, err = r.openArchive(true); err != nil {
		return err
	}
	defer fills.archive.Close() //nolint:errcheck // everything was committed
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

// once syncs every organization, even if one of them fails. A further round tells only
// what is new.
func (c *syncCommand) once(r *runtime, fills *filler, further bool) error {
	organizations, err := fills.organizations(r.ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, organization := range organizations {
		shown := newSyncProgress(r.streams.Err, organization)
		summary, err := fills.fill(r.ctx, organization, shown.show)
		shown.end()
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

// printSummary tells what a sync did.
func printSummary(to io.Writer, s *archive.Summary) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(to, format+"\n", args...) }
	say("organization %s %s: %d entries added, %d changed, %d details", s.Organization.ID, s.Organization.Name.Quote(), s.Added, s.Changed, s.Details)
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

// syncProgress shows how a sync goes: on a terminal as a bar in one line that changes,
// else as a line now and then.
type syncProgress struct {
	to       io.Writer
	terminal bool
	name     string
	begun    time.Time
	last     time.Time
	stage    string
	shown    bool
}

// lineEvery is how often a line is written where there is no terminal.
const lineEvery = 5 * time.Second

func newSyncProgress(to io.Writer, organization auditlog.Organization) *syncProgress {
	return &syncProgress{to: to, terminal: isTerminal(to), name: auditlog.Text(organization.ID).Clean(), begun: time.Now(), last: time.Now()}
}

func (s *syncProgress) show(p archive.SyncProgress) {
	text := s.name + ": " + p.Stage
	if p.Of > 0 {
		const width = 24
		share := min(1, p.Done/p.Of)
		full := int(share * width)
		text = fmt.Sprintf("%s: %-28s [%s%s] %3.0f %%", s.name, p.Stage, strings.Repeat("#", full), strings.Repeat(".", width-full), 100*share)
	}
	text += fmt.Sprintf("  %d entries added", p.Added)
	if !p.Reached.IsZero() {
		text += ", back to " + p.Reached.UTC().Format(time.DateOnly)
	}
	switch {
	case s.terminal:
		s.shown = true
		_, _ = fmt.Fprintf(s.to, "\r\x1b[K%s", text)
	case time.Since(s.last) >= lineEvery || s.stage != p.Stage && time.Since(s.begun) >= lineEvery:
		s.last = time.Now()
		_, _ = fmt.Fprintln(s.to, text)
	}
	s.stage = p.Stage
}

func (s *syncProgress) end() {
	if s.shown {
		_, _ = fmt.Fprint(s.to, "\r\x1b[K")
	}
}
