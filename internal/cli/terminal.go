package cli

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// isTerminal says whether a stream is a person's terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalColour says whether a stream is to be coloured.
func terminalColour(stream any) bool {
	return isTerminal(stream) && os.Getenv("NO_COLOR") == ""
}

// progressLine shows how something long goes: on a terminal in one line that changes, elsewhere as lines now and then.
type progressLine struct {
	to       io.Writer
	terminal bool

	mu    sync.Mutex
	shown bool
}

const clearLine = "\r\x1b[K"

func newProgressLine(to io.Writer) *progressLine {
	return &progressLine{to: to, terminal: isTerminal(to)}
}

// show shows a text in place of the last; where there is no terminal, only if it is worth a line.
func (p *progressLine) show(text string, worthALine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.terminal:
		p.shown = true
		_, _ = fmt.Fprint(p.to, clearLine+p.cut(text))
	case worthALine:
		_, _ = fmt.Fprintln(p.to, text)
	}
}

// cut is as much of a text as has room in one line: what goes over its end stays when the line is cleared.
func (p *progressLine) cut(text string) string {
	file, _ := p.to.(*os.File)
	width, _, err := term.GetSize(int(file.Fd()))
	if runes := []rune(text); err == nil && width > 1 && len(runes) >= width {
		return string(runes[:width-1])
	}
	return text
}

// end leaves nothing of the line that changes.
func (p *progressLine) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		_, _ = fmt.Fprint(p.to, clearLine)
	}
	p.shown = false
}

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
