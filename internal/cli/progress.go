package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"make-audit-mcp/internal/auditlog"
)

// slowRead is how long a read takes before people are told how it goes.
const slowRead = 2 * time.Second

// progressLine shows how something long goes: on a terminal in one line that changes and is gone in the end, elsewhere as lines now and
// then.
type progressLine struct {
	to       io.Writer
	terminal bool

	mu    sync.Mutex
	text  string
	early *time.Timer // until it is time for the line; nil when it is
	shown bool
	ended bool
}

const clearLine = "\r\x1b[K"

// newProgressLine makes one that a terminal shows after some time, whether there is news by then or not; 0 is with the first news.
func newProgressLine(to io.Writer, after time.Duration) *progressLine {
	p := &progressLine{to: to, terminal: isTerminal(to), text: "asking Make"}
	if p.terminal && after > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.early = time.AfterFunc(after, p.isTime)
	}
	return p
}

// isTime shows the line from now on.
func (p *progressLine) isTime() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.early != nil { // else it has ended
		p.early = nil
		p.draw()
	}
}

// read has the reads of a context tell how they go.
func (p *progressLine) read(ctx context.Context) context.Context {
	return auditlog.WithProgress(ctx, func(news auditlog.Progress) {
		switch {
		case news.Wait > 0:
			p.show("waiting: "+news.Reason, false)
		case news.Estimate > news.Entries:
			p.show(fmt.Sprintf("%s of about %s entries read", grouped(news.Entries), grouped(news.Estimate)), false)
		default:
			p.show(grouped(news.Entries)+" entries read", false)
		}
	})
}

// show shows a text in place of the last; where there is no terminal, only if it is worth a line.
func (p *progressLine) show(text string, worthALine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
	switch {
	case p.ended:
	case p.terminal && p.early == nil:
		p.draw()
	case !p.terminal && worthALine:
		_, _ = fmt.Fprintln(p.to, text)
	}
}

func (p *progressLine) draw() {
	p.shown = true
	_, _ = fmt.Fprint(p.to, clearLine+p.cut(p.text))
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

// Write writes what stays, above the line.
func (p *progressLine) Write(text []byte) (int, error) {
	p.hide()
	return p.to.Write(text)
}

// hide leaves nothing of the line that changes, until there is news.
func (p *progressLine) hide() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		_, _ = fmt.Fprint(p.to, clearLine)
	}
	p.shown = false
}

// end leaves nothing of the line that changes, and has none come.
func (p *progressLine) end() {
	p.hide()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.early != nil {
		p.early.Stop()
		p.early = nil
	}
	p.ended = true // what is told later is too late
}
