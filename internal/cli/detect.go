package cli

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/display"
	"make-audit-mcp/internal/question"
)

// exitFound says that there is a finding of the severity that --fail-on names, or more.
const exitFound = 3

// defaultFindingsFrom is where a window of findings begins that nobody chose, as find_suspicious_activity has it.
const defaultFindingsFrom = "7d"

// maxBaselineDays is as many as find_suspicious_activity takes.
const maxBaselineDays = 365

// detectCommand finds what stands out.
type detectCommand struct {
	Format string
	Output string
	From   string
	filterFlags

	MinSeverity  string
	Rule         []string
	BaselineDays int
	FailOn       string
}

// newDetectCommand makes the command.
func newDetectCommand(line *commandLine) *cobra.Command {
	var c detectCommand
	command := &cobra.Command{
		Use:   "detect",
		Short: "Find what stands out of the log, with the reason and the entries behind it.",
		Long: `Holds a window of the log against detection rules and against the time before it, and tells what stands out: the reason, the numbers, the threshold and the entries behind it. From the archive where there is one, else from Make.

--rules names a folder of rules in Sigma's format, which come beside the built-in ones; in it, "baseline:" sets limits, and "suppress:" silences what is known. See docs/detection-rules.md.

Exit code 0, or 3 with --fail-on and such a finding; 1 if not all of the window could be read.

Examples:
  make-audit-mcp --demo detect --from 30d
  make-audit-mcp detect --from 24h --fail-on high || page-somebody
  make-audit-mcp --rules rules/ detect --from 14d --min-severity medium --format ocsf | forwarder`,
		RunE: line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.choice(&c.Format, "format", "FORMAT", "table", "ndjson", "ocsf").
		help("table, ndjson or ocsf (1.7.0, Detection Finding); default: a table on a terminal, else ndjson.")
	flags.choice(&c.Output, "output", "FORMAT", outputTable, outputJSON, outputCSV).
		help("The same as call has it: table, json (one document) or csv; instead of --format.")
	flags.text(&c.From, "from", "TIME").help("Beginning of the window, e.g. 24h, 30d, 2026-10-03; default: 7d.")
	c.filterFlags.declare(flags)
	flags.choice(&c.MinSeverity, "min-severity", "SEVERITY", "low", "medium", "high", "critical").byDefault("low").
		help("Least severity: low, medium, high or critical.")
	flags.each(&c.Rule, "rule", "RULE").help("Only these rules, by name.")
	flags.count(&c.BaselineDays, "baseline-days", "DAYS").byDefault("90").
		help("Days before the window that it is measured by.")
	flags.choice(&c.FailOn, "fail-on", "SEVERITY", "low", "medium", "high", "critical").
		help("Exit with code 3 if there is a finding of this severity or more: low, medium, high or critical.")
	return command
}

// Run prints what stands out.
func (c *detectCommand) Run(r *runtime) error {
	if c.Format != "" && c.Output != "" {
		return &SettingError{Problem: "--format and --output are both given",
			Next: "give --format for ndjson and ocsf, --output for json and csv"}
	}
	if c.BaselineDays < 1 || c.BaselineDays > maxBaselineDays {
		return &SettingError{Problem: fmt.Sprintf("--baseline-days %d is not from 1 to %d", c.BaselineDays, maxBaselineDays),
			Next: "leave it out for 90, or name as many days as the log goes back"}
	}
	from, err := r.operator(false)
	if err != nil {
		return err
	}
	defer from.close()
	if c.Period == "" {
		c.From = cmp.Or(c.From, defaultFindingsFrom)
	}
	asked, err := r.resolve(from, c.filter(c.From), 0)
	if err != nil {
		return err
	}
	progress := newProgressLine(r.streams.Err, slowRead)
	found, err := from.service.Suspicions(progress.read(r.ctx), asked.Query, analysis.SuspicionRequest{
		MinSeverity: c.MinSeverity, Rules: c.Rule, BaselineDays: c.BaselineDays,
	})
	progress.end()
	switch {
	case r.ctx.Err() != nil:
		return &exitError{code: exitFailed, message: "interrupted"}
	case err != nil:
		return err
	}
	if err := c.print(r, from, asked, found); err != nil {
		return err
	}
	sayFindings(r.streams.Err, found)
	for _, note := range from.service.Unfound(r.ctx, asked) {
		_, _ = fmt.Fprintf(r.streams.Err, "note: %s\n", note)
	}
	return c.verdict(found)
}

// verdict ends the command with another code than 0 where that was asked for, or not all of the window was judged.
func (c *detectCommand) verdict(found *analysis.Suspicions) error {
	severe := 0
	for i := range found.Findings {
		if c.FailOn != "" && found.Findings[i].Severity.AtLeast(detect.Severity(c.FailOn)) {
			severe++
		}
	}
	if severe > 0 {
		return &exitError{code: exitFound, message: fmt.Sprintf("%d finding(s) of severity %s or more", severe, c.FailOn)}
	}
	return judgedWhole(found)
}

// judgedWhole is an error where part of the window could not be read, so that no finding there means nothing.
func judgedWhole(found *analysis.Suspicions) error {
	if found.Read.Exhausted && !found.Read.Coverage.IsEmpty() {
		return nil
	}
	return &exitError{code: exitFailed, message: "not all of the window could be read; see above"}
}

func (c *detectCommand) print(r *runtime, from *upstream, asked *question.Question, found *analysis.Suspicions) error {
	location := asked.Query.Window.Location
	const inTables = 3 // as many entries as a line has room for
	switch c.format(r.streams.Out) {
	case formatOCSF:
		options, err := r.exportOptions(from, asked.Query.Organization)
		if err != nil {
			return err
		}
		return writeFindings(r.streams.Out, found.Findings, from.service.Directory.Now(), options)
	case formatNDJSON:
		lines := auditlog.PlainEncoder(r.streams.Out)
		for i := range found.Findings {
			finding := &found.Findings[i]
			if err := lines.Encode(answer.Finding(finding, location, len(finding.Evidence))); err != nil {
				return err
			}
		}
		return nil
	case outputJSON:
		return printDocument(r.streams.Out, detectDocument(found, location, maxEvidence))
	case outputCSV:
		return display.CSV(r.streams.Out, findingsName, detectDocument(found, location, maxEvidence))
	}
	shown, err := display.Result(findingsName, detectDocument(found, location, inTables), screenOf(r.streams.Out), nil)
	if err != nil || len(found.Findings) == 0 {
		return err // how many there are is said beside it
	}
	_, err = io.WriteString(r.streams.Out, shown)
	return err
}

// findingsName is the tool that answers the same, by which findings are shown.
const findingsName = "find_suspicious_activity"

// maxEvidence is more than any finding has.
const maxEvidence = math.MaxInt

// detectDocument are the findings as the tool's result has them, each with so many entries of its evidence.
func detectDocument(found *analysis.Suspicions, location *time.Location, evidence int) []byte {
	findings := make([]any, len(found.Findings))
	for i := range found.Findings {
		finding := &found.Findings[i]
		findings[i] = answer.Finding(finding, location, min(evidence, len(finding.Evidence)))
	}
	document, err := auditlog.PlainJSON(map[string]any{"findings": findings, "complete": found.Read.Complete})
	if err != nil {
		panic(err) // they are our own
	}
	return document
}

// What --format takes beside what --output does.
const (
	formatNDJSON = "ndjson"
	formatOCSF   = "ocsf"
)

// format is how findings are printed to a stream.
func (c *detectCommand) format(stream any) string {
	if c.Format == "" && c.Output == "" && !isTerminal(stream) {
		return formatNDJSON
	}
	return cmp.Or(c.Format, c.Output, outputTable)
}

// sayFindings says how many findings there are, by what they are measured, and what could not be judged.
func sayFindings(to io.Writer, found *analysis.Suspicions) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(to, format+"\n", args...) }
	say("%s, measured by %s of the %d days before, from %s", counted(len(found.Findings), "finding", "findings"),
		counted(found.Baseline.Entries, "entry", "entries"), found.Baseline.Days, found.Read.Source)
	for _, gap := range found.Read.Coverage.Gaps {
		say("not covered: %s to %s: %s", gap.From.UTC().Format(time.RFC3339), gap.To.UTC().Format(time.RFC3339),
			auditlog.Text(gap.Reason).Clean())
	}
	if !found.Baseline.Report.Complete {
		say("note: part of the time before the window is not covered, so what seems new may only be unseen")
	}
	silenced := 0
	for _, one := range found.Suppressed {
		silenced += one.Signals
	}
	if silenced > 0 {
		say("note: %d hit(s) of rules are silenced by suppress entries", silenced)
	}
	for _, note := range append(found.LeftOut, found.Read.Warnings...) {
		say("note: %s", auditlog.Text(note).Clean())
	}
}

// detector is what the program finds suspicious, with the rules that the settings name.
func (s *Settings) detector() (*detect.Detector, error) {
	if s.Rules == "" {
		return detect.BuiltIn(), nil
	}
	if info, err := os.Stat(s.Rules); err != nil || !info.IsDir() {
		return nil, &SettingError{Problem: "there is no folder of rules " + auditlog.Text(s.Rules).Quote(),
			Next: "name one with --rules or MAKE_AUDIT_RULES, with files of rules (*.yml) in it"}
	}
	detector, err := detect.New(os.DirFS(s.Rules))
	if err != nil {
		return nil, &SettingError{Problem: "rules in " + auditlog.Text(s.Rules).Quote() + " cannot be used:\n" + err.Error() + "\n",
			Next: "mend the lines that are named; make-audit-mcp detect --help has more"}
	}
	return detector, nil
}

// resolve understands a filter, and says how where that is not plain.
func (r *runtime) resolve(from *upstream, filter question.Filter, defaultDays int) (*question.Question, error) {
	asked, err := from.service.Resolve(r.ctx, filter, defaultDays)
	if err != nil {
		return nil, err
	}
	for _, note := range asked.Notes {
		r.logger.WarnContext(r.ctx, "the filter was understood", "note", auditlog.Text(note).Clean())
	}
	return asked, nil
}

// counted is so many of something.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
