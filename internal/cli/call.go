package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/spf13/cobra"

	"make-audit-mcp/internal/display"
	"make-audit-mcp/internal/plaintext"
	"make-audit-mcp/internal/toolargs"
	"make-audit-mcp/tools"
)

// maxCallInput bounds the arguments read from a file or standard input.
const maxCallInput = 8 << 20

// callCommand calls one tool over a whole MCP session, on pipes instead of standard streams.
type callCommand struct {
	words  mixedWords
	Output string
	toolChoice
}

// newCallCommand makes the command.
func newCallCommand(line *commandLine) *cobra.Command {
	var c callCommand
	command := &cobra.Command{
		Use: "call [TOOL] [ARGUMENT ...]",
		Annotations: map[string]string{
			"TOOL": "Name of the tool, e.g. list_audit_logs; without one, they are listed. TOOL --help tells its arguments.",
			"ARGUMENT": "What to ask: --from 30d, from=30d, or all of it as JSON: an object, @FILE to read it from a file, or - for " +
				"standard input.",
		},
		Short: "Call one tool as an MCP client would: print a table on a terminal, else JSON.",
		Long: `Arguments are flags behind the tool's name, or pairs, and stand beside JSON, of which they take the place: what is given twice as JSON and as a flag is the flag's. A list is repeated, or separated by commas; values that hold a comma stand in a JSON list, --team '["Sales, EMEA"]'. Dashes and underscores in names are one. A flag that the tool has as well, such as --timezone, is the tool's there, and means the same.

Examples:
  make-audit-mcp --demo call
  make-audit-mcp --demo call count_audit_logs --help
  make-audit-mcp --demo call count_audit_logs --from 30d --group-by actor,event --compare-to-previous
  make-audit-mcp --demo call list_audit_logs event='*_deleted' from='last week'
  make-audit-mcp --demo call list_people --status gone,dormant --output csv >people.csv
  make-audit-mcp --demo call list_audit_logs '{"event":["*_deleted"],"from":"last week"}'
  echo '{"from":"24h"}' | make-audit-mcp --demo call list_audit_logs - --limit 5

The result goes to standard output; a tool's error goes to standard error, with exit code 1.`,
		DisableFlagParsing: true,
		ValidArgsFunction:  completeCall,
	}
	command.RunE = line.named(&c.words, toolArguments, line.toolHelp, c.Run)
	flags := flagsOf(command)
	declareOutput(flags, &c.Output)
	c.toolChoice.declare(flags)
	return command
}

// Run calls the tool and prints its result.
func (c *callCommand) Run(r *runtime) error {
	var err error
	if r.tools, err = c.chosen(); err != nil {
		return err
	}
	if c.words.name == "" {
		return listTools(r)
	}
	if err := checkTool(c.words.name, r.tools); err != nil {
		return err
	}
	arguments, err := c.words.parse(r.streams.In)
	if err != nil {
		return err
	}
	session, err := r.openSession()
	if err != nil {
		return err
	}
	defer session.close()
	request := mcp.CallToolRequest{}
	request.Params.Name = c.words.name
	request.Params.Arguments = arguments
	request.Params.Meta = progressMeta()
	result, err := session.client.CallTool(r.ctx, request)
	if err := session.ended(r.ctx, err); err != nil {
		return err
	}
	return c.print(r, result, arguments)
}

// toolArguments are what a tool takes, of all that there are; nil if there is no such tool.
func toolArguments(name string) (*toolargs.Schema, error) {
	all := tools.All()
	at := slices.IndexFunc(all, func(tool tools.Tool) bool { return tool.Name == name })
	if at < 0 {
		return nil, nil
	}
	schema, err := toolargs.Read(all[at].Definition().RawInputSchema)
	return &schema, err
}

// checkTool refuses a tool that is not served, with the nearest names.
func checkTool(name string, served []tools.Tool) error {
	var names []string
	for _, tool := range served {
		if tool.Name == name {
			return nil
		}
		names = append(names, tool.Name)
	}
	if slices.ContainsFunc(tools.All(), func(tool tools.Tool) bool { return tool.Name == name }) {
		return &exitError{code: exitUsage, message: "the tool " + name + " is not served: add --tools=+" + name}
	}
	return noSuchName("tool", name, names)
}

// readSource reads JSON from where the command line says.
func readSource(source string, stdin io.Reader) (text []byte, err error) {
	if source == "-" {
		text, err = io.ReadAll(io.LimitReader(plaintext.NewReader(stdin), maxCallInput+1))
	} else {
		text, err = plaintext.ReadFile(homePath(source[1:]))
	}
	if err == nil && len(text) > maxCallInput {
		err = fmt.Errorf("they are larger than %d bytes", maxCallInput)
	}
	return text, err
}

// print prints a tool's result, and its error as text.
func (c *callCommand) print(r *runtime, result *mcp.CallToolResult, arguments json.RawMessage) error {
	output := outputOf(c.Output, r.streams.Out)
	texts := make([]string, 0, len(result.Content))
	for _, content := range result.Content {
		if text, ok := content.(mcp.TextContent); ok {
			texts = append(texts, text.Text)
		}
	}
	text := strings.Join(texts, "\n")
	// The text block is the structured content, in the order of its fields.
	structured := []byte(text)
	if result.IsError {
		structured = nil
		if result.StructuredContent != nil && output == outputJSON {
			structured, _ = json.Marshal(result.StructuredContent) // it came as JSON
		}
	}
	if structured != nil {
		if err := c.write(r.streams, output, structured, arguments); err != nil {
			return err
		}
	}
	if result.IsError {
		return &exitError{code: exitFailed, message: text}
	}
	return nil
}

// write writes a result, all at once: a part of it would be taken for the whole. What CSV lacks goes to standard error.
func (c *callCommand) write(to Streams, output string, result []byte, arguments json.RawMessage) error {
	next := func(cursor string) string { return c.words.next(arguments, cursor) }
	var out bytes.Buffer
	var lacks string
	switch output {
	case outputJSON:
		return printDocument(to.Out, result)
	case outputCSV:
		err := display.CSV(&out, c.words.name, result)
		if several, ok := errors.AsType[*display.SeveralListsError](err); ok {
			return &exitError{code: exitUsage, message: several.Error()}
		}
		if err == nil {
			lacks, err = display.Lacks(c.words.name, result, screenOf(to.Err), next)
		}
		if err != nil {
			return err
		}
	default:
		shown, err := display.Result(c.words.name, result, screenOf(to.Out), next)
		if err != nil {
			return err
		}
		out.WriteString(shown)
	}
	if _, err := out.WriteTo(to.Out); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	_, _ = io.WriteString(to.Err, lacks)
	return nil
}
