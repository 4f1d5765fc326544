// Command manual prints the man page of make-audit-mcp, from the command line as cobra knows it.
//
//	manual VERSION DATE
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/cli"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	if len(arguments) != 2 {
		return errors.New("give version and date, e.g. manual 0.1.0 2026-11-28")
	}
	root, commands := cli.Commands()
	var p page
	p.line(".TH MAKE\\-AUDIT\\-MCP 1 %s %s %s", quoted(arguments[1]), quoted(root.Name()+" "+arguments[0]), quoted("User commands"))
	p.line(".SH NAME")
	p.line(`make\-audit\-mcp \- %s`, escaped("lets an AI agent ask about a Make.com audit log"))
	p.line(".SH SYNOPSIS")
	p.line(`.B make\-audit\-mcp`)
	p.line(".RI [ flags ]\n.RI [ command ]\n.RI [ arguments ]")
	p.line(".SH DESCRIPTION")
	p.prose(root.Long)
	p.line(".SH COMMANDS")
	for _, command := range commands {
		p.command(command)
	}
	p.line(".SH FLAGS")
	p.line("Every command has these.")
	p.flags(root)
	p.line(".SH ENVIRONMENT")
	p.line(".TP\n.B MAKE_API_KEY\nThe API key.")
	p.variables(append([]*cobra.Command{root}, commands...))
	p.line(".SH EXIT STATUS")
	for _, status := range []string{
		"0\nThe command succeeded.",
		"1\nIt failed; of\n.BR call :\nthe tool answered with an error.",
		"2\nA flag, an argument, a variable of the environment or a file that they name cannot be used.",
		"3\nOf\n.BR detect :\nthere is a finding of the severity that\n.B \\-\\-fail\\-on\nnames, or more.",
	} {
		p.line(".TP\n.B %s", status)
	}
	_, err := io.WriteString(out, p.text.String())
	return err
}

// page is a man page that is being written, in the macros of man(7).
type page struct{ text strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// command writes what a command does, its arguments and its own flags.
func (p *page) command(command *cobra.Command) {
	p.line(".SS %s", escaped(command.Name()))
	p.prose(command.Short)
	for _, argument := range cli.Arguments(command) {
		p.line(".TP\n.I %s\n%s", escaped(argument.String()), escaped(argument.Usage))
	}
	p.flags(command)
	if command.Long != "" {
		p.line(".PP")
		p.prose(command.Long)
	}
}

// flags writes the flags of a command.
func (p *page) flags(command *cobra.Command) {
	for _, flag := range cli.Flags(command) {
		names := "--" + flag.Name
		if flag.Short != "" {
			names = "-" + flag.Short + ", " + names
		}
		if flag.Negatable {
			names += ", --no-" + flag.Name
		}
		if flag.Value == "" {
			p.line(".TP\n.B %s", escaped(names))
		} else {
			p.line(".TP\n.BI %s %s", quoted(escaped(names+"=")), quoted(escaped(flag.Value)))
		}
		p.line("%s", escaped(flag.Usage))
	}
}

// variables writes the variables of the environment that stand for flags, each once.
func (p *page) variables(commands []*cobra.Command) {
	written := map[string]bool{"": true}
	for _, command := range commands {
		for _, flag := range cli.Flags(command) {
			if !written[flag.Variable] {
				written[flag.Variable] = true
				p.line(".TP\n.B %s\nStands for\n.BR %s .", escaped(flag.Variable), escaped("--"+flag.Name))
			}
		}
	}
}

// prose writes a text of paragraphs; lines that are indented stay as they are.
func (p *page) prose(text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			p.line(".PP")
		}
		example := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if is := strings.HasPrefix(line, "  "); is != example {
				example = is
				p.line(map[bool]string{true: ".RS 4\n.nf", false: ".fi\n.RE"}[example])
			}
			p.line("%s", escaped(strings.TrimSpace(line)))
		}
		if example {
			p.line(".fi\n.RE")
		}
	}
}

// escaped returns a text so that roff prints it as it is.
func escaped(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", `\[u2026]`, "“", `\(lq`, "”", `\(rq`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// quoted returns a text as one argument of a macro.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
