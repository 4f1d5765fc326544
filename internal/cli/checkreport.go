package cli

import (
	"fmt"
	"io"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/display"
)

// checkReport tells what was found: as lines, as they come, or all at the end as JSON or CSV.
type checkReport struct {
	out      io.Writer
	screen   display.Screen
	output   string
	readable bool
	// broken says that the archive cannot be read, which keeps everything from being answered.
	broken bool
	// progress is hidden while a line is printed; nil where there is none.
	progress *progressLine
	findings []checkFinding
	failure  error // of writing
}

// newCheckReport makes one that prints to a stream: lines are cut to a terminal's width alone.
func newCheckReport(out io.Writer, output string) *checkReport {
	c := &checkReport{out: out, screen: screenOf(out), output: output}
	if !isTerminal(out) {
		c.screen.Width = 0
	}
	return c
}

// checkFinding is a line, with what belongs to it.
type checkFinding struct {
	State string   `json:"state"` // ok, note, fail or info
	What  string   `json:"what"`
	Text  string   `json:"text"`
	Hints []string `json:"hints"`
}

func (c *checkReport) passed(what, text string) { c.line("ok", "32", "ok  ", what, text) }
func (c *checkReport) warned(what, text string) { c.line("note", "33", "note", what, text) }
func (c *checkReport) failed(what, text string) { c.line("fail", "31", "FAIL", what, text) }
func (c *checkReport) said(what, text string)   { c.line("info", "", "    ", what, text) }

func (c *checkReport) hint(text string) {
	if last := len(c.findings) - 1; last >= 0 {
		c.findings[last].Hints = append(c.findings[last].Hints, text)
	}
	c.print("      - ", text)
}

func (c *checkReport) line(state, colour, mark, what, text string) {
	c.findings = append(c.findings, checkFinding{State: state, What: what, Text: text, Hints: []string{}})
	if c.screen.Colour && colour != "" {
		mark = "\x1b[" + colour + "m" + mark + "\x1b[0m"
	}
	c.print(mark+"  ", what+": "+text)
}

// print prints a text behind a mark of as many columns as the lines are indented that do not fit, on a terminal.
func (c *checkReport) print(mark, text string) {
	if c.output == outputJSON || c.output == outputCSV {
		return
	}
	if c.progress != nil {
		c.progress.hide()
	}
	lines := []string{text}
	indent := "      "
	if strings.HasSuffix(mark, "- ") {
		indent += "  "
	}
	if room := c.screen.Width - len(indent); c.screen.Width > 0 && room > 0 {
		lines = wrap(text, room)
	}
	for i, line := range lines {
		if i > 0 {
			mark = indent
		}
		if _, err := fmt.Fprintln(c.out, mark+line); err != nil && c.failure == nil {
			c.failure = fmt.Errorf("writing what was found: %w", err)
		}
	}
}

// end prints what is printed at the end, and says if something could not be.
func (c *checkReport) end() error {
	if c.output != outputJSON && c.output != outputCSV {
		return c.failure
	}
	document, err := auditlog.PlainJSON(map[string]any{"readable": c.readable, "checks": c.findings})
	if err != nil {
		return err
	}
	if c.output == outputJSON {
		return printDocument(c.out, document)
	}
	return display.CSV(c.out, "check", document)
}

// result is the command's: an error unless a log can be read.
func (c *checkReport) result() error {
	if c.broken {
		return &exitError{code: exitFailed, message: "the archive cannot be read, so that nothing is answered; see above"}
	}
	if !c.readable {
		return &exitError{code: exitFailed, message: "no audit log can be read with these settings; see above"}
	}
	if c.output != outputJSON && c.output != outputCSV {
		_, _ = fmt.Fprintln(c.out, "\nReady.")
	}
	return nil
}
