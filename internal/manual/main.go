// Command manual prints the man page of make-audit-mcp, from the command line as kong knows it.
//
//	manual VERSION DATE
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

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
	app, err := cli.Model()
	if err != nil {
		return err
	}
	var p page
	p.line(".TH MAKE\\-AUDIT\\-MCP 1 %s %s %s", quoted(arguments[1]), quoted(app.Name+" "+arguments[0]), quoted("User commands"))
	p.line(".SH NAME")
	p.line(`make\-audit\-mcp \- %s`, escaped("lets an AI agent ask about a Make.com audit log"))
	p.line(".SH SYNOPSIS")
	p.line(`.B make\-audit\-mcp`)
	p.line(".RI [ flags ]\n.RI [ command ]\n.RI [ arguments ]")
	p.line(".SH DESCRIPTION")
	p.prose(app.Help)
	p.line(".SH COMMANDS")
	for _, command := range app.Children {
		if !command.Hidden {
			p.command(command)
		}
	}
	p.line(".SH FLAGS")
	p.line("Every command has these.")
	p.flags(app.Node)
	p.line(".SH ENVIRONMENT")
	p.line(".TP\n.B MAKE_API_KEY\nThe API key.")
	p.variables(app.Node, map[string]bool{})
	p.line(".SH EXIT STATUS")
	for _, status := range []string{
		"0\nThe command succeeded.",
		"1\nIt failed; of\n.BR call :\nthe tool answered with an error.",
		"2\nA flag, an argument, a variable of the environment or a file that they name cannot be used.",
		"3\nOf\n.BR detect :\nthere is a finding of the severity that\n.B \\-\\-fail\\-on\nnames, or more.",
	} {
		p.line(".TP\n.B %s", status)
	}
	_, err = io.WriteString(out, p.text.String())
	return err
}

// page is a man page that is being written, in the macros of man(7).
type page struct{ text strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// command writes what a command does, and its own flags; then those below it.
func (p *page) command(node *kong.Node) {
	p.line(".SS %s", escaped(node.Path()))
	p.prose(node.Help)
	for _, argument := range node.Positional {
		p.line(".TP\n.I %s\n%s", escaped(argument.Name), escaped(argument.Help))
	}
	p.flags(node)
	if node.Detail != "" {
		p.line(".PP")
		p.prose(node.Detail)
	}
	for _, child := range node.Children {
		p.command(child)
	}
}

// flags writes the flags of a node.
func (p *page) flags(node *kong.Node) {
	for _, flag := range node.Flags {
		if flag.Hidden {
			continue
		}
		names := "--" + flag.Name
		if flag.Short != 0 {
			names = "-" + string(flag.Short) + ", " + names
		}
		if flag.Tag.Negatable != "" {
			names += ", --no-" + flag.Name
		}
		if flag.IsBool() {
			p.line(".TP\n.B %s", escaped(names))
		} else {
			p.line(".TP\n.BI %s %s", quoted(escaped(names+"=")), quoted(escaped(strings.Trim(flag.FormatPlaceHolder(), `"`))))
		}
		p.line("%s", escaped(cli.Described(flag.Value)))
	}
}

// variables writes the variables of the environment that stand for flags, each once.
func (p *page) variables(node *kong.Node, written map[string]bool) {
	for _, flag := range node.Flags {
		for _, name := range flag.Envs {
			if !written[name] {
				written[name] = true
				p.line(".TP\n.B %s\nStands for\n.BR %s .", escaped(name), escaped("--"+flag.Name))
			}
		}
	}
	for _, child := range node.Children {
		p.variables(child, written)
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
