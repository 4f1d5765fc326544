package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/report"
)

// reportCommand makes the evidence pack of a window.
type reportCommand struct {
	Output string
	Force  bool
	Kind   string
	JSON   bool
	Period string
	From   string
	To     string
	Team   []string
}

// newReportCommand makes the command.
func newReportCommand(line *commandLine) *cobra.Command {
	var c reportCommand
	command := &cobra.Command{
		Use:   "report",
		Short: "Write the evidence pack of a period for auditors: one HTML file that needs nothing else.",
		Long: `Writes the evidence pack of a period as one HTML file, which needs neither a script nor the network, and prints on A4 and Letter: what the log covers and what not, counts, changes of scenarios, access and roles, privileged actions, people, findings, and all that could not be read or proved. Beside each number stands the question that asks for it again. From the archive where there is one, which is verified for it, else from Make, and then nothing is proved. See docs/report.md.

A file that is there is overwritten only with --force. Exit code 1 if not all of the period could be read, a question was not answered, or the archive is not as it was stored: the report is written all the same, and says so at its top.

Examples:
  make-audit-mcp --demo report --period "last month" -o report.html
  make-audit-mcp --archive audit.db report --period 2026-Q3 -o q3.html
  make-audit-mcp report --kind access-review --from 90d --json | jq .exceptions`,
		RunE: line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.pathP(&c.Output, "output", "o", "FILE").
		help("File to write to, - for standard output, which is the default where that is no terminal.")
	flags.toggle(&c.Force, "force").help("Overwrite the file, if there is one.")
	flags.text(&c.Period, "period", "PERIOD").
		help("The whole of a period, e.g. 2026-Q3, 2026-10, last quarter; this, or --from and --to.")
	flags.text(&c.From, "from", "TIME").help("Beginning of the window instead of a period, e.g. 30d, 2026-10-03.")
	flags.text(&c.To, "to", "TIME").help("Its end; default: now.")
	flags.each(&c.Team, "team", "TEAM").help("Only these teams, by name or id; none for entries without a team.")
	flags.choice(&c.Kind, "kind", "KIND", "full", "access-review", "changes", "incident").byDefault("full").
		help("Which sections it has: full, access-review, changes or incident.")
	flags.toggle(&c.JSON, "json").help("The same for machines.")
	return command
}

// Run writes the report.
func (c *reportCommand) Run(r *runtime) (err error) {
	defer func() {
		if err != nil && r.ctx.Err() != nil {
			err = &exitError{code: exitFailed, message: "interrupted; nothing was written"}
		}
	}()
	kind, err := c.checked(r.streams.Out)
	if err != nil {
		return err
	}
	target, err := newWholeFile(c.Output, r.streams.Out, c.Force)
	if err != nil {
		return err
	}
	defer target.discard()
	from, err := r.operator(false)
	if err != nil {
		return err
	}
	defer from.close()
	progress := newProgressLine(r.streams.Err, slowRead)
	verified, stop := r.verifyMeanwhile(from.archive)
	defer stop()
	made, err := report.Gather(progress.read(r.ctx), from.service, report.Request{
		Kind: kind, Room: report.Document(), Version: r.version,
		Teams: c.Team, From: c.From, To: c.To, Period: c.Period,
		Prove: func(organization auditlog.ID, location *time.Location) (report.Proof, error) {
			progress.show("verifying the archive", false)
			found, err := verified()
			return report.Prove(found, organization, location), err
		},
	})
	progress.end()
	if err != nil {
		return err
	}
	if err := target.write(c.text(made)); err != nil {
		return err
	}
	return c.verdict(r.streams.Err, made)
}

// checked refuses what no report can be made of, before anything is read.
func (c *reportCommand) checked(out io.Writer) (report.Kind, error) {
	if c.Period == "" && c.From == "" && c.To == "" {
		return "", &SettingError{Problem: "it is not said what period the report is about",
			Next: `name one with --period, e.g. 2026-Q3, 2026-10 or "last month"; or --from and --to`}
	}
	if c.Output == "" && isTerminal(out) {
		return "", &SettingError{Problem: "the report is a file to be opened in a browser, and not for a terminal",
			Next: "name the file with -o, e.g. -o report.html"}
	}
	kind, err := report.ParseKind(c.Kind)
	if err != nil {
		return "", &SettingError{Problem: err.Error(), Next: "name one of them with --kind"}
	}
	return kind, nil
}

// verifyMeanwhile verifies the archive that answers come from while they are asked for: verified waits for that, stop ends it. No archive
// is no error.
func (r *runtime) verifyMeanwhile(opened *archive.Archive) (verified func() (*archive.Verification, error), stop func()) {
	if opened == nil {
		return func() (*archive.Verification, error) { return nil, nil }, func() {}
	}
	ctx, cancel := context.WithCancel(r.ctx)
	_, seen := r.lastVerified().load()
	var verifying errgroup.Group
	var found *archive.Verification
	verifying.Go(func() (err error) {
		found, err = opened.Verify(ctx, archive.VerifyOptions{Checkpoint: seen})
		return err
	})
	verified = func() (*archive.Verification, error) {
		err := verifying.Wait()
		return found, err
	}
	return verified, func() {
		cancel()
		_ = verifying.Wait() // whoever wanted to know asked before
	}
}

// text is the report as it is written.
func (c *reportCommand) text(made *report.Report) []byte {
	if !c.JSON {
		return report.HTML(made)
	}
	var out bytes.Buffer
	data, err := auditlog.PlainJSON(made)
	if err == nil {
		err = json.Indent(&out, data, "", "  ")
	}
	if err != nil {
		panic(err) // a report is plain data
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// verdict says what the report rests on, and ends the command with another code than 0 where that is not all that it should be.
func (c *reportCommand) verdict(to io.Writer, made *report.Report) error {
	total := "no entry"
	if n := made.Total(); n != nil {
		total = counted(*n, "entry", "entries")
	}
	_, _ = fmt.Fprintf(to, "a report on %s, %s to %s, from %s, with %s\n", total, made.Query.From, made.Query.To, made.Source,
		counted(len(made.Exceptions), "exception", "exceptions"))
	switch {
	case made.Proof.State == report.Failed:
		return &exitError{code: exitFailed, message: "the report is written, but the archive is not as it was stored: see its exceptions; " +
			"make-audit-mcp verify has all"}
	case !made.IsCovered():
		return &exitError{code: exitFailed, message: "the report is written, but nothing of the window is covered: see its exceptions"}
	case !made.Complete:
		return &exitError{code: exitFailed, message: "the report is written, but not all of the window could be read: see its exceptions"}
	case len(made.Lacking()) > 0:
		return &exitError{code: exitFailed, message: "the report is written, but not every question was answered whole: see its exceptions"}
	}
	return nil
}
