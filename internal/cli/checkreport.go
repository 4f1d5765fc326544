package cli

import (
	"fmt"
	"io"
)

// checkReport prints the findings as they come.
type checkReport struct {
	out      io.Writer
	colour   bool
	readable bool
}

func (c *checkReport) passed(what, text string) { c.line("32", "ok  ", what, text) }
func (c *checkReport) warned(what, text string) { c.line("33", "note", what, text) }
func (c *checkReport) failed(what, text string) { c.line("31", "FAIL", what, text) }
func (c *checkReport) said(what, text string)   { c.line("", "    ", what, text) }
func (c *checkReport) hint(text string)         { _, _ = fmt.Fprintln(c.out, "      - "+text) }

func (c *checkReport) line(colour, mark, what, text string) {
	if c.colour && colour != "" {
		mark = "\x1b[" + colour + "m" + mark + "\x1b[0m"
	}
	_, _ = fmt.Fprintf(c.out, "%s  %s: %s\n", mark, what, text)
}

// result is the command's: an error unless a log can be read.
func (c *checkReport) result() error {
	if c.readable {
		_, _ = fmt.Fprintln(c.out, "\nReady.")
		return nil
	}
	return &exitError{code: exitFailed, message: "no audit log can be read with these settings; see above"}
}
