package cli

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/plaintext"
)

// verifyCommand proves that the archive is as it was filled.
type verifyCommand struct {
	Checkpoint string
	PublicKey  string
}

// newVerifyCommand makes the command.
func newVerifyCommand(line *commandLine) *cobra.Command {
	var c verifyCommand
	command := &cobra.Command{
		Use:   "verify",
		Short: "Prove that nothing in the archive was changed, and list its gaps.",
		Long: `Reads the whole archive as answers read it, and holds everything against what was stored: each record against its hash, all of them against every signed checkpoint, each entry against its record and each record against its entry, and all that answers rest on, with the file's schema, against what the last sync signed. It names what was altered, is missing or was inserted, and lists what no sync could read. Exit code 0 if everything is there, 1 if not.

It remembers beside the archive, in ….verified, when it last found everything in order, and holds the archive against what it saw then, unless another checkpoint is given: an earlier copy put in its place is noticed.

Whoever can write to the archive and holds its signing key can make both anew. So keep checkpoints and the public key elsewhere, and give them here.

Examples:
  make-audit-mcp --archive audit.db verify
  make-audit-mcp --archive audit.db verify --checkpoint kept.txt --public-key make-audit-mcp/…`,
		RunE: line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.path(&c.Checkpoint, "checkpoint", "FILE").
		help("File with a checkpoint that was kept elsewhere: what it is about must still be there, unchanged.")
	flags.text(&c.PublicKey, "public-key", "KEY").env("MAKE_AUDIT_PUBLIC_KEY").
		help("The key that must have signed everything, as sync printed it; several behind commas after a change of keys. Without it, that of " +
			"the signing key beside the archive is believed, or else those that the archive itself names.")
	return command
}

// Run verifies the archive.
func (c *verifyCommand) Run(r *runtime) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	opened, err := r.openArchive(false, false)
	if err != nil {
		return err
	}
	defer closeArchive(opened)
	remembered := r.lastVerified()
	last, seen := remembered.load()
	if c.Checkpoint == "" {
		options.Checkpoint = seen
	}
	progress := newProgressLine(r.streams.Err, slowRead)
	options.OnProgress = func(done, of int64) { progress.show(fmt.Sprintf("%d of %d records", done, of), false) }
	found, err := opened.Verify(r.ctx, options)
	progress.end()
	switch {
	case r.ctx.Err() != nil:
		return &exitError{code: exitFailed, message: "interrupted"}
	case err != nil:
		return err
	}
	report := newCheckReport(r.streams.Out, outputTable)
	printVerification(report, found)
	switch {
	case last.IsZero():
		report.said("last verify", "none is remembered here")
	default:
		report.said("last verify", last.Format(time.RFC3339))
	}
	if !found.Intact() && c.Checkpoint == "" && len(seen) > 0 {
		report.hint(fmt.Sprintf("held against what the last verify saw, too; if an earlier copy was restored on purpose, remove %s",
			auditlog.Text(remembered).Clean()))
	}
	if c.Checkpoint != "" && found.IsEarlier && found.Total == 1 {
		report.hint("all that is here is in order, as in an earlier copy of the archive; if one was restored on purpose, make-audit-mcp sync reads " +
			"what is missing from Make; keep a new checkpoint then, and this one as evidence of what there was")
	}
	if found.Intact() && found.Last != nil && remembered != "" {
		if err := remembered.save(time.Now(), found.Last); err != nil {
			report.hint("this verify is not remembered: " + auditlog.Text(err.Error()).Clean())
		}
	}
	if !found.Intact() || !found.Covered() {
		return &exitError{code: exitFailed, message: "the archive is not what it should be; see above"}
	}
	_, _ = fmt.Fprintln(r.streams.Out, "\nVerified.")
	return nil
}

// options are what the archive must agree with.
func (c *verifyCommand) options() (archive.VerifyOptions, error) {
	options := archive.VerifyOptions{PublicKey: c.PublicKey}
	if c.Checkpoint == "" {
		return options, nil
	}
	text, err := plaintext.ReadFile(c.Checkpoint)
	if err != nil {
		return options, &SettingError{Problem: "the checkpoint cannot be read: " + err.Error(),
			Next: "name a file that holds one, as sync prints it"}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return options, &SettingError{Problem: "the file of the checkpoint is empty",
			Next: "name one that holds a checkpoint, as sync prints it"}
	}
	options.Checkpoint = withoutIndentation(text)
	return options, nil
}

// withoutIndentation is a checkpoint as it was signed, of what sync prints: each line behind some spaces.
func withoutIndentation(text []byte) []byte {
	lines := strings.Split(strings.TrimRight(string(text), " \n\r\t"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// printVerification prints what was found.
func printVerification(report *checkReport, found *archive.Verification) {
	switch {
	case found.Intact():
		report.passed("records", fmt.Sprintf("%d, all as they were stored; %d entries", found.Records, found.Entries))
	default:
		report.failed("records", fmt.Sprintf("%d problem(s) in %d records", found.Total, found.Records))
		for _, problem := range found.Problems {
			report.hint(problem.String())
		}
		if more := found.Total - len(found.Problems); more > 0 {
			report.hint(fmt.Sprintf("and %d more", more))
		}
	}
	if last := found.Last; last == nil {
		report.warned("checkpoints", "none that can be believed")
	} else {
		report.passed("checkpoints", fmt.Sprintf("%d; the last, of %s, is about all %d records", found.Checkpoints,
			last.At.Format(time.RFC3339), last.Size))
	}
	for _, key := range found.Keys {
		report.hint("signed by " + auditlog.Text(key).Clean())
	}
	for _, log := range found.Logs {
		printLog(report, log)
	}
}

func printLog(report *checkReport, log archive.VerifiedLog) {
	name := fmt.Sprintf("organization %s %s", auditlog.Text(log.OrganizationID).Clean(), log.Name.Quote())
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	span := fmt.Sprintf("%d entries of %s, covered from %s to %s", log.Entries, auditlog.Text(log.Instance).Clean(), day(log.From),
		stamp(log.AsOf))
	switch {
	case !log.Unfilled.IsZero():
		report.failed(name, fmt.Sprintf("%d entries; the first sync did not finish, it came back to %s", log.Entries, stamp(log.Unfilled)))
	case len(log.Gaps) > 0:
		report.failed(name, span+fmt.Sprintf(", with %d gap(s)", len(log.Gaps)))
	default:
		report.passed(name, span+", without a gap")
	}
	for _, gap := range log.Gaps {
		report.hint(fmt.Sprintf("gap from %s to %s: %s", stamp(gap.From), stamp(gap.To), auditlog.Text(gap.Reason).Clean()))
	}
	if log.Unreadable > 0 {
		report.hint(fmt.Sprintf("%d records of Make's could not be read", log.Unreadable))
	}
	for _, doubt := range log.Doubts {
		report.hint(auditlog.Text(doubt).Clean())
	}
}
