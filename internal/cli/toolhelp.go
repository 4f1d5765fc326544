package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"make-audit-mcp/internal/toolargs"
	"make-audit-mcp/tools"
)

// listTools prints which tools there are, a line each.
func listTools(r *runtime) error {
	var text strings.Builder
	widest := 0
	for _, tool := range tools.All() {
		widest = max(widest, len(tool.Name))
	}
	for _, tool := range tools.All() {
		isServed := slices.ContainsFunc(r.tools, func(served tools.Tool) bool { return served.Name == tool.Name })
		title := tool.Title
		if !isServed {
			title += " (with --tools=+" + tool.Name + ")"
		}
		fmt.Fprintf(&text, "%-*s  %s\n", widest, tool.Name, title)
	}
	text.WriteString("\nmake-audit-mcp call TOOL --help tells what a tool takes.\n")
	_, err := io.WriteString(r.streams.Out, text.String())
	return err
}

// toolHelp prints what a tool takes, by its input schema.
func (l *commandLine) toolHelp(name string) error {
	if err := checkTool(name, tools.All()); err != nil {
		return err
	}
	all := tools.All()
	tool := all[slices.IndexFunc(all, func(tool tools.Tool) bool { return tool.Name == name })]
	schema, err := toolArguments(name)
	if err != nil {
		return err
	}
	page := helpPage{width: helpWidth(l.streams.Out)}
	page.line("Usage: make-audit-mcp call %s [ARGUMENT ...]\n", name)
	page.prose(tool.Description)
	page.table("Arguments:", argumentRows(schema))
	page.prose(`Each can be a pair as well, and all of them JSON: argument=VALUE, '{"argument":"VALUE"}'. "make-audit-mcp call --help" ` +
		"has more, and the flags of every command.")
	page.line("Example:")
	for _, example := range examples(name, schema, tool.Example) {
		page.line("  %s", example)
	}
	_, err = io.WriteString(l.streams.Out, page.text.String())
	return err
}

// argumentRows are a tool's arguments as flags, and what is said of each.
func argumentRows(schema *toolargs.Schema) (rows [][2]string) {
	for i := range schema.Arguments {
		argument := &schema.Arguments[i]
		written := argument.Flag()
		switch argument.Type {
		case "boolean":
		case "integer":
			written += "=N"
		default:
			written += "=TEXT"
		}
		if argument.IsList {
			written += ",..."
		}
		rows = append(rows, [2]string{written, argumentUsage(argument)})
	}
	return rows
}

func argumentUsage(a *toolargs.Argument) string {
	usage := strings.TrimSpace(a.Description)
	add := func(format string, args ...any) {
		if usage != "" && !strings.HasSuffix(usage, ".") {
			usage += "."
		}
		usage = strings.TrimSpace(usage + " " + fmt.Sprintf(format, args...))
	}
	if len(a.Accepted) > 0 {
		add("One of: %s.", strings.Join(a.Accepted, ", "))
	}
	if a.Maximum != "" {
		add("From %s to %s.", a.Minimum, a.Maximum)
	}
	if a.MaxItems != "" {
		add("At most %s.", a.MaxItems)
	}
	if a.IsRequired {
		add("Required.")
	}
	return usage
}

// examples are a call as people write it, and as JSON; where there is none, with what has to be given.
func examples(name string, schema *toolargs.Schema, arguments string) []string {
	command := []string{"make-audit-mcp", "--demo", "call", name}
	if arguments == "" {
		for i := range schema.Arguments {
			if schema.Arguments[i].IsRequired {
				command = append(command, schema.Arguments[i].Flag(), "VALUE")
			}
		}
		return []string{shellWords(command)}
	}
	var lines []string
	if words, ok := schema.Words(json.RawMessage(arguments)); ok {
		lines = append(lines, shellWords(slices.Concat(command, words)))
	}
	if arguments != "{}" {
		lines = append(lines, shellWords(append(command, arguments)))
	}
	return lines
}
